//! Messages between the launcher and the process that becomes the init: one
//! JSON line each, over pipes that exec closes, or left in memory that both
//! use.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use sekisho_rules::Verdict;

use sekisho_sys::fd::{AsFd, AsRawFd, OwnedFd};

use sekisho_sys::{Result, open};
use serde::{Deserialize, Serialize};

use crate::phases::Phases;

/// What the child says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// Isolation stands; hooks may run.
    Isolated,
    /// What a rule said that is evaluated after the drop.
    Late { rule: String, verdict: LateVerdict },
    /// Time spent so far, when it was asked for.
    Phases(Phases),
    /// The next thing is exec.
    Executing,
    /// It went wrong; the child ends.
    Failed { step: String, error: String },
}

/// A verdict on what the drop of privileges left. Nothing can be repaired then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LateVerdict {
    /// The refused state is absent.
    Permit,
    /// It is present.
    Deny { required: String, observed: String },
    /// It could not be observed.
    Undetermined { cause: String },
}

impl LateVerdict {
    /// The word in records.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Permit => "permit",
            Self::Deny { .. } => "deny",
            Self::Undetermined { .. } => "undetermined",
        }
    }
}

impl From<&Verdict> for LateVerdict {
    fn from(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Permit => Self::Permit,
            Verdict::Deny(denial) => Self::Deny {
                required: denial.required.to_string(),
                observed: denial.observed.clone(),
            },
            Verdict::Undetermined(cause) => Self::Undetermined {
                cause: cause.to_string(),
            },
            // SECURITY: a repair that is asked for now was not made.
            Verdict::Sanitize(what) => Self::Undetermined {
                cause: format!("too late to {}", what.word()),
            },
        }
    }
}

/// One side of the conversation.
pub struct Channel {
    from: Option<OwnedFd>,
    to: Option<OwnedFd>,
    /// Heard but not asked for yet.
    buffer: Vec<u8>,
    /// Noted but not said yet; without a pipe, all that was said.
    noted: Vec<u8>,
}

impl Channel {
    /// Both sides, the parent's first, each of which hears the other.
    pub fn pair() -> Result<(Self, Self)> {
        let side = |from, to| Self {
            from: Some(from),
            to: Some(to),
            ..Self::in_memory()
        };
        let (from_child, to_parent) = open::pipe()?;
        let (from_parent, to_child) = open::pipe()?;
        Ok((side(from_child, to_child), side(from_parent, to_parent)))
    }

    /// For a child that uses its parent's memory while that stands still: what
    /// it says is [`Channel::left`] there. Nobody answers.
    pub fn in_memory() -> Self {
        Self {
            from: None,
            to: None,
            buffer: Vec::new(),
            noted: Vec::new(),
        }
    }

    /// What a child left in memory, to be heard.
    pub fn left(self) -> Self {
        Self {
            buffer: self.noted,
            ..Self::in_memory()
        }
    }

    /// Something to be said with the next [`Channel::say`]: each time one side
    /// speaks the other one is woken up.
    pub fn note(&mut self, message: &Message) {
        // Plain data to memory: cannot fail.
        self.noted
            .extend(serde_json::to_vec(message).unwrap_or_default());
        self.noted.push(b'\n');
    }

    /// Says something, after what was noted; an error means that nobody
    /// listens.
    pub fn say(&mut self, message: &Message) -> Result<()> {
        self.note(message);
        self.say_noted()
    }

    /// Says what was noted.
    pub fn say_noted(&mut self) -> Result<()> {
        match &self.to {
            Some(to) => open::write_all(to.as_fd(), &core::mem::take(&mut self.noted)),
            None => Ok(()),
        }
    }

    /// The next message; `None` when the other side is gone or says nonsense.
    pub fn hear(&mut self) -> Option<Message> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                return serde_json::from_slice(&line).ok();
            }
            if !self.fill() {
                return None;
            }
        }
    }

    /// Tells the other side to go on, if it waits for that.
    pub fn go(&self) -> Result<()> {
        match &self.to {
            Some(to) => open::write_all(to.as_fd(), b"\n"),
            None => Ok(()),
        }
    }

    /// Waits for [`Channel::go`], if the other side ever says it; false when
    /// it is gone.
    pub fn wait_to_go(&mut self) -> bool {
        if self.from.is_none() {
            return true;
        }
        if self.buffer.is_empty() && !self.fill() {
            return false;
        }
        self.buffer.remove(0) == b'\n'
    }

    fn fill(&mut self) -> bool {
        let Some(from) = &self.from else {
            return false;
        };
        open::read_some(from.as_raw_fd(), &mut self.buffer).unwrap_or(0) > 0
    }
}
