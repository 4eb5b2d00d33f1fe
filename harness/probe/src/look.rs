//! Gathers the report.
//!
//! Order matters: descriptors are listed before anything else is opened, the
//! canaries come last.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};
use core::mem::MaybeUninit;
use core::str::FromStr;

use rustix::fs::{Mode, OFlags, RawDir, fcntl_getfl, open, readlink};
use rustix::process::{Resource, Rlimit, getgroups, getpid, getppid, getrlimit, setrlimit, umask};
use sekisho_witness::{Descriptor, Ids, Report, SHEET_PATH, Sheet};

use crate::start::Start;
use crate::{call, canary, io, names, proc};

/// More than any sheet or table in /proc needs, in bytes.
const ENOUGH: usize = 1 << 20;

/// Descriptors tried one by one when /proc cannot list them.
const DESCRIPTORS_TRIED: i32 = 4096;

/// Options of `prctl(2)`, from the kernel's `include/uapi/linux/prctl.h`.
const PR_GET_SECUREBITS: usize = 27;
const PR_CAPBSET_READ: usize = 23;
const PR_GET_NO_NEW_PRIVS: usize = 39;
const PR_CAP_AMBIENT: usize = 47;
const PR_CAP_AMBIENT_IS_SET: usize = 1;

/// Everything that can be observed.
pub fn look(start: &Start) -> Report {
    let descriptors = descriptors();
    let limits = limits();
    allow_descriptors();
    let status = io::read(b"/proc/self/status", ENOUGH).unwrap_or_default();
    let sheet = sheet();
    let uids = call::uids();
    let gids = call::gids();
    let [filesystem_uid, filesystem_gid] = call::filesystem_ids();
    let mut report = Report {
        nonce: sheet.nonce.clone(),
        place: sheet.place.clone(),
        pid: getpid().as_raw_nonzero().get(),
        ppid: getppid().map_or(0, |pid| pid.as_raw_nonzero().get()),
        exe: link("/proc/self/exe").unwrap_or_else(|| lossy(start.executed)),
        argv: start.arguments.iter().map(|word| lossy(word)).collect(),
        cwd: lossy(&call::working_directory()),
        uid: ids(uids, filesystem_uid),
        gid: ids(gids, filesystem_gid),
        groups: groups(),
        capabilities: capabilities(),
        securebits: call::prctl(PR_GET_SECUREBITS, 0, 0).unwrap_or_default(),
        no_new_privileges: call::prctl(PR_GET_NO_NEW_PRIVS, 0, 0) == Some(1),
        seccomp: proc::field(&status, "Seccomp").unwrap_or_default().into(),
        secure_execution: start.secure,
        environment: start.environment.iter().map(|entry| lossy(entry)).collect(),
        controlling_terminal: controlling_terminal(),
        session_leader: call::session() == getpid().as_raw_nonzero().get(),
        descriptors,
        limits,
        umask: mask(&status),
        blocked_signals: names::signals(call::blocked_signals()),
        ignored_signals: names::signals(call::ignored_signals()),
        mounts: proc::mounts(&io::read(b"/proc/self/mountinfo", ENOUGH).unwrap_or_default()),
        hostname: lossy(rustix::system::uname().nodename().to_bytes()),
        ..Report::default()
    };
    let namespaces = namespaces(&sheet);
    let foreign_pids = namespaces.get("pid") == Some(&false);
    report.namespaces_shared = namespaces
        .into_iter()
        .filter(|(_, shared)| *shared)
        .map(|(name, _)| name)
        .collect();
    report.canaries = canary::try_all(&sheet, foreign_pids);
    report
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn sheet() -> Sheet {
    let text = io::read(SHEET_PATH.as_bytes(), ENOUGH).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

fn ids([real, effective, saved]: [u32; 3], filesystem: u32) -> Ids {
    Ids {
        real,
        effective,
        saved,
        filesystem,
    }
}

fn link(path: &str) -> Option<String> {
    Some(lossy(readlink(path, Vec::new()).ok()?.to_bytes()))
}

fn groups() -> Vec<u32> {
    let mut groups: Vec<u32> = getgroups()
        .unwrap_or_default()
        .into_iter()
        .map(|group| group.as_raw())
        .collect();
    groups.sort_unstable();
    groups
}

/// Open descriptors: as /proc lists them, else by trying.
fn descriptors() -> Vec<Descriptor> {
    // The list's own descriptor is closed again before any is looked at.
    let mut numbers = listed().unwrap_or_else(|| (0..DESCRIPTORS_TRIED).collect());
    numbers.sort_unstable();
    numbers.into_iter().filter_map(descriptor).collect()
}

fn listed() -> Option<Vec<i32>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | io::CAREFUL;
    let directory = open("/proc/self/fd", flags, Mode::empty()).ok()?;
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut entries = RawDir::new(&directory, &mut buffer);
    let mut numbers = vec![];
    while let Some(entry) = entries.next() {
        let entry = entry.ok()?;
        // `.` and `..` are no numbers.
        numbers.extend(
            entry
                .file_name()
                .to_str()
                .ok()
                .and_then(|name| i32::from_str(name).ok()),
        );
    }
    Some(numbers)
}

fn descriptor(number: i32) -> Option<Descriptor> {
    let flags = fcntl_getfl(call::borrow(number)).ok()?;
    let access = if flags.contains(OFlags::PATH) {
        "path"
    } else if flags.contains(OFlags::RDWR) {
        "rw"
    } else if flags.contains(OFlags::WRONLY) {
        "w"
    } else {
        "r"
    };
    Some(Descriptor {
        number,
        target: link(&format!("/proc/self/fd/{number}")).unwrap_or_else(|| "?".into()),
        access: access.into(),
    })
}

fn limits() -> BTreeMap<String, [String; 2]> {
    names::LIMITS
        .into_iter()
        .map(|(name, resource)| {
            let Rlimit { current, maximum } = getrlimit(resource);
            (name.into(), [names::limit(current), names::limit(maximum)])
        })
        .collect()
}

/// The soft limit on descriptors is in the report by now: use what the hard
/// one allows.
fn allow_descriptors() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Refused at worst, and then the soft limit stays.
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: maximum,
            maximum,
        },
    );
}

