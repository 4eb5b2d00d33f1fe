//! Generators of requests: proptest strategies, so that a disagreement can be
//! shrunk. A request is a function of seed and index alone, whatever was
//! generated before.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sekisho_trial::{Access, OpenFile};
use sha2::{Digest as _, Sha256};

use crate::draft::{
    Arguments, CALLERS_OF, CallerText, DIMENSIONS, Deviant, Directory, Docroot, Draft, LogState,
    Ordinary, Program,
};
use crate::request::{Bytes, Content, Request, State, Wrap};

/// A request that can be made simpler.
pub struct Tree(Box<dyn ValueTree<Value = Draft>>);

impl Tree {
    /// The request as it is now.
    #[must_use]
    pub fn request(&self) -> Request {
        self.0.current().request()
    }

    /// Makes it simpler; false when it cannot.
    pub fn simplify(&mut self) -> bool {
        self.0.simplify()
    }

    /// Takes back part of the last simplification; false when it cannot.
    pub fn complicate(&mut self) -> bool {
        self.0.complicate()
    }
}

/// The request with this index of this seed.
///
/// # Errors
/// When a strategy rejects too often, which would be a fault in it.
pub fn tree(seed: u64, index: u64) -> Result<Tree, String> {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update(index.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &hash.finalize());
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let tree = draft().boxed().new_tree(&mut runner);
    tree.map(|tree| Tree(Box::new(tree)))
        .map_err(|reason| format!("request {index} of seed {seed}: {reason}"))
}

/// Drafts: a third without any deviation, the rest with one to four.
fn draft() -> impl Strategy<Value = Draft> {
    let deviates = prop_oneof![
        34 => subsequence(DIMENSIONS.to_vec(), 0..=0),
        44 => subsequence(DIMENSIONS.to_vec(), 1..=1),
        16 => subsequence(DIMENSIONS.to_vec(), 0..=2),
        6 => subsequence(DIMENSIONS.to_vec(), 0..=4),
    ];
    (deviates, ordinary(), deviant()).prop_map(|(deviates, ordinary, deviant)| Draft {
        deviates,
        ordinary,
        deviant,
    })
}

fn ordinary() -> impl Strategy<Value = Ordinary> {
    let modes = (
        select(vec![
            0o755, 0o700, 0o711, 0o555, 0o500, 0o744, 0o1755, 0o100,
        ]),
        select(vec![
            0o755, 0o700, 0o711, 0o750, 0o555, 0o2755, 0o1755, 0o6755,
        ]),
    );
    (
        (0..3_usize, 0..3_usize, any::<(bool, bool)>()),
        (rarely(4), 0..5_usize, rarely(5)),
        modes,
        0..4_usize,
        vec(argument(), 0..4),
        environment(),
        state(),
        subsequence(vec![0, 27, 10001, 20001, 20002, 65534], 0..3),
    )
        .prop_map(
            |(
                (target, group, as_numbers),
                (is_userdir, program, is_script),
                modes,
                depth,
                arguments,
                environment,
                state,
                groups,
            )| Ordinary {
                target,
                group,
                as_numbers,
                is_userdir,
                program,
                is_script,
                modes,
                depth,
                arguments,
                environment,
                state,
                groups,
            },
        )
}

/// True once in so many times; shrinks to false.
fn rarely(times: u32) -> impl Strategy<Value = bool> {
    prop_oneof![times - 1 => Just(false), 1 => Just(true)]
}

/// Bytes without NUL, as every argument and variable is.
fn bytes(most: usize) -> impl Strategy<Value = Bytes> {
    vec(1..=255_u8, 0..most).prop_map(Bytes)
}

fn texts(texts: &'static [&'static str]) -> impl Strategy<Value = Bytes> {
    select(texts.to_vec()).prop_map(Bytes::from)
}

