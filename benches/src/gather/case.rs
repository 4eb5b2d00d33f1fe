//! One request in the private host, and the process that asks.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use sekisho_launcher::testing::{Begun, Prepared};
use sekisho_launcher::{Resolution, Settings};
use sekisho_rules::{Evidence, Needs, Policy, RuleSet};
use sekisho_sys::clone::clone3_until_exec;
use sekisho_sys::process::{self, Ended};
use sekisho_sys::start::Start;
use sekisho_sys::{credentials, file, limits, signals};
use serde_json::Value;

use crate::world::{self, CALLER, GATHERED, INIT, TARGET};

/// What is asked, and by what process.
#[derive(Debug, Clone)]
pub struct Case {
    /// Argument vector of the launcher.
    pub words: Vec<Vec<u8>>,
    /// Environment of the caller.
    pub environment: Vec<Vec<u8>>,
    /// uid of the caller and gid of the same number.
    pub caller: u32,
    /// Its supplementary groups.
    pub groups: Vec<u32>,
    /// Its directory.
    pub directory: String,
    /// Its umask.
    pub umask: u32,
    /// A signal that it ignores.
    pub ignored: Option<i32>,
    /// How many descriptors it may open, beneath what the policy gives.
    pub files: u64,
    /// Whether it hands a descriptor over.
    pub descriptor: bool,
    /// What rules compare with.
    pub policy: Policy,
}

/// A request that a launcher has just begun to look at.
pub struct Asked {
    begun: Begun,
    /// What rules compare with.
    pub policy: Policy,
    _held: Option<File>,
}

impl Asked {
    /// Gathers what a start gathers before it opens anything.
    #[must_use]
    pub fn gather_first(&self, needs: Needs) -> Evidence {
        self.begun.gather(needs)
    }

    /// Resolves the request.
    ///
    /// # Errors
    /// Why the launcher would stop.
    pub fn resolve(&self) -> Result<Prepared<'_>> {
        self.begun.resolve().map_err(anyhow::Error::msg)
    }

    /// Gathers everything that is needed, in the order of a start.
    ///
    /// # Errors
    /// As [`Self::resolve`].
    pub fn gather(&self, needs: Needs) -> Result<Evidence> {
        let descriptors = self.gather_first(needs).descriptors;
        Ok(Evidence {
            descriptors,
            ..self.resolve()?.gather(needs)
        })
    }
}

impl Case {
    /// The ordinary request, which every rule permits, of a bundle that is made
    /// anew for it.
    ///
    /// # Errors
    /// The bundle cannot be made.
    pub fn ordinary() -> Result<Self> {
        world::rebuild(&GATHERED)?;
        let policy = Policy {
            most_environment: Policy::default().most_environment,
            ..policy()?
        };
        Ok(Self::of(&format!("alice/{}", GATHERED.bundle), policy))
    }

    /// An ordinary request of this bundle under that policy.
    #[must_use]
    pub fn of(bundle: &str, policy: Policy) -> Self {
        let path = format!("PATH={}", policy.path);
        let words = [world::LAUNCHER, "alice", "alice", bundle];
        Self {
            words: words.map(|word| word.as_bytes().to_vec()).into(),
            environment: vec![path.into_bytes()],
            caller: CALLER,
            // Those of the target: rules permit no others.
            groups: vec![TARGET],
            directory: "/".to_owned(),
            umask: 0o022,
            ignored: None,
            files: u64::MAX,
            descriptor: false,
            policy,
        }
    }

    /// Another word in the place of the first, second or third of the request.
    pub fn word(&mut self, place: usize, word: &str) {
        self.words[1 + place] = word.as_bytes().to_vec();
    }

    /// Further words: the init and its arguments.
    pub fn init(&mut self, words: &[&[u8]]) {
        self.words.extend(words.iter().map(|word| word.to_vec()));
    }

    /// A further variable of the caller.
    pub fn variable(&mut self, entry: &[u8]) {
        self.environment.push(entry.to_vec());
    }

