//! The database, as the pump sees it. [`crate::writer::Writer`] is ClickHouse; a simulated one may stand in its place.

use std::ops::Range;

use crate::row::Rows;

/// Takes rows. What it was given under a token that it remembers it must not take again.
pub trait Store {
    /// Tries once to insert these rows of one table, all or none of them.
    fn insert(&mut self, rows: &Rows, range: Range<usize>, token: &str) -> Outcome;
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The rows are there, now or since an earlier attempt under the same token.
    Stored,
    /// The store blames the rows themselves; none of them is there.
    Refused(String),
    /// Whether they are there is not known: the connection broke, the time was up, the disk was full, access was denied …
    Failed(String),
}
