//! CaseMachine: many cases, fed one input at a time. Facts and instants go in; what changed comes out.
//!
//! The machine judges a case anew from all its facts and compares the answer with what stands. Late facts, repeated
//! facts and disorder are therefore one operation. Same inputs, same outputs, always: time arrives as an input.

mod digest;
mod revise;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use model::event::Event;
use model::finding::Cause;
use model::{Catalogue, Finding, Instant};

use crate::facts::Facts;
use crate::history::History;
use crate::judge::{Judgement, Rules, judge};
use crate::symbols::Symbols;
use revise::Standing;

pub use digest::StateDigest;

/// What the machine is fed.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    Fact(&'a Event<'a>),
    /// The logical clock has come this far.
    Clock(Instant),
}

/// The state of one partition's cases.
#[derive(Debug)]
pub struct CaseMachine {
    rules: Arc<Catalogue>,
    now: Instant,
    symbols: Symbols,
    numbers: HashMap<Box<str>, u32>,
    cases: Vec<Case>,
    timers: BTreeSet<(Instant, u32)>,
    digest: StateDigest,
    counts: Counts,
}

/// What the machine has seen, for metrics and summaries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub facts: u64,
    /// Facts of a (source, id) already known.
    pub duplicates: u64,
}

#[derive(Debug)]
struct Case {
    id: Box<str>,
    facts: Facts,
    standing: Vec<Standing>,
    wake: Option<Instant>,
}

impl CaseMachine {
    pub fn new(rules: Arc<Catalogue>) -> Self {
        Self {
            rules,
            now: Instant(i64::MIN),
            symbols: Symbols::default(),
            numbers: HashMap::new(),
            cases: Vec::new(),
            timers: BTreeSet::new(),
            digest: StateDigest::default(),
            counts: Counts::default(),
        }
    }

    /// Takes one input; what changed is appended to `out`.
    pub fn step(&mut self, input: Input<'_>, out: &mut Vec<Finding>) {
        match input {
            Input::Fact(event) => self.take(event, out),
            Input::Clock(now) => {
                self.fire(now, u32::MAX, usize::MAX, out);
            }
        }
    }

    /// Takes a fact without judging its case: for histories that are read whole and [`Self::settle`]d at the end.
    pub fn absorb(&mut self, event: &Event<'_>) {
        let number = self.number_of(&event.case);
        let case = &mut self.cases[number as usize];
        if case.facts.insert(event, &mut self.symbols) {
            self.counts.facts += 1;
        } else {
            self.counts.duplicates += 1;
        }
    }

    /// Judges every case at `now`; `each` takes the findings of one case after another, in the order of their ids.
    pub fn settle(&mut self, now: Instant, mut each: impl FnMut(Vec<Finding>)) {
        self.now = self.now.max(now);
        let mut numbers: Vec<u32> = (0..self.cases.len() as u32).collect();
        numbers.sort_unstable_by_key(|n| &self.cases[*n as usize].id);
        for number in numbers {
            let mut out = Vec::new();
            self.rejudge(number, None, Cause::Fact, &mut out);
            each(out);
        }
    }

    /// The logical clock.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The next instant at which something may happen in silence.
    pub fn next_wake(&self) -> Option<Instant> {
        self.timers.first().map(|(at, _)| *at)
    }

    pub fn counts(&self) -> Counts {
        self.counts
    }

    pub fn cases(&self) -> usize {
        self.cases.len()
    }

    /// Digest of facts and findings of all cases; equal for equal state.
    pub fn digest(&self) -> StateDigest {
        self.digest
    }

    /// Bytes that the cases hold, by estimate: facts, findings, ids and index entries.
    pub fn state_bytes(&self) -> usize {
        let case = |c: &Case| {
            2 * c.id.len()
                + c.facts.heap_bytes()
                + c.standing.capacity() * size_of::<Standing>()
                + size_of::<Case>()
        };
        let index = self.numbers.capacity() * (size_of::<(Box<str>, u32)>() + 1) + self.timers.len() * 24;
        self.cases.iter().map(case).sum::<usize>() + index
    }

    fn take(&mut self, event: &Event<'_>, out: &mut Vec<Finding>) {
        let number = self.number_of(&event.case);
        let case = &mut self.cases[number as usize];
        // What stands now may have to be told again when it is retracted, so the old facts are kept for a moment.
        let before = (!case.standing.is_empty()).then(|| case.facts.clone());
        self.digest.remove(&case.id, &case.facts, &case.standing);
        if case.facts.insert(event, &mut self.symbols) {
            self.counts.facts += 1;
            self.rejudge(number, before.as_ref(), Cause::Fact, out);
        } else {
            self.counts.duplicates += 1;
        }
        let case = &self.cases[number as usize];
        self.digest.add(&case.id, &case.facts, &case.standing);
    }

    /// Moves the clock to `now` and fires due timers in their order: at most `most` of them, and none once `out` holds
    /// `enough` findings. Returns how many fired; those left over fire next time.
    pub fn fire(&mut self, now: Instant, most: u32, enough: usize, out: &mut Vec<Finding>) -> u32 {
        self.now = self.now.max(now);
        let mut fired = 0;
        while let Some((at, number)) = self.timers.first().copied() {
            if at > self.now || fired == most || out.len() >= enough {
                break;
            }
            let case = &self.cases[number as usize];
            self.digest.remove(&case.id, &case.facts, &case.standing);
            self.rejudge(number, None, Cause::Clock, out);
            let case = &self.cases[number as usize];
            self.digest.add(&case.id, &case.facts, &case.standing);
            fired += 1;
        }
        fired
    }

    fn number_of(&mut self, id: &str) -> u32 {
        if let Some(number) = self.numbers.get(id) {
            return *number;
        }
        let number = u32::try_from(self.cases.len()).expect("fewer than 2^32 cases a partition");
        let case = Case { id: id.into(), facts: Facts::default(), standing: Vec::new(), wake: None };
        self.digest.add(&case.id, &case.facts, &case.standing);
        self.numbers.insert(id.into(), number);
        self.cases.push(case);
        number
    }

    /// Judges a case and says how the answer differs from what stands. `before` are the facts as they were.
    fn rejudge(&mut self, number: u32, before: Option<&Facts>, cause: Cause, out: &mut Vec<Finding>) {
        let case = &mut self.cases[number as usize];
        let history = case.facts.history(&self.symbols);
        let judged = judge_history(&self.rules, &history, self.now);
        let before = before.map(|facts| facts.history(&self.symbols));
        let revision = revise::Revision { rules: &self.rules, case: &case.id, now: self.now, cause };
        let retell = || before.as_ref().map(|h| (h, judge_history(&self.rules, h, self.now)));
        revision.apply(&history, &judged.verdicts, retell, &mut case.standing, out);
        if let Some(at) = case.wake.take() {
            self.timers.remove(&(at, number));
        }
        case.wake = judged.wake;
        if let Some(at) = case.wake {
            self.timers.insert((at, number));
        }
    }
}

fn judge_history(catalogue: &Catalogue, history: &History<'_>, now: Instant) -> Judgement {
    let item = history.item_code().and_then(|code| catalogue.items.get(code));
    let rules =
        Rules { item: item.map(AsRef::as_ref), calendar: &catalogue.calendar, officers: &catalogue.officers };
    judge(history, rules, now)
}

#[cfg(test)]
mod tests;
