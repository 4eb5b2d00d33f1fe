//! Puts a configuration and what its engine adds together as a scenario.

use std::collections::BTreeMap;

use sekisho_rules::Policy;
use sekisho_scenario::model::{
    Bundle, File, FileKind, Fixture, Group, Kind, Request, Scenario, User, Witness,
};
use sekisho_scenario::predicate::Predicate;
use sekisho_scenario::text::Text;
use sekisho_trial::Precondition;
use serde_json::{Value, json};

use super::{Engine, Own, capabilities, haconiwa, namespaces};
use crate::record::{Record, Sharing};
use crate::world::World;

/// Where the launcher looks for its policy (`docs/launcher.md`).
const POLICY: &str = "/etc/sekisho/policy.conf";

/// Names that the kernel gives to kinds of namespaces in `/proc/self/ns`.
const KERNEL_NAMES: [(&str, &str); 6] = [
    ("pid", "pid"),
    ("mount", "mnt"),
    ("ipc", "ipc"),
    ("uts", "uts"),
    ("network", "net"),
    ("cgroup", "cgroup"),
];

pub(super) fn scenario(
    world: &World,
    record: &Record,
    policy: &Policy,
    held: &[String],
) -> Result<Scenario, String> {
    let engine = world.engine(record);
    let own = (engine.own)(record);
    let place = match &own.bundle {
        Some(path) => path.clone(),
        None => format!("{}/{}", engine.base, engine.bundle),
    };
    let rootfs = engine
        .rootfs
        .map_or_else(|| format!("{place}/rootfs"), str::to_owned);
    let config = config(engine, record, &own, held);
    let bundle = Bundle {
        owner: Some(engine.bundle_owner.to_owned()),
        mode: Some(engine.bundle_mode.to_owned()),
        rootfs_owner: Some(ids(engine.rootfs_owner)),
        empty: true,
        config: toml::Table::try_from(&config).map_err(|error| error.to_string())?,
        ..Bundle::default()
    };
    let mut files = Files::default();
    files.rootfs(engine, record, &own, &config, &rootfs);
    files.host(record, &own);
    files.text(POLICY, &policy.to_string());
    let mut fixture = Fixture {
        bundles: BTreeMap::from([(place, bundle)]),
        files: files.0,
        ..Fixture::default()
    };
    for (name, id) in engine.accounts {
        let user = User {
            uid: *id,
            gid: None,
        };
        fixture.users.insert((*name).to_owned(), user);
    }
    let source = &record.source;
    let mut scenario = Scenario {
        id: record.profile.clone(),
        title: record.title.clone(),
        kind: Kind::Legitimate,
        attacker: None,
        problem: None,
        family: world.id.to_owned(),
        why: format!("{}; it works there.", world.title),
        related: vec![format!(
            "{} {} at {}",
            source.repository, source.path, source.commit
        )],
        reproduces: Vec::new(),
        twin: None,
        technique: None,
        gain: None,
        fix: None,
        ownership: None,
        mistake: Vec::new(),
        acts: Vec::new(),
        requires: requires(record),
        fixture,
        request: request(engine, record, &own),
        witness: witness(engine, record, &own, &config),
        stopped_by: Vec::new(),
        stopped_by_path: None,
        broken_by: Vec::new(),
        broken_by_path: None,
        not_demonstrated: None,
        not_demonstrated_path: None,
        race: false,
    };
    if is_own_caller(engine) {
        // The groups of the user are those of the cluster's database.
        for group in &record.groups {
            let members = vec![engine.caller.0.to_owned()];
            let entry = Group {
                gid: *group,
                members,
            };
            scenario.fixture.groups.insert("project".to_owned(), entry);
            scenario.request.caller_groups.push(group.to_string());
        }
    }
    Ok(scenario)
}

/// Whether users call for themselves, so that their groups come with them.
fn is_own_caller(engine: &Engine) -> bool {
    engine.caller.1 != 0
}

fn is_mapped(record: &Record) -> bool {
    record.sharing("user") == Some(Sharing::Own)
}

/// uid and gid as the init sees them.
fn inside(record: &Record) -> (u32, u32) {
    match is_mapped(record) {
        true => (0, 0),
        false => (record.user, record.group),
    }
}

fn ids((user, group): (u32, u32)) -> String {
    format!("{user}:{group}")
}

