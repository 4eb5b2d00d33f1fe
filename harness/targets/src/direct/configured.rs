//! What a plain start takes from the bundle's configuration, and what the
//! configuration asks for beyond one.

use serde_json::{Map, Value};

use super::says;
use crate::files::Files;
use crate::part::Part;

/// Init of the corpus's standard configuration.
const STANDARD_INIT: &[u8] = b"/app/server";

/// Pointers into the configuration that such a start says in its own words,
/// or that say nothing about it.
const SAID: [&str; 8] = [
    "/ociVersion",
    "/process/args",
    "/process/cwd",
    // Used only where the request names nobody.
    "/process/user/uid",
    "/process/user/gid",
    // Never set by these launchers: off is what they do, and on is the
    // container launcher's standard.
    "/process/noNewPrivileges",
    "/root/path",
    // By itself it grants nothing.
    "/process/capabilities/bounding",
];

/// The configuration, and whether somebody other than root may have written
/// it.
pub(super) fn configuration(
    files: &Files,
    bundle: &str,
    magic: &dyn Fn(&str) -> Option<String>,
) -> Result<(Value, bool), String> {
    let unusable = |why: String| {
        says(
            Part::ConfigurationFile,
            &format!("{why}, so it names no init"),
        )
    };
    let path = files
        .resolve("", &format!("{bundle}/config.json"), magic)
        .map_err(unusable)?;
    let bytes = files
        .bytes(&path)
        .ok_or_else(|| unusable(format!("{path} is not a file")))?;
    let value = serde_json::from_slice(bytes).map_err(|error| unusable(error.to_string()))?;
    let foreign = files.at(&path).is_none_or(|file| {
        (file.uid, file.gid, file.mode) != (0, 0, 0o644) || !file.xattrs.is_empty()
    });
    Ok((value, foreign))
}

/// What the configuration asks for that differs from the corpus's standard
/// one: the first pointer in its order.
pub(super) fn beyond(config: &Value) -> Option<String> {
    let standard = sekisho_scenario::bundle::standard("", (0, 0));
    let mut found = None;
    compare(&standard, config, String::new(), &mut found);
    found
}

fn compare(standard: &Value, config: &Value, at: String, found: &mut Option<String>) {
    if found.is_some() || SAID.contains(&at.as_str()) || standard == config {
        return;
    }
    // What the standard lacks is compared with nothing.
    let nothing = Map::new();
    let standard = match standard {
        Value::Null if *config == Value::Array(Vec::new()) => return,
        Value::Null => Some(&nothing),
        standard => standard.as_object(),
    };
    let (Some(standard), Value::Object(config)) = (standard, config) else {
        *found = Some(at);
        return;
    };
    // Left out is the standard, or nothing that a plain start could say.
    for (key, value) in config {
        let absent = Value::Null;
        let standard = standard.get(key).unwrap_or(&absent);
        compare(standard, value, format!("{at}/{key}"), found);
    }
}

pub(super) fn rootfs(
    files: &Files,
    bundle: &str,
    config: &Value,
    magic: &dyn Fn(&str) -> Option<String>,
) -> Result<String, String> {
    let Some(Value::String(path)) = config.pointer("/root/path") else {
        return Err(says(Part::Root, "the configuration names no rootfs"));
    };
    let path = match path.starts_with('/') {
        true => path.clone(),
        false => format!("{bundle}/{path}"),
    };
    let path = files
        .resolve("", &path, magic)
        .map_err(|error| says(Part::Root, &error))?;
    Ok(match path.as_str() {
        "/" => String::new(),
        _ => path,
    })
}

/// The configuration's words. The caller says them, so who wrote them into the
/// file is out of sight: a request that says something by that is another one.
pub(super) fn configured(config: &Value, unusual: bool) -> Result<Vec<Vec<u8>>, String> {
    let none = || says(Part::ConfiguredInit, "the configuration names no init");
    let Some(Value::Array(words)) = config.pointer("/process/args") else {
        return Err(none());
    };
    let words: Option<Vec<_>> = words
        .iter()
        .map(|word| Some(word.as_str()?.as_bytes().to_vec()))
        .collect();
    let words = words.filter(|words| !words.is_empty()).ok_or_else(none)?;
    if unusual && words != [STANDARD_INIT] {
        return Err(says(
            Part::ConfigurationFile,
            "who may write the words that it gives the init",
        ));
    }
    Ok(words)
}
