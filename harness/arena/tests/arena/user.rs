//! The tests once more as an ordinary user with subordinate ids, which exist
//! only in a mount namespace of its own: the host's files stay as they are.

use std::process::{Command, ExitCode};

use crate::equipment;

/// First argument of that run.
pub const AS_USER: &str = "--as-user";

const USER: u32 = 20_001;

/// Runs them; a skip with its reason where that is not possible.
pub fn run_again(filter: &str) -> ExitCode {
    for tool in ["newuidmap", "setpriv", "unshare"] {
        let found = ["/usr/bin", "/bin"]
            .iter()
            .any(|directory| std::path::Path::new(directory).join(tool).exists());
        if !found {
            let failed = crate::skip(&format!("user mode: {tool} is not installed"));
            return ExitCode::from(u8::from(failed));
        }
    }
    let directory = tempfile::tempdir().expect("a temporary directory");
    let range = directory.path().join("range");
    std::fs::write(&range, format!("{USER}:500000:65536\n")).expect("the range is written");
    let probe = directory.path().join("probe");
    std::fs::write(&probe, equipment::probe()).expect("the probe is written");
    let program = directory.path().join("arena");
    std::fs::copy("/proc/self/exe", &program).expect("this program is copied");
    // newuidmap asks for the user's name.
    let users = std::fs::read_to_string("/etc/passwd").expect("/etc/passwd is read");
    let users = format!("{users}sekisho-test:x:{USER}:{USER}::/nonexistent:/usr/sbin/nologin\n");
    let passwd = directory.path().join("passwd");
    std::fs::write(&passwd, users).expect("the users are written");
    for (path, mode) in [
        (directory.path(), 0o755),
        (&range, 0o644),
        (&probe, 0o644),
        (&passwd, 0o644),
    ] {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("chmod");
    }
    let script = "for name in subuid subgid passwd; do \
                    [ -e /etc/$name ] || exit 90; \
                    from=range; [ $name = passwd ] && from=passwd; \
                    mount --bind \"$0/$from\" /etc/$name || exit 90; \
                  done; \
                  user=$1; shift; \
                  exec setpriv --reuid=$user --regid=$user --clear-groups sh -c 'exec \"$0\" \"$@\"' \"$@\"";
    let status = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "sh", "-c", script])
        .arg(directory.path())
        .arg(USER.to_string())
        .arg(&program)
        .args([AS_USER, filter])
        .env("SEKISHO_PROBE", &probe)
        .status()
        .expect("unshare runs");
    match status.code() {
        Some(0) => ExitCode::SUCCESS,
        Some(90) => {
            let failed = crate::skip("user mode: no subordinate ids can be lent");
            ExitCode::from(u8::from(failed))
        }
        _ => ExitCode::FAILURE,
    }
}
