//! Where the time of a start goes, when `phases = on` asks for it.

use sekisho_sys::clock;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Parts of a start, in the order in which most of their time is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The caller's state is taken off the process.
    Sanitise,
    /// Rule set and policy are read.
    Settings,
    /// Users and groups are looked up.
    Identify,
    /// Bundle, configuration, rootfs, init and all else is opened.
    Open,
    /// Evidence is gathered and rules are evaluated, late ones included.
    Rules,
    /// The process is made, namespaces are joined, the root is changed, hooks
    /// run.
    Isolate,
    /// Everything is mounted.
    Mounts,
    /// Privileges are given away.
    Drop,
    /// What remains until the exec call.
    Exec,
}

/// Names in the record.
const NAMES: [&str; 9] = [
    "sanitise", "settings", "identify", "open", "rules", "isolate", "mounts", "drop", "exec",
];

/// A stopwatch; all times are `CLOCK_MONOTONIC` in nanoseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phases {
    on: bool,
    began: u64,
    last: u64,
    spent: [u64; NAMES.len()],
}

impl Phases {
    /// Begins now, on until it is known whether anybody asks.
    pub fn begin() -> Self {
        let now = clock::monotonic();
        Self {
            on: true,
            began: now,
            last: now,
            spent: [0; NAMES.len()],
        }
    }

    /// Whether anybody asks; when not, no more time is taken.
    pub fn switch(&mut self, on: bool) {
        self.on = on;
    }

    /// Whether it is on.
    pub fn is_on(&self) -> bool {
        self.on
    }

    /// What passed since the last call belongs to this phase.
    pub fn end(&mut self, phase: Phase) {
        if self.on {
            let now = clock::monotonic();
            self.spent[phase as usize] += now.saturating_sub(self.last);
            self.last = now;
        }
    }

    /// For the record: when it began, and how long each phase took.
    pub fn value(&self) -> Value {
        let spent = NAMES.iter().zip(self.spent);
        let mut map: Map<_, _> = spent
            .map(|(name, spent)| ((*name).into(), spent.into()))
            .collect();
        map.insert("began".into(), self.began.into());
        Value::Object(map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_to_the_phase_that_ends_and_to_none_when_off() {
        let mut phases = Phases::begin();
        std::thread::sleep(std::time::Duration::from_millis(2));
        phases.end(Phase::Rules);
        phases.end(Phase::Exec);
        phases.switch(false);
        std::thread::sleep(std::time::Duration::from_millis(2));
        phases.end(Phase::Mounts);
        let value = phases.value();
        assert!(value["rules"].as_u64() >= Some(2_000_000), "{value}");
        assert!(value["exec"].as_u64() < value["rules"].as_u64(), "{value}");
        assert_eq!(value["mounts"], 0);
        assert_eq!(value["began"].as_u64(), Some(phases.began));
    }

    #[test]
    fn every_phase_has_its_name() {
        assert_eq!(NAMES[Phase::Sanitise as usize], "sanitise");
        assert_eq!(NAMES[Phase::Isolate as usize], "isolate");
        assert_eq!(NAMES[Phase::Exec as usize], "exec");
    }
}
