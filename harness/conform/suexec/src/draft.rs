//! What a generated request is made of: an ordinary request with harmless
//! variations, and dimensions in which it deviates. Both halves are always
//! there, so that a deviation can be taken away when a disagreement is shrunk.

use crate::request::{Bytes, Caller, Content, File, Request, State, Wrap};
use crate::world::{CALLERS, LAUNCHER_GROUP, LOGS};

/// Where a request may deviate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dimension {
    /// Who asks.
    Caller,
    /// USER.
    User,
    /// GROUP.
    Group,
    /// PROGRAM and what lies there.
    Program,
    /// What the program holds.
    Content,
    /// Mode of the program.
    ProgramMode,
    /// Owner of the program.
    ProgramOwner,
    /// The working directory.
    Directory,
    /// Its mode.
    DirectoryMode,
    /// Its owner.
    DirectoryOwner,
    /// The caller's file.
    CallerFile,
    /// Number and form of arguments.
    Arguments,
    /// The log.
    Log,
    /// How the launcher is started.
    Wrap,
}

/// All of them.
pub const DIMENSIONS: [Dimension; 14] = [
    Dimension::Caller,
    Dimension::User,
    Dimension::Group,
    Dimension::Program,
    Dimension::Content,
    Dimension::ProgramMode,
    Dimension::ProgramOwner,
    Dimension::Directory,
    Dimension::DirectoryMode,
    Dimension::DirectoryOwner,
    Dimension::CallerFile,
    Dimension::Arguments,
    Dimension::Log,
    Dimension::Wrap,
];

/// Whom an ordinary request names.
#[derive(Debug)]
pub struct Target {
    /// Name.
    pub name: &'static str,
    /// uid.
    pub uid: u32,
    /// Home.
    pub home: &'static str,
    /// Groups that it may name, with their gids.
    pub groups: &'static [(&'static str, u32)],
}

/// All of them.
pub static TARGETS: [Target; 3] = [
    Target {
        name: "alice",
        uid: 10001,
        home: "/home/alice",
        groups: &[("alice", 10001), ("web", 20001), ("bob", 10002)],
    },
    Target {
        name: "bob",
        uid: 10002,
        home: "/home/bob",
        groups: &[("bob", 10002), ("edge", 100)],
    },
    Target {
        name: "edge",
        uid: 100,
        home: "/home/edge",
        groups: &[("edge", 100), ("web", 20001)],
    },
];

/// A request in the making.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Where it deviates.
    pub deviates: Vec<Dimension>,
    /// The harmless half.
    pub ordinary: Ordinary,
    /// The other.
    pub deviant: Deviant,
}

/// Harmless variations.
#[derive(Debug, Clone)]
pub struct Ordinary {
    /// Index into [`TARGETS`].
    pub target: usize,
    /// Index into its groups.
    pub group: usize,
    /// USER and GROUP as numbers.
    pub as_numbers: (bool, bool),
    /// `~USER`.
    pub is_userdir: bool,
    /// PROGRAM: `prog`, `./prog`, `sub/prog`, a hard link, a script …
    pub program: usize,
    /// Its content: the probe or a script for it.
    pub is_script: bool,
    /// Modes of program and directory.
    pub modes: (u32, u32),
    /// How deep the directory lies beneath the docroot.
    pub depth: usize,
    /// Arguments for the program.
    pub arguments: Vec<Bytes>,
    /// Environment.
    pub environment: Vec<Bytes>,
    /// Process state.
    pub state: State,
    /// Supplementary groups of the caller beside the launcher's.
    pub groups: Vec<u32>,
}

