//! From a decision to a running init: clone, isolation, hooks, drop, exec.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::mem::ManuallyDrop;

use sekisho_sys::fd::{AsRawFd, OwnedFd};

use sekisho_rules::evidence::Gathered;
use sekisho_rules::{Evidence, Policy, RuleSet, Sanitation};
use sekisho_sys::clone::{self, Child};
use sekisho_sys::process::{CLONE_NEWPID, CLONE_NEWTIME, CLONE_NEWUSER};
use sekisho_sys::{
    Errno, Error, credentials as ids, file, limits, open, process, signals, terminal,
};

use crate::ahead::Ahead;
use crate::channel::{Channel, LateVerdict, Message};
use crate::credentials::{self, Target};
use crate::inherited::Inherited;
use crate::isolate;
use crate::namespaces::{Namespaces, map_text};
use crate::phases::{Phase, Phases};
use crate::report::Reporter;
use crate::resolve::{Bundle, Located, Rootfs};
use crate::stop::{Stop, step};
use crate::{hooks, wait};

/// Everything that a start needs.
pub struct Plan<'a> {
    pub inherited: &'a Inherited,
    pub policy: &'a Policy,
    pub bundle: &'a Bundle,
    pub rootfs: Rootfs,
    pub namespaces: Namespaces,
    /// Those of them that were begun before the request was permitted.
    pub ahead: Ahead,
    pub target: Target<'a>,
    /// By descriptor: the init that was checked.
    pub init: Option<Located>,
    /// Paths to try when there is none.
    pub candidates: Vec<Vec<u8>>,
    pub argv: Vec<Vec<u8>>,
    pub environment: Vec<Vec<u8>>,
    /// By descriptor: the working directory, where it exists already.
    pub cwd: Option<OwnedFd>,
    pub sanitations: Vec<Sanitation>,
    /// Rules to evaluate after the drop, and those of them in force.
    pub late: RuleSet,
    pub late_enforced: RuleSet,
    /// Signals that the caller ignored, all where that is not known.
    pub ignored: u64,
    /// The stopwatch, which goes on in the child.
    pub phases: Phases,
}

impl Plan<'_> {
    fn does(&self, sanitation: Sanitation) -> bool {
        self.sanitations.contains(&sanitation)
    }
}

/// Starts the init and waits for it.
pub fn start(
    plan: Plan<'_>,
    reporter: &mut Reporter,
) -> core::result::Result<process::Ended, Stop> {
    // Never dropped here: on borrowed memory the child changes it, descriptors
    // of its own among it, and afterwards the launcher only waits.
    let mut plan = ManuallyDrop::new(plan);
    let ended = start_and_wait(&mut plan, reporter);
    plan.ahead.end();
    ended
}

fn start_and_wait(
    plan: &mut Plan<'_>,
    reporter: &mut Reporter,
) -> core::result::Result<process::Ended, Stop> {
    // Otherwise the child needs nobody on its way to exec: it can use this
    // process's memory while that stands still, which saves copying it, and
    // waking it for each step would cost more than the steps.
    // Not where the record waits for what the child finds out: it has to be
    // written before exec.
    let accompanied = plan.namespaces.makes(CLONE_NEWUSER | CLONE_NEWTIME)
        || plan.bundle.config.hooks.any()
        || reporter.has_to_record();
    for (kind, fd) in &plan.namespaces.joined {
        if *kind == CLONE_NEWPID {
            // Counts for children only, and only from the outside.
            process::setns(fd.as_raw_fd(), CLONE_NEWPID).map_err(step("namespaces"))?;
        }
    }
    let parent = process::pid();
    let made = plan.namespaces.made & !plan.ahead.kinds();
    let (child, mut ours) = if accompanied {
        let (ours, mut theirs) = Channel::pair().map_err(step("pipe"))?;
        let Some(child) = clone::clone3(made).map_err(step("clone"))? else {
            drop(ours);
            child(plan, &mut theirs, parent)
        };
        (child, ours)
    } else {
        let mut theirs = Channel::in_memory();
        let cloned = clone::clone3_until_exec(made, || child(plan, &mut theirs, parent));
        // The child is in them, or never will be.
        plan.ahead.release();
        (cloned.map_err(step("clone"))?, theirs.left())
    };
    let told = accompany(plan, &child, &mut ours, reporter);
    if let Err(stop) = told {
        // Gone already, or held up before exec: either way it must not run.
        let _ = process::pidfd_send_signal(child.fd.as_raw_fd(), signals::SIGKILL);
        let _ = process::wait(child.pid, true);
        return Err(stop);
    }
    // The caller may signal its launcher from now on: no privileged step is
    // left that it could interrupt.
    let _ = ids::set_uids(plan.inherited.uid, u32::MAX, u32::MAX);
    wait::wait(&child, plan.does(Sanitation::StartNewSession)).map_err(step("wait"))
}

