//! CaseMachine: many cases, fed one input at a time. Facts and instants go in; what changed comes out.
//!
//! The machine judges a case anew from all its facts and compares the answer with what stands. Late facts, repeated
//! facts and disorder are therefore one operation. Same inputs, same outputs, always: time arrives as an input.

mod digest;
mod revise;
mod snapshot;
mod sources;
mod store;
mod sweep;
mod under;

use std::collections::BTreeSet;
use std::sync::Arc;

use model::catalogue::Edition;
use model::event::Event;
use model::finding::Cause;
use model::{Catalogue, Finding, Instant};

use crate::facts::Facts;
use crate::history::History;
use crate::judge::judge;
use crate::rulebook::Rulebook;
use crate::symbols::Symbols;
use sources::Sources;
use store::Store;
use sweep::Sweep;

pub use digest::StateDigest;
pub use snapshot::{Damaged, Restorer, STATE_FORMAT};

/// What the machine is fed.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    Fact(&'a Event<'a>),
    /// A sign of life of a source, and when it was heard. `home`: its silence, if it falls silent, is told here.
    Heard {
        source: &'a str,
        at: Instant,
        home: bool,
    },
    /// The rules have a further edition, the one behind those taken over before.
    Edition(&'a Arc<Edition>),
    /// The logical clock has come this far.
    Clock(Instant),
}

/// What an instant brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// A case is to be judged.
    Case(u32),
    /// A source has said nothing for too long.
    Silence(u32),
    /// An edition that migrates cases comes into force.
    Edition,
}

/// The state of one partition's cases.
#[derive(Debug)]
pub struct CaseMachine {
    rules: Rulebook,
    sweep: Option<Sweep>,
    now: Instant,
    symbols: Symbols,
    cases: Store,
    /// Bytes that the cases hold beside their frames.
    heap: usize,
    timers: BTreeSet<(Instant, Timer)>,
    /// Whether silence counts here at all.
    watches: bool,
    sources: Sources,
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

impl CaseMachine {
    /// Holds nothing, whoever is silent: for histories, where the clock does not wait.
    pub fn new(rules: Arc<Catalogue>) -> Self {
        Self::with(rules, None)
    }

    /// Holds the deadlines of sources that are silent, as far as the catalogue says that their silence counts.
    pub fn watching(rules: Arc<Catalogue>) -> Self {
        let sources = Sources::of(&rules.orgs);
        Self::with(rules, Some(sources))
    }

    fn with(rules: Arc<Catalogue>, sources: Option<Sources>) -> Self {
        Self {
            rules: Rulebook::of(rules),
            sweep: None,
            watches: sources.is_some(),
            sources: sources.unwrap_or_default(),
            now: Instant(i64::MIN),
            symbols: Symbols::default(),
            cases: Store::default(),
            heap: 0,
            timers: BTreeSet::new(),
            digest: StateDigest::default(),
            counts: Counts::default(),
        }
    }

    /// Takes one input; what changed is appended to `out`.
    pub fn step(&mut self, input: Input<'_>, out: &mut Vec<Finding>) {
        match input {
            Input::Fact(event) => self.take(event, out),
            Input::Heard { source, at, home } => self.hear(source, (at, home), out),
            Input::Edition(edition) => self.adopt(edition, out),
            Input::Clock(now) => {
                self.fire(now, u32::MAX, usize::MAX, out);
            }
        }
    }

    /// Takes a fact without judging its case: for histories that are read whole and [`Self::settle`]d at the end.
    pub fn absorb(&mut self, event: &Event<'_>) {
        if event.is_heartbeat() {
            return;
        }
        let number = self.number_of(&event.case);
        if self.cases.touch(number).facts.insert(event, &mut self.symbols) {
            self.counts.facts += 1;
        } else {
            self.counts.duplicates += 1;
        }
    }

    /// Judges every case at `now` as if nothing had been told of it yet; `each` takes the findings of one case after
    /// another, in the order of their ids.
    pub fn settle(&self, now: Instant, mut each: impl FnMut(Vec<Finding>)) {
        let mut numbers: Vec<u32> = (0..self.cases.len() as u32).collect();
        numbers.sort_unstable_by_key(|n| self.id(*n));
        numbers.into_iter().for_each(|number| each(self.findings(number, now)));
    }

