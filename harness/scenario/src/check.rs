//! What must hold for one case beyond the types of its fields.

use json_patch::jsonptr::Pointer;
use sekisho_rules::RuleSet;
use sekisho_rules::registry::RULES;

use crate::fault::{Fault, Within};
use crate::model::{Kind, Scenario, Witness};
use crate::nearest::did_you_mean;
use crate::plan::{placeholders, plan};
use crate::tree::absolute;
use crate::world::{ARENA_CANARIES, World};
use sekisho_trial::Layout;

/// Everything that is wrong with a case as such.
pub(crate) fn case(world: &World, scenario: &Scenario) -> Vec<Fault> {
    let mut faults = Vec::new();
    texts(scenario, &mut faults);
    fields_of_kind(scenario, &mut faults);
    rules(scenario, &mut faults);
    let layout = match plan(world, scenario) {
        Ok(planned) => Some(planned.layout),
        Err(fault) => {
            faults.push(fault);
            None
        }
    };
    let mut found = Vec::new();
    witness(world, &scenario.witness, layout.as_ref(), &mut found);
    faults.extend(found.into_iter().map(|fault| fault.within("witness")));
    faults
}

/// Whether a name is of lower-case letters, digits and single hyphens.
pub(crate) fn is_kebab(name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    name.split('-').all(part)
}

fn texts(scenario: &Scenario, faults: &mut Vec<Fault>) {
    let mut wrong = |field: &str, message: &str| faults.push(Fault::new(message).within(field));
    let technique = scenario.technique.as_ref().map(|name| ("technique", name));
    for (field, name) in [("id", &scenario.id), ("family", &scenario.family)]
        .into_iter()
        .chain(technique)
    {
        if !is_kebab(name) {
            wrong(
                field,
                "must be lower-case letters and digits with single hyphens",
            );
        }
    }
    if scenario.title.trim().is_empty() || scenario.title.contains('\n') {
        wrong("title", "must be one line");
    }
    if scenario.why.trim().is_empty() {
        wrong("why", "is empty: say why the case matters");
    }
    let empty = |source: &String| source.trim().is_empty();
    if scenario.related.iter().any(empty) {
        wrong(
            "related",
            "has an empty text: name a CVE id, a paper or a manual page",
        );
    }
    let is_cve = |id: &&String| {
        let mut parts = id.split('-');
        let digits = |part: Option<&str>| {
            part.is_some_and(|part| part.len() >= 4 && part.bytes().all(|b| b.is_ascii_digit()))
        };
        parts.next() == Some("CVE") && digits(parts.next()) && digits(parts.next())
    };
    if let Some(other) = scenario.reproduces.iter().find(|id| !is_cve(id)) {
        wrong(
            "reproduces",
            &format!("`{other}` is no CVE id: what is only related stands in `related`"),
        );
    }
    // By path, an empty reason says that the attack succeeds there.
    let reason = scenario.not_demonstrated.as_ref();
    if reason.is_some_and(|reason| reason.trim().is_empty()) {
        wrong(
            "not-demonstrated",
            "is empty: say what keeps the attack from succeeding",
        );
    }
}

fn fields_of_kind(scenario: &Scenario, faults: &mut Vec<Fault>) {
    let malicious = scenario.kind == Kind::Malicious;
    let needed = [
        ("attacker", scenario.attacker.is_some()),
        ("gain", scenario.gain.is_some()),
        ("technique", scenario.technique.is_some()),
        ("fix", scenario.fix.is_some()),
        ("problem", scenario.problem.is_some()),
        ("ownership", scenario.ownership.is_some()),
        ("twin", scenario.twin.is_some()),
    ];
    let only_malicious = [
        ("mistake", !scenario.mistake.is_empty()),
        ("acts", !scenario.acts.is_empty()),
        ("stopped-by", !scenario.stopped_by.is_empty()),
        ("stopped-by-path", scenario.stopped_by_path.is_some()),
        ("not-demonstrated", scenario.not_demonstrated.is_some()),
        (
            "not-demonstrated-path",
            scenario.not_demonstrated_path.is_some(),
        ),
    ];
    let only_legitimate = [
        ("broken-by", !scenario.broken_by.is_empty()),
        ("broken-by-path", scenario.broken_by_path.is_some()),
    ];
    let mut wrong = |field: &str, message: String| faults.push(Fault::new(message).within(field));
    for (field, given) in needed {
        if malicious && !given {
            wrong(
                field,
                format!("a malicious scenario needs `{field}`: give it"),
            );
        }
    }
    let not_fitting: Vec<_> = match malicious {
        true => only_legitimate.to_vec(),
        false => [&needed[..], &only_malicious[..]].concat(),
    };
    let other = if malicious { "legitimate" } else { "malicious" };
    for (field, given) in not_fitting {
        if given {
            wrong(
                field,
                format!("only a {other} scenario has `{field}`: remove it"),
            );
        }
    }
    if scenario
        .problem
        .is_some_and(|problem| !(1..=4).contains(&problem))
    {
        wrong("problem", "must be 1 to 4".to_owned());
    }
}

