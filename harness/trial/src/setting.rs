//! How a launcher is set for a trial.

use sekisho_rules::RuleSet;

/// How a target with rules is to be set for one trial.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Rules in force.
    pub rules: RuleSet,
    /// Whether the other rules are evaluated and recorded as well.
    pub observe_all: bool,
    /// How references are resolved.
    pub resolution: Resolution,
}

/// How a launcher resolves references.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resolution {
    /// Opens once, checks and uses the descriptor.
    ByDescriptor,
    /// Checks a path, and uses it again later.
    ByPath,
}

impl Resolution {
    /// Both, in the order of the documentation.
    pub const ALL: [Self; 2] = [Self::ByDescriptor, Self::ByPath];

    /// Name in result files and configuration.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::ByDescriptor => "by-descriptor",
            Self::ByPath => "by-path",
        }
    }
}
