//! A warm standby: the state is kept at the ledger's end while another process owns the partition, so that a takeover does
//! again only what has come since the last look. It appends nothing.

use std::time::Duration;

use model::Instant;

use super::Settings;
use super::acquire::{Acquired, Start, finish};
use super::state::{Facts, Redone, State};
use crate::checkpoint::Checkpoint;
use crate::incident::Incident;
use crate::log::{Log, LogError, LogEvent, Record, Stream, next_record};
use crate::record::Hash;

/// Most records of the ledger that are read in one turn.
const TURN: usize = 100;

pub(super) struct Follower {
    state: State,
    /// The newest that the owner has named: its segments are the ones that are kept.
    checkpoint: Option<Checkpoint>,
    /// Since that one.
    done: Redone,
    facts: Facts,
    /// Offset of `ledger` that is read next.
    next: i64,
    pub(super) incidents: Vec<Incident>,
}

impl Follower {
    pub(super) fn new(acquired: Acquired) -> Self {
        let Acquired { state, checkpoint, done, ledger_end: next, incidents, .. } = acquired;
        // One that was named and not begun from could not be used.
        let done = Redone { checkpoint: None, ..done };
        Self { facts: Facts::from(state.chain.position), checkpoint, done, next, incidents, state }
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    /// Does again what the owner has appended since, waiting at most `wait` for the first of it.
    pub(super) fn follow(
        &mut self,
        settings: &Settings,
        log: &mut impl Log,
        wall: Instant,
        mut wait: Duration,
    ) -> Result<(), LogError> {
        let diverged = self.done.diverged;
        for _ in 0..TURN {
            let Some(event) = log.poll(Stream::Ledger, wait)? else { break };
            wait = Duration::ZERO;
            match event {
                LogEvent::Record { offset, timestamp, bytes } => {
                    self.next = offset + 1;
                    let record = Record { offset, timestamp, bytes };
                    self.state.follow(&record, &mut self.facts, log, wall, &mut self.done)?;
                    self.adopt(settings);
                }
                LogEvent::End => break,
                // Of an append in an earlier life as owner: whether it happened is what the ledger shows.
                LogEvent::Unknown { .. } => {}
            }
        }
        if let (Some(seq), None) = (self.done.diverged, diverged) {
            self.incidents.push(Incident::diverged(settings.partition, seq, &self.state.chain, wall));
        }
        Ok(())
    }

    /// What changed since an older checkpoint holds what changed since a newer one, so the newer one can be built upon.
    fn adopt(&mut self, settings: &Settings) {
        let Some(named) = self.done.checkpoint.take() else { return };
        let rules = self.state.machine.rules_identity(named.editions());
        if named.refusal(settings.partition, &rules).is_none() {
            self.checkpoint = Some(named);
            (self.done.records, self.done.entries) = (0, 0);
        }
    }

    /// Becomes an owner's state. `None` if it cannot: the ledger is not the one that was followed, or what would be built
    /// upon has been deleted.
    pub(super) fn take_over(self, log: &mut impl Log, wall: Instant) -> Result<Option<Acquired>, LogError> {
        let (_, end) = log.bounds(Stream::Ledger)?;
        let (segments, _) = log.bounds(Stream::Segments)?;
        let needs = self.checkpoint.as_ref().and_then(Checkpoint::needs_from);
        if end < self.next || needs.is_some_and(|needs| needs < segments) || !self.is_in_place(log)? {
            return Ok(None);
        }
        log.seek(Stream::Ledger, self.next)?;
        let Self { state, checkpoint, done, next, incidents, .. } = self;
        finish(log, Start { state, checkpoint, done, ledger: (next, end) }, incidents, wall).map(Some)
    }

    /// Whether the last entry is still where it was read: the ledger may be another one of the same name.
    fn is_in_place(&self, log: &mut impl Log) -> Result<bool, LogError> {
        let Self { state, done, .. } = self;
        if state.chain.next_seq == 0 {
            return Ok(true);
        }
        log.seek(Stream::Ledger, done.last)?;
        let last = next_record(log, Stream::Ledger)?;
        Ok(last.is_some_and(|last| last.offset == done.last && Hash::of(&last.bytes) == state.chain.prev))
    }
}
