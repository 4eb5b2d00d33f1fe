//! The start request of a case with every name resolved.

use nix::sys::signal::Signal;
use sekisho_rules::policy::LIMIT_NAMES;

use crate::accounts::Accounts;
use crate::attributes::mode;
use crate::fault::{Fault, Within};
use crate::model::{Amount, Request};
use crate::nearest::did_you_mean;
use crate::text::Text;
use crate::tree::absolute;
use sekisho_trial::{Deed, OpenFile, Start, Step};

/// What the caller wants and hands over. Launchers express the first part
/// each in their own way; [`ResolvedRequest::to_start`] carries the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedRequest {
    /// Directory that `bundle` is relative to.
    pub base: String,
    /// Target user as written.
    pub target_user: Vec<u8>,
    /// Target group as written.
    pub target_group: Vec<u8>,
    /// Bundle as written, relative to the base or absolute.
    pub bundle: Vec<u8>,
    /// Init and its arguments; empty for the configuration's.
    pub init: Vec<Vec<u8>>,
    /// The whole argument vector instead of those four, `argv[0]` included.
    pub arguments: Option<Vec<Vec<u8>>>,
    /// Real uid of the caller.
    pub uid: u32,
    /// Real gid of the caller.
    pub gid: u32,
    /// Supplementary groups of the caller.
    pub groups: Vec<u32>,
    /// Environment of the caller.
    pub environment: Vec<Vec<u8>>,
    /// Descriptors that stay open.
    pub descriptors: Vec<OpenFile>,
    /// Limits by name, soft and hard, [`u64::MAX`] for unlimited.
    pub limits: Vec<(String, u64, u64)>,
    /// umask.
    pub umask: u32,
    /// Blocked signals by number.
    pub blocked: Vec<i32>,
    /// Ignored signals by number.
    pub ignored: Vec<i32>,
    /// Working directory.
    pub working_directory: String,
    /// With a controlling terminal.
    pub terminal: bool,
    /// What is done between check and use.
    pub between: Vec<Deed>,
}

impl ResolvedRequest {
    /// The start of a launcher that was given its program and arguments.
    #[must_use]
    pub fn to_start(&self, program: String, arguments: Vec<Vec<u8>>) -> Start {
        Start {
            program,
            arguments,
            environment: self.environment.clone(),
            uid: self.uid,
            gid: self.gid,
            groups: self.groups.clone(),
            descriptors: self.descriptors.clone(),
            limits: self.limits.clone(),
            umask: self.umask,
            blocked: self.blocked.clone(),
            ignored: self.ignored.clone(),
            working_directory: self.working_directory.clone(),
            terminal: self.terminal,
            between: self.between.clone(),
        }
    }

    /// The bundle's path on the arena's host as written: beneath the base
    /// unless it is absolute. `..` stays.
    #[must_use]
    pub fn bundle_on_host(&self) -> Vec<u8> {
        match self.bundle.starts_with(b"/") {
            true => self.bundle.clone(),
            false => [self.base.as_bytes(), b"/", &self.bundle].concat(),
        }
    }
}

/// Resolves every name; `place` fills in placeholders of paths.
pub(crate) fn resolve(
    base: &str,
    request: &Request,
    accounts: &Accounts,
    place: &dyn Fn(&str) -> String,
) -> Result<ResolvedRequest, Fault> {
    let gid = match &request.caller_group {
        Some(group) => accounts.gid(group).within("caller-group")?,
        None => accounts.primary(&request.caller).within("caller")?,
    };
    let uid = accounts.uid(&request.caller).within("caller")?;
    let group = |(index, text): (usize, &String)| {
        accounts
            .gid(text)
            .within(index.to_string())
            .within("caller-groups")
    };
    let groups = request.caller_groups.iter().enumerate().map(group);
    Ok(ResolvedRequest {
        base: base.to_owned(),
        target_user: one(&request.target_user).within("target-user")?,
        target_group: one(&request.target_group).within("target-group")?,
        bundle: one(&request.bundle).within("bundle")?,
        init: many(&request.init).within("init")?,
        arguments: match &request.arguments {
            Some(arguments) => Some(many(arguments).within("arguments")?),
            None => None,
        },
        uid,
        gid,
        groups: groups.collect::<Result<_, _>>()?,
        environment: many(&request.environment).within("environment")?,
        descriptors: descriptors(&request.descriptors, place).within("descriptors")?,
        limits: limits(request).within("limits")?,
        umask: mode(&request.umask)
            .and_then(|bits| match bits {
                0..=0o777 => Ok(bits),
                _ => Err(format!("`{}` is no umask: at most \"0777\"", request.umask)),
            })
            .within("umask")?,
        blocked: signals(&request.blocked_signals).within("blocked-signals")?,
        ignored: signals(&request.ignored_signals).within("ignored-signals")?,
        working_directory: directory(place(&request.working_directory))
            .within("working-directory")?,
        terminal: request.terminal,
        between: Vec::new(),
    })
}

