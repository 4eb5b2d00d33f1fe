//! Waiting for the init: signals are passed on, its end is reported.

use sekisho_sys::fd::AsRawFd;

use sekisho_sys::clone::Child;
use sekisho_sys::process::Ended;
use sekisho_sys::{Result, process, signals};

/// Waits until the init ends. All signals are blocked and taken one by one,
/// so none is lost and none interrupts anything.
///
/// A signal that the kernel sends to the terminal's foreground group (Ctrl-C)
/// reached the init as well, unless it has a session of its own.
pub fn wait(child: &Child, own_session: bool) -> Result<Ended> {
    loop {
        // Before the signal: the init may be gone already, and several ends
        // make one SIGCHLD.
        if let Some(ended) = process::wait(child.pid, false)? {
            return Ok(ended);
        }
        let received = signals::wait_for(u64::MAX)?;
        if received.signal != signals::SIGCHLD && (received.sent_by_process || own_session) {
            // An init that is just ending cannot take it.
            let _ = process::pidfd_send_signal(child.fd.as_raw_fd(), received.signal);
        }
    }
}
