//! firejail, a setuid sandbox, started by the target user: it changes no ids.
//!
//! `firejail --quiet --noprofile --nonewprivs --caps.drop=all --net=none
//! --ipc-namespace --hostname=NAME -- PROGRAM ARGS`, the program by its path on
//! the host: `--chroot` wants a root directory that root owns, and rootfs of
//! tenants are the tenants' own. The namespaces, the host name and
//! `no_new_privs` are those of the corpus's standard configuration.
//!
//! A refusal is a known `Error …` on standard error and exit status 1, or what
//! the account's shell says, which it starts programs with. Where it takes the
//! place for a sandbox of its own it starts the program without one and warns;
//! then nothing was tried.

use std::sync::OnceLock;

use sekisho_trial::{Conditions, End, Observation, PlannedFile, Setting};
use serde_json::Value;

use crate::asked::Asked;
use crate::part::{Expresses, Part};
use crate::reply::{Refusal, RefusalKind, Reply, describe};
use crate::said::{self, Own};
use crate::{Carried, Found, Prepared, Target, config, direct, host};

const ON_HOST: &str = "/usr/bin/firejail";
/// It takes any other base name for that of the program to start.
const PROGRAM: &str = "/opt/targets/firejail";

/// Options of every start.
const OPTIONS: [&str; 5] = [
    "--quiet",
    "--noprofile",
    "--caps.drop=all",
    "--net=none",
    "--ipc-namespace",
];

/// What its own messages begin with.
const MARK: &str = "Error";

/// What it says, after the mark, where it will not do what a request asks for;
/// each was seen in answer to such a request.
const REFUSALS: [(&str, &str); 8] = [
    (": no suitable ", " executable found"),
    // A user without an account, and nobody.
    (" getpwuid: main.c:", ""),
    (": the user is not allowed to use Firejail.", ""),
    (": too many arguments: ", ""),
    (": too long arguments: ", ""),
    (": too many environment variables: ", ""),
    (": invalid --env setting", ""),
    (" setenv: env.c:", ": Invalid argument"),
];

/// How the shell of the account speaks, which it starts programs with.
const SHELL: Own = Own {
    mark: "/bin/sh: 1: ",
    statuses: &[126, 127],
    refusals: &[
        ("", ": not found"),
        ("", ": Permission denied"),
        ("", ": Operation not permitted"),
    ],
};

/// How nologin(8) speaks, the shell of an account that is not to be used.
const NO_LOGIN: Own = Own {
    mark: "This account is currently ",
    statuses: &[1],
    refusals: &[("not available.", "")],
};

/// Where it starts the program as it is.
const BARE: &str = "existing sandbox was detected";

#[derive(Default)]
struct Firejail {
    found: OnceLock<Result<Found, String>>,
}

/// Makes the adapter.
pub(crate) fn adapter(_: &Carried) -> Box<dyn Target> {
    Box::<Firejail>::default()
}

impl Target for Firejail {
    fn name(&self) -> &str {
        "firejail"
    }

    fn hint(&self) -> &str {
        "install the Debian package firejail"
    }

    fn notes(&self) -> &'static str {
        "started by the target user, without a profile; the init is named by its path on the host, \
         since its chroot wants a root directory of root's"
    }

    fn find(&self) -> Result<Found, String> {
        let look = || {
            host::readable(ON_HOST)?;
            let said = host::version(ON_HOST, &["--version"])?;
            let version = said.strip_prefix("firejail version ").unwrap_or(&said);
            Ok(Found {
                version: version.to_owned(),
                path: PROGRAM.to_owned(),
            })
        };
        self.found.get_or_init(look).clone()
    }

    fn changes_root(&self) -> bool {
        false
    }

    fn expresses(&self, part: Part) -> Expresses {
        match part {
            Part::Caller => Expresses::No("the target user starts it"),
            Part::ArgumentVector => Expresses::No("it is the reference launcher's grammar"),
            Part::TargetUserForm | Part::TargetGroupForm => Expresses::No(
                "whoever starts it is one user, so what the text means is decided before",
            ),
            part => direct::expresses(part),
        }
    }

    fn can_exactly(&self, asked: &Asked<'_>) -> Result<(), String> {
        direct::no_shell(asked, direct::translate(asked)?.named()?)
    }

    fn missing(&self, conditions: &Conditions) -> Option<String> {
        let user = conditions.mode != "root";
        user.then(|| "firejail's helpers in /usr do not belong to the arena's root".to_owned())
    }

    fn equip(&self) -> Vec<PlannedFile> {
        let program = host::copy(ON_HOST, PROGRAM, (0, 0));
        let mut files: Vec<_> = program.into_iter().collect();
        files.push(host::file("/etc/firejail/firejail.config", 0o644, ""));
        files
    }

    fn prepare(&self, asked: &Asked<'_>, _: &Setting) -> Prepared {
        let direct = direct::translate(asked).ok();
        let words = words(asked, direct.as_ref());
        let mut start = direct::start(asked, PROGRAM.to_owned(), words, direct.as_ref());
        (start.uid, start.gid) = asked.ids().unwrap_or_default();
        Prepared {
            files: Vec::new(),
            start,
            collect: Vec::new(),
            pause: None,
        }
    }

    /// Its run-time directory, made ready by the first start after a boot.
    fn own_mounts(&self) -> &'static [&'static str] {
        &["/run/firejail/"]
    }

    fn read(&self, observation: &Observation) -> Reply {
        answer(observation)
    }
}

