//! What a refused caller may be told.

use alloc::borrow::ToOwned;
use alloc::vec::Vec;

use sekisho_rules::{Fact, Rule};
use sekisho_sys::open;

use crate::access::{self, Viewer};
use crate::resolve::{Bundle, Rootfs};
use crate::stop::Stop;

/// What a decision was about.
pub struct Look<'a> {
    pub bundle: &'a Bundle,
    pub rootfs: &'a Rootfs,
    pub candidates: &'a [Vec<u8>],
}

impl Look<'_> {
    /// The refusal, less what the caller could not have seen itself.
    pub fn withhold(&self, rule: &Rule, stop: Stop, caller: &Viewer) -> Stop {
        let seen = access::with(caller, || self.visible(rule)).unwrap_or(false);
        match stop {
            Stop::Denied { rule, required, .. } if !seen => Stop::Denied {
                rule,
                required,
                observed: "withheld".to_owned(),
            },
            Stop::Undetermined { rule, .. } if !seen => Stop::Undetermined {
                rule,
                cause: "withheld".to_owned(),
            },
            stop => stop,
        }
    }

    /// Whether the current ids can look at every file that the rule needs.
    fn visible(&self, rule: &Rule) -> bool {
        let needs = |facts: &[Fact]| facts.iter().any(|fact| rule.needs.has(*fact));
        let opens = |path: &[u8], flags| {
            let found = open::openat2(open::AT_FDCWD, path, flags, 0);
            found.is_ok() || found.is_err_and(|error| error.errno == sekisho_sys::Errno::ENOENT)
        };
        let place = [
            Fact::Bundle,
            Fact::BundleLinks,
            Fact::BundleAncestors,
            Fact::BundleEntry,
        ];
        let config = [Fact::ConfigFile, Fact::ConfigLinks, Fact::AccessLists];
        let content = [Fact::Requested, Fact::WorkingDirectory];
        let rootfs = [
            Fact::Rootfs,
            Fact::RootfsLinks,
            Fact::AccessLists,
            Fact::WorkingDirectory,
        ];
        let init = [
            Fact::Init,
            Fact::InitAccess,
            Fact::InitCapabilities,
            Fact::InitFormat,
            Fact::Interpreter,
            Fact::AccessLists,
        ];
        let init_path = |path: &Vec<u8>| [&self.rootfs.place.path[..], b"/", path].concat();
        (!needs(&place) || opens(&self.bundle.place.path, open::O_PATH))
            && (!needs(&config) || opens(&self.bundle.config_file.path, open::O_PATH))
            && (!needs(&content)
                || opens(
                    &self.bundle.config_file.path,
                    open::O_RDONLY | open::O_NONBLOCK,
                ))
            && (!needs(&rootfs) || opens(&self.rootfs.place.path, open::O_PATH))
            && (!needs(&init)
                || self
                    .candidates
                    .iter()
                    .all(|path| opens(&init_path(path), open::O_PATH)))
    }
}
