//! Bundles of a case as files.

use json_patch::jsonptr::PointerBuf;
use json_patch::{Patch, PatchOperation, RemoveOperation};
use serde_json::{Value, json};

use crate::accounts::Accounts;
use crate::attributes::mode;
use crate::fault::{Fault, Within};
use crate::model::Bundle;
use crate::tree::{Tree, absolute};
use sekisho_trial::Content;

/// The bundle that requests start unless they say otherwise.
pub const STANDARD_BUNDLE: &str = "alice/web";

/// Init of a bundle that names none.
const INIT: &str = "/app/server";

/// The absolute path of a bundle named relative to the base or absolute.
pub(crate) fn path_of(base: &str, key: &str) -> Result<String, String> {
    let path = match key.starts_with('/') {
        true => key.to_owned(),
        false => format!("{base}/{key}"),
    };
    absolute(&path)?;
    Ok(path)
}

/// Adds directory, configuration and rootfs of a bundle.
pub(crate) fn add(
    tree: &mut Tree,
    path: &str,
    bundle: &Bundle,
    accounts: &Accounts,
) -> Result<(), Fault> {
    let owner = |field: &str, text: &Option<String>, default: &str| {
        accounts
            .owner(text.as_deref().unwrap_or(default))
            .within(field)
    };
    let bits = |field: &str, text: &Option<String>, default: u32| match text {
        Some(text) => mode(text).within(field),
        None => Ok(default),
    };
    let all = bundle.owner.as_deref().unwrap_or("alice:alice");
    let bundle_owner = owner("owner", &bundle.owner, all)?;
    let rootfs_owner = owner("rootfs-owner", &bundle.rootfs_owner, all)?;
    let init_owner = owner("init-owner", &bundle.init_owner, all)?;
    let config_owner = owner("config-owner", &bundle.config_owner, "root:root")?;
    let init = bundle.init.as_deref().unwrap_or(INIT);
    absolute(init).within("init")?;

    tree.add(
        path,
        bundle_owner,
        bits("mode", &bundle.mode, 0o755)?,
        Content::Directory,
    );
    let config_mode = bits("config-mode", &bundle.config_mode, 0o644)?;
    let text = Content::Bytes(configuration(bundle, init, bundle_owner)?);
    tree.add(
        &format!("{path}/config.json"),
        config_owner,
        config_mode,
        text,
    );

    let rootfs = format!("{path}/rootfs");
    let rootfs_mode = bits("rootfs-mode", &bundle.rootfs_mode, 0o755)?;
    let init_mode = bits("init-mode", &bundle.init_mode, 0o755)?;
    tree.add(&rootfs, rootfs_owner, rootfs_mode, Content::Directory);
    let sheet = Content::Sheet {
        place: rootfs.clone(),
    };
    let sheet_path = format!("{rootfs}{}", sekisho_witness::SHEET_PATH);
    tree.add(&sheet_path, (0, 0), 0o444, sheet);
    if bundle.empty {
        return Ok(());
    }
    for (name, mode) in [
        ("bin", 0o755),
        ("dev", 0o755),
        ("etc", 0o755),
        ("proc", 0o755),
        ("tmp", 0o1777),
    ] {
        tree.add(
            &format!("{rootfs}/{name}"),
            rootfs_owner,
            mode,
            Content::Directory,
        );
    }
    for (index, _) in init.match_indices('/').skip(1) {
        let directory = format!("{rootfs}{}", &init[..index]);
        tree.add(&directory, rootfs_owner, 0o755, Content::Directory);
    }
    // For scripts and for the preload object.
    tree.add(&format!("{rootfs}/probe"), (0, 0), 0o755, Content::Probe);
    tree.add(
        &format!("{rootfs}{init}"),
        init_owner,
        init_mode,
        Content::Probe,
    );
    Ok(())
}

/// The text of `config.json`.
fn configuration(bundle: &Bundle, init: &str, owner: (u32, u32)) -> Result<Vec<u8>, Fault> {
    if let Some(text) = &bundle.config_text {
        if !bundle.config.is_empty() || !bundle.config_remove.is_empty() {
            let message = "is the whole text: give either it or `config` and `config-remove`";
            return Err(Fault::new(message).within("config-text"));
        }
        return text.one().within("config-text");
    }
    let mut config = standard(init, owner);
    let changes = toml::Value::Table(bundle.config.clone());
    json_patch::merge(&mut config, &json_of(&changes).within("config")?);
    for (index, pointer) in bundle.config_remove.iter().enumerate() {
        remove(&mut config, pointer)
            .within(index.to_string())
            .within("config-remove")?;
    }
    let mut text = serde_json::to_vec_pretty(&config).map_err(|error| error.to_string())?;
    text.push(b'\n');
    Ok(text)
}

