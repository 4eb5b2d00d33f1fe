//! Names and numbers of system calls, and which of their arguments are paths.

use std::borrow::Cow;

use syscalls::Sysno;

/// The name of a system call of this architecture; `#NUMBER` for one that is
/// newer than the table.
#[must_use]
pub fn name(number: u64) -> Cow<'static, str> {
    let known = usize::try_from(number).ok().and_then(Sysno::new);
    known.map_or_else(
        || Cow::Owned(format!("#{number}")),
        |known| Cow::Borrowed(known.name()),
    )
}

/// The number of a system call, if the table has the name.
#[must_use]
pub fn number(name: &str) -> Option<u32> {
    let known = name.parse::<Sysno>().ok()?;
    u32::try_from(known.id()).ok()
}

/// Which arguments of a call, counted from 0, point to a path. Empty for a call
/// that takes none, and for calls that are not in the table below.
#[must_use]
pub fn path_arguments(name: &str) -> &'static [usize] {
    let found = PATHS.iter().find(|(names, _)| names.contains(&name));
    found.map_or(&[], |(_, arguments)| arguments)
}

/// Calls that resolve a path, change what a path leads to, or say where the
/// process stands: what happens between two others cannot matter to files.
pub fn of_paths() -> impl Iterator<Item = &'static str> {
    let with_paths = PATHS.iter().flat_map(|(names, _)| names.iter().copied());
    with_paths.chain(WITHOUT_PATHS.iter().copied())
}

/// Calls of [`of_paths`] that take no path.
const WITHOUT_PATHS: [&str; 8] = [
    "fchdir",
    "getcwd",
    "setns",
    "unshare",
    "fsopen",
    "fsconfig",
    "fsmount",
    "getdents64",
];

/// Calls by their path arguments (`syscalls(2)`, `include/linux/syscalls.h`).
const PATHS: [(&[&str], &[usize]); 6] = [
    (
        &[
            "open",
            "creat",
            "stat",
            "lstat",
            "access",
            "execve",
            "chdir",
            "chroot",
            "mkdir",
            "rmdir",
            "unlink",
            "readlink",
            "chmod",
            "chown",
            "lchown",
            "utime",
            "utimes",
            "mknod",
            "statfs",
            "truncate",
            "acct",
            "umount2",
            "swapon",
            "swapoff",
            "setxattr",
            "lsetxattr",
            "getxattr",
            "lgetxattr",
            "listxattr",
            "llistxattr",
            "removexattr",
            "lremovexattr",
        ],
        &[0],
    ),
    (
        &[
            "openat",
            "openat2",
            "mkdirat",
            "mknodat",
            "fchownat",
            "futimesat",
            "newfstatat",
            "statx",
            "unlinkat",
            "readlinkat",
            "fchmodat",
            "fchmodat2",
            "faccessat",
            "faccessat2",
            "utimensat",
            "name_to_handle_at",
            "execveat",
            "open_tree",
            "open_tree_attr",
            "mount_setattr",
            "fspick",
            "inotify_add_watch",
            "setxattrat",
            "getxattrat",
            "listxattrat",
            "removexattrat",
        ],
        &[1],
    ),
    (
        &["rename", "link", "symlink", "mount", "pivot_root"],
        &[0, 1],
    ),
    (&["symlinkat"], &[0, 2]),
    (&["renameat", "renameat2", "linkat", "move_mount"], &[1, 3]),
    (&["fanotify_mark"], &[4]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_tables_is_a_call_and_names_and_numbers_agree() {
        let mut seen = std::collections::BTreeSet::new();
        for call in of_paths() {
            let known = number(call).unwrap_or_else(|| panic!("no call `{call}`"));
            assert_eq!(name(known.into()), call);
            assert!(seen.insert(call), "{call} twice");
        }
        assert_eq!(name(1_000_000), "#1000000");
        assert_eq!(number("no_such_call"), None);
    }

    #[test]
    fn path_arguments_are_those_of_the_manual() {
        assert_eq!(path_arguments("openat2"), [1]);
        assert_eq!(path_arguments("renameat2"), [1, 3]);
        assert!(path_arguments("getpid").is_empty());
    }
}
