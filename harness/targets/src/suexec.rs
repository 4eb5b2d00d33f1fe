//! Apache suEXEC, the real one (Debian: `apache2-suexec-custom` with a
//! configuration file for each caller, `apache2-suexec-pristine` with compiled
//! settings; httpd `support/suexec.c`).
//!
//! A container start `USER GROUP BUNDLE INIT ARGS` is asked of it as Apache
//! asks for a CGI program: in the directory of the init, `suexec USER GROUP
//! NAME ARGS`, with everything that a process hands on as it is.
//!
//! It refuses by an exit status of its own *and* a line in its log. Both are
//! needed: any program may end with status 114.

use std::sync::OnceLock;

use sekisho_trial::{End, Observation, PlannedFile, Setting};

use crate::asked::Asked;
use crate::part::{Expresses, Part};
use crate::reply::{Refusal, RefusalKind, Reply, describe, last_line};
use crate::{Carried, Found, Prepared, Target, direct, host};

/// Where the programs lie in the arena: setuid files of the host's `/usr`
/// have no effect in a user namespace.
const DIRECTORY: &str = "/opt/targets";

/// Compiled in (`AP_LOG_EXEC`).
const LOG: &str = "/var/log/apache2/suexec.log";

/// gid of the package's group `www-data`, fixed on Debian (base-passwd).
const GROUP: u32 = 33;

/// Exit statuses, the beginnings of the log lines that go with them, and the
/// condition of the manual that failed (httpd 2.4 `support/suexec.c`; status 123
/// for a caller without a configuration file is Debian's patch).
const REFUSALS: [(i32, &str, u8); 26] = [
    (101, "too few arguments", 2),
    (102, "crit: invalid uid: (", 1),
    (103, "user mismatch (", 3),
    (104, "invalid command (", 4),
    (105, "invalid target user name: (", 5),
    (106, "invalid target group name: (", 6),
    (106, "invalid target group id: (", 6),
    (107, "cannot run as forbidden uid (0/", 7),
    (107, "cannot run as forbidden uid (", 8),
    (108, "cannot run as forbidden gid (0/", 9),
    (108, "cannot run as forbidden gid (", 10),
    (109, "failed to setgid/initgroups (", 11),
    (110, "failed to setuid (", 11),
    (111, "cannot get current working directory", 12),
    (111, "cannot open current working directory", 12),
    (112, "cannot get docroot information (", 12),
    (113, "cannot get docroot information (", 12),
    (114, "command not in docroot (", 13),
    (115, "cannot stat directory: (", 12),
    (116, "directory is writable by others: (", 14),
    (117, "cannot stat program: (", 15),
    (118, "file is writable by others: (", 16),
    (119, "file is either setuid or setgid: (", 17),
    (120, "target uid/gid (", 18),
    (121, "file has no execute permission: (", 15),
    (121, "invalid target user id: (", 5),
];

/// Status and line of a caller that has no configuration file.
const NO_FILE: (i32, &str, &str, u8) = (123, "User ", " not allowed: ", 3);

/// Exit status when the kernel refuses to execute the program.
const NOT_EXECUTED: i32 = 255;

/// What it was asked to do instead of a start.
const SETTINGS: &str = " -D AP_";

/// One of the two packaged variants.
pub(crate) struct Suexec {
    name: &'static str,
    package: &'static str,
    base: String,
    custom: bool,
    found: OnceLock<Result<Found, String>>,
}

/// The variant whose docroot is written in a file for each caller.
pub(crate) fn custom(carried: &Carried) -> Box<dyn Target> {
    Box::new(Suexec {
        name: "suexec-custom",
        package: "apache2-suexec-custom",
        base: carried.policy.base.clone(),
        custom: true,
        found: OnceLock::new(),
    })
}

/// The variant whose docroot is compiled in: `/var/www`.
pub(crate) fn pristine(carried: &Carried) -> Box<dyn Target> {
    Box::new(Suexec {
        name: "suexec-pristine",
        package: "apache2-suexec-pristine",
        base: carried.policy.base.clone(),
        custom: false,
        found: OnceLock::new(),
    })
}

impl Suexec {
    fn program(&self) -> String {
        format!("{DIRECTORY}/{}", self.name)
    }

    fn on_host(&self) -> String {
        format!("/usr/lib/apache2/{}", self.name)
    }
}

impl Target for Suexec {
    fn name(&self) -> &str {
        self.name
    }

    fn hint(&self) -> &str {
        self.package
    }

