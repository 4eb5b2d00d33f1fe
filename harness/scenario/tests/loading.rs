//! What loading makes of files, and what it says of faulty ones.

use proptest::prelude::*;
use sekisho_scenario::plan::plan;
use sekisho_scenario::text::Text;
use sekisho_scenario::world::{STANDARD, World};
use sekisho_scenario::{Case, Corpus};

const LEGITIMATE: &str = "id = 'good'\ntitle = 'x'\nkind = 'legitimate'\nfamily = 'plain'\n\
                          why = 'x'\nrelated = ['synthetic']\nwitness.via = 'init'\n";

const MALICIOUS: &str = "id = 'bad'\ntitle = 'x'\nkind = 'malicious'\nattacker = 'front'\n\
                         gain = 'ids-or-groups'\ntechnique = 't'\nfix = 'f'\n\
                         ownership = 'platform'\nproblem = 4\nfamily = 'ids'\nwhy = 'x'\nrelated = ['synthetic']\n\
                         twin = 'good'\nwitness.via = 'init'\n";

fn load(files: &[(&str, &str)]) -> Result<Corpus, Vec<String>> {
    let world = [("scenarios/world.toml", STANDARD)];
    let files = world.iter().chain(files).copied();
    let told = |error: sekisho_scenario::LoadError| {
        error.problems.iter().map(ToString::to_string).collect()
    };
    Corpus::from_files(files).map_err(told)
}

fn keys(more: &str) -> Vec<String> {
    let text = format!("{LEGITIMATE}{more}");
    let corpus = load(&[("scenarios/legitimate/good.toml", &text)]).unwrap();
    corpus.cases.iter().map(Case::key).collect()
}

fn problems(legitimate: &str, malicious: &str) -> Vec<String> {
    load(&[
        (
            "scenarios/legitimate/good.toml",
            &format!("{LEGITIMATE}{legitimate}"),
        ),
        ("scenarios/ids/bad.toml", &format!("{MALICIOUS}{malicious}")),
    ])
    .expect_err("a faulty corpus")
}

#[test]
fn cases_and_sweeps_multiply() {
    assert_eq!(keys(""), ["good/default"]);
    let cases = "[[case]]\nname = 'a'\n[[case]]\nname = 'b'\nrequest.umask = '0'\n";
    assert_eq!(keys(cases), ["good/a", "good/b"]);
    let sweep = "[sweep]\n'request.umask' = ['0022', '0027']\n";
    assert_eq!(keys(sweep), ["good/0022", "good/0027"]);
    let both = keys(&format!("{cases}{sweep}"));
    assert_eq!(
        both,
        ["good/a-0022", "good/a-0027", "good/b-0022", "good/b-0027"]
    );
}

#[test]
fn a_case_changes_what_it_names_and_nothing_else() {
    let text = format!(
        "{LEGITIMATE}request = {{umask = '0', target-user = 'bob'}}\n\
         [[case]]\nname = 'a'\nrequest.umask = '7'\n"
    );
    let corpus = load(&[("scenarios/legitimate/good.toml", &text)]).unwrap();
    let request = &corpus.find("good").expect("the only case").spec.request;
    assert_eq!(request.umask, "7");
    assert_eq!(request.target_user, Text::Plain("bob".to_owned()));
    assert_eq!(request.caller, "www-data");
}

#[test]
fn a_twin_is_the_case_of_the_same_name_or_the_default_one() {
    let cases = "[[case]]\nname = 'default'\n[[case]]\nname = 'b'\n";
    let corpus = load(&[
        (
            "scenarios/legitimate/good.toml",
            &format!("{LEGITIMATE}{cases}"),
        ),
        (
            "scenarios/ids/bad.toml",
            &format!("{MALICIOUS}[[case]]\nname = 'b'\n[[case]]\nname = 'c'\n"),
        ),
    ])
    .unwrap();
    let twin = |key| corpus.twin(corpus.find(key).unwrap()).map(Case::key);
    assert_eq!(twin("bad/b").as_deref(), Some("good/b"));
    assert_eq!(twin("bad/c").as_deref(), Some("good/default"));
    assert_eq!(twin("good/b"), None);
}

