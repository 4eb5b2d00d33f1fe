//! A shared object that a tenant or client smuggles into a dynamic loader.
//!
//! Whatever program the loader was about to start, this object's constructor
//! first runs the probe (`/probe` of the root it is in) and waits for it;
//! then the program goes on as if nothing had happened. It serves as
//! `LD_PRELOAD`, as `LD_AUDIT` and as a planted library alike.
//!
//! Built with `RUSTFLAGS="-C panic=abort"` it needs nothing but the libc that
//! the program needs too; otherwise also `libgcc_s`.
#![cfg_attr(panic = "abort", no_std)]
#![allow(unsafe_code)]

use core::ffi::{CStr, c_char, c_int, c_uint};
use core::ptr::null;
use core::sync::atomic::{AtomicBool, Ordering};

/// Where the probe lies in every root.
const PROBE: &CStr = c"/probe";

/// Variables that would make a dynamically linked probe load this object
/// again, for ever.
const RECURSIVE: [&[u8]; 2] = [b"LD_PRELOAD=", b"LD_AUDIT="];

/// The constructor has run in this process.
static RAN: AtomicBool = AtomicBool::new(false);

unsafe extern "C" {
    /// The environment, as libc keeps it.
    static mut environ: *mut *mut c_char;
}

// SAFETY: the loader calls each entry of this section once, and takes a
// function that ignores its arguments.
#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = run_probe;

extern "C" fn run_probe() {
    if RAN.swap(true, Ordering::Relaxed) {
        return;
    }
    // SAFETY: a loader has one thread, and the child calls only what is safe
    // after fork.
    match unsafe { libc::fork() } {
        0 => become_probe(),
        child if child > 0 => wait(child),
        // No process to be had: the program goes on without a witness.
        _ => {}
    }
}

/// The child's part.
fn become_probe() -> ! {
    let arguments = [c"probe".as_ptr(), c"--via=preload".as_ptr(), null()];
    // SAFETY: the lists end with null; the environment is this child's own
    // copy, so leaving entries out changes nothing for the program.
    unsafe {
        keep_harmless(environ);
        libc::execve(
            PROBE.as_ptr(),
            arguments.as_ptr(),
            environ as *const *const c_char,
        );
        libc::_exit(127)
    }
}

/// Leaves the recursive variables out of a list, in place.
///
/// # Safety
/// `list` must be null or a null-terminated list of strings.
unsafe fn keep_harmless(list: *mut *mut c_char) {
    if list.is_null() {
        return;
    }
    let (mut from, mut to) = (list, list);
    loop {
        // SAFETY: `from` walks up to the null that ends the list, and `to` is
        // never ahead of it.
        unsafe {
            let entry = from.read();
            if entry.is_null() || !is_recursive(CStr::from_ptr(entry)) {
                to.write(entry);
                to = to.add(1);
            }
            if entry.is_null() {
                return;
            }
            from = from.add(1);
        }
    }
}

fn is_recursive(entry: &CStr) -> bool {
    RECURSIVE
        .iter()
        .any(|name| entry.to_bytes().starts_with(name))
}

/// The parent's part.
fn wait(child: c_int) {
    loop {
        let mut status = 0;
        // SAFETY: a place for the status.
        let ended = unsafe { libc::waitpid(child, &mut status, 0) };
        // SAFETY: libc's place of errno for this thread.
        if ended != -1 || unsafe { *libc::__errno_location() } != libc::EINTR {
            return;
        }
    }
}

/// Accepts the loader's auditing interface, whatever its version: see
/// `rtld-audit(7)`.
#[unsafe(no_mangle)]
pub extern "C" fn la_version(version: c_uint) -> c_uint {
    version
}

/// Nothing here panics on purpose.
#[cfg(panic = "abort")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    // SAFETY: ends the process.
    unsafe { libc::_exit(127) }
}
