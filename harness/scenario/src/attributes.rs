//! Modes, file capabilities and POSIX ACLs in the form that the kernel takes.

use crate::accounts::Accounts;
use crate::nearest::did_you_mean;

/// Extended attribute of file capabilities.
pub(crate) const CAPABILITY_ATTRIBUTE: &str = "security.capability";

/// Extended attribute of the access ACL.
pub(crate) const ACCESS_LIST_ATTRIBUTE: &str = "system.posix_acl_access";

/// Capabilities by number (`linux/capability.h`).
pub const CAPABILITIES: [&str; 41] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
];

/// Permission bits from octal text.
pub(crate) fn mode(text: &str) -> Result<u32, String> {
    let octal = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mode = u32::from_str_radix(text, 8).ok();
    mode.filter(|mode| octal && *mode <= 0o7777)
        .ok_or_else(|| format!("`{text}` is no mode: write octal digits from \"0000\" to \"7777\""))
}

/// `security.capability` of revision 2 (`linux/capability.h`), with the
/// capabilities permitted and effective.
pub(crate) fn capabilities(names: &[String]) -> Result<Vec<u8>, String> {
    const REVISION_2: u32 = 0x0200_0000;
    const EFFECTIVE: u32 = 1;
    let mut permitted = 0_u64;
    for name in names {
        let number = CAPABILITIES.iter().position(|known| known == name);
        let number = number.ok_or_else(|| {
            let near = did_you_mean(name, CAPABILITIES);
            format!("unknown capability `{name}`{near}; names are as in capabilities(7)")
        })?;
        permitted |= 1 << number;
    }
    let low = u32::try_from(permitted & 0xffff_ffff).unwrap_or_default();
    let high = u32::try_from(permitted >> 32).unwrap_or_default();
    // Permitted and inheritable, the lower and then the upper half.
    let words = [REVISION_2 | EFFECTIVE, low, 0, high, 0];
    Ok(words.into_iter().flat_map(u32::to_le_bytes).collect())
}

/// `system.posix_acl_access` (`linux/posix_acl_xattr.h`) of a mode and extra
/// entries: `user:NAME:rwx`, `group:NAME:rwx`, `mask::rwx`. Without a mask
/// entry the mask is what group and extra entries grant together, as
/// setfacl(1) makes it. The kernel then shows the mask as the mode's group
/// bits.
pub(crate) fn access_list(
    mode: u32,
    entries: &[String],
    accounts: &Accounts,
) -> Result<Vec<u8>, String> {
    const VERSION: u32 = 2;
    const NO_ID: u32 = u32::MAX;
    const USER_OBJECT: u16 = 0x01;
    const USER: u16 = 0x02;
    const GROUP_OBJECT: u16 = 0x04;
    const GROUP: u16 = 0x08;
    const MASK: u16 = 0x10;
    const OTHER: u16 = 0x20;

    let bits = |shift: u32| u16::try_from(mode >> shift & 7).unwrap_or_default();
    let mut list = vec![
        (USER_OBJECT, NO_ID, bits(6)),
        (GROUP_OBJECT, NO_ID, bits(3)),
        (OTHER, NO_ID, bits(0)),
    ];
    let mut mask = None;
    for entry in entries {
        let parts: Vec<&str> = entry.split(':').collect();
        let (tag, id, granted) = match parts[..] {
            ["user" | "u", name, granted] if !name.is_empty() => {
                (USER, accounts.uid(name)?, granted)
            }
            ["group" | "g", name, granted] if !name.is_empty() => {
                (GROUP, accounts.gid(name)?, granted)
            }
            ["mask" | "m", "", granted] => (MASK, NO_ID, granted),
            _ => return Err(not_an_entry(entry)),
        };
        let granted = permissions(granted).ok_or_else(|| not_an_entry(entry))?;
        if list.iter().any(|other| (other.0, other.1) == (tag, id)) {
            return Err(format!("the ACL entry `{entry}` is there twice: keep one"));
        }
        if tag == MASK {
            mask = Some(granted);
        }
        list.push((tag, id, granted));
    }
    if mask.is_none() {
        let masked = |entry: &&(u16, u32, u16)| ![USER_OBJECT, OTHER].contains(&entry.0);
        let union = list
            .iter()
            .filter(masked)
            .fold(0, |bits, entry| bits | entry.2);
        list.push((MASK, NO_ID, union));
    }
    list.sort_unstable();
    let mut bytes = VERSION.to_le_bytes().to_vec();
    for (tag, id, granted) in list {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(granted.to_le_bytes());
        bytes.extend(id.to_le_bytes());
    }
    Ok(bytes)
}

