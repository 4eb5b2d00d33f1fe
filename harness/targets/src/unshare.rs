//! util-linux `unshare(1)`, as root.
//!
//! `unshare --mount --pid --fork … --root=ROOTFS --wd=CWD --setgid G --setuid U
//! -- INIT ARGS`. The environment is the caller's with the configuration's
//! over it, given to `unshare` itself; so is everything else that is
//! inherited. `--setgid` drops supplementary groups. The root is a chroot, and
//! `no_new_privs` is never set, whether or not the configuration asks for it.
//!
//! A refusal is `unshare: …` as the last line on standard error and exit
//! status 1, 126 or 127.

use std::sync::OnceLock;

use sekisho_trial::{Observation, PlannedFile, Setting};

use crate::asked::Asked;
use crate::config;
use crate::part::{Expresses, Part};
use crate::reply::Reply;
use crate::said::{self, Own};
use crate::{Carried, Found, Prepared, Target, host};

const PROGRAM: &str = "unshare";

/// The word for each namespace.
const NAMESPACES: [(&str, &str); 6] = [
    ("mount", "--mount"),
    ("pid", "--pid"),
    ("ipc", "--ipc"),
    ("uts", "--uts"),
    ("network", "--net"),
    ("cgroup", "--cgroup"),
];

/// How it speaks.
const OWN: Own = Own {
    mark: "unshare: ",
    statuses: &[1, 126, 127],
    refusals: &[
        ("failed to execute ", ""),
        ("cannot chdir to ", ""),
        ("cannot change root directory to ", ""),
        // The rootfs has no such directory.
        ("mount /proc failed: No such file or directory", ""),
        // Ids that the kernel does not take.
        ("setuid failed: Invalid argument", ""),
        ("setgid failed: Invalid argument", ""),
    ],
};

struct Unshare {
    found: OnceLock<Result<Found, String>>,
}

/// Makes the adapter.
pub(crate) fn adapter(_: &Carried) -> Box<dyn Target> {
    Box::new(Unshare {
        found: OnceLock::new(),
    })
}

impl Target for Unshare {
    fn name(&self) -> &str {
        PROGRAM
    }

    fn hint(&self) -> &str {
        "install the Debian package util-linux"
    }

    fn notes(&self) -> &'static str {
        "Started as root with the caller's inherited state and the configuration's environment \
         over the caller's; it makes namespaces, a chroot into the rootfs and takes the target's \
         ids. It never sets no_new_privs and reads no configuration file."
    }

    fn find(&self) -> Result<Found, String> {
        let found = || host::packaged(PROGRAM, &["--version"], "unshare from ");
        self.found.get_or_init(found).clone()
    }

    fn expresses(&self, part: Part) -> Expresses {
        match part {
            Part::AdditionalGroups => Expresses::No("it takes one group and drops all others"),
            Part::Capabilities => Expresses::No("it has no words for what the target may keep"),
            Part::Rlimits => Expresses::No("it has no words for limits"),
            Part::Hooks => Expresses::No("it has no hooks"),
            Part::Mounts => Expresses::No("it has no words for mounts"),
            Part::Devices => Expresses::No("it has no words for devices"),
            Part::Mappings => Expresses::No("not together with a target"),
            Part::ConfiguredTerminal => Expresses::No("it makes no terminal"),
            Part::Root => Expresses::Partly("another path; not read-only"),
            Part::Namespaces => Expresses::Partly("making them anew, except user"),
            part => config::expresses(part),
        }
    }

    fn can_exactly(&self, asked: &Asked<'_>) -> Result<(), String> {
        if config::is_read_only(asked) {
            return Err("root: it cannot be made read-only".to_owned());
        }
        config::startable(asked)?;
        let known = |kind: &String| NAMESPACES.iter().any(|(name, _)| name == kind);
        match config::new_namespaces(asked)?
            .iter()
            .find(|kind| !known(kind))
        {
            Some(kind) => Err(format!("namespaces: no word for `{kind}` beside a target")),
            None => Ok(()),
        }
    }

    fn equip(&self) -> Vec<PlannedFile> {
        Vec::new()
    }

    fn prepare(&self, asked: &Asked<'_>, _: &Setting) -> Prepared {
        let found = self.find().unwrap_or_default();
        let mut start = asked.request.to_start(found.path, words(asked));
        start.environment = config::merged_environment(asked);
        (start.uid, start.gid) = (0, 0);
        Prepared {
            files: Vec::new(),
            start,
            collect: Vec::new(),
            pause: None,
        }
    }

    fn read(&self, observation: &Observation) -> Reply {
        said::answer(observation, &OWN)
    }
}

fn words(asked: &Asked<'_>) -> Vec<Vec<u8>> {
    let mut words = vec![PROGRAM.to_owned()];
    let namespaces = config::new_namespaces(asked).unwrap_or_default();
    let has = |kind: &str| namespaces.iter().any(|one| one == kind);
    let made = NAMESPACES.iter().filter(|(kind, _)| has(kind));
    words.extend(made.map(|(_, word)| (*word).to_owned()));
    words.push("--fork".to_owned());
    if has("pid") && has("mount") {
        words.push("--mount-proc".to_owned());
    }
    words.push(format!("--root={}", asked.rootfs().unwrap_or_default()));
    words.push(format!("--wd={}", config::directory(asked)));
    let (uid, gid) = asked.ids().unwrap_or_default();
    words.push(format!("--setgid={gid}"));
    words.push(format!("--setuid={uid}"));
    words.push("--".to_owned());
    let mut words: Vec<Vec<u8>> = words.into_iter().map(String::into_bytes).collect();
    words.extend(asked.init());
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::planned;

    #[test]
    fn the_usual_request_becomes_words() {
        let planned = planned("[request]\ntarget-user = '0'\ninit = ['a', '-b']");
        let asked = Asked::new(&planned.request, &planned.layout);
        let words: Vec<_> = words(&asked)
            .iter()
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect();
        assert_eq!(
            words.join(" "),
            "unshare --mount --pid --ipc --uts --net --cgroup --fork --mount-proc \
             --root=/srv/containers/alice/web/rootfs --wd=/ --setgid=10001 --setuid=0 -- a -b"
        );
    }
}