/// The parent's part until the init is executed.
fn accompany(
    plan: &Plan<'_>,
    child: &Child,
    channel: &mut Channel,
    reporter: &mut Reporter,
) -> core::result::Result<(), Stop> {
    if plan.namespaces.makes(CLONE_NEWUSER) {
        map_ids(plan, child.pid)?;
    }
    channel.go().map_err(step("isolation"))?;
    loop {
        match channel.hear() {
            Some(Message::Isolated) => {
                hooks::run(plan.bundle, &plan.environment, child.pid)?;
                channel.go().map_err(step("isolation"))?;
            }
            Some(Message::Late { rule, verdict }) => {
                reporter.add(&rule, &verdict);
                if let Some(stop) = refusal(plan.late_enforced, rule, verdict) {
                    return Err(stop);
                }
            }
            Some(Message::Failed { step, error }) => return Err(Stop::Failed { step, error }),
            Some(Message::Phases(phases)) => reporter.phases = phases,
            Some(Message::Executing) => break,
            None => return Err(Stop::failed("init", "the process ended before exec")),
        }
    }
    reporter.record_decision(None).map_err(step("record"))?;
    channel.go().map_err(step("init"))?;
    // Exec closes the pipe, and ends the use of common memory; a failure of
    // exec is said first.
    match channel.hear() {
        None => Ok(()),
        Some(Message::Failed { step, error }) => Err(Stop::Failed { step, error }),
        Some(_) => Err(Stop::failed("init", "an unexpected message")),
    }
}

fn map_ids(plan: &Plan<'_>, pid: i32) -> core::result::Result<(), Stop> {
    let linux = &plan.bundle.config.linux;
    for (name, mappings) in [
        ("uid_map", &linux.uid_mappings),
        ("gid_map", &linux.gid_mappings),
    ] {
        let path = format!("/proc/{pid}/{name}");
        let written =
            open::openat2(open::AT_FDCWD, path.as_bytes(), open::O_WRONLY, 0).and_then(|fd| {
                open::write_all(
                    sekisho_sys::fd::AsFd::as_fd(&fd),
                    map_text(mappings).as_bytes(),
                )
            });
        written.map_err(|error| Stop::failed("mappings", format!("{name}: {error}")))?;
    }
    Ok(())
}

/// What a late verdict means, if its rule is in force.
fn refusal(enforced: RuleSet, rule: String, verdict: LateVerdict) -> Option<Stop> {
    if !RuleSet::one(&rule).is_some_and(|one| one.meets(enforced)) {
        return None;
    }
    match verdict {
        LateVerdict::Permit => None,
        LateVerdict::Deny { required, observed } => Some(Stop::Denied {
            rule,
            required,
            observed,
        }),
        LateVerdict::Undetermined { cause } => Some(Stop::Undetermined { rule, cause }),
    }
}

/// The child: ends in exec, or says why not.
fn child(plan: &mut Plan<'_>, channel: &mut Channel, parent: i32) -> ! {
    let stop = become_init(plan, channel, parent);
    let (step, error) = match stop {
        Stop::Failed { step, error } => (step, error),
        Stop::Unusable(text) | Stop::Misconfigured(text) => ("configuration".to_owned(), text),
        // Refusals after the drop were said by the rule itself.
        Stop::Denied { .. } | Stop::Undetermined { .. } => process::exit(101),
    };
    let _ = channel.say(&Message::Failed { step, error });
    process::exit(104)
}

fn become_init(plan: &mut Plan<'_>, channel: &mut Channel, parent: i32) -> Stop {
    match prepare(plan, channel, parent) {
        Ok(()) => execute(plan, channel),
        Err(stop) => stop,
    }
}

