//! States that rules refuse, each as one change of the ordinary request. They
//! belong to facts, not to rules: a new rule finds its refusing case here by
//! itself, or a test says that a change is missing.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use super::{of, ordinary};
use crate::evidence::{Evidence, FileKind, Format, IdentityForm, Mapping, MountRequest};
use crate::policy::Policy;
use crate::rule::{Fact, Rule};

/// One change of the ordinary request.
#[derive(Debug, Clone, Copy)]
pub struct Change {
    /// What is so after it.
    pub what: &'static str,
    /// The fact that it changes.
    pub fact: Fact,
    /// Does it.
    pub apply: fn(&mut Evidence),
}

/// Shorthand for a list that is mostly code.
const fn change(what: &'static str, fact: Fact, apply: fn(&mut Evidence)) -> Change {
    Change { what, fact, apply }
}

/// All changes.
pub const CHANGES: &[Change] = &[
    change("no arguments", Fact::Arguments, |e| {
        of(&mut e.arguments).words.truncate(1);
    }),
    change("an empty argument", Fact::Arguments, |e| {
        of(&mut e.arguments).words.push(Vec::new());
    }),
    change("control bytes in an argument", Fact::Arguments, |e| {
        of(&mut e.arguments).words.push(b"a\nb".to_vec());
    }),
    change("a long argument", Fact::Arguments, |e| {
        of(&mut e.arguments).words.push(vec![b'a'; 1 << 16]);
    }),
    change("an argument like an option", Fact::Arguments, |e| {
        of(&mut e.arguments).words[1] = b"-u".to_vec();
    }),
    change("a caller without a name", Fact::Caller, |e| {
        of(&mut e.caller).name = None;
    }),
    change("another caller", Fact::Caller, |e| {
        of(&mut e.caller).uid = 1
    }),
    change("a user without an entry", Fact::TargetUser, |e| {
        of(&mut e.target_user).name = None;
    }),
    change("an inexact user", Fact::TargetUser, |e| {
        of(&mut e.target_user).form = IdentityForm::Inexact;
    }),
    change("user root", Fact::TargetUser, |e| {
        of(&mut e.target_user).id = 0;
    }),
    change("a group without an entry", Fact::TargetGroup, |e| {
        of(&mut e.target_group).name = None;
    }),
    change("an inexact group", Fact::TargetGroup, |e| {
        of(&mut e.target_group).form = IdentityForm::Inexact;
    }),
    change("group root", Fact::TargetGroup, |e| {
        of(&mut e.target_group).id = 0;
    }),
    change("a foreign target group", Fact::Membership, |e| {
        of(&mut e.membership).target_group = 20001;
    }),
    change("a foreign additional group", Fact::Membership, |e| {
        of(&mut e.membership).additional.push(20001);
    }),
    change("a bundle by absolute path", Fact::Bundle, |e| {
        of(&mut e.bundle).text = b"/srv/containers/alice/app".to_vec();
    }),
    change("a bundle with ..", Fact::Bundle, |e| {
        of(&mut e.bundle).text = b"alice/../app".to_vec();
    }),
    change("a bundle outside the base", Fact::Bundle, |e| {
        of(&mut e.bundle).beneath_base = false;
    }),
    change("a writable bundle", Fact::Bundle, |e| {
        of(&mut e.bundle).file.mode = 0o777;
    }),
    change("a bundle of somebody else", Fact::Bundle, |e| {
        (of(&mut e.bundle).file.uid, of(&mut e.bundle).file.gid) = (20001, 20001);
    }),
    change("a link to the bundle", Fact::BundleLinks, |e| {
        of(&mut e.bundle_links).symbolic = true;
    }),
    change("a writable ancestor", Fact::BundleAncestors, |e| {
        of(&mut e.bundle_ancestors)[1].mode = 0o777;
    }),
    change("a closed bundle", Fact::BundleEntry, |e| {
        of(&mut e.bundle_entry).allowed = false;
    }),
    change("a configuration of a tenant", Fact::ConfigFile, |e| {
        of(&mut e.config_file).uid = 10001;
    }),
    change("a writable configuration", Fact::ConfigFile, |e| {
        of(&mut e.config_file).mode = 0o666;
    }),
    change("a link to the configuration", Fact::ConfigLinks, |e| {
        of(&mut e.config_links).symbolic = true;
    }),
    change("new privileges", Fact::Requested, |e| {
        of(&mut e.requested).no_new_privileges = false;
    }),
    change("all capabilities", Fact::Requested, |e| {
        of(&mut e.requested).capabilities = u64::MAX;
    }),
    change("a bind of the host's /etc", Fact::Requested, |e| {
        of(&mut e.requested).mounts.push(bind("/etc", false));
    }),
    change("a hook", Fact::Requested, |e| {
        of(&mut e.requested).hooks.push("/tmp/hook".to_owned());
    }),
    change("a device", Fact::Requested, |e| {
        of(&mut e.requested)
            .devices
            .push("/dev/x (b 8:0)".to_owned());
    }),
    change("the host's pid namespace", Fact::Requested, |e| {
        of(&mut e.requested).namespaces_shared.push("pid");
    }),
    change("a mapping of root", Fact::Requested, |e| {
        of(&mut e.requested).mappings.push(Mapping {
            container: 0,
            host: 0,
            size: 1,
        });
    }),
    change("a rootfs outside the base", Fact::Rootfs, |e| {
        of(&mut e.rootfs).beneath_base = false;
    }),
    change("a writable rootfs", Fact::Rootfs, |e| {
        of(&mut e.rootfs).file.mode = 0o777;
    }),
    change("a link to the rootfs", Fact::RootfsLinks, |e| {
        of(&mut e.rootfs_links).symbolic = true;
    }),
    change("an init with ..", Fact::Init, |e| {
        of(&mut e.init).text = b"/bin/../app".to_vec();
    }),
    change("no init", Fact::Init, |e| of(&mut e.init).file = None),
    change("a directory as init", Fact::Init, |e| {
        init(e, |file| file.kind = FileKind::Directory);
    }),
    change("a setuid and setgid init", Fact::Init, |e| {
        init(e, |file| file.mode = 0o6755);
    }),
    change("a writable init", Fact::Init, |e| {
        init(e, |file| file.mode = 0o777);
    }),
    change("an init of somebody else", Fact::Init, |e| {
        init(e, |file| (file.uid, file.gid) = (20001, 20001));
    }),
    change("an init with two names", Fact::Init, |e| {
        init(e, |file| file.links = 2);
    }),
    change("an init that must not be executed", Fact::InitAccess, |e| {
        *of(&mut e.init_access) = false;
    }),
    change("file capabilities", Fact::InitCapabilities, |e| {
        *of(&mut e.init_capabilities) = true;
    }),
    change("an init of no known format", Fact::InitFormat, |e| {
        *of(&mut e.init_format) = Format::Unrecognised;
    }),
    change("a writable interpreter", Fact::Interpreter, |e| {
        if let Some(file) = of(&mut e.interpreter) {
            file.mode = 0o777;
        }
    }),
    change("an access list on the init", Fact::AccessLists, |e| {
        of(&mut e.access_lists).init = true;
    }),
    change(
        "a link to the working directory",
        Fact::WorkingDirectory,
        |e| {
            of(&mut e.working_directory).links.symbolic = true;
        },
    ),
    change("a closed working directory", Fact::WorkingDirectory, |e| {
        of(&mut e.working_directory).enterable = Some(false);
    }),
    change("a variable of the loader", Fact::Environment, |e| {
        entry(e, b"LD_PRELOAD=/x.so");
        of(&mut e.environment)
            .config
            .push(b"LD_PRELOAD=/x.so".to_vec());
    }),
    change("another PATH", Fact::Environment, |e| {
        entry(e, b"PATH=/tmp")
    }),
    change("an entry without =", Fact::Environment, |e| {
        entry(e, b"HTTP_X")
    }),
    change("a variable given twice", Fact::Environment, |e| {
        entry(e, b"HTTP_HOST=other.example");
    }),
    change("control bytes in a value", Fact::Environment, |e| {
        entry(e, b"HTTP_X=a\nb");
    }),
    change("a function as value", Fact::Environment, |e| {
        entry(e, b"HTTP_X=() { :; }");
    }),
    change("many variables", Fact::Environment, |e| {
        let many = (0..1000).map(|n| format!("HTTP_{n}=x").into_bytes());
        of(&mut e.environment).caller.extend(many);
    }),
    change("a long variable", Fact::Environment, |e| {
        entry(e, &[&b"HTTP_X="[..], &[b'a'; 1 << 17]].concat());
    }),
    change("a descriptor", Fact::Descriptors, |e| {
        of(&mut e.descriptors).push(crate::evidence::Descriptor {
            number: 5,
            target: "/root/canary".to_owned(),
        });
    }),
    change("a foreign group held", Fact::GroupsHeld, |e| {
        of(&mut e.groups_held).push(0);
    }),
    change("a umask of 0", Fact::State, |e| of(&mut e.state).umask = 0),
    change("an ignored signal", Fact::State, |e| {
        of(&mut e.state).ignored = 1 << 12;
    }),
    change("other limits", Fact::State, |e| {
        for limit in &mut of(&mut e.state).limits {
            limit.soft = 7;
        }
    }),
    change("a terminal", Fact::Terminal, |e| {
        of(&mut e.terminal).controlling = true;
    }),
    change("an id that can be taken back", Fact::Dropped, |e| {
        of(&mut e.dropped).irrevocable = false;
    }),
];

