//! The environment that the init gets.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use sekisho_rules::{Policy, Sanitation};

/// The caller's entries, then the configuration's: of several of the same
/// name there the last one counts and replaces the caller's; duplicates among
/// the caller's own and entries without `=` pass as they are.
pub fn merge(
    caller: &[Vec<u8>],
    config: &[String],
    sanitations: &[Sanitation],
    policy: &Policy,
) -> Vec<Vec<u8>> {
    let own: BTreeSet<&[u8]> = config
        .iter()
        .filter_map(|entry| name(entry.as_bytes()))
        .collect();
    let drop_unlisted = sanitations.contains(&Sanitation::DropUnlistedEnvironment);
    let passes = |entry: &&Vec<u8>| match name(entry) {
        Some(name) => !own.contains(name) && (!drop_unlisted || policy.passes_environment(name)),
        None => !drop_unlisted,
    };
    let mut merged: Vec<Vec<u8>> = caller.iter().filter(passes).cloned().collect();
    let mut seen = BTreeSet::new();
    let mut last: Vec<Vec<u8>> = Vec::new();
    for entry in config.iter().rev().map(String::as_bytes) {
        if name(entry).is_none_or(|name| seen.insert(name)) {
            last.push(entry.to_vec());
        }
    }
    merged.extend(last.into_iter().rev());
    if sanitations.contains(&Sanitation::SetPolicyPath) {
        merged.retain(|entry| name(entry) != Some(b"PATH"));
        merged.push([b"PATH=", policy.path.as_bytes()].concat());
    }
    merged
}

fn name(entry: &[u8]) -> Option<&[u8]> {
    let end = entry.iter().position(|byte| *byte == b'=')?;
    Some(&entry[..end])
}

/// The first value of a variable, as `getenv(3)` would find it.
pub fn value<'a>(environment: &'a [Vec<u8>], wanted: &[u8]) -> Option<&'a [u8]> {
    environment
        .iter()
        .find(|entry| name(entry) == Some(wanted))
        .map(|entry| &entry[wanted.len() + 1..])
}

/// Paths at which an init reference is looked for, inside the rootfs: itself
/// when it has a slash, else beneath each directory of `PATH`. An empty
/// directory there is the working directory, as in `execvp(3)`.
pub fn candidates(reference: &[u8], environment: &[Vec<u8>], cwd: &[u8]) -> Vec<Vec<u8>> {
    /// What `execvp(3)` searches without `PATH` (confstr `_CS_PATH`).
    const DEFAULT_PATH: &[u8] = b"/bin:/usr/bin";
    let absolute = |path: &[u8]| {
        if path.starts_with(b"/") {
            path.to_vec()
        } else {
            [cwd, path].join(&b"/"[..])
        }
    };
    if reference.contains(&b'/') {
        return vec![absolute(reference)];
    }
    value(environment, b"PATH")
        .unwrap_or(DEFAULT_PATH)
        .split(|byte| *byte == b':')
        .map(|dir| absolute(&[dir, reference].join(&b"/"[usize::from(dir.is_empty())..])))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(list: &[&str]) -> Vec<Vec<u8>> {
        list.iter().map(|entry| entry.as_bytes().to_vec()).collect()
    }

    fn merged(caller: &[&str], config: &[&str], sanitations: &[Sanitation]) -> Vec<Vec<u8>> {
        let config: Vec<String> = config.iter().map(|&entry| entry.to_owned()).collect();
        merge(&bytes(caller), &config, sanitations, &Policy::default())
    }

    #[test]
    fn the_configuration_wins_and_the_rest_passes() {
        assert_eq!(
            merged(
                &["A=1", "junk", "B=1", "B=2", "C=1"],
                &["A=2", "A=3", "D=1"],
                &[]
            ),
            bytes(&["junk", "B=1", "B=2", "C=1", "A=3", "D=1"])
        );
    }

    #[test]
    fn cleaning_touches_only_the_callers_entries() {
        let clean = [Sanitation::DropUnlistedEnvironment];
        assert_eq!(
            merged(
                &["LD_PRELOAD=x", "junk", "HTTP_HOST=h"],
                &["LD_PRELOAD=y"],
                &clean
            ),
            bytes(&["HTTP_HOST=h", "LD_PRELOAD=y"])
        );
    }

    #[test]
    fn the_policys_path_replaces_every_other() {
        let path = format!("PATH={}", Policy::default().path);
        assert_eq!(
            merged(
                &["PATH=/a", "PATH=/b"],
                &["PATH=/c"],
                &[Sanitation::SetPolicyPath]
            ),
            bytes(&[&path])
        );
    }

    #[test]
    fn a_bare_name_is_searched_and_a_path_is_not() {
        let environment = bytes(&["PATH=/a::b"]);
        let found = candidates(b"x", &environment, b"/w");
        assert_eq!(found, bytes(&["/a/x", "/w/x", "/w/b/x"]));
        assert_eq!(candidates(b"./x", &environment, b"/w"), bytes(&["/w/./x"]));
        assert_eq!(
            candidates(b"x", &[], b"/"),
            bytes(&["/bin/x", "/usr/bin/x"])
        );
    }
}
