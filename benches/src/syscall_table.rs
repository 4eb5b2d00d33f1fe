//! `docs/system-calls.md`: how many system calls a start makes with each rule.

use std::fmt::Write as _;
use std::thread;

use anyhow::{Context, Result, ensure};
use sekisho_rules::registry::RULES;
use sekisho_trace::ptrace::count::{Calls, Counted, system_calls};

use crate::built::RAN;
use crate::world::{self, CALLER, FIVE, FLOOR, INIT, Isolation, LAUNCHER, TARGET};

/// Counts of one start by rule set, in the order of the registry.
#[derive(Debug)]
pub struct Table {
    /// The floor of the same isolation.
    pub floor: Counted,
    /// Under `none`, `fatal`, `suexec`, `all`.
    pub sets: Vec<(&'static str, Counted)>,
    /// Under each rule alone.
    pub rules: Vec<(&'static str, Counted)>,
}

impl Table {
    /// Counts everything, each twice: a count that is not the same again is no
    /// count. In a thread of its own, whose mount namespace is the private host.
    ///
    /// # Errors
    /// Not root, the kernel does not let itself be traced, or a start failed.
    pub fn count() -> Result<Self> {
        let thread = thread::spawn(|| {
            world::enter(false)?;
            Self::count_here()
        });
        let joined = thread.join();
        joined.unwrap_or_else(|_| anyhow::bail!("the counting thread panicked"))
    }

    /// The same in a thread that is in the private host already.
    ///
    /// # Errors
    /// As [`Self::count`].
    pub fn count_here() -> Result<Self> {
        let id = TARGET.to_string();
        let rootfs = FIVE.rootfs();
        let words = [FLOOR, "start", FIVE.letters, &rootfs, &id, &id, "-", INIT];
        let sets = ["none", "fatal", "suexec", "all"];
        Ok(Self {
            floor: twice("floor", 0, &words)?,
            sets: sets
                .into_iter()
                .map(|set| Ok((set, launcher(set, &FIVE)?)))
                .collect::<Result<_>>()?,
            rules: RULES
                .iter()
                .map(|rule| Ok((rule.id, launcher(rule.id, &FIVE)?)))
                .collect::<Result<_>>()?,
        })
    }

    /// The document.
    #[must_use]
    pub fn document(&self) -> String {
        let mut text = String::from(HEAD);
        let none = self.sets.first().map(|(_, none)| none.calls.clone());
        let none = none.unwrap_or_default();
        let _ = writeln!(text, "| floor | {} | |", self.floor.total());
        for (set, counted) in &self.sets {
            let more = difference(&none, &counted.calls);
            let _ = writeln!(text, "| `{set}` | {} | {more} |", counted.total());
        }
        text.push_str("\n## Each rule alone\n\n");
        text.push_str("| rule | calls | more than `none` | which |\n| --- | ---: | ---: | --- |\n");
        let base: u64 = none.values().sum();
        for (rule, counted) in &self.rules {
            let total = counted.total();
            let more = i128::from(total) - i128::from(base);
            let which = difference(&none, &counted.calls);
            let _ = writeln!(text, "| `{rule}` | {total} | {more} | {which} |");
        }
        text.push_str("\n## Calls by name\n\n| call | floor |");
        for (set, _) in &self.sets {
            let _ = write!(text, " `{set}` |");
        }
        let columns = "---: |".repeat(1 + self.sets.len());
        let _ = writeln!(text, "\n| --- | {columns}");
        let all = |name: &String| {
            let counts = self.sets.iter().map(|(_, counted)| &counted.calls);
            let mut counts = std::iter::once(&self.floor.calls).chain(counts);
            let cells = counts
                .by_ref()
                .map(|calls| calls.get(name).copied().unwrap_or(0));
            cells.map(|count| format!(" {count} |")).collect::<String>()
        };
        let mut names: Vec<&String> = self.floor.calls.keys().collect();
        names.extend(
            self.sets
                .iter()
                .flat_map(|(_, counted)| counted.calls.keys()),
        );
        names.sort_unstable();
        names.dedup();
        for name in names {
            let _ = writeln!(text, "| `{name}` |{}", all(name));
        }
        text
    }
}

/// One start under a rule set.
///
/// # Errors
/// As [`Table::count`].
pub fn launcher(rules: &str, isolation: &Isolation) -> Result<Counted> {
    world::configure(rules, "")?;
    let bundle = format!("alice/{}", isolation.bundle);
    twice(rules, CALLER, &[LAUNCHER, "alice", "alice", &bundle])
}

fn twice(what: &str, caller: u32, words: &[&str]) -> Result<Counted> {
    let once = || system_calls(FLOOR, caller, words).with_context(|| format!("count {what}"));
    let (first, second) = (once()?, once()?);
    ensure!(
        first.status == RAN,
        "{what}: exit status {}, expected {RAN}",
        first.status
    );
    ensure!(
        first == second,
        "{what}: two starts made different calls: {}",
        difference(&first.calls, &second.calls)
    );
    Ok(first)
}

/// `openat2 +2, read −1`.
fn difference(base: &Calls, other: &Calls) -> String {
    let mut names: Vec<&String> = base.keys().chain(other.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let of = |calls: &Calls, name: &String| i128::from(calls.get(name).copied().unwrap_or(0));
    let changes = names.into_iter().filter_map(|name| {
        let change = of(other, name) - of(base, name);
        (change != 0).then(|| format!("`{name}` {change:+}"))
    });
    changes.collect::<Vec<_>>().join(", ").replace('-', "−")
}

const HEAD: &str = "\
# System calls of a start

How many system calls the research build of the reference launcher makes, all
its processes together, from its own exec to that of the init and to its end:
five namespaces, `/proc` and `/dev`, nothing hidden in `/proc`, a request that
every rule permits, `/etc/passwd` of 50 entries, no record. Calls that only wait
are left out. Counted by following real starts with `ptrace(2)`, each twice. A
rule that is off must cost nothing, so what its own row has more than `none` is
what the rule asks of the kernel.

A test holds this page to what is counted (`benches/tests/system_calls.rs`), so
that a new system call is a visible change. Write it anew, as root, with

```
SEKISHO_WRITE_DOCS=1 cargo test -p sekisho-benches --test system_calls
```

The floor is the least program of our own for the same isolation (`benches/floor`).

## Rule sets

| rule set | calls | more than `none` |
| --- | ---: | --- |
";
