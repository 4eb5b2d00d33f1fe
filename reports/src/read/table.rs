//! Reading one CSV file: errors name file, line and column; a last line that a
//! killed writer left unfinished is dropped and reported.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use csv::{ByteRecord, Reader, ReaderBuilder, StringRecord};
use sekisho_results::{Row, columns};
use serde::Deserialize;

use crate::{Error, Result};

/// What reading a file came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// The file is not there.
    Absent,
    /// Every line was whole.
    Whole,
    /// The line with this number was unfinished and is left out.
    Torn(u64),
}

/// Where a row stands, for errors found by the caller.
pub(super) struct Place<'a> {
    /// File.
    pub path: &'a Path,
    /// Line, from 1.
    pub line: u64,
}

impl Place<'_> {
    /// An error about this row.
    pub fn error(&self, column: &str, message: impl Into<String>) -> Error {
        Error::Malformed {
            path: self.path.to_owned(),
            line: self.line,
            column: Some(column.to_owned()),
            message: message.into(),
        }
    }
}

/// Calls `row` with every row of a file of the schema; further columns are
/// allowed.
///
/// # Errors
/// The file cannot be read, or a line is not what it should be.
pub(super) fn rows<T: Row>(
    path: &Path,
    row: impl FnMut(T, &Place<'_>) -> Result<()>,
) -> Result<Ended> {
    rows_with(path, &columns::<T>(), row)
}

/// As [`rows`], for a file with these columns.
///
/// # Errors
/// As [`rows`].
pub(super) fn rows_with<T>(
    path: &Path,
    columns: &[&str],
    mut row: impl FnMut(T, &Place<'_>) -> Result<()>,
) -> Result<Ended>
where
    T: for<'de> Deserialize<'de>,
{
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Ended::Absent),
        Err(error) => return Err(Error::io(path)(error)),
    };
    let finished = bytes.last().is_none_or(|last| *last == b'\n');
    let mut reader = ReaderBuilder::new().from_reader(bytes.as_slice());
    let headers = headers(path, &mut reader, columns)?;
    let mut record = ByteRecord::new();
    let mut previous: Option<(StringRecord, u64)> = None;
    let mut take = |record: &StringRecord, line: u64| {
        let place = Place { path, line };
        let value = record.deserialize(Some(&headers)).map_err(|error| {
            match malformed(path, &headers, line, &error) {
                // serde does not say where a word stood that it did not know,
                // but quotes it.
                Error::Malformed {
                    path,
                    line,
                    column: None,
                    message,
                } => Error::Malformed {
                    column: quoted(&headers, record, &message),
                    path,
                    line,
                    message,
                },
                error => error,
            }
        })?;
        row(value, &place)
    };
    loop {
        let line = reader.position().line();
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            // A writer that was killed leaves too few fields at the very end,
            // after a line break even, if that was inside quotes.
            Err(error) if unequal(&error) => {
                if !matches!(reader.read_byte_record(&mut record), Ok(false)) {
                    return Err(malformed(path, &headers, line, &error));
                }
                if let Some((record, line)) = previous {
                    take(&record, line)?;
                }
                return Ok(Ended::Torn(line));
            }
            Err(error) => return Err(malformed(path, &headers, line, &error)),
        }
        let text = StringRecord::from_byte_record_lossy(record.clone());
        let line = record.position().map_or(line, csv::Position::line);
        if let Some((record, line)) = previous.replace((text, line)) {
            take(&record, line)?;
        }
    }
    let Some((record, line)) = previous else {
        return Ok(Ended::Whole);
    };
    if finished {
        take(&record, line)?;
        Ok(Ended::Whole)
    } else {
        Ok(Ended::Torn(line))
    }
}

fn headers(path: &Path, reader: &mut Reader<&[u8]>, columns: &[&str]) -> Result<StringRecord> {
    let headers = reader
        .headers()
        .map_err(|error| malformed(path, &StringRecord::new(), 1, &error))?
        .clone();
    for column in columns {
        if !headers.is_empty() && !headers.iter().any(|header| header == *column) {
            return Err(Error::Malformed {
                path: path.to_owned(),
                line: 1,
                column: Some((*column).to_owned()),
                message: "this column is missing from the header; docs/results.md lists them"
                    .to_owned(),
            });
        }
    }
    Ok(headers)
}

fn quoted(headers: &StringRecord, record: &StringRecord, message: &str) -> Option<String> {
    headers
        .iter()
        .zip(record)
        .find(|(_, field)| !field.is_empty() && message.contains(&format!("`{field}`,")))
        .map(|(header, _)| header.to_owned())
}

fn unequal(error: &csv::Error) -> bool {
    matches!(error.kind(), csv::ErrorKind::UnequalLengths { .. })
}

fn malformed(path: &Path, headers: &StringRecord, line: u64, error: &csv::Error) -> Error {
    let (line, column, message) = match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => (
            line,
            err.field()
                .and_then(|field| headers.get(usize::try_from(field).ok()?))
                .map(str::to_owned),
            err.kind().to_string(),
        ),
        csv::ErrorKind::UnequalLengths {
            pos,
            expected_len,
            len,
        } => (
            pos.as_ref().map_or(line, csv::Position::line),
            None,
            format!("{len} fields where the header has {expected_len}"),
        ),
        _ => (line, None, error.to_string()),
    };
    Error::Malformed {
        path: path.to_owned(),
        line,
        column,
        message,
    }
}
