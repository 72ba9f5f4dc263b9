//! What of a batch is still to insert, in which order, and where a refusal leads. Pure.
//!
//! Each table's rows go whole under the batch's token. A range that is refused [`REFUSALS`] times in a row is halved, down
//! to single rows, which become dead letters under a token of their own. Ranges and tokens depend on nothing but the
//! batch and on what is refused, so a restart in the middle makes the same inserts again.

use std::collections::VecDeque;
use std::ops::Range;

use crate::bisect::Bisect;
use crate::row::{DeadLetterRow, Rows};

/// So many times must one range be refused in a row before it is believed.
const REFUSALS: u32 = 3;

#[derive(Debug)]
pub(crate) struct Storing {
    steps: VecDeque<Step>,
    rejected: u64,
}

#[derive(Debug)]
struct Step {
    rows: Rows,
    token: String,
    plan: Bisect,
    refusals: u32,
    letters: Vec<DeadLetterRow>,
}

impl Storing {
    /// `tables` are inserted in their order.
    pub(crate) fn new(token: &str, tables: Vec<Rows>) -> Self {
        let steps = tables.into_iter().map(|rows| Step::new(rows, token.to_owned()));
        let mut storing = Self { steps: steps.collect(), rejected: 0 };
        storing.settle();
        storing
    }

    /// The insert to try now, and its token; `None` once everything is stored.
    pub(crate) fn next(&self) -> Option<(&Rows, Range<usize>, String)> {
        let step = self.steps.front()?;
        let range = step.plan.current()?;
        Some((&step.rows, range.clone(), part_of(&step.token, &range, step.rows.len())))
    }

    /// How many rows became dead letters because the store refuses them.
    pub(crate) const fn rejected(&self) -> u64 {
        self.rejected
    }

    pub(crate) fn stored(&mut self) {
        if let Some(step) = self.steps.front_mut() {
            step.refusals = 0;
            step.plan.stored();
        }
        self.settle();
    }

    pub(crate) fn failed(&mut self) {
        if let Some(step) = self.steps.front_mut() {
            step.refusals = 0;
        }
    }

    pub(crate) fn refused(&mut self, sentence: &str) {
        if let Some(step) = self.steps.front_mut() {
            step.refused(sentence);
        }
        self.settle();
    }

    /// Goes on to the next table once this one has nothing left to try; its dead letters come first.
    fn settle(&mut self) {
        while self.steps.front().is_some_and(|step| step.plan.current().is_none()) {
            let Some(done) = self.steps.pop_front() else { return };
            self.rejected += done.letters.len() as u64;
            if !done.letters.is_empty() {
                let token = format!("{}/{}", done.token, done.rows.table());
                self.steps.push_front(Step::new(Rows::DeadLetters(done.letters), token));
            }
        }
    }
}

impl Step {
    fn new(rows: Rows, token: String) -> Self {
        let plan = Bisect::new(rows.len());
        Self { rows, token, plan, refusals: 0, letters: Vec::new() }
    }

    fn refused(&mut self, sentence: &str) {
        self.refusals += 1;
        let Some(range) = self.plan.current() else { return };
        // Progress and dead letters have no other form in which they could be kept: they are tried for ever.
        if self.refusals < REFUSALS || self.rows.letter(range.start, sentence).is_none() {
            return;
        }
        self.refusals = 0;
        if let Some(row) = self.plan.refused() {
            self.letters.extend(self.rows.letter(row, sentence));
        }
    }
}

/// The token of a part of the batch; the whole batch has the batch's own.
fn part_of(token: &str, range: &Range<usize>, rows: usize) -> String {
    if range.len() == rows { token.to_owned() } else { format!("{token}/{}-{}", range.start, range.end) }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::record::Record;
    use crate::row::CaseEventRow;

    fn events(count: i64) -> Rows {
        let event = |offset| {
            let value = format!(
                r#"{{"id":"{offset}","source":"s","type":"t","subject":"c","time":"2026-01-01T00:00:00Z"}}"#
            );
            CaseEventRow::of(&Record { offset, value: value.into_bytes(), ..Record::default() })
                .expect("an event")
        };
        Rows::CaseEvents((0..count).filter_map(event).collect())
    }

    /// A table without replacement that remembers tokens and refuses some rows.
    #[derive(Default)]
    struct Table {
        tokens: BTreeSet<String>,
        rows: BTreeMap<(&'static str, usize), u32>,
        letters: Vec<u64>,
    }

    impl Table {
        /// Makes at most so many attempts; whether everything is stored then.
        fn run(&mut self, bad: &[usize], mut attempts: usize) -> bool {
            let mut storing = Storing::new("t", vec![events(16)]);
            while let Some((rows, range, token)) = storing.next() {
                if attempts == 0 {
                    return false;
                }
                attempts -= 1;
                if matches!(rows, Rows::CaseEvents(_)) && range.clone().any(|row| bad.contains(&row)) {
                    storing.refused("bad");
                    continue;
                }
                if self.tokens.insert(token) {
                    range.clone().for_each(|row| *self.rows.entry((rows.table(), row)).or_default() += 1);
                    if let Rows::DeadLetters(letters) = rows {
                        self.letters.extend(letters.iter().map(|letter| letter.offset));
                    }
                }
                storing.stored();
            }
            true
        }
    }

    #[test]
    fn poison_is_isolated_the_same_way_after_a_crash_at_any_attempt() {
        let bad = [3, 4, 15];
        let mut whole = Table::default();
        assert!(whole.run(&bad, usize::MAX));
        assert_eq!(whole.letters, [3, 4, 15]);
        assert!(whole.rows.values().all(|times| *times == 1), "nothing is doubled");
        assert_eq!(whole.rows.len(), 13 + 3);
        let mut crash = 0;
        loop {
            let mut table = Table::default();
            let finished = table.run(&bad, crash);
            assert!(table.run(&bad, usize::MAX));
            assert_eq!(
                (&table.rows, &table.letters),
                (&whole.rows, &whole.letters),
                "crash at attempt {crash}"
            );
            if finished {
                break;
            }
            crash += 1;
        }
        assert!(crash > 20, "{crash} attempts");
    }

    #[test]
    fn one_refusal_is_not_believed_and_a_failure_in_between_starts_the_count_again() {
        let mut storing = Storing::new("t", vec![events(2)]);
        for _ in 0..2 {
            storing.refused("bad");
            storing.refused("bad");
            storing.failed();
            assert_eq!(storing.next().map(|(_, range, token)| (range, token)), Some((0..2, "t".to_owned())));
        }
        (0..3).for_each(|_| storing.refused("bad"));
        assert_eq!(storing.next().map(|(_, range, token)| (range, token)), Some((0..1, "t/0-1".to_owned())));
    }

    #[test]
    fn what_has_no_other_form_is_tried_for_ever() {
        let mut storing = Storing::new("t", vec![Rows::DeadLetters(vec![DeadLetterRow::default()])]);
        (0..9).for_each(|_| storing.refused("bad"));
        assert_eq!(storing.next().map(|(_, range, _)| range), Some(0..1));
        storing.stored();
        assert!(storing.next().is_none() && storing.rejected() == 0);
    }
}
