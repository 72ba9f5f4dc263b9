//! What the marks and the ends of two topics say about completeness. Pure.

use model::Instant;

use crate::kind::Kind;
use crate::row::{StandingRow, instant, offset, partition};
use crate::source::Found;
use crate::start;

/// One partition of `case-events` and of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) partition: i32,
    /// The first offset kept, and the end.
    low: i64,
    pub(crate) published_to: i64,
    pub(crate) stored_to: i64,
    pub(crate) processed_to: i64,
    ledger_low: i64,
    ledger_stored_to: i64,
    pub(crate) ledger_end: i64,
    pub(crate) halted: bool,
    pub(crate) oldest_ms: Option<i64>,
}

impl Standing {
    /// Where the oldest fact stands that is not processed and stored.
    pub(crate) fn behind_facts(&self) -> Option<i64> {
        let at = self.stored_to.min(self.processed_to).max(self.low);
        (at < self.published_to).then_some(at)
    }

    /// Where the oldest record of the ledger stands that is not stored.
    pub(crate) fn behind_entries(&self) -> Option<i64> {
        let at = self.ledger_stored_to.max(self.ledger_low);
        (at < self.ledger_end).then_some(at)
    }

    pub(crate) fn is_complete(&self) -> bool {
        let equal = self.published_to == self.stored_to && self.published_to == self.processed_to;
        equal && self.ledger_lag() == 0 && !self.halted
    }

    fn ledger_lag(&self) -> i64 {
        (self.ledger_end - self.ledger_stored_to).max(0)
    }

    pub(crate) fn row(&self, now: Instant) -> StandingRow {
        StandingRow {
            partition: partition(self.partition),
            published_to: offset(self.published_to),
            stored_to: offset(self.stored_to),
            processed_to: offset(self.processed_to),
            ledger_lag: offset(self.ledger_lag()),
            oldest_at: self.oldest_ms.map(|ms| instant(Instant(ms))),
            halted: self.halted,
            checked_at: instant(now),
        }
    }
}

/// `events` and `ledger` are what the broker knows of the two topics. A partition without any record is complete; one
/// that the ledger's topic does not have is not.
pub(crate) fn standings(events: &[Found], ledger: &[Found]) -> Vec<Standing> {
    let standing = |found: &Found| {
        let entries = ledger.iter().find(|other| other.partition == found.partition);
        let facts = start::start(Kind::CaseEvents, found);
        let chain = entries.map(|entries| start::start(Kind::Ledger, entries));
        let halted = facts.is_err() || !matches!(chain, Some(Ok(_)));
        let progress = chain.and_then(Result::ok);
        let stored_to =
            facts.map_or_else(|_| found.committed.as_ref().map_or(0, |mark| mark.offset), |p| p.offset);
        // Before its first entry nothing is processed; what retention took before that is nobody's debt.
        let position = progress.as_ref().and_then(|p| p.chain).filter(|chain| chain.next_seq > 0);
        Standing {
            partition: found.partition,
            low: found.low,
            published_to: found.high,
            stored_to,
            processed_to: position.map_or(found.low, |chain| chain.position),
            ledger_low: entries.map_or(0, |entries| entries.low),
            ledger_stored_to: progress.map_or(0, |p| p.offset),
            ledger_end: entries.map_or(0, |entries| entries.high),
            halted,
            oldest_ms: None,
        }
    };
    events.iter().map(standing).collect()
}

#[cfg(test)]
mod tests {
    use ledger::chain::Chain;

    use super::*;
    use crate::progress::Progress;
    use crate::source::Mark;

    fn found(low: i64, high: i64, committed: Option<Mark>) -> Found {
        Found { partition: 0, low, high, committed }
    }

    fn one(events: Found, ledger: Found) -> Standing {
        standings(&[events], &[ledger]).remove(0)
    }

    fn stored(offset: i64) -> Option<Mark> {
        Some(Progress::at(offset, None).mark())
    }

    fn entries(offset: i64, position: i64) -> Option<Mark> {
        let chain = Chain { next_seq: 1, position, ..Chain::new(0) };
        Some(Progress::at(offset, Some(chain)).mark())
    }

    #[test]
    fn a_partition_without_any_record_is_complete_and_one_with_a_first_record_is_not() {
        assert!(one(found(0, 0, None), found(0, 0, None)).is_complete());
        let first = one(found(0, 1, None), found(0, 0, None));
        assert!(!first.is_complete());
        assert_eq!(first.behind_facts(), Some(0));
        assert!(
            !standings(&[found(0, 0, None)], &[]).remove(0).is_complete(),
            "no such partition of the ledger"
        );
    }

    #[test]
    fn each_leg_may_be_the_one_that_lags() {
        let at = |stored_to, position, ledger_to| {
            one(found(0, 9, stored(stored_to)), found(0, 4, entries(ledger_to, position)))
        };
        assert!(at(9, 9, 4).is_complete());
        assert_eq!((at(8, 9, 4).is_complete(), at(8, 9, 4).behind_facts()), (false, Some(8)));
        assert_eq!((at(9, 7, 4).is_complete(), at(9, 7, 4).behind_facts()), (false, Some(7)));
        assert_eq!((at(9, 9, 3).is_complete(), at(9, 9, 3).behind_entries()), (false, Some(3)));
        assert_eq!(at(9, 9, 4).behind_facts(), None);
    }

    #[test]
    fn what_was_deleted_or_cut_is_never_complete() {
        let lost = one(found(7, 9, stored(5)), found(0, 4, entries(4, 9)));
        assert!(lost.halted && !lost.is_complete());
        assert_eq!(lost.behind_facts(), Some(7), "the oldest that is left");
        assert!(!one(found(0, 3, stored(9)), found(0, 4, entries(4, 9))).is_complete());
    }
}
