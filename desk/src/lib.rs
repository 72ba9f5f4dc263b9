//! Where people's commands become entries of the `workflow` topic, and each gets its answer (docs/workflow.md).
//!
//! A desk folds the topic in order. A command is proposed behind the last entry and appended; what counts is what is read
//! back. Of two desks that propose at one place the first to land wins, and the other proposes again behind it. So any
//! number of processes agree without a lock, and a desk that dies leaves nothing behind but its entries.

mod follow;
mod kafka;
mod keeper;
mod log;
mod metrics;
mod service;
#[cfg(test)]
mod tests;
mod trail;

pub use follow::{Follower, NotFollowed};
pub use kafka::KafkaLog;
pub use log::{Log, LogError, LogEvent};
pub use metrics::Metrics;
pub use service::{Service, View};
pub use trail::{Trail, TrailEntry};

/// Commands that wait for their turn; more are turned away.
pub const MAX_WAITING: usize = 256;
/// Times that one command is proposed before its sender is told that the desk is too busy.
pub const MAX_PROPOSALS: u32 = 32;
/// Largest entry, bytes. A version's content is smaller (`workflow::MAX_CONTENT_BYTES`).
pub const MAX_ENTRY_BYTES: usize = 512 * 1024;
/// Entries that are kept in memory for the audit; older ones stand in the topic.
pub const MAX_TRAIL: usize = 100_000;

/// Why a command got no outcome. Repeating it under the same key is safe after each of these.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeskError {
    #[error("the workflow log is not read to its end yet")]
    NotReady,
    #[error("too many commands wait; try again")]
    Busy,
    #[error("the command has {0} bytes as an entry; at most {MAX_ENTRY_BYTES} are taken")]
    TooLarge(usize),
    #[error("the workflow log does not answer: {0}")]
    Unavailable(String),
    #[error("the desk is closed")]
    Closed,
}
