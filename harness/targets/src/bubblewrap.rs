//! bubblewrap, `bwrap(1)`: without privileges of its own, so it is started as
//! the target user.
//!
//! `bwrap --unshare-… --bind ROOTFS / --proc /proc --dev /dev MOUNTS
//! --setenv … --chdir CWD --as-pid-1 -- INIT ARGS`, in a process that already
//! has the target's uid, gid and additional groups. Who is not root gets a
//! user namespace with nothing but the own ids in it. What is inherited is
//! what the caller handed over; the configuration's environment is set over
//! the caller's.
//!
//! A refusal is `bwrap: …` as the last line on standard error with exit status
//! 1; whether an init ran and ended is in the file that `--json-status-fd`
//! writes to.

use std::sync::OnceLock;

use sekisho_trial::{Access, Observation, OpenFile, PlannedFile, Setting};

use crate::asked::Asked;
use crate::config::{self, Mount};
use crate::part::{Expresses, Part};
use crate::reply::Reply;
use crate::said::{self, Own};
use crate::{Carried, Found, Prepared, Target, host};

const PROGRAM: &str = "bwrap";
const PLACE: &str = "/run/target";
const STATUS: &str = "/run/target/status";

/// The word for each namespace that can be made or left out.
const NAMESPACES: [(&str, &str); 5] = [
    ("pid", "--unshare-pid"),
    ("ipc", "--unshare-ipc"),
    ("uts", "--unshare-uts"),
    ("network", "--unshare-net"),
    ("cgroup", "--unshare-cgroup-try"),
];

/// How it speaks.
const OWN: Own = Own {
    mark: "bwrap: ",
    statuses: &[1],
    refusals: &[
        ("Can't find source path ", ""),
        ("Can't chdir to ", ""),
        ("Can't create file at ", ""),
        ("Can't mkdir ", ""),
        ("Can't mount tmpfs on ", ": No such file or directory"),
        ("execvp ", ""),
        ("Exceeded maximum number of arguments ", ""),
    ],
};

struct Bubblewrap {
    found: OnceLock<Result<Found, String>>,
}

/// Makes the adapter.
pub(crate) fn adapter(_: &Carried) -> Box<dyn Target> {
    Box::new(Bubblewrap {
        found: OnceLock::new(),
    })
}

impl Target for Bubblewrap {
    fn name(&self) -> &str {
        "bubblewrap"
    }

    fn hint(&self) -> &str {
        "install the Debian package bubblewrap"
    }

    fn notes(&self) -> &'static str {
        "Started as the target user, since it has no privileges of its own: users other than root \
         get a user namespace that holds only their own ids. The rootfs is bound to /, with a new \
         /proc and /dev; no configuration file is read."
    }

    fn find(&self) -> Result<Found, String> {
        let found = || host::packaged(PROGRAM, &["--version"], "bubblewrap ");
        self.found.get_or_init(found).clone()
    }

    fn expresses(&self, part: Part) -> Expresses {
        match part {
            Part::Caller | Part::CallerGroups => Expresses::No("it is started as the target"),
            Part::NewPrivileges => Expresses::No("it always sets no_new_privs"),
            Part::Capabilities => Expresses::No("it has none to give"),
            Part::Rlimits => Expresses::No("it has no words for limits"),
            Part::Hooks => Expresses::No("it has no hooks"),
            Part::Devices => Expresses::No("its /dev is fixed"),
            Part::Mappings => Expresses::No("it maps the own ids only"),
            Part::ConfiguredTerminal => Expresses::No("it makes no terminal"),
            Part::Mounts => Expresses::Partly("bind, tmpfs, proc and mqueue mounts"),
            Part::Namespaces => Expresses::Partly("making them anew; mount always"),
            part => config::expresses(part),
        }
    }

    fn can_exactly(&self, asked: &Asked<'_>) -> Result<(), String> {
        config::startable(asked)?;
        if !config::new_namespaces(asked)?.contains(&"mount".to_owned()) {
            return Err("namespaces: it always makes a mount namespace".to_owned());
        }
        for mount in config::mounts(asked)? {
            words_of(&mount)?;
        }
        Ok(())
    }

    fn equip(&self) -> Vec<PlannedFile> {
        Vec::new()
    }

    fn prepare(&self, asked: &Asked<'_>, _: &Setting) -> Prepared {
        let request = asked.request;
        let found = self.find().unwrap_or_default();
        // Opened by root; closed by bwrap before the init.
        let numbers = request.descriptors.iter().map(|file| file.number);
        let number = numbers.fold(2, i32::max) + 1;
        let mut start = request.to_start(found.path, words(asked, number));
        start.descriptors.push(OpenFile {
            number,
            path: STATUS.to_owned(),
            access: Access::Write,
        });
        (start.uid, start.gid) = asked.ids().unwrap_or_default();
        start.groups = config::additional_groups(asked);
        Prepared {
            files: vec![host::directory(PLACE, 0o755), host::file(STATUS, 0o600, "")],
            start,
            collect: vec![STATUS.to_owned()],
            pause: None,
        }
    }

    fn read(&self, observation: &Observation) -> Reply {
        said::answer(observation, &OWN)
    }

    fn init_ended(&self, observation: &Observation) -> bool {
        let status = observation.collected.first().and_then(Option::as_deref);
        let text = String::from_utf8_lossy(status.unwrap_or_default());
        text.contains("\"exit-code\"") && self.read(observation) == Reply::Started
    }
}