#[test]
fn faults_have_file_line_field_and_the_nearest_name() {
    let found = problems("[request]\ntargt-user = 'a'\n", "[request]\numask = 9\n");
    assert_eq!(
        found[..1],
        [
            "scenarios/ids/bad.toml:16: invalid type: integer `9`, expected a string in request.umask"
        ]
    );
    let unknown = "scenarios/legitimate/good.toml:9: unknown field `targt-user` in request; \
                   did you mean `target-user`?";
    assert!(found.contains(&unknown.to_owned()), "{found:#?}");
}

#[test]
fn faults_of_a_case_name_it_and_its_line() {
    let cases = "[[case]]\nname = 'a'\n\n[[case]]\nname = 'b'\nrequest.umsk = '0'\n\
                 [[case]]\nname = 'c'\nrequest.caller = 'nobdy'\n";
    let found = problems(cases, "");
    let expected = [
        "scenarios/legitimate/good.toml:13: case `b`: unknown field `umsk` in request; \
         did you mean `umask`?",
        "scenarios/legitimate/good.toml:16: case `c`: request.caller: unknown user `nobdy`; \
         did you mean `nobody`?",
    ];
    for line in expected {
        assert!(
            found.iter().any(|found| found.starts_with(line)),
            "{line}\n{found:#?}"
        );
    }
    assert_eq!(found.len(), 2, "{found:#?}");
    let swept = problems("[sweep]\n'request.umask' = ['0', '9']\n", "");
    let expected = "scenarios/legitimate/good.toml:9: case `9`: request.umask: `9` is no mode";
    assert!(swept[0].starts_with(expected), "{swept:#?}");
}

#[test]
fn what_is_wrong_in_every_case_is_told_once() {
    let cases = "[[case]]\nname = 'a'\n[[case]]\nname = 'b'\n";
    let found = problems("", &format!("broken-by = ['umask-inherited']\n{cases}"));
    assert_eq!(
        found,
        [
            "scenarios/ids/bad.toml:15: broken-by: only a legitimate scenario has `broken-by`: \
          remove it"
        ]
    );
}

#[test]
fn cases_and_sweeps_that_are_none_are_refused() {
    for (text, line, expected) in [
        ("[[case]]\nname = 'A b'\n", 9, "lower-case"),
        ("[[case]]\n", 8, "needs a `name`"),
        ("[case]\nname = 'a'\n", 8, "[[case]]"),
        (
            "[[case]]\nname = 'a'\n[[case]]\nname = 'a'\n",
            10,
            "two cases are named `a`",
        ),
        ("[sweep]\n'request.umask' = '0'\n", 9, "list of values"),
        ("sweep = 1\n", 8, "[sweep]"),
        ("x = = 1\n", 8, ""),
    ] {
        let found = problems(text, "twin = 'x'\n".get(..0).unwrap_or_default());
        let line = format!("scenarios/legitimate/good.toml:{line}: ");
        let told = |found: &String| found.starts_with(&line) && found.contains(expected);
        assert!(found.iter().any(told), "{text}: {found:#?}");
    }
}

#[test]
fn files_agree_with_each_other() {
    let good = LEGITIMATE;
    let bad = MALICIOUS.replace("'good'", "'god'");
    let found = load(&[
        ("scenarios/legitimate/good.toml", good),
        ("scenarios/legitimate/deeper/good.toml", good),
        ("scenarios/legitimate/other.toml", good),
        ("scenarios/other/bad.toml", &bad),
    ])
    .unwrap_err();
    for expected in [
        "scenarios/legitimate/good.toml:1: `scenarios/legitimate/deeper/good.toml` has the id",
        "scenarios/legitimate/other.toml:1: the id `good` differs from the file name `other`",
        "scenarios/legitimate/deeper/good.toml:4: the file belongs into",
        "scenarios/other/bad.toml:10: the file belongs into the directory `ids`",
        "scenarios/other/bad.toml:13: unknown twin `god`; did you mean `good`?",
    ] {
        assert!(
            found.iter().any(|found| found.starts_with(expected)),
            "{expected}\n{found:#?}"
        );
    }
    let twin = MALICIOUS.replace("twin = 'good'", "twin = 'bad'");
    let found = load(&[("scenarios/ids/bad.toml", &twin)]).unwrap_err();
    assert!(found[0].contains("`bad` is not legitimate"), "{found:#?}");
}

