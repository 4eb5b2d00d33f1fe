//! The format between the witness (the probe) and those who read it.
//!
//! The harness writes one [`Sheet`] into every root that a trial's processes
//! can find themselves in; the probe reads the one it sees, looks around and
//! prints one [`Report`] as a line of JSON that begins with [`MARK`].
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

/// Path of the sheet in every root.
pub const SHEET_PATH: &str = "/.sekisho-sheet";

/// Where the probe writes its line as well when it did not run as the init and
/// the file is there: some launchers keep what a hook prints to themselves.
pub const LINES_PATH: &str = "/run/sekisho-witness";

/// What every line of the probe begins with.
pub const MARK: &str = "SEKISHO-WITNESS ";

/// What a trial tells the probe.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sheet {
    /// Value that only this trial has; a line without it is not a witness.
    pub nonce: String,
    /// Which root this copy lies in: `host`, or the path of the rootfs on the
    /// host.
    pub place: String,
    /// Inode numbers of the host's namespaces, by name as in `/proc/self/ns`.
    pub namespaces: BTreeMap<String, u64>,
    /// Things of the host to try.
    pub canaries: Vec<Canary>,
}

/// One thing of the host that an init should not reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canary {
    /// Name under which the report speaks of it.
    pub name: String,
    /// How to try it.
    pub try_: Try,
}

/// How to try a canary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Try {
    /// Open the file (the path may be relative) for reading; counts only when
    /// the content holds `canary:<name>:<nonce>`, with the name up to an `@`:
    /// `<name>@<place>` is that file at another place. Then for writing, without
    /// changing it.
    File(String),
    /// Connect to the unix socket at this path, `@name` for an abstract one.
    UnixSocket(String),
    /// Connect to this port on 127.0.0.1.
    LoopbackPort(u16),
    /// Send signal 0 to this process.
    Process(i32),
    /// Open the device node at this path.
    Device(String),
}

/// What the probe saw.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Report {
    /// The sheet's nonce; empty when there was no sheet.
    pub nonce: String,
    /// The sheet's place; empty when there was no sheet.
    pub place: String,
    /// How the probe came to run: `init` (PID 1 or any plain start), or the
    /// word after `--via=` in its first argument, e.g. `hook`, `preload`,
    /// `script`, `path`.
    pub via: String,
    /// Process id in its own pid namespace.
    pub pid: i32,
    /// Parent's process id there, 0 when outside.
    pub ppid: i32,
    /// Path of the executable (`/proc/self/exe`, else `AT_EXECFN`).
    pub exe: String,
    /// Argument vector, bytes that are not UTF-8 replaced.
    pub argv: Vec<String>,
    /// Working directory as the kernel names it.
    pub cwd: String,
    /// uids.
    pub uid: Ids,
    /// gids.
    pub gid: Ids,
    /// Supplementary groups, sorted.
    pub groups: Vec<u32>,
    /// Capability sets by name: `inheritable`, `permitted`, `effective`,
    /// `bounding`, `ambient`; each a list such as `CAP_NET_RAW`.
    pub capabilities: BTreeMap<String, Vec<String>>,
    /// `PR_GET_SECUREBITS`.
    pub securebits: u32,
    /// `PR_GET_NO_NEW_PRIVS`.
    pub no_new_privileges: bool,
    /// `Seccomp:` of `/proc/self/status`; empty when /proc is absent.
    pub seccomp: String,
    /// `AT_SECURE`: the kernel saw a privilege change at exec.
    pub secure_execution: bool,
    /// Namespaces that are the host's, sorted; names as in `/proc/self/ns`.
    pub namespaces_shared: Vec<String>,
    /// Environment, one `NAME=value` each, in order, bytes replaced as above.
    pub environment: Vec<String>,
    /// Open descriptors, in order.
    pub descriptors: Vec<Descriptor>,
    /// Soft and hard limits by lower-case name (`nofile`), `unlimited` or a
    /// decimal number.
    pub limits: BTreeMap<String, [String; 2]>,
    /// umask as four octal digits.
    pub umask: String,
    /// Blocked signals, by name, sorted by number.
    pub blocked_signals: Vec<String>,
    /// Ignored signals, by name, sorted by number.
    pub ignored_signals: Vec<String>,
    /// Whether there is a controlling terminal.
    pub controlling_terminal: bool,
    /// Whether the process leads its session.
    pub session_leader: bool,
    /// Mounts: target, type, options.
    pub mounts: Vec<Mount>,
    /// Host name.
    pub hostname: String,
    /// What came of each canary.
    pub canaries: BTreeMap<String, Reached>,
}

/// Real, effective, saved and filesystem id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ids {
    /// Real.
    pub real: u32,
    /// Effective.
    pub effective: u32,
    /// Saved.
    pub saved: u32,
    /// Filesystem.
    pub filesystem: u32,
}

/// One open descriptor.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Descriptor {
    /// Number.
    pub number: i32,
    /// Target as `/proc/self/fd` names it; `?` when /proc is absent.
    pub target: String,
    /// `r`, `w`, `rw` or `path`.
    pub access: String,
}

/// One mount of `/proc/self/mountinfo`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Mount {
    /// Mount point.
    pub target: String,
    /// Filesystem type.
    pub kind: String,
    /// Mount options, comma-separated.
    pub options: String,
}

/// What came of one canary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reached {
    /// Read, and the content was the canary's.
    pub read: bool,
    /// Could be opened for writing.
    pub write: bool,
    /// Connected, signalled or opened, for canaries that are not files.
    pub used: bool,
}
