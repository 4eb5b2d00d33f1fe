//! Messages between the launcher and the process that becomes the init: one
//! JSON line each, over pipes that exec closes.

use alloc::string::String;
use alloc::vec::Vec;

use sekisho_sys::fd::{AsFd, AsRawFd, OwnedFd};

use sekisho_sys::{Result, open, process};
use serde::{Deserialize, Serialize};

use crate::phases::Phases;

/// What the child says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// Isolation stands; hooks may run.
    Isolated,
    /// What a rule said that is evaluated after the drop.
    Late {
        rule: String,
        word: String,
        required: String,
        observed: String,
    },
    /// Time spent so far, when it was asked for.
    Phases(Phases),
    /// The next thing is exec.
    Executing,
    /// It went wrong; the child ends.
    Failed { step: String, error: String },
}

/// One side of the conversation.
pub struct Channel {
    from: Option<OwnedFd>,
    to: Option<OwnedFd>,
    /// Heard but not asked for yet.
    buffer: Vec<u8>,
    /// Noted but not said yet.
    noted: Vec<u8>,
    /// Whether the last look at the pipe took all that was in it.
    drained: bool,
}

impl Channel {
    /// Both sides, the parent's first. `answers`: the parent says something
    /// too; otherwise only the child speaks.
    pub fn pair(answers: bool) -> Result<(Self, Self)> {
        let side = |from, to| Self {
            from,
            to,
            buffer: Vec::new(),
            noted: Vec::new(),
            drained: false,
        };
        let (from_child, to_parent) = open::pipe()?;
        let (from_parent, to_child) = if answers {
            let (from, to) = open::pipe()?;
            (Some(from), Some(to))
        } else {
            (None, None)
        };
        Ok((
            side(Some(from_child), to_child),
            side(from_parent, Some(to_parent)),
        ))
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
        let said = core::mem::take(&mut self.noted);
        self.write(&said)
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

    /// As [`Channel::hear`], when the other side will say nothing more: does not
    /// wait.
    pub fn hear_rest(&mut self) -> Option<Message> {
        let from = self.from.as_ref()?.as_raw_fd();
        let more = || !self.drained && process::wait_readable(from, 0).unwrap_or(false);
        if self.buffer.is_empty() && !more() {
            return None;
        }
        self.hear()
    }

    /// Tells the other side to go on, if it waits for that.
    pub fn go(&self) -> Result<()> {
        match self.to {
            Some(_) => self.write(b"\n"),
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

    fn write(&self, bytes: &[u8]) -> Result<()> {
        match &self.to {
            Some(to) => open::write_all(to.as_fd(), bytes),
            None => Ok(()),
        }
    }

    fn fill(&mut self) -> bool {
        let Some(from) = &self.from else {
            return false;
        };
        let read = open::read_some(from.as_raw_fd(), &mut self.buffer).unwrap_or(0);
        self.drained = read < open::PART;
        read > 0
    }
}
