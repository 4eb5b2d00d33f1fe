//! What is wrong with a field of a scenario.

use std::fmt;

/// A field and what is wrong with its value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Path of the field from the top of the file, e.g. `request`, `caller`;
    /// elements of lists by number from 0.
    pub field: Vec<String>,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Fault {
    /// A fault of the value itself; [`Fault::within`] says where it lies.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            field: Vec::new(),
            message: message.into(),
        }
    }

    /// The same fault, seen from the table that holds the field.
    pub(crate) fn within(mut self, name: impl Into<String>) -> Self {
        self.field.insert(0, name.into());
        self
    }
}

impl From<String> for Fault {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}

impl fmt::Display for Fault {
    /// `field.path: message`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field.join("."))?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

/// Says where a fault lies.
pub(crate) trait Within<T> {
    /// The result with a fault that lies in the named field.
    fn within(self, name: impl Into<String>) -> Result<T, Fault>;
}

impl<T, E: Into<Fault>> Within<T> for Result<T, E> {
    fn within(self, name: impl Into<String>) -> Result<T, Fault> {
        self.map_err(|fault| fault.into().within(name))
    }
}