    /// Changes the configuration of the bundle.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn configure(&self, change: impl FnOnce(&mut Value)) -> Result<()> {
        let mut config = world::config(&GATHERED);
        change(&mut config);
        world::put(&config_path(), config.to_string().as_bytes(), 0o644, 0)
    }

    /// Makes the calling thread and its process the caller that has just called
    /// the launcher, and takes that state off again as the launcher does.
    ///
    /// # Errors
    /// The state cannot be given or taken.
    pub fn begin(self) -> Result<Asked> {
        let held = match self.descriptor {
            true => Some(File::open("/dev/null").context("open /dev/null")?),
            false => None,
        };
        std::env::set_current_dir(&self.directory).context("change directory")?;
        let asked = self.ask().map_err(|error| anyhow::anyhow!("{error}"));
        asked.context("become the caller")?;
        let start = Start {
            arguments: self.words,
            environment: self.environment,
            secure: true,
        };
        let settings = Settings {
            // Resolving without rules is what every start does.
            rules: RuleSet::NONE,
            policy: self.policy.clone(),
            observe_all: false,
            resolution: Resolution::ByDescriptor,
            record: None,
            pause: None,
            phases: false,
            ahead: false,
            tells_build: false,
        };
        Ok(Asked {
            begun: Begun::of(start, settings).map_err(anyhow::Error::msg)?,
            policy: self.policy,
            _held: held,
        })
    }

    /// Makes the calling process the caller, really starts the launcher and waits
    /// for its end.
    ///
    /// The calling process must have one thread.
    ///
    /// # Errors
    /// The state cannot be given, or the launcher not started.
    pub fn start(self) -> Result<Ended> {
        let held = match self.descriptor {
            true => Some(File::open("/dev/null").context("open /dev/null")?),
            false => None,
        };
        // Without the flag that would close it.
        let _given = match &held {
            Some(file) => Some(nix::unistd::dup(file).context("dup")?),
            None => None,
        };
        std::env::set_current_dir(&self.directory).context("change directory")?;
        let started = self.ask().and_then(|()| {
            let child = clone3_until_exec(0, || {
                let path = world::LAUNCHER.as_bytes();
                let _ = process::execute(path, &self.words, &self.environment);
                process::exit(127)
            })?;
            process::wait(child.pid, true)
        });
        let ended = started.map_err(|error| anyhow::anyhow!("{error}"))?;
        ended.context("a child that was waited for")
    }

    fn ask(&self) -> sekisho_sys::Result<()> {
        signals::reset_all();
        if let Some(signal) = self.ignored {
            signals::set_ignored(signal, true)?;
        }
        signals::set_mask(0)?;
        file::set_umask(self.umask);
        for limit in &self.policy.limits {
            let soft = match limit.name {
                "nofile" => limit.soft.min(self.files),
                _ => limit.soft,
            };
            if let Some(resource) = limits::resource(limit.name) {
                limits::set(resource, soft, limit.hard)?;
            }
        }
        credentials::set_groups(&self.groups)?;
        credentials::set_gids(self.caller, 0, 0)?;
        credentials::set_uids(self.caller, 0, 0)
    }
}

/// The policy of the private host, with limits that this process can have: root
/// of a container may not raise what it was given.
///
/// # Errors
/// It cannot be read, or a limit cannot be looked at.
pub fn policy() -> Result<Policy> {
    let mut policy = Policy::parse(world::POLICY).map_err(|error| anyhow::anyhow!("{error}"))?;
    for limit in &mut policy.limits {
        if let Some(resource) = limits::resource(limit.name) {
            let most = limits::get(resource).map_err(|error| anyhow::anyhow!("{error}"))?;
            limit.hard = limit.hard.min(most.1);
            limit.soft = limit.soft.min(limit.hard);
        }
    }
    Ok(policy)
}

/// Where the configuration lies.
pub fn config_path() -> String {
    format!("{}/config.json", GATHERED.bundle())
}

/// A path in the rootfs.
pub fn inside(path: &str) -> String {
    format!("{}{path}", GATHERED.rootfs())
}

/// The init.
pub fn init_path() -> String {
    inside(INIT)
}

/// A copy of the bundle outside of where bundles lie; gives the directory.
///
/// # Errors
/// It cannot be made.
pub fn outside() -> Result<&'static str> {
    const OUTSIDE: &str = "/srv/outside";
    if Path::new(OUTSIDE).exists() {
        fs::remove_dir_all(OUTSIDE).context(OUTSIDE)?;
    }
    let copied = std::process::Command::new("cp")
        .args(["-a", &GATHERED.bundle(), OUTSIDE])
        .status();
    ensure!(copied.context("run cp")?.success(), "cp of a bundle failed");
    Ok(OUTSIDE)
}
