//! Which ledger entries count. Every reader applies this rule in log order and passes over what does not fit; that is
//! the whole concurrency control.

use model::Instant;
use serde::{Deserialize, Serialize};

use crate::record::{Entry, FORMAT, Hash};

/// Where a partition's ledger stands: what the next valid entry must say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    pub partition: i32,
    pub next_seq: u64,
    /// `to` of the last valid entry: where reading of `case-events` goes on.
    pub position: i64,
    pub now: Instant,
    pub reference: i64,
    pub prev: Hash,
}

/// Why an entry does not extend the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misfit {
    NotAnEntry,
    OtherFormat,
    OtherPartition,
    /// Its seq is behind: a producer's retry, or a zombie's late append.
    Behind,
    /// Its seq is ahead: an entry between is missing.
    Ahead,
    PrevHash,
    Range,
    Clock,
}

impl Chain {
    pub const fn new(partition: i32) -> Self {
        Self { partition, next_seq: 0, position: 0, now: Instant(i64::MIN), reference: 0, prev: Hash::ZERO }
    }

    /// The chain that an entry extends, as far as the entry says.
    pub fn before(entry: &Entry) -> Self {
        let (next_seq, position, prev) = (entry.seq, entry.from, entry.prev);
        Self { next_seq, position, prev, ..Self::new(entry.partition) }
    }

    /// The chain as a line of text, for the metadata of a commit.
    pub fn note(&self) -> String {
        let Self { next_seq, position, now, reference, prev, .. } = self;
        format!("{next_seq} {position} {} {reference} {prev}", now.0)
    }

    /// Reads what [`Self::note`] wrote.
    pub fn of_note(partition: i32, note: &str) -> Option<Self> {
        let mut parts = note.split(' ');
        let mut number = || parts.next()?.parse::<i64>().ok();
        let (seq, position, now, reference) = (number()?, number()?, Instant(number()?), number()?);
        let prev = Hash::parse(parts.next()?)?;
        Some(Self { partition, next_seq: u64::try_from(seq).ok()?, position, now, reference, prev })
    }

    /// Judges one record; on success the chain stands behind it.
    pub fn accept(&mut self, bytes: &[u8]) -> Result<Entry, Misfit> {
        let entry = Entry::decode(bytes).map_err(|_| Misfit::NotAnEntry)?;
        self.judge(&entry)?;
        self.advance(&entry, Hash::of(bytes));
        Ok(entry)
    }

    /// The chain behind an entry of one's own, of which the bytes' hash is known: what [`Self::accept`] would come to,
    /// without reading the bytes again.
    pub(crate) fn behind(mut self, entry: &Entry, hash: Hash) -> Result<Self, Misfit> {
        self.judge(entry)?;
        self.advance(entry, hash);
        Ok(self)
    }

    fn judge(&self, entry: &Entry) -> Result<(), Misfit> {
        // The first entry may start anywhere: the topic's first records may have been deleted by retention.
        let starts = self.next_seq == 0 || entry.from == self.position;
        // A topic that was made anew begins again at its own offsets; only an operator may say so.
        let backwards = entry.to < entry.from && entry.loss.is_none();
        // The state of an older checkpoint stands under older rules.
        let older = entry.reference < self.reference && entry.loss.is_none();
        match entry {
            e if e.v != FORMAT => Err(Misfit::OtherFormat),
            e if e.partition != self.partition => Err(Misfit::OtherPartition),
            e if e.seq < self.next_seq => Err(Misfit::Behind),
            e if e.seq > self.next_seq => Err(Misfit::Ahead),
            e if e.prev != self.prev => Err(Misfit::PrevHash),
            e if !starts || backwards || e.from < 0 || e.to < 0 => Err(Misfit::Range),
            e if e.now < self.now || older => Err(Misfit::Clock),
            _ => Ok(()),
        }
    }

    fn advance(&mut self, entry: &Entry, hash: Hash) {
        self.next_seq += 1;
        self.position = entry.to;
        self.now = entry.now;
        self.reference = entry.reference;
        self.prev = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Loss;

    fn entry(chain: &Chain, to: i64) -> Entry {
        Entry { to, now: Instant(to), ..Entry::extending(chain) }
    }

    #[test]
    fn a_chain_is_noted_whole() {
        let (now, prev) = (Instant(-5), Hash::of(b"x"));
        let chain = Chain { partition: 3, next_seq: 7, position: 99, now, reference: 2, prev };
        assert_eq!(Chain::of_note(3, &chain.note()), Some(chain));
        assert_eq!(Chain::of_note(3, ""), None);
    }

    #[test]
    fn what_extends_the_last_entry_counts_and_nothing_else() {
        let mut chain = Chain::new(3);
        let first = entry(&chain, 10).encode();
        assert!(chain.accept(&first).is_ok());
        assert_eq!(chain.accept(&first), Err(Misfit::Behind), "a producer's retry");
        let good = entry(&chain, 20);
        let check = |change: &dyn Fn(&mut Entry), expected| {
            let mut bad = good.clone();
            change(&mut bad);
            let mut at = chain;
            assert_eq!(at.accept(&bad.encode()), Err(expected));
            assert_eq!(at, chain, "a misfit leaves the chain as it was");
        };
        check(&|e| e.v = 2, Misfit::OtherFormat);
        check(&|e| e.partition = 4, Misfit::OtherPartition);
        check(&|e| e.seq = 2, Misfit::Ahead);
        check(&|e| e.prev = Hash::of(b"x"), Misfit::PrevHash);
        check(&|e| e.from = 11, Misfit::Range);
        check(&|e| e.to = 9, Misfit::Range);
        check(&|e| e.now = Instant(9), Misfit::Clock);
        check(&|e| e.reference = -1, Misfit::Clock);
        let lost = Entry {
            to: 0,
            reference: -1,
            loss: Some(Loss { by: "o".into(), reason: "r".into(), at: Instant(0) }),
            ..good.clone()
        };
        assert_eq!(chain.clone().accept(&lost.encode()).map(|e| e.to), Ok(0), "a loss may go back");
        assert_eq!(chain.clone().accept(b"garbage"), Err(Misfit::NotAnEntry));
        assert_eq!(chain.accept(&good.encode()).map(|e| e.to), Ok(20));
    }
}
