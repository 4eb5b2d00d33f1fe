//! Names of stops that are the same in each start.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use anyhow::Result;

use super::stop::{Role, Stop};

/// A stop by what it is, not by its number: in programs with several threads or
/// processes stops come in another order each time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Whose call.
    pub role: Role,
    /// Name of the call.
    pub call: Cow<'static, str>,
    /// Its first path, if any (of renameat2(2) and the like the source).
    pub path: Vec<u8>,
    /// Which of the stops with the same role, call and path, from 1.
    pub nth: u32,
}

/// `1.0 openat2 "/proc" 2`: generation and execs, call, path, n-th.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.role.generation {
            Some(generation) => write!(f, "{generation}.{}", self.role.execs)?,
            None => write!(f, "orphan.{}", self.role.execs)?,
        }
        let path = String::from_utf8_lossy(&self.path);
        write!(f, " {} {path:?} {}", self.call, self.nth)
    }
}

/// Gives each stop of one start its key.
#[derive(Debug, Clone, Default)]
pub struct Keys(BTreeMap<(Role, u32, Vec<u8>), u32>);

impl Keys {
    /// The key of the next stop.
    ///
    /// # Errors
    /// As [`Stop::paths`].
    pub fn next(&mut self, stop: &Stop<'_>) -> Result<Key> {
        let path = stop.paths()?.into_iter().next().unwrap_or_default();
        let seen = self.0.entry((stop.role, stop.number, path.clone()));
        let nth = seen.or_default();
        *nth += 1;
        Ok(Key {
            role: stop.role,
            call: stop.name(),
            path,
            nth: *nth,
        })
    }
}