fn rules(scenario: &Scenario, faults: &mut Vec<Fault>) {
    let none = Vec::new();
    for (field, ids) in [
        ("stopped-by", &scenario.stopped_by),
        (
            "stopped-by-path",
            scenario.stopped_by_path.as_ref().unwrap_or(&none),
        ),
        ("broken-by", &scenario.broken_by),
        (
            "broken-by-path",
            scenario.broken_by_path.as_ref().unwrap_or(&none),
        ),
    ] {
        for (index, id) in ids.iter().enumerate() {
            let message = if RuleSet::one(id).is_none() {
                let near = did_you_mean(id, RULES.iter().map(|rule| rule.id));
                format!("unknown rule `{id}`{near}")
            } else if ids[..index].contains(id) {
                format!("the rule `{id}` is there twice: keep one")
            } else {
                continue;
            };
            faults.push(Fault::new(message).within(index.to_string()).within(field));
        }
    }
}

/// Faults of the witness; canaries can be told only when there is a layout.
fn witness(world: &World, witness: &Witness, layout: Option<&Layout>, faults: &mut Vec<Fault>) {
    if *witness == Witness::default() {
        let message = "is empty: it would hold always; give `via`, `all`, `files` or `status`";
        faults.push(Fault::new(message));
    }
    for (index, predicate) in witness.all.iter().enumerate() {
        let canary = || layout.map_or(Ok(()), |layout| canary(&predicate.at, layout));
        if let Err(message) = predicate.validate().and_then(|()| canary()) {
            faults.push(Fault::new(message).within(index.to_string()).within("all"));
        }
    }
    let place = placeholders(world);
    for (index, file) in witness.files.iter().enumerate() {
        let checked = absolute(&place(&file.path)).within("path");
        let contradiction =
            file.exists == Some(false) && (file.uid.is_some() || file.contains.is_some());
        let checked = checked.and_then(|()| match contradiction {
            true => Err(Fault::new(
                "a file that must not exist has neither owner nor content",
            )),
            false => Ok(()),
        });
        if let Err(fault) = checked {
            faults.push(fault.within(index.to_string()).within("files"));
        }
    }
}

