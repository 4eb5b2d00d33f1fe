//! What a rule says about a request.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

/// The verdict of one rule on one request.
///
/// Two words, so that it is returned in registers: what a refusal says lies
/// elsewhere, and most verdicts are none.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The refused state is absent.
    Permit,
    /// The request may start once the launcher has done this.
    Sanitize(Sanitation),
    /// The refused state is present: the request must not start.
    Deny(Box<Denial>),
    /// The fact could not be observed. Absent is not bad: a launcher treats
    /// this as a denial, an evaluation counts it apart.
    Undetermined(Box<Cause>),
}

impl Verdict {
    /// A denial: what was required and what was seen instead. Texts are made
    /// only here, out of the way of what is permitted.
    #[cold]
    #[inline(never)]
    pub fn deny(required: fmt::Arguments<'_>, observed: fmt::Arguments<'_>) -> Self {
        let required = match required.as_str() {
            Some(fixed) => Cow::Borrowed(fixed),
            None => Cow::Owned(alloc::fmt::format(required)),
        };
        Self::Deny(Box::new(Denial {
            required,
            observed: alloc::fmt::format(observed),
        }))
    }

    /// The fact could not be observed, and why.
    #[cold]
    #[inline(never)]
    pub fn undetermined(cause: Cause) -> Self {
        Self::Undetermined(Box::new(cause))
    }

    /// Whether a launcher must refuse the request because of this verdict.
    #[must_use]
    pub fn refuses(&self) -> bool {
        matches!(self, Self::Deny(_) | Self::Undetermined(_))
    }

    /// The one-word name used in records and result files.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Permit => "permit",
            Self::Deny(_) => "deny",
            Self::Sanitize(_) => "sanitize",
            Self::Undetermined(_) => "undetermined",
        }
    }
}

const _: () = assert!(size_of::<Verdict>() <= 2 * size_of::<usize>());

/// Why a rule denies: one line that a person can act on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// What the rule required, e.g. `uid >= 10000`.
    pub required: Cow<'static, str>,
    /// What was observed instead, e.g. `uid 33 (www-data)`.
    pub observed: String,
}

/// What a launcher has to do before the request may start.
// A word, as the other contents of a verdict, or it would not fit in registers.
#[repr(usize)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sanitation {
    /// Pass on only variables that the policy lists.
    DropUnlistedEnvironment,
    /// Replace `PATH` by the policy's.
    SetPolicyPath,
    /// Close every descriptor above 2.
    CloseDescriptors,
    /// Set the supplementary groups to those of the target user.
    SetExactGroups,
    /// Empty the signal mask and restore default dispositions.
    ResetSignals,
    /// Set the umask to 022.
    ResetUmask,
    /// Set resource limits to the policy's.
    ResetLimits,
    /// Start the init in a session of its own, without the caller's terminal.
    StartNewSession,
}

impl Sanitation {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::DropUnlistedEnvironment,
        Self::SetPolicyPath,
        Self::CloseDescriptors,
        Self::SetExactGroups,
        Self::ResetSignals,
        Self::ResetUmask,
        Self::ResetLimits,
        Self::StartNewSession,
    ];

    /// The words in records and result files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::DropUnlistedEnvironment => "drop unlisted variables",
            Self::SetPolicyPath => "set the policy's PATH",
            Self::CloseDescriptors => "close descriptors above 2",
            Self::SetExactGroups => "set the target's groups",
            Self::ResetSignals => "reset signals",
            Self::ResetUmask => "reset the umask",
            Self::ResetLimits => "reset limits",
            Self::StartNewSession => "start a new session",
        }
    }
}

/// Why a fact could not be observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The launcher did not gather the fact; a fault of the launcher.
    NotGathered,
    /// Another fact that this one builds on is missing (say, the bundle).
    Depends(&'static str),
    /// A system call failed; the text reads like strace.
    SystemCall(String),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotGathered => f.write_str("not gathered"),
            Self::Depends(what) => write!(f, "depends on {what}, which could not be observed"),
            Self::SystemCall(text) => f.write_str(text),
        }
    }
}
