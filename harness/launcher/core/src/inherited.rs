//! What this process got from its caller, taken off the launcher before
//! anything else happens and given back to the init, unless a rule says
//! otherwise.

use alloc::vec::Vec;
use sekisho_sys::credentials as ids;
use sekisho_sys::start::Start;
use sekisho_sys::{Result, file, limits, open, process, signals};

/// Inherited process state.
#[derive(Debug, Clone, Default)]
pub struct Inherited {
    /// Argument vector.
    pub arguments: Vec<Vec<u8>>,
    /// Environment.
    pub environment: Vec<Vec<u8>>,
    /// Real uid.
    pub uid: u32,
    /// Real gid.
    pub gid: u32,
    /// umask.
    pub umask: u32,
    /// Blocked signals.
    pub mask: u64,
    /// Signals whose disposition the launcher changed, with whether they were
    /// ignored.
    changed: Vec<(i32, bool)>,
    /// Limits that could harm the launcher, as they were: resource, soft, hard,
    /// and whether the launcher raised the soft one.
    looked_at: Vec<(u32, u64, u64, bool)>,
}

/// Limits that could stop or kill the launcher half-way.
const HARMFUL_LIMITS: [&str; 6] = ["as", "cpu", "data", "fsize", "nofile", "stack"];

/// Takes the caller's state off this process. Everything is blocked until
/// the launcher waits for its init: nothing interrupts a half-done step.
///
/// # Errors
/// When descriptors 0–2 cannot be opened or signals cannot be blocked.
pub fn take(start: Start) -> Result<Inherited> {
    open::fill_standard_descriptors()?;
    let mask = signals::set_mask(u64::MAX)?;
    let umask = file::set_umask(0o022);
    let mut changed = Vec::new();
    for signal in [signals::SIGPIPE, signals::SIGXFSZ] {
        changed.push((signal, signals::set_ignored(signal, true)?));
    }
    // An ignored SIGCHLD would have the kernel reap the init unseen.
    changed.push((
        signals::SIGCHLD,
        signals::set_ignored(signals::SIGCHLD, false)?,
    ));
    let mut looked_at = Vec::new();
    for resource in HARMFUL_LIMITS
        .iter()
        .filter_map(|name| limits::resource(name))
    {
        let (soft, hard) = limits::get(resource)?;
        // A limit that cannot be raised is left: what it stops is reported.
        let raised = soft != hard && limits::set(resource, hard, hard).is_ok();
        looked_at.push((resource, soft, hard, raised));
    }
    process::set_dumpable(false)?;
    let mut environment = start.environment;
    if start.secure {
        environment.retain(|entry| !is_unsecure(entry));
    }
    Ok(Inherited {
        arguments: start.arguments,
        environment,
        uid: ids::uids()[0],
        gid: ids::gids()[0],
        umask,
        mask,
        changed,
        looked_at,
    })
}

/// Variables that libc takes out of the environment of a setuid program before
/// it begins (ld.so(8), secure-execution mode; glibc 2.36,
/// `sysdeps/generic/unsecvars.h` and `elf/dl-support.c`). Launchers with a libc
/// never see them, so this one without does not pass them on either.
const UNSECURE: [&str; 23] = [
    "GCONV_PATH",
    "GETCONF_DIR",
    "HOSTALIASES",
    "LD_AUDIT",
    "LD_DEBUG",
    "LD_DEBUG_OUTPUT",
    "LD_DYNAMIC_WEAK",
    "LD_HWCAP_MASK",
    "LD_LIBRARY_PATH",
    "LD_ORIGIN_PATH",
    "LD_PRELOAD",
    "LD_PROFILE",
    "LD_SHOW_AUXV",
    "LOCALDOMAIN",
    "LOCPATH",
    "MALLOC_CHECK_",
    "MALLOC_TRACE",
    "NIS_PATH",
    "NLSPATH",
    "RESOLV_HOST_CONF",
    "RES_OPTIONS",
    "TMPDIR",
    "TZDIR",
];

/// Whether the entry sets one of them; without `=` it sets nothing.
fn is_unsecure(entry: &[u8]) -> bool {
    let Some(end) = entry.iter().position(|byte| *byte == b'=') else {
        return false;
    };
    let name = &entry[..end];
    UNSECURE.iter().any(|unsecure| unsecure.as_bytes() == name)
}

impl Inherited {
    /// Gives limits back, but for those that get another value anyway: theirs
    /// may have been lowered already, which cannot be undone by now.
    pub fn restore_limits(&self, but: impl Fn(u32) -> bool) -> Result<()> {
        for (resource, soft, hard, raised) in &self.looked_at {
            if *raised && !but(*resource) {
                limits::set(*resource, *soft, *hard)?;
            }
        }
        Ok(())
    }

    /// Gives signal dispositions back. The mask is restored apart.
    pub fn restore_dispositions(&self) -> Result<()> {
        for (signal, ignored) in &self.changed {
            signals::set_ignored(*signal, *ignored)?;
        }
        Ok(())
    }

    /// Signals that were ignored.
    pub fn ignored(&self) -> Result<u64> {
        let mut set = signals::ignored()?;
        for (signal, ignored) in &self.changed {
            set &= !signals::bit(*signal);
            if *ignored {
                set |= signals::bit(*signal);
            }
        }
        Ok(set)
    }

    /// A limit as it was.
    pub fn limit(&self, resource: u32) -> Result<(u64, u64)> {
        match self.looked_at.iter().find(|seen| seen.0 == resource) {
            Some((_, soft, hard, _)) => Ok((*soft, *hard)),
            None => limits::get(resource),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_names_with_a_value_are_unsecure() {
        for entry in ["LD_PRELOAD=/x", "TMPDIR=", "LD_AUDIT=a=b"] {
            assert!(is_unsecure(entry.as_bytes()), "{entry}");
        }
        for entry in [
            "LD_PRELOAD",
            "LD_PRELOADS=/x",
            "XLD_PRELOAD=/x",
            "=x",
            "",
            "LD_X=1",
        ] {
            assert!(!is_unsecure(entry.as_bytes()), "{entry}");
        }
    }
}
