//! Hooks of the configuration, run as root on the host's side.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use sekisho_sys::fd::{AsFd, AsRawFd};

use sekisho_sys::{Result, clone, credentials, file, open, process, signals};
use serde_json::json;

use crate::config::Hook;
use crate::resolve::Bundle;
use crate::stop::Stop;

/// Runs every hook that comes before the init, in order; the first failure
/// ends the start. `init` is the init's process id on the host.
pub fn run(bundle: &Bundle, environment: &[Vec<u8>], init: i32) -> core::result::Result<(), Stop> {
    for hook in bundle.config.hooks.all() {
        let failed = |error: String| Stop::failed("hooks", format!("{}: {error}", hook.path));
        let ended = run_one(hook, bundle, environment, init);
        match ended.map_err(|error| failed(error.to_string()))? {
            Some(process::Ended::Status(0)) => {}
            Some(ended) => return Err(failed(format!("{ended:?}"))),
            None => return Err(failed("timeout".to_owned())),
        }
    }
    Ok(())
}

fn run_one(
    hook: &Hook,
    bundle: &Bundle,
    environment: &[Vec<u8>],
    init: i32,
) -> Result<Option<process::Ended>> {
    let bytes = |list: &[String]| list.iter().map(|word| word.as_bytes().to_vec()).collect();
    let argv: Vec<Vec<u8>> = match hook.args.as_slice() {
        [] => vec![hook.path.as_bytes().to_vec()],
        args => bytes(args),
    };
    let own: Option<Vec<Vec<u8>>> = hook.env.as_deref().map(bytes);
    let (input, state) = open::pipe()?;
    let Some(child) = clone::clone3(0)? else {
        let failed = || -> Result<core::convert::Infallible> {
            open::replace(input.as_raw_fd(), 0)?;
            credentials::set_gids(0, 0, 0)?;
            credentials::set_uids(0, 0, 0)?;
            file::change_directory_to(bundle.place.handle()?.as_raw_fd())?;
            signals::reset_all();
            signals::set_mask(0)?;
            let environment = own.as_deref().unwrap_or(environment);
            process::execute(hook.path.as_bytes(), &argv, environment)
        };
        let _ = failed();
        process::exit(127);
    };
    drop(input);
    let text = json!({
        "ociVersion": "1.0.2",
        "id": format!("sekisho-{init}"),
        "status": "creating",
        "pid": init,
        "bundle": String::from_utf8_lossy(&bundle.place.path),
    });
    // Shorter than a pipe holds, so this never blocks; a hook need not read.
    let _ = open::write_all(state.as_fd(), text.to_string().as_bytes());
    drop(state);
    let milliseconds = hook.timeout.map_or(-1, |seconds| {
        i32::try_from(seconds.saturating_mul(1000)).unwrap_or(i32::MAX)
    });
    if !process::wait_readable(child.fd.as_raw_fd(), milliseconds)? {
        process::pidfd_send_signal(child.fd.as_raw_fd(), signals::SIGKILL)?;
        process::wait(child.pid, true)?;
        return Ok(None);
    }
    process::wait(child.pid, true)
}