/// The configuration of a bundle that changes nothing (OCI runtime
/// specification 1.0.2).
#[must_use]
pub fn standard(init: &str, (uid, gid): (u32, u32)) -> Value {
    json!({
        "ociVersion": "1.0.2",
        "process": {
            "terminal": false,
            "user": {"uid": uid, "gid": gid},
            "args": [init],
            "env": ["PATH=/usr/local/bin:/usr/bin:/bin"],
            "cwd": "/",
            "noNewPrivileges": true,
        },
        "root": {"path": "rootfs", "readonly": false},
        "hostname": "app",
        "mounts": [],
        "linux": {
            "namespaces": [
                {"type": "pid"},
                {"type": "mount"},
                {"type": "ipc"},
                {"type": "uts"},
                {"type": "network"},
                {"type": "cgroup"},
            ],
        },
    })
}

fn remove(config: &mut Value, pointer: &str) -> Result<(), String> {
    let path = PointerBuf::parse(pointer.to_owned())
        .map_err(|error| format!("`{pointer}` is no JSON pointer: {error}"))?;
    let patch = Patch(vec![PatchOperation::Remove(RemoveOperation { path })]);
    json_patch::patch(config, &patch)
        .map_err(|_| format!("the configuration has nothing at `{pointer}`: remove the line"))
}

/// TOML as JSON; dates become text.
fn json_of(value: &toml::Value) -> Result<Value, String> {
    Ok(match value {
        toml::Value::String(text) => json!(text),
        toml::Value::Integer(number) => json!(number),
        toml::Value::Float(number) if number.is_finite() => json!(number),
        toml::Value::Float(number) => return Err(format!("JSON has no number {number}")),
        toml::Value::Boolean(value) => json!(value),
        toml::Value::Datetime(date) => json!(date.to_string()),
        toml::Value::Array(list) => list.iter().map(json_of).collect::<Result<_, _>>()?,
        toml::Value::Table(table) => {
            let entry =
                |(key, value): (&String, _)| Ok::<_, String>((key.clone(), json_of(value)?));
            table.iter().map(entry).collect::<Result<_, _>>()?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(toml: &str) -> Result<Value, Fault> {
        let bundle: Bundle = toml::from_str(toml).unwrap();
        let text = configuration(&bundle, INIT, (10001, 10001))?;
        Ok(serde_json::from_slice(&text).unwrap())
    }

    #[test]
    fn the_standard_configuration_is_one_of_the_oci_runtime_specification() {
        let spec: oci_spec::runtime::Spec = serde_json::from_value(config("").unwrap()).unwrap();
        let process = spec.process().as_ref().unwrap();
        assert_eq!(process.user().uid(), 10001);
        assert_eq!(process.args().as_deref(), Some(&[INIT.to_owned()][..]));
        let linux = spec.linux().as_ref().unwrap();
        assert_eq!(linux.namespaces().as_ref().unwrap().len(), 6);
    }

    #[test]
    fn changes_are_merged_and_taken_out() {
        let changed = config(
            "config.process.args = ['/bin/sh', '-c', 'x']\nconfig.process.umask = 0o27\n\
             config-remove = ['/process/cwd', '/linux/namespaces/5']",
        )
        .unwrap();
        assert_eq!(changed["process"]["args"], json!(["/bin/sh", "-c", "x"]));
        assert_eq!(changed["process"]["umask"], 0o27);
        assert_eq!(changed["process"]["user"]["uid"], 10001);
        assert_eq!(changed["process"].get("cwd"), None);
        assert_eq!(changed["linux"]["namespaces"].as_array().unwrap().len(), 5);
    }

    #[test]
    fn changes_that_change_nothing_are_refused() {
        let absent = config("config-remove = ['/process/x']").unwrap_err();
        assert!(absent.message.contains("nothing at"), "{absent}");
        assert!(config("config-remove = ['process']").is_err());
        assert!(config("config.x = nan").is_err());
        assert!(config("config-text = '{'\nconfig.x = 1").is_err());
    }
}
