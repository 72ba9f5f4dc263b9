//! Which ledger entries count. Every reader applies this rule in log order and passes over what does not fit; that is
//! the whole concurrency control.

use model::Instant;

use crate::record::{Entry, FORMAT, Hash};

/// Where a partition's ledger stands: what the next valid entry must say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
        match entry {
            e if e.v != FORMAT => Err(Misfit::OtherFormat),
            e if e.partition != self.partition => Err(Misfit::OtherPartition),
            e if e.seq < self.next_seq => Err(Misfit::Behind),
            e if e.seq > self.next_seq => Err(Misfit::Ahead),
            e if e.prev != self.prev => Err(Misfit::PrevHash),
            e if !starts || e.to < e.from || e.from < 0 => Err(Misfit::Range),
            e if e.now < self.now || e.reference < self.reference => Err(Misfit::Clock),
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

    fn entry(chain: &Chain, to: i64) -> Entry {
        Entry {
            v: FORMAT,
            partition: chain.partition,
            seq: chain.next_seq,
            from: chain.position,
            to,
            now: Instant(to),
            timers: 0,
            reference: 0,
            findings: Vec::new(),
            digest: Hash::ZERO,
            prev: chain.prev,
        }
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
        assert_eq!(chain.clone().accept(b"garbage"), Err(Misfit::NotAnEntry));
        assert_eq!(chain.accept(&good.encode()).map(|e| e.to), Ok(20));
    }
}
