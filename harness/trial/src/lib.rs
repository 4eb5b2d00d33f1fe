//! The words of a trial that arena, targets and lab share: what is made, what
//! is started, how the launcher is set, what was seen. Types only; nothing here
//! knows scenarios, processes or result files.
#![forbid(unsafe_code)]

mod deed;
mod host;
mod layout;
mod observation;
mod precondition;
mod setting;
mod start;

pub use deed::{Action, Deed, Made};
pub use host::{Change, Entry, EntryKind, HostChange};
pub use layout::{Content, Layout, PlannedFile};
pub use observation::{Conditions, End, MOST_OUTPUT, Observation, Seen};
pub use precondition::Precondition;
pub use setting::{Resolution, Setting};
pub use start::{Access, OpenFile, Start, Step};
