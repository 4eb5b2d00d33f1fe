//! What machine a run was made on, for `run.json`.

use std::collections::BTreeMap;
use std::fs;

/// The machine.
pub struct Machine {
    /// Release and version.
    pub kernel: String,
    /// Model name.
    pub cpu: String,
    /// Number of processors that this process may use.
    pub cpus: usize,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// Name of a processor's weakness to what the kernel does about it.
    pub mitigations: BTreeMap<String, String>,
}

/// Reads what the kernel tells; what it does not tell stays empty.
pub fn describe() -> Machine {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let kernel = format!(
        "{} {}",
        read("/proc/sys/kernel/osrelease").trim(),
        read("/proc/sys/kernel/version").trim()
    );
    let weaknesses = fs::read_dir("/sys/devices/system/cpu/vulnerabilities");
    let mitigations = weaknesses
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| {
            let text = fs::read_to_string(entry.path()).unwrap_or_default();
            (
                entry.file_name().to_string_lossy().into_owned(),
                text.trim().to_owned(),
            )
        })
        .collect();
    Machine {
        kernel: kernel.trim().to_owned(),
        cpu: field(&read("/proc/cpuinfo"), "model name"),
        cpus: cpus(),
        memory_bytes: field(&read("/proc/meminfo"), "MemTotal")
            .split_whitespace()
            .next()
            .and_then(|number| number.parse::<u64>().ok())
            .map_or(0, |kibibytes| kibibytes * 1024),
        mitigations,
    }
}

/// Number of processors that this process may use.
pub fn cpus() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The value of the first `name : value` line.
fn field(text: &str, name: &str) -> String {
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.trim().to_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_a_kernel_processors_and_memory() {
        let machine = describe();
        assert!(
            machine.kernel.chars().next().is_some_and(char::is_numeric),
            "{}",
            machine.kernel
        );
        assert!(machine.cpus >= 1);
        assert!(machine.memory_bytes > 1 << 20);
    }

    #[test]
    fn the_first_field_of_that_name_counts() {
        let text = "processor\t: 0\nmodel name\t: A: B\nmodel name\t: C\n";
        assert_eq!(field(text, "model name"), "A: B");
        assert_eq!(field(text, "flags"), "");
    }
}
