//! Becoming the started program: everything between fork and exec.

use std::convert::Infallible;
use std::ffi::CString;
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use anyhow::{Context, Result, anyhow};
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::unistd::{Gid, Uid};
use sekisho_sys::{arena, limits, signals, terminal};
use sekisho_trial::{Access, Start};

/// What descriptors 0–2 of the program become.
#[derive(Debug)]
pub enum Standard<'a> {
    /// Nothing to read, and these two to write to.
    Pipes(BorrowedFd<'a>, BorrowedFd<'a>),
    /// This terminal, which becomes the controlling one.
    Terminal(BorrowedFd<'a>),
}

/// Becomes the program, or writes the reason why not to `failure`.
pub fn become_program(start: &Start, standard: &Standard, failure: &OwnedFd) -> ! {
    let highest = start
        .descriptors
        .iter()
        .map(|file| file.number)
        .fold(2, i32::max);
    // Out of the way of the numbers that the program gets.
    let failure = arena::duplicate_above(failure.as_fd(), highest + 1);
    let error = match become_it(start, standard, highest) {
        Ok(never) => match never {},
        Err(error) => error,
    };
    if let Ok(failure) = failure {
        // Nobody to tell when this fails too.
        let _ = File::from(failure).write_all(format!("{error:#}").as_bytes());
    }
    sekisho_sys::process::exit(255)
}

fn become_it(start: &Start, standard: &Standard, highest: i32) -> Result<Infallible> {
    // All that can fail for want of memory comes before the first change.
    let program = text(start.program.as_bytes())?;
    let arguments = texts(&start.arguments)?;
    let environment = texts(&start.environment)?;
    let groups: Vec<Gid> = start.groups.iter().map(|gid| Gid::from_raw(*gid)).collect();

    place_descriptors(start, standard, highest)?;
    for (name, soft, hard) in &start.limits {
        let number = limits::resource(name)
            .with_context(|| format!("no resource is called {name:?}; see getrlimit(2)"))?;
        limits::set(number, *soft, *hard)?;
    }
    nix::unistd::chdir(start.working_directory.as_str())
        .map_err(|errno| anyhow!("chdir({:?}): {errno:?}", start.working_directory))?;
    take_credentials(&groups, start.uid, start.gid)?;
    sekisho_sys::file::set_umask(start.umask);
    for signal in &start.ignored {
        signals::set_ignored(*signal, true)?;
    }
    let blocked = start
        .blocked
        .iter()
        .fold(0, |set, n| set | signals::bit(*n));
    signals::set_mask(blocked)?;
    nix::unistd::execve(&program, &arguments, &environment)
        .map_err(|errno| anyhow!("execve({:?}): {errno:?}", start.program))
}

/// Groups, gid and uid as a login would set them: without keeping
/// capabilities, so that the kernel judges the exec by the new ids alone.
///
/// # Errors
/// As the three calls.
pub fn take_credentials(groups: &[Gid], uid: u32, gid: u32) -> Result<()> {
    nix::unistd::setgroups(groups).map_err(|errno| anyhow!("setgroups({groups:?}): {errno:?}"))?;
    let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
    nix::unistd::setresgid(gid, gid, gid)
        .map_err(|errno| anyhow!("setresgid({gid}): {errno:?}"))?;
    nix::unistd::setresuid(uid, uid, uid).map_err(|errno| anyhow!("setresuid({uid}): {errno:?}"))
}

fn place_descriptors(start: &Start, standard: &Standard, highest: i32) -> Result<()> {
    let mut opened = Vec::new();
    for file in &start.descriptors {
        let access = match file.access {
            Access::Read => OFlag::O_RDONLY,
            Access::Write => OFlag::O_WRONLY,
            Access::ReadWrite => OFlag::O_RDWR,
            Access::Path => OFlag::O_PATH,
        };
        let flags = access | OFlag::O_CLOEXEC | OFlag::O_NOCTTY;
        let fd = open(file.path.as_str(), flags, Mode::empty())
            .map_err(|errno| anyhow!("open({:?}, {access:?}): {errno:?}", file.path))?;
        opened.push((
            file.number,
            arena::duplicate_above(fd.as_fd(), highest + 1)?,
        ));
    }
    match standard {
        Standard::Pipes(out, err) => {
            let (out, err) = (
                arena::duplicate_above(*out, highest + 1)?,
                arena::duplicate_above(*err, highest + 1)?,
            );
            let null = open(
                "/dev/null",
                OFlag::O_RDONLY | OFlag::O_CLOEXEC,
                Mode::empty(),
            )
            .map_err(|errno| anyhow!("open(\"/dev/null\"): {errno:?}"))?;
            arena::place_at(null.as_fd(), 0)?;
            arena::place_at(out.as_fd(), 1)?;
            arena::place_at(err.as_fd(), 2)?;
            // When it was opened as 0 it must stay open.
            if null.as_raw_fd() <= 2 {
                std::mem::forget(null);
            }
        }
        Standard::Terminal(end) => {
            let end = arena::duplicate_above(*end, highest + 1)?;
            terminal::new_session()?;
            terminal::take_as_controlling(end.as_raw_fd())?;
            for number in 0..=2 {
                arena::place_at(end.as_fd(), number)?;
            }
        }
    }
    for (number, fd) in &opened {
        arena::place_at(fd.as_fd(), *number)?;
    }
    // Closed at exec: dropping them here could close what was just placed.
    std::mem::forget(opened);
    Ok(())
}

fn texts(all: &[Vec<u8>]) -> Result<Vec<CString>> {
    all.iter().map(|one| text(one)).collect()
}

fn text(bytes: &[u8]) -> Result<CString> {
    CString::new(bytes).map_err(|_| {
        anyhow!(
            "{:?} holds a NUL byte, which no program can be given",
            String::from_utf8_lossy(bytes)
        )
    })
}
