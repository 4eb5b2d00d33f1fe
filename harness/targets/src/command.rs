//! Anybody's launcher, described in a file: `command:FILE.toml`.

use std::sync::OnceLock;

use sekisho_trial::{End, Observation, PlannedFile, Setting};

use crate::asked::Asked;
use crate::direct::{self, Direct};
use crate::part::{Expresses, Part};
use crate::reply::{Refusal, RefusalKind, Reply, describe, last_line};
use crate::template::{Argument, Piece, Place, Template};
use crate::{Carried, Found, Prepared, Target, host};

/// Beginning of the names.
pub(crate) const PREFIX: &str = "command:";

/// A launcher that a file describes; or why the file does not.
struct Command {
    name: String,
    template: Result<Template, String>,
    found: OnceLock<Result<Found, String>>,
}

/// `command:FILE.toml`.
pub(crate) fn from(_: &Carried, path: &str) -> Box<dyn Target> {
    let template = Template::read(path);
    let name = template.as_ref().map_or(path, |template| &template.name);
    Box::new(Command {
        name: format!("{PREFIX}{name}"),
        template,
        found: OnceLock::new(),
    })
}

impl Command {
    /// The template of a target that was found.
    fn template(&self) -> Option<&Template> {
        self.template.as_ref().ok()
    }
}

impl Target for Command {
    fn name(&self) -> &str {
        &self.name
    }

    fn hint(&self) -> &str {
        match &self.template {
            Ok(template) => &template.hint,
            Err(_) => "docs/targets-setuid.md describes the file",
        }
    }

    fn notes(&self) -> &'static str {
        "described in a file; docs/targets-setuid.md says what its fields mean"
    }

    fn find(&self) -> Result<Found, String> {
        let look = || {
            let template = self.template.as_ref().map_err(Clone::clone)?;
            if !template.carried && !host::is_seen(&template.program) {
                return Err(format!(
                    "program: {} is not beneath /usr, which the arena sees: name a copy of it in \
                     [[files]]",
                    template.program
                ));
            }
            let words: Vec<_> = template.version.iter().map(String::as_str).collect();
            Ok(Found {
                version: host::version(&template.program, &words)?,
                path: template.program.clone(),
            })
        };
        self.found.get_or_init(look).clone()
    }

    fn changes_root(&self) -> bool {
        self.template().is_none_or(|template| template.changes_root)
    }

    fn expresses(&self, part: Part) -> Expresses {
        let listed = self
            .template()
            .is_some_and(|template| template.expresses.contains(&part));
        match listed {
            true => direct::expresses(part),
            false => Expresses::No("not in `expresses` of the file"),
        }
    }

    fn can_exactly(&self, asked: &Asked<'_>) -> Result<(), String> {
        let start = direct::translate_for(asked, self.changes_root())?;
        if start.user.is_none() || start.group.is_none() || start.program.is_none() {
            return Err(direct::says(
                Part::ArgumentVector,
                "words that are left out",
            ));
        }
        Ok(())
    }

    fn equip(&self) -> Vec<PlannedFile> {
        let files = self.template().map(|template| template.files.clone());
        files.unwrap_or_default()
    }

    fn prepare(&self, asked: &Asked<'_>, _: &Setting) -> Prepared {
        let request = asked.request;
        let template = self.template();
        let path = template.map_or_else(String::new, |template| template.program.clone());
        let name = path
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .as_bytes()
            .to_vec();
        let mut start = request.to_start(path, vec![name]);
        if let (Some(template), Ok(direct)) =
            (template, direct::translate_for(asked, self.changes_root()))
        {
            for argument in &template.arguments {
                match argument {
                    Argument::One(pieces) => start.arguments.push(filled(pieces, &direct)),
                    Argument::All => {
                        let program = direct.program.iter();
                        let words = program.flat_map(|program| program.arguments.clone());
                        start.arguments.extend(words);
                    }
                }
            }
            if let Some(pieces) = &template.directory {
                let directory = filled(pieces, &direct);
                start.working_directory = String::from_utf8_lossy(&directory).into_owned();
            }
            if template.by_root {
                (start.uid, start.gid) = (0, 0);
            }
        }
        Prepared {
            files: Vec::new(),
            start,
            collect: template
                .and_then(|template| template.log.clone())
                .into_iter()
                .collect(),
            pause: None,
        }
    }

    fn read(&self, observation: &Observation) -> Reply {
        match &self.template {
            Ok(template) => answer(template, observation),
            Err(error) => Reply::failed(error.clone()),
        }
    }
}

