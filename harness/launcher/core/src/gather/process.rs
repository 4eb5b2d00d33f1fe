//! Facts about caller, target and inherited state.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use sekisho_rules::evidence::{
    Arguments, Caller, Descriptor, Environment, Evidence, Gathered, Limit, Membership, State,
    Terminal,
};
use sekisho_rules::{Fact, Needs, Policy};
use sekisho_sys::{Errno, Result, credentials, file, limits, open};

use super::{Subject, seen, text};
use crate::identity::Database;
use crate::inherited::Inherited;

impl Subject<'_> {
    pub(super) fn gather_process(&self, needs: Needs, e: &mut Evidence) {
        let config = &self.bundle.config;
        if needs.has(Fact::Arguments) {
            e.arguments = Gathered::Seen(Arguments {
                words: self.inherited.arguments.clone(),
            });
        }
        if needs.has(Fact::Caller) {
            e.caller = caller(self.inherited, self.database);
        }
        if needs.has(Fact::TargetUser) {
            e.target_user = Gathered::Seen(self.user.clone());
        }
        if needs.has(Fact::TargetGroup) {
            e.target_group = Gathered::Seen(self.group.clone());
        }
        if needs.has(Fact::Membership) {
            e.membership = Gathered::Seen(Membership {
                primary: self.database.primary_group(self.user.id),
                member_of: self.database.groups_of(self.user.id),
                target_group: self.group.id,
                additional: config.process.user.additional_gids.clone(),
            });
        }
        if needs.has(Fact::GroupsHeld) {
            e.groups_held = seen(credentials::groups());
        }
        if needs.has(Fact::State) {
            e.state = seen(state(self.inherited, self.policy));
        }
        if needs.has(Fact::Terminal) {
            e.terminal = seen(terminal());
        }
    }
}

/// The caller fact.
pub fn caller(inherited: &Inherited, database: &Database) -> Gathered<Caller> {
    let (uid, gid) = (inherited.uid, inherited.gid);
    Gathered::Seen(Caller {
        uid,
        gid,
        name: database.user_name(uid),
    })
}

/// The environment fact. Gathered as soon as the configuration is read: the
/// search for the init goes by what rules say about it.
pub fn environment(inherited: &Inherited, config: &[String]) -> Gathered<Environment> {
    Gathered::Seen(Environment {
        caller: inherited.environment.clone(),
        config: config
            .iter()
            .map(|entry| entry.as_bytes().to_vec())
            .collect(),
    })
}

/// The descriptors fact. Gathered first of all, while the launcher has none of
/// its own: what is open then, exec has passed on.
pub fn descriptors() -> Gathered<Vec<Descriptor>> {
    let look = || {
        let mut inherited = Vec::new();
        for number in file::open_descriptors()? {
            let link = format!("/proc/self/fd/{number}");
            let target = file::read_link(open::AT_FDCWD, link.as_bytes())?;
            inherited.push(Descriptor {
                number,
                target: text(&target),
            });
        }
        Ok(inherited)
    };
    seen(look())
}

/// Of limits those that the policy names: no rule looks at others.
fn state(inherited: &Inherited, policy: &Policy) -> Result<State> {
    let names = policy.limits.iter().map(|limit| limit.name);
    let known = names.filter_map(|name| Some((name, limits::resource(name)?)));
    let limit = |(name, number): (&'static str, u32)| {
        let (soft, hard) = inherited.limit(number)?;
        Ok(Limit { name, soft, hard })
    };
    Ok(State {
        umask: inherited.umask,
        blocked: inherited.mask,
        ignored: inherited.ignored()?,
        limits: known.map(limit).collect::<Result<_>>()?,
    })
}

/// ENXIO of `/dev/tty` says that there is none. Where that file tells nothing
/// (it may be missing), the seventh field of `/proc/self/stat` does, the
/// terminal's device number.
fn terminal() -> Result<Terminal> {
    let none = Terminal { controlling: false };
    let flags = open::O_RDONLY | open::O_NOCTTY | open::O_NONBLOCK;
    let tty = open::openat2(open::AT_FDCWD, b"/dev/tty", flags, 0);
    if tty.is_err_and(|error| error.errno == Errno::ENXIO) {
        return Ok(none);
    }
    let stat = open::openat2(open::AT_FDCWD, b"/proc/self/stat", open::O_RDONLY, 0)?;
    let line = open::read_all(stat, 4096)?;
    // The second field, the command's name, may hold blanks and brackets.
    let after = line
        .iter()
        .rposition(|byte| *byte == b')')
        .map_or(0, |end| end + 2);
    let device = line[after.min(line.len())..]
        .split(|byte| *byte == b' ')
        .nth(4);
    Ok(Terminal {
        controlling: !matches!(device, None | Some(b"0")),
    })
}
