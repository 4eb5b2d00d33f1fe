//! `launcher.conf` and `policy.conf`.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::string::ToString;

use sekisho_launcher::settings::read_trusted;
use sekisho_launcher::{Resolution, Settings};
use sekisho_rules::lines::{self, LineError};
use sekisho_rules::{Policy, RuleSet};

/// Fixed at compile time: no request can point elsewhere.
const DIRECTORY: &str = "/etc/sekisho";
const LAUNCHER: &str = "launcher.conf";
const POLICY: &str = "policy.conf";

/// Reads both files.
///
/// # Errors
/// One line: file, line and remedy.
pub fn load() -> Result<Settings, String> {
    let [launcher, policy] = read_trusted(DIRECTORY, [LAUNCHER, POLICY])?;
    let policy =
        Policy::parse(&policy).map_err(|error| format!("{DIRECTORY}/{POLICY}: {error}"))?;
    parse(&launcher, policy).map_err(|error| format!("{DIRECTORY}/{LAUNCHER}: {error}"))
}

/// `key = value` lines; `#` starts a comment. Absent keys keep their default.
fn parse(text: &str, policy: Policy) -> Result<Settings, LineError> {
    let mut settings = Settings {
        rules: RuleSet::all(),
        policy,
        observe_all: false,
        resolution: Resolution::ByDescriptor,
        record: None,
        pause: None,
        ahead: false,
        phases: false,
        tells_build: true,
    };
    lines::each(text, |key, value| set(&mut settings, key, value))?;
    Ok(settings)
}

fn set(settings: &mut Settings, key: &str, value: &str) -> Result<(), String> {
    let absolute = || {
        if value.starts_with('/') {
            Ok(Some(value.to_owned()))
        } else {
            Err(format!("`{key}` must be an absolute path, found `{value}`"))
        }
    };
    match (key, value) {
        ("rules", _) => {
            settings.rules = RuleSet::parse(value).map_err(|error| error.to_string())?;
        }
        ("observe", "enforced") => settings.observe_all = false,
        ("observe", "all") => settings.observe_all = true,
        ("observe", _) => return Err(format!("`observe` is enforced or all, found `{value}`")),
        ("resolution", "by-descriptor") => settings.resolution = Resolution::ByDescriptor,
        ("resolution", "by-path") => settings.resolution = Resolution::ByPath,
        ("resolution", _) => {
            return Err(format!(
                "`resolution` is by-descriptor or by-path, found `{value}`"
            ));
        }
        ("namespaces", "after-deciding") => settings.ahead = false,
        ("namespaces", "while-deciding") => settings.ahead = true,
        ("namespaces", _) => {
            return Err(format!(
                "`namespaces` is after-deciding or while-deciding, found `{value}`"
            ));
        }
        ("phases", "on") => settings.phases = true,
        ("phases", "off") => settings.phases = false,
        ("phases", _) => return Err(format!("`phases` is on or off, found `{value}`")),
        ("record", _) => settings.record = absolute()?,
        ("pause", _) => settings.pause = absolute()?,
        _ => {
            return Err(format!(
                "unknown key `{key}`; known keys: rules, observe, resolution, namespaces, \
                 record, pause, phases"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_keys_keep_the_strictest_default() {
        let settings = parse("# nothing\n\n", Policy::default()).expect("valid");
        assert_eq!(settings.rules, RuleSet::all());
        assert_eq!(settings.resolution, Resolution::ByDescriptor);
        assert!(!settings.observe_all && settings.record.is_none() && settings.pause.is_none());
    }

    #[test]
    fn every_key_is_read() {
        let text = "rules = none\nobserve=all # why\nresolution = by-path\nrecord=/r\npause = /p\n\
                    phases = on";
        let settings = parse(text, Policy::default()).expect("valid");
        assert!(settings.rules.is_empty() && settings.observe_all && settings.phases);
        assert_eq!(settings.resolution, Resolution::ByPath);
        assert_eq!(
            (settings.record.as_deref(), settings.pause.as_deref()),
            (Some("/r"), Some("/p"))
        );
    }

    #[test]
    fn errors_name_the_line_and_the_remedy() {
        for (text, part) in [
            ("\nrule = all", "line 2: unknown key `rule`"),
            ("rules = al", "did you mean `all`"),
            ("observe = some", "enforced or all"),
            ("resolution = x", "by-descriptor or by-path"),
            ("record = here", "absolute path"),
            ("phases = yes", "on or off"),
            ("rules", "key = value"),
            ("rules = all\nrules = none", "twice"),
        ] {
            let error = parse(text, Policy::default()).expect_err(text).to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