fn requires(record: &Record) -> Vec<Precondition> {
    let needs = [
        (
            !record.init_capabilities.is_empty(),
            Precondition::FileCapabilities,
        ),
        (!record.devices.is_empty(), Precondition::Mknod),
        (is_mapped(record), Precondition::UserNamespace),
    ];
    let needed = needs.into_iter().filter(|(needed, _)| *needed);
    needed.map(|(_, precondition)| precondition).collect()
}

/// The environment of the bundle: the engine's, then the configuration's over
/// it, without what comes from the caller.
fn environment(record: &Record, own: &Own) -> Vec<String> {
    let name = |entry: &str| entry.split('=').next().unwrap_or_default().to_owned();
    let mut list: Vec<String> = Vec::new();
    let configured = record.environment.iter();
    let configured = configured.filter(|entry| !own.meant_for_init.contains(entry));
    for entry in own.environment.iter().chain(configured) {
        match list.iter_mut().find(|known| name(known) == name(entry)) {
            Some(known) => known.clone_from(entry),
            None => list.push(entry.clone()),
        }
    }
    list
}

fn config(engine: &Engine, record: &Record, own: &Own, held: &[String]) -> Value {
    let (uid, gid) = inside(record);
    let granted = capabilities(engine, record, held);
    let effective = match uid {
        0 => granted.clone(),
        _ => Vec::new(),
    };
    let additional = match is_own_caller(engine) {
        true => Vec::new(),
        false => record.groups.clone(),
    };
    let limits = record.limits.iter().map(
        |(name, soft, hard)| json!({"type": format!("RLIMIT_{name}"), "soft": soft, "hard": hard}),
    );
    let mut config = json!({
        "process": {
            "user": {"uid": uid, "gid": gid, "additionalGids": additional},
            "args": [record.init],
            "env": environment(record, own),
            "cwd": record.cwd,
            "noNewPrivileges": record.no_new_privileges,
            "capabilities": {
                "bounding": granted,
                "effective": effective,
                "permitted": effective,
                "inheritable": [],
                "ambient": [],
            },
            "rlimits": limits.collect::<Vec<_>>(),
        },
        "root": {
            "path": engine.rootfs.unwrap_or("rootfs"),
            "readonly": record.read_only,
        },
        "mounts": mounts(record, own),
        "linux": {
            "namespaces": namespaces(engine, record),
            "devices": record.devices.iter().map(|path| device(path)).collect::<Vec<_>>(),
        },
    });
    if record.privileged {
        config["linux"]["maskedPaths"] = json!([]);
        config["linux"]["readonlyPaths"] = json!([]);
    }
    if is_mapped(record) {
        config["linux"]["uidMappings"] = haconiwa::mapping(record.user);
        config["linux"]["gidMappings"] = haconiwa::mapping(record.group);
    }
    config
}

/// A node at the recorded path; its numbers are those of `/dev/null`, since the
/// real device may be there.
fn device(path: &str) -> Value {
    json!({"path": path, "type": "c", "major": 1, "minor": 3, "fileMode": 0o666})
}

/// The engine's mounts, then the configuration's in their place or after them;
/// what lies above comes first.
fn mounts(record: &Record, own: &Own) -> Vec<Value> {
    let mut list = own.mounts.clone();
    let tmpfs = record.tmpfs.iter().map(|place| {
        json!({
            "destination": place,
            "type": "tmpfs",
            "source": "tmpfs",
            "options": ["nosuid", "nodev", "noexec"],
        })
    });
    let binds = record.binds.iter().map(|bind| {
        let mode = if bind.read_only { "ro" } else { "rw" };
        json!({
            "destination": bind.destination,
            "type": "bind",
            "source": reachable(&bind.source),
            "options": ["rbind", mode],
        })
    });
    for mount in tmpfs.chain(binds) {
        match list
            .iter_mut()
            .find(|known| known["destination"] == mount["destination"])
        {
            Some(known) => *known = mount,
            None => list.push(mount),
        }
    }
    list.sort_by_key(|mount| text(&mount["destination"]).matches('/').count());
    list
}

