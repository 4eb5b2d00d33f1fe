use super::*;

/// The example of the documentation.
const EXAMPLE: &str = include_str!("../../../docs/target.example.toml");

#[test]
fn the_example_of_the_documentation_is_read() {
    let template = Template::parse(EXAMPLE).unwrap();
    assert_eq!(template.name, "bare-setpriv");
    assert!(template.by_root && !template.changes_root && !template.carried);
    assert!(template.arguments.contains(&Argument::All));
    assert!(template.expresses.contains(&Part::TargetUserName));
    assert!(
        template
            .message
            .is_match("setpriv: failed to parse reuid: 'x'")
    );
}

/// The example with one text replaced.
fn with(from: &str, to: &str) -> String {
    assert!(EXAMPLE.contains(from), "{from}");
    match Template::parse(&EXAMPLE.replacen(from, to, 1)) {
        Ok(_) => panic!("accepted: {to}"),
        Err(error) => error,
    }
}

#[test]
fn what_is_wrong_is_told_with_its_field() {
    for (from, to, field, what) in [
        (
            "name = \"bare-setpriv\"",
            "name = \"a b\"",
            "name",
            "letters",
        ),
        ("\"/usr/bin/setpriv\"", "\"setpriv\"", "program", "absolute"),
        (
            "\"{arguments}\"",
            "\"x{arguments}\"",
            "arguments[5]",
            "alone",
        ),
        (
            "\"{program}\"",
            "\"{porgram}\"",
            "arguments[4]",
            "{program}",
        ),
        (
            "\"{program}\"",
            "\"{program\"",
            "arguments[4]",
            "without `}`",
        ),
        (
            "\"target-user-name\"",
            "\"user\"",
            "expresses[0]",
            "unknown part",
        ),
        ("[1, 126, 127]", "[]", "refusal.statuses", "1 to 255"),
        ("[1, 126, 127]", "[0]", "refusal.statuses", "1 to 255"),
        ("\"^setpriv: \"", "\"\"", "refusal.message", "any line"),
        ("\"^setpriv: \"", "\"(\"", "refusal.message", "unclosed"),
        ("version = ", "versoin = ", "versoin", "unknown field"),
        (
            "run-as = \"root\"",
            "run-as = \"me\"",
            "run-as",
            "unknown variant",
        ),
        ("[\"--version\"]", "[]", "version", "arguments"),
    ] {
        let error = with(from, to);
        assert!(error.contains(field) && error.contains(what), "{error}");
    }
    let missing = with("program = ", "# program = ");
    assert!(missing.contains("missing field `program`"), "{missing}");
}

#[test]
fn files_are_made_as_they_are_described() {
    let parse = |files: &str| Template::parse(&format!("{EXAMPLE}\n[[files]]\n{files}"));
    let good = parse("path = \"/etc/x\"\ntext = \"y\"\nmode = \"4750\"\nowner = [0, 33]").unwrap();
    let file = &good.files[0];
    assert_eq!((file.uid, file.gid, file.mode), (0, 33, 0o4750));
    assert!(!good.carried);
    for (files, field) in [
        ("path = \"x\"\ntext = \"\"", "files[0]: path"),
        ("path = \"/x\"", "files[0]: give one of"),
        (
            "path = \"/x\"\ntext = \"\"\ndirectory = true",
            "files[0]: give one of",
        ),
        ("path = \"/x\"\ntext = \"\"\nmode = \"9\"", "files[0]: mode"),
        ("path = \"/x\"\ncopy = \"/nowhere/x\"", "files[0]: copy"),
        ("path = \"/x\"\ntext = \"\"\nowner = \"root\"", "owner"),
    ] {
        let error = parse(files).map(|_| ()).unwrap_err();
        assert!(error.contains(field), "{error}");
    }
}

#[test]
fn a_file_that_is_not_there_is_told_with_its_path() {
    let error = Template::read("/nowhere/launcher.toml")
        .map(|_| ())
        .unwrap_err();
    assert!(error.contains("/nowhere/launcher.toml"), "{error}");
}
