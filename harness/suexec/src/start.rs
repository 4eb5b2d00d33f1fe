//! The conditions in the original's order, each asked of what was observed
//! just before, and then the program.

use std::io::Read as _;
use std::os::unix::ffi::OsStringExt;

use sekisho_rules::evidence::{
    Arguments, Caller, Dropped, Entry, Environment, File, FileKind, Gathered, Identity, Init,
    Membership, Place,
};
use sekisho_rules::{Evidence, Policy, Rule, Sanitation, Verdict};
use sekisho_sys::fd::{AsRawFd, OwnedFd};
use sekisho_sys::file::{self, Stat};
use sekisho_sys::open::{self, AT_FDCWD};
use sekisho_sys::{Error, credentials, process};

use crate::accounts::Accounts;
use crate::checks::{self, By, SANITISING};
use crate::condition::Condition as C;
use crate::config::{CallerFile, Mode, Settings};
use crate::exact;
use crate::record::Log;

/// What the caller controls.
#[derive(Debug, Clone)]
pub struct Request {
    /// Argument vector, the launcher's own name first.
    pub words: Vec<Vec<u8>>,
    /// Environment.
    pub environment: Vec<Vec<u8>>,
    /// Real uid.
    pub uid: u32,
    /// Real gid.
    pub gid: u32,
}

/// Why no program was started.
#[derive(Debug)]
pub enum Stop {
    /// This condition failed.
    At {
        /// Which.
        condition: C,
        /// What refused: a rule's id, `exact`, or `-` for the act itself.
        by: &'static str,
        /// What the original's sentence would hold.
        values: Vec<Vec<u8>>,
    },
    /// The settings were asked for.
    Told,
    /// The log cannot be opened.
    NoLog(String),
}

/// `PATH_MAX`: what the original has room for.
const LONGEST_PATH: usize = 4096;

/// Most bytes of a caller's file that are read: two lines and their ends.
const CALLER_FILE: u64 = 16 * 1024;

/// One request on its way.
pub struct Start<'a> {
    request: &'a Request,
    settings: &'a Settings,
    log: &'a mut Log,
    policy: Policy,
    evidence: Evidence,
    accounts: Accounts,
}

/// Whom the program runs as.
struct Target {
    uid: u32,
    gid: u32,
    home: Vec<u8>,
    groups: Vec<u32>,
}

/// The working directory and those above it, innermost first, opened before
/// privileges are dropped; strict mode only.
type Ancestry = Vec<(OwnedFd, Stat)>;

/// The program as it was looked at.
struct Program {
    /// Held in strict mode only.
    descriptor: Option<OwnedFd>,
}

fn stop(condition: C, values: Vec<Vec<u8>>) -> Stop {
    Stop::At {
        condition,
        by: "-",
        values,
    }
}

impl<'a> Start<'a> {
    /// A request that nothing was asked about yet.
    pub fn new(request: &'a Request, settings: &'a Settings, log: &'a mut Log) -> Self {
        Self {
            request,
            settings,
            log,
            policy: Policy {
                // Nobody, until a file says otherwise.
                caller: u32::MAX,
                minimum_uid: settings.minimum_uid,
                minimum_gid: settings.minimum_gid,
                path: settings.path.clone(),
                ..Policy::default()
            },
            evidence: Evidence::default(),
            // As in the original, an unreadable database is an empty one.
            accounts: Accounts::read().unwrap_or_default(),
        }
    }

    /// Becomes the program, or says why not.
    pub fn attempt(mut self) -> Stop {
        match self.conditions() {
            Ok(never) => match never {},
            Err(stop) => stop,
        }
    }

    fn is_strict(&self) -> bool {
        self.settings.mode == Mode::Strict
    }

    /// Asks what answers for the condition; `reported` is the condition to
    /// report, which for users and groups depends on their form.
    fn ask_as(&self, asked: C, reported: C, values: Vec<Vec<u8>>) -> Result<(), Stop> {
        let mode = self.settings.mode;
        match checks::refuses(asked, mode, &self.evidence, &self.policy) {
            None => Ok(()),
            Some(by) => Err(Stop::At {
                condition: reported,
                by: match by {
                    By::Rule(id) => id,
                    By::Exact => "exact",
                },
                values,
            }),
        }
    }

    fn ask(&self, condition: C, values: Vec<Vec<u8>>) -> Result<(), Stop> {
        self.ask_as(condition, condition, values)
    }

