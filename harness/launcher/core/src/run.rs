//! One request, from the first instruction to the exit status.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::string::ToString;
use alloc::vec::Vec;
use sekisho_sys::fd::AsFd;

use sekisho_rules::evidence::{Identity, Links, Membership};
use sekisho_rules::{Evidence, Fact, Needs, Policy, RuleSet, Sanitation};
use sekisho_sys::process::{CLONE_NEWNS, CLONE_NEWUSER, Ended};
use sekisho_sys::start::Start;
use sekisho_sys::{credentials as ids, file, open};

use crate::access::Viewer;
use crate::ahead::Ahead;
use crate::config::Config;
use crate::credentials::Target;
use crate::decide::{self, Decision};
use crate::environment;
use crate::gather::{self, Subject};
use crate::identity::Database;
use crate::inherited::{self, Inherited};
use crate::look::Look;
use crate::namespaces::{self, Namespaces};
use crate::phases::Phase;
use crate::report::Reporter;
use crate::request::Request;
use crate::resolve::{Bundle, Located, Rootfs, join};
use crate::settings::{Resolution, Settings};
use crate::start::{self, Plan};
use crate::stop::{Stop, step};

/// Runs the launcher: `load` gives its settings, once the process is safe.
/// Gives the exit status (`docs/launcher.md`).
pub fn run(
    program: &'static str,
    start: Start,
    load: impl FnOnce() -> Result<Settings, String>,
) -> u8 {
    let mut reporter = Reporter::new(program);
    let done = inherited::take(start)
        .map_err(|error| Stop::Misconfigured(format!("own process: {error}")))
        .and_then(|inherited| {
            reporter.caller = Some((inherited.uid, inherited.gid));
            attempt(program, &inherited, load, &mut reporter)
        });
    reporter.tell(done.as_ref().err());
    done.unwrap_or_else(|stop| stop.status())
}

/// 105: help and version.
const USAGE: u8 = 105;

fn attempt(
    program: &'static str,
    inherited: &Inherited,
    load: impl FnOnce() -> Result<Settings, String>,
    reporter: &mut Reporter,
) -> Result<u8, Stop> {
    match inherited.arguments.get(1..).unwrap_or_default() {
        [word] if word == b"--help" => {
            tell(&format!(
                "usage: {program} TARGET_USER TARGET_GROUP BUNDLE [INIT [ARGS...]]"
            ));
            return Ok(USAGE);
        }
        [word] if word == b"--version" => {
            tell(&format!("{program} {}", env!("CARGO_PKG_VERSION")));
            return Ok(USAGE);
        }
        [word, more] if word == b"--version" && more == b"--verbose" => {
            return version(program, inherited, load);
        }
        _ => {}
    }
    if ids::uids()[1] != 0 {
        return Err(Stop::Misconfigured(
            "not running as root; install it setuid root (mode 4755, owner root)".to_owned(),
        ));
    }
    // Fully root: the caller can no longer signal this process.
    let root = ids::set_gids(0, 0, 0).and_then(|()| ids::set_uids(0, 0, 0));
    root.map_err(|error| Stop::Misconfigured(error.to_string()))?;
    reporter.phases.end(Phase::Sanitise);
    let settings = match load() {
        Ok(settings) => settings,
        Err(text) => {
            reporter.phases.switch(false);
            return Err(Stop::Misconfigured(text));
        }
    };
    reporter.phases.switch(settings.phases);
    reporter.phases.end(Phase::Settings);
    reporter.record.clone_from(&settings.record);
    let done = handle(inherited, &settings, reporter);
    match &done {
        Ok(ended) => reporter.record_end(*ended),
        Err(stop) => {
            // A failure after the decision was written is a line of its own.
            match stop {
                Stop::Failed { step, error } if reporter.recorded => {
                    reporter.record_failure(step, error);
                }
                _ => {
                    let written = reporter.record_decision(Some(stop));
                    reporter.told(written);
                }
            }
        }
    }
    done.map(|ended| match ended {
        // waitpid(2) gives eight bits.
        Ended::Status(status) => u8::try_from(status).unwrap_or(u8::MAX),
        Ended::Signal(signal) => u8::try_from(128 + signal).unwrap_or(u8::MAX),
    })
}

