//! What needs a root of its own: the sheet, the canaries, the loader.

mod common;

use std::fs;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Output};

use common::{preload, probe, reports};
use sekisho_witness::{Canary, Reached, Sheet, Try};

/// Runs a script as root of a mount namespace of its own, where `$R` is the
/// new root; `None`, with the reason printed, where that is not possible.
fn in_root(root: &Path, script: &str) -> Option<Output> {
    let unshare = ["--user", "--map-root-user", "--mount"];
    let can = Command::new("unshare").args(unshare).arg("true").output();
    if !can.is_ok_and(|output| output.status.success()) {
        sekisho_skips::skipped("user and mount namespaces are not to be had here");
        return None;
    }
    let mut command = Command::new("unshare");
    command
        .args(unshare)
        .args(["/bin/sh", "-ec", script])
        .env("R", root);
    Some(command.output().expect("unshare runs"))
}

fn root() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a directory");
    fs::copy(probe(), root.path().join("probe")).expect("a copy");
    root
}

#[test]
fn the_sheet_is_read_and_its_canaries_are_tried() {
    let root = root();
    let path = |name: &str| root.path().join(name);
    fs::write(path("right"), "x canary:right:n1 x").expect("a file");
    fs::write(path("other-trial"), "canary:other-trial:n2").expect("a file");
    fs::write(path("plain"), "").expect("a file");
    let tcp = TcpListener::bind("127.0.0.1:0").expect("a port");
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = |listener: &TcpListener| listener.local_addr().expect("an address").port();
    let closed_port = port(&closed);
    drop(closed);
    let _unix = UnixListener::bind(path("socket")).expect("a socket");
    let mut sleeper = Command::new("sleep").arg("60").spawn().expect("sleep runs");
    let mut gone = Command::new("true").spawn().expect("true runs");
    gone.wait().expect("an end");
    let id = |child: &std::process::Child| i32::try_from(child.id()).expect("a small id");
    let tries = [
        (
            "right",
            Try::File("/right".into()),
            Reached {
                read: true,
                write: true,
                used: false,
            },
        ),
        (
            "other-trial",
            Try::File("/other-trial".into()),
            Reached {
                write: true,
                ..Reached::default()
            },
        ),
        ("absent", Try::File("/absent".into()), Reached::default()),
        (
            "port",
            Try::LoopbackPort(port(&tcp)),
            Reached {
                used: true,
                ..Reached::default()
            },
        ),
        (
            "closed-port",
            Try::LoopbackPort(closed_port),
            Reached::default(),
        ),
        (
            "socket",
            Try::UnixSocket("/socket".into()),
            Reached {
                used: true,
                ..Reached::default()
            },
        ),
        (
            "no-socket",
            Try::UnixSocket("@sekisho-nobody".into()),
            Reached::default(),
        ),
        (
            "process",
            Try::Process(id(&sleeper)),
            Reached {
                used: true,
                ..Reached::default()
            },
        ),
        ("gone", Try::Process(id(&gone)), Reached::default()),
        (
            "no-device",
            Try::Device("/plain".into()),
            Reached::default(),
        ),
    ];
    let sheet = Sheet {
        nonce: "n1".into(),
        place: "host".into(),
        canaries: tries
            .iter()
            .map(|(name, try_, _)| Canary {
                name: (*name).into(),
                try_: try_.clone(),
            })
            .collect(),
        ..Sheet::default()
    };
    let text = serde_json::to_string(&sheet).expect("JSON");
    fs::write(path(".sekisho-sheet"), text).expect("a sheet");
    let output = in_root(root.path(), "exec /usr/sbin/chroot $R /probe --via=hook");
    sleeper.kill().expect("a kill");
    sleeper.wait().expect("an end");
    let Some(output) = output else { return };
    let report = reports(&output)
        .pop()
        .unwrap_or_else(|| panic!("no report: {output:?}"));
    assert_eq!(
        (report.nonce.as_str(), report.place.as_str()),
        ("n1", "host")
    );
    assert_eq!(
        (report.via.as_str(), report.exe.as_str()),
        ("hook", "/probe")
    );
    assert!(report.descriptors.iter().all(|one| one.target == "?"));
    for (name, _, reached) in tries {
        assert_eq!(report.canaries[name], reached, "{name}");
    }
}

#[test]
fn namespaces_are_shared_only_with_the_same_inode_number() {
    let root = root();
    let Some(output) = in_root(
        root.path(),
        "mkdir $R/proc; mount --rbind /proc $R/proc
        n() { readlink /proc/self/ns/$1 | tr -dc 0-9; }
        echo '{\"nonce\":\"n\",\"place\":\"p\",\"canaries\":[],\"namespaces\":{\"mnt\":1,\"net\":'$(n net)'}}' \\
            >$R/.sekisho-sheet
        exec /usr/sbin/chroot $R /probe",
    ) else {
        return;
    };
    let report = reports(&output)
        .pop()
        .unwrap_or_else(|| panic!("no report: {output:?}"));
    assert_eq!(report.namespaces_shared, ["net"]);
}

#[test]
fn a_loader_runs_the_probe_once_and_then_the_program() {
    let root = root();
    fs::copy(preload(), root.path().join("preload.so")).expect("a copy");
    for variable in ["LD_PRELOAD", "LD_AUDIT"] {
        let script = format!(
            "cd $R; mkdir -p usr; mount --rbind /usr usr
            for d in bin lib lib64; do ln -sfn usr/$d $d; done
            exec /usr/sbin/chroot $R /usr/bin/env -i A=b {variable}=/preload.so C=d /bin/echo went on"
        );
        let Some(output) = in_root(root.path(), &script) else {
            return;
        };
        let all = reports(&output);
        assert_eq!(all.len(), 1, "{variable}: {output:?}");
        assert_eq!(all[0].via, "preload");
        assert_eq!(all[0].environment, ["A=b", "C=d"]);
        assert!(output.stdout.ends_with(b"\nwent on\n"), "{output:?}");
    }
}