    /// The findings of one case at `now`, as if nothing had been told of it yet.
    pub fn findings(&self, number: u32, now: Instant) -> Vec<Finding> {
        let mut rulebook = self.rules.clone();
        rulebook.come_to(now);
        self.findings_under(&rulebook, number, now)
    }

    /// The ids of all cases, in the order of their numbers, which count from 0.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        (0..self.cases.len() as u32).map(|number| self.id(number))
    }

    pub fn id(&self, number: u32) -> &str {
        &self.cases.get(number).id
    }

    /// The logical clock.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The next instant at which something may happen in silence.
    pub fn next_wake(&self) -> Option<Instant> {
        if self.sweep.is_some() { Some(self.now) } else { self.timers.first().map(|(at, _)| *at) }
    }

    pub fn counts(&self) -> Counts {
        self.counts
    }

    pub fn cases(&self) -> usize {
        self.cases.len()
    }

    /// Cases that have something due and wait for their source to speak.
    pub fn held(&self) -> usize {
        self.sources.held(self.now)
    }

    /// Digest of facts and findings of all cases, and of the signs of life; equal for equal state.
    pub fn digest(&self) -> StateDigest {
        StateDigest { sum: self.digest.sum.wrapping_add(self.sources.digest()), ..self.digest }
    }

    /// Bytes that the cases hold, by estimate: facts, findings, ids and index entries.
    pub fn state_bytes(&self) -> usize {
        self.heap + self.cases.frame_bytes() + (self.timers.len() + self.sources.timers()) * 24
    }

    fn take(&mut self, event: &Event<'_>, out: &mut Vec<Finding>) {
        if event.is_heartbeat() {
            return;
        }
        let number = self.number_of(&event.case);
        self.open(number);
        let case = self.cases.touch(number);
        // What stands now may have to be told again when it is retracted, so the old facts are kept for a moment.
        let before = (!case.standing.is_empty()).then(|| case.facts.clone());
        if case.facts.insert(event, &mut self.symbols) {
            self.counts.facts += 1;
            self.rejudge(number, before.as_ref(), Cause::Fact, out);
        } else {
            self.counts.duplicates += 1;
        }
        self.close(number);
    }

    /// Takes a case out of the sums while it changes.
    fn open(&mut self, number: u32) {
        let case = self.cases.get(number);
        self.digest.remove(&case.id, &case.facts, &case.standing);
        self.heap -= case.heap_bytes();
    }

    fn close(&mut self, number: u32) {
        let case = self.cases.get(number);
        self.digest.add(&case.id, &case.facts, &case.standing);
        self.heap += case.heap_bytes();
    }

    /// Moves the clock to `now` and does what is due, in its order: looks at cases again whose rules have changed, then fires
    /// timers; at most `most` of these, and none once `out` holds `enough` findings. Returns how many; those left over come
    /// next time.
    pub fn fire(&mut self, now: Instant, most: u32, enough: usize, out: &mut Vec<Finding>) -> u32 {
        self.now = self.now.max(now);
        let mut fired = 0;
        while fired < most && out.len() < enough && (self.sweep_on(out) || self.fire_one(out)) {
            fired += 1;
        }
        fired
    }

    /// Fires the first timer, if it is due.
    fn fire_one(&mut self, out: &mut Vec<Finding>) -> bool {
        let due = self.timers.first().copied().filter(|(at, _)| *at <= self.now);
        match due.map(|(_, timer)| timer) {
            None => return false,
            Some(Timer::Case(number)) => self.look_again(number, Cause::Clock, out),
            Some(Timer::Silence(source)) => {
                self.timers.pop_first();
                self.sources.get_mut(source).tell(self.now, self.rules.newest(), out);
            }
            Some(Timer::Edition) => self.come_into_force(),
        }
        true
    }

    /// Judges a case whose facts have not changed.
    fn look_again(&mut self, number: u32, cause: Cause, out: &mut Vec<Finding>) {
        self.open(number);
        self.rejudge(number, None, cause, out);
        self.close(number);
    }

