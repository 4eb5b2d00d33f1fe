//! setpriv(1) of util-linux: a baseline that validates nothing. Root runs it,
//! so there is no caller that could be the wrong one; it changes ids and groups
//! and executes.
//!
//! It keeps all capabilities up to `execve(2)`, so the kernel judges the init's
//! path by root's rights, not the target's.

use std::sync::OnceLock;

use sekisho_trial::{Observation, PlannedFile, Setting};

use crate::asked::Asked;
use crate::part::{Expresses, Part};
use crate::reply::{Reply, own_refusal};
use crate::{Carried, Found, Prepared, Target, direct, host};

const PROGRAM: &str = "/usr/bin/setpriv";

#[derive(Default)]
struct Setpriv {
    found: OnceLock<Result<Found, String>>,
}

/// Makes the adapter.
pub(crate) fn adapter(_: &Carried) -> Box<dyn Target> {
    Box::<Setpriv>::default()
}

impl Target for Setpriv {
    fn name(&self) -> &str {
        "setpriv"
    }

    fn hint(&self) -> &str {
        "util-linux"
    }

    fn notes(&self) -> &'static str {
        "run by root, with the groups of the target user; the baseline that validates nothing"
    }

    fn find(&self) -> Result<Found, String> {
        let look = || {
            host::readable(PROGRAM)?;
            Ok(Found {
                version: host::version(PROGRAM, &["--version"])?,
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
            Part::Caller | Part::CallerGroups => Expresses::No("root runs it, whoever asks"),
            part => direct::expresses(part),
        }
    }

    fn can_exactly(&self, asked: &Asked<'_>) -> Result<(), String> {
        let start = direct::translate(asked)?;
        if start.user.is_none() || start.group.is_none() {
            return Err(direct::says(
                Part::ArgumentVector,
                "a target that is left out",
            ));
        }
        let environment = &asked.request.environment;
        if !environment.iter().any(|entry| entry.starts_with(b"PATH=")) {
            return Err(direct::says(
                Part::ConfiguredEnvironment,
                "a PATH where the caller has none",
            ));
        }
        direct::no_shell(asked, start.named()?)
    }

    fn equip(&self) -> Vec<PlannedFile> {
        Vec::new()
    }

    fn prepare(&self, asked: &Asked<'_>, _: &Setting) -> Prepared {
        let known = asked
            .user()
            .exact()
            .is_some_and(|uid| asked.user_name(uid).is_some());
        let mut words = vec![b"setpriv".to_vec()];
        let direct = direct::translate(asked).ok();
        if let Some(start) = direct.clone() {
            let user = start.user.unwrap_or_default();
            let group = start.group.unwrap_or_default();
            words.push([b"--reuid=", &user[..]].concat());
            words.push([b"--regid=", &group[..]].concat());
            // Whom nobody knows has no groups to set.
            words.push(match known {
                true => b"--init-groups".to_vec(),
                false => b"--clear-groups".to_vec(),
            });
            words.push(b"--".to_vec());
            if let Some(program) = start.program {
                words.extend(program.words());
            }
        }
        let mut start = direct::start(asked, PROGRAM.to_owned(), words, direct.as_ref());
        (start.uid, start.gid) = (0, 0);
        Prepared {
            files: Vec::new(),
            start,
            collect: Vec::new(),
            pause: None,
        }
    }

    fn read(&self, observation: &Observation) -> Reply {
        // 126 and 127 as shells have them, since util-linux 2.36.
        own_refusal(observation, "setpriv: ", &[1, 126, 127])
    }
}
