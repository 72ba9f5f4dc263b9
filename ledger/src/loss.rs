//! Accepting a loss: an entry in which an operator says that facts, or a part of the ledger, are gone and that detection
//! goes on without them. It counts like every other entry, so the loss stays on record.

use std::time::Duration;

use model::Instant;

use crate::chain::Chain;
use crate::checkpoint::Checkpoint;
use crate::log::{Log, LogError, LogEvent, Stream, next_record};
use crate::record::{Entry, Hash, Loss};

/// Longest wait for the entry to be read back.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a loss was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum NotAccepted {
    #[error("offset {to} is not in case-events, which has [{low}, {high})")]
    NoSuchPlace { to: i64, low: i64, high: i64 },
    #[error(
        "no checkpoint can be restored: detection would go on without any case. Say --forget-state if you mean it"
    )]
    StateLost,
    #[error("the ledger went on meanwhile: an actor is at work, so nothing is lost here")]
    Overtaken,
    #[error("the entry was not read back within {} s: look whether it is there before you try again", PATIENCE.as_secs())]
    Unknown,
    #[error(transparent)]
    Log(#[from] LogError),
}

/// Detection of a partition goes on at `to`, with the state of the newest checkpoint, or, if that `may_forget`, with none.
/// Returns the entry that says so.
///
/// # Errors
/// See [`NotAccepted`].
pub fn accept(
    log: &mut impl Log,
    partition: i32,
    to: i64,
    loss: Loss,
    may_forget: bool,
) -> Result<Entry, NotAccepted> {
    let (low, high) = log.bounds(Stream::CaseEvents)?;
    if !(low..=high).contains(&to) {
        return Err(NotAccepted::NoSuchPlace { to, low, high });
    }
    let End { chain, last, checkpoint, high } = walk(log, partition)?;
    let saved = match checkpoint {
        Some(saved) if is_whole(log, &saved)? => Some(saved),
        _ => None,
    };
    let checkpoint = match (saved, last) {
        (Some(saved), Some(after)) => Some(Checkpoint { at: chain, after, anchor: None, ..saved }),
        (None, Some(after)) if may_forget => Some(Checkpoint::of_nothing(chain, after)),
        // An empty ledger: the state is what it begins with.
        (_, None) if may_forget => None,
        _ => return Err(NotAccepted::StateLost),
    };
    let digest = checkpoint.as_ref().map_or_else(Checkpoint::digest_of_nothing, |c| c.digest);
    let now = chain.now.max(Instant(0));
    let entry = Entry { to, now, digest, checkpoint, loss: Some(loss), ..Entry::extending(&chain) };
    append(log, &entry, high)?;
    Ok(entry)
}

/// Where the ledger has come to, as every reader sees it.
struct End {
    chain: Chain,
    /// Offset of the last entry.
    last: Option<i64>,
    checkpoint: Option<Checkpoint>,
    high: i64,
}

fn walk(log: &mut impl Log, partition: i32) -> Result<End, LogError> {
    let (low, high) = log.bounds(Stream::Ledger)?;
    let mut end = End { chain: Chain::new(partition), last: None, checkpoint: None, high };
    log.seek(Stream::Ledger, low)?;
    let mut next = low;
    while next < high
        && let Some(record) = next_record(log, Stream::Ledger)?
    {
        next = record.offset + 1;
        // Where the beginning is gone, what is there is begun from.
        if let (None, Ok(first)) = (end.last, Entry::decode(&record.bytes))
            && first.partition == partition
        {
            end.chain = Chain::before(&first);
        }
        if let Ok(entry) = end.chain.accept(&record.bytes) {
            end.last = Some(record.offset);
            end.checkpoint = entry.checkpoint.or(end.checkpoint);
        }
    }
    Ok(end)
}

fn is_whole(log: &mut impl Log, checkpoint: &Checkpoint) -> Result<bool, LogError> {
    for segment in &checkpoint.segments {
        if segment.read(log, |_| Ok(()))?.is_err() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Appends and reads back: whoever lands first wins, as always.
fn append(log: &mut impl Log, entry: &Entry, end: i64) -> Result<(), NotAccepted> {
    let bytes = entry.encode();
    let hash = Hash::of(&bytes);
    log.seek(Stream::Ledger, end)?;
    log.append(Stream::Ledger, bytes)?;
    let mut waited = Duration::ZERO;
    while waited < PATIENCE {
        let step = Duration::from_millis(100);
        match log.poll(Stream::Ledger, step)? {
            Some(LogEvent::Record { bytes, .. }) if Hash::of(&bytes) == hash => return Ok(()),
            Some(LogEvent::Record { bytes, .. }) => {
                if Entry::decode(&bytes).is_ok_and(|other| other.seq == entry.seq && other.prev == entry.prev)
                {
                    return Err(NotAccepted::Overtaken);
                }
            }
            Some(LogEvent::Unknown { .. }) => return Err(NotAccepted::Unknown),
            Some(LogEvent::End) | None => waited += step,
        }
    }
    Err(NotAccepted::Unknown)
}