fn argument() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        24 => texts(&["a", "x=y", "two words", "/etc/passwd", "-", "--", "-V", "\u{e9}", "'\"$(id)`"]),
        1 => texts(&["a\nb", "\t", "\u{1b}[0m", ""]),
        // The probe takes words that begin so as orders.
        1 => bytes(20).prop_filter("no order", |bytes| !bytes.0.starts_with(b"--")),
    ]
}

/// Names that the original lets through, in whole or by their beginning.
const PASSING: [&str; 14] = [
    "HTTP_HOST",
    "HTTP_COOKIE",
    "HTTP_",
    "SSL_CERT_FILE",
    "SSL_CLIENT_S_DN",
    "REQUEST_METHOD",
    "QUERY_STRING",
    "PATH_INFO",
    "SCRIPT_NAME",
    "SERVER_NAME",
    "UNIQUE_ID",
    "REDIRECT_STATUS",
    "TZ",
    "HTTPS",
];

/// Names that it does not, and near ones.
const OTHER: [&str; 24] = [
    "PATH",
    "HTTP_PROXY",
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "GCONV_PATH",
    "GLIBC_TUNABLES",
    "HOME",
    "IFS",
    "BASH_ENV",
    "http_proxy",
    "http_host",
    "HTTP",
    "SSL",
    "SSLX",
    "TZDIR",
    "TZX",
    "XTZ",
    "QUERY_STRINGS",
    "QUERY_STRIN",
    "PATH_INFO_",
    "REDIRECT_X",
    "MALLOC_CHECK_",
    "USER_NAMES",
    "",
];

fn variable() -> impl Strategy<Value = Bytes> {
    let all = sekisho_rules::policy::SUEXEC_ENVIRONMENT.split_whitespace();
    let listed: Vec<&str> = all.filter(|name| !name.ends_with('*')).collect();
    let value = prop_oneof![
        4 => texts(&["", "1", "a=b", "/usr/bin:/bin", "UTC", "two words", "() { :; }; id", "\n"]),
        1 => bytes(24),
    ];
    let name = prop_oneof![
        3 => select(PASSING.to_vec()),
        3 => select(listed),
        3 => select(OTHER.to_vec()),
    ];
    prop_oneof![
        12 => (name, value).prop_map(|(name, value)| {
            Bytes([name.as_bytes(), b"=", &value.0].concat())
        }),
        // Without `=`.
        1 => select(PASSING.to_vec()).prop_map(Bytes::from),
        1 => select(OTHER.to_vec()).prop_map(Bytes::from),
        1 => bytes(24),
    ]
}

fn environment() -> impl Strategy<Value = Vec<Bytes>> {
    prop_oneof![
        30 => vec(variable(), 0..12),
        // Around the limit of 254.
        1 => (250..262_usize).prop_map(|count| {
            let entry = |number| Bytes(format!("HTTP_X_{number}=").into_bytes());
            (0..count).map(entry).collect()
        }),
        1 => vec(variable(), 200..400),
        1 => (1000..9000_usize).prop_map(|length| {
            vec![Bytes([b"HTTP_LONG=".to_vec(), vec![b'x'; length]].concat())]
        }),
    ]
}

fn state() -> impl Strategy<Value = State> {
    // Not KILL and STOP, which cannot be; not what the arena itself needs.
    let signals = vec![1, 2, 3, 10, 12, 13, 14, 15, 17, 18, 20, 25, 28, 34, 64];
    let limits = vec![
        ("core", 0, 0),
        ("nofile", 64, 128),
        ("nofile", 256, 4096),
        ("stack", 1 << 20, 1 << 26),
        ("cpu", 60, 90),
        ("memlock", 0, 0),
        ("nice", 0, 0),
        ("fsize", 1 << 20, 1 << 20),
    ];
    let descriptors = vec![
        (3, "/etc/passwd", Access::Read),
        (4, "/etc", Access::Path),
        (5, "/etc/group", Access::Read),
        (9, "/tmp", Access::Read),
        (27, "/dev/null", Access::ReadWrite),
    ];
    (
        select(vec![0o022, 0o077, 0o000, 0o002, 0o027, 0o777]),
        subsequence(signals.clone(), 0..4),
        subsequence(signals, 0..4),
        subsequence(limits, 0..3),
        subsequence(descriptors, 0..3),
    )
        .prop_map(|(umask, blocked, ignored, limits, descriptors)| {
            let mut chosen: Vec<(String, u64, u64)> = Vec::new();
            for (name, soft, hard) in limits {
                if chosen.iter().all(|(other, ..)| other != name) {
                    chosen.push((name.to_owned(), soft, hard));
                }
            }
            let open = |(number, path, access): (i32, &str, Access)| OpenFile {
                number,
                path: path.to_owned(),
                access,
            };
            State {
                umask,
                blocked,
                ignored,
                limits: chosen,
                descriptors: descriptors.into_iter().map(open).collect(),
            }
        })
}