/// Refuses a pointer to a canary that no sheet lists.
fn canary(at: &str, layout: &Layout) -> Result<(), String> {
    let pointer = Pointer::parse(at).map_err(|error| error.to_string())?;
    let decoded = pointer.tokens().map(|token| token.decoded().into_owned());
    let tokens: Vec<String> = decoded.collect();
    let [first, name, rest @ ..] = tokens.as_slice() else {
        return Ok(());
    };
    if first != "canaries" {
        return Ok(());
    }
    let files = layout.canaries.iter().map(|canary| canary.name.as_str());
    let known: Vec<&str> = files.chain(ARENA_CANARIES).collect();
    if !known.contains(&name.as_str()) {
        let near = did_you_mean(name, known.iter().copied());
        let known = known.join(", ");
        return Err(format!(
            "`{at}`: unknown canary `{name}`{near}; there are {known}"
        ));
    }
    match rest {
        [] => Ok(()),
        [what] if ["read", "write", "used"].contains(&what.as_str()) => Ok(()),
        _ => Err(format!(
            "`{at}`: a canary has `read`, `write` and `used`: name one"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::STANDARD;

    fn faults(over: &str) -> Vec<String> {
        let mut table: toml::Table = toml::from_str(
            "id = 'x'\ntitle = 'x'\nkind = 'legitimate'\nfamily = 'x'\nwhy = 'x'\n\
             related = ['x']\nwitness.via = 'init'\n",
        )
        .unwrap();
        crate::merge::merge(&mut table, &toml::from_str(over).unwrap());
        let world = World::parse(STANDARD).unwrap();
        let faults = case(&world, &table.try_into().unwrap());
        faults.iter().map(Fault::to_string).collect()
    }

    fn one(over: &str) -> String {
        let faults = faults(over);
        assert_eq!(faults.len(), 1, "{over}: {faults:#?}");
        faults.concat()
    }

    #[test]
    fn a_plain_case_has_no_fault() {
        assert_eq!(faults(""), Vec::<String>::new());
        let malicious = "kind = 'malicious'\nattacker = 'front'\nproblem = 4\ntwin = 'y'\n\
                         gain = 'ids-or-groups'\ntechnique = 't'\nfix = 'f'\nownership = 'platform'\n\
                         stopped-by = ['target-user-is-root']\n\
                         witness.all = [{at = '/canaries/root-file@~1x/read', equals = true}]\n\
                         fixture.look.'/x' = 'root-file'";
        assert_eq!(faults(malicious), Vec::<String>::new());
    }

    #[test]
    fn every_semantic_fault_is_told_with_its_field() {
        for (over, expected) in [
            ("id = 'X y'", "id: "),
            ("title = \"a\\nb\"", "title: "),
            ("why = ' '", "why: "),
            ("reproduces = ['x']", "reproduces: "),
            ("related = [' ']", "related: "),
            ("twin = 'y'", "only a malicious scenario has `twin`"),
            ("stopped-by = ['target-user-is-root']", "only a malicious"),
            (
                "broken-by = ['target-user-is-rot']",
                "did you mean `target-user-is-root`?",
            ),
            (
                "broken-by-path = ['umask-inherited', 'umask-inherited']",
                "twice",
            ),
            ("witness.all = [{at = '/uid/real'}]", "witness.all.0: "),
            (
                "witness.all = [{at = '/canaries/rot-file/read', equals = true}]",
                "`root-file`?",
            ),
            (
                "witness.all = [{at = '/canaries/shadow/red', equals = true}]",
                "`read`",
            ),
            ("witness.files = [{path = 'x'}]", "witness.files.0.path: "),
            (
                "witness.files = [{path = '/x', exists = false, uid = 0}]",
                "neither",
            ),
            ("fixture.files.'/x/../y' = {kind = 'fifo'}", "absolute"),
            ("fixture.bundles.'../x' = {}", "absolute"),
            (
                "fixture.bundles.'alice/web'.mode = '0999'",
                "fixture.bundles.alice/web.mode: ",
            ),
            (
                "fixture.bundles.'bob/x'.owner = 'bobb:bob'",
                "did you mean `bob`?",
            ),
            ("fixture.look.'/x' = 'rot'", "there are"),
            ("request.caller = 'x'", "request.caller: "),
            ("request.umask = '1777'", "umask"),
            (
                "request.descriptors = [{number = 2, path = '/'}]",
                "request.descriptors.0.number: ",
            ),
            ("request.limits.nofiles = [1, 2]", "did you mean `nofile`?"),
            (
                "request.limits.nofile = ['unlimited', 2]",
                "above the hard one",
            ),
            (
                "request.blocked-signals = ['SIGTREM']",
                "did you mean `SIGTERM`?",
            ),
            (
                "request.ignored-signals = ['SIGKILL']",
                "neither blocked nor ignored",
            ),
            ("request.target-user = {hex = '00'}", "NUL"),
        ] {
            let fault = one(over);
            assert!(fault.contains(expected), "{over}: {fault}");
        }
        assert_eq!(faults("kind = 'malicious'").len(), 7);
        assert!(faults("witness = {via = 'x'}").is_empty());
    }
}
