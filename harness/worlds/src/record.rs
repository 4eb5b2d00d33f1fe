//! One line of `profiles/*.csv`, typed. Every field has its meaning here and
//! in `profiles/README.md`.

use serde::Deserialize;

/// A configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Id, unique in its world.
    pub profile: String,
    /// One line for people.
    pub title: String,
    /// Public repository, path and commit that the facts come from.
    pub source: Source,
    /// uid that the init starts with, as the host counts.
    pub user: u32,
    /// gid, likewise.
    pub group: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// How well user and group are known.
    pub identity: Identity,
    /// The first word of the command as it stands in the configuration.
    pub init: String,
    /// Where that file lies in the root filesystem.
    pub init_path: String,
    /// Owner of the init.
    pub init_owner: (u32, u32),
    /// Mode of the init.
    pub init_mode: String,
    /// Mode of the directory that holds the init.
    pub directory_mode: String,
    /// File capabilities of the init.
    pub init_capabilities: Vec<String>,
    /// Working directory.
    pub cwd: String,
    /// Owner of the working directory.
    pub cwd_owner: (u32, u32),
    /// Mode of the working directory.
    pub cwd_mode: String,
    /// Environment of the configuration, `NAME=value`.
    pub environment: Vec<String>,
    /// Capabilities added to the engine's; `ALL` for every one.
    pub capabilities_added: Vec<String>,
    /// Capabilities taken from the engine's; `ALL` for every one.
    pub capabilities_dropped: Vec<String>,
    /// Everything is granted.
    pub privileged: bool,
    /// Namespaces that are not as the engine makes them.
    pub namespaces: Vec<(String, Sharing)>,
    /// `no_new_privs` is asked for.
    pub no_new_privileges: bool,
    /// The root filesystem is read-only.
    pub read_only: bool,
    /// Bind mounts.
    pub binds: Vec<Bind>,
    /// Places of tmpfs mounts.
    pub tmpfs: Vec<String>,
    /// Device nodes by path.
    pub devices: Vec<String>,
    /// Resource limits: name, soft, hard.
    pub limits: Vec<(String, u64, u64)>,
    /// Words for what has no field of its own.
    pub notes: Vec<String>,
}

/// Where a fact was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// `owner/name`.
    pub repository: String,
    /// Path in it.
    pub path: String,
    /// Commit.
    pub commit: String,
}

/// How well user and group are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Identity {
    /// The configuration or its image says so.
    Recorded,
    /// The name is recorded, its number is the usual one.
    Estimated,
    /// The image is not recorded; the engine's default is assumed.
    Assumed,
}

impl Identity {
    /// The word in result files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Estimated => "estimated",
            Self::Assumed => "assumed",
        }
    }
}

/// Whose a namespace is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// The host's: it is not listed.
    Host,
    /// One that is joined by its path.
    Joined,
    /// A new one, where the engine makes none.
    Own,
}

/// A bind mount.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bind {
    /// Path on the host.
    pub source: String,
    /// Path in the root filesystem.
    pub destination: String,
    /// Read-only.
    pub read_only: bool,
    /// A file rather than a directory.
    pub file: bool,
    /// Stands for a devtmpfs: a mount of that type would be the real host's,
    /// so the arena's `/dev` is bound instead.
    pub devtmpfs: bool,
}

impl Bind {
    /// Where on the host something beneath its destination lies.
    #[must_use]
    pub fn place_of(&self, path: &str) -> Option<String> {
        let rest = path.strip_prefix(self.destination.as_str())?;
        let beneath = rest.starts_with('/') && !self.file && !self.devtmpfs;
        beneath.then(|| format!("{}{rest}", self.source.trim_end_matches('/')))
    }
}

#[derive(Deserialize)]
struct Line {
    profile: String,
    title: String,
    repository: String,
    path: String,
    commit: String,
    user: u32,
    group: u32,
    groups: String,
    identity: Identity,
    init: String,
    init_owner: String,
    init_mode: String,
    directory_mode: String,
    init_capabilities: String,
    cwd: String,
    cwd_owner: String,
    cwd_mode: String,
    environment: String,
    capabilities_added: String,
    capabilities_dropped: String,
    privileged: String,
    namespaces_shared: String,
    no_new_privileges: String,
    read_only: String,
    binds: String,
    tmpfs: String,
    devices: String,
    limits: String,
    note: String,
}