fn tell(text: &str) {
    let _ = open::write_all_to(1, format!("{text}\n").as_bytes());
}

/// Says how the program was built, to root and the allowed caller only.
fn version(
    program: &str,
    inherited: &Inherited,
    load: impl FnOnce() -> Result<Settings, String>,
) -> Result<u8, Stop> {
    tell(&format!("{program} {}", env!("CARGO_PKG_VERSION")));
    let settings = load().map_err(Stop::Misconfigured)?;
    let allowed = inherited.uid == 0 || inherited.uid == settings.policy.caller;
    if settings.tells_build && allowed {
        tell(&format!("rules = {}", settings.rules));
        tell(&format!("resolution = {}", settings.resolution.word()));
        tell(settings.policy.to_string().trim_end());
    }
    Ok(USAGE)
}

/// What a request led to, before anything is judged.
pub struct Resolved {
    pub request: Request,
    pub database: Database,
    pub caller: Viewer,
    pub bundle: Bundle,
    /// Namespaces that are being made meanwhile.
    pub ahead: Ahead,
    /// Whether the configuration asks for a mount namespace of its own.
    pub own_mounts: bool,
    pub user: Identity,
    pub group: Identity,
    pub rootfs: Rootfs,
    /// The init's argument vector; never empty.
    pub argv: Vec<Vec<u8>>,
    /// Where the init was looked for, and what was found.
    pub candidates: Vec<Vec<u8>>,
    pub init: Option<Located>,
    /// By descriptor: what the working directory led to.
    pub cwd: Option<sekisho_sys::Result<Option<(Located, Links)>>>,
}

impl Resolved {
    /// Gathers what is needed and was not gathered before.
    pub fn gather(
        &mut self,
        inherited: &Inherited,
        policy: &Policy,
        needs: Needs,
        evidence: &mut Evidence,
    ) {
        let mut subject = Subject {
            inherited,
            request: &self.request,
            policy,
            database: &self.database,
            user: &self.user,
            group: &self.group,
            bundle: &self.bundle,
            rootfs: &mut self.rootfs,
            init_text: &self.argv[0],
            init: self.init.as_ref(),
            cwd: self.cwd.take(),
        };
        subject.gather(needs, evidence);
        self.cwd = subject.cwd;
    }
}

/// Resolves a request: reads the databases and the configuration, opens bundle,
/// rootfs, init and working directory. The search for the init goes by the
/// environment, which is therefore gathered here.
pub fn resolve(
    inherited: &Inherited,
    settings: &Settings,
    needs: Needs,
    evidence: &mut Evidence,
    reporter: &mut Reporter,
) -> Result<Resolved, Stop> {
    let policy = &settings.policy;
    let mut ahead = Ahead::prepare(settings);
    reporter.phases.end(Phase::Isolate);
    let request = Request::parse(&inherited.arguments);
    let database = Database::read()
        .map_err(|error| Stop::Misconfigured(format!("{error}; make it readable for root")))?;
    let caller = Viewer {
        uid: inherited.uid,
        gid: inherited.gid,
        groups: ids::groups().map_err(step("groups"))?,
    };
    reporter.phases.end(Phase::Identify);
    ahead.begin(settings, inherited, &database);
    reporter.phases.end(Phase::Isolate);
    let bundle = Bundle::open(
        request.bundle.as_deref(),
        policy,
        settings.resolution,
        &caller,
    )?;
    reporter.phases.end(Phase::Open);
    ahead.fit(&bundle.config);
    let (user, group) = identify(&request, &database, &bundle);
    reporter.phases.end(Phase::Identify);
    let own_mounts = namespaces::made(&bundle.config) & CLONE_NEWNS != 0;
    let mut rootfs = Rootfs::open(
        &bundle.place,
        &bundle.config,
        settings.resolution,
        own_mounts,
    )?;
    if needs.has(Fact::Environment) {
        evidence.environment = gather::environment(inherited, &bundle.config.process.env);
    }
    let early = decide::environment_sanitations(settings.rules, evidence, policy);
    let env = init_environment(inherited, &bundle.config, &early, policy);
    let argv = init_words(&request, &bundle)?;
    let candidates = environment::candidates(&argv[0], &env, bundle.config.cwd().as_bytes());
    let init = find_init(&mut rootfs, &bundle, &candidates, settings.resolution)?;
    let by_descriptor = settings.resolution == Resolution::ByDescriptor;
    let cwd = by_descriptor.then(|| {
        let cwd = bundle.config.cwd().as_bytes();
        rootfs.find(cwd, &bundle.config, &bundle.place.path, true)
    });
    reporter.phases.end(Phase::Open);
    Ok(Resolved {
        request,
        database,
        caller,
        bundle,
        ahead,
        own_mounts,
        user,
        group,
        rootfs,
        argv,
        candidates,
        init,
        cwd,
    })
}

