//! What a scenario file says. Every field has its meaning here; `sekisho
//! scenarios explain` and the JSON Schema are made from these comments.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use sekisho_trial::{OpenFile, Precondition, Step};
use serde::{Deserialize, Serialize};

use crate::predicate::Predicate;
use crate::text::Text;

/// One scenario: a fixture, a request and a witness.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Scenario {
    /// Kebab-case name, equal to the file name without `.toml`.
    pub id: String,
    /// One line for tables.
    pub title: String,
    /// Attack or legitimate use.
    pub kind: Kind,
    /// Who controls the request; only for malicious scenarios.
    pub attacker: Option<Attacker>,
    /// The talk's problem class, 1 escape, 2 reaching outside, 3 overreach
    /// inside, 4 unintended start; only for malicious scenarios.
    #[schemars(range(min = 1, max = 4))]
    pub problem: Option<u8>,
    /// Family for grouping, e.g. `bad-id`, `path-traversal`.
    pub family: String,
    /// Why this case matters, in a few sentences.
    pub why: String,
    /// CVE ids whose mechanism this is, at request level: the behaviour that
    /// makes it work and the one that fixes it are both shown.
    #[serde(default)]
    pub reproduces: Vec<String>,
    /// What it has to do with: CVE ids, papers, manual pages.
    #[serde(default)]
    pub related: Vec<String>,
    /// The legitimate scenario (`id` or `id/case`) in whose world a malicious
    /// one begins, with its request; only `mistake`, `acts` and, where the
    /// attacker writes it, `request` change that.
    pub twin: Option<String>,
    /// The underlying fact: one gain and one minimal fix, the unit of every
    /// rate; only for malicious scenarios.
    pub technique: Option<String>,
    /// What the attacker has afterwards and had not before.
    pub gain: Option<Gain>,
    /// The minimal fix that takes the gain away, in a few words.
    pub fix: Option<String>,
    /// Who writes `config.json`.
    pub ownership: Option<Ownership>,
    /// What somebody with the right to do so did wrong, before the acts.
    #[serde(default)]
    pub mistake: Vec<Act>,
    /// What the attacker does, with his own ids and no capabilities.
    #[serde(default)]
    pub acts: Vec<Act>,
    /// What the arena must offer; otherwise the trial is skipped with the
    /// reason.
    #[serde(default)]
    pub requires: Vec<Precondition>,
    /// What lies in the arena beyond the standard world.
    #[serde(default)]
    pub fixture: Fixture,
    /// The start request.
    #[serde(default)]
    pub request: Request,
    /// The effect that proves it.
    pub witness: Witness,
    /// Rules each of which alone stops the attack (refuses it or removes its
    /// effect) when references are resolved by descriptor; only for malicious
    /// scenarios. Checked: exactly these, or the corpus is wrong.
    #[serde(default)]
    pub stopped_by: Vec<String>,
    /// The same when resolved by path, where that differs.
    pub stopped_by_path: Option<Vec<String>>,
    /// Rules each of which alone breaks the start; only for legitimate
    /// scenarios. Checked like `stopped-by`.
    #[serde(default)]
    pub broken_by: Vec<String>,
    /// The same when resolved by path, where that differs.
    pub broken_by_path: Option<Vec<String>>,
    /// Why the attack is expected not to succeed even with no rule on (the
    /// kernel or the launcher's grammar stops it). Checked.
    pub not_demonstrated: Option<String>,
    /// The same when resolved by path, where that differs; empty when it
    /// succeeds there.
    pub not_demonstrated_path: Option<String>,
    /// Whether the outcome may vary between runs.
    #[serde(default)]
    pub race: bool,
}

impl Scenario {
    /// Whether what is asked for is the attacker's: a client's or a front
    /// service's, what the front service makes of what anybody sends it, or that of
    /// a local user who calls the launcher himself.
    #[must_use]
    pub fn attacker_writes_request(&self) -> bool {
        let caller = &self.request.caller;
        let calls_himself = || self.acts.iter().any(|act| act.by == *caller);
        let through_front = || {
            let mut mistakes = self.mistake.iter();
            mistakes.any(|act| act.mapping.is_some() && act.by == *caller)
        };
        match self.attacker {
            Some(Attacker::Client | Attacker::Front) => true,
            Some(Attacker::Tenant | Attacker::Neighbour) => calls_himself() || through_front(),
            None => false,
        }
    }
}

/// Attack or legitimate use.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Must keep working.
    Legitimate,
    /// Must be stopped.
    Malicious,
}

/// Who controls what of a request.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Attacker {
    /// What a front service derives from an HTTP request.
    Client,
    /// The whole request: the front service is taken over, or an operator's
    /// mistake lets anything through.
    Front,
    /// Own files: bundle, rootfs, configuration.
    Tenant,
    /// Another local uid on the same host.
    Neighbour,
}

