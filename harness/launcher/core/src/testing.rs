//! Resolving a request and gathering evidence of it, by themselves and as often
//! as one likes: for benches and tests, never part of a launcher.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use sekisho_rules::{Evidence, Fact, Needs};
use sekisho_sys::Error;
use sekisho_sys::credentials as ids;
use sekisho_sys::file::Stat;
use sekisho_sys::start::Start;

use crate::decide;
use crate::gather;
use crate::inherited::{self, Inherited};
use crate::report::Reporter;
use crate::run::{Resolved, resolve};
use crate::settings::Settings;

/// A process that has taken its caller's state off and become root, as the
/// launcher is when it begins to look at a request.
pub struct Begun {
    inherited: Inherited,
    settings: Settings,
}

/// A request that was resolved, of which nothing was gathered yet.
pub struct Prepared<'a> {
    begun: &'a Begun,
    resolved: Resolved,
    /// What resolving has looked at: bundle, configuration, rootfs, init.
    looked_at: [Option<Stat>; 4],
    /// Why it has no working directory, where it has looked for one.
    no_cwd: Option<Option<Error>>,
    /// Which bind mounts it has copied.
    binds: Vec<bool>,
}

impl Begun {
    /// Takes the caller's state off the calling thread and its process (signals
    /// are blocked, the umask set, limits raised, all ids become root's), which
    /// does not get it back. The thread must be the only one that minds.
    ///
    /// # Errors
    /// In words.
    pub fn of(start: Start, settings: Settings) -> Result<Self, String> {
        let inherited = inherited::take(start).map_err(|error| format!("own process: {error}"))?;
        ids::set_gids(0, 0, 0)
            .and_then(|()| ids::set_uids(0, 0, 0))
            .map_err(|error| format!("become root: {error}"))?;
        Ok(Self {
            inherited,
            settings,
        })
    }

    /// Gathers what a start does before it opens anything: the descriptors that
    /// its caller left open, here all that the process has.
    pub fn gather(&self, needs: Needs) -> Evidence {
        let mut evidence = Evidence::default();
        if needs.has(Fact::Descriptors) {
            evidence.descriptors = gather::descriptors();
        }
        evidence
    }

    /// Resolves the request, once more from nothing.
    ///
    /// # Errors
    /// Why the launcher would stop, in words.
    pub fn resolve(&self) -> Result<Prepared<'_>, String> {
        let mut reporter = Reporter::new("testing");
        reporter.phases.switch(false);
        let (inherited, settings) = (&self.inherited, &self.settings);
        // For the search for the init alone.
        let needs = decide::early(settings.rules).needs();
        let mut evidence = Evidence::default();
        let resolved = resolve(inherited, settings, needs, &mut evidence, &mut reporter)
            .map_err(|stop| format!("{stop:?}"))?;
        let looked_at = [
            resolved.bundle.place.looked_at(),
            resolved.bundle.config_file.looked_at(),
            resolved.rootfs.place.looked_at(),
            resolved.init.as_ref().and_then(|init| init.looked_at()),
        ];
        let no_cwd = match &resolved.cwd {
            Some(Ok(None)) => Some(None),
            Some(Err(error)) => Some(Some(error.clone())),
            _ => None,
        };
        Ok(Prepared {
            begun: self,
            looked_at,
            no_cwd,
            binds: resolved.rootfs.binds.made(),
            resolved,
        })
    }
}

impl Prepared<'_> {
    /// Gathers what is needed as a start does that has just resolved its request:
    /// whatever was found out by gathering before is forgotten first, and looked
    /// at again. Descriptors were gathered before ([`Begun::gather`]).
    pub fn gather(&mut self, needs: Needs) -> Evidence {
        self.forget();
        let inherited = &self.begun.inherited;
        let mut evidence = Evidence::default();
        if needs.has(Fact::Environment) {
            let own = &self.resolved.bundle.config.process.env;
            evidence.environment = gather::environment(inherited, own);
        }
        let policy = &self.begun.settings.policy;
        self.resolved
            .gather(inherited, policy, needs, &mut evidence);
        evidence
    }

    fn forget(&mut self) {
        let [bundle, config, rootfs, init] = self.looked_at;
        self.resolved.database.forget();
        self.resolved.bundle.place.forget(bundle);
        self.resolved.bundle.config_file.forget(config);
        self.resolved.rootfs.place.forget(rootfs);
        if let Some(found) = &mut self.resolved.init {
            found.forget(init);
        }
        if let (None, Some(why)) = (&self.resolved.cwd, &self.no_cwd) {
            self.resolved.cwd = Some(why.clone().map_or(Ok(None), Err));
        }
        self.resolved.rootfs.binds.forget(&self.binds);
    }
}