/// Other users; see [`crate::draft::Deviant::user`].
const USERS: &[&str] = &[
    "nosuch",
    "{uid+2^32}",
    "00{uid}",
    " {uid}",
    "{uid} ",
    "+{uid}",
    "-1",
    "#{uid}",
    "{uid}x",
    "0x2711",
    "",
    "0",
    "root",
    "1",
    "33",
    "www-data",
    "daemon",
    "99",
    "low",
    "100",
    "4711",
    "10077",
    "10078",
    "0day",
    "alice2",
    "Alice",
    "{name} ",
    "{name}\n",
    "{name}:",
    "~{name}",
    "nohome",
    "high",
    "4294967294",
    "4294967295",
    "4294967296",
    "4294967297",
    "9223372036854775807",
    "99999999999999999999",
    "18446744073709551616",
    "nobody",
    "-V",
];

/// Other groups.
const GROUPS: &[&str] = &[
    "nosuch",
    "{gid+2^32}",
    "00{gid}",
    " {gid}",
    "{gid} ",
    "+{gid}",
    "-1",
    "#{gid}",
    "{gid}x",
    "",
    "0",
    "root",
    "1",
    "33",
    "www-data",
    "99",
    "lowest",
    "100",
    "4711",
    "10077",
    "10078",
    "again",
    "20001",
    "more",
    "Web",
    "{group} ",
    "{group}\n",
    "4294967295",
    "4294967296",
    "99999999999999999999",
    "nogroup",
    "~{group}",
];

/// Other programs.
const PROGRAMS: &[&str] = &[
    "{program}",
    "/probe",
    "/",
    "//prog",
    "../prog",
    "./../prog",
    "sub/../prog",
    "..",
    ".",
    "./",
    "sub/..",
    "sub/../",
    "../",
    "...",
    "..prog",
    "prog/",
    "prog/x",
    "sub",
    "sub/",
    "sub/./prog",
    "sub//prog",
    ".//prog",
    "",
    " ",
    "prog ",
    "missing",
    "sub/missing",
    "-V",
    "~prog",
    "prog\n",
    "\u{1b}prog",
    "*",
    "/../",
    "a/../../b",
];

fn user() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        10 => texts(USERS),
        1 => (1..4096_usize).prop_map(|length| Bytes(vec![b'7'; length])),
        1 => (1..4096_usize).prop_map(|length| Bytes(vec![b'a'; length])),
        1 => bytes(16),
    ]
}

fn group() -> impl Strategy<Value = Bytes> {
    prop_oneof![10 => texts(GROUPS), 1 => bytes(16)]
}

fn program() -> impl Strategy<Value = Program> {
    let symlink = prop_oneof![
        Just(None),
        select(vec!["missing", "/probe", "link", "sub", "/etc/passwd"])
            .prop_map(|to| Some(to.to_owned())),
    ];
    let through = select(vec!["{directory}/real", "/srv/elsewhere", "/tmp/open"]);
    prop_oneof![
        8 => texts(PROGRAMS).prop_map(Program::Text),
        1 => bytes(16).prop_map(Program::Text),
        1 => (255..5000_usize).prop_map(|length| Program::Text(Bytes(vec![b'x'; length]))),
        2 => symlink.prop_map(Program::Symlink),
        2 => through.prop_map(|to| Program::ThroughLink(to.to_owned())),
        1 => select(vec![0o700, 0o711, 0o777, 0o000]).prop_map(Program::ThroughClosed),
        1 => Just(Program::Missing),
        1 => select(vec![Content::Directory, Content::Fifo]).prop_map(Program::Kind),
    ]
}