    fn conditions(&mut self) -> Result<std::convert::Infallible, Stop> {
        self.caller()?;
        let words: Vec<&[u8]> = self.request.words.iter().map(Vec::as_slice).collect();
        self.evidence.arguments = Gathered::Seen(Arguments {
            words: self.request.words.clone(),
        });
        self.ask(C::ArgumentsUnusable, Vec::new())?;
        let [_, user, group, program, ..] = words[..] else {
            return Err(stop(C::ArgumentsUnusable, Vec::new()));
        };
        self.reference(program)?;
        let (user, is_userdir) = match user.strip_prefix(b"~") {
            Some(rest) => (rest, true),
            None => (user, false),
        };
        let base = self.caller_file(is_userdir)?;
        let target = self.identities(user, group, program)?;
        let ancestry = match self.is_strict() {
            true => Some(ancestry().map_err(|_| stop(C::DirectoryNotOpened, Vec::new()))?),
            false => None,
        };
        self.become_target(&target, program)?;
        self.directory(&target, is_userdir, &base, program, ancestry.as_ref())?;
        let found = self.program(program, &target, ancestry.as_ref())?;
        let environment = self.environment();
        let error = execute(&found, program, &self.request.words[3..], &environment);
        let (number, text) = (errno(&error), reason(&error));
        let values = vec![decimal(number), text, program.to_vec()];
        Err(stop(C::NotExecuted, values))
    }

    fn caller(&mut self) -> Result<(), Stop> {
        let uid = self.request.uid;
        let name = self.accounts.user_of(uid).map(|user| user.name.clone());
        self.evidence.caller = Gathered::Seen(Caller {
            uid,
            gid: self.request.gid,
            name: name
                .as_deref()
                .map(|name| String::from_utf8_lossy(name).into_owned()),
        });
        self.ask(C::CallerUnknown, vec![decimal(uid)])?;
        let asked = self.request.words.get(1).is_some_and(|word| word == b"-V");
        let may = uid == 0 || name.as_deref() == Some(self.settings.httpd_user.as_bytes());
        match asked && may {
            true => Err(Stop::Told),
            false => Ok(()),
        }
    }

    /// The reference is judged before anything is opened: nothing is known of
    /// the files yet.
    fn reference(&mut self, program: &[u8]) -> Result<(), Stop> {
        let unseen = seen_file(
            ".",
            &Stat {
                dev: 0,
                mount: 0,
                ino: 0,
                mode: 0,
                links: 0,
                uid: 0,
                gid: 0,
                size: 0,
            },
        );
        self.evidence.bundle = Gathered::Seen(Place {
            text: program.to_vec(),
            file: unseen,
            beneath_base: false,
        });
        self.evidence.init = Gathered::Seen(Init {
            text: program.to_vec(),
            file: None,
        });
        let asked = self.ask(C::ProgramReferenceUnsafe, vec![program.to_vec()]);
        self.evidence.bundle = Gathered::NotGathered;
        asked
    }

    /// The docroot, or the userdir's suffix.
    fn caller_file(&mut self, is_userdir: bool) -> Result<Vec<u8>, Stop> {
        let uid = self.request.uid;
        let user = self.accounts.user_of(uid);
        let name = user.map(|user| user.name.clone()).unwrap_or_default();
        let path = [self.settings.callers.as_bytes(), b"/", &name].concat();
        let opened = std::fs::File::open(std::ffi::OsString::from_vec(path.clone()));
        if opened.is_ok() {
            self.policy.caller = uid;
        }
        self.ask(C::CallerNotConfigured, vec![name, path.clone()])?;
        let mut text = Vec::new();
        if let Ok(opened) = opened {
            // What cannot be read is not there.
            let _ = opened.take(CALLER_FILE).read_to_end(&mut text);
        }
        let file = CallerFile::parse(&text);
        let values = || vec![path.clone()];
        let Some(docroot) = &file.docroot else {
            return Err(stop(C::DocrootUnreadable, values()));
        };
        let Some(userdir) = &file.userdir else {
            return Err(stop(C::UserdirUnreadable, values()));
        };
        if is_userdir {
            return match file.allows_userdir() {
                true => Ok(userdir.clone()),
                false => Err(stop(C::UserdirDisabled, values())),
            };
        }
        if !file.allows_docroot() {
            return Err(stop(C::DocrootDisabled, values()));
        }
        if !file.has_valid_docroot() {
            return Err(stop(C::DocrootInvalid, vec![docroot.clone(), path]));
        }
        self.policy.base = String::from_utf8_lossy(docroot).into_owned();
        Ok(docroot.clone())
    }

