//! The state behind an entry of the ledger, and how an entry is done again.

use detectors::machine::{CaseMachine, Input};
use model::Instant;

use super::batch::{Outbox, Seen};
use crate::chain::Chain;
use crate::checkpoint::{self, Checkpoint};
use crate::incident::{Incident, Kind};
use crate::log::{Log, LogError, Record, Stream, known_edition, next_record};
use crate::record::{Anchor, Entry, Hash};

#[derive(Debug)]
pub(super) struct State {
    pub(super) machine: CaseMachine,
    /// Behind the last entry.
    pub(super) chain: Chain,
    pub(super) outbox: Outbox,
    pub(super) anchor: Option<Anchor>,
}

/// What doing entries again showed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Redone {
    pub(super) entries: u64,
    pub(super) passed_over: u64,
    pub(super) records: u64,
    /// Offset of the last entry.
    pub(super) last: i64,
    /// `from` and `to` of the last entry in which an operator accepted a loss.
    pub(super) loss: Option<(i64, i64)>,
    /// `seq` of the first entry that recorded another state than the one made now.
    pub(super) diverged: Option<u64>,
    /// The last that an entry named.
    pub(super) checkpoint: Option<Checkpoint>,
}

/// Facts read again, in order.
#[derive(Debug)]
pub(super) struct Facts {
    next: i64,
    /// Read, but not part of the entry yet.
    held: Option<Record>,
    is_open: bool,
}

impl State {
    pub(super) fn new(machine: CaseMachine, chain: Chain, anchor: Option<Anchor>) -> Self {
        Self { machine, chain, outbox: Outbox::default(), anchor }
    }

    /// Does again what a record of the ledger did, if it counts.
    pub(super) fn follow(
        &mut self,
        record: &Record,
        facts: &mut Facts,
        log: &mut impl Log,
        wall: Instant,
        done: &mut Redone,
    ) -> Result<(), LogError> {
        match self.chain.accept(&record.bytes) {
            Ok(entry) => {
                done.last = record.offset;
                self.redo(&entry, facts, log, wall, done)
            }
            Err(_) => {
                done.passed_over += 1;
                Ok(())
            }
        }
    }

    fn redo(
        &mut self,
        entry: &Entry,
        facts: &mut Facts,
        log: &mut impl Log,
        wall: Instant,
        done: &mut Redone,
    ) -> Result<(), LogError> {
        done.entries += 1;
        if let Some(named) = &entry.checkpoint {
            done.checkpoint = Some(named.clone());
        }
        if entry.loss.is_some() {
            // The facts between are given up; the state is the one that was begun from.
            self.anchor = None;
            done.loss = Some((entry.from, entry.to));
            return facts.start(log, entry.to);
        }
        self.open(facts, log, wall)?;
        while (self.machine.editions() as i64) < entry.reference {
            let edition = known_edition(log, self.machine.editions())?;
            self.outbox.fill(|told| self.machine.step(Input::Edition(&edition), told));
        }
        let mut seen = Seen::default();
        while let Some(record) = facts.before(entry.to, log)? {
            seen.feed(&mut self.machine, record, &mut self.outbox);
        }
        self.outbox.fill(|told| self.machine.fire(entry.now, entry.timers, usize::MAX, told));
        // What is told again has been told: it stands in the ledger, but for what the entry had no room for.
        self.outbox.keep_last(entry.left as usize);
        done.records += seen.records;
        self.anchor = seen.anchor().or(self.anchor);
        if entry.anchor.is_some() && entry.anchor != self.anchor {
            let range = (entry.from, entry.to);
            let detail = "the last record of the range is not the one that was processed";
            return Err(halted(Kind::FactsRewritten, entry.partition, range, wall, detail));
        }
        if entry.digest != checkpoint::digest(self.machine.digest()) {
            done.diverged.get_or_insert(entry.seq);
        }
        Ok(())
    }

    /// Before the first fact is read again: are the facts from here on still there, behind the one consumed last?
    pub(super) fn open(&self, facts: &mut Facts, log: &mut impl Log, wall: Instant) -> Result<(), LogError> {
        if facts.is_open {
            return Ok(());
        }
        let (low, high) = log.bounds(Stream::CaseEvents)?;
        let (partition, next) = (self.chain.partition, facts.next);
        if next < low {
            let detail = "retention or an operator has deleted them";
            return Err(halted(Kind::FactsLost, partition, (next, low), wall, detail));
        }
        if next > high {
            let detail = "the topic ends before the place that the ledger has come to";
            return Err(halted(Kind::FactsRewritten, partition, (high, next), wall, detail));
        }
        if let Some(anchor) = self.anchor.filter(|anchor| (low..high).contains(&anchor.offset)) {
            log.seek(Stream::CaseEvents, anchor.offset)?;
            let found = next_record(log, Stream::CaseEvents)?;
            if !found.is_some_and(|r| r.offset == anchor.offset && Hash::of(&r.bytes) == anchor.hash) {
                let detail = "the last record processed is not in its place any more";
                return Err(halted(Kind::FactsRewritten, partition, (anchor.offset, next), wall, detail));
            }
        }
        facts.start(log, next)
    }
}

impl Facts {
    /// Nothing is read before [`State::open`].
    pub(super) fn from(offset: i64) -> Self {
        Self { next: offset, held: None, is_open: false }
    }

    fn start(&mut self, log: &mut impl Log, offset: i64) -> Result<(), LogError> {
        *self = Self { next: offset, held: None, is_open: true };
        log.seek(Stream::CaseEvents, offset)
    }

    /// The next record before `to`; `None` once there is no more.
    fn before(&mut self, to: i64, log: &mut impl Log) -> Result<Option<Record>, LogError> {
        if self.next >= to {
            return Ok(None);
        }
        if self.held.is_none() {
            self.held = next_record(log, Stream::CaseEvents)?;
        }
        match self.held.take_if(|record| record.offset < to) {
            Some(record) => {
                self.next = record.offset + 1;
                Ok(Some(record))
            }
            // Between here and `to` there are no records but markers.
            None => {
                self.next = to;
                Ok(None)
            }
        }
    }
}

pub(super) fn halted(kind: Kind, partition: i32, range: (i64, i64), at: Instant, detail: &str) -> LogError {
    LogError::Halted(Box::new(Incident::new(kind, partition, range, at, detail)))
}