fn init(evidence: &mut Evidence, change: fn(&mut crate::evidence::File)) {
    if let Some(file) = &mut of(&mut evidence.init).file {
        change(file);
    }
}

fn entry(evidence: &mut Evidence, entry: &[u8]) {
    of(&mut evidence.environment).caller.push(entry.to_vec());
}

/// A bind mount of a host directory.
pub(super) fn bind(source: &str, read_only: bool) -> MountRequest {
    MountRequest {
        destination: "/mnt".to_owned(),
        kind: "bind".to_owned(),
        source: source.to_owned(),
        read_only,
    }
}

/// The ordinary request with the first change that the rule refuses or
/// sanitises under the default policy.
#[must_use]
pub fn refused(rule: &Rule) -> Option<(&'static Change, Evidence)> {
    let policy = Policy::default();
    CHANGES
        .iter()
        .filter(|change| rule.needs.has(change.fact))
        .find_map(|change| {
            let mut evidence = ordinary();
            (change.apply)(&mut evidence);
            let verdict = (rule.evaluate)(&evidence, &policy);
            matches!(
                verdict,
                crate::Verdict::Deny(_) | crate::Verdict::Sanitize(_)
            )
            .then_some((change, evidence))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::RULES;

    #[test]
    fn every_rule_refuses_a_change_and_every_change_is_refused() {
        for rule in RULES {
            assert!(
                refused(rule).is_some(),
                "{}: no change that it refuses; add one to CHANGES",
                rule.id
            );
        }
        for change in CHANGES {
            let mut evidence = ordinary();
            (change.apply)(&mut evidence);
            let refuses = RULES.iter().any(|rule| {
                (rule.evaluate)(&evidence, &Policy::default()) != crate::Verdict::Permit
            });
            assert!(refuses, "no rule refuses {}", change.what);
        }
    }
}
