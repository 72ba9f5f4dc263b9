//! How far one partition may be committed: the end of the unbroken run of settled spans. Pure.
//!
//! Records are forwarded without waiting for one another, so they settle in any order; what is committed must never
//! pass over one that has not. A frontier belongs to one assignment of one partition and is dropped with it.
//!
//! Must stay true: `next <= read_to`; every offset below `next` is settled; `next` never falls.

use std::collections::BTreeMap;

/// Offsets `[from, until)` that settle together.
///
/// A span begins where the last one ended, not at its record: what lies between (transaction markers, compacted
/// records) is absorbed and cannot hold the commit back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: i64,
    pub until: i64,
}

#[derive(Debug)]
pub struct AckFrontier {
    next: i64,
    read_to: i64,
    /// Settled spans beyond the first gap, `from` to `until`. Bounded by the limit of records in flight.
    settled_ahead: BTreeMap<i64, i64>,
}

impl AckFrontier {
    pub fn starting_at(offset: i64) -> Self {
        Self { next: offset, read_to: offset, settled_ahead: BTreeMap::new() }
    }

    /// Takes in the record at `offset`. `None`: it was read already, the log has been rewound under us.
    pub fn take(&mut self, offset: i64) -> Option<Span> {
        if offset < self.read_to {
            return None;
        }
        let span = Span { from: self.read_to, until: offset + 1 };
        self.read_to = span.until;
        Some(span)
    }

    /// Records a settled span; gives the new commit position if it moved. Settling one twice changes nothing.
    pub fn settle(&mut self, span: Span) -> Option<i64> {
        assert!(span.from < span.until && span.until <= self.read_to, "settled {span:?}, never taken");
        let before = self.next;
        if span.from == self.next {
            self.next = span.until;
        } else if span.from > self.next {
            self.settled_ahead.insert(span.from, span.until);
        }
        while let Some(until) = self.settled_ahead.remove(&self.next) {
            self.next = until;
        }
        (self.next > before).then_some(self.next)
    }

    /// The next offset to read after a restart.
    pub fn position(&self) -> i64 {
        self.next
    }

    /// Whether some record taken in is not settled yet.
    pub fn is_open(&self) -> bool {
        self.next < self.read_to
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn taken(offsets: &[i64]) -> (AckFrontier, Vec<Span>) {
        let mut frontier = AckFrontier::starting_at(offsets[0]);
        let spans = offsets.iter().map(|&o| frontier.take(o).expect("ascending")).collect();
        (frontier, spans)
    }

    #[test]
    fn a_gap_holds_the_commit_back() {
        let (mut frontier, spans) = taken(&[10, 11, 12]);
        assert_eq!(frontier.settle(spans[2]), None);
        assert_eq!(frontier.settle(spans[1]), None);
        assert_eq!((frontier.position(), frontier.is_open()), (10, true));
        assert_eq!(frontier.settle(spans[0]), Some(13));
        assert_eq!((frontier.position(), frontier.is_open()), (13, false));
    }

    #[test]
    fn offsets_without_records_are_absorbed() {
        let (mut frontier, spans) = taken(&[5, 9, 20]);
        assert_eq!(spans[1], Span { from: 6, until: 10 });
        assert_eq!(frontier.settle(spans[0]), Some(6));
        assert_eq!(frontier.settle(spans[2]), None);
        assert_eq!(frontier.settle(spans[1]), Some(21));
    }

    #[test]
    fn settling_twice_changes_nothing() {
        let (mut frontier, spans) = taken(&[0, 1]);
        assert_eq!(frontier.settle(spans[0]), Some(1));
        assert_eq!(frontier.settle(spans[0]), None);
        assert_eq!(frontier.settle(spans[1]), Some(2));
    }

    #[test]
    fn a_record_read_again_is_refused() {
        let (mut frontier, _) = taken(&[7, 8]);
        assert_eq!(frontier.take(8), None);
        assert_eq!(frontier.take(0), None);
        assert!(frontier.take(9).is_some());
    }

    proptest! {
        #[test]
        fn any_order_of_settling_commits_exactly_the_unbroken_run(
            steps in proptest::collection::vec(1_i64..4, 1..60),
            order in proptest::collection::vec(any::<prop::sample::Index>(), 0..200),
        ) {
            let mut offsets = vec![100];
            offsets.extend(steps.iter().scan(100, |at, step| { *at += step; Some(*at) }));
            let (mut frontier, spans) = taken(&offsets);
            let mut settled = vec![false; spans.len()];
            for index in order {
                let i = index.index(spans.len());
                settled[i] = true;
                let before = frontier.position();
                let moved = frontier.settle(spans[i]);
                let run = settled.iter().take_while(|s| **s).count();
                let expected = if run == 0 { 100 } else { spans[run - 1].until };
                prop_assert_eq!(frontier.position(), expected);
                prop_assert_eq!(moved, (expected > before).then_some(expected));
                prop_assert_eq!(frontier.is_open(), run < spans.len());
            }
        }
    }
}
