//! Tries the things of the host that an init should not reach.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, Mode, OFlags, fstat, open};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, Ipv4Addr, SocketAddrAny, SocketAddrUnix, SocketAddrV4, SocketFlags, SocketType,
    connect, socket_with, sockopt::socket_error,
};
use rustix::process::{Pid, test_kill_process};
use sekisho_witness::{Reached, Sheet, Try};

use crate::io;

/// Most bytes of a file that are searched for the canary.
const SEARCHED: usize = 1 << 16;

/// Longest wait for a connection.
const PATIENCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 50_000_000,
};

/// Tries each canary of the sheet. Process numbers of the host mean nothing
/// when `foreign_pids`, so those canaries are not reached then.
pub fn try_all(sheet: &Sheet, foreign_pids: bool) -> BTreeMap<String, Reached> {
    let reach = |used| Reached {
        used,
        ..Reached::default()
    };
    sheet
        .canaries
        .iter()
        .map(|canary| {
            let reached = match &canary.try_ {
                Try::File(path) => file(path, &content(&canary.name, &sheet.nonce)),
                Try::UnixSocket(path) => reach(unix_socket(path)),
                Try::LoopbackPort(port) => reach(loopback_port(*port)),
                Try::Process(pid) => reach(!foreign_pids && process(*pid)),
                Try::Device(path) => reach(device(path)),
            };
            (canary.name.clone(), reached)
        })
        .collect()
}

/// What the file of a canary holds; `name@place` is the file `name` at
/// another place.
fn content(name: &str, nonce: &str) -> String {
    let name = name.split_once('@').map_or(name, |(name, _)| name);
    format!("canary:{name}:{nonce}")
}

fn file(path: &str, content: &str) -> Reached {
    let found = io::read(path.as_bytes(), SEARCHED).unwrap_or_default();
    let writable = open(path, OFlags::WRONLY | io::CAREFUL, Mode::empty());
    Reached {
        read: holds(&found, content.as_bytes()),
        write: writable.is_ok(),
        used: false,
    }
}

fn holds(text: &[u8], wanted: &[u8]) -> bool {
    !wanted.is_empty() && text.windows(wanted.len()).any(|window| window == wanted)
}

fn unix_socket(path: &str) -> bool {
    let address = match path.strip_prefix('@') {
        Some(name) => SocketAddrUnix::new_abstract_name(name.as_bytes()),
        None => SocketAddrUnix::new(path),
    };
    let Ok(address) = address.map(SocketAddrAny::from) else {
        return false;
    };
    [SocketType::STREAM, SocketType::SEQPACKET, SocketType::DGRAM]
        .into_iter()
        .any(|kind| connected(AddressFamily::UNIX, kind, &address))
}

fn loopback_port(port: u16) -> bool {
    let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
    connected(AddressFamily::INET, SocketType::STREAM, &address.into())
}

fn connected(family: AddressFamily, kind: SocketType, address: &SocketAddrAny) -> bool {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let Ok(socket) = socket_with(family, kind, flags, None) else {
        return false;
    };
    match connect(&socket, address) {
        Ok(()) => true,
        // A unix socket whose queue is full was reached all the same.
        Err(Errno::AGAIN) => family == AddressFamily::UNIX,
        Err(Errno::INPROGRESS) => {
            let mut polled = [PollFd::new(&socket, PollFlags::OUT)];
            matches!(poll(&mut polled, Some(&PATIENCE)), Ok(1..))
                && matches!(socket_error(&socket), Ok(Ok(())))
        }
        Err(_) => false,
    }
}

fn process(pid: i32) -> bool {
    // 0 and negative numbers mean groups of processes.
    let pid = (pid > 0).then(|| Pid::from_raw(pid)).flatten();
    pid.is_some_and(|pid| test_kill_process(pid).is_ok())
}

fn device(path: &str) -> bool {
    let Ok(opened) = open(path, OFlags::RDONLY | io::CAREFUL, Mode::empty()) else {
        return false;
    };
    // A plain file of that name is no device.
    fstat(&opened).is_ok_and(|stat| {
        let kind = FileType::from_raw_mode(stat.st_mode);
        kind.is_char_device() || kind.is_block_device()
    })
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use sekisho_witness::Canary;

    use super::*;

    #[test]
    fn only_this_trials_content_of_this_canary_counts() {
        let wanted = content("shadow", "n1");
        assert!(holds(b"root:x\ncanary:shadow:n1\n", wanted.as_bytes()));
        assert!(!holds(b"canary:shadow:n2", wanted.as_bytes()));
        assert!(!holds(b"canary:other:n1", wanted.as_bytes()));
        assert_eq!(content("shadow@/x/shadow", "n1"), wanted);
        assert!(!holds(b"", wanted.as_bytes()));
    }

    fn reached(try_: Try, foreign_pids: bool) -> Reached {
        let name = String::from("c");
        let canary = Canary {
            name: name.clone(),
            try_,
        };
        let sheet = Sheet {
            canaries: vec![canary],
            ..Sheet::default()
        };
        try_all(&sheet, foreign_pids)[&name]
    }

    #[test]
    fn a_process_number_of_another_namespace_reaches_nobody() {
        let own = i32::try_from(std::process::id()).expect("a small id");
        assert!(reached(Try::Process(own), false).used);
        assert!(!reached(Try::Process(own), true).used);
        assert!(!reached(Try::Process(0), false).used);
    }

    #[test]
    fn a_device_is_used_only_if_it_is_one() {
        assert!(reached(Try::Device("/dev/null".into()), false).used);
        assert!(!reached(Try::Device("/etc/passwd".into()), false).used);
    }
}