/// Variations that mostly lead to a refusal.
#[derive(Debug, Clone)]
pub struct Deviant {
    /// Another caller: index into [`CALLERS_OF`].
    pub caller: usize,
    /// Another USER; `{uid}` and `{name}` stand for the target's.
    pub user: Bytes,
    /// Another GROUP, likewise with `{gid}`.
    pub group: Bytes,
    /// Another PROGRAM.
    pub program: Program,
    /// Another content; `None` for a directory.
    pub content: Content,
    /// Other modes of program and directory.
    pub modes: (u32, u32),
    /// Other owners of program and directory: `None` keeps uid or gid.
    pub owners: [(Option<u32>, Option<u32>); 2],
    /// Another directory.
    pub directory: Directory,
    /// Another caller's file.
    pub caller_file: CallerText,
    /// What happens to the arguments.
    pub arguments: Arguments,
    /// What happens to the log.
    pub log: LogState,
    /// How the launcher is started.
    pub wrap: Wrap,
}

/// Callers that are not the httpd user: uid and gid.
pub const CALLERS_OF: [(u32, u32); 6] = [
    (10005, 10005),
    (10006, 10006),
    (4242, 4242),
    (0, 0),
    (10001, 10001),
    (65534, 33),
];

/// Another PROGRAM.
#[derive(Debug, Clone)]
pub enum Program {
    /// This text, with the ordinary program beside it as `prog` and `sub/prog`.
    Text(Bytes),
    /// A symbolic link to the ordinary program, or to this path.
    Symlink(Option<String>),
    /// `link/prog`, where `link` is a symbolic link to this directory, which
    /// holds the program.
    ThroughLink(String),
    /// `closed/prog`, where `closed` has this mode and is root's.
    ThroughClosed(u32),
    /// `a/sub/prog`, where everybody may write to `a`, and bob's `a/evil/prog`.
    Exchangeable,
    /// Nothing there.
    Missing,
    /// A directory, a FIFO or another kind.
    Kind(Content),
}

/// Another directory.
#[derive(Debug, Clone)]
pub enum Directory {
    /// At this absolute path, the target's.
    At(String),
    /// Entered through a symbolic link at this path, to the ordinary one.
    LinkFrom(String),
    /// Ordinary path, but a link to this directory outside.
    LinkTo(String),
    /// Beneath a directory of this mode that is root's.
    Beneath(u32),
    /// The docroot's or home's parent.
    Above,
}

/// Another caller's file.
#[derive(Debug, Clone)]
pub enum CallerText {
    /// None.
    Absent,
    /// A directory.
    Directory,
    /// This text.
    Text(Bytes),
    /// A docroot that this request makes in a special way.
    Docroot(Docroot),
}

/// Another docroot.
#[derive(Debug, Clone)]
pub enum Docroot {
    /// Nothing there.
    Missing,
    /// A file.
    File,
    /// A directory of this mode that is root's.
    Mode(u32),
    /// A link to this place.
    Link(String),
    /// The directory itself, with this after it.
    Suffix(Bytes),
}

/// What happens to the arguments.
#[derive(Debug, Clone)]
pub enum Arguments {
    /// Only so many.
    First(usize),
    /// `-V` in place of USER, and only so many.
    Version(usize),
    /// Many more.
    Many(usize),
    /// One of so many bytes.
    Long(usize),
    /// One that is empty.
    Empty,
}

/// What happens to the log.
#[derive(Debug, Clone, Copy)]
pub enum LogState {
    /// Its directory is missing.
    NoDirectory,
    /// Its directory is a file.
    NoDirectoryButFile,
    /// There are directories in place of both logs.
    Directories,
}

/// The docroot of ordinary requests.
const DOCROOT: &str = "/var/www";
/// Suffix of homes.
const SUFFIX: &str = "public_html/cgi-bin";
/// Directories between docroot and program.
const DEPTHS: [&str; 4] = ["/site", "", "/site/cgi-bin", "/a/b/c/d"];

struct Maker {
    files: Vec<File>,
}

impl Maker {
    fn add(&mut self, path: &str, owner: (u32, u32), mode: u32, content: Content) {
        // A root directory or one of the host's own is there already.
        if path.is_empty() || path == "/" {
            return;
        }
        self.files.push(File {
            path: path.to_owned(),
            owner,
            mode,
            content,
        });
    }

    fn directory(&mut self, path: &str, owner: (u32, u32), mode: u32) {
        self.add(path, owner, mode, Content::Directory);
    }
}

