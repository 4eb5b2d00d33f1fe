//! What a rule is: metadata and one pure function.

use crate::evidence::{Evidence, Gathered};
use crate::policy::Policy;
use crate::verdict::Verdict;

/// One rule. The id is its identity everywhere: file name, documentation,
/// result files, figures.
#[derive(Debug)]
pub struct Rule {
    /// Kebab-case name of the state that the rule refuses.
    pub id: &'static str,
    /// Class of the suEXEC condition, or [`Class::Further`].
    pub class: Class,
    /// Numbers (1–20) of the suEXEC conditions that the rule belongs to;
    /// empty for rules that have nothing to do with any.
    pub conditions: &'static [u8],
    /// Facts that the launcher must gather for this rule.
    pub needs: Needs,
    /// Version of this project that introduced the rule.
    pub since: &'static str,
    /// The check itself: pure, total, without allocation while it permits.
    pub evaluate: fn(&Evidence, &Policy) -> Verdict,
}

/// Classes of conditions: the talk's three, the act of starting, and ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Always an error in the talk's reading.
    Fatal,
    /// Chosen at build time in the talk's reading.
    Selectable,
    /// "To be studied" in the talk's reading.
    Deferred,
    /// Part of the act of starting.
    Act,
    /// Beyond suEXEC, or a stricter reading of one of its conditions.
    Further,
}

impl Class {
    /// All classes in the order of the documentation.
    pub const ALL: [Self; 5] = [
        Self::Fatal,
        Self::Selectable,
        Self::Deferred,
        Self::Act,
        Self::Further,
    ];

    /// Name in expressions and result files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Fatal => "fatal",
            Self::Selectable => "selectable",
            Self::Deferred => "deferred",
            Self::Act => "act",
            Self::Further => "further",
        }
    }
}

/// Makes of one line for each fact everything that has to know all of them.
macro_rules! facts {
    ($($fact:ident: $field:ident,)*) => {
        /// One thing that a launcher can observe; rules name what they need, so that
        /// a rule that is off costs no system call.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Fact {
            $(#[doc = concat!("[`Evidence::", stringify!($field), "`]")] $fact,)*
        }

        impl Fact {
            /// All facts in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$fact,)*];
        }

        impl Evidence {
            /// The evidence with everything outside `needs` taken away, as a launcher
            /// that gathers only what the rules in force need would hold it.
            #[must_use]
            pub fn limited_to(self, needs: Needs) -> Self {
                fn keep<T>(needs: Needs, fact: Fact, value: Gathered<T>) -> Gathered<T> {
                    if needs.has(fact) {
                        value
                    } else {
                        Gathered::NotGathered
                    }
                }
                Self {
                    $($field: keep(needs, Fact::$fact, self.$field),)*
                }
            }
        }
    };
}

// Each with its field of the evidence. `Dropped` is known only after privileges
// were dropped.
facts! {
    Arguments: arguments,
    Caller: caller,
    TargetUser: target_user,
    TargetGroup: target_group,
    Membership: membership,
    Bundle: bundle,
    BundleLinks: bundle_links,
    BundleAncestors: bundle_ancestors,
    BundleEntry: bundle_entry,
    ConfigFile: config_file,
    ConfigLinks: config_links,
    Requested: requested,
    Rootfs: rootfs,
    RootfsLinks: rootfs_links,
    Init: init,
    InitAccess: init_access,
    InitCapabilities: init_capabilities,
    InitFormat: init_format,
    Interpreter: interpreter,
    AccessLists: access_lists,
    WorkingDirectory: working_directory,
    Environment: environment,
    Descriptors: descriptors,
    GroupsHeld: groups_held,
    State: state,
    Terminal: terminal,
    Dropped: dropped,
}

const _: () = assert!(Fact::ALL.len() <= 64, "Needs holds at most 64 facts");

/// A set of [`Fact`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs(u64);

impl Needs {
    /// No fact.
    pub const NONE: Self = Self(0);

    /// The set of the given facts.
    #[must_use]
    pub const fn of(facts: &[Fact]) -> Self {
        let mut bits = 0;
        let mut i = 0;
        while i < facts.len() {
            bits |= 1 << facts[i] as u8;
            i += 1;
        }
        Self(bits)
    }

    /// Both sets together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the fact is in the set.
    #[must_use]
    pub const fn has(self, fact: Fact) -> bool {
        self.0 & (1 << fact as u8) != 0
    }
}

impl Rule {
    /// Whether the rule can only be evaluated after privileges were dropped.
    #[must_use]
    pub const fn is_late(&self) -> bool {
        self.needs.has(Fact::Dropped)
    }
}
