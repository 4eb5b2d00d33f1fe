//! Names of capabilities, signals and limits.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use rustix::process::Resource;

/// By number, from the kernel's `include/uapi/linux/capability.h`.
const CAPABILITIES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// By number less one, from `signal(7)` for x86.
const SIGNALS: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
    "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];

/// All limits, by the name of `getrlimit(2)`.
pub const LIMITS: [(&str, Resource); 16] = [
    ("as", Resource::As),
    ("core", Resource::Core),
    ("cpu", Resource::Cpu),
    ("data", Resource::Data),
    ("fsize", Resource::Fsize),
    ("locks", Resource::Locks),
    ("memlock", Resource::Memlock),
    ("msgqueue", Resource::Msgqueue),
    ("nice", Resource::Nice),
    ("nofile", Resource::Nofile),
    ("nproc", Resource::Nproc),
    ("rss", Resource::Rss),
    ("rtprio", Resource::Rtprio),
    ("rttime", Resource::Rttime),
    ("sigpending", Resource::Sigpending),
    ("stack", Resource::Stack),
];

/// Names of the capabilities in a set; `CAP_<number>` for unknown ones.
pub fn capabilities(set: u64) -> Vec<String> {
    bits(set)
        .map(|bit| match CAPABILITIES.get(bit) {
            Some(name) => format!("CAP_{name}"),
            None => format!("CAP_{bit}"),
        })
        .collect()
}

/// Names of the signals in a set; real-time ones as `SIG<number>`.
pub fn signals(set: u64) -> Vec<String> {
    bits(set).map(|bit| signal(bit + 1)).collect()
}

/// Name of one signal.
pub fn signal(number: usize) -> String {
    match SIGNALS.get(number.wrapping_sub(1)) {
        Some(name) => format!("SIG{name}"),
        None => format!("SIG{number}"),
    }
}

/// A limit's value.
pub fn limit(value: Option<u64>) -> String {
    value.map_or_else(|| "unlimited".into(), |value| value.to_string())
}

fn bits(set: u64) -> impl Iterator<Item = usize> {
    (0..64).filter(move |bit| set >> bit & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_named_by_number() {
        assert_eq!(capabilities(1 | 1 << 13), ["CAP_CHOWN", "CAP_NET_RAW"]);
        assert_eq!(
            capabilities(1 << 21 | 1 << 40),
            ["CAP_SYS_ADMIN", "CAP_CHECKPOINT_RESTORE"]
        );
        assert_eq!(capabilities(1 << 63), ["CAP_63"]);
    }

    #[test]
    fn signals_are_named_by_number() {
        assert_eq!(signals(1 << 12 | 1 << 14), ["SIGPIPE", "SIGTERM"]);
        assert_eq!(signals(1 << 30 | 1 << 33), ["SIGSYS", "SIG34"]);
    }
}
