//! What a desk needs of a log: one partition to read from its beginning and to append to.

use std::time::Duration;

/// What happened on the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogEvent {
    Record(Vec<u8>),
    /// Reading has come to the present end.
    End,
    /// An append was not confirmed: it may or may not have happened, now or later.
    Unknown(String),
}

/// The log failed; whoever reads it begins anew.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LogError(pub String);

pub trait Log {
    /// The next thing that happened, waiting at most so long for it.
    fn poll(&mut self, wait: Duration) -> Result<Option<LogEvent>, LogError>;
    /// Appends without waiting for the outcome.
    fn append(&mut self, bytes: &[u8]) -> Result<(), LogError>;
}
