//! Loading a corpus: scenario files, their cases, and what must hold between
//! them. Loading is a function of texts, so a corpus can be carried inside a
//! program; every fault of every file is told at once.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::de::DeTable;
use toml::{Table, Value};

use crate::check;
use crate::fault::Fault;
use crate::lines::{Lines, line_of};
use crate::merge::{Swept, combinations, join, merge};
use crate::model::{Kind, Scenario};
use crate::nearest::did_you_mean;
use crate::read;
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
        let twin = case.spec.twin.as_deref()?;
        let same = self.find(&format!("{twin}/{}", case.name));
        same.or_else(|| self.find(twin))
            .or_else(|| self.cases.iter().find(|other| other.scenario == twin))
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
        let mut sources = Vec::new();
        for (path, text) in &files {
            let mut source = Source::new(path, text);
            source.read(text, &corpus.world);
            source.check_place(root.as_deref());
            corpus.cases.extend(source.cases());
            sources.push(source);
        }
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

/// One scenario file while it is read.
struct Source {
    path: PathBuf,
    lines: Lines,
    /// Problems told with their line.
    told: Vec<(usize, String)>,
    parts: Vec<Part>,
}

/// One case of it.
struct Part {
    /// Number of its `[[case]]`, from 0.
    number: Option<usize>,
    name: String,
    spec: Option<Scenario>,
    faults: Vec<Fault>,
}

impl Source {
    fn new(path: &Path, text: &str) -> Self {
        let (table, errors) = DeTable::parse_recoverable(text);
        let told = errors.iter().map(|error| {
            let line = error.span().map_or(1, |span| line_of(text, span.start));
            (line, error.message().replace('\n', " "))
        });
        Self {
            path: path.to_owned(),
            lines: Lines::of(text, table.get_ref()),
            told: told.collect(),
            parts: Vec::new(),
        }
    }

    fn tell(&mut self, field: &[&str], message: impl Into<String>) {
        let field: Vec<String> = field.iter().map(|&name| name.to_owned()).collect();
        self.told
            .push((self.lines.of_field(&field), message.into()));
    }

    /// Reads the base and every case. Cases are read only when the base is
    /// right: they would repeat its faults.
    fn read(&mut self, text: &str, world: &World) {
        if !self.told.is_empty() {
            return;
        }
        let mut base: Table = match toml::from_str(text) {
            Ok(base) => base,
            Err(error) => return self.tell(&[], error.message()),
        };
        let cases = self.take_cases(base.remove("case"));
        let sweep = self.take_sweep(base.remove("sweep"));
        if let Err(mut faults) = read::scenario(base.clone()) {
            // What is missing may be given by the cases, which are whole.
            let has_cases = cases.iter().any(|(number, ..)| number.is_some());
            faults.retain(|fault| !(has_cases && fault.message.starts_with("missing field")));
            for fault in &faults {
                let line = self.lines.of_field(&fault.field);
                self.told.push((line, fault.message.clone()));
            }
            if !faults.is_empty() {
                return;
            }
        }
        for (number, name, over) in &cases {
            for swept in &sweep {
                let mut table = base.clone();
                merge(&mut table, over);
                merge(&mut table, &swept.over);
                let name = match join(name, &swept.name) {
                    name if name.is_empty() => DEFAULT_CASE.to_owned(),
                    name => name,
                };
                self.add(*number, name, table, world);
            }
        }
    }

    fn add(&mut self, number: Option<usize>, name: String, table: Table, world: &World) {
        if self.parts.iter().any(|part| part.name == name) {
            let number = number.unwrap_or_default().to_string();
            self.tell(
                &["case", &number],
                format!("two cases are named `{name}`: rename one"),
            );
        }
        let (spec, faults) = match read::scenario(table) {
            Ok(spec) => {
                let faults = check::case(world, &spec).into_iter();
                let whole = |fault: Fault| Fault {
                    message: fault.to_string(),
                    field: fault.field,
                };
                (Some(spec), faults.map(whole).collect())
            }
            Err(faults) => (None, faults),
        };
        self.parts.push(Part {
            number,
            name,
            spec,
            faults,
        });
    }

    /// Number, name and changes of each `[[case]]`; one without changes when
    /// there is none.
    fn take_cases(&mut self, cases: Option<Value>) -> Vec<(Option<usize>, String, Table)> {
        let list = match cases {
            None => return vec![(None, String::new(), Table::new())],
            Some(Value::Array(list)) => list,
            Some(_) => {
                self.tell(
                    &["case"],
                    "cases are written as `[[case]]`, each with a `name`",
                );
                return Vec::new();
            }
        };
        let mut cases = Vec::new();
        for (number, case) in list.into_iter().enumerate() {
            let index = number.to_string();
            let Value::Table(mut over) = case else {
                self.tell(&["case", &index], "a case is a table: write `[[case]]`");
                continue;
            };
            match over.remove("name") {
                Some(Value::String(name)) if check::is_kebab(&name) => {
                    cases.push((Some(number), name, over));
                }
                _ => self.tell(
                    &["case", &index, "name"],
                    "a case needs a `name` of lower-case letters and digits with single hyphens",
                ),
            }
        }
        cases
    }

