//! sudo (Debian: `sudo`), with a `sudoers` that says the policy's caller, base,
//! least ids, environment and `PATH`.
//!
//! What sudoers(5) has words for: the caller; target users and groups one by
//! one (a least id is written as the list of accounts that reach it); commands
//! beneath a directory, as a regular expression over the path *as text*, since
//! its own wildcards do not match `/`; the environment by names and patterns.
//! It has none for owners, modes and links of what is started.

use std::sync::OnceLock;

use sekisho_rules::Policy;
use sekisho_trial::{End, Observation, PlannedFile, Setting};

use crate::asked::{Asked, Id};
use crate::part::{Expresses, Part};
use crate::reply::{Refusal, RefusalKind, Reply, describe, own_refusal};
use crate::{Carried, Found, Prepared, Target, direct, host};

const PACKAGE: &str = "sudo";
const ON_HOST: &str = "/usr/bin/sudo";
const PROGRAM: &str = "/opt/targets/sudo";
/// sudo asks that its plugin belong to root, which the host's does not where
/// the arena's root is another user.
const PLUGIN_ON_HOST: &str = "/usr/libexec/sudo/sudoers.so";
const PLUGIN: &str = "/opt/targets/sudoers.so";
const LOG: &str = "/var/log/sudo.log";

/// `sudo.conf(5)`.
const CONFIGURATION: &str = "Plugin sudoers_policy /opt/targets/sudoers.so
Plugin sudoers_io /opt/targets/sudoers.so
Plugin sudoers_audit /opt/targets/sudoers.so
";

/// Whoever may start something is asked for nothing more.
pub(crate) const PAM: &str = "auth required pam_permit.so
account required pam_permit.so
session required pam_permit.so
";

struct Sudo {
    policy: Policy,
    found: OnceLock<Result<Found, String>>,
}

/// Makes the adapter.
pub(crate) fn adapter(carried: &Carried) -> Box<dyn Target> {
    Box::new(Sudo {
        policy: carried.policy.clone(),
        found: OnceLock::new(),
    })
}

impl Target for Sudo {
    fn name(&self) -> &str {
        "sudo"
    }

    fn hint(&self) -> &str {
        PACKAGE
    }

    fn notes(&self) -> &'static str {
        "sudoers has the policy's caller, base (as a regular expression over the path), accounts \
         from the least ids on, environment and PATH; the init is named by its path on the host"
    }

    fn find(&self) -> Result<Found, String> {
        let look = || {
            host::readable(ON_HOST)?;
            host::readable(PLUGIN_ON_HOST)?;
            Ok(Found {
                version: host::package_version(PACKAGE)?,
                path: PROGRAM.to_owned(),
            })
        };
        self.found.get_or_init(look).clone()
    }

    fn changes_root(&self) -> bool {
        false
    }

    fn expresses(&self, part: Part) -> Expresses {
        direct::expresses(part)
    }

    fn can_exactly(&self, asked: &Asked<'_>) -> Result<(), String> {
        let start = direct::translate(asked)?;
        if start.user.is_none() || start.group.is_none() {
            return Err(direct::says(
                Part::ArgumentVector,
                "a target that is left out: it means root to sudo",
            ));
        }
        start.named().map(|_| ())
    }

    fn equip(&self) -> Vec<PlannedFile> {
        let program = host::copy(ON_HOST, PROGRAM, (0, 0));
        let plugin = host::copy(PLUGIN_ON_HOST, PLUGIN, (0, 0));
        let mut files: Vec<_> = program.into_iter().chain(plugin).collect();
        files.push(host::file("/etc/sudo.conf", 0o644, CONFIGURATION));
        files.push(host::file("/etc/pam.d/sudo", 0o644, PAM));
        files
    }

    fn prepare(&self, asked: &Asked<'_>, _: &Setting) -> Prepared {
        let mut words: Vec<Vec<u8>> = ["sudo", "-n"].map(Into::into).to_vec();
        let direct = direct::translate(asked).ok();
        if let Some(start) = direct.clone() {
            if let Some(user) = start.user {
                let known = asked.is_user(&user);
                words.extend([b"-u".to_vec(), id(user, asked.user(), known)]);
            }
            if let Some(group) = start.group {
                let known = asked.is_group(&group);
                words.extend([b"-g".to_vec(), id(group, asked.group(), known)]);
            }
            words.push(b"--".to_vec());
            if let Some(program) = start.program {
                words.extend(program.words());
            }
        }
        Prepared {
            files: vec![
                host::file("/etc/sudoers", 0o440, sudoers(&self.policy, asked)),
                host::file("/etc/hosts", 0o644, "127.0.0.1 localhost arena\n"),
            ],
            start: direct::start(asked, PROGRAM.to_owned(), words, direct.as_ref()),
            collect: vec![LOG.to_owned()],
            pause: None,
        }
    }

    fn read(&self, observation: &Observation) -> Reply {
        let log = observation.collected.first().and_then(Option::as_deref);
        answer(observation, log.unwrap_or_default())
    }

    fn init_ended(&self, observation: &Observation) -> bool {
        // `log_exit_status` makes a second line of a start.
        let log = observation.collected.first().and_then(Option::as_deref);
        let log = String::from_utf8_lossy(log.unwrap_or_default());
        matches!(observation.end, End::Exited(_))
            && log.lines().any(|line| line.contains(" ; EXIT="))
    }
}