/// Reads a file of profiles.
///
/// # Errors
/// `file:line: field: what is wrong`.
pub fn read(file: &str, data: &str) -> Result<Vec<Record>, String> {
    let mut reader = csv::Reader::from_reader(data.as_bytes());
    let mut records = Vec::new();
    for (index, line) in reader.deserialize::<Line>().enumerate() {
        let at = |message: String| format!("{file}:{}: {message}", index + 2);
        records.push(record(line.map_err(|error| at(error.to_string()))?).map_err(at)?);
    }
    Ok(records)
}

fn record(line: Line) -> Result<Record, String> {
    let (init, init_path) = match line.init.split_once('=') {
        Some((word, path)) => (word.to_owned(), path.to_owned()),
        None => (line.init.clone(), line.init),
    };
    if !init_path.starts_with('/') {
        return Err(format!("init: `{init_path}` must be an absolute path"));
    }
    Ok(Record {
        profile: line.profile,
        title: line.title,
        source: Source {
            repository: line.repository,
            path: line.path,
            commit: line.commit,
        },
        user: line.user,
        group: line.group,
        groups: each(&line.groups, "groups", |word| word.parse().ok())?,
        identity: line.identity,
        init,
        init_path,
        init_owner: owner(&line.init_owner, "init_owner")?,
        init_mode: line.init_mode,
        directory_mode: line.directory_mode,
        init_capabilities: words(&line.init_capabilities),
        cwd: line.cwd,
        cwd_owner: owner(&line.cwd_owner, "cwd_owner")?,
        cwd_mode: line.cwd_mode,
        environment: each(&line.environment, "environment", |word| {
            word.contains('=').then(|| word.to_owned())
        })?,
        capabilities_added: words(&line.capabilities_added),
        capabilities_dropped: words(&line.capabilities_dropped),
        privileged: flag(&line.privileged, "privileged")?,
        namespaces: each(&line.namespaces_shared, "namespaces_shared", sharing)?,
        no_new_privileges: flag(&line.no_new_privileges, "no_new_privileges")?,
        read_only: flag(&line.read_only, "read_only")?,
        binds: each(&line.binds, "binds", bind)?,
        tmpfs: words(&line.tmpfs),
        devices: words(&line.devices),
        limits: each(&line.limits, "limits", limit)?,
        notes: line
            .note
            .split(';')
            .filter(|note| !note.is_empty())
            .map(str::to_owned)
            .collect(),
    })
}

impl Record {
    /// Whether a note stands beside it.
    #[must_use]
    pub fn is_noted(&self, note: &str) -> bool {
        self.notes.iter().any(|known| known == note)
    }

