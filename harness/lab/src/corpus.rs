//! The cases of a run: loaded, resolved, filtered.

use std::path::Path;

use anyhow::{Result, bail};
use sekisho_scenario::model::{self, Request, Witness};
use sekisho_scenario::nearest::did_you_mean;
use sekisho_scenario::plan::{Planned, plan};
use sekisho_scenario::request::ResolvedRequest;
use sekisho_scenario::world::{STANDARD, WORLD_FILE};
use sekisho_scenario::{Case as Loaded, Corpus as Scenarios};
use sekisho_trial::Conditions;

use crate::describe;
use crate::hash::hash;
use sekisho_results::{ScenarioRow, one_line};

/// One case, ready to be run.
pub struct Case {
    /// What result files say of it.
    pub row: ScenarioRow,
    /// Names of preconditions.
    pub requires: Vec<String>,
    /// The effect that decides.
    pub witness: Witness,
    /// Files, request, acts and what to look at.
    pub planned: Planned,
    /// Whether what is asked for is the attacker's own.
    pub writes_request: bool,
    /// Whether the attacker does anything: acts, or the request.
    pub has_acts: bool,
    /// What is asked for where the attacker does nothing.
    pub without_acts: ResolvedRequest,
    /// What is asked for where nobody made the mistake.
    pub without_mistake: ResolvedRequest,
    /// uid, gid and supplementary groups of the attacker.
    pub attacker: (u32, u32, Vec<u32>),
    /// Hash of everything above.
    pub fingerprint: String,
}

impl Case {
    /// `scenario/case`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.row.scenario, self.row.case)
    }

    /// Why it cannot run in such an arena.
    #[must_use]
    pub fn missing(&self, conditions: &Conditions) -> Option<String> {
        self.requires
            .iter()
            .find_map(|name| match conditions.preconditions.get(name) {
                Some(reason) if reason.is_empty() => None,
                Some(reason) => Some(format!("{name}: {reason}")),
                None => Some(format!("{name}: the arena does not know this precondition")),
            })
    }
}

/// All cases.
pub struct Corpus {
    /// In the order of the files.
    pub cases: Vec<Case>,
}

/// Loads the scenarios of a directory, or those inside the program.
///
/// # Errors
/// Every fault of every file, one line each.
pub fn scenarios(directory: Option<&Path>) -> Result<Scenarios> {
    let loaded = match directory {
        Some(directory) => Scenarios::load(directory),
        None => Scenarios::from_files(sekisho_scenario::embedded::FILES.iter().copied()),
    };
    match loaded {
        Ok(scenarios) => Ok(scenarios),
        Err(error) => bail!("the scenarios cannot be used:\n{error}"),
    }
}

/// Loads and resolves all cases.
///
/// # Errors
/// Every fault of every file, one line each.
pub fn load(directory: Option<&Path>) -> Result<Corpus> {
    let scenarios = scenarios(directory)?;
    let cases: Result<Vec<_>> = scenarios
        .cases
        .iter()
        .map(|case| resolve(&scenarios, case))
        .collect();
    Ok(Corpus { cases: cases? })
}

