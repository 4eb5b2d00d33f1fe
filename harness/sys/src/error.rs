//! Failures that read like `strace`: `openat2(3, "a/b", NO_SYMLINKS): ELOOP`.

use alloc::ffi::CString;
use alloc::format;
use alloc::string::String;
use core::fmt;

use crate::errno::Errno;

/// A system call that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The call with its telling arguments.
    pub call: String,
    /// What the kernel answered.
    pub errno: Errno,
}

/// Result of a system call.
pub type Result<T> = core::result::Result<T, Error>;

impl Error {
    /// A failure of the given call.
    #[must_use]
    pub fn new(call: impl Into<String>, errno: Errno) -> Self {
        Self {
            call: call.into(),
            errno,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", self.call, self.errno)
    }
}

impl core::error::Error for Error {}

/// The answer of a system call, or its errno.
pub(crate) fn answer(value: isize) -> core::result::Result<usize, Errno> {
    usize::try_from(value).map_err(|_| Errno::from_raw(-(value as i32)))
}

/// The answer of a system call, or its errno with the call's text.
pub(crate) fn check(value: isize, call: impl FnOnce() -> String) -> Result<usize> {
    answer(value).map_err(|errno| Error::new(call(), errno))
}

/// The answer of a libc function, or its errno with the call's text.
#[cfg(feature = "std")]
pub(crate) fn check_libc(
    value: libc::c_long,
    call: impl FnOnce() -> String,
) -> Result<libc::c_long> {
    if value < 0 {
        Err(Error::new(call(), Errno::last()))
    } else {
        Ok(value)
    }
}

/// The bytes as a C string; a NUL byte inside is answered as the kernel would
/// answer a name it cannot take.
pub(crate) fn c_string(bytes: &[u8], call: &str) -> Result<CString> {
    CString::new(bytes).map_err(|_| Error::new(format!("{call}({})", quoted(bytes)), Errno::EINVAL))
}

/// A path for messages: quoted, control bytes escaped.
pub(crate) fn quoted(bytes: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(bytes))
}
