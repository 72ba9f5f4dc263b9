//! What an actor needs of a log: one partition of `case-events` to read, one of `ledger` to read and append to. Kafka
//! is one ([`crate::kafka`]), memory another ([`crate::memory`]), where crashes and losses are scripted.

use std::time::Duration;

use model::Instant;

use crate::chain::Chain;
use crate::incident::Incident;

/// The streams of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Facts. Read only.
    CaseEvents,
    /// Entries: what counts.
    Ledger,
    /// Parts of checkpoints; they count only where an entry names them.
    Segments,
}

impl Stream {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CaseEvents => "case-events",
            Self::Ledger => "ledger",
            Self::Segments => "segments",
        }
    }
}

/// What happened on the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogEvent {
    /// A record of the stream asked for. `timestamp` is the log's own, not the event's.
    Record { offset: i64, timestamp: Instant, bytes: Vec<u8> },
    /// Reading has come to the present end of the stream.
    End,
    /// An append, to whichever stream, was not confirmed: it may or may not have happened, and may yet happen.
    Unknown { reason: String },
}

/// One record as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub offset: i64,
    pub timestamp: Instant,
    pub bytes: Vec<u8>,
}

/// The log failed in a way that the actor answers by acquiring anew, or by stopping.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Something is gone that detection cannot go on without: nobody but an operator can say how to go on.
    #[error("{}", .0.explanation.en)]
    Halted(Box<Incident>),
    #[error("{0}")]
    Broken(String),
}

/// One partition's logs, as its one actor sees them: the actor's only hands on the world.
pub trait Log {
    /// First offset kept, and the offset that the next record will have.
    fn bounds(&mut self, stream: Stream) -> Result<(i64, i64), LogError>;
    /// Reads a stream from an offset on; what was read ahead from elsewhere is dropped.
    fn seek(&mut self, stream: Stream, offset: i64) -> Result<(), LogError>;
    /// The next thing that happened on a stream, waiting at most so long for it. Each stream keeps its own place.
    fn poll(&mut self, stream: Stream, wait: Duration) -> Result<Option<LogEvent>, LogError>;
    /// Appends without waiting for the outcome. Appends of one actor to one stream land in order or not at all.
    fn append(&mut self, stream: Stream, bytes: Vec<u8>) -> Result<(), LogError>;
    /// Tells the world how far this partition is; nothing depends on it.
    fn report(&mut self, progress: Progress);
}

/// How far a partition is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Behind the last entry that was read back.
    pub confirmed: Chain,
    /// Records of `segments` before this belong to no checkpoint that may still be needed.
    pub segments_from: i64,
}

/// Longest wait for a record that must be there.
const PATIENCE: Duration = Duration::from_secs(30);

/// The next record of a stream; `None` at its end.
pub fn next_record(log: &mut impl Log, stream: Stream) -> Result<Option<Record>, LogError> {
    let mut waited = Duration::ZERO;
    while waited < PATIENCE {
        let step = Duration::from_millis(100);
        match log.poll(stream, step)? {
            Some(LogEvent::Record { offset, timestamp, bytes }) => {
                return Ok(Some(Record { offset, timestamp, bytes }));
            }
            Some(LogEvent::End) => return Ok(None),
            // Of an append made before: whether it happened is what reading the ledger shows.
            Some(LogEvent::Unknown { .. }) => {}
            None => waited += step,
        }
    }
    Err(LogError::Broken(format!("{}: no record came within {} s", stream.as_str(), PATIENCE.as_secs())))
}
