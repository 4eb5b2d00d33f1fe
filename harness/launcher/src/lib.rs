//! The reference launcher.
