//! Which calls stop.

use anyhow::{Context, Result};

use crate::names;

/// The calls that a start stops at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calls {
    /// Numbers in order; `None` for all.
    wanted: Option<Vec<u32>>,
}

impl Calls {
    /// Every call.
    #[must_use]
    pub fn all() -> Self {
        Self { wanted: None }
    }

    /// These calls.
    ///
    /// # Errors
    /// A name that is not a call's ([`names::number`]).
    pub fn named<'a>(calls: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let number = |call| names::number(call).with_context(|| format!("no system call `{call}`"));
        let mut wanted: Vec<u32> = calls.into_iter().map(number).collect::<Result<_>>()?;
        wanted.sort_unstable();
        wanted.dedup();
        Ok(Self {
            wanted: Some(wanted),
        })
    }

    /// Calls that resolve a path or change what one leads to
    /// ([`names::of_paths`]): where an exchange of files can matter.
    ///
    /// # Errors
    /// None on a kernel that the table knows.
    pub fn of_paths() -> Result<Self> {
        Self::named(names::of_paths())
    }

    /// Whether the controller wants to see the call.
    pub(super) fn has(&self, number: u32) -> bool {
        let wanted = self.wanted.as_ref();
        wanted.is_none_or(|wanted| wanted.binary_search(&number).is_ok())
    }

    /// What the filter stops: these and exec, by which the server finds out what
    /// a process is.
    pub(super) fn filtered(&self) -> Option<Vec<u32>> {
        let mut numbers = self.wanted.clone()?;
        numbers.extend(EXEC.iter().filter_map(|call| names::number(call)));
        numbers.sort_unstable();
        numbers.dedup();
        Some(numbers)
    }
}

/// Calls that make another program of a process.
const EXEC: [&str; 2] = ["execve", "execveat"];

/// Whether the call is one of [`EXEC`].
pub(super) fn is_exec(number: u32) -> bool {
    EXEC.contains(&names::name(number.into()).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exec_is_filtered_but_not_shown_unless_wanted() {
        let calls = Calls::named(["openat", "close", "openat"]).expect("names");
        let exec = names::number("execve").expect("a call");
        assert!(calls.filtered().expect("a list").contains(&exec));
        assert_eq!(calls.filtered().map(|list| list.len()), Some(4));
        assert!(!calls.has(exec) && calls.has(names::number("close").expect("a call")));
        assert!(Calls::all().has(exec) && Calls::all().filtered().is_none());
        assert!(Calls::named(["opennat"]).is_err());
        assert!(Calls::of_paths().expect("names").has(exec));
    }
}
