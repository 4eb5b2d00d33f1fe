//! What can go wrong while a report is made.

use std::path::{Path, PathBuf};

use crate::text::Lang;

/// Result with this crate's error.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a report could not be made, or why it must not be taken for whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file that must be there is not.
    #[error("{path}: no such file; {remedy}", path = path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// What to do.
        remedy: &'static str,
    },
    /// A file could not be read or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A file is not what `docs/results.md` says.
    #[error("{path}:{line}{place}: {message}", path = path.display(),
        place = column.as_ref().map(|c| format!(" (column {c})")).unwrap_or_default())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// Name of the CSV column, or number of the character.
        column: Option<String>,
        /// What is wrong and what would be right.
        message: String,
    },
    /// Runs that cannot be read as one.
    #[error("{path}: {what}, so it cannot be read as one with {other}; {remedy}",
        path = path.display(), other = other.display())]
    Apart {
        /// File of the run that does not fit.
        path: PathBuf,
        /// Field, and what does not fit.
        what: String,
        /// Directory of the first run.
        other: PathBuf,
        /// What to do.
        remedy: &'static str,
    },
    /// The directory for a report of several runs is that of a run.
    #[error("{path}: a run is there, whose own report this would replace; choose another `--out`",
        path = path.display())]
    Taken {
        /// The directory.
        path: PathBuf,
    },
    /// The run holds no trial at all.
    #[error("{path}: the run holds no trial; resume it or start another", path = path.display())]
    Empty {
        /// Directory of the run.
        path: PathBuf,
    },
    /// The run did not come to its end, or files of it are not whole.
    #[error(
        "{path}: the run is not complete ({done} of {planned} trials){colon}{flaws}; resume it if \
         it was interrupted, otherwise make it again",
        path = path.display(), colon = if flaws.is_empty() { "" } else { ": " },
        flaws = flaws.join(", ")
    )]
    Partial {
        /// Directory of the run.
        path: PathBuf,
        /// Trials that are there.
        done: u64,
        /// Trials that were planned.
        planned: u64,
        /// Files that are missing or were cut off, in words.
        flaws: Vec<String>,
    },
    /// A text or template of this crate is wrong; never the reader's fault.
    #[error("text or template: {0}")]
    Template(String),
    /// A figure could not be drawn; never the reader's fault.
    #[error("figure: {0}")]
    Plot(String),
    /// There are no texts in this language.
    #[error("no texts in language `{0}`; use one of {known}", known = Lang::WORDS)]
    Language(String),
}

/// Kinds of [`Error`], for exit statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The files are not there, cannot be read or are not what they should be.
    Input,
    /// A report was made, but of a run that is empty or partial.
    Incomplete,
    /// The report could not be written, or this crate is at fault.
    Output,
}

impl Error {
    /// The kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Missing { .. }
            | Self::Io { .. }
            | Self::Malformed { .. }
            | Self::Apart { .. }
            | Self::Taken { .. }
            | Self::Language(_) => ErrorKind::Input,
            Self::Empty { .. } | Self::Partial { .. } => ErrorKind::Incomplete,
            Self::Template(_) | Self::Plot(_) => ErrorKind::Output,
        }
    }

    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}

impl From<minijinja::Error> for Error {
    fn from(error: minijinja::Error) -> Self {
        // The alternate form prints the chain and the place in the template.
        Self::Template(format!("{error:#}"))
    }
}