fn words(asked: &Asked<'_>, direct: Option<&direct::Direct>) -> Vec<Vec<u8>> {
    let mut words = vec!["firejail".to_owned()];
    words.extend(OPTIONS.map(str::to_owned));
    if asked.at("/process/noNewPrivileges") == &Value::Bool(true) {
        words.push("--nonewprivs".to_owned());
    }
    if let Some(name) = config::host_name(asked) {
        words.push(format!("--hostname={name}"));
    }
    words.push("--".to_owned());
    let mut words: Vec<Vec<u8>> = words.into_iter().map(String::into_bytes).collect();
    if let Some(program) = direct.and_then(|direct| direct.program.as_ref()) {
        words.extend(program.words());
    }
    words
}

/// Its first own message counts: the process that notices is followed by the
/// one that waited for it.
fn answer(observation: &Observation) -> Reply {
    let status = match observation.end {
        End::Exited(status) => status,
        End::Timeout => return Reply::Started,
        ref end => return Reply::failed(describe(end)),
    };
    // With a terminal everything comes out there.
    let streams = [&observation.stderr, &observation.stdout];
    let said = streams.map(|stream| String::from_utf8_lossy(stream));
    let mut lines = said.iter().flat_map(|text| text.lines());
    if lines.clone().any(|line| line.contains(BARE)) {
        return Reply::failed("it takes the place for a sandbox and makes none");
    }
    let Some(own) = lines.find(|line| line.starts_with(MARK)) else {
        return match said::answer(observation, &SHELL) {
            Reply::Started => said::answer(observation, &NO_LOGIN),
            other => other,
        };
    };
    match said::is_one(own[MARK.len()..].trim_end(), &REFUSALS) {
        true if status == 1 => Reply::Refused(Refusal {
            verdict: RefusalKind::Refused,
            rule: String::new(),
            reason: own.trim_end().to_owned(),
        }),
        true => Reply::failed(format!("it says `{own}`, but its status was {status}")),
        false => Reply::failed(format!("no known refusal: {own}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{observation, planned};

    #[test]
    fn the_usual_request_becomes_words() {
        let planned = planned("");
        let asked = Asked::new(&planned.request, &planned.layout);
        let setting = crate::testing::setting();
        let start = adapter(&crate::testing::carried())
            .prepare(&asked, &setting)
            .start;
        assert_eq!((start.uid, start.gid), (10001, 10001));
        let words: Vec<_> = start
            .arguments
            .iter()
            .map(|word| String::from_utf8_lossy(word))
            .collect();
        assert_eq!(
            words.join(" "),
            "firejail --quiet --noprofile --caps.drop=all --net=none --ipc-namespace --nonewprivs \
             --hostname=app -- /srv/containers/alice/web/rootfs/app/server"
        );
    }

    #[test]
    fn only_a_known_message_with_its_status_is_a_refusal() {
        let read = |status, stderr: &str| answer(&observation(End::Exited(status), stderr, &[]));
        let none = "Error: no suitable /x executable found\n";
        assert!(matches!(read(1, none), Reply::Refused(_)));
        assert!(matches!(read(0, none), Reply::Failed { .. }));
        let broke = "Error mkdir: fs.c:1 main: No space left on device\n\
                     Error: proc 11 cannot sync with peer: unexpected EOF\n";
        assert!(matches!(read(1, broke), Reply::Failed { .. }));
        let bare = "Warning: an existing sandbox was detected. /x will run without any\n";
        assert!(matches!(read(0, bare), Reply::Failed { .. }));
        let closed = "/bin/sh: 1: /x/app/server: Permission denied\n";
        assert!(matches!(read(126, closed), Reply::Refused(_)));
        assert!(matches!(read(1, closed), Reply::Failed { .. }));
        let account = "This account is currently not available.\n";
        assert!(matches!(read(1, account), Reply::Refused(_)));
        assert_eq!(read(1, "an init's words\n"), Reply::Started);
    }
}