/// The answer. What sudo refuses it logs with the reason in front of the
/// request (`Sorry, user` and the like on standard error are for people); what
/// it does not understand it does not log.
fn answer(observation: &Observation, log: &[u8]) -> Reply {
    let log = String::from_utf8_lossy(log);
    let last = log.lines().rfind(|line| line.contains(" ; COMMAND="));
    // `date : user : [reason ;] [TTY= ;] PWD= ; …`
    let reason = last
        .and_then(|line| line.splitn(3, " : ").nth(2))
        .and_then(|entry| entry.split(" ; ").next())
        .filter(|first| !first.starts_with("TTY=") && !first.starts_with("PWD="));
    let usage = observation.stderr.starts_with(b"usage: sudo ");
    let (verdict, reason) = match (&observation.end, reason) {
        (End::Exited(1), Some(reason)) => (RefusalKind::Refused, reason),
        (End::Exited(1), None) if last.is_none() && usage => {
            (RefusalKind::Unusable, "no request that sudo understands")
        }
        (end, Some(reason)) => {
            return Reply::failed(format!("it logged `{reason}`, but {}", describe(end)));
        }
        _ => return own_refusal(observation, "sudo: ", &[1]),
    };
    Reply::Refused(Refusal {
        verdict,
        rule: String::new(),
        reason: format!("exit status 1: {reason}"),
    })
}

/// sudo reads a number only after `#`; other texts are names to it.
fn id(text: Vec<u8>, id: Id, known: bool) -> Vec<u8> {
    let number = match id {
        Id::Name(_) => false,
        Id::Number(_) => true,
        // Also a name: those come first.
        Id::Form if known => false,
        Id::Form => text
            .first()
            .is_some_and(|byte| byte.is_ascii_digit() || b"-+ \t".contains(byte)),
    };
    match number {
        true => [b"#", &text[..]].concat(),
        false => text,
    }
}

/// The policy in the words of sudoers(5).
fn sudoers(policy: &Policy, asked: &Asked<'_>) -> String {
    let list = |ids: Vec<u32>| {
        let ids: Vec<_> = ids.iter().map(|id| format!("#{id}")).collect();
        ids.join(", ")
    };
    let users = list(asked.users_from(policy.minimum_uid));
    let groups = list(asked.groups_from(policy.minimum_gid));
    format!(
        "Defaults env_reset, !syslog, logfile={LOG}, log_exit_status, loglinelen=0\n\
         Defaults secure_path=\"{path}\"\n\
         Defaults env_keep=\"{environment}\"\n\
         #{caller} ALL = ({users} : {groups}) NOPASSWD: ^{base}/.*$\n",
        path = policy.path,
        environment = policy.environment,
        caller = policy.caller,
        base = policy.base.replace('.', "\\."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::observation;

    const DENIED: &str =
        "Jan  2 03:04:05 : www-data : command not allowed ; PWD=/ ; USER=root ; COMMAND=/bin/sh\n";
    const STARTED: &str = "Jan  2 03:04:05 : www-data : PWD=/ ; USER=alice ; COMMAND=/bin/sh\n";
    const TERMINAL: &str =
        "Jan  2 03:04:05 : root : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=a ; COMMAND=/x\n";

    fn read(end: End, stderr: &str, log: &str) -> Reply {
        answer(&observation(end, stderr, &[Some(log)]), log.as_bytes())
    }

    #[test]
    fn a_refusal_is_what_sudo_logged_or_said_of_itself() {
        let reason = |reply| match reply {
            Reply::Refused(refusal) => refusal.reason,
            other => panic!("not refused: {other:?}"),
        };
        let one = End::Exited(1);
        let said = reason(read(one.clone(), "", DENIED));
        assert_eq!(said, "exit status 1: command not allowed");
        assert!(reason(read(one.clone(), "", TERMINAL)).contains("NOT in sudoers"));
        let unknown = read(one.clone(), "sudo: unknown user x\n", "");
        assert!(reason(unknown).contains("unknown user"));
        let usage = read(one.clone(), "usage: sudo -h\n", "");
        assert!(
            matches!(usage, Reply::Refused(refusal) if refusal.verdict == RefusalKind::Unusable)
        );
        // A program that was started may end with 1 as well.
        assert_eq!(read(one, "", STARTED), Reply::Started);
        let both = read(End::Exited(0), "", DENIED);
        assert!(matches!(both, Reply::Failed { .. }));
        assert_eq!(read(End::Exited(0), "", STARTED), Reply::Started);
    }

    #[test]
    fn numbers_are_marked_and_names_are_not() {
        let id = |text: &str, form, known| id(text.into(), form, known);
        assert_eq!(id("alice", Id::Name(10001), true), b"alice");
        assert_eq!(id("10001", Id::Number(10001), false), b"#10001");
        assert_eq!(id("-1", Id::Form, false), b"#-1");
        assert_eq!(id("nobody-there", Id::Form, false), b"nobody-there");
        // A user whose name is a number.
        assert_eq!(id("10077", Id::Form, true), b"10077");
    }
}