#[test]
fn a_directory_or_a_file_of_it_is_loaded_with_the_world_around_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    for name in ["legitimate", "ids"] {
        std::fs::create_dir(path(name)).unwrap();
    }
    std::fs::write(path("world.toml"), STANDARD).unwrap();
    std::fs::write(path("legitimate/good.toml"), LEGITIMATE).unwrap();
    std::fs::write(path("ids/bad.toml"), MALICIOUS).unwrap();
    std::fs::write(path("ids/notes.txt"), "not a scenario").unwrap();
    let keys = |name| {
        let corpus = Corpus::load(&path(name)).unwrap_or_else(|error| panic!("{error}"));
        corpus.cases.iter().map(Case::key).collect::<Vec<_>>()
    };
    assert_eq!(keys(""), ["bad/default", "good/default"]);
    assert_eq!(keys("legitimate"), ["good/default"]);
    assert_eq!(keys("ids/bad.toml"), ["bad/default"]);
    std::fs::write(path("legitimate/good.toml"), [0xff]).unwrap();
    let error = Corpus::load(directory.path()).unwrap_err().to_string();
    assert!(error.contains("good.toml:1: cannot be read"), "{error}");
    assert!(error.contains("unknown twin `good`"), "{error}");
    let error = Corpus::load(&path("absent")).unwrap_err().to_string();
    assert!(error.contains("absent:1: "), "{error}");
}

proptest! {
    #[test]
    fn loading_never_panics(text in ".*", more in "(?s)[ \\[\\]{}='\".a-z0-9\n-]{0,200}") {
        let _ = load(&[("scenarios/x/x.toml", &text)]);
        let _ = load(&[("scenarios/legitimate/good.toml", &format!("{LEGITIMATE}{more}"))]);
    }

    #[test]
    fn loading_never_panics_on_fields_of_other_types(
        name in "(request|fixture|witness|sweep|case|fixture\\.files\\.'/x'|fixture\\.bundles\\.'x'|requires|related)",
        field in "[a-z-]{1,12}",
        value in "(1|-1|true|nan|''|'/'|\\[\\]|\\[1\\]|\\[\\[\\]\\]|\\{\\}|\\{hex='f'\\}|1979-05-27)",
    ) {
        for text in [format!("{name} = {value}"), format!("{name}.{field} = {value}")] {
            let text = format!("{LEGITIMATE}{text}\n");
            let _ = load(&[("scenarios/legitimate/good.toml", &text)]);
        }
    }

    #[test]
    fn planning_never_panics(texts in proptest::collection::vec("(?s).{0,12}", 8)) {
        let corpus = load(&[("scenarios/legitimate/good.toml", LEGITIMATE)]).unwrap();
        let mut spec = corpus.cases[0].spec.clone();
        let request = &mut spec.request;
        let text = |text: &str| Text::Plain(text.to_owned());
        request.target_user = text(&texts[0]);
        request.target_group = text(&texts[1]);
        request.bundle = text(&texts[2]);
        request.init = vec![text(&texts[3])];
        request.environment = vec![text(&texts[4])];
        let planned = plan(&corpus.world, &spec);
        prop_assert_eq!(planned.is_err(), texts[..5].iter().any(|text| text.contains('\0')));
        let request = &mut spec.request;
        request.caller.clone_from(&texts[5]);
        request.working_directory.clone_from(&texts[6]);
        request.umask.clone_from(&texts[7]);
        request.blocked_signals = vec![texts[0].clone()];
        spec.fixture.look.insert(texts[1].clone(), texts[2].clone());
        let _ = plan(&corpus.world, &spec);
    }
}

#[test]
fn the_standard_world_stands_in_where_there_is_none() {
    let corpus = Corpus::from_files([("good.toml", LEGITIMATE)]).unwrap();
    assert_eq!(corpus.world, World::parse(STANDARD).unwrap());
}
