//! One start: clone, mounts, drop, exec, wait.

use core::ffi::{CStr, c_char};

use crate::ahead::{self, Maker};
use crate::call::{self, Failure, Result};
use crate::words::{Words, number};

/// What a start does, one letter each; `-` for nothing but clone and exec.
///
/// Namespaces: `m`ount (with pivot_root), `p`id, `i`pc, `u`ts, `n`etwork,
/// `c`group. Further: `P` a fresh /proc, `D` a tmpfs /dev with the nodes and
/// links that OCI engines make, `M` hides and write-protects what OCI engines
/// hide in /proc, `N` joins the network namespace NETNS, `C` gives away the
/// bounding capabilities as they do, `A` has a second process make all new
/// namespaces but mount and pid meanwhile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Steps {
    /// Flags for `clone(2)`.
    pub namespaces: usize,
    /// `P`
    pub proc: bool,
    /// `D`
    pub dev: bool,
    /// `M`
    pub masks: bool,
    /// `N`
    pub join: bool,
    /// `C`
    pub bound: bool,
    /// `A`
    pub ahead: bool,
}

const CLONE_NEWNS: usize = 0x0002_0000;

impl Steps {
    /// Reads the letters.
    pub fn parse(letters: &[u8]) -> Option<Self> {
        let mut steps = Self {
            namespaces: 0,
            proc: false,
            dev: false,
            masks: false,
            join: false,
            bound: false,
            ahead: false,
        };
        for letter in letters {
            match letter {
                b'm' => steps.namespaces |= CLONE_NEWNS,
                b'p' => steps.namespaces |= 0x2000_0000,
                b'i' => steps.namespaces |= 0x0800_0000,
                b'u' => steps.namespaces |= 0x0400_0000,
                b'n' => steps.namespaces |= 0x4000_0000,
                b'c' => steps.namespaces |= 0x0200_0000,
                b'P' => steps.proc = true,
                b'D' => steps.dev = true,
                b'M' => steps.masks = true,
                b'N' => steps.join = true,
                b'C' => steps.bound = true,
                b'A' => steps.ahead = true,
                b'-' => {}
                _ => return None,
            }
        }
        Some(steps)
    }
}

struct Plan {
    steps: Steps,
    root: &'static CStr,
    uid: usize,
    gid: usize,
    program: &'static CStr,
    argv: *const *const c_char,
    ahead: Option<Maker>,
}

/// `start STEPS ROOT UID GID NETNS PROGRAM`
pub fn start(words: Words) -> Result<i32> {
    let usage = Failure {
        step: "start STEPS ROOT UID GID NETNS PROGRAM\n",
        errno: 22,
    };
    let mut plan = Plan {
        steps: words.at(2).and_then(Steps::parse).ok_or(usage)?,
        root: words.text(3).ok_or(usage)?,
        uid: words.at(4).and_then(number).ok_or(usage)?,
        gid: words.at(5).and_then(number).ok_or(usage)?,
        program: words.text(7).ok_or(usage)?,
        argv: words.from(7),
        ahead: None,
    };
    if plan.steps.join {
        call::join_network(words.text(6).ok_or(usage)?)?;
    }
    let mut namespaces = plan.steps.namespaces;
    if plan.steps.ahead {
        plan.ahead = Some(ahead::begin(namespaces & ahead::KINDS)?);
        namespaces &= !ahead::KINDS;
    }
    let child = call::run_in_child(namespaces, child, &plan)?;
    if let Some(maker) = &plan.ahead {
        maker.release()?;
    }
    let status = call::wait(child)?;
    if let Some(maker) = plan.ahead {
        maker.end()?;
    }
    Ok(status)
}

extern "C" fn child(plan: &Plan) -> ! {
    let failure = match prepare(plan) {
        Ok(()) => call::execute(plan.program, plan.argv),
        Err(failure) => failure,
    };
    failure.tell();
    call::exit(crate::FAILED)
}

fn prepare(plan: &Plan) -> Result<()> {
    if plan.steps.namespaces & CLONE_NEWNS != 0 {
        own_root(plan)?;
    }
    if let Some(maker) = &plan.ahead {
        maker.join()?;
    }
    if plan.steps.bound {
        call::bound()?;
    }
    call::become_user(plan.uid, plan.gid)
}

