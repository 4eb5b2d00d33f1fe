//! The fork server's own process: waits for orders, starts, says how it ended.

use std::convert::Infallible;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;

use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sekisho_sys::arena::{Side, SingleThread, wait_any};
use sekisho_sys::{credentials, file, notify, open, process, signals};

use super::start::Start;

/// What the fork server says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// The listener will have this number in a moment, or [`Self::Failed`] follows.
    Ready(RawFd),
    /// Something could not be done.
    Failed(String),
    /// The started process ended, and everything that it left.
    Ended(process::Ended),
}

/// Longest order or answer.
const MOST: usize = 64 << 20;

/// Sends an order or an answer: its length, then itself.
pub(super) fn send(to: &mut UnixStream, bytes: &[u8]) -> Result<()> {
    let length = u32::try_from(bytes.len()).context("too long")?;
    let frame = [&length.to_le_bytes(), bytes].concat();
    to.write_all(&frame).context("write to the other side")
}

/// Takes one; `None` when the other side is gone.
pub(super) fn take(from: &mut UnixStream) -> Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    if from.read(&mut length[..1])? == 0 {
        return Ok(None);
    }
    from.read_exact(&mut length[1..])?;
    let length = u32::from_le_bytes(length) as usize;
    if length > MOST {
        bail!("{length} bytes");
    }
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes)?;
    Ok(Some(bytes))
}

impl Said {
    fn send(&self, to: &mut UnixStream) -> Result<()> {
        let (kind, rest) = match self {
            Self::Ready(number) => (b'r', number.to_le_bytes().to_vec()),
            Self::Failed(why) => (b'f', why.clone().into_bytes()),
            Self::Ended(process::Ended::Status(status)) => (b'e', status.to_le_bytes().to_vec()),
            Self::Ended(process::Ended::Signal(signal)) => (b's', signal.to_le_bytes().to_vec()),
        };
        send(to, &[&[kind], rest.as_slice()].concat())
    }

    pub(super) fn take(from: &mut UnixStream) -> Result<Option<Self>> {
        let Some(bytes) = take(from)? else {
            return Ok(None);
        };
        let (kind, rest) = bytes.split_first().context("nothing was said")?;
        let number = || <[u8; 4]>::try_from(rest).map(i32::from_le_bytes);
        Ok(Some(match kind {
            b'r' => Self::Ready(number()?),
            b'f' => Self::Failed(String::from_utf8_lossy(rest).into_owned()),
            b'e' => Self::Ended(process::Ended::Status(number()?)),
            b's' => Self::Ended(process::Ended::Signal(number()?)),
            other => bail!("{other:#x} was said"),
        }))
    }
}

/// Serves until the controller is gone. The process is the first of its pid
/// namespace.
pub(super) fn serve(
    single: &SingleThread,
    mut control: UnixStream,
    filtered: Option<&[u32]>,
    prepare: impl FnOnce() -> Result<()>,
) -> ! {
    let status = match work(single, &mut control, filtered, prepare) {
        Ok(()) => 0,
        Err(error) => {
            // Nobody listens any more: the end says enough.
            let _ = Said::Failed(format!("{error:#}")).send(&mut control);
            1
        }
    };
    process::exit(status)
}

fn work(
    single: &SingleThread,
    control: &mut UnixStream,
    filtered: Option<&[u32]>,
    prepare: impl FnOnce() -> Result<()>,
) -> Result<()> {
    // A controller that ended before this was set is seen as the end of orders.
    process::set_parent_death_signal(Signal::SIGKILL as i32)?;
    open::fill_standard_descriptors()?;
    prepare().context("prepare the fork server")?;
    // The listener gets the lowest number that is free, as this does.
    let number = open::duplicate(control.as_raw_fd(), 0)?.as_raw_fd();
    Said::Ready(number).send(control)?;
    let listener = notify::install(filtered)?;
    if listener.as_raw_fd() != number {
        bail!("the listener is {}, not {number}", listener.as_raw_fd());
    }
    // With the first order the controller has its own copy. Whoever started
    // something must not hold one: the listener has to end with the controller.
    let mut order = take(control)?;
    drop(listener);
    while let Some(bytes) = order {
        let start = Start::decode(&bytes).context("read an order")?;
        let ended = match single.fork(0, None)? {
            Side::Child => {
                let Err(error) = become_program(&start);
                let _ = Said::Failed(format!("{error:#}")).send(control);
                process::exit(127)
            }
            Side::Parent(pid) => wait_for(pid)?,
        };
        Said::Ended(ended).send(control)?;
        order = take(control)?;
    }
    Ok(())
}

fn become_program(start: &Start) -> Result<Infallible> {
    signals::reset_all();
    signals::set_mask(0)?;
    credentials::set_groups(&start.groups)?;
    credentials::set_gids(start.gid, start.gid, start.gid)?;
    credentials::set_uids(start.uid, start.uid, start.uid)?;
    file::change_directory(&start.directory)?;
    Ok(process::execute(
        &start.program,
        &start.arguments,
        &start.environment,
    )?)
}

/// Waits for one child; then ends all others of this pid namespace.
fn wait_for(pid: i32) -> Result<process::Ended> {
    let ended = loop {
        match wait_any(true)? {
            Some((found, ended)) if found == pid => break ended,
            _ => {}
        }
    };
    match kill(Pid::from_raw(-1), Signal::SIGKILL) {
        Ok(()) | Err(Errno::ESRCH) => {}
        Err(error) => return Err(error).context("kill what the start left"),
    }
    loop {
        match wait_any(true) {
            Ok(_) => {}
            Err(error) if error.errno == sekisho_sys::Errno::ECHILD => return Ok(ended),
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_what_is_heard() {
        let (mut one, mut other) = UnixStream::pair().expect("a pair");
        for said in [
            Said::Ready(7),
            Said::Failed("no".into()),
            Said::Ended(process::Ended::Status(42)),
            Said::Ended(process::Ended::Signal(9)),
        ] {
            said.send(&mut one).expect("sent");
            assert_eq!(Said::take(&mut other).expect("taken"), Some(said));
        }
        drop(one);
        assert_eq!(Said::take(&mut other).expect("the end"), None);
    }
}