    fn notes(&self) -> &'static str {
        "the caller stands in the directory of the init, on the host, and names it by its base \
         name; a reference to the bundle counts by where it leads"
    }

    fn find(&self) -> Result<Found, String> {
        let look = || {
            host::readable(&self.on_host())?;
            Ok(Found {
                version: host::package_version(self.package)?,
                path: self.program(),
            })
        };
        self.found.get_or_init(look).clone()
    }

    fn changes_root(&self) -> bool {
        false
    }

    fn expresses(&self, part: Part) -> Expresses {
        match part {
            Part::WorkingDirectory => {
                Expresses::Partly("the directory of the init, or any where none is named")
            }
            Part::Caller => Expresses::Partly("root and members of the group www-data"),
            part => direct::expresses(part),
        }
    }

    fn can_exactly(&self, asked: &Asked<'_>) -> Result<(), String> {
        let request = asked.request;
        if request.uid != 0 && request.gid != GROUP && !request.groups.contains(&GROUP) {
            return Err(direct::says(
                Part::Caller,
                "the package's mode 4754 lets only root and the group www-data execute it",
            ));
        }
        let start = direct::translate(asked)?;
        match start.program {
            Some(program)
                if request.working_directory != "/"
                    && request.working_directory != program.directory =>
            {
                Err(direct::says(
                    Part::WorkingDirectory,
                    "the caller stands in the directory of the init",
                ))
            }
            _ => Ok(()),
        }
    }

    fn equip(&self) -> Vec<PlannedFile> {
        let Ok(program) = host::copy(&self.on_host(), &self.program(), (0, GROUP)) else {
            return Vec::new();
        };
        let mut files = vec![program, host::directory("/var/log/apache2", 0o750)];
        if self.custom {
            // Docroot, then the directory of user requests (`~user`) in homes.
            let text = format!("{}\npublic_html\n", self.base);
            files.push(host::file("/etc/apache2/suexec/www-data", 0o644, text));
        } else {
            // What an administrator does who keeps the documents elsewhere.
            // suEXEC compares with where the link leads (getcwd(3)).
            files.push(host::link("/var/www", &self.base));
        }
        files
    }

    fn prepare(&self, asked: &Asked<'_>, _: &Setting) -> Prepared {
        let mut words = vec![b"suexec".to_vec()];
        let mut directory = None;
        // A request that cannot be translated is not applicable and never
        // comes here; without words suEXEC refuses by itself.
        if let Ok(start) = direct::translate(asked) {
            words.extend(start.user);
            words.extend(start.group);
            if let Some(program) = start.program {
                words.push(program.name);
                words.extend(program.arguments);
                directory = Some(program.directory);
            }
        }
        let mut start = asked.request.to_start(self.program(), words);
        if let Some(directory) = directory {
            start.working_directory = directory;
        }
        Prepared {
            files: Vec::new(),
            start,
            collect: vec![LOG.to_owned()],
            pause: None,
        }
    }

    fn read(&self, observation: &Observation) -> Reply {
        let log = observation.collected.first().and_then(Option::as_deref);
        answer(
            &observation.end,
            log.unwrap_or_default(),
            &observation.stderr,
        )
    }

    fn init_ended(&self, observation: &Observation) -> bool {
        // After the line that announces a start suEXEC logs every failure, so
        // an exit status without one is the program's own.
        matches!(observation.end, End::Exited(_)) && self.read(observation) == Reply::Started
    }
}

/// The answer, from exit status, log and standard error.
fn answer(end: &End, log: &[u8], stderr: &[u8]) -> Reply {
    let log = String::from_utf8_lossy(log);
    let lines: Vec<&str> = log.lines().filter_map(message).collect();
    let Some(last) = lines.last() else {
        let settings = String::from_utf8_lossy(stderr).contains(SETTINGS);
        if *end == End::Exited(0) && settings {
            return Reply::Refused(Refusal {
                verdict: RefusalKind::Unusable,
                rule: String::new(),
                reason: "the request asks for the compiled settings (-V), not for a start"
                    .to_owned(),
            });
        }
        return Reply::failed(format!(
            "suexec logged nothing; {}; {}",
            describe(end),
            last_line(stderr)
        ));
    };
    if last.starts_with("uid: (") {
        // Logged before the checks; whatever fails after it is logged, too.
        return match end {
            End::NotStarted(error) => Reply::failed(error.clone()),
            _ => Reply::Started,
        };
    }
    let End::Exited(status) = *end else {
        return Reply::failed(format!("suexec logged `{last}`, but {}", describe(end)));
    };
    match condition(status, last) {
        Some(number) => Reply::Refused(Refusal {
            verdict: RefusalKind::Refused,
            rule: format!("suexec:{number}"),
            reason: format!("condition {status}: {last}"),
        }),
        None => Reply::failed(format!("suexec logged `{last}`, but {}", describe(end))),
    }
}