fn filled(pieces: &[Piece], start: &Direct) -> Vec<u8> {
    let mut word = Vec::new();
    for piece in pieces {
        let program = start.program.as_ref();
        let text = |text: Option<&String>| text.map(|text| text.clone().into_bytes());
        let value = match piece {
            Piece::Text(text) => Some(text.clone().into_bytes()),
            Piece::Place(Place::User) => start.user.clone(),
            Piece::Place(Place::Group) => start.group.clone(),
            Piece::Place(Place::Bundle) => text(program.map(|program| &program.bundle)),
            Piece::Place(Place::Rootfs) => text(program.map(|program| &program.rootfs)),
            Piece::Place(Place::Init) => program.map(|program| program.init.clone()),
            Piece::Place(Place::Program) => program.map(direct::Program::path),
            Piece::Place(Place::Directory) => text(program.map(|program| &program.directory)),
        };
        word.extend(value.unwrap_or_default());
    }
    word
}

/// A refusal is one of the exit statuses together with a line of the
/// launcher's own, on its outputs or in its log.
fn answer(template: &Template, observation: &Observation) -> Reply {
    let log = observation.collected.first().and_then(Option::as_deref);
    let said = [
        String::from_utf8_lossy(&observation.stdout),
        String::from_utf8_lossy(log.unwrap_or_default()),
        String::from_utf8_lossy(&observation.stderr),
    ];
    let lines: Vec<_> = said.iter().flat_map(|text| text.lines()).collect();
    let message = lines.iter().rfind(|line| template.message.is_match(line));
    match (&observation.end, message) {
        (End::Timeout, _) => Reply::Started,
        (End::Exited(_), None) => Reply::Started,
        (End::Exited(status), Some(message)) if template.statuses.contains(status) => {
            Reply::Refused(Refusal {
                verdict: RefusalKind::Refused,
                rule: String::new(),
                reason: format!("exit status {status}: {}", message.trim_end()),
            })
        }
        (end, Some(message)) => Reply::failed(format!(
            "it said `{}`, but {}",
            message.trim_end(),
            describe(end)
        )),
        (end, None) => Reply::failed(format!(
            "{}; {}",
            describe(end),
            last_line(&observation.stderr)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::observation;

    fn template() -> Template {
        Template::read(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../docs/target.example.toml"
        ))
        .unwrap()
    }

    #[test]
    fn a_refusal_needs_both_its_status_and_its_line() {
        let template = template();
        let read = |end, stderr, log| answer(&template, &observation(end, stderr, &[Some(log)]));
        let message = "setpriv: failed to parse reuid: 'x'\n";
        for (stderr, log) in [(message, ""), ("", message)] {
            let Reply::Refused(refusal) = read(End::Exited(1), stderr, log) else {
                panic!("not refused")
            };
            assert_eq!(
                refusal.reason,
                "exit status 1: setpriv: failed to parse reuid: 'x'"
            );
        }
        assert_eq!(
            read(End::Exited(1), "failed to parse\n", ""),
            Reply::Started
        );
        for end in [End::Exited(0), End::Exited(2), End::Signalled(9)] {
            assert!(matches!(read(end, message, ""), Reply::Failed { .. }));
        }
        assert!(matches!(
            read(End::Signalled(9), "", ""),
            Reply::Failed { .. }
        ));
        assert_eq!(read(End::Timeout, "", ""), Reply::Started);
    }

    #[test]
    fn a_file_that_cannot_be_used_is_told_when_the_target_is_looked_for() {
        let carried = Carried {
            launcher: Vec::new(),
            version: String::new(),
            policy: sekisho_rules::Policy::default(),
        };
        let target = from(&carried, "/nowhere/x.toml");
        assert_eq!(target.name(), "command:/nowhere/x.toml");
        assert!(target.find().unwrap_err().contains("/nowhere/x.toml"));
        assert!(target.equip().is_empty());
    }
}
