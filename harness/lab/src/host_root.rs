//! Launchers that start a program where it lies, without a root of its own:
//! how a witness that was written for a container is to be read there.
//!
//! The probe says in whose root it found itself. On the host that is always
//! the host's; which bundle was started shows in where its program lies. So the
//! report's places are told again as the init would have seen them in its
//! rootfs, and nothing else of it changes. What a container hides anyway (the
//! host's files that everybody may read, its sockets, its namespaces) such a
//! launcher hides from nobody, attacked or not: a witness of that shows nothing
//! there, so the case is not applicable.

use sekisho_scenario::model::Witness;
use sekisho_targets::{Asked, Target};
use sekisho_trial::{Content, Layout};
use sekisho_witness::Report;

use crate::probe_reports::Reports;

/// Parts of a report that only a boundary around the init decides.
const BOUNDARY: [&str; 10] = [
    "/namespaces_shared",
    "/mounts",
    "/hostname",
    "/pid",
    "/ppid",
    "/canaries/host-socket/",
    "/canaries/host-abstract/",
    "/canaries/host-port/",
    "/canaries/host-process/",
    "/canaries/host-device/",
];

/// The canary that every process on the host may read.
const WORLD: [&str; 2] = ["/canaries/world-file/", "/canaries/world-file@"];

/// The place of the host's own root.
const HOST: &str = "host";

/// Whether the target can express the request, and show the effect.
///
/// # Errors
/// The part that it cannot.
pub fn applicable(target: &dyn Target, asked: &Asked<'_>, witness: &Witness) -> Result<(), String> {
    target.can(asked)?;
    if target.changes_root() {
        return Ok(());
    }
    match behind_boundary(witness) {
        None => Ok(()),
        Some(at) => Err(format!(
            "witness: it looks at {at}, which a start on the host never hides"
        )),
    }
}

/// What the witness looks at that only a boundary decides.
fn behind_boundary(witness: &Witness) -> Option<&str> {
    let predicate = witness.all.iter().find(|predicate| {
        let begins = |with: &&str| predicate.at.starts_with(*with);
        let host = predicate.equals.as_ref().is_some_and(|value| value == HOST);
        BOUNDARY.iter().chain(&WORLD).any(begins) || predicate.at == "/place" && host
    });
    predicate.map(|predicate| predicate.at.as_str())
}

/// Tells the places in reports as beneath the rootfs that the program lies in,
/// when the target gave it no root of its own.
pub fn rebase_paths(reports: &mut Reports, target: &dyn Target, layout: &Layout) {
    if target.changes_root() {
        return;
    }
    let roots: Vec<&str> = layout
        .files
        .iter()
        .filter_map(|file| match &file.content {
            Content::Sheet { place } if place != HOST => Some(place.as_str()),
            _ => None,
        })
        .collect();
    for report in &mut reports.all {
        tell(report, &roots);
    }
}

fn tell(report: &mut Report, roots: &[&str]) {
    if report.place != HOST {
        return;
    }
    // A script's program is its interpreter; its path is an argument, or
    // relative to the directory.
    let named = [&report.exe]
        .into_iter()
        .chain(&report.argv)
        .chain([&report.cwd]);
    let root = named
        .filter_map(|path| {
            let roots = roots.iter().filter(|root| beneath(root, path).is_some());
            roots.max_by_key(|root| root.len())
        })
        .next();
    let Some(root) = root else {
        return;
    };
    report.place = (*root).to_owned();
    // Called by its base name or its path on the host.
    let called = report.argv.first().map(String::as_str);
    if called.is_some() && called == report.exe.rsplit('/').next() {
        report.argv[0].clone_from(&report.exe);
    }
    let paths = [&mut report.exe, &mut report.cwd].into_iter();
    for path in paths.chain(&mut report.argv) {
        if let Some(inside) = beneath(root, path) {
            *path = inside.to_owned();
        }
    }
}

