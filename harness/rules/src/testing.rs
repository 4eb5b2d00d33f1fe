//! What the unit tests of rules and the benches share: an ordinary request that
//! every rule permits, of which each test changes one thing.

mod changes;
mod growth;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use crate::evidence::*;
use crate::policy::Policy;
#[cfg(test)]
use crate::rule::Rule;
#[cfg(test)]
use crate::verdict::{Cause, Denial, Sanitation, Verdict};

pub use changes::{CHANGES, Change, refused};
pub use growth::{GROWTHS, Growth};

/// Evidence of a request that every rule permits under the default policy.
#[must_use]
pub fn ordinary() -> Evidence {
    let file = |name: &str, id: u32, mode: u32, kind: FileKind| File {
        name: name.to_owned(),
        uid: id,
        gid: id,
        mode,
        kind,
        links: 1,
    };
    let place = |text: &str| Place {
        text: text.as_bytes().to_vec(),
        file: file(text, 10001, 0o755, FileKind::Directory),
        beneath_base: true,
    };
    let identity = |text: &str| Identity {
        text: text.as_bytes().to_vec(),
        form: IdentityForm::Name,
        id: 10001,
        name: Some(text.to_owned()),
    };
    let policy = Policy::default();
    Evidence {
        arguments: Gathered::Seen(Arguments {
            words: ["sekisho-launch", "alice", "alice", "alice/app"]
                .map(|word| word.as_bytes().to_vec())
                .to_vec(),
        }),
        caller: Gathered::Seen(Caller {
            uid: policy.caller,
            gid: 33,
            name: Some("www-data".to_owned()),
        }),
        target_user: Gathered::Seen(identity("alice")),
        target_group: Gathered::Seen(identity("alice")),
        membership: Gathered::Seen(Membership {
            primary: Some(10001),
            member_of: vec![10050],
            target_group: 10001,
            additional: vec![10050],
        }),
        bundle: Gathered::Seen(place("alice/app")),
        bundle_links: Gathered::Seen(Links::default()),
        bundle_ancestors: Gathered::Seen(vec![
            file("/srv/containers", 0, 0o755, FileKind::Directory),
            file("alice", 10001, 0o755, FileKind::Directory),
        ]),
        bundle_entry: Gathered::Seen(Entry {
            file: file("alice/app", 10001, 0o755, FileKind::Directory),
            allowed: true,
        }),
        config_file: Gathered::Seen(file("config.json", 0, 0o644, FileKind::Regular)),
        config_links: Gathered::Seen(Links::default()),
        requested: Gathered::Seen(Requested {
            no_new_privileges: true,
            ..Requested::default()
        }),
        rootfs: Gathered::Seen(place("rootfs")),
        rootfs_links: Gathered::Seen(Links::default()),
        init: Gathered::Seen(Init {
            text: b"/bin/app".to_vec(),
            file: Some(file("/bin/app", 10001, 0o755, FileKind::Regular)),
        }),
        init_access: Gathered::Seen(true),
        init_capabilities: Gathered::Seen(false),
        init_format: Gathered::Seen(Format::Elf),
        interpreter: Gathered::Seen(Some(file("/bin/sh", 0, 0o755, FileKind::Regular))),
        access_lists: Gathered::Seen(AccessLists::default()),
        working_directory: Gathered::Seen(WorkingDirectory {
            text: b"/".to_vec(),
            links: Links::default(),
            enterable: Some(true),
        }),
        environment: Gathered::Seen(Environment {
            caller: vec![
                b"HTTP_HOST=alice.example".to_vec(),
                format!("PATH={}", policy.path).into_bytes(),
            ],
            config: vec![b"DATABASE=alice".to_vec()],
        }),
        descriptors: Gathered::Seen(Vec::new()),
        groups_held: Gathered::Seen(vec![10050, 10001]),
        state: Gathered::Seen(State {
            umask: 0o022,
            blocked: 0,
            ignored: 0,
            limits: policy.limits,
        }),
        terminal: Gathered::Seen(Terminal::default()),
        dropped: Gathered::Seen(Dropped {
            uids: [10001; 3],
            gids: [10001; 3],
            wanted_uid: 10001,
            wanted_gid: 10001,
            irrevocable: true,
        }),
    }
}

/// The seen value, to change it.
///
/// # Panics
/// The fact is not there; the ordinary request has every fact.
pub fn of<T>(gathered: &mut Gathered<T>) -> &mut T {
    match gathered {
        Gathered::Seen(value) => value,
        _ => panic!("the ordinary request has every fact"),
    }
}

/// The init's file in the ordinary request.
#[cfg(test)]
pub(crate) fn init_file(evidence: &mut Evidence) -> &mut File {
    of(&mut evidence.init).file.as_mut().expect("an init")
}

/// What the rule says about the ordinary request after the change.
#[cfg(test)]
pub(crate) fn verdict(rule: &Rule, change: impl FnOnce(&mut Evidence, &mut Policy)) -> Verdict {
    let (mut evidence, mut policy) = (ordinary(), Policy::default());
    change(&mut evidence, &mut policy);
    (rule.evaluate)(&evidence.limited_to(rule.needs), &policy)
}

/// Asserts a denial and gives it back.
#[cfg(test)]
#[track_caller]
pub(crate) fn denied(rule: &Rule, change: impl FnOnce(&mut Evidence, &mut Policy)) -> Denial {
    match verdict(rule, change) {
        Verdict::Deny(denial) => *denial,
        other => panic!("{} should deny, but: {other:?}", rule.id),
    }
}

/// Asserts a permit.
#[cfg(test)]
#[track_caller]
pub(crate) fn permitted(rule: &Rule, change: impl FnOnce(&mut Evidence, &mut Policy)) {
    let verdict = verdict(rule, change);
    assert_eq!(verdict, Verdict::Permit, "{} should permit", rule.id);
}

/// Asserts this sanitation.
#[cfg(test)]
#[track_caller]
pub(crate) fn sanitized(
    rule: &Rule,
    sanitation: Sanitation,
    change: impl FnOnce(&mut Evidence, &mut Policy),
) {
    let expected = Verdict::Sanitize(sanitation);
    assert_eq!(verdict(rule, change), expected, "{}", rule.id);
}

/// Asserts that the verdict is undetermined and gives the cause back.
#[cfg(test)]
#[track_caller]
pub(crate) fn undetermined(rule: &Rule, change: impl FnOnce(&mut Evidence, &mut Policy)) -> Cause {
    match verdict(rule, change) {
        Verdict::Undetermined(cause) => *cause,
        other => panic!("{} should be undetermined, but: {other:?}", rule.id),
    }
}
