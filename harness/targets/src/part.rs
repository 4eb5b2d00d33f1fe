//! The parts that a start request can have, and whether a launcher's words
//! can express them: the capability table of targets.

use std::fmt;

/// A part of a start request in which it may differ from the usual one.
///
/// The usual request (`scenarios/world.toml`, `Request::default`) is a caller
/// `www-data` that asks, from `/` and with nothing but `PATH`, for the bundle
/// `alice/web` as `alice:alice`; every target has to express that much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// A target user by a name that exists.
    TargetUserName,
    /// A target user by an exact decimal number.
    TargetUserNumber,
    /// A target user in another form: unknown, empty, with sign or blanks,
    /// too large, or a number that is also somebody's name.
    TargetUserForm,
    /// A target group by a name that exists.
    TargetGroupName,
    /// A target group by an exact decimal number.
    TargetGroupNumber,
    /// A target group in another form, as for users.
    TargetGroupForm,
    /// A target group that is not the target user's primary one.
    TargetGroupOther,
    /// A bundle reference that is absolute, empty, or holds `.` or `..`.
    BundleForm,
    /// Init and arguments in the request rather than in the configuration.
    Init,
    /// The launcher's whole argument vector.
    ArgumentVector,
    /// A caller other than the front service.
    Caller,
    /// Supplementary groups of the caller.
    CallerGroups,
    /// Environment of the caller.
    CallerEnvironment,
    /// Descriptors that the caller leaves open.
    Descriptors,
    /// Resource limits of the caller.
    Limits,
    /// umask of the caller.
    Umask,
    /// Blocked or ignored signals of the caller.
    Signals,
    /// Working directory of the caller.
    WorkingDirectory,
    /// Controlling terminal of the caller.
    Terminal,
    /// Steps of a neighbour between check and use.
    Between,
    /// A configuration file that is missing, is no JSON, or whose kind,
    /// owner, mode or place differ from the usual.
    ConfigurationFile,
    /// `process.user.additionalGids`.
    AdditionalGroups,
    /// `process.args`.
    ConfiguredInit,
    /// `process.env`.
    ConfiguredEnvironment,
    /// `process.cwd`.
    ConfiguredDirectory,
    /// `process.terminal`.
    ConfiguredTerminal,
    /// `process.noNewPrivileges` absent or false.
    NewPrivileges,
    /// `process.capabilities`.
    Capabilities,
    /// `process.rlimits`.
    Rlimits,
    /// `root`: another path, or read-only.
    Root,
    /// `mounts`.
    Mounts,
    /// `hooks`.
    Hooks,
    /// `linux.namespaces` other than the usual six.
    Namespaces,
    /// `linux.devices`.
    Devices,
    /// `linux.uidMappings`, `linux.gidMappings`.
    Mappings,
    /// Anything else in the configuration.
    ConfigurationRest,
}

impl Part {
    /// Every part, in the order of listings.
    pub const ALL: [Self; 36] = [
        Self::TargetUserName,
        Self::TargetUserNumber,
        Self::TargetUserForm,
        Self::TargetGroupName,
        Self::TargetGroupNumber,
        Self::TargetGroupForm,
        Self::TargetGroupOther,
        Self::BundleForm,
        Self::Init,
        Self::ArgumentVector,
        Self::Caller,
        Self::CallerGroups,
        Self::CallerEnvironment,
        Self::Descriptors,
        Self::Limits,
        Self::Umask,
        Self::Signals,
        Self::WorkingDirectory,
        Self::Terminal,
        Self::Between,
        Self::ConfigurationFile,
        Self::AdditionalGroups,
        Self::ConfiguredInit,
        Self::ConfiguredEnvironment,
        Self::ConfiguredDirectory,
        Self::ConfiguredTerminal,
        Self::NewPrivileges,
        Self::Capabilities,
        Self::Rlimits,
        Self::Root,
        Self::Mounts,
        Self::Hooks,
        Self::Namespaces,
        Self::Devices,
        Self::Mappings,
        Self::ConfigurationRest,
    ];

    /// The parts that are inherited state of the calling process; a launcher
    /// that is simply started has them all.
    pub const INHERITED: [Self; 7] = [
        Self::CallerEnvironment,
        Self::Descriptors,
        Self::Limits,
        Self::Umask,
        Self::Signals,
        Self::WorkingDirectory,
        Self::Terminal,
    ];

    /// The parts of the bundle's configuration.
    pub const CONFIGURATION: [Self; 16] = [
        Self::ConfigurationFile,
        Self::AdditionalGroups,
        Self::ConfiguredInit,
        Self::ConfiguredEnvironment,
        Self::ConfiguredDirectory,
        Self::ConfiguredTerminal,
        Self::NewPrivileges,
        Self::Capabilities,
        Self::Rlimits,
        Self::Root,
        Self::Mounts,
        Self::Hooks,
        Self::Namespaces,
        Self::Devices,
        Self::Mappings,
        Self::ConfigurationRest,
    ];

