//! Counting by `ptrace(2)`: every system call or every instruction is a stop.
//!
//! Counts are exact and do not depend on load or caches. The kernel does not
//! honour setuid bits for a traced program unless its tracer may trace root, so
//! the tracer must be root. A traced program can see that it is traced; use
//! [`notify`](crate::notify) where it must not.

pub mod count;
pub mod steps;
