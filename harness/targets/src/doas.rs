//! doas (Debian: `opendoas`), with a `doas.conf` that says the policy's caller,
//! target users, `PATH` and environment.
//!
//! What doas.conf(5) has words for: the caller, one target user for each rule,
//! environment by names, and single commands by their exact path. It has none
//! for a directory that commands lie beneath, so any program may be started; none
//! for a group, which is always the user's primary one; none for patterns of
//! variables, so `HTTP_*` does not pass.

use std::sync::OnceLock;

use sekisho_rules::Policy;
use sekisho_trial::{Observation, PlannedFile, Setting};

use crate::asked::Asked;
use crate::part::{Expresses, Part};
use crate::reply::{Reply, own_refusal};
use crate::sudo::PAM;
use crate::{Carried, Found, Prepared, Target, direct, host};

const PACKAGE: &str = "opendoas";
const ON_HOST: &str = "/usr/bin/doas";
const PROGRAM: &str = "/opt/targets/doas";

struct Doas {
    policy: Policy,
    found: OnceLock<Result<Found, String>>,
}

/// Makes the adapter.
pub(crate) fn adapter(carried: &Carried) -> Box<dyn Target> {
    Box::new(Doas {
        policy: carried.policy.clone(),
        found: OnceLock::new(),
    })
}

impl Target for Doas {
    fn name(&self) -> &str {
        "doas"
    }

    fn hint(&self) -> &str {
        PACKAGE
    }

    fn notes(&self) -> &'static str {
        "doas.conf has the policy's caller, a rule for every account from the least uid on, PATH \
         and the environment's names; no word for the base; the init is named by its path on the \
         host"
    }

    fn find(&self) -> Result<Found, String> {
        let look = || {
            host::readable(ON_HOST)?;
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
        match part {
            Part::TargetGroupOther | Part::TargetGroupForm => {
                Expresses::No("the group is the target user's primary one")
            }
            part => direct::expresses(part),
        }
    }

    fn can_exactly(&self, asked: &Asked<'_>) -> Result<(), String> {
        let start = direct::translate(asked)?;
        if start.user.is_none() {
            return Err(direct::says(
                Part::ArgumentVector,
                "a target that is left out: it means root to doas",
            ));
        }
        // Of a user that nobody knows there is no primary group either.
        if asked
            .user()
            .exact()
            .is_some_and(|uid| asked.primary_group(uid).is_none())
        {
            return Err(direct::says(
                Part::TargetGroupOther,
                "a group for a user without an account",
            ));
        }
        direct::no_shell(asked, start.named()?)
    }

    fn equip(&self) -> Vec<PlannedFile> {
        let program = host::copy(ON_HOST, PROGRAM, (0, 0));
        let mut files: Vec<_> = program.into_iter().collect();
        files.push(host::file("/etc/pam.d/doas", 0o644, PAM));
        files
    }

    fn prepare(&self, asked: &Asked<'_>, _: &Setting) -> Prepared {
        let mut words: Vec<Vec<u8>> = ["doas", "-n"].map(Into::into).to_vec();
        let direct = direct::translate(asked).ok();
        if let Some(start) = direct.clone() {
            words.extend(
                start
                    .user
                    .into_iter()
                    .flat_map(|user| [b"-u".to_vec(), user]),
            );
            words.push(b"--".to_vec());
            if let Some(program) = start.program {
                words.extend(program.words());
            }
        }
        Prepared {
            files: vec![host::file(
                "/etc/doas.conf",
                0o600,
                rules(&self.policy, asked),
            )],
            start: direct::start(asked, PROGRAM.to_owned(), words, direct.as_ref()),
            collect: Vec::new(),
            pause: None,
        }
    }

    fn read(&self, observation: &Observation) -> Reply {
        own_refusal(observation, "doas: ", &[1])
    }
}

/// The policy in the words of doas.conf(5).
fn rules(policy: &Policy, asked: &Asked<'_>) -> String {
    let names = policy
        .environment
        .words()
        .filter(|name| !name.ends_with('*'));
    let names = names.collect::<Vec<_>>().join(" ");
    let caller = asked.user_name(policy.caller).unwrap_or(b"www-data");
    let caller = String::from_utf8_lossy(caller);
    let rule = |uid: u32| {
        format!(
            "permit nopass setenv {{ PATH={} {names} }} \"{caller}\" as \"{uid}\"\n",
            policy.path
        )
    };
    asked
        .users_from(policy.minimum_uid)
        .into_iter()
        .map(rule)
        .collect()
}