impl Draft {
    fn deviates(&self, dimension: Dimension) -> bool {
        self.deviates.contains(&dimension)
    }

    /// The request that this makes.
    #[must_use]
    pub fn request(&self) -> Request {
        use Dimension as D;
        let (ordinary, deviant) = (&self.ordinary, &self.deviant);
        let target = &TARGETS[ordinary.target % TARGETS.len()];
        let Target {
            name,
            uid,
            home,
            groups,
        } = *target;
        let (group_name, gid) = groups[ordinary.group % groups.len()];
        let owner = (uid, gid);
        let either = |dimension| usize::from(self.deviates(dimension));
        let owned = |index: usize, dimension| match either(dimension) {
            0 => owner,
            _ => {
                let (uid, gid) = deviant.owners[index];
                (uid.unwrap_or(owner.0), gid.unwrap_or(owner.1))
            }
        };
        let program_owner = owned(0, D::ProgramOwner);
        let directory_owner = owned(1, D::DirectoryOwner);
        let program_mode = [ordinary.modes.0, deviant.modes.0][either(D::ProgramMode)];
        let directory_mode = [ordinary.modes.1, deviant.modes.1][either(D::DirectoryMode)];
        let mut make = Maker { files: Vec::new() };

        let base = match ordinary.is_userdir {
            true => format!("{home}/{SUFFIX}"),
            false => DOCROOT.to_owned(),
        };
        make.directory(&base, (0, 0), 0o755);
        let directory = self.directory(&mut make, &base, directory_owner, directory_mode);
        let content = match (self.deviates(D::Content), ordinary.is_script) {
            (true, _) => deviant.content.clone(),
            (false, true) => Content::Text("#!/probe --via=script\n".into()),
            (false, false) => Content::Probe,
        };
        let program = self.program(
            &mut make,
            (&directory.1, owner),
            (program_owner, program_mode),
            content,
        );
        let caller = self.caller();
        self.caller_file(&mut make, caller.uid, &base);
        self.log(&mut make);

        let filled = |bytes: &Bytes| {
            let text = |word: &str, value: &str, bytes: Vec<u8>| replaced(&bytes, word, value);
            let bytes = text("{uid}", &uid.to_string(), bytes.0.clone());
            let wrapped = (u64::from(uid) + (1 << 32)).to_string();
            let bytes = text("{uid+2^32}", &wrapped, bytes);
            let wrapped = (u64::from(gid) + (1 << 32)).to_string();
            let bytes = text("{gid+2^32}", &wrapped, bytes);
            let bytes = text("{gid}", &gid.to_string(), bytes);
            let bytes = text("{name}", name, bytes);
            Bytes(text("{group}", group_name, bytes))
        };
        let plain = |number: bool, name: &str, id: u32| match number {
            true => Bytes(id.to_string().into_bytes()),
            false => name.into(),
        };
        let mut user = match self.deviates(D::User) {
            true => filled(&deviant.user),
            false => plain(ordinary.as_numbers.0, name, uid),
        };
        if ordinary.is_userdir {
            user.0.insert(0, b'~');
        }
        let group = match self.deviates(D::Group) {
            true => filled(&deviant.group),
            false => plain(ordinary.as_numbers.1, group_name, gid),
        };
        let mut arguments = vec![user, group, program];
        arguments.extend(ordinary.arguments.iter().cloned());
        if self.deviates(D::Arguments) {
            change(&mut arguments, &deviant.arguments);
        }
        let wrap = match self.deviates(D::Wrap) {
            true => deviant.wrap,
            false => Wrap::Plain,
        };
        let mut directory = directory.0;
        if wrap == Wrap::RemovedDirectory {
            "/tmp/gone".clone_into(&mut directory);
            make.directory("/tmp/gone", (caller.uid, caller.gid), 0o755);
        }
        Request {
            caller,
            arguments,
            directory,
            environment: ordinary.environment.clone(),
            files: make.files,
            state: ordinary.state.clone(),
            wrap,
        }
    }