/// Resolves one case.
///
/// # Errors
/// The field that names nothing or that cannot be made.
pub fn resolve(scenarios: &Scenarios, case: &Loaded) -> Result<Case> {
    let spec = &case.spec;
    let planned = match plan(&scenarios.world, spec) {
        Ok(planned) => planned,
        Err(fault) => bail!("{}: {}: {fault}", case.file.display(), case.key()),
    };
    let twin = scenarios.twin(case);
    let twins_own = match twin.map(|twin| plan(&scenarios.world, &twin.spec)) {
        Some(Ok(planned)) => planned.request,
        // What is wrong with the twin is told of the twin.
        Some(Err(_)) | None => planned.request.clone(),
    };
    let asks = Asks::of(spec, &planned, twins_own);
    let word = |value: serde_json::Result<serde_json::Value>| {
        value
            .ok()
            .and_then(|value| value.as_str().map(str::to_owned))
            .unwrap_or_default()
    };
    let requires: Vec<_> = spec
        .requires
        .iter()
        .map(|one| word(serde_json::to_value(one)))
        .collect();
    let expected = match spec.kind {
        model::Kind::Malicious => (&spec.stopped_by, &spec.stopped_by_path),
        model::Kind::Legitimate => (&spec.broken_by, &spec.broken_by_path),
    };
    let by_path = spec.not_demonstrated_path.as_ref();
    let by_path = by_path.or(spec.not_demonstrated.as_ref());
    let row = ScenarioRow {
        scenario: case.scenario.clone(),
        case: case.name.clone(),
        kind: describe::kind(spec.kind),
        attacker: spec.attacker.map(describe::attacker),
        problem: spec.problem,
        family: spec.family.clone(),
        title: one_line(&spec.title),
        why: one_line(&spec.why.split_whitespace().collect::<Vec<_>>().join(" ")),
        technique: spec.technique.clone().unwrap_or_default(),
        gain: spec.gain.map(describe::gain),
        fix: one_line(spec.fix.as_deref().unwrap_or_default()),
        ownership: spec.ownership.map(describe::ownership),
        mistake: describe::deeds(&spec.mistake, &planned.mistake),
        acts: describe::deeds(&spec.acts, &planned.acts),
        reproduces: one_line(&spec.reproduces.join("; ")),
        related: one_line(&spec.related.join("; ")),
        twin: twin.map(Loaded::key).unwrap_or_default(),
        expected: expected.0.join(" "),
        expected_by_path: expected.1.as_ref().unwrap_or(expected.0).join(" "),
        not_demonstrated: one_line(spec.not_demonstrated.as_deref().unwrap_or_default()),
        not_demonstrated_by_path: one_line(by_path.map(String::as_str).unwrap_or_default()),
        race: spec.race,
        request: describe::request(&spec.request, &Request::default()),
        witness: describe::witness(&spec.witness),
    };
    let fingerprint = hash([
        format!("{row:?} {requires:?} {:?}", spec.witness).as_bytes(),
        format!("{planned:?}").as_bytes(),
    ]);
    Ok(Case {
        row,
        requires,
        witness: spec.witness.clone(),
        attacker: planned.attacker.clone(),
        planned,
        writes_request: spec.attacker_writes_request(),
        has_acts: asks.has_acts,
        without_acts: asks.without_acts,
        without_mistake: asks.without_mistake,
        fingerprint,
    })
}

/// What the controls of an attack ask for.
struct Asks {
    has_acts: bool,
    without_acts: ResolvedRequest,
    without_mistake: ResolvedRequest,
}

impl Asks {
    fn of(spec: &model::Scenario, planned: &Planned, twins_own: ResolvedRequest) -> Self {
        let writes_request = spec.attacker_writes_request();
        let is_mapped = spec.attacker == Some(model::Attacker::Client)
            || spec.mistake.iter().any(|act| act.mapping.is_some());
        let own = &planned.request;
        let without_between = ResolvedRequest {
            between: Vec::new(),
            ..own.clone()
        };
        let of_twin_with_acts = ResolvedRequest {
            between: own.between.clone(),
            ..twins_own.clone()
        };
        Self {
            has_acts: writes_request || !spec.acts.is_empty(),
            without_acts: match writes_request {
                true => twins_own,
                false => without_between,
            },
            without_mistake: match is_mapped {
                true => of_twin_with_acts,
                false => own.clone(),
            },
        }
    }
}

