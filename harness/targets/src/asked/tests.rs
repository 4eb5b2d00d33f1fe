use super::*;
use crate::part::Part;
use crate::testing::planned;

fn parts(text: &str) -> Vec<Part> {
    let planned = planned(text);
    Asked::new(&planned.request, &planned.layout).parts()
}

#[test]
fn the_usual_request_asks_for_names_only() {
    assert_eq!(parts(""), [Part::TargetUserName, Part::TargetGroupName]);
}

#[test]
fn every_way_to_write_an_id_is_told_apart() {
    let user = |text: &str| {
        let text = format!("[request]\ntarget-user = {text}");
        parts(&text)[0]
    };
    assert_eq!(user("'root'"), Part::TargetUserName);
    assert_eq!(user("'10001'"), Part::TargetUserNumber);
    assert_eq!(user("'4294967295'"), Part::TargetUserNumber);
    // A user is called 10077 and has another number.
    for form in [
        "'10077'",
        "'-1'",
        "'010001'",
        "' 10001'",
        "'4294967296'",
        "''",
        "'nemo'",
    ] {
        assert_eq!(user(form), Part::TargetUserForm, "{form}");
    }
    assert!(parts("[request]\ntarget-group = 'web'").contains(&Part::TargetGroupOther));
}

#[test]
fn what_the_caller_hands_over_is_told() {
    let text = "[request]\ncaller = 'mallory'\ncaller-groups = ['ops']\nenvironment = []\n\
                umask = '0077'\nworking-directory = '/tmp'\nterminal = true\n\
                blocked-signals = ['SIGTERM']\nlimits = { nofile = [64, 64] }\n\
                descriptors = [{ number = 7, path = '/etc/shadow' }]\ninit = ['/bin/x']\n\
                bundle = 'alice/../alice/web'";
    let wanted = [
        Part::TargetUserName,
        Part::TargetGroupName,
        Part::BundleForm,
        Part::Init,
        Part::Caller,
        Part::CallerGroups,
        Part::CallerEnvironment,
        Part::Descriptors,
        Part::Limits,
        Part::Umask,
        Part::Signals,
        Part::WorkingDirectory,
        Part::Terminal,
    ];
    assert_eq!(parts(text), wanted);
}

#[test]
fn what_the_configuration_asks_for_is_told() {
    let config = |text: &str| {
        let text = format!("[fixture.bundles.'alice/web']\n{text}");
        parts(&text).split_off(2)
    };
    for (text, wanted) in [
        (
            "config.process.user.additionalGids = [27]",
            Part::AdditionalGroups,
        ),
        ("config.process.args = ['/x']", Part::ConfiguredInit),
        ("config.process.env = ['A=b']", Part::ConfiguredEnvironment),
        ("config.process.cwd = '/tmp'", Part::ConfiguredDirectory),
        ("config.process.terminal = true", Part::ConfiguredTerminal),
        (
            "config.process.noNewPrivileges = false",
            Part::NewPrivileges,
        ),
        (
            "config-remove = ['/process/noNewPrivileges']",
            Part::NewPrivileges,
        ),
        (
            "config.process.capabilities.bounding = ['CAP_CHOWN']",
            Part::Capabilities,
        ),
        (
            "config.process.rlimits = [{ type = 'RLIMIT_CORE', soft = 0, hard = 0 }]",
            Part::Rlimits,
        ),
        ("config.root.path = '/'", Part::Root),
        ("config.root.readonly = true", Part::Root),
        ("config.mounts = [{ destination = '/x' }]", Part::Mounts),
        ("config.hooks.prestart = [{ path = '/x' }]", Part::Hooks),
        ("config-remove = ['/linux/namespaces/0']", Part::Namespaces),
        (
            "config.linux.devices = [{ path = '/dev/x', type = 'c' }]",
            Part::Devices,
        ),
        (
            "config.linux.uidMappings = [{ containerID = 0, hostID = 0, size = 1 }]",
            Part::Mappings,
        ),
        (
            "config.linux.seccomp.defaultAction = 'SCMP_ACT_ALLOW'",
            Part::ConfigurationRest,
        ),
        ("config-owner = 'alice:alice'", Part::ConfigurationFile),
        ("config-text = '{'", Part::ConfigurationFile),
    ] {
        assert_eq!(config(text), [wanted], "{text}");
    }
    // Empty lists ask for nothing.
    assert_eq!(config("config.process.capabilities.bounding = []"), []);
    let missing = parts("[request]\nbundle = 'alice/other'");
    assert!(missing.contains(&Part::ConfigurationFile));
}

#[test]
fn a_configuration_behind_a_link_is_found_and_told() {
    let text = "[fixture.files]\n'/srv/containers/alice/link' = { kind = 'symlink', to = 'web' }\n\
                [request]\nbundle = 'alice/link'";
    let planned = planned(text);
    let asked = Asked::new(&planned.request, &planned.layout);
    assert!(asked.config().is_some());
    let file = asked.config_file().unwrap();
    assert_eq!(file.path, "/srv/containers/alice/web/config.json");
    assert!(asked.parts().contains(&Part::ConfigurationFile));
    assert_eq!(asked.init(), [b"/app/server".to_vec()]);
}
