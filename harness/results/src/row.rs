//! What a kind of line is: a type, a file, columns with their meaning.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// One column of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Name in the header.
    pub name: &'static str,
    /// Meaning, unit, values.
    pub meaning: &'static str,
}

/// A kind of line.
pub trait Row: Serialize + DeserializeOwned {
    /// Name of the file.
    const FILE: &'static str;
    /// What one line is about.
    const ONE_LINE_PER: &'static str;
    /// Columns in the order of the file.
    const COLUMNS: &'static [Column];
}

/// Names of the columns of a file in their order.
#[must_use]
pub fn columns<R: Row>() -> Vec<&'static str> {
    R::COLUMNS.iter().map(|column| column.name).collect()
}

/// Declares a kind of line: its fields are the columns, their documentation is
/// the documentation of the file.
macro_rules! row {
    (
        $(#[doc = $about:literal])*
        $name:ident in $file:literal, one line per $per:literal {
            $( $(#[doc = $meaning:literal])+ $field:ident: $type:ty, )+
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct $name {
            $( $(#[doc = $meaning])+ pub $field: $type, )+
        }

        impl crate::row::Row for $name {
            const FILE: &'static str = $file;
            const ONE_LINE_PER: &'static str = $per;
            const COLUMNS: &'static [crate::row::Column] = &[
                $( crate::row::Column {
                    name: stringify!($field),
                    meaning: concat!($($meaning,)+),
                }, )+
            ];
        }
    };
}
pub(crate) use row;