fn content() -> impl Strategy<Value = Content> {
    let text = |text: &str| Content::Text(text.into());
    prop_oneof![
        6 => select(vec![
            text(""),
            text("echo no program\n"),
            text("#!/missing\n"),
            text("#!\n"),
            text("#! /probe\n"),
            text("#!/probe --via=script\n"),
            text("\u{7f}ELF"),
            text("#!relative\n"),
            text("#!/etc/passwd\n"),
        ]),
        1 => bytes(64).prop_map(Content::Text),
    ]
}

fn modes() -> impl Strategy<Value = (u32, u32)> {
    let program = prop_oneof![
        8 => select(vec![
            0o775, 0o757, 0o777, 0o722, 0o4755, 0o2755, 0o6755, 0o6711, 0o655, 0o644, 0o011,
            0o000, 0o1777, 0o4644, 0o677, 0o100,
        ]),
        3 => 0..0o10000_u32,
    ];
    let directory = prop_oneof![
        8 => select(vec![
            0o775, 0o757, 0o777, 0o1777, 0o2775, 0o722, 0o355, 0o311, 0o655, 0o600, 0o000, 0o055,
        ]),
        3 => 0..0o10000_u32,
    ];
    (program, directory)
}

fn owners() -> impl Strategy<Value = (Option<u32>, Option<u32>)> {
    let id = || select(vec![0, 33, 100, 10001, 10002, 20001, 65534]);
    prop_oneof![
        id().prop_map(|uid| (Some(uid), None)),
        id().prop_map(|gid| (None, Some(gid))),
        (id(), id()).prop_map(|(uid, gid)| (Some(uid), Some(gid))),
    ]
}

fn directory() -> impl Strategy<Value = Directory> {
    let places = vec![
        "{base}-old/site",
        "{base}x",
        "/var/ww",
        "/srv/elsewhere",
        "/",
        "/tmp",
        "/var/www/site",
        "{base}/a/b/c/d/e/f/g/h",
        "{base}/with space",
        "/home/alice/public_html/cgi-bin",
    ];
    prop_oneof![
        5 => select(places).prop_map(|path| Directory::At(path.to_owned())),
        1 => select(vec!["/srv/in", "{base}/in"]).prop_map(|path| Directory::LinkFrom(path.to_owned())),
        1 => select(vec!["/srv/out", "/var/www-old"]).prop_map(|path| Directory::LinkTo(path.to_owned())),
        3 => select(vec![0o700, 0o711, 0o755, 0o744, 0o777]).prop_map(Directory::Beneath),
        1 => Just(Directory::Above),
    ]
}