/// The path as seen from a root above it.
fn beneath<'a>(root: &str, path: &'a str) -> Option<&'a str> {
    match path.strip_prefix(root)? {
        "" => Some("/"),
        inside => inside.starts_with('/').then_some(inside),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(exe: &str, argv: &[&str], cwd: &str) -> Report {
        Report {
            place: HOST.to_owned(),
            exe: exe.to_owned(),
            argv: argv.iter().map(|word| (*word).to_owned()).collect(),
            cwd: cwd.to_owned(),
            ..Report::default()
        }
    }

    const ROOTS: [&str; 2] = ["/srv/a/rootfs", "/srv/a/rootfs/inner/rootfs"];

    fn told(exe: &str, argv: &[&str], cwd: &str) -> (String, String, String) {
        let mut report = report(exe, argv, cwd);
        tell(&mut report, &ROOTS);
        (report.place, report.exe, report.cwd)
    }

    #[test]
    fn places_are_told_as_the_init_would_see_them() {
        let (place, exe, cwd) = told("/srv/a/rootfs/app/run", &["run"], "/srv/a/rootfs/app");
        assert_eq!((&*place, &*exe, &*cwd), (ROOTS[0], "/app/run", "/app"));
        let (place, exe, cwd) = told("/srv/a/rootfs/inner/rootfs/run", &[], "/");
        assert_eq!((&*place, &*exe, &*cwd), (ROOTS[1], "/run", "/"));
        // A script.
        let (place, exe, _) = told("/probe", &["/probe", "/srv/a/rootfs/app/run"], "/");
        assert_eq!((&*place, &*exe), (ROOTS[0], "/probe"));
        let (place, _, cwd) = told("/probe", &["/probe", "run"], "/srv/a/rootfs");
        assert_eq!((&*place, &*cwd), (ROOTS[0], "/"));
    }

    #[test]
    fn what_lies_in_no_rootfs_stays_the_hosts() {
        for path in ["/srv/a/rootfs-old/run", "/srv/a/tool"] {
            let (place, exe, _) = told(path, &["run"], "/");
            assert_eq!((&*place, &*exe), (HOST, path));
        }
        let argv = |argv: &[&str]| {
            let mut report = report("/srv/a/rootfs/app/run", argv, "/");
            tell(&mut report, &ROOTS);
            report.argv
        };
        let mut inside = report("/app/run", &[], "/");
        assert_eq!(
            argv(&["run", "/srv/a/rootfs/x", "y"]),
            ["/app/run", "/x", "y"]
        );
        assert_eq!(argv(&["/srv/a/rootfs/app/run"]), ["/app/run"]);
        assert_eq!(argv(&["other"]), ["other"]);
        inside.place = "/srv/b/rootfs".to_owned();
        let before = inside.clone();
        tell(&mut inside, &ROOTS);
        assert_eq!(inside, before);
    }

    #[test]
    fn a_witness_of_a_boundary_is_known() {
        let witness = |at: &str, value: serde_json::Value| Witness {
            all: vec![
                serde_json::from_value(serde_json::json!({"at": at, "equals": value})).unwrap(),
            ],
            ..Witness::default()
        };
        let yes = serde_json::json!(true);
        for (at, value) in [
            ("/place", serde_json::json!("host")),
            ("/canaries/world-file/read", yes.clone()),
            ("/canaries/world-file@~1mnt~1canary/read", yes.clone()),
            ("/canaries/host-port/used", yes.clone()),
            ("/pid", serde_json::json!(1)),
        ] {
            assert_eq!(behind_boundary(&witness(at, value)), Some(at));
        }
        for (at, value) in [
            ("/place", serde_json::json!("/srv/a/rootfs")),
            ("/canaries/root-file/read", yes.clone()),
            ("/canaries/tenant-file/read", yes),
            ("/uid/effective", serde_json::json!(0)),
        ] {
            assert_eq!(behind_boundary(&witness(at, value)), None);
        }
    }
}
