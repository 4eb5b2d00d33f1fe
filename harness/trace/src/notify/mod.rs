//! Stops by seccomp notification.
