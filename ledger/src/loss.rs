//! Accepting a loss: an entry in which an operator says that facts, or a part of the ledger, are gone and that detection
//! goes on without them. It counts like every other entry, so the loss stays on record.

use std::time::Duration;

use model::Instant;

use crate::chain::Chain;
use crate::checkpoint::Checkpoint;
use crate::log::{Log, LogError, LogEvent, Stream, next_record};
use crate::record::{Anchor, Entry, Hash, Loss};

/// Longest wait for the entry to be read back.
const PATIENCE: Duration = Duration::from_secs(30);

/// What an operator says beside the loss itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Consent {
    /// Go on although nothing is seen to be lost.
    pub forced: bool,
    /// Go on without any case where no checkpoint is left.
    pub may_forget: bool,
}

/// Why a loss was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum NotAccepted {
    #[error("offset {to} is not in case-events, which has [{low}, {high})")]
    NoSuchPlace { to: i64, low: i64, high: i64 },
    #[error(
        "no checkpoint can be restored: detection would go on without any case. Say --forget-state if you mean it"
    )]
    StateLost,
    #[error(
        "nothing is lost here: the facts [{from}, {to}) and the ledger are there; accepting a loss would take the state back to its \
         newest checkpoint. If the partition has halted all the same, say --force"
    )]
    NothingLost { from: i64, to: i64 },
    #[error("the ledger went on meanwhile: an actor is at work, so nothing is lost here")]
    Overtaken,
    #[error("the entry was not read back within {} s: look whether it is there before you try again", PATIENCE.as_secs())]
    Unknown,
    #[error(transparent)]
    Log(#[from] LogError),
}

/// Detection of a partition goes on at `to`, with the state of the newest checkpoint, or, with consent, with none. Returns the
/// entry that says so.
///
/// # Errors
/// See [`NotAccepted`].
pub fn accept(
    log: &mut impl Log,
    partition: i32,
    to: i64,
    loss: Loss,
    consent: Consent,
) -> Result<Entry, NotAccepted> {
    let (low, high) = log.bounds(Stream::CaseEvents)?;
    if !(low..=high).contains(&to) {
        return Err(NotAccepted::NoSuchPlace { to, low, high });
    }
    let end = walk(log, partition)?;
    let saved = match &end.checkpoint {
        Some(saved) if is_whole(log, saved)? => Some(saved.clone()),
        _ => None,
    };
    if !consent.forced && !end.has_lost(saved.as_ref(), log)? {
        let from = saved.map_or(end.begins_at, |saved| saved.at.position);
        return Err(NotAccepted::NothingLost { from, to: end.chain.position });
    }
    let End { mut chain, last, high, .. } = end;
    let checkpoint = match (saved, last) {
        (Some(saved), Some(after)) => {
            // Its state stands under the rules of then; the entries after this one take over the others again.
            chain.reference = saved.at.reference;
            Some(Checkpoint { at: chain, after, anchor: None, ..saved })
        }
        (None, Some(after)) if consent.may_forget => Some(Checkpoint::of_nothing(chain, after)),
        // An empty ledger: the state is what it begins with.
        (_, None) if consent.may_forget => None,
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
    /// `from` of the first entry that is left, and whether it is the ledger's first.
    begins_at: i64,
    has_head: bool,
    anchor: Option<Anchor>,
    high: i64,
}

impl End {
    /// Whether a start from the checkpoint, or from the beginning, would miss facts or entries: what halts a partition.
    fn has_lost(&self, saved: Option<&Checkpoint>, log: &mut impl Log) -> Result<bool, LogError> {
        let (low, high) = log.bounds(Stream::CaseEvents)?;
        let needed_from = saved.map_or(self.begins_at, |saved| saved.at.position);
        let is_cut = needed_from < low || self.chain.position > high || (saved.is_none() && !self.has_head);
        Ok(is_cut || self.is_rewritten((low, high), log)?)
    }

    /// Whether the last record processed is another one now.
    fn is_rewritten(&self, (low, high): (i64, i64), log: &mut impl Log) -> Result<bool, LogError> {
        let Some(anchor) = self.anchor.filter(|anchor| (low..high).contains(&anchor.offset)) else {
            return Ok(false);
        };
        log.seek(Stream::CaseEvents, anchor.offset)?;
        let found = next_record(log, Stream::CaseEvents)?;
        Ok(!found.is_some_and(|r| r.offset == anchor.offset && Hash::of(&r.bytes) == anchor.hash))
    }
}

fn walk(log: &mut impl Log, partition: i32) -> Result<End, LogError> {
    let (low, high) = log.bounds(Stream::Ledger)?;
    let mut end = End {
        chain: Chain::new(partition),
        last: None,
        checkpoint: None,
        begins_at: 0,
        has_head: true,
        anchor: None,
        high,
    };
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
            (end.begins_at, end.has_head) = (first.from, first.seq == 0);
        }
        if let Ok(entry) = end.chain.accept(&record.bytes) {
            end.last = Some(record.offset);
            end.anchor = if entry.loss.is_some() { None } else { entry.anchor.or(end.anchor) };
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