/// Up to the last moment before exec.
fn prepare(
    plan: &mut Plan<'_>,
    channel: &mut Channel,
    parent: i32,
) -> core::result::Result<(), Stop> {
    let gone = || Stop::failed("init", "the launcher is gone");
    process::set_parent_death_signal(signals::SIGKILL).map_err(step("init"))?;
    // The launcher may have ended before that was in force. In a pid
    // namespace of its own the parent shows as 0.
    if !matches!(process::parent(), 0) && process::parent() != parent {
        return Err(gone());
    }
    if !channel.wait_to_go() {
        return Err(gone());
    }
    if plan.does(Sanitation::StartNewSession) {
        terminal::new_session().map_err(step("session"))?;
    }
    let root = isolate::prepare(plan)?;
    if plan.bundle.config.hooks.any() {
        channel.say(&Message::Isolated).map_err(step("isolation"))?;
        if !channel.wait_to_go() {
            return Err(gone());
        }
    }
    let config = &plan.bundle.config;
    // While namespaces may still be made elsewhere: leaving the old root waits
    // for whatever the kernel does at that time.
    credentials::bound(config)?;
    plan.phases.end(Phase::Drop);
    isolate::enter(&root, plan.cwd.as_ref(), config.cwd())?;
    plan.ahead.join()?;
    plan.phases.end(Phase::Isolate);
    raise_hard_limits(plan)?;
    credentials::drop_privileges(&plan.target, config, &plan.sanitations)?;
    plan.phases.end(Phase::Drop);
    verify(plan, channel)?;
    plan.phases.end(Phase::Rules);
    // Changing ids cleared it.
    process::set_parent_death_signal(signals::SIGKILL).map_err(step("init"))?;
    if plan.does(Sanitation::CloseDescriptors) {
        open::close_range(3, true).map_err(step("descriptors"))?;
    }
    let umask = if plan.does(Sanitation::ResetUmask) {
        0o022
    } else {
        plan.inherited.umask
    };
    file::set_umask(umask);
    Ok(())
}

/// Limits of the configuration as (resource, soft, hard).
fn configured_limits(plan: &Plan<'_>) -> core::result::Result<Vec<(u32, u64, u64)>, Stop> {
    let limit = |limit: &crate::config::Limit| {
        let name = limit
            .kind
            .strip_prefix("RLIMIT_")
            .unwrap_or_default()
            .to_lowercase();
        let resource = limits::resource(&name).ok_or_else(|| {
            Stop::Unusable(format!("config.json: unknown limit {:?}", limit.kind))
        })?;
        Ok((resource, limit.soft, limit.hard))
    };
    plan.bundle
        .config
        .process
        .rlimits
        .iter()
        .map(limit)
        .collect()
}

/// Hard limits, which need privilege; soft ones come last, since a low one
/// could stop the steps between.
fn raise_hard_limits(plan: &Plan<'_>) -> core::result::Result<(), Stop> {
    for (resource, _, hard) in configured_limits(plan)? {
        limits::set(resource, hard, hard).map_err(step("limits"))?;
    }
    Ok(())
}

fn set_limits(plan: &Plan<'_>) -> core::result::Result<(), Stop> {
    let failed = step("limits");
    let configured = configured_limits(plan)?;
    let is_configured = |resource| configured.iter().any(|(other, ..)| *other == resource);
    plan.inherited
        .restore_limits(is_configured)
        .map_err(&failed)?;
    if plan.does(Sanitation::ResetLimits) {
        for limit in &plan.policy.limits {
            let Some(resource) = limits::resource(limit.name) else {
                continue;
            };
            // Without privileges by now, a hard limit that was lowered could
            // not be raised again to what the configuration asks for.
            if is_configured(resource) {
                continue;
            }
            // A hard limit that cannot be raised stays: lower is no harm.
            let (soft, most) = plan.inherited.limit(resource).map_err(&failed)?;
            let hard = limit.hard.min(most);
            if (limit.soft.min(hard), hard) != (soft, most) {
                limits::set(resource, limit.soft.min(hard), hard).map_err(&failed)?;
            }
        }
    }
    for (resource, soft, hard) in configured {
        limits::set(resource, soft, hard).map_err(&failed)?;
    }
    Ok(())
}

/// Evaluates the rules that look at the dropped credentials.
fn verify(plan: &Plan<'_>, channel: &mut Channel) -> core::result::Result<(), Stop> {
    if plan.late.is_empty() {
        return Ok(());
    }
    let dropped = credentials::dropped(&plan.target, &plan.bundle.config);
    let evidence = Evidence {
        dropped: Gathered::Seen(dropped),
        ..Evidence::default()
    };
    for rule in plan.late.rules() {
        let verdict = LateVerdict::from(&(rule.evaluate)(&evidence, plan.policy));
        channel.note(&Message::Late {
            rule: rule.id.to_owned(),
            verdict: verdict.clone(),
        });
        if let Some(stop) = refusal(plan.late_enforced, rule.id.to_owned(), verdict) {
            channel.say_noted().map_err(step("verify"))?;
            return Err(stop);
        }
    }
    Ok(())
}

