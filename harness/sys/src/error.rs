//! Failures that read like `strace`: `openat2(3, "a/b", NO_SYMLINKS): ELOOP`.

use std::ffi::CString;
use std::fmt;

use nix::errno::Errno;

/// A system call that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The call with its telling arguments.
    pub call: String,
    /// What the kernel answered.
    pub errno: Errno,
}

/// Result of a system call.
pub type Result<T> = std::result::Result<T, Error>;

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

impl std::error::Error for Error {}

/// The value of a raw system call, or its errno with the call's text.
pub(crate) fn check(value: libc::c_long, call: impl FnOnce() -> String) -> Result<libc::c_long> {
    if value < 0 {
        Err(Error::new(call(), Errno::last()))
    } else {
        Ok(value)
    }
}

/// A `nix` result with the call's text.
pub(crate) fn named<T>(result: nix::Result<T>, call: impl FnOnce() -> String) -> Result<T> {
    result.map_err(|errno| Error::new(call(), errno))
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