    fn take_sweep(&mut self, sweep: Option<Value>) -> Vec<Swept> {
        let table = match sweep {
            None => Table::new(),
            Some(Value::Table(table)) => table,
            Some(_) => {
                self.tell(
                    &["sweep"],
                    "a sweep is a table: write `[sweep]` and field paths below",
                );
                return Vec::new();
            }
        };
        combinations(&table).unwrap_or_else(|(key, message)| {
            self.tell(&["sweep", &key], format!("`{key}`: {message}"));
            Vec::new()
        })
    }

    fn cases(&self) -> impl Iterator<Item = Case> {
        self.parts.iter().filter_map(|part| {
            let spec = part.spec.clone()?;
            Some(Case {
                scenario: spec.id.clone(),
                name: part.name.clone(),
                file: self.path.clone(),
                spec,
            })
        })
    }

    /// File name and directory say id and family.
    fn check_place(&mut self, root: Option<&Path>) {
        let stem = name_of(self.path.file_stem());
        let directory = self.path.parent().filter(|parent| Some(*parent) != root);
        let directory = root
            .and(directory)
            .map(|parent| name_of(parent.file_name()));
        for part in &mut self.parts {
            let Some(spec) = &part.spec else { continue };
            if spec.id != stem {
                let message = format!("the id `{}` differs from the file name `{stem}`", spec.id);
                part.faults.push(Fault::new(message).within("id"));
            }
            let expected = match spec.kind {
                Kind::Legitimate => "legitimate",
                Kind::Malicious => &spec.family,
            };
            if directory
                .as_ref()
                .is_some_and(|directory| directory != expected)
            {
                let message = format!("the file belongs into the directory `{expected}`: move it");
                part.faults.push(Fault::new(message).within("family"));
            }
        }
    }

    /// Ids are unique, and twins are legitimate scenarios of the corpus.
    fn check_neighbours(&mut self, corpus: &Corpus, first: &mut BTreeMap<String, PathBuf>) {
        for part in &mut self.parts {
            let Some(spec) = &part.spec else { continue };
            let other = first
                .entry(spec.id.clone())
                .or_insert_with(|| self.path.clone());
            if *other != self.path {
                let message = format!("`{}` has the id `{}` too", other.display(), spec.id);
                part.faults.push(Fault::new(message).within("id"));
            }
            let Some(twin) = &spec.twin else { continue };
            let found = corpus
                .cases
                .iter()
                .find(|case| case.scenario == *twin || case.key() == *twin);
            let message = match found {
                Some(case) if case.spec.kind == Kind::Legitimate => continue,
                Some(_) => format!("the twin `{twin}` is not legitimate"),
                None => {
                    let known: Vec<String> = corpus
                        .cases
                        .iter()
                        .filter(|case| case.spec.kind == Kind::Legitimate)
                        .flat_map(|case| [case.scenario.clone(), case.key()])
                        .collect();
                    let near = did_you_mean(twin, known.iter().map(String::as_str));
                    format!("unknown twin `{twin}`{near}")
                }
            };
            part.faults.push(Fault::new(message).within("twin"));
        }
    }

    /// All problems. What is wrong in every case is told once, of the base.
    fn problems(&self) -> Vec<Problem> {
        let problem = |line, message| Problem {
            file: self.path.clone(),
            line,
            message,
        };
        let mut problems: Vec<_> = self
            .told
            .iter()
            .map(|(line, message)| problem(*line, message.clone()))
            .collect();
        for part in &self.parts {
            for fault in &part.faults {
                let everywhere = self.parts.iter().all(|other| other.faults.contains(fault));
                problems.push(
                    match everywhere && part.number.is_none_or(|_| self.parts.len() > 1) {
                        true => problem(self.lines.of_field(&fault.field), fault.message.clone()),
                        false => {
                            let message = format!("case `{}`: {}", part.name, fault.message);
                            problem(self.line_in_case(part, &fault.field), message)
                        }
                    },
                );
            }
        }
        problems
    }

    /// The line of the field in the case or in the sweep, else of the case.
    fn line_in_case(&self, part: &Part, field: &[String]) -> usize {
        let path = |start: [String; 2]| [&start[..], field].concat();
        match part.number {
            Some(number) => self
                .lines
                .of_field(&path(["case".to_owned(), number.to_string()])),
            None => {
                let key = field.join(".");
                let swept = ["sweep".to_owned(), key];
                match self.lines.knows(&swept) {
                    true => self.lines.of_field(&swept),
                    false => self.lines.of_field(field),
                }
            }
        }
    }
}

fn name_of(name: Option<&std::ffi::OsStr>) -> String {
    name.unwrap_or_default().to_string_lossy().into_owned()
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