/// Nothing can be added beneath the host's `/usr` and `/lib`: what a source
/// there stands for may be missing, so the top is bound instead.
fn reachable(source: &str) -> &str {
    let closed = ["/usr", "/lib"];
    let beneath = |top: &&str| {
        source
            .strip_prefix(top)
            .is_some_and(|rest| rest.starts_with('/'))
    };
    closed.iter().copied().find(beneath).unwrap_or(source)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn request(engine: &Engine, record: &Record, own: &Own) -> Request {
    let plain = |text: &str| Text::Plain(text.to_owned());
    let (user, group) = match &own.target {
        Some((user, group)) => (user.clone(), group.clone()),
        None => (record.user.to_string(), record.group.to_string()),
    };
    Request {
        caller: engine.caller.0.to_owned(),
        target_user: plain(&user),
        target_group: plain(&group),
        bundle: plain(engine.bundle),
        environment: own
            .caller_environment
            .iter()
            .map(|entry| plain(entry))
            .collect(),
        terminal: own.terminal,
        ..Request::default()
    }
}

/// What shows that the configuration got what it asks for.
fn witness(engine: &Engine, record: &Record, own: &Own, config: &Value) -> Witness {
    let (uid, gid) = inside(record);
    let mut all = Vec::new();
    for id in ["real", "effective", "saved"] {
        all.push(equals(&format!("/uid/{id}"), json!(uid)));
        all.push(equals(&format!("/gid/{id}"), json!(gid)));
    }
    for group in &record.groups {
        all.push(contains("/groups", json!(group)));
    }
    let meant = environment(record, own);
    for entry in meant.iter().chain(&own.meant_for_init) {
        all.push(contains("/environment", json!(entry)));
    }
    all.push(equals("/cwd", json!(record.cwd)));
    all.push(equals(
        "/no_new_privileges",
        json!(record.no_new_privileges),
    ));
    let granted = &config["process"]["capabilities"]["bounding"];
    let granted = granted.as_array().map(Vec::as_slice).unwrap_or_default();
    let sets: &[&str] = match uid {
        0 => &["bounding", "effective"],
        _ => &["bounding"],
    };
    for set in sets {
        let at = format!("/capabilities/{set}");
        all.extend(granted.iter().map(|name| contains(&at, name.clone())));
        let most = granted.len() as u64;
        all.push(Predicate {
            at_most: Some(most),
            ..at_pointer(&at)
        });
    }
    for (name, soft, hard) in &record.limits {
        let at = format!("/limits/{}", name.to_lowercase());
        all.push(equals(&at, json!([soft.to_string(), hard.to_string()])));
    }
    // There may be no /proc to tell the rest from: without a mount namespace
    // none is made, and a user namespace may not always have one.
    if record.sharing("mount") != Some(Sharing::Host) && !is_mapped(record) {
        let exe = Predicate {
            ends_with: Some(record.init_path.clone()),
            ..at_pointer("/exe")
        };
        all.push(exe);
        for (kind, name) in KERNEL_NAMES {
            let joined = engine.joins.contains(&kind) && record.sharing(kind).is_none();
            let kept = record.sharing(kind).is_some() || !engine.namespaces.contains(&kind);
            all.push(match joined || kept {
                true => contains("/namespaces_shared", json!(name)),
                false => Predicate {
                    lacks: Some(json!(name)),
                    ..at_pointer("/namespaces_shared")
                },
            });
        }
    }
    Witness {
        via: Some("init".to_owned()),
        all,
        files: Vec::new(),
        host_mounts: Vec::new(),
        status: None,
    }
}

fn at_pointer(at: &str) -> Predicate {
    Predicate {
        at: at.to_owned(),
        equals: None,
        not: None,
        contains: None,
        lacks: None,
        starts_with: None,
        ends_with: None,
        at_least: None,
        at_most: None,
    }
}

fn equals(at: &str, value: Value) -> Predicate {
    Predicate {
        equals: Some(value),
        ..at_pointer(at)
    }
}

fn contains(at: &str, value: Value) -> Predicate {
    Predicate {
        contains: Some(value),
        ..at_pointer(at)
    }
}

/// The files of a case beyond the bundle itself.
#[derive(Default)]
struct Files(BTreeMap<String, File>);

/// Directories that are in every arena, or that a case cannot add to.
const THERE: [&str; 13] = [
    "/", "/dev", "/etc", "/home", "/lib", "/proc", "/root", "/run", "/srv", "/sys", "/tmp", "/usr",
    "/var",
];
/// Beneath these nothing can be added.
const CLOSED: [&str; 6] = ["/lib/", "/proc/", "/sys/", "/usr/", "/bin/", "/sbin/"];
/// Files of the standard world.
const WORLD_FILES: [&str; 4] = ["/etc/group", "/etc/hosts", "/etc/passwd", "/var/log"];

/// Whether a path of the host is there already, or nothing can be added there.
fn is_there(path: &str) -> bool {
    let closed = CLOSED.iter().any(|above| path.starts_with(above));
    closed || THERE.contains(&path) || WORLD_FILES.contains(&path)
}

impl Files {
    fn rootfs(
        &mut self,
        engine: &Engine,
        record: &Record,
        own: &Own,
        config: &Value,
        rootfs: &str,
    ) {
        let owner = ids(engine.rootfs_owner);
        self.directory(rootfs, &owner, "0755");
        let sheet = format!("{rootfs}{}", sekisho_scenario::SHEET_PATH);
        self.0.insert(sheet, kind(FileKind::Sheet));
        for (name, mode) in [
            ("bin", "0755"),
            ("dev", "0755"),
            ("etc", "0755"),
            ("proc", "0755"),
            ("sys", "0755"),
            ("tmp", "1777"),
        ] {
            self.directory(&format!("{rootfs}/{name}"), &owner, mode);
        }
        if let Some((directory, _)) = record.init_path.rsplit_once('/')
            && !directory.is_empty()
        {
            self.directory(
                &format!("{rootfs}{directory}"),
                &owner,
                &record.directory_mode,
            );
        }
        let init = File {
            owner: Some(ids(record.init_owner)),
            mode: Some(record.init_mode.clone()),
            capabilities: record.init_capabilities.clone(),
            ..kind(FileKind::Probe)
        };
        // In a volume, if it is in one: the image then has no such file.
        let place = match record
            .binds
            .iter()
            .find_map(|bind| bind.place_of(&record.init_path))
        {
            Some(place) => place,
            None => format!("{rootfs}{}", record.init_path),
        };
        self.0.insert(place, init);
        if record.cwd != "/" {
            let place = format!("{rootfs}{}", record.cwd.trim_end_matches('/'));
            self.directory(&place, &ids(record.cwd_owner), &record.cwd_mode);
        }
        // Engines make the mount points before the rootfs is read-only.
        let mounts = config["mounts"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let places: Vec<&str> = mounts
            .iter()
            .map(|mount| text(&mount["destination"]))
            .collect();
        for place in &places {
            let covered = places.iter().any(|above| {
                place
                    .strip_prefix(above)
                    .is_some_and(|rest| rest.starts_with('/'))
            });
            let file = own
                .files
                .iter()
                .any(|(_, destination)| destination == place)
                || record
                    .binds
                    .iter()
                    .any(|bind| bind.file && bind.destination == **place);
            // Beneath another bind the mount point is in what that binds.
            let below = record.binds.iter().find_map(|bind| bind.place_of(place));
            let path = match below {
                Some(place) if is_there(&place) => continue,
                Some(place) => place,
                _ if covered => continue,
                _ => format!("{rootfs}{}", place.trim_end_matches('/')),
            };
            if self.0.contains_key(&path) {
                continue;
            }
            match file {
                true => self.text(&path, ""),
                false => self.directory(&path, &owner, "0755"),
            }
        }
    }

    /// What the mounts bind, and the link to where configurations lie.
    fn host(&mut self, record: &Record, own: &Own) {
        for (source, _) in &own.files {
            self.text(source, "");
        }
        let binds = own.mounts.iter().filter(|mount| mount["type"] == "bind");
        for mount in binds {
            self.source(text(&mount["source"]), false);
        }
        for bind in &record.binds {
            self.source(&bind.source, bind.file);
        }
        if let Some((path, to)) = &own.link {
            let link = File {
                to: Some(to.clone()),
                ..kind(FileKind::Symlink)
            };
            self.0.insert(path.clone(), link);
        }
    }

    fn source(&mut self, path: &str, file: bool) {
        // A link in every arena, as on hosts.
        let path = match path.strip_prefix("/var/run") {
            Some(rest) => format!("/run{rest}"),
            None => path.to_owned(),
        };
        if is_there(&path) || self.0.contains_key(&path) {
            return;
        }
        match file {
            true => self.text(&path, ""),
            false => self.directory(&path, "0:0", "0755"),
        }
    }

    fn directory(&mut self, path: &str, owner: &str, mode: &str) {
        let directory = File {
            owner: Some(owner.to_owned()),
            mode: Some(mode.to_owned()),
            ..kind(FileKind::Directory)
        };
        self.0.insert(path.to_owned(), directory);
    }

    fn text(&mut self, path: &str, content: &str) {
        let file = File {
            text: Some(Text::Plain(content.to_owned())),
            ..kind(FileKind::Text)
        };
        self.0.insert(path.to_owned(), file);
    }
}

fn kind(kind: FileKind) -> File {
    File {
        kind: Some(kind),
        ..File::default()
    }
}