/// Number of the condition that a status and a line of the log speak of, when
/// they speak of the same.
fn condition(status: i32, line: &str) -> Option<u8> {
    let known = REFUSALS
        .iter()
        .find(|(known, beginning, _)| *known == status && line.starts_with(beginning));
    if let Some((_, _, number)) = known {
        return Some(*number);
    }
    let (no_file, beginning, inside, number) = NO_FILE;
    if status == no_file && line.starts_with(beginning) && line.contains(inside) {
        return Some(number);
    }
    (status == NOT_EXECUTED && line.contains(": exec failed (")).then_some(20)
}

/// The message of a log line `[date time]: message`.
fn message(line: &str) -> Option<&str> {
    let (date, message) = line.strip_prefix('[')?.split_once("]: ")?;
    let is_date = date.len() == 19
        && date
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"-: ".contains(&byte));
    is_date.then_some(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STARTED: &str =
        "[2026-01-02 03:04:05]: uid: (alice/alice) gid: (alice/alice) cmd: server\n";

    fn read(status: i32, log: &str) -> Reply {
        answer(&End::Exited(status), log.as_bytes(), b"")
    }

    fn reason(reply: Reply) -> String {
        match reply {
            Reply::Refused(refusal) => refusal.reason,
            other => panic!("not refused: {other:?}"),
        }
    }

    #[test]
    fn every_status_is_a_refusal_with_its_line_and_a_failure_with_another() {
        for (status, beginning, number) in REFUSALS {
            let log = format!("{STARTED}[2026-01-02 03:04:05]: {beginning}x)\n");
            let Reply::Refused(refusal) = read(status, &log) else {
                panic!("{status} is not read as a refusal")
            };
            assert_eq!(refusal.reason, format!("condition {status}: {beginning}x)"));
            assert_eq!(refusal.rule, format!("suexec:{number}"));
            for other in [0, 1, 100, 122, 255] {
                let reply = read(other, &log);
                assert!(matches!(reply, Reply::Failed { .. }), "{other} {beginning}");
            }
            for end in [End::Signalled(9), End::Timeout] {
                let reply = answer(&end, log.as_bytes(), b"");
                assert!(matches!(reply, Reply::Failed { .. }), "{end:?}");
            }
        }
        let caller = "[2026-01-02 03:04:05]: User bob not allowed: Could not open config file x\n";
        assert!(reason(read(123, caller)).starts_with("condition 123: User bob"));
        assert!(matches!(read(103, caller), Reply::Failed { .. }));
        // No memory is no refusal.
        let memory = "[2026-01-02 03:04:05]: failed to malloc memory for environment\n";
        assert!(matches!(read(123, memory), Reply::Failed { .. }));
    }

    #[test]
    fn a_status_alone_is_the_programs_own() {
        for status in [0, 1, 107, 114, 255] {
            assert_eq!(read(status, STARTED), Reply::Started);
            assert!(matches!(read(status, ""), Reply::Failed { .. }));
        }
        assert_eq!(
            answer(&End::Timeout, STARTED.as_bytes(), b""),
            Reply::Started
        );
    }

    #[test]
    fn a_program_that_the_kernel_refuses_is_told_with_its_errno() {
        let log =
            format!("{STARTED}[2026-01-02 03:04:05]: (8)Exec format error: exec failed (x)\n");
        assert_eq!(
            reason(read(255, &log)),
            "condition 255: (8)Exec format error: exec failed (x)"
        );
        assert!(matches!(read(0, &log), Reply::Failed { .. }));
    }

    #[test]
    fn what_is_no_line_of_the_log_counts_for_nothing() {
        // A line feed in the command's name makes a line without a date.
        let forged =
            "[2026-01-02 03:04:05]: uid: (a/a) gid: (a/a) cmd: x\ncommand not in docroot (x)\n";
        assert_eq!(read(114, forged), Reply::Started);
        assert_eq!(message("[x]: command not in docroot (x)"), None);
        assert!(matches!(read(1, ""), Reply::Failed { .. }));
        let settings = answer(&End::Exited(0), b"", b" -D AP_UID_MIN=100\n");
        assert!(reason(settings).contains("-V"));
    }
}
