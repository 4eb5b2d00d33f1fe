//! Real launchers on this machine: where they are, which version, and how
//! they come into the arena.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use sekisho_trial::{Content, PlannedFile};

/// Where programs of Debian packages lie; the same in the arena, which sees
/// the host's `/usr`.
const DIRECTORIES: [&str; 6] = [
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/bin",
    "/usr/lib/apache2",
    "/usr/libexec",
];

/// Top-level directories of the host that the arena sees as they are.
const SEEN: [&str; 6] = ["/usr/", "/bin/", "/sbin/", "/lib/", "/lib32/", "/lib64/"];

/// Path of a program by name.
pub(crate) fn program(name: &str) -> Option<String> {
    let paths = DIRECTORIES.iter().map(|place| format!("{place}/{name}"));
    paths.into_iter().find(|path| Path::new(path).is_file())
}

/// First line that a program says of itself.
///
/// # Errors
/// When it cannot be run or says nothing.
pub(crate) fn version(path: &str, arguments: &[&str]) -> Result<String, String> {
    let done = Command::new(path)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot run {path}: {error}"))?;
    let said = [done.stdout, done.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let line = said.lines().map(str::trim).find(|line| !line.is_empty());
    line.map(str::to_owned).ok_or_else(|| {
        format!(
            "{path} {} says no version ({})",
            arguments.join(" "),
            done.status
        )
    })
}

/// A program of a package, and its version: the first line that it says,
/// without `before`.
///
/// # Errors
/// When there is none or it says nothing.
pub(crate) fn packaged(
    name: &str,
    arguments: &[&str],
    before: &str,
) -> Result<crate::Found, String> {
    let path = program(name).ok_or_else(|| format!("no program {name} in /usr"))?;
    let said = version(&path, arguments)?;
    Ok(crate::Found {
        version: said.strip_prefix(before).unwrap_or(&said).to_owned(),
        path,
    })
}

/// Version of an installed Debian package: for launchers that say none.
///
/// # Errors
/// When dpkg does not know it.
pub(crate) fn package_version(package: &str) -> Result<String, String> {
    let arguments = ["--show", "--showformat=${Version}", package];
    version("/usr/bin/dpkg-query", &arguments)
}

/// Whether a program of the host can be copied into the arena.
///
/// # Errors
/// Why not.
pub(crate) fn readable(path: &str) -> Result<(), String> {
    match std::fs::File::open(path) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("cannot read {path}: {error}")),
    }
}

/// A copy of a program of the host, with its mode and with the owner that its
/// package gives it.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn copy(from: &str, to: &str, (uid, gid): (u32, u32)) -> io::Result<PlannedFile> {
    let mode = std::fs::metadata(from)?.permissions().mode() & 0o7777;
    let content = Content::Bytes(std::fs::read(from)?);
    Ok(PlannedFile {
        uid,
        gid,
        ..PlannedFile::of_root(to, mode, content)
    })
}

/// A symbolic link of root's in the arena.
pub(crate) fn link(path: &str, to: &str) -> PlannedFile {
    PlannedFile::of_root(path, 0o777, Content::Symlink(to.to_owned()))
}

/// Whether the arena sees this path of the host as it is.
pub(crate) fn is_seen(path: &str) -> bool {
    SEEN.iter().any(|place| path.starts_with(place))
}

/// A file of root's in the arena.
pub(crate) fn file(path: &str, mode: u32, bytes: impl Into<Vec<u8>>) -> PlannedFile {
    PlannedFile::of_root(path, mode, Content::Bytes(bytes.into()))
}

/// A directory of root's in the arena.
pub(crate) fn directory(path: &str, mode: u32) -> PlannedFile {
    PlannedFile::of_root(path, mode, Content::Directory)
}