const BIND: usize = 4096;
const REC: usize = 16384;
const PRIVATE: usize = 1 << 18;
const READ_ONLY: usize = 1;
const NOSUID: usize = 2;
const NODEV: usize = 4;
const NOEXEC: usize = 8;
const REMOUNT: usize = 32;

fn own_root(plan: &Plan) -> Result<()> {
    call::mount("private\n", c"", c"/", c"", REC | PRIVATE, c"")?;
    call::mount("bind\n", plan.root, plan.root, c"", BIND | REC, c"")?;
    call::enter(plan.root)?;
    call::pivot_here()?;
    call::detach_here()?;
    call::enter(c"/")?;
    if plan.steps.proc {
        let flags = NOSUID | NODEV | NOEXEC;
        call::mount("proc\n", c"proc", c"/proc", c"proc", flags, c"")?;
    }
    if plan.steps.dev {
        fill_dev()?;
    }
    if plan.steps.masks {
        mask()?;
    }
    Ok(())
}

fn fill_dev() -> Result<()> {
    call::mount(
        "dev\n",
        c"tmpfs",
        c"/dev",
        c"tmpfs",
        NOSUID,
        c"mode=755,size=65536k",
    )?;
    call::set_umask(0);
    for (path, major, minor) in [
        (c"/dev/null", 1, 3),
        (c"/dev/zero", 1, 5),
        (c"/dev/full", 1, 7),
        (c"/dev/random", 1, 8),
        (c"/dev/urandom", 1, 9),
        (c"/dev/tty", 5, 0),
    ] {
        call::make_device(path, major, minor)?;
    }
    call::set_umask(0o022);
    for (target, path) in [
        (c"/proc/self/fd", c"/dev/fd"),
        (c"/proc/self/fd/0", c"/dev/stdin"),
        (c"/proc/self/fd/1", c"/dev/stdout"),
        (c"/proc/self/fd/2", c"/dev/stderr"),
        (c"pts/ptmx", c"/dev/ptmx"),
    ] {
        call::make_link(target, path)?;
    }
    Ok(())
}

/// `config-linux.md` of the OCI runtime specification, with the lists of OCI
/// engines. What is not there needs no hiding; a directory is covered by an
/// empty tmpfs, a file by the null device.
fn mask() -> Result<()> {
    for path in [
        c"/proc/acpi",
        c"/proc/asound",
        c"/proc/kcore",
        c"/proc/keys",
        c"/proc/latency_stats",
        c"/proc/sched_debug",
        c"/proc/scsi",
        c"/proc/timer_list",
        c"/proc/timer_stats",
        c"/sys/firmware",
    ] {
        match call::mount("mask\n", c"/dev/null", path, c"", BIND, c"") {
            Err(Failure { errno: 2, .. }) => {}
            Err(Failure { errno: 20, .. }) => {
                let data = c"size=0,mode=555";
                call::mount("mask\n", c"tmpfs", path, c"tmpfs", READ_ONLY, data)?;
            }
            done => done?,
        }
    }
    for path in [
        c"/proc/bus",
        c"/proc/fs",
        c"/proc/irq",
        c"/proc/sys",
        c"/proc/sysrq-trigger",
    ] {
        match call::mount("read-only\n", path, path, c"", BIND | REC, c"") {
            Err(Failure { errno: 2, .. }) => continue,
            done => done?,
        }
        // Locked flags of the mount beneath must be named again.
        let flags = REMOUNT | BIND | READ_ONLY | NOSUID | NODEV | NOEXEC;
        call::mount("read-only\n", c"", path, c"", flags, c"")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_name_namespaces_and_mounts() {
        let steps = Steps::parse(b"mpiunPD").expect("letters");
        assert_eq!(steps.namespaces, 0x6c02_0000);
        assert!(steps.proc && steps.dev && !steps.masks && !steps.join);
        assert!(!steps.bound && Steps::parse(b"C").expect("a letter").bound);
        assert!(!steps.ahead && Steps::parse(b"A").expect("a letter").ahead);
        assert_eq!(Steps::parse(b"-").expect("none").namespaces, 0);
        assert_eq!(Steps::parse(b"x"), None);
    }
}
