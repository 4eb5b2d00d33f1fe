//! Says whether this machine can run trials, and what to do if not.

use std::fs;
use std::path::Path;

use anyhow::Result;
use nix::unistd::{User, geteuid};
use sekisho_lab::stage::{Arenas, Stages as _};
use sekisho_lab::{carried, choose, preflight};
use sekisho_rules::Policy;

use crate::exit::Exit;

/// Milliseconds until the start that is tried is killed.
const DEADLINE_MS: u64 = 5000;

/// One thing that was looked at.
struct Finding {
    holds: bool,
    what: String,
    /// What to do when it does not hold.
    remedy: &'static str,
}

/// Prints what holds and what does not.
///
/// # Errors
/// Never: what cannot be found out is told.
pub fn doctor() -> Result<Exit> {
    for finding in findings() {
        print(&finding);
    }
    match found() {
        Ok(clean) => Ok(match clean {
            true => Exit::Done,
            false => Exit::Unclean,
        }),
        Err(error) => {
            println!("no   trials can run here: {error:#}");
            Ok(Exit::Unable)
        }
    }
}

/// Makes an arena and starts the usual request in it; whether nothing was left
/// behind.
///
/// # Errors
/// Why no trial can work here.
fn found() -> Result<bool> {
    let carried = carried(None, &Policy::default())?;
    let reference = choose::usable(&carried, choose::REFERENCE)?;
    let arenas = Arenas::for_targets(std::slice::from_ref(&reference));
    let (mut stage, conditions) = arenas.start()?;
    println!("yes  an arena can be made (mode {})", conditions.mode);
    for (name, value) in &conditions.facts {
        println!("       {name}: {value}");
    }
    for (name, reason) in &conditions.preconditions {
        match reason.is_empty() {
            true => println!("yes  precondition {name}"),
            false => println!("no   precondition {name}: {reason}; its scenarios are skipped"),
        }
    }
    preflight::check(&carried, stage.as_mut(), DEADLINE_MS)?;
    println!("yes  the reference launcher starts the usual request");
    let left = stage.quit()?;
    for one in &left {
        println!("no   left behind: {one}");
    }
    Ok(left.is_empty())
}

fn print(finding: &Finding) {
    match finding.holds {
        true => println!("yes  {}", finding.what),
        false => println!("no   {}: {}", finding.what, finding.remedy),
    }
}

/// What this user needs to make an arena.
fn findings() -> Vec<Finding> {
    let mut findings = vec![Finding {
        holds: Path::new("/proc/self/status").exists(),
        what: "/proc is mounted".to_owned(),
        remedy: "mount it: mount -t proc proc /proc",
    }];
    findings.push(Finding {
        holds: !preflight::no_new_privileges(),
        what: "setuid programs gain their owner's rights (no_new_privs is not set)".to_owned(),
        remedy: "run sekisho outside of the sandbox, container or service that set it",
    });
    findings.push(Finding {
        holds: supports("overlay"),
        what: "the kernel has overlay mounts".to_owned(),
        remedy: "load them (`modprobe overlay` as root) or build a kernel with CONFIG_OVERLAY_FS",
    });
    let uid = geteuid();
    if uid.is_root() {
        findings.push(Finding {
            holds: true,
            what: "running as root: arenas have the host's ids".to_owned(),
            remedy: "",
        });
        return findings;
    }
    let name = User::from_uid(uid).ok().flatten().map(|user| user.name);
    let name = name.unwrap_or_else(|| uid.to_string());
    let number = |path: &str| {
        fs::read_to_string(path)
            .ok()
            .and_then(|text| text.trim().parse::<u64>().ok())
    };
    findings.push(Finding {
        holds: number("/proc/sys/user/max_user_namespaces").is_some_and(|most| most > 0),
        what: "user namespaces can be made (user.max_user_namespaces)".to_owned(),
        remedy: "as root: sysctl user.max_user_namespaces=65536",
    });
    findings.push(Finding {
        holds: number("/proc/sys/kernel/unprivileged_userns_clone") != Some(0),
        what: "user namespaces are not kept from ordinary users (kernel.unprivileged_userns_clone)"
            .to_owned(),
        remedy: "as root: sysctl kernel.unprivileged_userns_clone=1",
    });
    findings.push(Finding {
        holds: number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").unwrap_or(0) == 0,
        what: "AppArmor does not restrict user namespaces".to_owned(),
        remedy: "as root: sysctl kernel.apparmor_restrict_unprivileged_userns=0",
    });
    for program in ["newuidmap", "newgidmap"] {
        findings.push(Finding {
            holds: in_path(program),
            what: format!("{program} is installed"),
            remedy: "install the Debian package uidmap",
        });
    }
    for file in ["/etc/subuid", "/etc/subgid"] {
        let text = fs::read_to_string(file).unwrap_or_default();
        findings.push(Finding {
            holds: subordinate(&text, &name, uid.as_raw()) >= 65_536,
            what: format!("{file} gives {name} 65536 ids or more"),
            remedy: "as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER",
        });
    }
    findings
}

/// Whether the search path has a program of this name.
fn in_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

fn supports(filesystem: &str) -> bool {
    let text = fs::read_to_string("/proc/filesystems").unwrap_or_default();
    text.lines()
        .any(|line| line.split_whitespace().last() == Some(filesystem))
}

/// Largest range that a subordinate-id file gives the user.
fn subordinate(text: &str, name: &str, uid: u32) -> u64 {
    let uid = uid.to_string();
    text.lines()
        .filter_map(|line| {
            let mut fields = line.split(':');
            let owner = fields.next()?;
            (owner == name || owner == uid).then_some(())?;
            fields.nth(1)?.trim().parse().ok()
        })
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_range_of_the_user_counts() {
        let text = "alice:100000:65536\nbob:1:2\n1000:1:70000\n";
        assert_eq!(subordinate(text, "alice", 7), 65_536);
        assert_eq!(subordinate(text, "alice", 1000), 70_000);
        assert_eq!(subordinate(text, "carol", 7), 0);
        assert_eq!(subordinate("broken\n", "broken", 7), 0);
    }

    #[test]
    fn a_filesystem_that_no_kernel_has_is_not_supported() {
        assert!(supports("proc"));
        assert!(!supports("sekisho"));
    }
}
