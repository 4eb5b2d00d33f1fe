//! Configuration of setuid programs: files that only root can have written.

use alloc::format;
use alloc::string::String;

use crate::fd::{AsRawFd, OwnedFd, RawFd};
use crate::{file, open};

/// Reads files of one directory that only root can have written: they and every
/// directory above them belong to root and are not writable by group or others
/// (a sticky directory may be, since nobody else's entry can be replaced
/// there).
///
/// `dir` is absolute and without links. At most 64 KiB each.
///
/// # Errors
/// One line: the object and the remedy.
pub fn read<const COUNT: usize>(
    dir: &str,
    names: [&str; COUNT],
) -> Result<[String; COUNT], String> {
    const LIMIT: usize = 64 * 1024;
    const STRICT: u64 = open::RESOLVE_NO_SYMLINKS | open::RESOLVE_NO_MAGICLINKS;
    let enter = |from: RawFd, name: &str, walked: &str, flags: i32| {
        let opened = open::openat2(from, name.as_bytes(), flags, STRICT)
            .map_err(|error| format!("{walked}: {error}; it must be there, without links"))?;
        trusted(walked, &opened).map(|kind| (opened, kind))
    };
    let way = open::O_PATH | open::O_DIRECTORY;
    let (mut fd, _) = enter(open::AT_FDCWD, "/", "/", way)?;
    let mut walked = String::new();
    for name in dir.split('/').filter(|name| !name.is_empty()) {
        walked = format!("{walked}/{name}");
        (fd, _) = enter(fd.as_raw_fd(), name, &walked, way)?;
    }
    let mut texts = [const { String::new() }; COUNT];
    for (text, name) in texts.iter_mut().zip(names) {
        let path = format!("{walked}/{name}");
        let content = open::O_RDONLY | open::O_NONBLOCK;
        let (opened, kind) = enter(fd.as_raw_fd(), name, &path, content)?;
        if kind != file::S_IFREG {
            return Err(format!("{path}: not a regular file; write a plain one"));
        }
        let bytes = open::read_all(opened, LIMIT)
            .map_err(|error| format!("{path}: {error}; make it a small file"))?;
        *text =
            String::from_utf8(bytes).map_err(|_| format!("{path}: not UTF-8; write plain text"))?;
    }
    Ok(texts)
}

/// Gives the kind of the file, if only root can have written it.
fn trusted(path: &str, fd: &OwnedFd) -> Result<u32, String> {
    let stat = file::fstat(fd.as_raw_fd()).map_err(|error| format!("{path}: {error}"))?;
    let sticky = stat.kind() == file::S_IFDIR && stat.mode & 0o1000 != 0;
    if stat.uid != 0 {
        return Err(format!(
            "{path}: owned by uid {}; give it to root",
            stat.uid
        ));
    }
    if stat.mode & 0o022 != 0 && !sticky {
        return Err(format!(
            "{path}: mode {:04o}; take writing from group and others",
            stat.mode & 0o7777
        ));
    }
    Ok(stat.kind())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, chown, symlink};
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use super::*;

    /// A directory of the test's own with `etc/conf` in it.
    struct Place(PathBuf);

    impl Place {
        fn new(name: &str) -> Self {
            let own = format!("sekisho-trusted-{}-{name}", std::process::id());
            let place = Self(std::env::temp_dir().join(own));
            fs::create_dir_all(place.0.join("etc")).expect("made");
            fs::write(place.0.join("etc/conf"), "a = 1").expect("written");
            for (path, bits) in [("", 0o755), ("etc", 0o755), ("etc/conf", 0o644)] {
                mode(&place.0.join(path), bits);
            }
            place
        }

        fn read(&self) -> Result<[String; 1], String> {
            read(self.0.join("etc").to_str().expect("UTF-8"), ["conf"])
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn mode(path: &Path, bits: u32) {
        fs::set_permissions(path, Permissions::from_mode(bits)).expect("chmod");
    }

    #[test]
    fn only_what_nobody_but_root_can_have_written_is_read() {
        if !sekisho_skips::as_root() {
            return;
        }
        let usual = Place::new("usual");
        assert_eq!(usual.read(), Ok(["a = 1".to_owned()]));
        // Nobody's entry but one's own can be replaced in a sticky directory.
        mode(&usual.0, 0o1777);
        assert!(usual.read().is_ok());
        type Spoil = fn(&Path);
        let cases: [(&str, &str, Spoil); 10] = [
            ("parent-writable", "take writing", |at| mode(at, 0o775)),
            ("parent-owned", "give it to root", |at| {
                chown(at, Some(33), None).expect("chown");
            }),
            ("parent-link", "without links", |at| {
                fs::rename(at.join("etc"), at.join("real")).expect("moved");
                symlink("real", at.join("etc")).expect("link");
            }),
            ("file-writable", "take writing", |at| {
                mode(&at.join("etc/conf"), 0o664);
            }),
            ("file-owned", "give it to root", |at| {
                chown(at.join("etc/conf"), Some(33), None).expect("chown");
            }),
            ("file-link", "without links", |at| {
                fs::rename(at.join("etc/conf"), at.join("etc/real")).expect("moved");
                symlink("real", at.join("etc/conf")).expect("link");
            }),
            ("missing", "it must be there", |at| {
                fs::remove_file(at.join("etc/conf")).expect("removed");
            }),
            ("fifo", "regular file", |at| {
                let path = at.join("etc/conf");
                fs::remove_file(&path).expect("removed");
                let made = Command::new("mkfifo")
                    .args(["-m", "644"])
                    .arg(&path)
                    .status();
                assert!(made.expect("mkfifo").success());
            }),
            ("large", "small file", |at| {
                fs::write(at.join("etc/conf"), vec![b'#'; 64 * 1024 + 1]).expect("written");
            }),
            ("bytes", "not UTF-8", |at| {
                fs::write(at.join("etc/conf"), b"\xff").expect("written");
            }),
        ];
        for (name, remedy, spoil) in cases {
            let place = Place::new(name);
            spoil(&place.0);
            let error = place.read().expect_err(name);
            assert!(error.contains(remedy), "{name}: {error}");
        }
    }
}
