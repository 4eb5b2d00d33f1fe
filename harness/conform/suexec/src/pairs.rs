//! Requests that fail two conditions at once. Which of the two is told shows
//! the order in which a launcher asks, so every run holds every pair.

use crate::differences::ordinary;
use crate::draft::{
    Arguments, CallerText, Dimension, Directory, Docroot, Draft, LogState, Program,
};
use crate::request::{Content, Request, Wrap};

type Change = fn(&mut Draft);

/// Ways to fail, by name, each in one dimension.
const FAILURES: [(&str, Dimension, Change); 35] = [
    ("no-log", Dimension::Log, |draft| {
        draft.deviant.log = LogState::NoDirectory;
    }),
    ("caller-unknown", Dimension::Caller, |draft| {
        draft.deviant.caller = 2
    }),
    ("version", Dimension::Arguments, |draft| {
        draft.deviant.arguments = Arguments::Version(4);
    }),
    ("two-arguments", Dimension::Arguments, |draft| {
        draft.deviant.arguments = Arguments::First(2);
    }),
    ("program-absolute", Dimension::Program, |draft| {
        text(draft, "{program}")
    }),
    ("program-climbs", Dimension::Program, |draft| {
        text(draft, "../prog")
    }),
    ("program-climbs-inside", Dimension::Program, |draft| {
        text(draft, "sub/../prog")
    }),
    ("no-caller-file", Dimension::CallerFile, |draft| {
        draft.deviant.caller_file = CallerText::Absent;
    }),
    ("no-docroot-line", Dimension::CallerFile, |draft| {
        lines(draft, "")
    }),
    ("no-userdir-line", Dimension::CallerFile, |draft| {
        lines(draft, "/var/www\n")
    }),
    ("userdir-disabled", Dimension::CallerFile, |draft| {
        draft.ordinary.is_userdir = true;
        lines(draft, "/var/www\n#x\n");
    }),
    ("docroot-disabled", Dimension::CallerFile, |draft| {
        lines(draft, "#/var/www\nx\n")
    }),
    ("docroot-is-root", Dimension::CallerFile, |draft| {
        lines(draft, "/\nx\n");
    }),
    ("userdir-missing", Dimension::CallerFile, |draft| {
        draft.ordinary.is_userdir = true;
        lines(draft, "/var/www\nmissing\n");
    }),
    ("docroot-invalid", Dimension::CallerFile, |draft| {
        lines(draft, "/.x\nx\n")
    }),
    ("docroot-missing", Dimension::CallerFile, |draft| {
        draft.deviant.caller_file = CallerText::Docroot(Docroot::Missing);
    }),
    ("user-name-unknown", Dimension::User, |draft| {
        draft.deviant.user = "nosuch".into()
    }),
    ("user-id-unknown", Dimension::User, |draft| {
        draft.deviant.user = "4711".into()
    }),
    ("user-is-root", Dimension::User, |draft| {
        draft.deviant.user = "root".into()
    }),
    ("user-below-minimum", Dimension::User, |draft| {
        draft.deviant.user = "low".into()
    }),
    ("group-name-unknown", Dimension::Group, |draft| {
        draft.deviant.group = "nosuch".into()
    }),
    ("group-id-unknown", Dimension::Group, |draft| {
        draft.deviant.group = "4711".into()
    }),
    ("group-is-root", Dimension::Group, |draft| {
        draft.deviant.group = "0".into()
    }),
    ("group-below-minimum", Dimension::Group, |draft| {
        draft.deviant.group = "lowest".into()
    }),
    ("without-setgid", Dimension::Wrap, |draft| {
        draft.deviant.wrap = Wrap::WithoutSetgid
    }),
    ("without-setuid", Dimension::Wrap, |draft| {
        draft.deviant.wrap = Wrap::WithoutSetuid
    }),
    ("directory-removed", Dimension::Wrap, |draft| {
        draft.deviant.wrap = Wrap::RemovedDirectory;
    }),
    ("directory-unreadable", Dimension::DirectoryMode, |draft| {
        draft.deviant.modes.1 = 0o322;
    }),
    ("directory-outside", Dimension::Directory, |draft| {
        draft.deviant.directory = Directory::At("/srv/elsewhere".to_owned());
    }),
    ("directory-closed", Dimension::Directory, |draft| {
        draft.deviant.directory = Directory::Beneath(0o700);
    }),
    ("directory-writable", Dimension::DirectoryMode, |draft| {
        draft.deviant.modes.1 = 0o775
    }),
    ("program-missing", Dimension::Program, |draft| {
        draft.deviant.program = Program::Missing;
    }),
    // All that its mode can say at once.
    ("program-mode", Dimension::ProgramMode, |draft| {
        draft.deviant.modes.0 = 0o6666
    }),
    ("owners", Dimension::ProgramOwner, |draft| {
        draft.deviant.owners[0] = (Some(10002), None);
    }),
    ("no-program", Dimension::Content, |draft| {
        draft.deviant.content = Content::Text("no program\n".into());
    }),
];

/// Modes of a program that fail one condition and the next ones.
const MODES: [(&str, u32); 3] = [
    ("setid", 0o4644),
    ("not-executable", 0o644),
    ("setgid", 0o2755),
];

fn text(draft: &mut Draft, text: &str) {
    draft.deviant.program = Program::Text(text.into());
}

fn lines(draft: &mut Draft, text: &str) {
    draft.deviant.caller_file = CallerText::Text(text.into());
}

/// Every pair of failures in different dimensions, by name.
#[must_use]
pub fn pairs() -> Vec<(String, Request)> {
    let mut all = Vec::new();
    for (index, (one, dimension, change)) in FAILURES.iter().enumerate() {
        for (other, second, also) in &FAILURES[index + 1..] {
            if dimension == second {
                continue;
            }
            let mut draft = ordinary();
            draft.deviates = vec![*dimension, *second];
            change(&mut draft);
            also(&mut draft);
            all.push((format!("{one}+{other}"), draft.request()));
        }
    }
    for (name, mode) in MODES {
        for owner in [None, Some(10002)] {
            let mut draft = ordinary();
            draft.deviates = vec![Dimension::ProgramMode, Dimension::ProgramOwner];
            draft.deviant.modes.0 = mode;
            draft.deviant.owners[0] = (None, owner);
            let owner = if owner.is_some() { "+group" } else { "" };
            all.push((format!("{name}{owner}"), draft.request()));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_pair_has_a_name_and_fails_something() {
        let all = pairs();
        let names: BTreeSet<_> = all.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), all.len());
        let plain = ordinary().request();
        assert!(all.iter().all(|(_, request)| *request != plain));
    }
}
