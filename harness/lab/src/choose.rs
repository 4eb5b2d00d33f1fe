//! Which targets a run has.

use anyhow::{Result, bail};
use sekisho_scenario::nearest::did_you_mean;
use sekisho_targets::{Carried, Target, named, patterns, targets};

/// Name of the reference launcher.
pub const REFERENCE: &str = "sekisho";

/// The word for every installed target.
const ALL: &str = "all";

/// The targets of a run.
pub struct Chosen {
    /// The reference launcher among them.
    pub targets: Vec<Box<dyn Target>>,
    /// Whether the reference launcher is there only because attacks are
    /// demonstrated on it.
    pub only_for_demonstration: bool,
}

/// Apache's suexec, which stands beside the rules that carry its conditions over
/// in every run where it is installed.
const SUEXEC: &str = "suexec-custom";

/// The named targets; when none is named the reference launcher, and Apache's
/// suexec where it is installed. The reference launcher is beside the others in any
/// case.
///
/// # Errors
/// An unknown name with the nearest known one; a target that is not there,
/// with how to come by it.
pub fn chosen(carried: &Carried, names: &[String]) -> Result<Chosen> {
    let mut chosen: Vec<Box<dyn Target>> = Vec::new();
    if names.is_empty() {
        let suexec = find(carried, SUEXEC)?;
        chosen.extend(suexec.find().is_ok().then_some(suexec));
    }
    for name in names {
        if name == ALL {
            let installed = targets(carried)
                .into_iter()
                .filter(|target| !target.has_rules() && target.find().is_ok());
            for target in installed {
                add(&mut chosen, target);
            }
        } else {
            add(&mut chosen, usable(carried, name)?);
        }
    }
    let named_reference = chosen.iter().any(|target| target.has_rules());
    if !named_reference {
        let reference = targets(carried)
            .into_iter()
            .find(|target| target.has_rules());
        chosen.splice(0..0, reference);
    }
    Ok(Chosen {
        targets: chosen,
        only_for_demonstration: !named_reference && !names.is_empty(),
    })
}

/// Adds a target that is not there yet.
fn add(to: &mut Vec<Box<dyn Target>>, target: Box<dyn Target>) {
    if to.iter().all(|there| there.name() != target.name()) {
        to.push(target);
    }
}

/// The target of a name, on this machine.
///
/// # Errors
/// As [`chosen`].
pub fn usable(carried: &Carried, name: &str) -> Result<Box<dyn Target>> {
    let target = find(carried, name)?;
    if let Err(reason) = target.find() {
        bail!("target {name} cannot be used: {reason}; {}", target.hint());
    }
    Ok(target)
}

/// The target of a name.
///
/// # Errors
/// Unknown name, with the nearest known one.
pub fn find(carried: &Carried, name: &str) -> Result<Box<dyn Target>> {
    if let Some(target) = named(carried, name) {
        return Ok(target);
    }
    let known = targets(carried);
    let known: Vec<String> = known
        .iter()
        .map(|target| target.name().to_owned())
        .chain(patterns().map(|(prefix, what)| format!("{prefix}{what}")))
        .chain([ALL.to_owned()])
        .collect();
    let hint = did_you_mean(name, known.iter().map(String::as_str));
    bail!("unknown target `{name}`{hint}; `sekisho targets` lists them all")
}

#[cfg(test)]
mod tests {
    use sekisho_rules::Policy;

    use super::*;

    fn names(asked: &[&str]) -> Result<(Vec<String>, bool)> {
        let carried = crate::carried(None, &Policy::default())?;
        let asked: Vec<_> = asked.iter().map(|name| (*name).to_owned()).collect();
        let chosen = chosen(&carried, &asked)?;
        let names = chosen.targets.iter().map(|target| target.name().to_owned());
        Ok((names.collect(), chosen.only_for_demonstration))
    }

    #[test]
    fn the_reference_launcher_is_in_every_run() {
        let (by_default, only) = names(&[]).unwrap();
        assert!(!only, "under all its rule sets");
        assert_eq!(by_default[0], "sekisho");
        let beside = &by_default[1..];
        assert!(beside.is_empty() || beside == [SUEXEC], "{beside:?}");
        assert_eq!(
            names(&["sekisho"]).unwrap(),
            (vec!["sekisho".into()], false)
        );
        // Any program that can say a version.
        let (all, only) = names(&["oci:/bin/true", "oci:/bin/true"]).unwrap_or_default();
        assert!(
            all.is_empty() || all == ["sekisho", "oci:/bin/true"] && only,
            "{all:?}"
        );
        let (all, _) = names(&["all"]).unwrap();
        assert_eq!(all[0], "sekisho");
    }

    #[test]
    fn an_unknown_or_missing_target_is_told_with_a_remedy() {
        let unknown = names(&["rumc"]).unwrap_err().to_string();
        assert!(unknown.contains("did you mean `runc`?"), "{unknown}");
        let missing = names(&["oci:/nowhere"]).unwrap_err().to_string();
        assert!(missing.contains("cannot run /nowhere"), "{missing}");
        let relative = names(&["oci:runtime"]).unwrap_err().to_string();
        assert!(relative.contains("absolute path"), "{relative}");
    }
}
