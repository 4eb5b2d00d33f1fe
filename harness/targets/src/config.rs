//! The parts of a bundle's configuration in the forms that launchers without
//! a configuration file of that kind take as words.

use serde_json::Value;

use crate::asked::Asked;
use crate::part::{Expresses, Part};

/// Whether a launcher that root starts with the configuration as words can
/// express a part, where it has no more to say about that itself.
pub(crate) fn expresses(part: Part) -> Expresses {
    match part {
        Part::TargetUserForm | Part::TargetGroupForm => {
            Expresses::No("it is given numbers, so what the text means is decided before")
        }
        Part::ArgumentVector => Expresses::No("it is the reference launcher's grammar"),
        Part::Caller => Expresses::No("root asks"),
        Part::Between => Expresses::No("it does not pause between check and use"),
        Part::ConfigurationFile | Part::ConfigurationRest => {
            Expresses::No("it reads no such configuration file")
        }
        _ => Expresses::Yes,
    }
}

/// Whether there is something to start.
///
/// # Errors
/// The part that cannot be expressed.
pub(crate) fn startable(asked: &Asked<'_>) -> Result<(), String> {
    if asked.rootfs().is_none() {
        return Err(format!("{}: the path is not UTF-8", Part::BundleForm));
    }
    if asked.init().is_empty() {
        return Err(format!("{}: it needs a program", Part::ConfiguredInit));
    }
    Ok(())
}

/// A mount of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mount {
    /// `bind`, `tmpfs`, `proc` …
    pub kind: String,
    /// What is mounted; empty when there is nothing to name.
    pub source: String,
    /// Where.
    pub destination: String,
    /// Whether it is read-only.
    pub read_only: bool,
    /// Other options.
    pub options: Vec<String>,
}

/// The configuration's mounts.
///
/// # Errors
/// What is no mount, as the part that cannot be expressed.
pub(crate) fn mounts(asked: &Asked<'_>) -> Result<Vec<Mount>, String> {
    let Some(list) = asked.at("/mounts").as_array() else {
        return Ok(Vec::new());
    };
    list.iter()
        .map(|mount| {
            let text = |key: &str| mount.get(key).and_then(Value::as_str);
            let options = mount.get("options").and_then(Value::as_array);
            let mut options: Vec<String> = options
                .into_iter()
                .flatten()
                .filter_map(|one| one.as_str().map(str::to_owned))
                .collect();
            let is = |names: &[&str]| options.iter().any(|one| names.contains(&one.as_str()));
            let bind = is(&["bind", "rbind"]) || text("type") == Some("bind");
            let read_only = is(&["ro"]);
            options.retain(|one| !["bind", "rbind", "ro", "rw"].contains(&one.as_str()));
            let mut source = text("source").unwrap_or_default().to_owned();
            if bind && !source.is_empty() && !source.starts_with('/') {
                // Relative to the bundle (OCI runtime specification, "Mounts").
                source = match asked.bundle() {
                    Some(bundle) => format!("{bundle}/{source}"),
                    None => return Err(format!("{}: a source beneath no path", Part::Mounts)),
                };
            }
            let destination = text("destination");
            let destination =
                destination.ok_or_else(|| format!("{}: one has no destination", Part::Mounts))?;
            Ok(Mount {
                kind: match bind {
                    true => "bind".to_owned(),
                    false => text("type").unwrap_or_default().to_owned(),
                },
                source,
                destination: destination.to_owned(),
                read_only,
                options,
            })
        })
        .collect()
}

/// The kinds of the namespaces that the configuration lists, all made anew.
///
/// # Errors
/// When one of them is to be joined: the part that cannot be expressed.
pub(crate) fn new_namespaces(asked: &Asked<'_>) -> Result<Vec<String>, String> {
    let usual = ["pid", "mount", "ipc", "uts", "network", "cgroup"];
    let Some(list) = asked.at("/linux/namespaces").as_array() else {
        return Ok(usual.map(str::to_owned).to_vec());
    };
    let kind = |one: &Value| match (one.get("type").and_then(Value::as_str), one.get("path")) {
        (Some(kind), None) => Ok(kind.to_owned()),
        _ => Err(format!(
            "{}: one that exists cannot be joined",
            Part::Namespaces
        )),
    };
    list.iter().map(kind).collect()
}

/// The environment that the configuration gives the init, one `NAME=value`
/// each.
pub(crate) fn environment(asked: &Asked<'_>) -> Vec<Vec<u8>> {
    let list = asked.at("/process/env").as_array().into_iter().flatten();
    list.filter_map(|entry| Some(entry.as_str()?.as_bytes().to_vec()))
        .collect()
}

/// The caller's environment with the configuration's over it.
pub(crate) fn merged_environment(asked: &Asked<'_>) -> Vec<Vec<u8>> {
    let name = |entry: &[u8]| entry.split(|byte| *byte == b'=').next().map(<[u8]>::to_vec);
    let mut all = asked.request.environment.clone();
    for entry in environment(asked) {
        all.retain(|other| name(other) != name(&entry));
        all.push(entry);
    }
    all
}

/// The gids of `process.user.additionalGids`.
pub(crate) fn additional_groups(asked: &Asked<'_>) -> Vec<u32> {
    let list = asked.at("/process/user/additionalGids").as_array();
    let list = list.into_iter().flatten();
    list.filter_map(|gid| u32::try_from(gid.as_u64()?).ok())
        .collect()
}

/// The init's working directory.
pub(crate) fn directory(asked: &Asked<'_>) -> String {
    asked.at("/process/cwd").as_str().unwrap_or("/").to_owned()
}

/// Whether the rootfs is to be read-only.
pub(crate) fn is_read_only(asked: &Asked<'_>) -> bool {
    asked.at("/root/readonly").as_bool().unwrap_or_default()
}

/// Host name of the container.
pub(crate) fn host_name(asked: &Asked<'_>) -> Option<String> {
    asked.at("/hostname").as_str().map(str::to_owned)
}
