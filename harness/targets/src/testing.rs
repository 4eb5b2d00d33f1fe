//! What the tests of adapters share.

use sekisho_rules::{Policy, RuleSet};
use sekisho_scenario::Corpus;
use sekisho_scenario::plan::{Planned, plan};
use sekisho_trial::{End, Observation, Resolution, Setting};

use crate::Carried;

/// A command that carries nothing.
pub(crate) fn carried() -> Carried {
    Carried {
        launcher: Vec::new(),
        version: String::new(),
        policy: Policy::default(),
    }
}

/// How a target without rules is set.
pub(crate) fn setting() -> Setting {
    Setting {
        rules: RuleSet::NONE,
        observe_all: false,
        resolution: Resolution::ByPath,
    }
}

/// A planned legitimate case with these fields.
pub(crate) fn planned(text: &str) -> Planned {
    let head = "id = 'case'\ntitle = 't'\nkind = 'legitimate'\nfamily = 'f'\nwhy = 'w'\n\
                related = ['synthetic']\n";
    let scenario = format!("{head}{text}\n[witness]\nvia = 'init'\n");
    let files = [
        ("world.toml", include_str!("../../../scenarios/world.toml")),
        ("legitimate/case.toml", scenario.as_str()),
    ];
    let corpus = Corpus::from_files(files.iter().copied()).unwrap();
    plan(&corpus.world, &corpus.cases[0].spec).unwrap()
}

/// What an arena saw of a launcher.
pub(crate) fn observation(end: End, stderr: &str, collected: &[Option<&str>]) -> Observation {
    Observation {
        end,
        stdout: Vec::new(),
        stderr: stderr.as_bytes().to_vec(),
        truncated: false,
        observed: Vec::new(),
        collected: collected
            .iter()
            .map(|one| one.map(|text| text.as_bytes().to_vec()))
            .collect(),
        host_changes: Vec::new(),
        survivors: 0,
        steps_failed: Vec::new(),
        not_done: Vec::new(),
        leftovers: Vec::new(),
        cleared: Vec::new(),
        duration_us: 1,
        total_us: 1,
    }
}
