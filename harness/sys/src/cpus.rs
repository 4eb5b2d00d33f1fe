//! CPUs that processes may run on.

use alloc::format;

use linux_raw_sys::general::{__NR_getcpu, __NR_sched_getaffinity, __NR_sched_setaffinity};

use crate::call::call;
use crate::error::{Result, check};

/// A set of CPUs; room for 1024, as in libc's `cpu_set_t`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cpus([u64; 16]);

impl Cpus {
    /// Those that the calling process may run on.
    ///
    /// # Errors
    /// As sched_getaffinity(2); EINVAL where the kernel knows more than 1024.
    pub fn allowed() -> Result<Self> {
        let mut set = [0_u64; 16];
        let (size, place) = (size_of_val(&set), set.as_mut_ptr());
        // SAFETY: `set` lives over the call, which writes at most its size.
        let written = unsafe { call(__NR_sched_getaffinity, (0, size, place)) };
        check(written, || "sched_getaffinity(0)".into()).map(|_| Self(set))
    }

    /// These without the one that the calling process runs on.
    #[must_use]
    pub fn elsewhere(mut self) -> Self {
        let mut here = 0_u32;
        // SAFETY: `here` lives over the call, which writes it; null for the node
        // is allowed.
        unsafe { call(__NR_getcpu, (&raw mut here, 0_usize, 0_usize)) };
        if let Some(word) = self.0.get_mut(here as usize / 64) {
            *word &= !(1 << (here % 64));
        }
        self
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0 == [0; 16]
    }

    /// Lets a process run on these only.
    ///
    /// # Errors
    /// As sched_setaffinity(2).
    pub fn assign(&self, pid: i32) -> Result<()> {
        let (size, place) = (size_of_val(&self.0), self.0.as_ptr());
        // SAFETY: `self` lives over the call, which reads it.
        let done = unsafe { call(__NR_sched_setaffinity, (pid, size, place)) };
        check(done, || format!("sched_setaffinity({pid})")).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_assigned_to_one_cpu_has_no_other() {
        std::thread::spawn(|| {
            let all = Cpus::allowed().expect("known");
            assert!(!all.is_empty());
            let others = all.elsewhere();
            let mut one = all;
            for (word, other) in one.0.iter_mut().zip(others.0) {
                *word &= !other;
            }
            assert_eq!(one.0.iter().map(|word| word.count_ones()).sum::<u32>(), 1);
            one.assign(0).expect("assigned");
            assert_eq!(Cpus::allowed(), Ok(one));
            assert!(one.elsewhere().is_empty());
        })
        .join()
        .expect("the test passes");
    }
}
