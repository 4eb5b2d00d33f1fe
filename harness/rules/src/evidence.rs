//! What a launcher observed about a start request.
//!
//! Evidence is gathered by launchers, through descriptors that they hold, and
//! only as far as the rules in force need it ([`crate::Needs`]). Each part is
//! [`Gathered`], so "not looked at", "could not be seen" and "seen" never mix.

use alloc::string::String;
use alloc::vec::Vec;

use crate::verdict::Cause;

/// One part of the evidence.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Gathered<T> {
    /// No rule in force needs it.
    #[default]
    NotGathered,
    /// Observed.
    Seen(T),
    /// Could not be observed, and why.
    Unobservable(Cause),
}

impl<T> Gathered<T> {
    /// The observed value, or why there is none.
    ///
    /// # Errors
    /// The cause for which a rule is undetermined.
    pub fn seen(&self) -> Result<&T, Cause> {
        match self {
            Self::Seen(value) => Ok(value),
            _ => Err(self.missing()),
        }
    }

    /// Why there is no value; apart, so that the usual way is one comparison.
    #[cold]
    #[inline(never)]
    fn missing(&self) -> Cause {
        match self {
            Self::Unobservable(cause) => cause.clone(),
            _ => Cause::NotGathered,
        }
    }
}

/// Everything observed about one request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evidence {
    /// The launcher's argument vector as received, `argv[0]` included.
    pub arguments: Gathered<Arguments>,
    /// Who asks.
    pub caller: Gathered<Caller>,
    /// How the requested target user was understood.
    pub target_user: Gathered<Identity>,
    /// How the requested target group was understood.
    pub target_group: Gathered<Identity>,
    /// Which groups the target user belongs to, and which were asked for.
    pub membership: Gathered<Membership>,
    /// The bundle reference and the directory it led to.
    pub bundle: Gathered<Place>,
    /// Links on the way from the base to the bundle.
    pub bundle_links: Gathered<Links>,
    /// Directories from the base (included) to the bundle's parent, outermost
    /// first; all ancestors up to `/` when the bundle is not beneath the base.
    pub bundle_ancestors: Gathered<Vec<File>>,
    /// Whether the target may enter the bundle directory.
    pub bundle_entry: Gathered<Entry>,
    /// `config.json` in the bundle.
    pub config_file: Gathered<File>,
    /// Links on the way from the bundle to `config.json`.
    pub config_links: Gathered<Links>,
    /// What the configuration asks for.
    pub requested: Gathered<Requested>,
    /// The root filesystem reference (`root.path`) and where it led to.
    pub rootfs: Gathered<Place>,
    /// Links on the way from the bundle to the rootfs.
    pub rootfs_links: Gathered<Links>,
    /// The init reference and what it led to inside the rootfs.
    pub init: Gathered<Init>,
    /// Whether the target may execute the init.
    pub init_access: Gathered<bool>,
    /// Whether the init carries `security.capability`.
    pub init_capabilities: Gathered<bool>,
    /// What the first bytes of the init say.
    pub init_format: Gathered<Format>,
    /// The `#!` interpreter of the init, if it has one.
    pub interpreter: Gathered<Option<File>>,
    /// POSIX ACLs that grant writing to somebody beyond owner and group.
    pub access_lists: Gathered<AccessLists>,
    /// The working directory (`process.cwd`) asked for.
    pub working_directory: Gathered<WorkingDirectory>,
    /// Environment handed over by the caller and by the configuration.
    pub environment: Gathered<Environment>,
    /// Open descriptors above 2 that the init would inherit.
    pub descriptors: Gathered<Vec<Descriptor>>,
    /// Supplementary groups that the launcher's process holds.
    pub groups_held: Gathered<Vec<u32>>,
    /// Process state inherited from the caller.
    pub state: Gathered<State>,
    /// Terminal and session inherited from the caller.
    pub terminal: Gathered<Terminal>,
    /// Credentials after privileges were dropped.
    pub dropped: Gathered<Dropped>,
}

/// The launcher's own argument vector.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Arguments {
    /// The words, `argv[0]` first; empty when the caller passed none.
    pub words: Vec<Vec<u8>>,
}

/// The process that asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Real uid.
    pub uid: u32,
    /// Real gid.
    pub gid: u32,
    /// Name in the user database, if the uid has an entry.
    pub name: Option<String>,
}

/// How a user or group reference was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The reference as given.
    pub text: Vec<u8>,
    /// How it was read.
    pub form: IdentityForm,
    /// The id that a start would use.
    pub id: u32,
    /// Name in the database for that id or name, if there is an entry.
    pub name: Option<String>,
}

/// How an identity reference was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityForm {
    /// It is a name in the database.
    Name,
    /// It is an exact decimal number: digits only, no superfluous leading
    /// zero, at most 4294967294.
    Exact,
    /// It is neither; the id is what C's `strtoul` followed by a cast to
    /// `uid_t` makes of it (0 for a text without leading digits).
    Inexact,
    /// The request has no such argument: the id comes from the configuration
    /// (user) or from the user's database entry (group).
    Absent,
}

