//! One request from the first instruction to the exit status.

use sekisho_sys::credentials;
use sekisho_sys::start::Start as Started;

use crate::config::Settings;
use crate::record::Log;
use crate::start::{Request, Start, Stop};

/// The settings cannot be used: a fault of who installed this, not a verdict.
const MISCONFIGURED: u8 = 2;

/// Becomes the program that was asked for, or gives the exit status
/// ([`crate::condition::CONDITIONS`]; 2 when the settings cannot be used).
/// Nothing in this process looks anything up in the environment.
#[must_use]
pub fn run(started: Started) -> u8 {
    let request = Request {
        words: started.arguments,
        environment: started.environment,
        uid: credentials::uids()[0],
        gid: credentials::gids()[0],
    };
    let settings = match Settings::load() {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("sekisho-suexec: {error}");
            return MISCONFIGURED;
        }
    };
    let mut log = Log::new(settings.log.clone());
    let stop = Start::new(&request, &settings, &mut log).attempt();
    finish(&stop, &settings, &mut log)
}

fn finish(stop: &Stop, settings: &Settings, log: &mut Log) -> u8 {
    match stop {
        Stop::Told => {
            eprint!("{}", told(settings));
            crate::Condition::SettingsTold.status()
        }
        Stop::NoLog(error) => no_log(error),
        Stop::At {
            condition,
            by,
            values,
        } => {
            let status = condition.status();
            if let Err(error) = log.write(condition.word(), Some(status), by, values) {
                return no_log(&error);
            }
            // The caller learns that, the log says why.
            eprintln!("sekisho-suexec: refused; the log {} says why", settings.log);
            status
        }
    }
}

fn no_log(error: &str) -> u8 {
    eprintln!("sekisho-suexec: cannot open the log {error}");
    crate::Condition::LogNotOpened.status()
}

fn told(settings: &Settings) -> String {
    format!(
        "mode = {}\ncallers = {}\nlog = {}\nhttpd-user = {}\nminimum-uid = {}\nminimum-gid = {}\npath = {}\n",
        settings.mode.word(),
        settings.callers,
        settings.log,
        settings.httpd_user,
        settings.minimum_uid,
        settings.minimum_gid,
        settings.path,
    )
}
