//! Walking a ledger from its first record, and naming the first that was altered, dropped, inserted or moved. Pure.

use std::collections::HashSet;
use std::fmt;

use crate::chain::{Chain, Misfit};
use crate::checkpoint::Checkpoint;
use crate::record::{Anchor, Entry, Hash};

/// Records read behind the first that does not fit, to tell what befell it.
const LOOK_AHEAD: usize = 4_096;

/// What befell a ledger, and at which offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The ledger does not begin with entry 0.
    HeadMissing { offset: i64, seq: u64 },
    /// The record is not the one that the record after it was appended to.
    Altered { offset: i64 },
    /// Entry `seq` is missing before the record at `offset`.
    Dropped { offset: i64, seq: u64 },
    /// The record was put there by nobody who knew the chain.
    Inserted { offset: i64 },
    /// The record does not stand in its place.
    Moved { offset: i64, seq: u64 },
}

/// One walk. Feed it every record in the order of offsets.
#[derive(Debug)]
pub struct Audit {
    partition: i32,
    chain: Chain,
    /// Offset of the last entry that counts.
    last: Option<i64>,
    /// What a retry or a late owner left behind: it repeats a place that is taken, or goes on from a record that does.
    stale: HashSet<Hash>,
    rest: Vec<Head>,
    head_missing: Option<Fault>,
    pub findings: u64,
    pub passed_over: u64,
    pub losses: u64,
    pub anchor: Option<Anchor>,
    pub checkpoint: Option<Checkpoint>,
}

/// What is needed of a record to tell how it hangs together with others.
#[derive(Debug, Clone, Copy)]
struct Head {
    offset: i64,
    hash: Hash,
    /// `seq` and `prev`, of an entry.
    entry: Option<(u64, Hash)>,
}

impl Audit {
    pub fn new(partition: i32) -> Self {
        Self {
            partition,
            chain: Chain::new(partition),
            last: None,
            stale: HashSet::new(),
            rest: Vec::new(),
            head_missing: None,
            findings: 0,
            passed_over: 0,
            losses: 0,
            anchor: None,
            checkpoint: None,
        }
    }

    /// Where the chain has come to.
    pub fn chain(&self) -> Chain {
        self.chain
    }

    /// Takes the next record; `false` once enough is known.
    pub fn take(&mut self, offset: i64, bytes: &[u8]) -> bool {
        if !self.rest.is_empty() {
            self.rest.push(head(offset, bytes));
            return self.rest.len() < LOOK_AHEAD;
        }
        if self.last.is_none() {
            self.begin(offset, bytes);
        }
        match self.chain.accept(bytes) {
            Ok(entry) => {
                self.last = Some(offset);
                self.findings += entry.findings.len() as u64;
                self.losses += u64::from(entry.loss.is_some());
                self.anchor = if entry.loss.is_some() { None } else { entry.anchor };
                self.checkpoint = entry.checkpoint.or(self.checkpoint.take());
            }
            Err(misfit) if self.is_stale(misfit, bytes) => {
                self.stale.insert(Hash::of(bytes));
                self.passed_over += 1;
            }
            Err(_) => self.rest.push(head(offset, bytes)),
        }
        true
    }

    /// A ledger whose beginning is gone is walked from what is there.
    fn begin(&mut self, offset: i64, bytes: &[u8]) {
        let Ok(entry) = Entry::decode(bytes) else { return };
        if entry.seq > 0 && entry.partition == self.partition {
            self.head_missing = Some(Fault::HeadMissing { offset, seq: entry.seq });
            self.chain = Chain::before(&entry);
        }
    }

    fn is_stale(&self, misfit: Misfit, bytes: &[u8]) -> bool {
        let follows = || Entry::decode(bytes).is_ok_and(|entry| self.stale.contains(&entry.prev));
        misfit == Misfit::Behind || follows()
    }

    /// The first fault.
    pub fn fault(&self) -> Option<Fault> {
        self.head_missing.or_else(|| self.diagnose())
    }

    fn diagnose(&self) -> Option<Fault> {
        let first = self.rest.first()?;
        let (wanted, offset) = (self.chain.next_seq, first.offset);
        let follows = |of: &Head| self.rest.iter().any(|h| h.entry.is_some_and(|(_, prev)| prev == of.hash));
        let is_there = self.rest.iter().any(|h| h.entry == Some((wanted, self.chain.prev)));
        Some(match first.entry {
            // It goes on from the right place, so it is what it says that was altered.
            Some(at) if at == (wanted, self.chain.prev) => Fault::Altered { offset },
            Some((seq, _)) if seq > wanted && is_there => Fault::Moved { offset, seq },
            Some((seq, _)) if seq > wanted => Fault::Dropped { offset, seq: wanted },
            _ if is_there => Fault::Inserted { offset },
            // Others were appended to this one as it is: so it is the one before that has changed.
            Some(_) if follows(first) => Fault::Altered { offset: self.last.unwrap_or(offset) },
            _ => Fault::Altered { offset },
        })
    }
}

