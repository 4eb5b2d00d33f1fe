//! Exit statuses of the command.

use std::process::ExitCode;

/// How the command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything was done and is as it should be.
    Done,
    /// Done, but expectations did not hold, trials failed or something was
    /// left behind.
    Unclean,
    /// Could not run.
    Unable,
    /// Ended early by this signal.
    Interrupted(i32),
}

impl Exit {
    /// The status, as `--help` and `docs/results.md` give it.
    pub fn status(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Unclean => 1,
            Self::Unable => 2,
            Self::Interrupted(signal) => u8::try_from(128 + signal).unwrap_or(u8::MAX),
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.status())
    }
}