/// execve(2) ends texts at NUL.
fn no_nul(text: Vec<u8>) -> Result<Vec<u8>, String> {
    match text.contains(&0) {
        true => Err("holds a NUL byte, which execve(2) cannot pass: leave it out".to_owned()),
        false => Ok(text),
    }
}

fn one(text: &Text) -> Result<Vec<u8>, String> {
    no_nul(text.one()?)
}

fn many(texts: &[Text]) -> Result<Vec<Vec<u8>>, Fault> {
    let mut all = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        for text in text.bytes().within(index.to_string())? {
            all.push(no_nul(text).within(index.to_string())?);
        }
    }
    Ok(all)
}

fn directory(path: String) -> Result<String, String> {
    if path != "/" {
        absolute(&path)?;
    }
    Ok(path)
}

fn descriptors(files: &[OpenFile], place: &dyn Fn(&str) -> String) -> Result<Vec<OpenFile>, Fault> {
    let mut all: Vec<OpenFile> = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let path = directory(place(&file.path)).within("path");
        let path = path.within(index.to_string())?;
        let number = file.number;
        // The kernel's usual hard limit of descriptors is far above.
        let message = match number {
            3..=1023 if all.iter().any(|other| other.number == number) => {
                Some(format!("descriptor {number} is there twice: keep one"))
            }
            3..=1023 => None,
            _ => Some(format!(
                "descriptor {number} is none that can be inherited: 3 to 1023"
            )),
        };
        if let Some(message) = message {
            return Err(Fault::new(message)
                .within("number")
                .within(index.to_string()));
        }
        all.push(OpenFile {
            path,
            ..file.clone()
        });
    }
    Ok(all)
}

fn limits(request: &Request) -> Result<Vec<(String, u64, u64)>, Fault> {
    let limit = |(name, [soft, hard]): (&String, &[Amount; 2])| {
        if !LIMIT_NAMES.contains(&name.as_str()) {
            let near = did_you_mean(name, LIMIT_NAMES);
            let names = LIMIT_NAMES.join(", ");
            return Err(Fault::new(format!(
                "unknown limit `{name}`{near}; limits are {names}"
            )));
        }
        let (soft, hard) = (soft.value(), hard.value());
        if soft > hard {
            let message = format!("the soft limit `{name}` is above the hard one: lower it");
            return Err(Fault::new(message).within(name));
        }
        Ok((name.clone(), soft, hard))
    };
    request.limits.iter().map(limit).collect()
}

fn signals(names: &[String]) -> Result<Vec<i32>, Fault> {
    let number = |(index, name): (usize, &String)| {
        let signal = name.parse::<Signal>().map_err(|_| {
            let known: Vec<_> = Signal::iterator().map(Signal::as_str).collect();
            let near = did_you_mean(name, known.iter().copied());
            let names = known.join(", ");
            format!("unknown signal `{name}`{near}; signals are {names}")
        });
        match signal.within(index.to_string())? {
            signal @ (Signal::SIGKILL | Signal::SIGSTOP) => {
                let message = format!("{signal} can be neither blocked nor ignored: remove it");
                Err(Fault::new(message).within(index.to_string()))
            }
            signal => Ok(signal as i32),
        }
    };
    names.iter().enumerate().map(number).collect()
}

pub(crate) fn steps(steps: &[Step], place: &dyn Fn(&str) -> String) -> Result<Vec<Step>, Fault> {
    let host = |path: &String| {
        let path = place(path);
        absolute(&path).map(|()| path)
    };
    let resolved = |step: &Step| -> Result<Step, String> {
        Ok(match step {
            Step::Exchange([a, b]) => Step::Exchange([host(a)?, host(b)?]),
            Step::Rename([a, b]) => Step::Rename([host(a)?, host(b)?]),
            // A link may lead anywhere.
            Step::Symlink([to, path]) => Step::Symlink([place(to), host(path)?]),
            Step::Remove(path) => Step::Remove(host(path)?),
            Step::Write([path, text]) => Step::Write([host(path)?, text.clone()]),
        })
    };
    let numbered = |(index, step): (usize, &Step)| resolved(step).within(index.to_string());
    steps.iter().enumerate().map(numbered).collect()
}
