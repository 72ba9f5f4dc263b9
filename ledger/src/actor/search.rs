//! Finding a place in the ledger to begin from without reading all of it: backwards from its end.

use crate::chain::Chain;
use crate::checkpoint::Checkpoint;
use crate::log::{Log, LogError, Stream, next_record};
use crate::record::{Entry, Hash};

/// Records looked at first; each further look takes so many times more.
const FIRST_LOOK: i64 = 64;
const FACTOR: i64 = 8;

/// An entry that names a checkpoint. Whether it counts is not said yet.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) offset: i64,
    pub(super) hash: Hash,
    pub(super) checkpoint: Checkpoint,
}

/// Entries with a checkpoint, the newest first.
pub(super) struct Checkpoints {
    low: i64,
    /// Everything from here on has been looked at.
    looked_from: i64,
    look: i64,
    /// Oldest first.
    found: Vec<Found>,
}

impl Checkpoints {
    pub(super) fn before(low: i64, high: i64) -> Self {
        Self { low, looked_from: high, look: FIRST_LOOK, found: Vec::new() }
    }

    pub(super) fn next(&mut self, log: &mut impl Log) -> Result<Option<Found>, LogError> {
        while self.found.is_empty() && self.looked_from > self.low {
            let from = (self.looked_from - self.look).max(self.low);
            self.found = look(log, from, self.looked_from)?;
            self.looked_from = from;
            self.look *= FACTOR;
        }
        Ok(self.found.pop())
    }
}

fn look(log: &mut impl Log, from: i64, to: i64) -> Result<Vec<Found>, LogError> {
    let mut found = Vec::new();
    log.seek(Stream::Ledger, from)?;
    while let Some(record) = next_record(log, Stream::Ledger)?.filter(|record| record.offset < to) {
        let entry = Entry::decode(&record.bytes).ok();
        if let Some(checkpoint) = entry.and_then(|entry| entry.checkpoint) {
            found.push(Found { offset: record.offset, hash: Hash::of(&record.bytes), checkpoint });
        }
        if record.offset + 1 >= to {
            break;
        }
    }
    Ok(found)
}

/// Whether an entry that was found counts.
pub(super) enum Standing {
    Counts,
    DoesNotCount,
    /// What it leans on is not there.
    Unrooted(&'static str),
}

/// An owner names a state only once it has read back the entry that the state stands behind; so that entry counts, and what
/// follows from it by the ledger's rule counts as well.
pub(super) fn standing(log: &mut impl Log, found: &Found) -> Result<Standing, LogError> {
    let checkpoint = &found.checkpoint;
    let (low, _) = log.bounds(Stream::Ledger)?;
    if checkpoint.after < low {
        return Ok(Standing::Unrooted("the entry that it stands behind is gone"));
    }
    log.seek(Stream::Ledger, checkpoint.after)?;
    let behind = next_record(log, Stream::Ledger)?;
    if !behind.is_some_and(|r| r.offset == checkpoint.after && Hash::of(&r.bytes) == checkpoint.at.prev) {
        return Ok(Standing::Unrooted("the entry that it stands behind is another one"));
    }
    let mut chain = checkpoint.at;
    while let Some(record) = next_record(log, Stream::Ledger)? {
        let counts = chain.accept(&record.bytes).is_ok();
        if record.offset >= found.offset {
            let is_it = counts && chain.prev == found.hash;
            return Ok(if is_it { Standing::Counts } else { Standing::DoesNotCount });
        }
    }
    Ok(Standing::DoesNotCount)
}

/// The entry that begins the chain. Others may stand before it: of two appends of one owner the first may be lost and the
/// second land.
pub(super) fn first(
    log: &mut impl Log,
    mut chain: Chain,
    low: i64,
    high: i64,
) -> Result<Option<Entry>, LogError> {
    log.seek(Stream::Ledger, low)?;
    let mut behind = low;
    while behind < high
        && let Some(record) = next_record(log, Stream::Ledger)?
    {
        behind = record.offset + 1;
        if let Ok(entry) = chain.accept(&record.bytes) {
            return Ok(Some(entry));
        }
    }
    Ok(None)
}
