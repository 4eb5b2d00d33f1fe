//! Regression cases: requests on which the two once disagreed, shrunk. They
//! stay when the cause is gone, and every run begins with them.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::request::Request;

/// The cases that the program carries: name and JSON text.
pub const CARRIED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/regressions.rs"));

/// One case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Case {
    /// What disagreed, and how it was settled.
    pub note: String,
    /// Seed and index of the request that it was shrunk from.
    pub found: Option<(u64, u64)>,
    /// The request.
    pub request: Request,
}

/// All cases that the program carries.
///
/// # Errors
/// Names the case that cannot be read.
pub fn cases() -> Result<Vec<(String, Case)>> {
    let read = |(name, text): &(&str, &str)| {
        let case = serde_json::from_str(text)
            .with_context(|| format!("harness/conform/suexec/regressions/{name}.json"))?;
        Ok(((*name).to_owned(), case))
    };
    CARRIED.iter().map(read).collect()
}

/// Writes a case into a directory, which is made.
///
/// # Errors
/// Names the file that cannot be written.
pub fn keep(directory: &Path, name: &str, case: &Case) -> Result<()> {
    let path = directory.join(format!("{name}.json"));
    let text = serde_json::to_string_pretty(case)? + "\n";
    std::fs::create_dir_all(directory)
        .and_then(|()| std::fs::write(&path, text))
        .with_context(|| format!("cannot write {}: choose a writable --out", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_that_is_carried_can_be_read() {
        for (name, case) in cases().unwrap() {
            assert!(!case.note.is_empty(), "{name} says nothing of what it is");
        }
    }

    #[test]
    fn a_case_comes_back_as_it_was() {
        let directory = std::env::temp_dir().join(format!("sekisho-kept-{}", std::process::id()));
        let case = Case {
            note: "x".to_owned(),
            found: Some((1, 2)),
            request: crate::generate::tree(1, 2).unwrap().request(),
        };
        keep(&directory, "one", &case).unwrap();
        let text = std::fs::read_to_string(directory.join("one.json")).unwrap();
        std::fs::remove_dir_all(&directory).unwrap();
        assert_eq!(serde_json::from_str::<Case>(&text).unwrap(), case);
    }
}
