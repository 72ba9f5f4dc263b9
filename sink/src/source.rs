//! The Kafka side of a topic, as the pump sees it. [`crate::reader::Reader`] is one; a simulated log may be another.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::record::Record;

/// Reads one topic from where it is told to, and keeps marks: an offset for each partition, with a few words beside it.
///
/// An error means that nothing is known: the call may have had its effect. The pump repeats it, for ever.
pub trait Source {
    /// What the broker knows of each partition of the topic.
    fn find(&mut self) -> Result<Vec<Found>, Trouble>;
    /// The offset behind the last record of each partition.
    fn ends(&mut self) -> Result<BTreeMap<i32, i64>, Trouble>;
    /// Reads these partitions, and no others, from these offsets on.
    fn assign(&mut self, positions: &BTreeMap<i32, i64>) -> Result<(), Trouble>;
    /// The next record of any of them in the order of its partition, waiting at most so long for it.
    fn poll(&mut self, patience: Duration) -> Polled;
    /// Records the marks: all or none.
    fn commit(&mut self, marks: &BTreeMap<i32, Mark>) -> Result<(), Trouble>;
}

/// What the broker says about a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub partition: i32,
    /// The first offset of the log, and the one behind its last.
    pub low: i64,
    pub high: i64,
    /// What was last committed.
    pub committed: Option<Mark>,
}

/// A committed offset and the words beside it (ASCII, at most 400 bytes).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub offset: i64,
    pub metadata: String,
}

/// What a poll brought.
#[derive(Debug)]
pub enum Polled {
    Record(Record),
    Nothing,
    /// The client gets over it by itself.
    Hiccup(Trouble),
    /// Something is wrong with the assignment, such as an offset that is no longer there: look at the log again.
    Lost(Trouble),
}

/// What went wrong, in words for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Trouble(pub String);
