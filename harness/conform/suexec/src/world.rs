//! The host that every request meets: users, groups and what lies there
//! whatever is asked.

use sekisho_trial::{Content, Layout, PlannedFile};
use sekisho_witness::SHEET_PATH;

/// Where the real suEXEC lies in the arena.
pub const ORIGINAL: &str = "/opt/suexec-custom";
/// Where ours lies.
pub const OURS: &str = "/opt/sekisho-suexec";
/// The original's log.
pub const ORIGINAL_LOG: &str = "/var/log/apache2/suexec.log";
/// Ours, beside it: what keeps one from being opened keeps the other.
pub const OUR_LOG: &str = "/var/log/apache2/sekisho-suexec.log";
/// Directory of both logs.
pub const LOGS: &str = "/var/log/apache2";
/// Directory of the callers' files.
pub const CALLERS: &str = "/etc/apache2/suexec";
/// gid of the group that may execute both launchers, as Debian installs it.
pub const LAUNCHER_GROUP: u32 = 33;

/// Users: name, uid, gid, home.
pub const USERS: [(&str, u32, u32, &str); 15] = [
    ("root", 0, 0, "/root"),
    ("daemon", 1, 1, "/usr/sbin"),
    ("www-data", 33, 33, "/var/www"),
    ("low", 99, 10001, "/home/low"),
    ("edge", 100, 100, "/home/edge"),
    ("alice", 10001, 10001, "/home/alice"),
    // Never found by uid.
    ("alice2", 10001, 10001, "/home/alice2"),
    ("bob", 10002, 10002, "/home/bob"),
    ("web2", 10005, 10005, "/home/web2"),
    ("nocfg", 10006, 10006, "/home/nocfg"),
    ("nohome", 10009, 10009, "/home/none"),
    ("0day", 10050, 10050, "/home/0day"),
    ("10077", 10078, 10078, "/home/10077"),
    ("nobody", 65534, 65534, "/nonexistent"),
    ("high", 4_294_967_294, 10001, "/home/high"),
];

/// Groups: name, gid, members.
pub const GROUPS: [(&str, u32, &str); 14] = [
    ("root", 0, ""),
    ("daemon", 1, ""),
    ("www-data", 33, ""),
    ("lowest", 99, "alice"),
    ("edge", 100, ""),
    ("alice", 10001, ""),
    ("bob", 10002, ""),
    ("web2", 10005, ""),
    ("nocfg", 10006, ""),
    ("10077", 10078, ""),
    ("nogroup", 65534, ""),
    ("web", 20001, "alice,edge"),
    ("more", 20002, "bob,alice,alice2"),
    // The same gid once more: `initgroups(3)` names it twice.
    ("again", 20001, "edge"),
];

/// What both launchers are: below every case, setuid root, for the httpd
/// user's group only.
#[must_use]
pub fn equipment(original: Vec<u8>, ours: Vec<u8>) -> Vec<PlannedFile> {
    let launcher = |path: &str, bytes| PlannedFile {
        gid: LAUNCHER_GROUP,
        ..PlannedFile::of_root(path, 0o4750, Content::Bytes(bytes))
    };
    vec![launcher(ORIGINAL, original), launcher(OURS, ours)]
}

/// The files of the world.
#[must_use]
pub fn layout() -> Layout {
    let text = |path: &str, text: String| {
        PlannedFile::of_root(path, 0o644, Content::Bytes(text.into_bytes()))
    };
    let passwd = USERS
        .iter()
        .map(|(name, uid, gid, home)| format!("{name}:x:{uid}:{gid}::{home}:/usr/sbin/nologin\n"));
    let group = GROUPS
        .iter()
        .map(|(name, gid, members)| format!("{name}:x:{gid}:{members}\n"));
    let sheet = Content::Sheet {
        place: "host".to_owned(),
    };
    Layout {
        files: vec![
            text("/etc/passwd", passwd.collect()),
            text("/etc/group", group.collect()),
            PlannedFile::of_root("/probe", 0o755, Content::Probe),
            PlannedFile::of_root(SHEET_PATH, 0o444, sheet),
        ],
        canaries: Vec::new(),
    }
}
