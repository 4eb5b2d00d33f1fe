//! What must be known before Rust's runtime starts.
//!
//! The runtime ignores SIGPIPE before `main`, so `main` can no longer see
//! whether the caller did. A function in `.init_array` runs before that.

use std::sync::atomic::{AtomicBool, Ordering};

static SIGPIPE_IGNORED: AtomicBool = AtomicBool::new(false);

/// Whether SIGPIPE was ignored when this process was executed.
#[must_use]
pub fn sigpipe_was_ignored() -> bool {
    // Names the static, so that the linker keeps this object file.
    std::hint::black_box(&AT_START);
    SIGPIPE_IGNORED.load(Ordering::Relaxed)
}

extern "C" fn at_start() {
    // SAFETY: an all-zero `sigaction` is a valid value, and the call only
    // writes the current disposition to it.
    let ignored = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigaction(libc::SIGPIPE, std::ptr::null(), &raw mut action) == 0
            && action.sa_sigaction == libc::SIG_IGN
    };
    SIGPIPE_IGNORED.store(ignored, Ordering::Relaxed);
}

// SAFETY: the loader calls each pointer in `.init_array` once before `main`;
// `at_start` takes no argument that it would have to get, and calls nothing
// that needs Rust's runtime.
#[used]
#[unsafe(link_section = ".init_array")]
static AT_START: extern "C" fn() = at_start;

/// The environment as the kernel handed it over, entries without `=` and
/// duplicates included, and leaves the process with an empty one.
///
/// Must be called while the process has one thread.
#[must_use]
pub fn take_environment() -> Vec<Vec<u8>> {
    unsafe extern "C" {
        static mut environ: *const *const libc::c_char;
    }
    let mut entries = Vec::new();
    // SAFETY: `environ` is null or a null-terminated array of C strings; with
    // one thread nobody changes it meanwhile.
    unsafe {
        let mut entry = environ;
        while !entry.is_null() && !(*entry).is_null() {
            entries.push(std::ffi::CStr::from_ptr(*entry).to_bytes().to_vec());
            entry = entry.add(1);
        }
        libc::clearenv();
    }
    entries
}
