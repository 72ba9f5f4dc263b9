//! Checkpoints: what an entry says of a saved state, and which segments a state still needs.
//!
//! A segment holds the cases that changed since the one before, and the next stretch of all cases: a rolling full save.
//! So the newest few segments always hold everything, nothing is ever compacted, and nothing stops for a full save.

use detectors::machine::{STATE_FORMAT, StateDigest};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::chain::Chain;
use crate::log::{Log, LogError, Stream, next_record};
use crate::record::{Anchor, Hash};

/// A sweep over all cases takes at most so many segments, as long as their number does not grow.
const STRETCHES: usize = 64;

/// A saved state that an entry names. What no valid entry names does not count, so a zombie's segments never do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// [`STATE_FORMAT`] of who wrote it.
    pub format: u32,
    /// Which rules the findings stand under, content included.
    pub rules: String,
    /// Behind which entry the state stands, and at which offset of `ledger` that entry is.
    pub at: Chain,
    pub after: i64,
    pub cases: u64,
    /// As in that entry.
    pub digest: Hash,
    pub anchor: Option<Anchor>,
    /// Where the next stretch begins.
    pub sweep: Sweep,
    /// Oldest first.
    pub segments: Vec<Segment>,
}

/// A part of saved state: records of `segments`, in the order of their offsets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// Hash of its records' bytes, one after another.
    pub id: Hash,
    /// Where its records are: first and last offset of each run.
    pub runs: Vec<(i64, i64)>,
    pub cases: u64,
    pub bytes: u64,
    /// Where its stretch began.
    pub sweep: Sweep,
}

/// How far the sweep over all cases is. Ordered: later sweeps are greater.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sweep {
    pub round: u64,
    /// Number of the next case.
    pub next: u32,
}

impl Sweep {
    /// The next stretch of `cases`: as many as have changed, so that a sweep is done before the changes beside it outweigh
    /// it, and `least` at least; and where the sweep goes on.
    pub fn stretch(self, cases: usize, changed: usize, least: usize) -> (u32, u32, Self) {
        let all = u32::try_from(cases).unwrap_or(u32::MAX);
        let length = cases.div_ceil(STRETCHES).max(changed).max(least);
        let from = self.next.min(all);
        let to = from.saturating_add(u32::try_from(length).unwrap_or(u32::MAX)).min(all);
        let behind =
            if to == all { Self { round: self.round + 1, next: 0 } } else { Self { next: to, ..self } };
        (from, to, behind)
    }

    /// Whether stretches from here up to `now` have passed over every case.
    fn is_round_before(self, now: Self) -> bool {
        now >= Self { round: self.round + 1, next: self.next }
    }
}

/// Drops the segments that the later ones make superfluous.
///
/// Numbers only grow. A case that exists at `now` was passed by a stretch since then, or was new, that is changed, since then.
pub fn forget(segments: &mut Vec<Segment>, now: Sweep) {
    let newest = segments.iter().rposition(|segment| segment.sweep.is_round_before(now));
    segments.drain(..newest.unwrap_or(0));
}

/// The machine's state as an entry carries it.
pub(crate) fn digest(state: StateDigest) -> Hash {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&state.cases.to_le_bytes());
    bytes[8..].copy_from_slice(&state.sum.to_le_bytes());
    Hash::of(&bytes)
}

impl Checkpoint {
    /// No case at all: where the state itself is lost.
    pub fn of_nothing(at: Chain, after: i64) -> Self {
        let (digest, sweep) = (Self::digest_of_nothing(), Sweep::default());
        let (rules, segments) = (String::new(), Vec::new());
        Self { format: STATE_FORMAT, rules, at, after, cases: 0, digest, anchor: None, sweep, segments }
    }

    pub fn digest_of_nothing() -> Hash {
        digest(StateDigest::default())
    }

    /// Why this build under these rules cannot begin from it.
    pub fn refusal(&self, partition: i32, rules: &str) -> Option<&'static str> {
        match self {
            c if c.format != STATE_FORMAT => Some("it was written by another version of the program"),
            c if c.rules != rules && !c.segments.is_empty() => Some("it was made under other rules"),
            c if c.at.partition != partition => Some("it is another partition's"),
            _ => None,
        }
    }

    /// Editions of the rules that had been taken over.
    pub fn editions(&self) -> usize {
        usize::try_from(self.at.reference).unwrap_or(0)
    }

    /// First offset of `segments` that it needs.
    pub fn needs_from(&self) -> Option<i64> {
        self.segments.iter().flat_map(|s| &s.runs).map(|(first, _)| *first).min()
    }
}

impl Segment {
    /// Reads its records, a piece at a time. What `each` has taken counts only once the whole is found to be what was
    /// written: the inner error is why it is not.
    pub fn read(
        &self,
        log: &mut impl Log,
        mut each: impl FnMut(&[u8]) -> Result<(), &'static str>,
    ) -> Result<Result<(), &'static str>, LogError> {
        let (low, high) = log.bounds(Stream::Segments)?;
        let mut hash = Sha256::new();
        for (first, last) in &self.runs {
            if *first < low || *last >= high {
                return Ok(Err("its records are gone"));
            }
            log.seek(Stream::Segments, *first)?;
            for offset in *first..=*last {
                let record = next_record(log, Stream::Segments)?.filter(|record| record.offset == offset);
                let Some(record) = record else { return Ok(Err("a record is gone")) };
                hash.update(&record.bytes);
                if let Err(reason) = each(&record.bytes) {
                    return Ok(Err(reason));
                }
            }
        }
        let is_whole = Hash(hash.finalize().into()) == self.id;
        Ok(if is_whole { Ok(()) } else { Err("its bytes are not those that were written") })
    }

    /// Notes that its next record is at `offset`.
    pub fn push(&mut self, offset: i64) {
        match self.runs.last_mut() {
            Some((_, last)) if *last + 1 == offset => *last = offset,
            _ => self.runs.push((offset, offset)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn segment(sweep: Sweep) -> Segment {
        Segment { id: Hash::ZERO, runs: Vec::new(), cases: 0, bytes: 0, sweep }
    }

    #[test]
    fn records_side_by_side_are_one_run() {
        let mut segment = segment(Sweep::default());
        [3, 4, 5, 8, 9].into_iter().for_each(|offset| segment.push(offset));
        assert_eq!(segment.runs, [(3, 5), (8, 9)]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        /// Whatever changes and however many cases come: the segments kept hold every case, and they are few.
        #[test]
        fn what_is_kept_holds_every_case(rounds in prop::collection::vec((0usize..40, 0usize..9), 1..150), least in 0usize..20) {
            let (mut sweep, mut cases) = (Sweep::default(), 0usize);
            let (mut segments, mut held): (Vec<Segment>, Vec<BTreeSet<u32>>) = (Vec::new(), Vec::new());
            for (new, changed) in rounds {
                let mut holds: BTreeSet<u32> = (cases as u32..(cases + new) as u32).collect();
                holds.extend((0..changed.min(cases)).map(|n| (n * 7 % cases) as u32));
                cases += new;
                let (from, to, behind) = sweep.stretch(cases, holds.len(), least);
                segments.push(segment(sweep));
                holds.extend(from..to);
                held.push(holds);
                sweep = behind;
                forget(&mut segments, sweep);
                held.drain(..held.len() - segments.len());
                let all: BTreeSet<u32> = held.iter().flatten().copied().collect();
                prop_assert_eq!(all.len(), cases);
                prop_assert!(segments.len() <= 2 * STRETCHES, "{} segments", segments.len());
            }
        }
    }
}