fn capabilities() -> BTreeMap<String, Vec<String>> {
    let each = |has: &dyn Fn(usize) -> Option<u32>| {
        // The kernel refuses numbers above its last capability.
        (0..64)
            .map_while(|bit| has(bit).map(|set| u64::from(set) << bit))
            .fold(0, |set, bit| set | bit)
    };
    let [effective, permitted, inheritable] = call::capabilities().unwrap_or_default();
    let sets = [
        ("inheritable", inheritable),
        ("permitted", permitted),
        ("effective", effective),
        (
            "bounding",
            each(&|bit| call::prctl(PR_CAPBSET_READ, bit, 0)),
        ),
        (
            "ambient",
            each(&|bit| call::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, bit)),
        ),
    ];
    sets.map(|(name, set)| (name.to_string(), names::capabilities(set)))
        .into()
}

/// Whether each namespace of the sheet is the host's, where it can be seen.
fn namespaces(sheet: &Sheet) -> BTreeMap<String, bool> {
    let own = |name: &str| {
        let link = readlink(format!("/proc/self/ns/{name}"), Vec::new()).ok()?;
        proc::namespace(link.to_bytes())
    };
    sheet
        .namespaces
        .iter()
        .filter_map(|(name, host)| Some((name.clone(), own(name)? == *host)))
        .collect()
}

/// As /proc says, else by setting it and setting it back.
fn mask(status: &[u8]) -> String {
    let known = proc::field(status, "Umask").and_then(|text| u32::from_str_radix(text, 8).ok());
    let mask = known.unwrap_or_else(|| {
        let mask = umask(Mode::empty());
        umask(mask);
        mask.bits()
    });
    format!("{mask:04o}")
}

/// As /proc says, else whether the terminal's own name can be opened.
fn controlling_terminal() -> bool {
    let stat = io::read(b"/proc/self/stat", ENOUGH);
    match stat.as_deref().and_then(proc::terminal) {
        Some(device) => device != 0,
        None => open("/dev/tty", OFlags::RDWR | io::CAREFUL, Mode::empty()).is_ok(),
    }
}