    fn identities(&mut self, user: &[u8], group: &[u8], program: &[u8]) -> Result<Target, Stop> {
        let accounts = &self.accounts;
        let (found_user, found_group) = match self.is_strict() {
            true => (accounts.strict_user(user), accounts.strict_group(group)),
            false => (exact::user(accounts, user), exact::group(accounts, group)),
        };
        self.evidence.target_user = Gathered::Seen(found_user.clone());
        self.evidence.target_group = Gathered::Seen(found_group.clone());
        let is_number = exact::is_number;
        let reported = match is_number(user) {
            true => C::UserIdUnknown,
            false => C::UserNameUnknown,
        };
        self.ask_as(C::UserNameUnknown, reported, vec![user.to_vec()])?;
        let reported = match is_number(group) {
            true => C::GroupIdUnknown,
            false => C::GroupNameUnknown,
        };
        self.ask_as(C::GroupNameUnknown, reported, vec![group.to_vec()])?;
        let entry = self.entry_of(&found_user);
        let (user_name, home) = entry.unwrap_or_default();
        let group_entry = match self.accounts.group_named(group) {
            Some(named) if named.gid == found_group.id => Some(named),
            _ => self.accounts.group_of(found_group.id),
        };
        let group_name = group_entry
            .map(|group| group.name.clone())
            .unwrap_or_default();
        let values = vec![
            user.to_vec(),
            user_name.clone(),
            group.to_vec(),
            group_name,
            program.to_vec(),
        ];
        self.log
            .write("request", None, "-", &values)
            .map_err(Stop::NoLog)?;
        let (uid, gid) = (found_user.id, found_group.id);
        self.ask(C::UserForbidden, vec![decimal(uid), program.to_vec()])?;
        self.ask(C::GroupForbidden, vec![decimal(gid), program.to_vec()])?;
        Ok(Target {
            uid,
            gid,
            home,
            groups: match self.is_strict() {
                true => self.accounts.groups_with(&user_name, gid),
                false => exact::groups(&self.accounts, &user_name, gid),
            },
        })
    }

    /// Name and home of the entry that the identity came from.
    fn entry_of(&self, identity: &Identity) -> Option<(Vec<u8>, Vec<u8>)> {
        use sekisho_rules::evidence::IdentityForm::Name;
        let user = match identity.form {
            Name => self.accounts.user_named(&identity.text),
            _ => self.accounts.user_of(identity.id),
        }?;
        Some((user.name.clone(), user.home.clone()))
    }

    fn become_target(&mut self, target: &Target, program: &[u8]) -> Result<(), Stop> {
        let (uid, gid) = (target.uid, target.gid);
        let failed = |condition: C, id: u32| {
            move |error: Error| {
                stop(
                    condition,
                    vec![decimal(id), program.to_vec(), reason(&error)],
                )
            }
        };
        credentials::set_gids(gid, gid, gid)
            .and_then(|()| credentials::set_groups(&target.groups))
            .map_err(failed(C::GroupNotSet, gid))?;
        credentials::set_uids(uid, uid, uid).map_err(failed(C::UserNotSet, uid))?;
        self.evidence.dropped = Gathered::Seen(Dropped {
            uids: credentials::uids(),
            gids: credentials::gids(),
            wanted_uid: uid,
            wanted_gid: gid,
            irrevocable: credentials::set_uids(u32::MAX, 0, u32::MAX).is_err(),
        });
        self.evidence.membership = Gathered::Seen(Membership {
            target_group: gid,
            member_of: target.groups.clone(),
            ..Membership::default()
        });
        let text = b"privileges were not dropped".to_vec();
        self.ask(C::UserNotSet, vec![decimal(uid), program.to_vec(), text])
    }

