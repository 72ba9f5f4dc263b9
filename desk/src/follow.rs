//! Entries as they come to count, in order, for whoever passes them on: a stream of changes, notifications.
//!
//! Nothing is queued for a follower: he is told that there is more and reads it from the trail, so a slow one costs nothing,
//! and one that comes back goes on from the seq where he was.

use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::watch;

use crate::keeper::Folded;
use crate::trail::TrailEntry;

/// See the module.
pub struct Follower {
    folded: Arc<RwLock<Folded>>,
    told: watch::Receiver<u64>,
    next: u64,
}

/// Why there is nothing to follow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotFollowed {
    /// The follower was away too long; the older entries stand in the topic alone.
    #[error("entries before {first} are no longer here; begin at {first}")]
    Gone { first: u64 },
    #[error("the desk is closed")]
    Closed,
}

impl Follower {
    pub(crate) fn new(folded: Arc<RwLock<Folded>>, told: watch::Receiver<u64>, from: u64) -> Self {
        Self { folded, told, next: from }
    }

    /// The seq of the entry that comes next.
    pub const fn place(&self) -> u64 {
        self.next
    }

    /// The next entries, oldest first, refused ones included; at least one, at most `limit`. Waits until there is one. May be
    /// dropped while it waits: nothing is passed over.
    ///
    /// # Errors
    /// [`NotFollowed`]; after `Gone` the next call begins at the oldest entry that is there.
    pub async fn next(&mut self, limit: usize) -> Result<Vec<TrailEntry>, NotFollowed> {
        loop {
            // Seen before the look, so that what comes during it wakes the wait.
            self.told.borrow_and_update();
            let entries = self.read(limit)?;
            if !entries.is_empty() {
                self.next += entries.len() as u64;
                return Ok(entries);
            }
            self.told.changed().await.map_err(|_| NotFollowed::Closed)?;
        }
    }

    fn read(&mut self, limit: usize) -> Result<Vec<TrailEntry>, NotFollowed> {
        let folded = self.folded.read().unwrap_or_else(PoisonError::into_inner);
        // While the log is read anew, older entries come in once more.
        if !folded.ready {
            return Ok(Vec::new());
        }
        match folded.trail.first() {
            Some(first) if first > self.next => {
                self.next = first;
                Err(NotFollowed::Gone { first })
            }
            _ => Ok(folded.trail.from(self.next, None, limit.max(1)).cloned().collect()),
        }
    }
}