/// What an attacker has gained.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Gain {
    /// Code of his runs as the host's root.
    RootOnHost,
    /// Code of his runs with another user's ids.
    CodeAsOtherUser,
    /// What he asks for is started as a user of his choice.
    CodeAsTargetChosenByAttacker,
    /// Ids, groups or capabilities that his processes may not have.
    IdsOrGroups,
    /// Reads what he may not read.
    ReadProtected,
    /// Writes what he may not write.
    WriteProtected,
    /// Reaches processes of the host.
    ReachHostProcess,
    /// Reaches networks or sockets that he may not reach.
    ReachNetwork,
    /// His processes outlive their start, or escape its limits.
    OutliveOrEvadeControl,
    /// Others are denied a service.
    DenyService,
}

/// Who writes `config.json`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Ownership {
    /// Root writes it, for the tenant.
    Platform,
    /// The tenant writes it himself.
    Tenant,
}

/// Something that one principal does to the files of the host, with his own
/// uid, gid and groups and, unless he is root, without capabilities. Files and
/// bundles are made or changed first, in the order of their paths, then the
/// steps are taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Act {
    /// Who does it: a user of the world.
    pub by: String,
    /// When; before the request.
    #[serde(default)]
    pub when: When,
    /// Files that are made or changed. What is made belongs to who makes it;
    /// a regular file that is there is written in place; another kind of file
    /// comes in the place of what is removed.
    #[serde(default)]
    pub files: BTreeMap<String, File>,
    /// Bundles that are made, and changes to bundles of the twin's world
    /// (merged over what they say there).
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Bundle>")]
    pub bundles: BTreeMap<String, toml::Table>,
    /// Further steps.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// Only of a mistake: how the request comes to be another than the twin's, in
    /// words: how the front service derives it from what a client sends, or what
    /// the caller leaves open. The scenario's `request` is what comes of it.
    pub mapping: Option<String>,
}

/// When an act comes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// Before the request.
    #[default]
    Before,
    /// Between the launcher's check and its use of what it checked.
    Between,
}

/// What lies in the arena beyond the standard world (`scenarios/world.toml`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Fixture {
    /// More users by name.
    #[serde(default)]
    pub users: BTreeMap<String, User>,
    /// More groups by name.
    #[serde(default)]
    pub groups: BTreeMap<String, Group>,
    /// Bundles by path, relative to the base or absolute. `alice/web` is
    /// always there with the defaults of [`Bundle`]; naming it changes it.
    #[serde(default)]
    pub bundles: BTreeMap<String, Bundle>,
    /// Files by absolute path on the arena's host, made after the bundles; for
    /// a path that a bundle already made, only the given fields change.
    /// `{bundle}` and `{rootfs}` stand for those of `alice/web`.
    #[serde(default)]
    pub files: BTreeMap<String, File>,
    /// More places where the probe tries a canary: path (as the init sees it,
    /// absolute or relative) to name of the canary file of the world. Each
    /// canary file is tried at its own path anyway, and the report calls that
    /// `<name>`; it calls a place given here `<name>@<path>`, which in a JSON
    /// pointer has each `/` written as `~1`:
    /// `/canaries/root-file@..~1root~1canary/read`.
    #[serde(default)]
    pub look: BTreeMap<String, String>,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct User {
    /// uid.
    pub uid: u32,
    /// Primary gid; the uid when absent, with a group of the user's name.
    pub gid: Option<u32>,
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Group {
    /// gid.
    pub gid: u32,
    /// Members by name.
    #[serde(default)]
    pub members: Vec<String>,
}

/// An OCI bundle: directory, `config.json`, `rootfs` with the probe as init.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Bundle {
    /// Owner of directory, rootfs and init as `user:group`; `alice:alice`.
    pub owner: Option<String>,
    /// Mode of the bundle directory; `0755`.
    pub mode: Option<String>,
    /// Owner of the rootfs directory when it differs from the bundle's.
    pub rootfs_owner: Option<String>,
    /// Mode of the rootfs directory; `0755`.
    pub rootfs_mode: Option<String>,
    /// Owner of the init when it differs from the bundle's.
    pub init_owner: Option<String>,
    /// Mode of the init; `0755`.
    pub init_mode: Option<String>,
    /// Path of the init in the rootfs; `/app/server`.
    pub init: Option<String>,
    /// Owner of `config.json`; `root:root`.
    pub config_owner: Option<String>,
    /// Mode of `config.json`; `0644`.
    pub config_mode: Option<String>,
    /// Merged over the default configuration (RFC 7396).
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub config: toml::Table,
    /// JSON pointers that are taken out of the configuration.
    #[serde(default)]
    pub config_remove: Vec<String>,
    /// The whole text of `config.json` instead, for broken ones.
    pub config_text: Option<Text>,
    /// Nothing is put into the rootfs but the sheet: no init.
    #[serde(default)]
    pub empty: bool,
}

