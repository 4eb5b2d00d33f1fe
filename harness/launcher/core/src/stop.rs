//! Why a request is not started.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::string::ToString;

/// Outcome classes with an exit status of their own (`docs/launcher.md`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The launcher itself is not usable here.
    Misconfigured(String),
    /// A rule denies.
    Denied {
        /// Rule id.
        rule: String,
        /// What it required.
        required: String,
        /// What was observed.
        observed: String,
    },
    /// A rule could not tell.
    Undetermined {
        /// Rule id.
        rule: String,
        /// Why not.
        cause: String,
    },
    /// Nobody could start this request.
    Unusable(String),
    /// A step of starting failed.
    Failed {
        /// The step.
        step: String,
        /// The error, as `strace` would print it.
        error: String,
    },
}

impl Stop {
    /// A step failed.
    pub fn failed(step: &str, error: impl ToString) -> Self {
        Self::Failed {
            step: step.to_owned(),
            error: error.to_string(),
        }
    }

    /// Exit status.
    pub fn status(&self) -> u8 {
        match self {
            Self::Misconfigured(_) => 100,
            Self::Denied { .. } => 101,
            Self::Undetermined { .. } => 102,
            Self::Unusable(_) => 103,
            Self::Failed { .. } => 104,
        }
    }

    /// Word in the record.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Misconfigured(_) => "misconfigured",
            Self::Denied { .. } => "denied",
            Self::Undetermined { .. } => "undetermined",
            Self::Unusable(_) => "unusable",
            Self::Failed { .. } => "failed",
        }
    }
}

/// A line that names a step goes with `map_err`.
pub fn step<E: ToString>(name: &'static str) -> impl Fn(E) -> Stop {
    move |error| Stop::failed(name, error)
}
