//! Namespaces that a second process makes while the request is examined
//! (`namespaces = while-deciding`). The init joins them once it is permitted.

use sekisho_rules::Evidence;
use sekisho_sys::ahead::NamespacesAhead;
use sekisho_sys::process::{
    self, CLONE_NEWCGROUP, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWTIME, CLONE_NEWUSER, CLONE_NEWUTS,
};

use crate::config::Config;
use crate::identity::Database;
use crate::inherited::Inherited;
use crate::settings::Settings;
use crate::stop::{Stop, step};
use crate::{decide, gather, namespaces};

/// Kinds that are the same whoever makes them, and that nothing up to exec
/// needs, but for some mounts and the host name.
const KINDS: i32 = CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

/// Namespaces of one start that were begun ahead; often none.
#[derive(Debug, Default)]
pub struct Ahead {
    begun: Option<NamespacesAhead>,
    /// Those of them that the init gets.
    kinds: i32,
    joined: bool,
}

impl Ahead {
    /// Prepares to make all kinds where the settings want it, before it is known
    /// which of them the configuration asks for.
    pub fn prepare(settings: &Settings) -> Self {
        Self {
            // Where that fails they are made later, with the others.
            begun: settings
                .ahead
                .then(|| NamespacesAhead::prepare(KINDS))
                .and_then(|prepared| prepared.ok().flatten()),
            kinds: KINDS,
            joined: false,
        }
    }

    /// Has them made, unless a rule about the caller alone refuses: such a caller
    /// does not make the kernel work.
    pub fn begin(&mut self, settings: &Settings, inherited: &Inherited, database: &Database) {
        let Some(prepared) = &self.begun else {
            return;
        };
        let evidence = Evidence {
            caller: gather::caller(inherited, database),
            ..Evidence::default()
        };
        match decide::refuses_caller(settings.rules, &evidence, &settings.policy) {
            true => self.end(),
            false => prepared.go(),
        }
    }

    /// Keeps those that the configuration asks for, or none where it asks for no
    /// network namespace: the others are quicker made than joined.
    pub fn fit(&mut self, config: &Config) {
        self.kinds = possible(config);
        if self.kinds & CLONE_NEWNET == 0 {
            self.end();
        }
    }

    /// Flags of those that the init gets.
    pub fn kinds(&self) -> i32 {
        self.begun.as_ref().map_or(0, |_| self.kinds)
    }

    /// Moves the calling process into them, as soon as they stand; makes them
    /// where the other process failed.
    ///
    /// # Errors
    /// As unshare(2).
    pub fn join(&mut self) -> Result<(), Stop> {
        let Some(begun) = self.begun.as_ref().filter(|_| !self.joined) else {
            return Ok(());
        };
        let joined = begun.join(self.kinds);
        joined
            .or_else(|_| process::unshare(self.kinds))
            .map_err(step("namespaces"))?;
        self.joined = true;
        Ok(())
    }

    /// Tells the process that made them to end; they stay while the init is in
    /// them.
    pub fn release(&self) {
        if let Some(begun) = &self.begun {
            begun.release();
        }
    }

    /// Has seen that process end.
    pub fn end(&mut self) {
        self.begun = None;
    }
}

/// Kinds that can be made ahead: they belong to the user namespace of the
/// launcher, which must be the one of the init, and whoever accompanies the
/// init on its way (`start.rs`) must find it in them.
fn possible(config: &Config) -> i32 {
    let made = namespaces::made(config);
    let of_another_user = namespaces::lists(config, "user");
    let accompanied = made & (CLONE_NEWUSER | CLONE_NEWTIME) != 0 || config.hooks.any();
    match of_another_user || accompanied {
        true => 0,
        false => made & KINDS,
    }
}