fn caller_file() -> impl Strategy<Value = CallerText> {
    let whole = &[
        "",
        "\n",
        "\n\n",
        "/var/www",
        "/var/www\n",
        "/var/www\n\n",
        "#/var/www\n#public_html\n",
        "#/var/www\npublic_html/cgi-bin\n",
        "/var/www\n#public_html\n",
        "var/www\npublic_html\n",
        "/\npublic_html\n",
        "//var/www\npublic_html\n",
        "/.var\npublic_html\n",
        "/..\n/x\n",
        "/var/www///\npublic_html/cgi-bin//\n",
        "/var/www \t\npublic_html/cgi-bin \n",
        "/var/www/\t/ \n.public_html\n",
        " /var/www\n public_html\n",
        "/var/www\n../alice\n",
        "/var/www\n.\n",
        "/var/www\n..\n",
        "/var/www\na/../../alice\n",
        "/var/www\nmissing\n",
        "/var\n.\n",
        "/var/www\r\npublic_html/cgi-bin\r\n",
        "{base}\n.\n",
    ];
    let docroot = prop_oneof![
        Just(Docroot::Missing),
        Just(Docroot::File),
        select(vec![0o700, 0o711, 0o744, 0o777]).prop_map(Docroot::Mode),
        select(vec!["/", "{base}", "/missing", "docroot", "/var"])
            .prop_map(|to| Docroot::Link(to.to_owned())),
        texts(&["/", " ", "/.", "/site", "/..", "x", "-old"]).prop_map(Docroot::Suffix),
    ];
    prop_oneof![
        1 => Just(CallerText::Absent),
        1 => Just(CallerText::Directory),
        8 => texts(whole).prop_map(CallerText::Text),
        3 => docroot.prop_map(CallerText::Docroot),
        1 => bytes(40).prop_map(CallerText::Text),
        1 => (4000..4200_usize).prop_map(|length| {
            let line = [b"/".to_vec(), vec![b'a'; length]].concat();
            CallerText::Text(Bytes([line, b"\npublic_html\n".to_vec()].concat()))
        }),
    ]
}

fn arguments() -> impl Strategy<Value = Arguments> {
    prop_oneof![
        3 => (0..3_usize).prop_map(Arguments::First),
        3 => (1..5_usize).prop_map(Arguments::Version),
        1 => (1..1500_usize).prop_map(Arguments::Many),
        1 => (4000..20_000_usize).prop_map(Arguments::Long),
        1 => Just(Arguments::Empty),
    ]
}

fn deviant() -> impl Strategy<Value = Deviant> {
    let log = select(vec![
        LogState::NoDirectory,
        LogState::NoDirectoryButFile,
        LogState::Directories,
    ]);
    let wrap = select(vec![
        Wrap::WithoutSetgid,
        Wrap::WithoutSetuid,
        Wrap::NoNewPrivileges,
        Wrap::RemovedDirectory,
    ]);
    (
        (0..CALLERS_OF.len(), user(), group()),
        (program(), content(), modes(), [owners(), owners()]),
        (directory(), caller_file()),
        (arguments(), log, wrap),
    )
        .prop_map(
            |(
                (caller, user, group),
                (program, content, modes, owners),
                (directory, caller_file),
                (arguments, log, wrap),
            )| Deviant {
                caller,
                user,
                group,
                program,
                content,
                modes,
                owners,
                directory,
                caller_file,
                arguments,
                log,
                wrap,
            },
        )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_request_is_a_function_of_seed_and_index() {
        let requests = |seed| -> Vec<_> {
            let of = |index| tree(seed, index).unwrap().request();
            (0..50).map(of).collect::<Vec<_>>()
        };
        assert_eq!(requests(1), requests(1));
        assert_ne!(requests(1), requests(2));
        let alone = tree(1, 49).unwrap().request();
        assert_eq!(requests(1)[49], alone);
    }

    #[test]
    fn a_third_deviates_in_nothing_and_every_dimension_is_met() {
        let mut plain = 0;
        let mut met = BTreeSet::new();
        for index in 0..2000 {
            let draft = tree(7, index).unwrap().0.current();
            plain += usize::from(draft.deviates.is_empty());
            met.extend(draft.deviates);
        }
        assert!((500..1000).contains(&plain), "{plain}");
        assert_eq!(met.len(), DIMENSIONS.len());
    }

    #[test]
    fn a_request_shrinks_to_one_without_deviation() {
        let mut tree = tree(3, 5).unwrap();
        while tree.simplify() {}
        let request = tree.request();
        assert!(tree.0.current().deviates.is_empty());
        assert_eq!(request.wrap, Wrap::Plain);
        assert_eq!(request.arguments.len(), 3);
    }

    #[test]
    fn no_word_of_a_request_holds_a_nul_byte() {
        for index in 0..300 {
            let request = tree(11, index).unwrap().request();
            let words = request.arguments.iter().chain(&request.environment);
            assert!(words.into_iter().all(|word| !word.0.contains(&0)));
        }
    }
}
