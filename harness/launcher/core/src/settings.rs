//! What an installed launcher is set to: fixed at build time or read from
//! files of root, never from the request.

use alloc::string::String;

use sekisho_rules::{Policy, RuleSet};

pub use sekisho_sys::trusted::read as read_trusted;

/// How references are resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Resolution {
    /// Opened once; the descriptors are checked and used.
    #[default]
    ByDescriptor,
    /// Paths are checked, and used again later.
    ByPath,
}

impl Resolution {
    /// The word in `launcher.conf` and records.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::ByDescriptor => "by-descriptor",
            Self::ByPath => "by-path",
        }
    }
}

/// Settings of a launcher.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Rules in force.
    pub rules: RuleSet,
    /// Values that rules compare with.
    pub policy: Policy,
    /// Whether the other rules are evaluated and recorded as well.
    pub observe_all: bool,
    /// How references are resolved.
    pub resolution: Resolution,
    /// File that records are appended to.
    pub record: Option<String>,
    /// Directory of the FIFOs `reached` and `go`.
    pub pause: Option<String>,
    /// Whether namespaces are made while the request is examined, not after it
    /// was permitted.
    pub ahead: bool,
    /// Whether the record tells where the time of a start went.
    pub phases: bool,
    /// Whether `--version --verbose` tells root and the allowed caller how
    /// the program was built.
    pub tells_build: bool,
}
