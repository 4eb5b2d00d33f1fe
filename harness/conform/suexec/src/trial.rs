//! A request as a trial of the arena, for one of the two launchers.

use sekisho_arena::protocol::Trial;
use sekisho_suexec::Mode;
use sekisho_trial::{Content as Planned, PlannedFile, Start};

use crate::request::{Content, File, Request, Wrap};
use crate::world::{ORIGINAL, ORIGINAL_LOG, OUR_LOG, OURS};

/// Which launcher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The real suEXEC.
    Original,
    /// Ours in this mode.
    Ours(Mode),
}

impl Subject {
    /// What tells it from the others.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Ours(mode) => mode.word(),
        }
    }

    /// Path in the arena.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Original => ORIGINAL,
            Self::Ours(_) => OURS,
        }
    }

    /// Its log.
    #[must_use]
    pub fn log(self) -> &'static str {
        match self {
            Self::Original => ORIGINAL_LOG,
            Self::Ours(_) => OUR_LOG,
        }
    }
}

/// Milliseconds until a trial is killed; an ordinary one takes a few.
pub const DEADLINE_MS: u64 = 20_000;

/// Holds the launcher up for four seconds where it executes the program and
/// exchanges the directory after two: long after it was looked at, even on a
/// machine that is busy.
const EXCHANGE: &str = "\
setpriv --reuid 10002 --regid 10002 --clear-groups -- \
  sh -c 'sleep 2; mv a/sub a/gone && mv a/evil a/sub' & \
exec strace -qq -o /dev/null -u www-data -e trace=execve,execveat \
  -e inject=execve:delay_enter=4000000:when=2 \
  -e inject=execveat:delay_enter=4000000:when=1 \"$@\"";

/// The trial of a request.
#[must_use]
pub fn trial(request: &Request, subject: Subject, nonce: String) -> Trial {
    let mut files: Vec<PlannedFile> = request.files.iter().map(planned).collect();
    if let Subject::Ours(mode) = subject {
        let text = format!("mode = {}\nlog = {OUR_LOG}\n", mode.word());
        files.push(PlannedFile::of_root(
            sekisho_suexec::config::CONFIGURATION,
            0o644,
            Planned::Bytes(text.into_bytes()),
        ));
    }
    Trial {
        before: Vec::new(),
        nonce,
        files,
        start: start(request, subject),
        deadline_ms: DEADLINE_MS,
        observe: vec![subject.log().to_owned()],
        collect: vec![subject.log().to_owned()],
        pause: None,
        clear: Vec::new(),
    }
}

fn start(request: &Request, subject: Subject) -> Start {
    let words = request.arguments.iter().map(|word| word.0.clone());
    let caller = &request.caller;
    let path = subject.path();
    let (uid, gid, ids) = (
        caller.uid,
        caller.gid,
        (caller.uid, caller.gid, caller.groups.clone()),
    );
    let text = |words: &[&str]| -> Vec<Vec<u8>> {
        words.iter().map(|word| word.as_bytes().to_vec()).collect()
    };
    // setpriv has to be root's to begin with.
    let setpriv = |option: &[&str]| {
        let groups: Vec<String> = caller.groups.iter().map(u32::to_string).collect();
        let mut all = text(&["setpriv"]);
        all.extend(text(option));
        let (uid, gid) = (uid.to_string(), gid.to_string());
        all.extend(text(&["--reuid", &uid, "--regid", &gid]));
        match groups.is_empty() {
            true => all.extend(text(&["--clear-groups"])),
            false => all.extend(text(&["--groups", &groups.join(",")])),
        }
        all.extend(text(&["--", path]));
        ("/usr/bin/setpriv", all, (0, 0, Vec::new()))
    };
    let (program, mut arguments, (uid, gid, groups)) = match request.wrap {
        // The same name for both: it must not make a difference.
        Wrap::Plain => (path, text(&["suexec"]), ids),
        Wrap::WithoutSetgid => setpriv(&["--bounding-set", "-setgid"]),
        Wrap::WithoutSetuid => setpriv(&["--bounding-set", "-setuid"]),
        Wrap::NoNewPrivileges => setpriv(&["--no-new-privs"]),
        Wrap::Exchanged => {
            let all = text(&["sh", "-c", EXCHANGE, "sh", path]);
            ("/bin/sh", all, (0, 0, Vec::new()))
        }
        Wrap::RemovedDirectory => {
            // By its path: the request decides `PATH`.
            let script = "/bin/rmdir \"$PWD\" && exec \"$@\"";
            ("/bin/sh", text(&["sh", "-c", script, "sh", path]), ids)
        }
    };
    arguments.extend(words);
    let state = &request.state;
    Start {
        program: program.to_owned(),
        arguments,
        environment: request
            .environment
            .iter()
            .map(|entry| entry.0.clone())
            .collect(),
        uid,
        gid,
        groups,
        descriptors: state.descriptors.clone(),
        limits: state.limits.clone(),
        umask: state.umask,
        blocked: state.blocked.clone(),
        ignored: state.ignored.clone(),
        working_directory: request.directory.clone(),
        terminal: false,
        between: Vec::new(),
    }
}

fn planned(file: &File) -> PlannedFile {
    PlannedFile {
        path: file.path.clone(),
        uid: file.owner.0,
        gid: file.owner.1,
        mode: file.mode,
        content: match &file.content {
            Content::Directory => Planned::Directory,
            Content::Probe => Planned::Probe,
            Content::Text(bytes) => Planned::Bytes(bytes.0.clone()),
            Content::Symlink(to) => Planned::Symlink(to.clone()),
            Content::Hardlink(to) => Planned::Hardlink(to.clone()),
            Content::Fifo => Planned::Fifo,
        },
        xattrs: Vec::new(),
    }
}