    fn hear(&mut self, name: &str, sign: (Instant, bool), out: &mut Vec<Finding>) {
        let Some(number) = self.sources.find(name) else { return };
        let Some(moved) = self.sources.get_mut(number).hear(sign, self.now, self.rules.newest(), out) else {
            return;
        };
        if let Some(at) = moved.silence_before {
            self.timers.remove(&(at, Timer::Silence(number)));
        }
        self.timers.extend(moved.silence.map(|at| (at, Timer::Silence(number))));
        self.timers.extend(moved.cases.into_iter().map(|(at, case)| (at, Timer::Case(case))));
    }

    /// Takes over whose silence counts by an edition. Timers that waited for a source that is not waited for any more are due as
    /// they stand, so that nothing is held for ever. `false`: nothing changes.
    fn follow_sources(&mut self, out: &mut Vec<Finding>) -> bool {
        let rules = self.rules.newest();
        if !self.watches || self.sources.are_of(&rules.orgs) {
            return false;
        }
        for number in 0..self.sources.iter().count() as u32 {
            if let Some(at) = self.sources.get_mut(number).silence() {
                self.timers.remove(&(at, Timer::Silence(number)));
            }
        }
        let released = self.sources.follow(&rules.orgs, self.now, rules, out);
        self.timers.extend(released.into_iter().map(|(at, case)| (at, Timer::Case(case))));
        let silences = (0..).zip(self.sources.iter());
        self.timers.extend(silences.filter_map(|(n, source)| Some((source.silence()?, Timer::Silence(n)))));
        true
    }

    /// Puts a case's timer where it waits now.
    fn place_again(&mut self, number: u32) {
        let case = self.cases.get(number);
        let Some(at) = case.wake() else { return };
        let source = self.sources.of_case(&case.facts.history(&self.symbols));
        if !self.timers.remove(&(at, Timer::Case(number))) {
            self.sources.release(source, at, number);
        }
        self.wait(at, number, source);
    }

    fn number_of(&mut self, id: &str) -> u32 {
        self.cases.find(id).unwrap_or_else(|| {
            let number = self.cases.push(id);
            self.close(number);
            number
        })
    }

    /// Judges a case and says how the answer differs from what stands. `before` are the facts as they were.
    fn rejudge(&mut self, number: u32, before: Option<&Facts>, cause: Cause, out: &mut Vec<Finding>) {
        let case = self.cases.get(number);
        let history = case.facts.history(&self.symbols);
        let (sources, now) = (&self.sources, self.now);
        let source = sources.of_case(&history);
        let rules = self.rules.governing(&history);
        let judged = judge(&history, rules, sources.judging(source, now));
        let earlier = before.map(|facts| facts.history(&self.symbols));
        let retell = || {
            let then = earlier.as_ref().unwrap_or(&history);
            let at = sources.judging(sources.of_case(then), now);
            let old =
                self.sweep.iter().map(|sweep| &sweep.before).chain(earlier.is_some().then_some(&self.rules));
            let rules = old.map(|rulebook| rulebook.governing(then));
            rules
                .map(|rules| revise::Before {
                    history: then,
                    rules,
                    verdicts: judge(then, rules, at).verdicts,
                })
                .collect()
        };
        let revision = revise::Revision { rules, case: &case.id, now: told_at(now, &history), cause };
        let (mut standing, told) = (case.standing.to_vec(), out.len());
        revision.apply(&history, &judged.verdicts, retell, &mut standing, out);
        if out.len() == told && judged.wake == case.wake() {
            return;
        }
        let case = self.cases.touch(number);
        if out.len() > told {
            case.standing = standing.into_boxed_slice();
        }
        if let Some(at) = case.set_wake(judged.wake)
            && !self.timers.remove(&(at, Timer::Case(number)))
        {
            self.sources.release(source, at, number);
        }
        if let Some(at) = judged.wake {
            self.wait(at, number, source);
        }
    }

    fn wait(&mut self, at: Instant, number: u32, source: Option<u32>) {
        if !self.sources.hold(source, at, number) {
            self.timers.insert((at, Timer::Case(number)));
        }
    }
}

/// When a finding is told. Before the clock has moved for the first time, that is when the last of the facts happened.
fn told_at(now: Instant, history: &History<'_>) -> Instant {
    match history.events().last() {
        Some(last) if now == Instant(i64::MIN) => last.time,
        _ => now,
    }
}

#[cfg(test)]
mod tests;
