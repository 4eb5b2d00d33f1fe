//! Loading a corpus: scenario files, their cases, and what must hold between
//! them. Loading is a function of texts, so a corpus can be carried inside a
//! program; every fault of every file is told at once.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::lines::line_of;
use crate::model::{Kind, Scenario};
use crate::source::{Source, is_legitimate};
use crate::twin;
use crate::world::{STANDARD, WORLD_FILE, World};

/// Name of the case of a scenario that has no others.
pub const DEFAULT_CASE: &str = "default";

/// Scenarios with all their cases, in a world.
#[derive(Debug, Clone, PartialEq)]
pub struct Corpus {
    /// The standard world.
    pub world: World,
    /// Cases by file, in the order of the file.
    pub cases: Vec<Case>,
}

/// One case of a scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Id of the scenario.
    pub scenario: String,
    /// Name of the case, unique in the scenario.
    pub name: String,
    /// File of the scenario.
    pub file: PathBuf,
    /// The scenario with what the case changes.
    pub spec: Scenario,
}

impl Case {
    /// `scenario/case`, unique in a corpus.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}", self.scenario, self.name)
    }
}

/// One thing that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file.
    pub file: PathBuf,
    /// Line number, from 1.
    pub line: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.message)
    }
}

/// All problems of a corpus that cannot be used, by file and line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadError {
    /// At least one.
    pub problems: Vec<Problem>,
}

impl fmt::Display for LoadError {
    /// One line each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for LoadError {}

impl Corpus {
    /// Loads a directory with everything beneath it, or one file. The corpus
    /// around it, that is the nearest directory above with a `world.toml`,
    /// gives the world and the twins; only cases beneath `path` are kept.
    ///
    /// # Errors
    /// Every problem of the files beneath `path`.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        let (root, path) = root_of(path);
        let mut problems = Vec::new();
        let files = read_files(&root, &mut problems);
        let (mut corpus, more) = Self::build(files);
        problems.extend(more);
        let is_world = |file: &Path| file.file_name().is_some_and(|name| name == WORLD_FILE);
        problems.retain(|problem| problem.file.starts_with(&path) || is_world(&problem.file));
        corpus.cases.retain(|case| case.file.starts_with(&path));
        if corpus.cases.is_empty() && problems.is_empty() {
            problems.push(Problem {
                file: path,
                line: 1,
                message: "has no scenario: name a `.toml` file or a directory of them".to_owned(),
            });
        }
        corpus.or(problems)
    }

    /// Loads files given as path and text. One named `world.toml` is the
    /// world; without one it is the standard world.
    ///
    /// # Errors
    /// Every problem of every file.
    pub fn from_files<P: Into<PathBuf>, T: Into<String>>(
        files: impl IntoIterator<Item = (P, T)>,
    ) -> Result<Self, LoadError> {
        let files = files
            .into_iter()
            .map(|(path, text)| (path.into(), text.into()));
        let (corpus, problems) = Self::build(files.collect());
        corpus.or(problems)
    }

