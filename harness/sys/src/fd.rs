//! Descriptors that close themselves: the standard library's types, or, where
//! there is none, types of the same names and meaning.

#[cfg(feature = "std")]
pub use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};

#[cfg(not(feature = "std"))]
pub use own::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};

#[cfg(any(test, not(feature = "std")))]
#[cfg_attr(all(test, feature = "std"), allow(dead_code))]
mod own {
    use core::marker::PhantomData;
    use core::mem::ManuallyDrop;

    use linux_raw_sys::general::__NR_close;

    use crate::call::call;

    /// A descriptor's number.
    pub type RawFd = i32;

    /// A descriptor that nobody else owns; closed when dropped.
    #[derive(Debug)]
    pub struct OwnedFd(RawFd);

    /// A descriptor that somebody keeps open for as long as this lives.
    #[derive(Debug, Clone, Copy)]
    pub struct BorrowedFd<'fd>(RawFd, PhantomData<&'fd OwnedFd>);

    /// What has a descriptor's number.
    pub trait AsRawFd {
        /// The number.
        fn as_raw_fd(&self) -> RawFd;
    }

    /// What can lend its descriptor.
    pub trait AsFd {
        /// The loan.
        fn as_fd(&self) -> BorrowedFd<'_>;
    }

    /// What can take over a descriptor.
    pub trait FromRawFd {
        /// Takes it over.
        ///
        /// # Safety
        /// The descriptor is open and nobody else owns it.
        unsafe fn from_raw_fd(fd: RawFd) -> Self;
    }

    /// What can give its descriptor away.
    pub trait IntoRawFd {
        /// Gives it away, open.
        fn into_raw_fd(self) -> RawFd;
    }

    impl Drop for OwnedFd {
        fn drop(&mut self) {
            // SAFETY: takes an integer; the descriptor is owned here alone, so
            // nobody uses it after this. A failure leaves nothing to be done.
            unsafe { call(__NR_close, (self.0,)) };
        }
    }

    impl AsRawFd for OwnedFd {
        fn as_raw_fd(&self) -> RawFd {
            self.0
        }
    }

    impl AsRawFd for BorrowedFd<'_> {
        fn as_raw_fd(&self) -> RawFd {
            self.0
        }
    }

    impl AsFd for OwnedFd {
        fn as_fd(&self) -> BorrowedFd<'_> {
            BorrowedFd(self.0, PhantomData)
        }
    }

    impl FromRawFd for OwnedFd {
        unsafe fn from_raw_fd(fd: RawFd) -> Self {
            Self(fd)
        }
    }

    impl IntoRawFd for OwnedFd {
        fn into_raw_fd(self) -> RawFd {
            ManuallyDrop::new(self).0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::own::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd};

    fn is_open(number: i32) -> bool {
        crate::open::is_open(number)
    }

    #[test]
    fn an_owned_descriptor_is_closed_once_when_dropped_and_not_when_given_away() {
        // High numbers: no other test's open takes them meanwhile.
        // SAFETY: dup2 touches no memory, and nothing is open at 900 and 901.
        let made = unsafe { [libc::dup2(0, 900), libc::dup2(0, 901)] };
        assert_eq!(made, [900, 901]);
        // SAFETY: just made, nobody else owns them.
        let (one, other) = unsafe { (OwnedFd::from_raw_fd(900), OwnedFd::from_raw_fd(901)) };
        assert_eq!((one.as_raw_fd(), other.as_fd().as_raw_fd()), (900, 901));
        drop(one);
        assert!(!is_open(900) && is_open(901));
        assert_eq!(other.into_raw_fd(), 901);
        assert!(is_open(901));
        // SAFETY: still open, and owned by nobody.
        drop(unsafe { OwnedFd::from_raw_fd(901) });
        assert!(!is_open(901));
    }
}