    /// The path that the caller enters, and where that is.
    fn directory(
        &self,
        make: &mut Maker,
        base: &str,
        owner: (u32, u32),
        mode: u32,
    ) -> (String, String) {
        let ordinary = format!("{base}{}", DEPTHS[self.ordinary.depth % DEPTHS.len()]);
        let at = |make: &mut Maker, path: &str| make.directory(path, owner, mode);
        if !self.deviates(Dimension::Directory) {
            at(make, &ordinary);
            return (ordinary.clone(), ordinary);
        }
        match &self.deviant.directory {
            Directory::At(path) => {
                let path = path.replace("{base}", base);
                at(make, &path);
                (path.clone(), path)
            }
            Directory::LinkFrom(path) => {
                at(make, &ordinary);
                let path = path.replace("{base}", base);
                make.add(&path, (0, 0), 0o777, Content::Symlink(ordinary.clone()));
                (path, ordinary)
            }
            Directory::LinkTo(path) => {
                at(make, path);
                let link = format!("{base}/link");
                make.add(&link, (0, 0), 0o777, Content::Symlink(path.clone()));
                (link, path.clone())
            }
            Directory::Beneath(above) => {
                let closed = format!("{base}/closed");
                make.directory(&closed, (0, 0), *above);
                let path = format!("{closed}/site");
                at(make, &path);
                (path.clone(), path)
            }
            Directory::Above => {
                let above = base.rsplit_once('/').map_or("/", |(above, _)| above);
                let path = if above.is_empty() { "/" } else { above };
                at(make, path);
                (path.to_owned(), path.to_owned())
            }
        }
    }

    /// PROGRAM, with the files it needs.
    fn program(
        &self,
        make: &mut Maker,
        (directory, owner): (&str, (u32, u32)),
        (program_owner, mode): ((u32, u32), u32),
        content: Content,
    ) -> Bytes {
        let directory = directory.trim_end_matches('/');
        let at = |name: &str| format!("{directory}/{name}");
        let put = |make: &mut Maker, path: &str| {
            make.add(path, program_owner, mode, content.clone());
        };
        if !self.deviates(Dimension::Program) {
            let text = match self.ordinary.program % 5 {
                0 => "prog",
                1 => "./prog",
                2 => "sub/prog",
                3 => "prog.cgi",
                _ => "hard",
            };
            if text == "sub/prog" {
                make.directory(&at("sub"), owner, 0o755);
            }
            if text == "hard" {
                put(make, &at("prog"));
                // The link has the attributes of its file.
                make.add(
                    &at("hard"),
                    program_owner,
                    mode,
                    Content::Hardlink(at("prog")),
                );
            } else {
                put(make, &at(text.trim_start_matches("./")));
            }
            return text.into();
        }
        match &self.deviant.program {
            Program::Text(text) => {
                put(make, &at("prog"));
                make.directory(&at("sub"), owner, 0o755);
                put(make, &at("sub/prog"));
                let absolute = at("prog");
                Bytes(replaced(&text.0, "{program}", &absolute))
            }
            Program::Symlink(to) => {
                put(make, &at("prog"));
                let to = to.clone().unwrap_or_else(|| "prog".to_owned());
                make.add(&at("link"), owner, 0o777, Content::Symlink(to));
                "link".into()
            }
            Program::ThroughLink(to) => {
                let to = to.replace("{directory}", directory);
                make.directory(&to, owner, 0o755);
                put(make, &format!("{to}/prog"));
                make.add(&at("link"), owner, 0o777, Content::Symlink(to));
                "link/prog".into()
            }
            Program::ThroughClosed(above) => {
                make.directory(&at("closed"), (0, 0), *above);
                put(make, &at("closed/prog"));
                "closed/prog".into()
            }
            Program::Exchangeable => {
                make.directory(&at("a"), owner, 0o777);
                make.directory(&at("a/sub"), owner, 0o755);
                put(make, &at("a/sub/prog"));
                let bob = (10002, 10002);
                make.directory(&at("a/evil"), bob, 0o755);
                make.add(&at("a/evil/prog"), bob, 0o755, Content::Probe);
                "a/sub/prog".into()
            }
            Program::Missing => "prog".into(),
            Program::Kind(content) => {
                make.add(&at("prog"), program_owner, mode, content.clone());
                "prog".into()
            }
        }
    }

