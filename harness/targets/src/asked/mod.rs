//! A case as a target sees it: the request, and what lies on the host.

mod accounts;
mod parts;

use sekisho_scenario::request::ResolvedRequest;
use sekisho_trial::{Layout, PlannedFile};
use serde_json::{Map, Value};

use crate::files::Files;
use accounts::Accounts;
pub use accounts::Id;

/// A request with the layout that it is made in.
#[derive(Debug)]
pub struct Asked<'a> {
    /// What is asked for.
    pub request: &'a ResolvedRequest,
    /// What lies on the host.
    pub layout: &'a Layout,
    files: Files<'a>,
    accounts: Accounts,
    config: Config<'a>,
}

/// The configuration of the bundle that is asked for.
#[derive(Debug)]
struct Config<'a> {
    file: Option<(&'a PlannedFile, bool)>,
    value: Option<Map<String, Value>>,
}

impl<'a> Asked<'a> {
    /// This request on this layout.
    #[must_use]
    pub fn new(request: &'a ResolvedRequest, layout: &'a Layout) -> Self {
        let files = Files::of(&layout.files);
        let find = |path: &str| files.find(path, &|path| magic(request, path));
        let database = |path: &str| {
            let (file, _) = find(path)?;
            files.bytes(&file.path)
        };
        let accounts = Accounts::of(
            database("/etc/passwd").unwrap_or_default(),
            database("/etc/group").unwrap_or_default(),
        );
        let bundle = String::from_utf8(request.bundle_on_host()).ok();
        let file = bundle.and_then(|bundle| find(&format!("{bundle}/config.json")));
        let value = file
            .and_then(|(file, _)| files.bytes(&file.path))
            .and_then(|bytes| serde_json::from_slice(bytes).ok());
        Self {
            request,
            layout,
            files,
            accounts,
            config: Config { file, value },
        }
    }

    /// The bundle's path on the arena's host; `None` when it is no UTF-8.
    #[must_use]
    pub fn bundle(&self) -> Option<String> {
        String::from_utf8(self.request.bundle_on_host()).ok()
    }

    /// The bundle's configuration, when it is a JSON object.
    #[must_use]
    pub fn config(&self) -> Option<&Map<String, Value>> {
        self.config.value.as_ref()
    }

    /// The file that the bundle's `config.json` is, symbolic links followed.
    #[must_use]
    pub fn config_file(&self) -> Option<&'a PlannedFile> {
        self.config.file.map(|(file, _)| file)
    }

    /// Path of the rootfs on the arena's host.
    #[must_use]
    pub fn rootfs(&self) -> Option<String> {
        let path = self
            .at("/root/path")
            .as_str()
            .unwrap_or("rootfs")
            .to_owned();
        match path.starts_with('/') {
            true => Some(path),
            false => Some(format!("{}/{path}", self.bundle()?)),
        }
    }

    /// Init and arguments: those of the request, else of the configuration.
    #[must_use]
    pub fn init(&self) -> Vec<Vec<u8>> {
        if !self.request.init.is_empty() {
            return self.request.init.clone();
        }
        let words = self.at("/process/args").as_array().into_iter().flatten();
        words
            .map(|word| word.as_str().unwrap_or_default().as_bytes().to_vec())
            .collect()
    }

    /// What the case plans on the arena's host.
    pub(crate) fn files(&self) -> &Files<'a> {
        &self.files
    }

    /// The value at a pointer of the configuration; null when absent.
    #[must_use]
    pub fn at(&self, pointer: &str) -> &Value {
        const NOTHING: &Value = &Value::Null;
        let Some(config) = self.config() else {
            return NOTHING;
        };
        let mut path = pointer.split('/').skip(1);
        let first = path.next().and_then(|key| config.get(key));
        path.fold(first, |at, key| at.and_then(|value| value.get(key)))
            .unwrap_or(NOTHING)
    }
}

/// Where a link in `/proc` leads that the caller's own process has.
pub(crate) fn magic(request: &ResolvedRequest, path: &str) -> Option<String> {
    let path = path
        .strip_prefix("/proc/self/")
        .or_else(|| path.strip_prefix("/proc/thread-self/"))?;
    match path {
        "cwd" => Some(request.working_directory.clone()),
        "root" => Some("/".to_owned()),
        _ => {
            let number: i32 = path.strip_prefix("fd/")?.parse().ok()?;
            let open = request.descriptors.iter().find(|fd| fd.number == number)?;
            Some(open.path.clone())
        }
    }
}

/// The id inside a user namespace with these mappings (`linux.uidMappings`),
/// as user_namespaces(7) has it.
#[must_use]
pub(crate) fn inside(mappings: &Value, host: u32) -> Option<u32> {
    let number = |map: &Value, key: &str| u32::try_from(map.get(key)?.as_u64()?).ok();
    mappings.as_array()?.iter().find_map(|map| {
        let offset = host.checked_sub(number(map, "hostID")?)?;
        (offset < number(map, "size")?).then_some(())?;
        number(map, "containerID")?.checked_add(offset)
    })
}

#[cfg(test)]
mod tests;