    fn directory(
        &mut self,
        target: &Target,
        is_userdir: bool,
        base: &[u8],
        program: &[u8],
        ancestry: Option<&Ancestry>,
    ) -> Result<(), Stop> {
        let unnamed = |_| stop(C::DirectoryUnnamed, Vec::new());
        let cwd = working_directory().map_err(unnamed)?;
        let (condition, shown) = match is_userdir {
            true => (C::UserdirNotEntered, target.home.clone()),
            // The original's sentence names its compiled docroot.
            false => (C::DocrootNotEntered, b"/var/www".to_vec()),
        };
        let not_entered = || stop(condition, vec![shown.clone()]);
        let mut steps = vec![base];
        if is_userdir {
            steps.insert(0, &target.home);
        }
        let not_opened = |_| stop(C::DirectoryNotOpened, Vec::new());
        let beneath_base = match ancestry {
            Some(ancestry) => {
                // As the target; it has to be able to search it.
                open::openat2(AT_FDCWD, b".", open::O_PATH | open::O_DIRECTORY, 0)
                    .map_err(not_opened)?;
                let base = enter(&steps).ok_or_else(not_entered)?;
                ancestry.iter().any(|(_, above)| above.is_same(&base))
            }
            None => {
                let here = open::openat2(AT_FDCWD, b".", open::O_RDONLY, 0).map_err(not_opened)?;
                let entered = steps
                    .iter()
                    .all(|step| file::change_directory(step).is_ok());
                let named = entered.then(working_directory);
                let Some(Ok(docroot)) = named else {
                    return Err(not_entered());
                };
                file::change_directory_to(here.as_raw_fd()).map_err(|_| not_entered())?;
                exact::is_beneath(&cwd, &docroot)
            }
        };
        let looked = match ancestry.and_then(|ancestry| ancestry.first()) {
            Some((_, stat)) => Some(*stat),
            None => file::lstat(&cwd).ok(),
        };
        let name = String::from_utf8_lossy(&cwd).into_owned();
        let nothing = Stat {
            dev: 0,
            mount: 0,
            ino: 0,
            mode: 0,
            links: 0,
            uid: 0,
            gid: 0,
            size: 0,
        };
        let seen = seen_file(&name, &looked.unwrap_or(nothing));
        let allowed = match ancestry {
            Some(ancestry) => ancestry.iter().all(|(fd, _)| may_search(fd)),
            None => looked.is_some() && seen.kind == FileKind::Directory,
        };
        self.evidence.bundle = Gathered::Seen(Place {
            text: b".".to_vec(),
            file: seen.clone(),
            beneath_base,
        });
        self.evidence.bundle_entry = Gathered::Seen(Entry {
            file: seen,
            allowed,
        });
        self.ask(C::OutsideDocroot, vec![cwd.clone(), program.to_vec()])?;
        self.ask(C::DirectoryNotSeen, vec![cwd.clone()])?;
        self.ask(C::DirectoryWritable, vec![cwd])
    }

    fn program(
        &mut self,
        program: &[u8],
        target: &Target,
        ancestry: Option<&Ancestry>,
    ) -> Result<Program, Stop> {
        let (descriptor, looked) = match ancestry.and_then(|ancestry| ancestry.first()) {
            Some((directory, _)) => match open_program(directory, program) {
                Some((fd, stat)) => (Some(fd), Some(stat)),
                None => (None, None),
            },
            None => (None, file::lstat(program).ok()),
        };
        let name = String::from_utf8_lossy(program).into_owned();
        self.evidence.init = Gathered::Seen(Init {
            text: program.to_vec(),
            file: looked.map(|stat| seen_file(&name, &stat)),
        });
        if let Some(fd) = &descriptor {
            let may = file::may_access(fd.as_raw_fd(), b"", file::X_OK);
            self.evidence.init_access = Gathered::Seen(may.unwrap_or(false));
        }
        let cwd = self.evidence.bundle.seen().map(|place| place.file.clone());
        let (Some(stat), Ok(directory)) = (looked, cwd) else {
            self.ask(C::ProgramNotSeen, vec![program.to_vec()])?;
            return Err(stop(C::ProgramNotSeen, vec![program.to_vec()]));
        };
        self.ask(C::ProgramNotSeen, vec![program.to_vec()])?;
        let both = || vec![working_directory().unwrap_or_default(), program.to_vec()];
        self.ask(C::ProgramWritable, both())?;
        self.ask(C::ProgramSetid, both())?;
        let ids = [
            target.uid,
            target.gid,
            directory.uid,
            directory.gid,
            stat.uid,
            stat.gid,
        ];
        self.ask(C::OwnerDiffers, ids.map(decimal).to_vec())?;
        self.ask(C::ProgramNotExecutable, both())?;
        Ok(Program { descriptor })
    }

    fn environment(&mut self) -> Vec<Vec<u8>> {
        let caller = &self.request.environment;
        if !self.is_strict() {
            return exact::environment(caller, &self.settings.path);
        }
        self.evidence.environment = Gathered::Seen(Environment {
            caller: caller.clone(),
            config: Vec::new(),
        });
        let wants = |what: Sanitation| {
            let asks = |rule: &&&Rule| (rule.evaluate)(&self.evidence, &self.policy);
            SANITISING
                .iter()
                .any(|rule| asks(&rule) == Verdict::Sanitize(what))
        };
        let name = |entry: &[u8]| entry.iter().position(|byte| *byte == b'=');
        let listed = |entry: &&Vec<u8>| {
            name(entry).is_some_and(|end| self.policy.passes_environment(&entry[..end]))
        };
        let drops = wants(Sanitation::DropUnlistedEnvironment);
        let sets = wants(Sanitation::SetPolicyPath);
        let own_path = |entry: &&Vec<u8>| entry.starts_with(b"PATH=");
        let mut passed: Vec<Vec<u8>> = Vec::new();
        if sets || caller.iter().any(|entry| own_path(&entry)) {
            // One `PATH`, first: the policy's, which is also the caller's
            // where the rule permits.
            passed.push([b"PATH=", self.policy.path.as_bytes()].concat());
        }
        let rest = caller.iter().filter(|entry| !own_path(entry));
        passed.extend(rest.filter(|entry| !drops || listed(entry)).cloned());
        passed
    }
}