    /// Whose a namespace is; `None` when it is as the engine makes it.
    #[must_use]
    pub fn sharing(&self, kind: &str) -> Option<Sharing> {
        let found = self.namespaces.iter().find(|(known, _)| known == kind);
        found.map(|(_, sharing)| *sharing)
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn each<T>(text: &str, field: &str, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, String> {
    let wrong = |word: &str| format!("{field}: cannot read `{word}`");
    text.split_whitespace()
        .map(|word| read(word).ok_or_else(|| wrong(word)))
        .collect()
}

fn flag(text: &str, field: &str) -> Result<bool, String> {
    match text {
        "yes" => Ok(true),
        "" => Ok(false),
        _ => Err(format!("{field}: `{text}` is neither `yes` nor empty")),
    }
}

fn owner(text: &str, field: &str) -> Result<(u32, u32), String> {
    let ids = text
        .split_once(':')
        .and_then(|(user, group)| Some((user.parse().ok()?, group.parse().ok()?)));
    ids.ok_or_else(|| format!("{field}: `{text}` is no `uid:gid`"))
}

fn sharing(word: &str) -> Option<(String, Sharing)> {
    let (kind, whose) = word.split_once('=')?;
    let whose = match whose {
        "host" => Sharing::Host,
        "joined" => Sharing::Joined,
        "own" => Sharing::Own,
        _ => return None,
    };
    Some((kind.to_owned(), whose))
}

/// `SOURCE:DESTINATION:ro|rw[,file|,devtmpfs]`.
fn bind(word: &str) -> Option<Bind> {
    let (rest, options) = word.rsplit_once(':')?;
    let (source, destination) = rest.split_once(':')?;
    let (mode, what) = options.split_once(',').unwrap_or((options, ""));
    let absolute = source.starts_with('/') && destination.starts_with('/');
    let known = matches!(mode, "ro" | "rw") && matches!(what, "" | "file" | "devtmpfs");
    (absolute && known).then(|| Bind {
        source: source.to_owned(),
        destination: destination.to_owned(),
        read_only: mode == "ro",
        file: what == "file",
        devtmpfs: what == "devtmpfs",
    })
}

/// `NAME=soft:hard`.
fn limit(word: &str) -> Option<(String, u64, u64)> {
    let (name, values) = word.split_once('=')?;
    let (soft, hard) = values.split_once(':')?;
    Some((name.to_owned(), soft.parse().ok()?, hard.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "profile,title,repository,path,commit,user,group,groups,identity,init,\
        init_owner,init_mode,directory_mode,init_capabilities,cwd,cwd_owner,cwd_mode,environment,\
        capabilities_added,capabilities_dropped,privileged,namespaces_shared,no_new_privileges,\
        read_only,binds,tmpfs,devices,limits,note\n";

    fn line(change: &[(&str, &str)]) -> Result<Vec<Record>, String> {
        let usual = [
            ("profile", "p"),
            ("user", "1"),
            ("group", "2"),
            ("identity", "recorded"),
            ("init", "x.sh=/usr/local/bin/x.sh"),
            ("init_owner", "0:0"),
            ("cwd_owner", "3:4"),
        ];
        let field = |name: &str| {
            let all = change.iter().chain(&usual);
            all.copied().find(|(known, _)| *known == name)
        };
        let names = HEAD.trim().split(',').map(str::trim);
        let fields: Vec<_> = names
            .map(|name| field(name).map_or("", |(_, value)| value))
            .collect();
        read("f.csv", &format!("{HEAD}{}\n", fields.join(",")))
    }

    #[test]
    fn a_line_is_read_with_its_parts() {
        let records = line(&[
            ("environment", "A=1 B="),
            ("binds", "/v:/data:ro /s.sock:/s.sock:rw/file"),
        ]);
        assert!(records.unwrap_err().contains("f.csv:2: binds"));
        let records = line(&[
            ("environment", "A=1 B="),
            ("namespaces_shared", "network=host user=own"),
            ("limits", "NOFILE=30:60"),
            ("note", "a;b"),
        ]);
        let record = &records.unwrap()[0];
        assert_eq!(
            (record.init.as_str(), record.init_path.as_str()),
            ("x.sh", "/usr/local/bin/x.sh")
        );
        assert_eq!(record.environment, ["A=1", "B="]);
        assert_eq!(record.cwd_owner, (3, 4));
        assert_eq!(record.sharing("network"), Some(Sharing::Host));
        assert_eq!(record.sharing("pid"), None);
        assert_eq!(record.limits, [("NOFILE".to_owned(), 30, 60)]);
        assert!(record.is_noted("b") && !record.is_noted("c"));
    }

    #[test]
    fn binds_say_what_they_are() {
        let file = bind("/s:/d:rw,file").unwrap();
        assert!(file.file && !file.read_only && !file.devtmpfs);
        assert!(bind("/s:/d:ro").unwrap().read_only);
        for wrong in ["/s:/d", "s:/d:ro", "/s:d:ro", "/s:/d:no", "/s:/d:ro,dir"] {
            assert_eq!(bind(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_cannot_be_read_names_its_field() {
        for (field, value) in [
            ("init", "x.sh"),
            ("init_owner", "root"),
            ("privileged", "no"),
            ("namespaces_shared", "network"),
            ("environment", "A"),
            ("limits", "NOFILE=a:b"),
        ] {
            let error = line(&[(field, value)]).unwrap_err();
            assert!(error.starts_with(&format!("f.csv:2: {field}")), "{error}");
        }
    }
}