fn handle(
    inherited: &Inherited,
    settings: &Settings,
    reporter: &mut Reporter,
) -> Result<Ended, Stop> {
    let policy = &settings.policy;
    let observed = if settings.observe_all {
        RuleSet::all()
    } else {
        settings.rules
    };
    let needs = decide::early(observed).needs();
    let mut evidence = Evidence::default();
    if needs.has(Fact::Descriptors) {
        evidence.descriptors = gather::descriptors();
    }
    reporter.phases.end(Phase::Rules);
    let mut resolved = resolve(inherited, settings, needs, &mut evidence, reporter)?;
    resolved.gather(inherited, policy, needs, &mut evidence);
    let Resolved {
        request,
        database,
        caller,
        mut bundle,
        mut ahead,
        own_mounts,
        user,
        group,
        mut rootfs,
        argv,
        candidates,
        init,
        cwd,
    } = resolved;
    let by_descriptor = settings.resolution == Resolution::ByDescriptor;
    let enforced = decide::early(settings.rules);
    let decision = Decision::of(enforced, decide::early(observed), &evidence, policy);
    reporter.phases.end(Phase::Rules);
    reporter.decided(&decision);
    if let Some((rule, stop)) = decision.refusal() {
        let written = reporter.record_decision(Some(&stop));
        reporter.told(written);
        let look = Look {
            bundle: &bundle,
            rootfs: &rootfs,
            candidates: &candidates,
        };
        return Err(look.withhold(rule, stop, &caller));
    }
    let late = decide::late(observed);
    if late.is_empty() && !reporter.phases.is_on() {
        reporter.record_decision(None).map_err(step("record"))?;
    }
    if let Some(dir) = &settings.pause {
        pause(dir).map_err(step("pause"))?;
    }
    let (argv, env, candidates) = if by_descriptor {
        // Nothing has changed but what rules want done.
        let env = init_environment(inherited, &bundle.config, &decision.sanitations, policy);
        (argv, env, candidates)
    } else {
        // The paths are used again, the configuration's included.
        bundle.read_config(&caller)?;
        ahead.fit(&bundle.config);
        rootfs.place = Located::new(
            join(&bundle.place.path, bundle.config.root()?.path.as_bytes()),
            None,
            true,
        );
        let argv = init_words(&request, &bundle)?;
        let env = init_environment(inherited, &bundle.config, &decision.sanitations, policy);
        let cwd = bundle.config.cwd().as_bytes();
        let candidates = environment::candidates(&argv[0], &env, cwd);
        (argv, env, candidates)
    };
    let config = &bundle.config;
    let namespaces = Namespaces::open(config)?;
    copy_binds(&mut rootfs, &bundle, by_descriptor && own_mounts)?;
    let linux = &config.linux;
    let mapped = namespaces.makes(CLONE_NEWUSER);
    reporter.phases.end(Phase::Open);
    let plan = Plan {
        inherited,
        policy,
        bundle: &bundle,
        rootfs,
        target: Target {
            uid: user.id,
            gid: group.id,
            membership: Membership {
                member_of: database.groups_of(user.id),
                ..Membership::default()
            },
            mappings: mapped.then_some((&linux.uid_mappings[..], &linux.gid_mappings[..])),
        },
        namespaces,
        ahead,
        init: init.filter(|_| by_descriptor),
        candidates,
        argv,
        environment: env,
        // An error, say for a link that leads through /proc: entered by its
        // path later.
        cwd: cwd
            .and_then(|found| found.ok().flatten())
            .and_then(|(place, _)| place.fd),
        sanitations: decision.sanitations,
        late,
        late_enforced: decide::late(settings.rules),
        ignored: evidence
            .state
            .seen()
            .map_or(u64::MAX, |state| state.ignored),
        phases: reporter.phases.clone(),
    };
    start::start(plan, reporter)
}

