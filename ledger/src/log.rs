//! What an actor needs of a log: one partition of `case-events` to read, one of `ledger` to read and append to. Kafka
//! is one ([`crate::kafka`]), memory another ([`crate::memory`]), where crashes and losses are scripted.

use std::sync::Arc;
use std::time::Duration;

use model::Instant;
use model::catalogue::Edition;

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
    /// The edition of the rules with this number, counted from 0, as soon as this process knows it; waits at most so long.
    fn edition(&mut self, number: usize, wait: Duration) -> Result<Option<Arc<Edition>>, LogError>;
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

/// An edition of the rules that the ledger says was taken over.
///
/// # Errors
/// It cannot be had: this process has not read so far, or what it reads is not what the ledger's owner read.
pub fn known_edition(log: &mut impl Log, number: usize) -> Result<Arc<Edition>, LogError> {
    let (mut waited, step) = (Duration::ZERO, Duration::from_millis(100));
    while waited < PATIENCE {
        if let Some(edition) = log.edition(number, step)? {
            return Ok(edition);
        }
        waited += step;
    }
    let seconds = PATIENCE.as_secs();
    Err(LogError::Broken(format!(
        "reference: the ledger says that edition {number} of the rules was taken over, but it did not come within {seconds} s"
    )))
}

/// After an end was told, how long a record may still come. A leader that has just been chosen lags with its high watermark
/// for a moment, and a consumer that stands exactly there is told that it is at the end.
const DOUBT: Duration = Duration::from_secs(1);

/// The next record of a stream where there should be one; `None` if there is none after all.
pub fn next_record(log: &mut impl Log, stream: Stream) -> Result<Option<Record>, LogError> {
    let (mut waited, mut ended) = (Duration::ZERO, false);
    while waited < if ended { DOUBT } else { PATIENCE } {
        let step = Duration::from_millis(100);
        match log.poll(stream, step)? {
            Some(LogEvent::Record { offset, timestamp, bytes }) => {
                return Ok(Some(Record { offset, timestamp, bytes }));
            }
            Some(LogEvent::End) => (waited, ended) = (Duration::ZERO, true),
            // Of an append made before: whether it happened is what reading the ledger shows.
            Some(LogEvent::Unknown { .. }) => {}
            None => waited += step,
        }
    }
    if ended {
        return Ok(None);
    }
    Err(LogError::Broken(format!("{}: no record came within {} s", stream.as_str(), PATIENCE.as_secs())))
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// Answers each poll with the next word of a script, then with nothing.
    struct Scripted(VecDeque<Option<LogEvent>>);

    impl Log for Scripted {
        fn bounds(&mut self, _: Stream) -> Result<(i64, i64), LogError> {
            Ok((0, 0))
        }

        fn seek(&mut self, _: Stream, _: i64) -> Result<(), LogError> {
            Ok(())
        }

        fn poll(&mut self, _: Stream, _: Duration) -> Result<Option<LogEvent>, LogError> {
            Ok(self.0.pop_front().flatten())
        }

        fn append(&mut self, _: Stream, _: Vec<u8>) -> Result<(), LogError> {
            Ok(())
        }

        fn edition(&mut self, _: usize, _: Duration) -> Result<Option<Arc<Edition>>, LogError> {
            Ok(None)
        }

        fn report(&mut self, _: Progress) {}
    }

    #[test]
    fn an_end_that_was_told_early_is_not_believed() {
        let record = LogEvent::Record { offset: 7, timestamp: Instant(0), bytes: Vec::new() };
        let script = [Some(LogEvent::End), None, None, Some(record)];
        let found = next_record(&mut Scripted(script.into()), Stream::CaseEvents).expect("a log that works");
        assert_eq!(found.map(|record| record.offset), Some(7));
        let found = next_record(&mut Scripted([Some(LogEvent::End)].into()), Stream::CaseEvents);
        assert_eq!(found.expect("a log that works"), None, "and yet it may have been the end");
        assert!(
            next_record(&mut Scripted(VecDeque::new()), Stream::CaseEvents).is_err(),
            "nothing at all is no answer"
        );
    }
}