/// The very last steps. Returns only when nothing could be executed.
fn execute(plan: &mut Plan<'_>, channel: &mut Channel) -> Stop {
    let mut last = || {
        plan.inherited.restore_dispositions()?;
        if plan.does(Sanitation::ResetSignals) {
            signals::reset(plan.ignored);
        }
        if plan.phases.is_on() {
            plan.phases.end(Phase::Exec);
            channel.note(&Message::Phases(plan.phases.clone()));
        }
        channel.say(&Message::Executing)
    };
    if let Err(error) = last() {
        return Stop::failed("signals", error);
    }
    // The record may have to be written first.
    if !channel.wait_to_go() {
        return Stop::failed("init", "the launcher is gone");
    }
    if let Err(stop) = set_limits(plan) {
        return stop;
    }
    let mask = if plan.does(Sanitation::ResetSignals) {
        0
    } else {
        plan.inherited.mask
    };
    if let Err(error) = signals::set_mask(mask) {
        return Stop::failed("signals", error);
    }
    let error = match plan.init.as_ref().and_then(|init| init.fd.as_ref()) {
        Some(fd) => execute_descriptor(plan, fd),
        None => execute_path(plan),
    };
    Stop::failed("exec", error)
}

/// Executes the file that was checked.
fn execute_descriptor(plan: &Plan<'_>, fd: &OwnedFd) -> Error {
    let (argv, environment) = (&plan.argv, &plan.environment);
    let Err(error) = process::execute_descriptor(fd.as_raw_fd(), argv, environment);
    match error.errno {
        // Also the kernel's answer for a `#!` script on a descriptor that
        // exec closes: its interpreter gets `/dev/fd/N` to read from.
        Errno::ENOENT => {}
        Errno::ENOEXEC => return shell(plan, fd),
        _ => return error,
    }
    // An interpreter that uses the descriptor rather than its name (perl does)
    // could read nothing from one that was opened for its path only.
    let readable = open::reopen(fd.as_raw_fd(), open::O_RDONLY);
    let fd = readable.as_ref().unwrap_or(fd);
    let name = format!("/dev/fd/{}", fd.as_raw_fd());
    if file::stat(name.as_bytes()).is_ok() {
        let kept = open::set_close_on_exec(fd.as_raw_fd(), false);
        return match kept {
            Ok(()) => {
                let Err(error) = process::execute_descriptor(fd.as_raw_fd(), argv, environment);
                error
            }
            Err(error) => error,
        };
    }
    // No /dev/fd in this root: by its path, if that still is the same file.
    let (Some(init), Ok(checked)) = (&plan.init, file::fstat(fd.as_raw_fd())) else {
        return error;
    };
    match file::stat(&init.path) {
        Ok(now) if now.is_same(&checked) => {
            let Err(error) = process::execute(&init.path, argv, environment);
            error
        }
        _ => error,
    }
}

/// What `execvp(3)` does with a file that the kernel does not recognise.
fn shell(plan: &Plan<'_>, fd: &OwnedFd) -> Error {
    let name = format!("/dev/fd/{}", fd.as_raw_fd()).into_bytes();
    let path = match (&plan.init, file::stat(&name)) {
        (_, Ok(_)) if open::set_close_on_exec(fd.as_raw_fd(), false).is_ok() => name,
        (Some(init), _) => init.path.clone(),
        (None, _) => name,
    };
    execute_shell(plan, path)
}

fn execute_shell(plan: &Plan<'_>, path: Vec<u8>) -> Error {
    let mut argv = vec![b"/bin/sh".to_vec(), path];
    argv.extend(plan.argv.iter().skip(1).cloned());
    let Err(error) = process::execute(b"/bin/sh", &argv, &plan.environment);
    error
}

/// Tries the candidates as `execvp(3)` does.
fn execute_path(plan: &Plan<'_>) -> Error {
    let mut refused = None;
    let mut last = Error::new("execve", Errno::ENOENT);
    for path in &plan.candidates {
        let Err(error) = process::execute(path, &plan.argv, &plan.environment);
        match error.errno {
            Errno::ENOENT | Errno::ENOTDIR => last = error,
            Errno::EACCES => refused = Some(error),
            Errno::ENOEXEC => return execute_shell(plan, path.clone()),
            _ => return error,
        }
    }
    refused.unwrap_or(last)
}