fn words(asked: &Asked<'_>, status: i32) -> Vec<Vec<u8>> {
    let mut words: Vec<Vec<u8>> = vec![PROGRAM.into()];
    let mut say = |parts: &[&str]| words.extend(parts.iter().map(|part| part.as_bytes().to_vec()));
    let namespaces = config::new_namespaces(asked).unwrap_or_default();
    for (kind, word) in NAMESPACES {
        if namespaces.iter().any(|one| one == kind) {
            say(&[word]);
        }
    }
    if namespaces.iter().any(|one| one == "user") {
        say(&["--unshare-user"]);
    }
    if let (Some(name), true) = (
        config::host_name(asked),
        namespaces.iter().any(|one| one == "uts"),
    ) {
        say(&["--hostname", &name]);
    }
    let bind = match config::is_read_only(asked) {
        true => "--ro-bind",
        false => "--bind",
    };
    say(&[bind, &asked.rootfs().unwrap_or_default(), "/"]);
    say(&["--proc", "/proc", "--dev", "/dev"]);
    for mount in config::mounts(asked).unwrap_or_default() {
        let parts = words_of(&mount).unwrap_or_default();
        say(&parts.iter().map(String::as_str).collect::<Vec<_>>());
    }
    say(&["--chdir", &config::directory(asked)]);
    say(&["--as-pid-1", "--json-status-fd", &status.to_string()]);
    for entry in config::environment(asked) {
        let text = String::from_utf8_lossy(&entry).into_owned();
        if let Some((name, value)) = text.split_once('=') {
            say(&["--setenv", name, value]);
        }
    }
    say(&["--"]);
    words.extend(asked.init());
    words
}

/// # Errors
/// The part that cannot be expressed.
fn words_of(mount: &Mount) -> Result<Vec<String>, String> {
    let source = mount.source.clone();
    let destination = mount.destination.clone();
    let word = |word: &str| word.to_owned();
    Ok(match (mount.kind.as_str(), mount.read_only) {
        ("bind", true) => vec![word("--ro-bind"), source, destination],
        ("bind", false) => vec![word("--bind"), source, destination],
        ("tmpfs", false) => vec![word("--tmpfs"), destination],
        ("proc", false) => vec![word("--proc"), destination],
        ("mqueue", false) => vec![word("--mqueue"), destination],
        (kind, _) => return Err(format!("{}: no word for type `{kind}`", Part::Mounts)),
    })
}

#[cfg(test)]
mod tests {
    use sekisho_trial::End;

    use super::*;
    use crate::testing::{observation, planned};

    fn start(text: &str) -> (sekisho_trial::Start, String) {
        let planned = planned(text);
        let asked = Asked::new(&planned.request, &planned.layout);
        let setting = crate::testing::setting();
        let adapter = adapter(&crate::testing::carried());
        let start = adapter.prepare(&asked, &setting).start;
        let words: Vec<_> = start
            .arguments
            .iter()
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect();
        (start, words.join(" "))
    }

    #[test]
    fn the_usual_request_becomes_words() {
        let (start, words) = start("");
        assert_eq!((start.uid, start.gid), (10001, 10001));
        assert_eq!(
            words,
            "bwrap --unshare-pid --unshare-ipc --unshare-uts --unshare-net --unshare-cgroup-try \
             --hostname app --bind /srv/containers/alice/web/rootfs / --proc /proc --dev /dev \
             --chdir / --as-pid-1 --json-status-fd 3 --setenv PATH \
             /usr/local/bin:/usr/bin:/bin -- /app/server"
        );
    }

    #[test]
    fn what_it_cannot_say_is_not_applicable() {
        let can = |text: &str| {
            let planned = planned(text);
            adapter(&crate::testing::carried()).can(&Asked::new(&planned.request, &planned.layout))
        };
        assert_eq!(can(""), Ok(()));
        let mount = |mount: &str| {
            can(&format!(
                "[fixture.bundles.'alice/web']\nconfig.mounts = [{mount}]"
            ))
        };
        assert_eq!(
            mount("{ destination = '/x', type = 'bind', source = '/y' }"),
            Ok(())
        );
        assert!(
            mount("{ destination = '/x', type = 'overlay' }")
                .unwrap_err()
                .starts_with("mounts")
        );
        assert!(
            can("[request]\ncaller = 'root'")
                .unwrap_err()
                .starts_with("caller: ")
        );
    }

    #[test]
    fn the_end_of_an_init_needs_its_record_and_no_message() {
        let adapter = adapter(&crate::testing::carried());
        let ended = "{ \"child-pid\": 7 }\n{ \"exit-code\": 1 }\n";
        let seen = |status: &str, stderr: &str| {
            adapter.init_ended(&observation(End::Exited(1), stderr, &[Some(status)]))
        };
        assert!(seen(ended, ""));
        assert!(!seen("{ \"child-pid\": 7 }\n", ""));
        assert!(!seen(
            ended,
            "bwrap: execvp /app/server: No such file or directory\n"
        ));
    }
}
