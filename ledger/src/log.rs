//! What an actor needs of a log: one partition of `case-events` to read, one of `ledger` to read and append to. Kafka
//! is one ([`crate::kafka`]), memory another ([`crate::memory`]), where crashes and losses are scripted.

use std::time::Duration;

use model::Instant;

/// The two streams of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    CaseEvents,
    Ledger,
}

impl Stream {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CaseEvents => "case-events",
            Self::Ledger => "ledger",
        }
    }
}

/// What happened on the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogEvent {
    /// A record was read. `timestamp` is the log's own, not the event's.
    Record { stream: Stream, offset: i64, timestamp: Instant, bytes: Vec<u8> },
    /// Reading has come to the present end of the stream.
    End { stream: Stream },
    /// An append was not confirmed: it may or may not have happened.
    Unknown { reason: String },
}

/// The log failed in a way that the actor answers by acquiring anew, or by stopping.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error(
        "{stream} [{partition}]: offset {offset} is no longer there; the log begins at {low} and ends at {high}"
    )]
    Truncated { stream: &'static str, partition: i32, offset: i64, low: i64, high: i64 },
    #[error("{0}")]
    Broken(String),
}

/// One partition's logs, as its one actor sees them.
pub trait Log {
    /// First offset kept, and the offset that the next record will have.
    fn bounds(&mut self, stream: Stream) -> Result<(i64, i64), LogError>;
    /// Reads a stream from an offset on; what was read ahead from elsewhere is dropped.
    fn seek(&mut self, stream: Stream, offset: i64) -> Result<(), LogError>;
    /// The next thing that happened, waiting at most so long for it.
    fn poll(&mut self, wait: Duration) -> Result<Option<LogEvent>, LogError>;
    /// Appends to the ledger without waiting for the outcome. Appends of one actor land in order or not at all.
    fn append(&mut self, bytes: Vec<u8>) -> Result<(), LogError>;
    /// Tells the world how far `case-events` has been processed, for lag tools; nothing depends on it.
    fn report(&mut self, position: i64);
}
