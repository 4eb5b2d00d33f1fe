//! suEXEC's twenty conditions, in Apache's order, read for containers.
//!
//! The classes are this project's reading. The talk that proposed the port
//! counts nine selectable, five fatal and two deferred conditions without
//! listing them; the four that are the act of starting are left over.

use crate::rule::Class;

/// One of suEXEC's conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition {
    /// Number in the Apache HTTP Server manual, from 1.
    pub number: u8,
    /// What it asks of a container start.
    pub text: &'static str,
    /// Class in this project's reading.
    pub class: Class,
    /// Exit statuses with which `suexec` reports it.
    pub statuses: &'static [u8],
}

const fn condition(
    number: u8,
    class: Class,
    statuses: &'static [u8],
    text: &'static str,
) -> Condition {
    Condition {
        number,
        text,
        class,
        statuses,
    }
}

/// All conditions; the one with number `n` is at `n - 1`.
#[rustfmt::skip]
pub static CONDITIONS: [Condition; 20] = {
    use Class::{Act, Deferred, Fatal, Selectable};
    [
        condition(1, Fatal, &[102], "the caller's real uid is a user of this system"),
        condition(2, Act, &[101], "argument count and form are exactly the launcher's grammar"),
        condition(3, Fatal, &[103], "the caller is the one that may use the launcher"),
        condition(4, Selectable, &[104], "bundle and init references are relative, without `..`"),
        condition(5, Fatal, &[105, 121], "the target user exists; numeric forms are exact"),
        condition(6, Fatal, &[106], "the target group exists; numeric forms are exact"),
        condition(7, Selectable, &[107], "the target user is not the host's root"),
        condition(8, Selectable, &[107], "the target uid is at least the policy's minimum"),
        condition(9, Selectable, &[108], "the target group is not the host's root group"),
        condition(10, Selectable, &[108], "the target gid is at least the policy's minimum"),
        condition(11, Act, &[109, 110], "groups, gid and uid change fully and irrevocably"),
        condition(12, Act, &[111, 112, 113, 115], "bundle and working directory can be entered as the target"),
        condition(13, Selectable, &[114], "bundle and rootfs lie beneath the base, by component"),
        condition(14, Deferred, &[116], "bundle directory and rootfs are not writable by group or others"),
        condition(15, Fatal, &[117, 121], "the init exists, is a regular file and executable for the target"),
        condition(16, Selectable, &[118], "init and config are not writable by group or others"),
        condition(17, Deferred, &[119], "the init is neither setuid nor setgid"),
        condition(18, Selectable, &[120], "owners are the target's, and the config's is the launcher's"),
        condition(19, Selectable, &[123, 124], "only allowed variables pass, PATH is the policy's"),
        condition(20, Act, &[255], "the init is really executed; failure is reported"),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_classes_meet_the_counts_of_the_talk() {
        let count = |class| CONDITIONS.iter().filter(|c| c.class == class).count();
        assert_eq!(count(Class::Selectable), 9);
        assert_eq!(count(Class::Fatal), 5);
        assert_eq!(count(Class::Deferred), 2);
        assert_eq!(count(Class::Act), 4);
    }

    #[test]
    fn each_condition_stands_at_its_number() {
        for (index, condition) in CONDITIONS.iter().enumerate() {
            assert_eq!(usize::from(condition.number), index + 1);
            assert!(!condition.statuses.is_empty());
        }
    }
}