/// Groups of the target user.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Membership {
    /// Primary group in the user database, if the user has an entry.
    pub primary: Option<u32>,
    /// Groups that list the user as a member.
    pub member_of: Vec<u32>,
    /// Target group asked for.
    pub target_group: u32,
    /// Additional groups asked for (`process.user.additionalGids`).
    pub additional: Vec<u32>,
}

/// What `stat` says about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Name for messages.
    pub name: String,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Permission bits including setuid, setgid and sticky (`mode & 0o7777`).
    pub mode: u32,
    /// File type.
    pub kind: FileKind,
    /// Number of hard links.
    pub links: u64,
}

/// File types of `stat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// Regular file.
    Regular,
    /// Directory.
    Directory,
    /// Symbolic link.
    Symlink,
    /// Anything else: FIFO, socket, device.
    Special,
}

impl File {
    /// Whether group or others may write (`mode & 0o022`).
    #[must_use]
    pub fn is_writable_by_others(&self) -> bool {
        self.mode & 0o022 != 0
    }
}

/// A reference to a directory and the directory it led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The reference as given.
    pub text: Vec<u8>,
    /// The directory opened through it.
    pub file: File,
    /// Whether the base is the directory itself's ancestor, compared by
    /// walking up from it, not by string.
    pub beneath_base: bool,
}

/// Links met while a reference was resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Links {
    /// A symbolic link was followed.
    pub symbolic: bool,
    /// A magic link (`/proc/<pid>/fd/<n>`, `/proc/<pid>/root` …) was followed.
    pub magic: bool,
}

/// Whether somebody may enter a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The directory.
    pub file: File,
    /// Whether the target may search it (and every directory on the way).
    pub allowed: bool,
}

/// The init reference and what it led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Init {
    /// The reference as given (`INIT` argument or `process.args[0]`).
    pub text: Vec<u8>,
    /// What it led to; `None` when there is nothing at that place.
    pub file: Option<File>,
}

/// What the first bytes of an executable say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// ELF.
    Elf,
    /// `#!` script.
    Script,
    /// Neither: the kernel answers ENOEXEC.
    Unrecognised,
}

/// POSIX ACLs that grant writing to a named user or group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AccessLists {
    /// On the bundle directory.
    pub bundle: bool,
    /// On the rootfs directory.
    pub rootfs: bool,
    /// On `config.json`.
    pub config: bool,
    /// On the init.
    pub init: bool,
}

/// The working directory asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkingDirectory {
    /// `process.cwd` as given.
    pub text: Vec<u8>,
    /// Links met on the way inside the rootfs.
    pub links: Links,
    /// Whether the target may enter it; `None` when it does not exist.
    pub enterable: Option<bool>,
}

/// Environment entries, each one `NAME=value` (or not even that).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Environment {
    /// From the caller's process.
    pub caller: Vec<Vec<u8>>,
    /// From `process.env`.
    pub config: Vec<Vec<u8>>,
}

/// An open descriptor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// Number, above 2.
    pub number: i32,
    /// What `/proc/self/fd` says it refers to.
    pub target: String,
}

/// Process state that passes from the caller to the init.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    /// umask, e.g. `0o022`.
    pub umask: u32,
    /// Blocked signals, bit `n - 1` for signal `n`.
    pub blocked: u64,
    /// Ignored signals, bit `n - 1` for signal `n`.
    pub ignored: u64,
    /// Soft and hard limits, [`u64::MAX`] for unlimited.
    pub limits: Vec<Limit>,
}

/// One resource limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// Name as in `getrlimit(2)`, without the prefix, in lower case: `nofile`.
    pub name: &'static str,
    /// Soft limit.
    pub soft: u64,
    /// Hard limit.
    pub hard: u64,
}

/// Terminal and session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Terminal {
    /// The process has a controlling terminal.
    pub controlling: bool,
}

/// What the configuration asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Requested {
    /// Union of all capability sets asked for, bit `n` for capability `n`.
    pub capabilities: u64,
    /// Mounts other than those a start always gets.
    pub mounts: Vec<MountRequest>,
    /// Programs that hooks would run.
    pub hooks: Vec<String>,
    /// Namespaces that would be shared with the host or joined by path.
    pub namespaces_shared: Vec<&'static str>,
    /// Device nodes to be made, as `path (type major:minor)`.
    pub devices: Vec<String>,
    /// Host ids that the user namespace would map, user and group.
    pub mappings: Vec<Mapping>,
    /// `process.noNewPrivileges`.
    pub no_new_privileges: bool,
}

/// One requested mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountRequest {
    /// Where in the rootfs.
    pub destination: String,
    /// Filesystem type; `bind` for binds.
    pub kind: String,
    /// Source; a host path for binds.
    pub source: String,
    /// Whether the options make it read-only.
    pub read_only: bool,
}

/// One range of a user-namespace mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mapping {
    /// First id inside.
    pub container: u32,
    /// First id on the host.
    pub host: u32,
    /// Number of ids.
    pub size: u32,
}

/// Credentials after the drop, read back from the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// Real, effective and saved uid, as host ids.
    pub uids: [u32; 3],
    /// Real, effective and saved gid, as host ids.
    pub gids: [u32; 3],
    /// uid that the request asked for.
    pub wanted_uid: u32,
    /// gid that the request asked for.
    pub wanted_gid: u32,
    /// Whether setting the uid back to 0 was refused.
    pub irrevocable: bool,
}
