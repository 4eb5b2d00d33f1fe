//! What this process got from its caller, taken off the launcher before
//! anything else happens and given back to the init, unless a rule says
//! otherwise.

use std::os::unix::ffi::OsStringExt;

use sekisho_sys::credentials as ids;
use sekisho_sys::{Result, early, file, limits, open, process, signals};

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
    /// Limits that the launcher raised: resource, soft, hard.
    raised: Vec<(u32, u64, u64)>,
}

/// Limits that could stop or kill the launcher half-way.
const HARMFUL_LIMITS: [&str; 6] = ["as", "cpu", "data", "fsize", "nofile", "stack"];

/// Takes the caller's state off this process. Everything is blocked until
/// the launcher waits for its init: nothing interrupts a half-done step.
///
/// # Errors
/// When descriptors 0–2 cannot be opened or signals cannot be blocked.
pub fn take() -> Result<Inherited> {
    let environment = early::take_environment();
    open::fill_standard_descriptors()?;
    let mask = signals::set_mask(u64::MAX)?;
    let umask = file::set_umask(0o022);
    let mut changed = vec![(signals::SIGPIPE, early::sigpipe_was_ignored())];
    signals::set_ignored(signals::SIGPIPE, true)?;
    changed.push((
        signals::SIGXFSZ,
        signals::set_ignored(signals::SIGXFSZ, true)?,
    ));
    // An ignored SIGCHLD would have the kernel reap the init unseen.
    changed.push((
        signals::SIGCHLD,
        signals::set_ignored(signals::SIGCHLD, false)?,
    ));
    let mut raised = Vec::new();
    for resource in HARMFUL_LIMITS
        .iter()
        .filter_map(|name| limits::resource(name))
    {
        let (soft, hard) = limits::get(resource)?;
        // A limit that cannot be raised is left: what it stops is reported.
        if soft != hard && limits::set(resource, hard, hard).is_ok() {
            raised.push((resource, soft, hard));
        }
    }
    let arguments = std::env::args_os().map(OsStringExt::into_vec).collect();
    process::set_dumpable(false)?;
    Ok(Inherited {
        arguments,
        environment,
        uid: ids::uids()[0],
        gid: ids::gids()[0],
        umask,
        mask,
        changed,
        raised,
    })
}

impl Inherited {
    /// Gives limits back.
    pub fn restore_limits(&self) -> Result<()> {
        for (resource, soft, hard) in &self.raised {
            limits::set(*resource, *soft, *hard)?;
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
        match self.raised.iter().find(|(raised, ..)| *raised == resource) {
            Some((_, soft, hard)) => Ok((*soft, *hard)),
            None => limits::get(resource),
        }
    }
}
