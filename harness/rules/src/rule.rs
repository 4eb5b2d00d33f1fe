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
    /// One sentence, for tables.
    pub summary: &'static str,
    /// Class of the suEXEC condition, or [`Class::Further`].
    pub class: Class,
    /// Numbers (1–20) of the suEXEC conditions that the rule belongs to;
    /// empty for rules that have nothing to do with any.
    pub conditions: &'static [u8],
    /// Facts that the launcher must gather for this rule.
    pub needs: Needs,
    /// Version of this project that introduced the rule.
    pub since: &'static str,
    /// The whole source file, from which the documentation is taken.
    pub source: &'static str,
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

/// One thing that a launcher can observe; rules name what they need, so that
/// a rule that is off costs no system call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Fact {
    /// [`Evidence::arguments`]
    Arguments,
    /// [`Evidence::caller`]
    Caller,
    /// [`Evidence::target_user`]
    TargetUser,
    /// [`Evidence::target_group`]
    TargetGroup,
    /// [`Evidence::membership`]
    Membership,
    /// [`Evidence::bundle`]
    Bundle,
    /// [`Evidence::bundle_links`]
    BundleLinks,
    /// [`Evidence::bundle_ancestors`]
    BundleAncestors,
    /// [`Evidence::bundle_entry`]
    BundleEntry,
    /// [`Evidence::config_file`]
    ConfigFile,
    /// [`Evidence::config_links`]
    ConfigLinks,
    /// [`Evidence::requested`]
    Requested,
    /// [`Evidence::rootfs`]
    Rootfs,
    /// [`Evidence::rootfs_links`]
    RootfsLinks,
    /// [`Evidence::init`]
    Init,
    /// [`Evidence::init_access`]
    InitAccess,
    /// [`Evidence::init_capabilities`]
    InitCapabilities,
    /// [`Evidence::init_format`]
    InitFormat,
    /// [`Evidence::interpreter`]
    Interpreter,
    /// [`Evidence::access_lists`]
    AccessLists,
    /// [`Evidence::working_directory`]
    WorkingDirectory,
    /// [`Evidence::environment`]
    Environment,
    /// [`Evidence::descriptors`]
    Descriptors,
    /// [`Evidence::groups_held`]
    GroupsHeld,
    /// [`Evidence::state`]
    State,
    /// [`Evidence::terminal`]
    Terminal,
    /// [`Evidence::dropped`]; known only after privileges were dropped.
    Dropped,
}

impl Fact {
    /// All facts in the order of their numbers.
    pub const ALL: [Self; 27] = [
        Self::Arguments,
        Self::Caller,
        Self::TargetUser,
        Self::TargetGroup,
        Self::Membership,
        Self::Bundle,
        Self::BundleLinks,
        Self::BundleAncestors,
        Self::BundleEntry,
        Self::ConfigFile,
        Self::ConfigLinks,
        Self::Requested,
        Self::Rootfs,
        Self::RootfsLinks,
        Self::Init,
        Self::InitAccess,
        Self::InitCapabilities,
        Self::InitFormat,
        Self::Interpreter,
        Self::AccessLists,
        Self::WorkingDirectory,
        Self::Environment,
        Self::Descriptors,
        Self::GroupsHeld,
        Self::State,
        Self::Terminal,
        Self::Dropped,
    ];
}

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
            arguments: keep(needs, Fact::Arguments, self.arguments),
            caller: keep(needs, Fact::Caller, self.caller),
            target_user: keep(needs, Fact::TargetUser, self.target_user),
            target_group: keep(needs, Fact::TargetGroup, self.target_group),
            membership: keep(needs, Fact::Membership, self.membership),
            bundle: keep(needs, Fact::Bundle, self.bundle),
            bundle_links: keep(needs, Fact::BundleLinks, self.bundle_links),
            bundle_ancestors: keep(needs, Fact::BundleAncestors, self.bundle_ancestors),
            bundle_entry: keep(needs, Fact::BundleEntry, self.bundle_entry),
            config_file: keep(needs, Fact::ConfigFile, self.config_file),
            config_links: keep(needs, Fact::ConfigLinks, self.config_links),
            requested: keep(needs, Fact::Requested, self.requested),
            rootfs: keep(needs, Fact::Rootfs, self.rootfs),
            rootfs_links: keep(needs, Fact::RootfsLinks, self.rootfs_links),
            init: keep(needs, Fact::Init, self.init),
            init_access: keep(needs, Fact::InitAccess, self.init_access),
            init_capabilities: keep(needs, Fact::InitCapabilities, self.init_capabilities),
            init_format: keep(needs, Fact::InitFormat, self.init_format),
            interpreter: keep(needs, Fact::Interpreter, self.interpreter),
            access_lists: keep(needs, Fact::AccessLists, self.access_lists),
            working_directory: keep(needs, Fact::WorkingDirectory, self.working_directory),
            environment: keep(needs, Fact::Environment, self.environment),
            descriptors: keep(needs, Fact::Descriptors, self.descriptors),
            groups_held: keep(needs, Fact::GroupsHeld, self.groups_held),
            state: keep(needs, Fact::State, self.state),
            terminal: keep(needs, Fact::Terminal, self.terminal),
            dropped: keep(needs, Fact::Dropped, self.dropped),
        }
    }
}
