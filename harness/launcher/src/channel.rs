//! Messages between the launcher and the process that becomes the init: one
//! JSON line each, over pipes that exec closes.

use alloc::string::String;
use alloc::vec::Vec;

use sekisho_sys::fd::{AsFd, AsRawFd, OwnedFd};

use sekisho_sys::{Result, open, process};
use serde::{Deserialize, Serialize};

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
    /// The next thing is exec.
    Executing,
    /// It went wrong; the child ends.
    Failed { step: String, error: String },
}

/// One side of the conversation.
pub struct Channel {
    from: OwnedFd,
    to: OwnedFd,
    buffer: Vec<u8>,
}

impl Channel {
    /// Both sides.
    pub fn pair() -> Result<(Self, Self)> {
        let ((from_child, to_parent), (from_parent, to_child)) = (open::pipe()?, open::pipe()?);
        let side = |from, to| Self {
            from,
            to,
            buffer: Vec::new(),
        };
        Ok((side(from_child, to_child), side(from_parent, to_parent)))
    }

    /// Says something; an error means that nobody listens.
    pub fn say(&self, message: &Message) -> Result<()> {
        let mut line = serde_json::to_vec(message).unwrap_or_default();
        line.push(b'\n');
        open::write_all(self.to.as_fd(), &line)
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

    /// Tells the other side to go on.
    pub fn go(&self) -> Result<()> {
        open::write_all(self.to.as_fd(), b"\n")
    }

    /// Waits for [`Channel::go`]; false when the other side is gone.
    pub fn wait_to_go(&mut self) -> bool {
        if self.buffer.is_empty() && !self.fill() {
            return false;
        }
        self.buffer.remove(0) == b'\n'
    }

    fn fill(&mut self) -> bool {
        let ready = process::wait_readable(self.from.as_raw_fd(), -1);
        ready.is_ok() && open::read_some(self.from.as_raw_fd(), &mut self.buffer).unwrap_or(0) > 0
    }
}