/// The usual request in the usual world as a legitimate case, with a witness
/// (lines of its table).
///
/// # Errors
/// The witness is none.
pub fn usual(witness: &str) -> Result<Case> {
    let text = format!(
        "id = 'usual'\ntitle = 'the usual request'\nkind = 'legitimate'\nfamily = 'usual'\n\
         why = 'it works wherever anything does'\n[witness]\n{witness}\n"
    );
    let files = [
        (WORLD_FILE, STANDARD),
        ("legitimate/usual.toml", text.as_str()),
    ];
    let corpus = match Scenarios::from_files(files) {
        Ok(corpus) => corpus,
        Err(error) => bail!("the usual request cannot be made: {error}"),
    };
    match corpus.cases.first() {
        Some(case) => resolve(&corpus, case),
        None => bail!("the usual request has no case"),
    }
}

impl Corpus {
    /// The cases that any of the filters matches; all without a filter.
    ///
    /// # Errors
    /// When a filter matches nothing: it names the nearest word that would.
    pub fn filtered(self, filters: &[String]) -> Result<Vec<Case>> {
        for filter in filters {
            if !self.cases.iter().any(|case| matches(&case.row, filter)) {
                let words: Vec<_> = self
                    .cases
                    .iter()
                    .flat_map(|case| words(&case.row))
                    .collect();
                let hint = did_you_mean(filter, words.iter().map(String::as_str));
                bail!("no case matches `{filter}`{hint}; `sekisho scenarios list` shows them all");
            }
        }
        let wanted = |case: &Case| {
            filters.is_empty() || filters.iter().any(|filter| matches(&case.row, filter))
        };
        Ok(self.cases.into_iter().filter(wanted).collect())
    }
}

/// What a filter may match.
fn words(row: &ScenarioRow) -> Vec<String> {
    let mut words = vec![
        row.scenario.clone(),
        row.case.clone(),
        format!("{}/{}", row.scenario, row.case),
        row.family.clone(),
    ];
    words.push(row.kind.word().to_owned());
    words.extend(row.attacker.map(|attacker| attacker.word().to_owned()));
    words
}

/// Whether the filter matches: as a part of a word, or, when it has `*` or
/// `?`, as a pattern for a whole word.
pub fn matches(row: &ScenarioRow, filter: &str) -> bool {
    let is_pattern = filter.contains(['*', '?']);
    words(row).iter().any(|word| match is_pattern {
        true => fits(filter.as_bytes(), word.as_bytes()),
        false => word.contains(filter),
    })
}

/// Whether the text fits a pattern in which `*` stands for anything and `?`
/// for one byte.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => (0..=text.len()).any(|skip| fits(rest, &text[skip..])),
        (Some((b'?', pattern)), Some((_, text))) => fits(pattern, text),
        (Some((a, pattern)), Some((b, text))) => a == b && fits(pattern, text),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corpus_inside_loads_and_every_case_resolves_to_itself_only() {
        let corpus = load(None).unwrap();
        let mut prints: Vec<_> = corpus.cases.iter().map(|case| &case.fingerprint).collect();
        let count = prints.len();
        prints.sort();
        prints.dedup();
        assert_eq!(prints.len(), count);
        assert!(count > 0);
    }

    #[test]
    fn the_same_corpus_has_the_same_fingerprints() {
        let prints = || -> Vec<_> {
            load(None)
                .unwrap()
                .cases
                .into_iter()
                .map(|case| case.fingerprint)
                .collect()
        };
        assert_eq!(prints(), prints());
    }

    #[test]
    fn a_filter_is_a_part_or_a_pattern() {
        assert!(fits(b"bad-*", b"bad-id"));
        assert!(fits(b"*-i?", b"bad-id"));
        assert!(!fits(b"bad", b"bad-id"));
        assert!(!fits(b"?", b""));
        let corpus = load(None).unwrap();
        let all = corpus.cases.len();
        let kind = corpus.filtered(&["legitimate".to_owned()]).unwrap();
        assert!(!kind.is_empty() && kind.len() < all);
    }

    #[test]
    fn a_filter_that_matches_nothing_names_the_nearest_word() {
        let error = load(None)
            .unwrap()
            .filtered(&["bad-ids".to_owned()])
            .err()
            .unwrap();
        assert!(error.to_string().contains("`bad-id`"), "{error}");
    }
}
