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
        let facts = Fact::ALL.iter().filter(|fact| rule.needs.has(**fact));
        let mut parts: Vec<Part> = facts.flat_map(|fact| parts(*fact)).copied().collect();
        parts.sort_unstable();
        parts.dedup();
        parts.into_iter().all(|part| self.is_open(part))
    }

    fn is_open(&self, part: Part) -> bool {
        let opens = |path: &[u8], flags| {
            let found = open::openat2(open::AT_FDCWD, path, flags, 0);
            found.is_ok() || found.is_err_and(|error| error.errno == sekisho_sys::Errno::ENOENT)
        };
        let config = &self.bundle.config_file.path;
        match part {
            Part::Bundle => opens(&self.bundle.place.path, open::O_PATH),
            Part::Config => opens(config, open::O_PATH),
            Part::Content => opens(config, open::O_RDONLY | open::O_NONBLOCK),
            Part::Rootfs => opens(&self.rootfs.place.path, open::O_PATH),
            Part::Init => self.candidates.iter().all(|path| {
                let path = [&self.rootfs.place.path[..], b"/", path].concat();
                opens(&path, open::O_PATH)
            }),
        }
    }
}

/// What of a bundle a refusal may tell about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Bundle,
    Config,
    /// What the configuration says.
    Content,
    Rootfs,
    Init,
}

/// What a caller must be able to look at itself to be told about the fact. A new
/// fact has to be named here: without a wildcard, the compiler asks for it.
fn parts(fact: Fact) -> &'static [Part] {
    match fact {
        Fact::Bundle | Fact::BundleLinks | Fact::BundleAncestors | Fact::BundleEntry => {
            &[Part::Bundle]
        }
        Fact::ConfigFile | Fact::ConfigLinks => &[Part::Config],
        Fact::Requested => &[Part::Content],
        Fact::Rootfs | Fact::RootfsLinks => &[Part::Rootfs],
        Fact::WorkingDirectory => &[Part::Content, Part::Rootfs],
        Fact::Init
        | Fact::InitAccess
        | Fact::InitCapabilities
        | Fact::InitFormat
        | Fact::Interpreter => &[Part::Init],
        Fact::AccessLists => &[Part::Config, Part::Rootfs, Part::Init],
        // The caller's own, or what everybody may read.
        Fact::Arguments
        | Fact::Caller
        | Fact::TargetUser
        | Fact::TargetGroup
        | Fact::Membership
        | Fact::Environment
        | Fact::Descriptors
        | Fact::GroupsHeld
        | Fact::State
        | Fact::Terminal
        | Fact::Dropped => &[],
    }
}
