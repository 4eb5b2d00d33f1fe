//! Gathering evidence: each fact by one function, called only when a rule in
//! force needs it.

mod eyes;
mod files;
mod init;
mod process;
mod requested;

use alloc::string::String;
use alloc::string::ToString;
use alloc::vec;

use sekisho_rules::evidence::{Gathered, Links};
use sekisho_rules::{Cause, Evidence, Fact, Needs, Policy};
use sekisho_sys::Result;

pub use process::{caller, descriptors, environment};

use crate::access::Viewer;
use crate::identity::Database;
use crate::inherited::Inherited;
use crate::request::Request;
use crate::resolve::{Bundle, Located, Rootfs};
use sekisho_rules::evidence::Identity;

/// All that a request was resolved to.
pub struct Subject<'a> {
    pub inherited: &'a Inherited,
    pub request: &'a Request,
    pub policy: &'a Policy,
    pub database: &'a Database,
    pub user: &'a Identity,
    pub group: &'a Identity,
    pub bundle: &'a Bundle,
    pub rootfs: &'a mut Rootfs,
    /// The reference (`INIT` or `process.args[0]`) and what it led to.
    pub init_text: &'a [u8],
    pub init: Option<&'a Located>,
    /// By descriptor: what the working directory led to.
    pub cwd: Option<Result<Option<(Located, Links)>>>,
}

impl Subject<'_> {
    /// The target's eyes.
    fn target(&self) -> Viewer {
        let mut groups = vec![self.group.id];
        groups.extend(self.database.groups_of(self.user.id));
        groups.extend(&self.bundle.config.process.user.additional_gids);
        Viewer {
            uid: self.user.id,
            gid: self.group.id,
            groups,
        }
    }

    /// Adds the facts that are needed, other than those that were gathered
    /// before.
    pub fn gather(&mut self, needs: Needs, e: &mut Evidence) {
        self.gather_process(needs, e);
        let mut eyes = self.look_as_target(needs, e);
        let bytes = self.read_init(needs);
        self.gather_files(needs, &mut eyes, e);
        self.gather_init(needs, &mut eyes, bytes, e);
        if needs.has(Fact::Requested) {
            e.requested = requested::requested(&self.bundle.config);
        }
    }
}

/// A fact from the result of looking.
fn seen<T>(result: Result<T>) -> Gathered<T> {
    match result {
        Ok(value) => Gathered::Seen(value),
        Err(error) => Gathered::Unobservable(Cause::SystemCall(error.to_string())),
    }
}

/// Bytes for messages.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
