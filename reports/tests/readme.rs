//! The numbers of the README are those of the committed run.
//!
//! `SEKISHO_WRITE_DOCS=1` writes them instead.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sekisho_reports::analysis::Analysis;
use sekisho_reports::analysis::gains::{Cell, Gains};
use sekisho_reports::analysis::halves::{Advertised, Share};
use sekisho_reports::analysis::targets::Counts;
use sekisho_reports::read::Run;

const END: &str = "<!-- end of what a test writes -->\n";

/// The text with what stands between the beginning and [`END`] exchanged.
fn with(text: &str, begin: &str, new: &str) -> String {
    let begin = format!("<!-- {begin} of the committed run: written by a test -->\n");
    let (before, rest) = text.split_once(&begin).expect("where it begins");
    let (_, after) = rest.split_once(END).expect("where it ends");
    format!("{before}{begin}{new}{END}{after}")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The latest run beneath `reports/runs`.
fn committed() -> (String, Run) {
    let runs = root().join("reports/runs");
    let names = std::fs::read_dir(&runs).unwrap().flatten();
    let mut names: Vec<_> = names
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    let name = names.pop().expect("a committed run");
    let run = Run::load(&runs.join(&name)).unwrap();
    (name, run)
}

#[test]
fn the_numbers_of_the_readme_are_those_of_the_committed_run() {
    let path = root().join("README.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (name, run) = committed();
    let analysis = Analysis::of(&run);
    let made = with(&text, "answer", &answer(&analysis));
    let made = with(&made, "numbers", &numbers(&name, &run, &analysis));
    if std::env::var_os("SEKISHO_WRITE_DOCS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    assert!(
        made == text || std::env::var_os("SEKISHO_WRITE_DOCS").is_some(),
        "README.md does not say what reports/runs/{name} says: run this test with \
         SEKISHO_WRITE_DOCS=1"
    );
}

fn numbers(name: &str, run: &Run, analysis: &Analysis) -> String {
    let view = &analysis.views[0];
    let gains = view.gains.as_ref().expect("gains");
    let mut text = String::new();
    let _ = writeln!(
        text,
        "Which gains stay open to which attacker (resolution by descriptor; *open*: by a \
         technique that the command in the last column shows; *closed*: for all n techniques \
         tried):\n"
    );
    text.push_str(&matrix(gains));
    let _ = writeln!(
        text,
        "\n{} attacks, {} of them demonstrated: seen to succeed with no rule on, and in none of \
         their {} controls. {} techniques (one gain, one minimal fix) are the unit of every \
         rate. All numbers here are made from [`reports/runs/{name}`](reports/runs/{name}) \
         ({} starts of the corpus; `{}`).\n",
        view.corpus.attacks,
        view.corpus.demonstrated,
        view.corpus.controls,
        view.corpus.techniques,
        run.trials.len() + run.controls.len(),
        command(run)
    );
    text.push_str("| what | number | where it stands |\n|---|---|---|\n");
    for set in ["suexec", "all"] {
        let rate = gains
            .rates
            .iter()
            .find(|rate| rate.set == set && rate.attacker.is_none() && rate.ownership.is_none());
        let closed = rate.expect("a rate").closed;
        row(
            &mut text,
            &format!(
                "techniques closed by {} (95 % by cluster bootstrap)",
                called(set)
            ),
            &closed.to_string(),
            "“Closed techniques”",
        );
    }
    for set in ["suexec", "all"] {
        let of_set = gains.sensitivity.iter().filter(|line| line.set == set);
        let lines: Vec<_> = of_set
            .map(|line| format!("{} {}/{}", line.unit, line.closed.hits, line.closed.n))
            .collect();
        row(
            &mut text,
            &format!("the same in other units, {}", called(set)),
            &lines.join("; "),
            "“Sensitivity”",
        );
    }
    for set in view.advertised.iter().filter(|set| set.is_chosen) {
        row(
            &mut text,
            &format!(
                "`{}`: {} rules, chosen on one half",
                set.name,
                set.rules.count_ones()
            ),
            &format!(
                "there {}; on the other half {}",
                scored(&set.chosen_on),
                other(set)
            ),
            "“Advertised sets”",
        );
    }
    if let Some(targets) = &analysis.targets {
        let mut real: Vec<_> = targets
            .columns
            .iter()
            .filter(|column| column.real)
            .collect();
        real.retain(|column| asked(column.families.values()).1 > 0);
        real.sort_by(|a, b| {
            let share = |of: (u32, u32)| f64::from(of.0) / f64::from(of.1);
            let (a, b) = (asked(a.families.values()), asked(b.families.values()));
            share(b).total_cmp(&share(a))
        });
        let lines: Vec<_> = real
            .iter()
            .map(|column| {
                let (through, n) = asked(column.families.values());
                format!("{} {through}/{n}", column.name)
            })
            .collect();
        row(
            &mut text,
            "attacks let through, of the demonstrated ones that the launcher can be asked",
            &lines.join(", "),
            "“Real launchers”",
        );
    }
    let agreement = &view.agreement;
    row(
        &mut text,
        "starts that come out as their recorded verdicts say (the same host and minute), and as \
         a predictor without records says",
        &format!(
            "{}/{}; {}/{}",
            agreement.agreed, agreement.checked, agreement.trivial_right, agreement.trivial
        ),
        "Q3",
    );
    text
}

/// The answer in two sentences.
fn answer(analysis: &Analysis) -> String {
    let view = &analysis.views[0];
    let gains = view.gains.as_ref().expect("gains");
    let place = gains.sets.iter().position(|set| set == "suexec").unwrap();
    let open = gains
        .rows
        .iter()
        .filter(|row| !row.cells[place].open.is_empty());
    let broken = view
        .outcomes
        .tally("suexec", |group| {
            group.kind == sekisho_reports::read::Kind::Legitimate
        })
        .unwrap();
    let (refused, wild) = configurations(analysis);
    let set = view
        .advertised
        .iter()
        .find(|set| set.name == "recommended@1");
    let set = set.expect("the recommended set");
    format!(
        "**suEXEC's conditions, carried over, leave {} of {} gains open to some attacker; they \
         break {} of {} legitimate starts, and {refused} of {wild} real configurations.** \
         **A set of {} rules chosen on half of the data closes {} of {} techniques on the other \
         half, breaks {} of {} legitimate starts there and refuses {} of {} distinct shapes of \
         real configurations.**\n",
        open.count(),
        gains.rows.len(),
        broken.broken,
        broken.n(),
        set.rules.count_ones(),
        set.scored_on.closed.hits,
        set.scored_on.closed.n,
        set.scored_on.broken.hits,
        set.scored_on.broken.n,
        set.scored_on.refused.hits,
        set.scored_on.refused.n,
    )
}

/// Real configurations that suEXEC's conditions break, under the policy that an
/// operator of their own world would write, and all that start without.
fn configurations(analysis: &Analysis) -> (u32, u32) {
    let profiles = analysis.profiles.as_ref().expect("real configurations");
    let mut groups = profiles.groups.iter();
    let all = groups
        .find(|group| group.world.is_none() && group.policy != "hosting")
        .expect("all worlds under their own policies");
    let set = all.sets.iter().find(|set| set.rule_set == "suexec");
    (set.expect("suexec").broken.hits, all.working)
}

fn matrix(gains: &Gains) -> String {
    let mut text = "| attacker | gain | techniques | suEXEC's conditions, carried over | all \
                    rules | shown by |\n|---|---|---:|---|---|---|\n"
        .to_owned();
    let place = |name: &str| gains.sets.iter().position(|set| set == name).unwrap();
    let (suexec, all) = (place("suexec"), place("all"));
    for row in &gains.rows {
        let shown = [(suexec, "suexec"), (all, "all")]
            .iter()
            .rev()
            .find_map(|(place, set)| {
                let (_, case) = row.cells[*place].open.first()?;
                Some(format!("`sekisho trial {case} --rules {set}`"))
            })
            .unwrap_or_default();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {shown} |",
            row.attacker.word(),
            row.gain.word(),
            row.techniques.len(),
            state(&row.cells[suexec]),
            state(&row.cells[all]),
        );
    }
    text
}

fn state(cell: &Cell) -> String {
    match (cell.open.len(), cell.unknown) {
        (0, 0) => "closed".to_owned(),
        (0, unknown) => format!("{unknown} not known"),
        (open, _) => format!("**open** ({open})"),
    }
}

fn row(text: &mut String, what: &str, number: &str, place: &str) {
    let _ = writeln!(text, "| {what} | {number} | {place} |");
}

fn called(set: &str) -> &'static str {
    match set {
        "suexec" => "suEXEC's conditions, carried over",
        _ => "all rules",
    }
}

fn other(set: &Advertised) -> String {
    scored(&set.scored_on)
}

fn scored(scored: &sekisho_reports::analysis::halves::Scored) -> String {
    let share = |share: Share| format!("{}/{}", share.hits, share.n);
    format!(
        "closes {}, breaks {}, refuses {} shapes",
        share(scored.closed),
        share(scored.broken),
        share(scored.refused)
    )
}

/// Attacks let through, and all that ran.
fn asked<'a>(families: impl Iterator<Item = &'a Counts>) -> (u32, u32) {
    families.fold((0, 0), |(through, n), counts| {
        let ran = counts.blocked + counts.neutralised + counts.compromised;
        (through + counts.compromised, n + ran)
    })
}

/// The command of the run, without where it was written.
fn command(run: &Run) -> String {
    let words = run.info.command.iter().skip(1);
    let words: Vec<_> = words
        .filter(|word| !word.starts_with("--out="))
        .cloned()
        .collect();
    format!("sekisho {}", words.join(" "))
}