    /// The case with this key, or with this id when the scenario has only one
    /// case or one named `default`.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<&Case> {
        let exact = self.cases.iter().find(|case| case.key() == key);
        exact.or_else(|| {
            let of_scenario = || self.cases.iter().filter(|case| case.scenario == key);
            let mut named = of_scenario().filter(|case| case.name == DEFAULT_CASE);
            named.next().or_else(|| match of_scenario().count() {
                1 => of_scenario().next(),
                _ => None,
            })
        })
    }

    /// The twin of a malicious case: the named case, or of the named scenario
    /// the case of the same name, else its default, else its first.
    #[must_use]
    pub fn twin(&self, case: &Case) -> Option<&Case> {
        twin::find(&self.cases, case.spec.twin.as_deref()?, &case.name)
    }

    fn or(self, mut problems: Vec<Problem>) -> Result<Self, LoadError> {
        problems.sort();
        problems.dedup();
        match problems.is_empty() {
            true => Ok(self),
            false => Err(LoadError { problems }),
        }
    }

    /// The usable part of the corpus, and all problems.
    fn build(mut files: Vec<(PathBuf, String)>) -> (Self, Vec<Problem>) {
        files.sort();
        let mut problems = Vec::new();
        let (world, root) = world_of(&mut files, &mut problems);
        let mut corpus = Self {
            world,
            cases: Vec::new(),
        };
        // Twins first: attacks begin in their worlds.
        files.sort_by_key(|(_, text)| !is_legitimate(text));
        let mut legitimate = Vec::new();
        let mut sources = Vec::new();
        for (path, text) in &files {
            let mut source = Source::new(path, text);
            source.read(text, &corpus.world, &legitimate);
            source.check_place(root.as_deref());
            let of_kind = |case: &Case| case.spec.kind == Kind::Legitimate;
            legitimate.extend(source.cases().filter(of_kind));
            sources.push(source);
        }
        sources.sort_by(|a, b| a.path().cmp(b.path()));
        corpus.cases.extend(sources.iter().flat_map(Source::cases));
        let mut first: BTreeMap<String, PathBuf> = BTreeMap::new();
        for source in &mut sources {
            source.check_neighbours(&corpus, &mut first);
            problems.append(&mut source.problems());
        }
        (corpus, problems)
    }
}

/// The world among the files, taken out of them, and the directory it is in.
fn world_of(
    files: &mut Vec<(PathBuf, String)>,
    problems: &mut Vec<Problem>,
) -> (World, Option<PathBuf>) {
    let is_world = |path: &Path| path.file_name().is_some_and(|name| name == WORLD_FILE);
    let (worlds, rest) = std::mem::take(files)
        .into_iter()
        .partition(|(path, _)| is_world(path));
    *files = rest;
    let mut worlds: Vec<(PathBuf, String)> = worlds;
    for (path, _) in worlds.drain(1.min(worlds.len())..) {
        problems.push(Problem {
            file: path,
            line: 1,
            message: "is a second world: a corpus has one; move it or take it away".to_owned(),
        });
    }
    let given = worlds.pop();
    let standard = || (PathBuf::from(WORLD_FILE), STANDARD.to_owned());
    let root = given
        .as_ref()
        .and_then(|(path, _)| path.parent().map(Path::to_owned));
    let (path, text) = given.unwrap_or_else(standard);
    match World::parse(&text) {
        Ok(world) => (world, root),
        Err(error) => {
            problems.push(Problem {
                file: path,
                line: error.span().map_or(1, |span| line_of(&text, span.start)),
                message: error.message().replace('\n', " "),
            });
            (World::default(), root)
        }
    }
}

/// The directory of the corpus around a path, and the path in the same form.
fn root_of(path: &Path) -> (PathBuf, PathBuf) {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for form in [path, &absolute] {
        let root = form
            .ancestors()
            .find(|above| above.join(WORLD_FILE).is_file());
        // The empty path above a relative one is the working directory, and
        // its file names would not begin with it.
        if let Some(root) = root.filter(|root| !root.as_os_str().is_empty()) {
            return (root.to_owned(), form.to_owned());
        }
    }
    (path.to_owned(), path.to_owned())
}

/// All `.toml` files beneath a path, or the file itself.
fn read_files(path: &Path, problems: &mut Vec<Problem>) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let mut waiting = vec![path.to_owned()];
    while let Some(path) = waiting.pop() {
        let listed = match path.is_dir() {
            true => std::fs::read_dir(&path).and_then(Iterator::collect::<Result<Vec<_>, _>>),
            false => {
                let text = std::fs::read_to_string(&path);
                text.map(|text| files.push((path.clone(), text)))
                    .map(|()| Vec::new())
            }
        };
        match listed {
            Ok(entries) => waiting.extend(
                entries
                    .into_iter()
                    .map(|entry| entry.path())
                    .filter(|path| {
                        path.is_dir() || path.extension().is_some_and(|end| end == "toml")
                    }),
            ),
            Err(error) => problems.push(Problem {
                file: path,
                line: 1,
                message: format!("cannot be read: {error}"),
            }),
        }
    }
    files
}
