//! Resource limits.

use alloc::format;
use alloc::string::String;

use linux_raw_sys::general as kernel;

use crate::call::call;
use crate::error::{Result, check};

/// Names (lower case, without prefix) and numbers of all resources.
pub const RESOURCES: [(&str, u32); 16] = [
    ("as", kernel::RLIMIT_AS),
    ("core", kernel::RLIMIT_CORE),
    ("cpu", kernel::RLIMIT_CPU),
    ("data", kernel::RLIMIT_DATA),
    ("fsize", kernel::RLIMIT_FSIZE),
    ("locks", kernel::RLIMIT_LOCKS),
    ("memlock", kernel::RLIMIT_MEMLOCK),
    ("msgqueue", kernel::RLIMIT_MSGQUEUE),
    ("nice", kernel::RLIMIT_NICE),
    ("nofile", kernel::RLIMIT_NOFILE),
    ("nproc", kernel::RLIMIT_NPROC),
    ("rss", kernel::RLIMIT_RSS),
    ("rtprio", kernel::RLIMIT_RTPRIO),
    ("rttime", kernel::RLIMIT_RTTIME),
    ("sigpending", kernel::RLIMIT_SIGPENDING),
    ("stack", kernel::RLIMIT_STACK),
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
    change(resource, None, || format!("getrlimit({})", name(resource)))
}

/// Sets soft and hard limit.
///
/// # Errors
/// As setrlimit(2); EPERM when the hard limit is raised without privilege.
pub fn set(resource: u32, soft: u64, hard: u64) -> Result<()> {
    change(resource, Some((soft, hard)), || {
        format!("setrlimit({}, {soft}, {hard})", name(resource))
    })
    .map(drop)
}

/// prlimit(2) of this process: sets the limit if one is given; gives the
/// former one.
fn change(
    resource: u32,
    new: Option<(u64, u64)>,
    text: impl FnOnce() -> String,
) -> Result<(u64, u64)> {
    let new = new.map(|(soft, hard)| kernel::rlimit64 {
        rlim_cur: soft,
        rlim_max: hard,
    });
    let pointer = new.as_ref().map_or(core::ptr::null(), core::ptr::from_ref);
    let mut old = kernel::rlimit64 {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the call reads what `pointer` leads to, if it is not null, and
    // writes `old`; both live over it.
    let done = unsafe {
        call(
            kernel::__NR_prlimit64,
            (0_i32, resource, pointer, &raw mut old),
        )
    };
    check(done, text)?;
    Ok((old.rlim_cur, old.rlim_max))
}

fn name(resource: u32) -> &'static str {
    RESOURCES
        .iter()
        .find(|(_, number)| *number == resource)
        .map_or("?", |(name, _)| name)
}
