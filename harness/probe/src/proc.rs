//! Parsing of what `/proc/self` shows.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use sekisho_witness::Mount;

/// Value of `key` in the text of `/proc/self/status`, without blanks.
pub fn field<'t>(status: &'t [u8], key: &str) -> Option<&'t str> {
    core::str::from_utf8(
        status
            .split(|byte| *byte == b'\n')
            .find_map(|line| line.strip_prefix(key.as_bytes())?.strip_prefix(b":"))?,
    )
    .ok()
    .map(str::trim)
}

/// Controlling terminal (device number, 0 for none) of `/proc/self/stat`.
pub fn terminal(stat: &[u8]) -> Option<i64> {
    // The name in parentheses may hold anything, so count from the last one.
    let text = core::str::from_utf8(stat.rsplit(|byte| *byte == b')').next()?).ok()?;
    // State, parent, group, session, terminal.
    text.split_ascii_whitespace().nth(4)?.parse().ok()
}

/// Inode number in a link such as `mnt:[4026531841]`.
pub fn namespace(link: &[u8]) -> Option<u64> {
    let text = core::str::from_utf8(link).ok()?;
    text.split_once(":[")?.1.strip_suffix(']')?.parse().ok()
}

/// The mounts of `/proc/self/mountinfo`; lines of another form are left out.
pub fn mounts(mountinfo: &[u8]) -> Vec<Mount> {
    mountinfo
        .split(|byte| *byte == b'\n')
        .filter_map(mount)
        .collect()
}

fn mount(line: &[u8]) -> Option<Mount> {
    let line = String::from_utf8_lossy(line);
    let (before, after) = line.split_once(" - ")?;
    // Id, parent, device, root, target, options, optional fields.
    let mut before = before.split(' ').skip(4);
    let (target, options) = (before.next()?, before.next()?);
    // Type, source, options of the filesystem.
    let mut after = after.split(' ');
    let (kind, all) = (after.next()?, after.nth(1)?);
    // A mount is read-only when either of mount and filesystem is.
    let options = match options.strip_prefix("rw") {
        Some(rest) if all.split(',').any(|option| option == "ro") => format!("ro{rest}"),
        _ => options.into(),
    };
    Some(Mount {
        target: unescape(target),
        kind: kind.into(),
        options,
    })
}

/// Undoes the kernel's `\040` for blanks and the like.
fn unescape(text: &str) -> String {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        let digits = tail
            .get(..3)
            .and_then(|digits| core::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(code) if *byte == b'\\' => {
                plain.push(code);
                rest = tail.get(3..).unwrap_or_default();
            }
            _ => {
                plain.push(*byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_field_is_found_by_its_whole_name() {
        let status = b"Name:\tUmask:\nUmask:\t0027\nSeccomp:\t2\nSeccomp_filters:\t7\n";
        assert_eq!(field(status, "Umask"), Some("0027"));
        assert_eq!(field(status, "Seccomp"), Some("2"));
        assert_eq!(field(status, "Sec"), None);
    }

    #[test]
    fn a_program_name_with_parentheses_does_not_shift_the_terminal() {
        assert_eq!(
            terminal(b"12 (a) b) c) S 1 12 12 34816 12 0 0"),
            Some(34816)
        );
        assert_eq!(terminal(b"12 (sh) R 1 12 12 0 -1"), Some(0));
        assert_eq!(terminal(b""), None);
    }

    #[test]
    fn a_namespace_link_holds_its_inode_number() {
        assert_eq!(namespace(b"mnt:[4026531841]"), Some(4_026_531_841));
        assert_eq!(namespace(b"mnt:[x]"), None);
    }

    #[test]
    fn mounts_are_unescaped_and_read_only_with_their_filesystem() {
        let text =
            b"36 35 98:0 /r /a\\040b rw,nosuid master:1 shared:2 - ext4 /dev/x ro,errors=x\n\
            37 35 0:5 / /proc rw,relatime - proc proc rw\nnonsense\n\n";
        let mount = |target: &str, kind: &str, options: &str| Mount {
            target: target.into(),
            kind: kind.into(),
            options: options.into(),
        };
        assert_eq!(
            mounts(text),
            [
                mount("/a b", "ext4", "ro,nosuid"),
                mount("/proc", "proc", "rw,relatime")
            ]
        );
    }
}
