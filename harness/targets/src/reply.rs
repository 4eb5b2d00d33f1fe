//! What a target answered to a start request, in words that are the same for
//! every target.

/// A target's answer to one start request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// It refused, and said why.
    Refused(Refusal),
    /// It executed the init; whether that did what it should is for the
    /// witness to say.
    Started,
    /// It neither started nor refused: it broke, or what it said does not fit
    /// together. Never a success of the rules.
    Failed {
        /// What is known about it, in one line.
        reason: String,
    },
}

/// Why a target refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// How the refusal came about.
    pub verdict: RefusalKind,
    /// The rule that decided; empty when no rule did.
    pub rule: String,
    /// Required and observed, or the target's own message, in one line.
    pub reason: String,
}

/// How a refusal came about; the word stands in the column `verdict`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// A rule denied.
    Deny,
    /// A fact that a rule needs could not be observed.
    Undetermined,
    /// Nobody could start such a request, whatever the rules.
    Unusable,
    /// A real launcher's own refusal.
    Refused,
}

impl RefusalKind {
    /// The word in result files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Undetermined => "undetermined",
            Self::Unusable => "unusable",
            Self::Refused => "refused",
        }
    }
}

impl Reply {
    /// A failure with a reason.
    pub(crate) fn failed(reason: impl Into<String>) -> Self {
        Self::Failed {
            reason: reason.into(),
        }
    }
}