    /// The word in result files and listings.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::TargetUserName => "target-user-name",
            Self::TargetUserNumber => "target-user-number",
            Self::TargetUserForm => "target-user-form",
            Self::TargetGroupName => "target-group-name",
            Self::TargetGroupNumber => "target-group-number",
            Self::TargetGroupForm => "target-group-form",
            Self::TargetGroupOther => "target-group-other",
            Self::BundleForm => "bundle-form",
            Self::Init => "init",
            Self::ArgumentVector => "argument-vector",
            Self::Caller => "caller",
            Self::CallerGroups => "caller-groups",
            Self::CallerEnvironment => "caller-environment",
            Self::Descriptors => "descriptors",
            Self::Limits => "limits",
            Self::Umask => "umask",
            Self::Signals => "signals",
            Self::WorkingDirectory => "working-directory",
            Self::Terminal => "terminal",
            Self::Between => "between",
            Self::ConfigurationFile => "configuration-file",
            Self::AdditionalGroups => "additional-groups",
            Self::ConfiguredInit => "configured-init",
            Self::ConfiguredEnvironment => "configured-environment",
            Self::ConfiguredDirectory => "configured-directory",
            Self::ConfiguredTerminal => "configured-terminal",
            Self::NewPrivileges => "new-privileges",
            Self::Capabilities => "capabilities",
            Self::Rlimits => "rlimits",
            Self::Root => "root",
            Self::Mounts => "mounts",
            Self::Hooks => "hooks",
            Self::Namespaces => "namespaces",
            Self::Devices => "devices",
            Self::Mappings => "mappings",
            Self::ConfigurationRest => "configuration-rest",
        }
    }

    /// What it is, in a few words, for listings.
    #[must_use]
    pub fn what(self) -> &'static str {
        match self {
            Self::TargetUserName => "target user by name",
            Self::TargetUserNumber => "target user by exact number",
            Self::TargetUserForm => "target user unknown, inexact or ambiguous",
            Self::TargetGroupName => "target group by name",
            Self::TargetGroupNumber => "target group by exact number",
            Self::TargetGroupForm => "target group unknown, inexact or ambiguous",
            Self::TargetGroupOther => "target group that is not the user's primary one",
            Self::BundleForm => "bundle absolute, empty, or with `.` or `..`",
            Self::Init => "init and arguments in the request",
            Self::ArgumentVector => "the reference launcher's whole argument vector",
            Self::Caller => "a caller other than the front service",
            Self::CallerGroups => "supplementary groups of the caller",
            Self::CallerEnvironment => "environment of the caller",
            Self::Descriptors => "open descriptors of the caller",
            Self::Limits => "resource limits of the caller",
            Self::Umask => "umask of the caller",
            Self::Signals => "blocked or ignored signals of the caller",
            Self::WorkingDirectory => "working directory of the caller",
            Self::Terminal => "controlling terminal of the caller",
            Self::Between => "steps of a neighbour between check and use",
            Self::ConfigurationFile => "kind, place, owner and mode of config.json",
            Self::AdditionalGroups => "process.user.additionalGids",
            Self::ConfiguredInit => "process.args",
            Self::ConfiguredEnvironment => "process.env",
            Self::ConfiguredDirectory => "process.cwd",
            Self::ConfiguredTerminal => "process.terminal",
            Self::NewPrivileges => "process.noNewPrivileges absent or false",
            Self::Capabilities => "process.capabilities",
            Self::Rlimits => "process.rlimits",
            Self::Root => "root.path, root.readonly",
            Self::Mounts => "mounts",
            Self::Hooks => "hooks",
            Self::Namespaces => "linux.namespaces other than the usual six",
            Self::Devices => "linux.devices",
            Self::Mappings => "linux.uidMappings, linux.gidMappings",
            Self::ConfigurationRest => "anything else in config.json",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Whether a launcher's words can express a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expresses {
    /// They can.
    Yes,
    /// Some of what a request may say there, and which.
    Partly(&'static str),
    /// They cannot, and why.
    No(&'static str),
}

impl Expresses {
    /// `yes`, `partly` or `no`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::Partly(_) => "partly",
            Self::No(_) => "no",
        }
    }

    /// Which, or why not; empty for [`Expresses::Yes`].
    #[must_use]
    pub fn note(self) -> &'static str {
        match self {
            Self::Yes => "",
            Self::Partly(note) | Self::No(note) => note,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_part_is_listed_once_in_order_and_has_its_own_word() {
        assert!(
            Part::ALL.is_sorted(),
            "the order of ALL is that of the type"
        );
        let words: BTreeSet<_> = Part::ALL.iter().map(|part| part.word()).collect();
        assert_eq!(words.len(), Part::ALL.len());
        // The last variant has the highest number: none is missing from ALL.
        assert_eq!(Part::ConfigurationRest as usize + 1, Part::ALL.len());
    }
}