/// A file, or changes to one that a bundle made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct File {
    /// What it is; may be left out when only attributes change.
    pub kind: Option<FileKind>,
    /// `user:group`, names or numbers; `root:root`. Applied to symbolic links
    /// too; a hard link has what its file has.
    pub owner: Option<String>,
    /// Octal mode; 0755 for directories and the probe, 0444 for sheets, 0644
    /// otherwise.
    pub mode: Option<String>,
    /// Content of `text`.
    pub text: Option<Text>,
    /// Where a link leads.
    pub to: Option<String>,
    /// `c 1:3` or `b 7:0` for a device.
    pub device: Option<String>,
    /// File capabilities, permitted and effective, e.g. `["CAP_NET_RAW"]`.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// Extra POSIX ACL entries, e.g. `["user:bob:rw"]`; also `group:…` and
    /// `mask::…`.
    #[serde(default)]
    pub acl: Vec<String>,
}

/// Kinds of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// The static witness.
    Probe,
    /// A shared object that runs `/probe` when it is loaded.
    Preload,
    /// The trial's sheet, which the probe needs in every root.
    Sheet,
    /// Given text.
    Text,
    /// Directory.
    Directory,
    /// Symbolic link.
    Symlink,
    /// Hard link.
    Hardlink,
    /// FIFO.
    Fifo,
    /// Device node.
    Device,
    /// Not there, although a bundle would make it.
    Absent,
}

/// The start request: everything that the caller controls or hands over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Request {
    /// Real user of the caller, name or number; `www-data`.
    pub caller: String,
    /// Real group of the caller; the user's primary group.
    pub caller_group: Option<String>,
    /// Supplementary groups of the caller; none.
    pub caller_groups: Vec<String>,
    /// `TARGET_USER`; `alice`.
    pub target_user: Text,
    /// `TARGET_GROUP`; `alice`.
    pub target_group: Text,
    /// `BUNDLE`; `alice/web`.
    pub bundle: Text,
    /// `INIT ARGS…`; none, so the configuration's.
    pub init: Vec<Text>,
    /// The whole argument vector instead, `argv[0]` included.
    pub arguments: Option<Vec<Text>>,
    /// Environment, `NAME=value` each; only `PATH`.
    pub environment: Vec<Text>,
    /// Descriptors that stay open above 2.
    pub descriptors: Vec<OpenFile>,
    /// Resource limits, soft and hard, by lower-case name: numbers or
    /// `"unlimited"`.
    pub limits: BTreeMap<String, [Amount; 2]>,
    /// umask, octal; `0022`.
    pub umask: String,
    /// Blocked signals by name.
    pub blocked_signals: Vec<String>,
    /// Ignored signals by name.
    pub ignored_signals: Vec<String>,
    /// Working directory, absolute; `/`. Here, in descriptors, steps and the
    /// witness's files too, `{bundle}` and `{rootfs}` stand for those of
    /// `alice/web`.
    pub working_directory: String,
    /// The caller has a controlling terminal, which is also descriptors 0–2.
    pub terminal: bool,
}

impl Default for Request {
    fn default() -> Self {
        let text = |text: &str| Text::Plain(text.to_owned());
        Self {
            caller: "www-data".to_owned(),
            caller_group: None,
            caller_groups: Vec::new(),
            target_user: text("alice"),
            target_group: text("alice"),
            bundle: text("alice/web"),
            init: Vec::new(),
            arguments: None,
            environment: vec![text("PATH=/usr/local/bin:/usr/bin:/bin")],
            descriptors: Vec::new(),
            limits: BTreeMap::new(),
            umask: "0022".to_owned(),
            blocked_signals: Vec::new(),
            ignored_signals: Vec::new(),
            working_directory: "/".to_owned(),
            terminal: false,
        }
    }
}

/// One end of a resource limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a number or \"unlimited\"")]
pub enum Amount {
    /// That many.
    Number(u64),
    /// No limit.
    Word(Unlimited),
}

/// The word for no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unlimited {
    /// `RLIM_INFINITY`.
    Unlimited,
}

impl Amount {
    /// The number, [`u64::MAX`] (`RLIM_INFINITY`) for no limit.
    #[must_use]
    pub fn value(self) -> u64 {
        match self {
            Self::Number(number) => number,
            Self::Word(Unlimited::Unlimited) => u64::MAX,
        }
    }
}

/// The effect that proves an attack succeeded or a legitimate start works.
/// All parts must hold; predicates must hold together in one report.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Witness {
    /// How the reporting probe came to run: `init`, `hook`, `preload`,
    /// `script` …; any when absent.
    pub via: Option<String>,
    /// Predicates over one report of the probe.
    #[serde(default)]
    pub all: Vec<Predicate>,
    /// What lies on the arena's host afterwards.
    #[serde(default)]
    pub files: Vec<FileWitness>,
    /// Mounts that are in the host's own mount namespace afterwards.
    #[serde(default)]
    pub host_mounts: Vec<HostMount>,
    /// The exit status that the caller sees.
    pub status: Option<i32>,
}

/// A mount that a start left on the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct HostMount {
    /// Where on the host: absolute path.
    pub at: String,
}

/// A file on the arena's host after the trial, seen by the arena itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FileWitness {
    /// Absolute path.
    pub path: String,
    /// Whether it must exist; true when absent.
    pub exists: Option<bool>,
    /// Owner uid that it must have.
    pub uid: Option<u32>,
    /// Text that its content must hold.
    pub contains: Option<String>,
}
