//! What can be wrong: with a mapping file, and with a row of an export.
//!
//! A mapping error stops the import before the first row; all of a file's mapping errors are reported at once. A row
//! error costs one row; the import goes on.

use std::fmt;

/// One thing wrong with a mapping file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingError {
    /// The mapping file's name as it was given.
    pub file: String,
    /// Line in the mapping file, from 1; 0 where the whole file is meant.
    pub line: u64,
    /// Column in that line, in characters, from 1.
    pub column: u64,
    /// The key, as a path: `events[2].data.fine_fen`. Empty for the file itself.
    pub key: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for MappingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: ", self.file, self.line, self.column)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}

/// Everything wrong with a mapping file, in the order of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingErrors(pub Vec<MappingError>);

impl fmt::Display for MappingErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for MappingErrors {}

/// The column a row error is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name as the mapping says it.
    pub name: String,
    /// Its number in the file, from 1; only CSV has one.
    pub number: Option<usize>,
}

/// A row that was left out, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// The file's name as it was given.
    pub file: String,
    /// The line the row begins on, from 1.
    pub line: u64,
    /// The column, where one is to blame.
    pub column: Option<Column>,
    /// What is wrong, in a sentence.
    pub reason: String,
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file, self.line)?;
        match &self.column {
            Some(Column { name, number: Some(number) }) => write!(f, "column {number} \"{name}\": ")?,
            Some(Column { name, number: None }) => write!(f, "\"{name}\": ")?,
            None => {}
        }
        f.write_str(&self.reason)
    }
}

/// What one import did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Rows read: CSV records, JSON lines, XES events.
    pub rows: u64,
    /// Case events written.
    pub events: u64,
    /// Row errors reported.
    pub rejected: u64,
    /// Rows that by the mapping give no event.
    pub skipped: u64,
}

impl std::ops::AddAssign for ImportReport {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        self.events += other.events;
        self.rejected += other.rejected;
        self.skipped += other.skipped;
    }
}

/// Why a value could not be made, and from which column. Becomes a [`RowError`] where file and line are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CellError {
    pub(super) slot: Option<usize>,
    pub(super) reason: String,
}

impl CellError {
    pub(super) fn new(slot: Option<usize>, reason: impl Into<String>) -> Self {
        Self { slot, reason: reason.into() }
    }
}

/// A cell's text for an error message: quoted, and cut where it is long.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 40;
    match text.char_indices().nth(LONGEST) {
        None => format!("{text:?}"),
        Some((cut, _)) => format!("{:?}…", &text[..cut]),
    }
}