/// The working directory and all above it, up to the root.
fn ancestry() -> Result<Ancestry, Error> {
    let flags = open::O_PATH | open::O_DIRECTORY;
    let mut all: Ancestry = Vec::new();
    let mut next = open::openat2(AT_FDCWD, b".", flags, 0)?;
    loop {
        let stat = file::fstat(next.as_raw_fd())?;
        if all.last().is_some_and(|(_, last)| last.is_same(&stat)) {
            return Ok(all);
        }
        let above = open::openat2(next.as_raw_fd(), b"..", flags, 0)?;
        all.push((next, stat));
        next = above;
    }
}

/// The directory that the steps lead to, if this process may search it.
fn enter(steps: &[&[u8]]) -> Option<Stat> {
    let flags = open::O_PATH | open::O_DIRECTORY;
    let mut here: Option<OwnedFd> = None;
    for step in steps {
        let from = here.as_ref().map_or(AT_FDCWD, AsRawFd::as_raw_fd);
        let next = open::openat2(from, step, flags, 0).ok()?;
        if !may_search(&next) {
            return None;
        }
        here = Some(next);
    }
    file::fstat(here?.as_raw_fd()).ok()
}

fn may_search(directory: &OwnedFd) -> bool {
    file::may_access(directory.as_raw_fd(), b"", file::X_OK).unwrap_or(false)
}

/// The program beneath the directory, no link followed on the way.
fn open_program(directory: &OwnedFd, program: &[u8]) -> Option<(OwnedFd, Stat)> {
    let resolve = open::RESOLVE_BENEATH | open::RESOLVE_NO_SYMLINKS | open::RESOLVE_NO_MAGICLINKS;
    let flags = open::O_PATH | open::O_NOFOLLOW;
    let fd = open::openat2(directory.as_raw_fd(), program, flags, resolve).ok()?;
    let stat = file::fstat(fd.as_raw_fd()).ok()?;
    Some((fd, stat))
}

/// Executes what was looked at: the descriptor that is held, or else the path
/// once more.
fn execute(found: &Program, program: &[u8], words: &[Vec<u8>], environment: &[Vec<u8>]) -> Error {
    let Some(fd) = &found.descriptor else {
        let Err(error) = process::execute(program, words, environment);
        return error;
    };
    let fd = fd.as_raw_fd();
    let Err(error) = process::execute_descriptor(fd, words, environment);
    // ENOENT: a script, whose interpreter reads it through `/dev/fd` and so
    // needs a descriptor that exec does not close.
    if errno(&error) != 2 || open::set_close_on_exec(fd, false).is_err() {
        return error;
    }
    let Err(error) = process::execute_descriptor(fd, words, environment);
    error
}

fn working_directory() -> Result<Vec<u8>, ()> {
    let path = std::env::current_dir().map_err(drop)?;
    let path = path.into_os_string().into_vec();
    match path.len() < LONGEST_PATH {
        true => Ok(path),
        false => Err(()),
    }
}

fn seen_file(name: &str, stat: &Stat) -> File {
    File {
        name: name.to_owned(),
        uid: stat.uid,
        gid: stat.gid,
        mode: stat.mode & 0o7777,
        kind: match stat.kind() {
            file::S_IFREG => FileKind::Regular,
            file::S_IFDIR => FileKind::Directory,
            file::S_IFLNK => FileKind::Symlink,
            _ => FileKind::Special,
        },
        links: stat.links,
    }
}

fn decimal(number: u32) -> Vec<u8> {
    number.to_string().into_bytes()
}

fn errno(error: &Error) -> u32 {
    error.errno.raw().unsigned_abs()
}

/// The error as `strerror(3)` says it.
fn reason(error: &Error) -> Vec<u8> {
    let text = std::io::Error::from_raw_os_error(error.errno.raw()).to_string();
    let end = text.find(" (os error").unwrap_or(text.len());
    text.into_bytes()[..end].to_vec()
}
