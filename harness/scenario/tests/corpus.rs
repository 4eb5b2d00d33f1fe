//! The committed corpus loads, and what it makes is what it says.

use std::path::Path;

use oci_spec::runtime::Spec;
use sekisho_scenario::Corpus;
use sekisho_scenario::model::Kind;
use sekisho_scenario::plan::plan;
use sekisho_trial::Content;

fn corpus() -> Corpus {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios"));
    Corpus::load(path).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_case_can_be_planned_and_every_twin_found() {
    let corpus = corpus();
    for case in &corpus.cases {
        let planned = plan(&corpus.world, &case.spec);
        assert!(planned.is_ok(), "{}: {planned:?}", case.key());
        assert_eq!(corpus.find(&case.key()), Some(case));
        let malicious = case.spec.kind == Kind::Malicious;
        assert_eq!(corpus.twin(case).is_some(), malicious, "{}", case.key());
    }
}

#[test]
fn the_configurations_of_legitimate_bundles_are_of_the_oci_runtime_specification() {
    let corpus = corpus();
    let mut seen = 0;
    for case in &corpus.cases {
        if case.spec.kind != Kind::Legitimate {
            continue;
        }
        let planned = plan(&corpus.world, &case.spec).unwrap();
        for file in planned.layout.files {
            let Content::Bytes(text) = file.content else {
                continue;
            };
            if file.path.ends_with("/config.json") {
                let spec: Result<Spec, _> = serde_json::from_slice(&text);
                assert!(spec.is_ok(), "{} {}: {spec:?}", case.key(), file.path);
                seen += 1;
            }
        }
    }
    assert!(seen > 0, "no configuration was looked at");
}

#[test]
fn the_documented_examples_make_the_cases_that_they_say() {
    let text = include_str!("../../../docs/adding-a-scenario.md");
    let mut examples = text
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split_once("```").unwrap().0.to_owned());
    let legitimate = examples.next().unwrap();
    let attack = examples.next().unwrap();
    assert_eq!(examples.next(), None);
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios");
    let read = |name: &str| std::fs::read_to_string(Path::new(root).join(name)).unwrap();
    let corpus = Corpus::from_files([
        ("world.toml", read("world.toml")),
        (
            "legitimate/tenant-static-init.toml",
            read("legitimate/tenant-static-init.toml"),
        ),
        ("legitimate/shared-volume.toml", legitimate),
        ("ownership/init-written-by-the-group.toml", attack),
    ])
    .unwrap_or_else(|error| panic!("{error}"));
    let names = |scenario: &str| -> Vec<String> {
        let cases = corpus.cases.iter();
        cases
            .filter(|case| case.scenario == scenario)
            .map(|case| case.name.clone())
            .collect()
    };
    assert_eq!(names("init-written-by-the-group"), ["default"]);
    let made = names("shared-volume");
    assert_eq!(
        made,
        ["shell-0022", "shell-0027", "tight-0022", "tight-0027"]
    );
    for name in made {
        assert!(text.contains(&format!("`{name}`")), "{name}");
    }
}