    fn caller(&self) -> Caller {
        let (uid, gid) = match self.deviates(Dimension::Caller) {
            true => CALLERS_OF[self.deviant.caller % CALLERS_OF.len()],
            false => (33, 33),
        };
        // Without that group nobody can execute either launcher.
        let mut groups = vec![LAUNCHER_GROUP];
        groups.extend(&self.ordinary.groups);
        Caller { uid, gid, groups }
    }

    fn caller_file(&self, make: &mut Maker, caller: u32, base: &str) {
        let user = crate::world::USERS.iter().find(|user| user.1 == caller);
        let name = user.map_or("nobody-at-all", |user| user.0);
        let path = format!("{CALLERS}/{name}");
        let ordinary = format!("{DOCROOT}\n{SUFFIX}\n# more\n");
        let put = |make: &mut Maker, text: Vec<u8>| {
            make.add(&path, (0, 0), 0o644, Content::Text(Bytes(text)));
        };
        if !self.deviates(Dimension::CallerFile) {
            // The second of the other callers is the one without a file.
            if name != "nocfg" {
                put(make, ordinary.into_bytes());
            }
            return;
        }
        let docroot = "/srv/docroot";
        let with = |docroot: &str| format!("{docroot}\n{SUFFIX}\n").into_bytes();
        match &self.deviant.caller_file {
            CallerText::Absent => {}
            CallerText::Directory => make.directory(&path, (0, 0), 0o755),
            CallerText::Text(text) => put(make, replaced(&text.0, "{base}", base)),
            CallerText::Docroot(kind) => match kind {
                Docroot::Missing => put(make, with(docroot)),
                Docroot::File => {
                    make.add(docroot, (0, 0), 0o755, Content::Text("x".into()));
                    put(make, with(docroot));
                }
                Docroot::Mode(mode) => {
                    make.directory(docroot, (0, 0), *mode);
                    put(make, with(docroot));
                }
                Docroot::Link(to) => {
                    let to = to.replace("{base}", base);
                    make.add(docroot, (0, 0), 0o777, Content::Symlink(to));
                    put(make, with(docroot));
                }
                Docroot::Suffix(text) => {
                    let suffixed = [base.as_bytes(), &text.0, b"\n", SUFFIX.as_bytes(), &text.0];
                    put(make, suffixed.concat());
                }
            },
        }
    }

    fn log(&self, make: &mut Maker) {
        match (self.deviates(Dimension::Log), self.deviant.log) {
            (false, _) => make.directory(LOGS, (0, 4), 0o750),
            (true, LogState::NoDirectory) => {}
            (true, LogState::NoDirectoryButFile) => {
                make.add(LOGS, (0, 0), 0o644, Content::Text("x".into()));
            }
            (true, LogState::Directories) => {
                for log in [crate::world::ORIGINAL_LOG, crate::world::OUR_LOG] {
                    make.directory(log, (0, 0), 0o755);
                }
            }
        }
    }
}

fn change(arguments: &mut Vec<Bytes>, how: &Arguments) {
    match how {
        Arguments::First(count) => arguments.truncate(*count),
        Arguments::Version(count) => {
            arguments[0] = "-V".into();
            arguments.truncate((*count).max(1));
        }
        Arguments::Many(count) => {
            let more = (0..*count).map(|number| Bytes(number.to_string().into_bytes()));
            arguments.extend(more);
        }
        Arguments::Long(length) => arguments.push(Bytes(vec![b'x'; *length])),
        Arguments::Empty => arguments.push(Bytes::default()),
    }
}

fn replaced(bytes: &[u8], word: &str, by: &str) -> Vec<u8> {
    let word = word.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = rest.windows(word.len()).position(|part| part == word) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(by.as_bytes());
        rest = &rest[at + word.len()..];
    }
    out.extend_from_slice(rest);
    out
}
