//! What the group has committed, held against the ledger. Pure.
//!
//! Nothing is ever resumed from a committed offset. But it is a second witness, kept elsewhere, of how far the ledger was.

use model::Instant;

use crate::chain::Chain;
use crate::incident::{Incident, Kind};

/// `chain` is where the ledger ends now.
pub(super) fn judge(chain: &Chain, offset: i64, note: &str, wall: Instant) -> Option<Incident> {
    let incident = |kind, range, detail| Some(Incident::new(kind, chain.partition, range, wall, detail));
    match Chain::of_note(chain.partition, note) {
        Some(noted) if noted.next_seq > chain.next_seq => {
            let range = (chain.next_seq as i64, noted.next_seq as i64);
            incident(Kind::LedgerLost, range, "it ends before a place that had been read back")
        }
        Some(noted) if noted.next_seq == chain.next_seq && noted.prev != chain.prev => {
            let range = (chain.next_seq as i64 - 1, chain.next_seq as i64);
            incident(Kind::LedgerLost, range, "its last entry is not the one that had been read back")
        }
        // Commits are made now and then, so an older one of ours is as it should be.
        Some(_) => None,
        None if offset != chain.position => {
            incident(Kind::OffsetReset, (chain.position, offset), "the commit is not one of ours")
        }
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Hash;

    #[test]
    fn a_ledger_cut_short_and_a_moved_offset_are_told_apart() {
        let chain = |next_seq, prev: &[u8]| Chain {
            partition: 1,
            next_seq,
            position: next_seq as i64 * 10,
            now: Instant(0),
            reference: 0,
            prev: Hash::of(prev),
        };
        let now = chain(5, b"a");
        let kind = |offset, note: &str| judge(&now, offset, note, Instant(0)).map(|i| (i.kind, i.from, i.to));
        assert_eq!(kind(50, &now.note()), None);
        assert_eq!(
            kind(30, &chain(3, b"z").note()),
            None,
            "the last seconds before a crash were not committed"
        );
        assert_eq!(kind(70, &chain(7, b"z").note()), Some((Kind::LedgerLost, Some(5), Some(7))));
        assert_eq!(kind(50, &chain(5, b"z").note()), Some((Kind::LedgerLost, Some(4), Some(5))));
        assert_eq!(kind(0, ""), Some((Kind::OffsetReset, Some(50), Some(0))));
        assert_eq!(kind(50, ""), None);
    }
}