fn head(offset: i64, bytes: &[u8]) -> Head {
    let entry = Entry::decode(bytes).ok().map(|entry| (entry.seq, entry.prev));
    Head { offset, hash: Hash::of(bytes), entry }
}

impl Fault {
    pub fn offset(&self) -> i64 {
        match self {
            Self::HeadMissing { offset, .. }
            | Self::Altered { offset }
            | Self::Dropped { offset, .. }
            | Self::Inserted { offset }
            | Self::Moved { offset, .. } => *offset,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HeadMissing { offset, seq } => {
                write!(
                    f,
                    "the ledger begins at offset {offset} with entry {seq}: what was before is gone 台账开头缺失"
                )
            }
            Self::Altered { offset } => write!(f, "the record at offset {offset} was altered 记录被篡改"),
            Self::Dropped { offset, seq } => {
                write!(f, "entry {seq} is missing before the record at offset {offset} 记录缺失")
            }
            Self::Inserted { offset } => write!(f, "the record at offset {offset} was inserted 记录系插入"),
            Self::Moved { offset, seq } => {
                write!(f, "the record at offset {offset}, entry {seq}, was moved there 记录被移位")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use model::Instant;
    use proptest::prelude::*;

    use super::*;

    /// Entries of one owner.
    fn entries(count: i64) -> Vec<Vec<u8>> {
        let mut chain = Chain::new(0);
        (0..count).map(|n| extend(&mut chain, n)).collect()
    }

    fn extend(chain: &mut Chain, now: i64) -> Vec<u8> {
        let to = chain.position + 10;
        let bytes = Entry { to, now: Instant(now), ..Entry::extending(chain) }.encode();
        chain.accept(&bytes).expect("extends");
        bytes
    }

    fn audit(ledger: &[Vec<u8>]) -> Audit {
        let mut audit = Audit::new(0);
        for (offset, bytes) in ledger.iter().enumerate() {
            audit.take(offset as i64, bytes);
        }
        audit
    }

    fn alter(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
        String::from_utf8(bytes.to_vec()).expect("text").replacen(from, to, 1).into_bytes()
    }

    proptest! {
        /// Every tampering inside a ledger is named, by kind and place.
        #[test]
        fn whatever_was_done_is_named(count in 7i64..20, at in 1usize..5, to in 1usize..5, kind in 0u8..6) {
            let mut ledger = entries(count);
            let offset = at as i64;
            let expected = match kind {
                0 | 1 => {
                    let change = [("\"reference\":0", "\"reference\":1"), ("\"digest\":\"0", "\"digest\":\"1")];
                    let (from, to) = change[usize::from(kind)];
                    ledger[at] = alter(&ledger[at], from, to);
                    Some(Fault::Altered { offset })
                }
                2 => {
                    ledger.remove(at);
                    Some(Fault::Dropped { offset, seq: at as u64 })
                }
                3 => {
                    ledger.insert(at, b"garbage".to_vec());
                    Some(Fault::Inserted { offset })
                }
                4 => {
                    let record = ledger.remove(at);
                    ledger.insert(to, record);
                    // What is out of place first: the record that moved forward, or the one behind the gap it left.
                    let seq = if to < at { at } else { at + 1 } as u64;
                    (at != to).then_some(Fault::Moved { offset: at.min(to) as i64, seq })
                }
                _ => {
                    ledger[at] = b"garbage".to_vec();
                    Some(Fault::Altered { offset })
                }
            };
            prop_assert_eq!(audit(&ledger).fault(), expected);
        }
    }

    #[test]
    fn a_missing_head_is_told_and_the_rest_is_walked() {
        let walk = audit(&entries(5)[2..]);
        assert_eq!(walk.fault(), Some(Fault::HeadMissing { offset: 0, seq: 2 }));
        assert_eq!(walk.chain().next_seq, 5);
    }

    #[test]
    fn a_late_owners_records_are_passed_over() {
        let mut ledger = entries(5);
        let mut late = Chain::new(0);
        ledger[..3].iter().for_each(|bytes| drop(late.accept(bytes)));
        let stale: Vec<_> = (0..3).map(|n| extend(&mut late, 100 + n)).collect();
        ledger.splice(4..4, stale);
        let walk = audit(&ledger);
        assert_eq!((walk.fault(), walk.passed_over, walk.chain().next_seq), (None, 3, 5));
    }
}