fn permissions(text: &str) -> Option<u16> {
    let bit = |c| match c {
        'r' => Some(4),
        'w' => Some(2),
        'x' => Some(1),
        '-' => Some(0),
        _ => None,
    };
    text.chars().try_fold(0, |bits, c| Some(bits | bit(c)?))
}

fn not_an_entry(entry: &str) -> String {
    format!("`{entry}` is no ACL entry: write user:NAME:rwx, group:NAME:rwx or mask::rwx")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Fixture;
    use crate::world::{STANDARD, World};

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn owned(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    fn acl(mode: u32, entries: &[&str]) -> Result<String, String> {
        let world = World::parse(STANDARD).unwrap();
        let accounts = Accounts::of(&world, &Fixture::default()).unwrap();
        access_list(mode, &owned(entries), &accounts).map(|bytes| hex(&bytes))
    }

    #[test]
    fn modes_are_octal() {
        assert_eq!(mode("0755"), Ok(0o755));
        assert_eq!(mode("4755"), Ok(0o4755));
        for wrong in ["", "0o755", "rwx", "788", "10000", "+755"] {
            assert!(mode(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn capabilities_are_encoded_as_setcap_does() {
        let encoded = |names| capabilities(&owned(names)).map(|bytes| hex(&bytes));
        // setcap cap_net_raw+ep
        let raw = "0100000200200000000000000000000000000000";
        assert_eq!(encoded(&["CAP_NET_RAW"]), Ok(raw.to_owned()));
        // setcap cap_net_raw,cap_sys_admin,cap_checkpoint_restore+ep
        let three = "0100000200202000000000000001000000000000";
        let names = ["CAP_NET_RAW", "CAP_SYS_ADMIN", "CAP_CHECKPOINT_RESTORE"];
        assert_eq!(encoded(&names), Ok(three.to_owned()));
        let near = encoded(&["CAP_NET_RAV"]).unwrap_err();
        assert!(near.contains("did you mean `CAP_NET_RAW`?"), "{near}");
    }

    #[test]
    fn access_lists_are_encoded_as_setfacl_does() {
        // chmod 0640; setfacl -m u:10002:rw
        let one = "0200000001000600ffffffff020006001227000004000400ffffffff\
                   10000600ffffffff20000000ffffffff";
        assert_eq!(acl(0o640, &["user:bob:rw"]), Ok(one.to_owned()));
        // chmod 0755; setfacl -m u:10003:rwx,u:10002:r,g:27:rw,m::r
        let four = "0200000001000700ffffffff020004001227000002000700132700000400\
                    0500ffffffff080006001b00000010000400ffffffff20000500ffffffff";
        let entries = ["u:10003:rwx", "u:bob:r", "group:ops:rw", "m::r"];
        assert_eq!(acl(0o755, &entries), Ok(four.to_owned()));
    }

    #[test]
    fn what_is_no_entry_is_refused() {
        for wrong in [
            "bob:rw",
            "user::rw",
            "user:bob:rq",
            "other::r",
            "user:bobb:r",
        ] {
            assert!(acl(0o644, &[wrong]).is_err(), "{wrong}");
        }
        assert!(
            acl(0o644, &["u:bob:r", "user:10002:w"])
                .unwrap_err()
                .contains("twice")
        );
    }
}
