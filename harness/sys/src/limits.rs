//! Resource limits.

use crate::error::{Result, check};

/// Names (lower case, without prefix) and numbers of all resources.
pub const RESOURCES: [(&str, u32); 16] = [
    ("as", libc::RLIMIT_AS),
    ("core", libc::RLIMIT_CORE),
    ("cpu", libc::RLIMIT_CPU),
    ("data", libc::RLIMIT_DATA),
    ("fsize", libc::RLIMIT_FSIZE),
    ("locks", libc::RLIMIT_LOCKS),
    ("memlock", libc::RLIMIT_MEMLOCK),
    ("msgqueue", libc::RLIMIT_MSGQUEUE),
    ("nice", libc::RLIMIT_NICE),
    ("nofile", libc::RLIMIT_NOFILE),
    ("nproc", libc::RLIMIT_NPROC),
    ("rss", libc::RLIMIT_RSS),
    ("rtprio", libc::RLIMIT_RTPRIO),
    ("rttime", libc::RLIMIT_RTTIME),
    ("sigpending", libc::RLIMIT_SIGPENDING),
    ("stack", libc::RLIMIT_STACK),
];

/// The number of a resource by its lower-case name.
#[must_use]
pub fn resource(name: &str) -> Option<u32> {
    RESOURCES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, number)| *number)
}

/// Soft and hard limit; `u64::MAX` is unlimited.
///
/// # Errors
/// As getrlimit(2).
pub fn get(resource: u32) -> Result<(u64, u64)> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the call writes to `limit`, which lives over it.
    let done = unsafe { libc::getrlimit(resource, &raw mut limit) };
    check(done.into(), || format!("getrlimit({})", name(resource)))?;
    Ok((limit.rlim_cur, limit.rlim_max))
}

/// Sets soft and hard limit.
///
/// # Errors
/// As setrlimit(2); EPERM when the hard limit is raised without privilege.
pub fn set(resource: u32, soft: u64, hard: u64) -> Result<()> {
    let limit = libc::rlimit {
        rlim_cur: soft,
        rlim_max: hard,
    };
    // SAFETY: the call only reads `limit`, which lives over it.
    let done = unsafe { libc::setrlimit(resource, &raw const limit) };
    check(done.into(), || {
        format!("setrlimit({}, {soft}, {hard})", name(resource))
    })
    .map(drop)
}

fn name(resource: u32) -> &'static str {
    RESOURCES
        .iter()
        .find(|(_, number)| *number == resource)
        .map_or("?", |(name, _)| name)
}
