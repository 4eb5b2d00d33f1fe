//! What a trial needs of its machine.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that the arena offers or not.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Precondition {
    /// The arena was made by root: its ids are the host's own.
    RootArena,
    /// Device nodes can be made.
    Mknod,
    /// A user namespace can be made inside the arena.
    UserNamespace,
    /// `fs.protected_symlinks` is 0.
    ProtectedSymlinksOff,
    /// `fs.protected_hardlinks` is 0.
    ProtectedHardlinksOff,
    /// POSIX ACLs work on the arena's filesystem.
    AccessLists,
    /// File capabilities work on the arena's filesystem.
    FileCapabilities,
    /// `/usr/bin/bash` is there.
    Bash,
    /// `/usr/bin/perl` is there.
    Perl,
    /// `/usr/bin/python3` is there.
    Python3,
}