fn identify(request: &Request, database: &Database, bundle: &Bundle) -> (Identity, Identity) {
    let asked = &bundle.config.process.user;
    let user = match &request.user {
        Some(text) => database.user(text),
        None => database.absent_user(asked.uid),
    };
    let group = match &request.group {
        Some(text) => database.group(text),
        None => database.absent_group(database.primary_group(user.id).unwrap_or(asked.gid)),
    };
    (user, group)
}

fn init_environment(
    inherited: &Inherited,
    config: &Config,
    sanitations: &[Sanitation],
    policy: &Policy,
) -> Vec<Vec<u8>> {
    let own = &config.process.env;
    environment::merge(&inherited.environment, own, sanitations, policy)
}

/// The init's argument vector; never empty.
fn init_words(request: &Request, bundle: &Bundle) -> Result<Vec<Vec<u8>>, Stop> {
    if !request.init.is_empty() {
        return Ok(request.init.clone());
    }
    let args = &bundle.config.process.args;
    if args.is_empty() {
        return Err(Stop::Unusable(
            "no init: neither INIT nor process.args; name one".to_owned(),
        ));
    }
    Ok(args.iter().map(|word| word.as_bytes().to_vec()).collect())
}

/// The first candidate that is an executable file, else the first there is.
fn find_init(
    rootfs: &mut Rootfs,
    bundle: &Bundle,
    candidates: &[Vec<u8>],
    resolution: Resolution,
) -> Result<Option<Located>, Stop> {
    let mut first = None;
    for path in candidates {
        // By path the init is looked at as suEXEC does it: lstat.
        let follow = resolution == Resolution::ByDescriptor;
        let found = rootfs.find(path, &bundle.config, &bundle.place.path, follow);
        let Ok(Some((located, _))) = found else {
            continue;
        };
        let Ok(stat) = located.stat() else {
            continue;
        };
        if stat.kind() == file::S_IFREG && stat.mode & 0o111 != 0 {
            return Ok(Some(located));
        }
        first.get_or_insert(located);
    }
    Ok(first)
}

/// Copies the sources of bind mounts while the process stands on the host.
fn copy_binds(rootfs: &mut Rootfs, bundle: &Bundle, wanted: bool) -> Result<(), Stop> {
    for (index, mount) in bundle.config.mounts.iter().enumerate() {
        if wanted && mount.is_bind() {
            rootfs
                .binds
                .copy(index, &bundle.config, &bundle.place.path)
                .map_err(|error| Stop::failed("mounts", format!("{}: {error}", mount.source)))?;
        }
    }
    Ok(())
}

/// Stops between deciding and using, for races.
fn pause(dir: &str) -> sekisho_sys::Result<()> {
    let fifo = |name: &str, flags| {
        open::openat2(open::AT_FDCWD, format!("{dir}/{name}").as_bytes(), flags, 0)
    };
    open::write_all(fifo("reached", open::O_WRONLY)?.as_fd(), b".")?;
    open::read_some(
        sekisho_sys::fd::AsRawFd::as_raw_fd(&fifo("go", open::O_RDONLY)?),
        &mut Vec::new(),
    )
    .map(drop)
}
