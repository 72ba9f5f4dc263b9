//! An owner at work: read what there is, step the machine over a batch, append an entry, expect it back.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use detectors::machine::Input;
use model::Instant;
use model::catalogue::Edition;

use super::acquire::Acquired;
use super::batch::{Batch, Room};
use super::save::Saver;
use super::state::State;
use super::tail::{Tail, Word};
use super::{Report, Settings, Tally};
use crate::chain::Chain;
use crate::checkpoint;
use crate::clock::{self, ClockMode, Reading, Witness};
use crate::incident::{Incident, Kind};
use crate::kafka::MAX_ENTRY_BYTES;
use crate::log::{Log, LogError, LogEvent, Record, Stream};
use crate::record::{Entry, Hash};

/// Longest wait for an entry to come back, ms. An append of unknown outcome is told earlier; this is for one that was
/// acknowledged and is gone.
const CONFIRM_WITHIN_MS: i64 = 60_000;
/// Longest wait for facts while a save is under way.
const SAVING_WAIT_MS: i64 = 5;

pub(super) struct Running {
    /// Behind the last entry appended.
    pub(super) state: State,
    /// Behind the last entry read back, and that entry's offset.
    pub(super) confirmed: (Chain, i64),
    /// Each entry appended and not read back.
    pub(super) unconfirmed: VecDeque<Appended>,
    pub(super) saver: Saver,
    pub(super) incidents: Vec<Incident>,
    witness: Witness,
    batch: Batch,
    /// The end of the facts was told, and none has come since.
    caught_up: bool,
    tail: Tail,
    /// The next edition of the rules, which the next entry takes over.
    edition: Option<Arc<Edition>>,
}

/// An entry on its way.
pub(super) struct Appended {
    hash: Hash,
    /// The chain behind it.
    behind: Chain,
    at: Instant,
}

/// Why the state must be dropped.
type Lost = &'static str;

impl Running {
    pub(super) fn new(acquired: Acquired) -> Self {
        let Acquired { state, checkpoint, done, incidents, .. } = acquired;
        Self {
            incidents,
            witness: Witness::default(),
            confirmed: (state.chain, done.last),
            unconfirmed: VecDeque::new(),
            saver: Saver::behind(checkpoint, done.records, done.entries),
            batch: Batch::new(state.chain.position),
            caught_up: false,
            tail: Tail::default(),
            edition: None,
            state,
        }
    }

    /// Takes everything that is already here, before anything is decided; waits at most `wait` for the first fact.
    pub(super) fn read(
        &mut self,
        settings: &Settings,
        log: &mut impl Log,
        wall: Instant,
        wait: Duration,
        tally: &mut Tally,
    ) -> Result<Result<Option<Report>, Lost>, LogError> {
        self.witness.see(wall);
        let mut confirmed = 0;
        while let Some(event) = log.poll(Stream::Ledger, Duration::ZERO)? {
            match event {
                LogEvent::Record { offset, timestamp, bytes } => {
                    match self.read_back(offset, timestamp, &bytes, wall) {
                        Ok(entries) => confirmed += entries,
                        Err(lost) => return Ok(Err(lost)),
                    }
                }
                LogEvent::End => break,
                LogEvent::Unknown { .. } => return Ok(Err(UNKNOWN)),
            }
        }
        if self.unconfirmed.front().is_some_and(|own| wall.0 - own.at.0 > CONFIRM_WITHIN_MS) {
            return Ok(Err("an entry has not come back for a long time"));
        }
        while self.saver.is_busy()
            && let Some(event) = log.poll(Stream::Segments, Duration::ZERO)?
        {
            match event {
                LogEvent::Record { offset, bytes, .. } => {
                    if !self.saver.read_back(offset, &bytes) {
                        return Ok(Err(PASSED_OVER));
                    }
                }
                LogEvent::End => break,
                LogEvent::Unknown { .. } => return Ok(Err(UNKNOWN)),
            }
        }
        let machine = &self.state.machine;
        // The next edition waits until every case has been looked at by the last one.
        if self.edition.is_none() && machine.to_sweep() == 0 {
            self.edition = log.edition(machine.editions(), Duration::ZERO)?;
        }
        let mut wait = self.patience(settings, wall, wait);
        while self.batch.len() < settings.limits.batch_records
            && let Some(event) = log.poll(Stream::CaseEvents, wait)?
        {
            wait = Duration::ZERO;
            match event {
                LogEvent::Record { offset, timestamp, bytes } if offset >= self.batch.next_offset() => {
                    tally.records += 1;
                    self.caught_up = false;
                    self.batch.push(Record { offset, timestamp, bytes }, wall);
                }
                LogEvent::Record { .. } => {}
                LogEvent::End => {
                    self.caught_up = true;
                    self.tail.end();
                }
                LogEvent::Unknown { .. } => return Ok(Err(UNKNOWN)),
            }
        }
        Ok(Ok((confirmed > 0).then_some(Report::Confirmed { entries: confirmed })))
    }

    /// How long may be waited for input.
    fn patience(&self, settings: &Settings, wall: Instant, wait: Duration) -> Duration {
        let mut ms = wait.as_millis() as i64;
        if let Some(opened) = self.batch.opened_at() {
            ms = ms.min(opened.0 + settings.limits.batch_wait_ms - wall.0);
        } else if let (ClockMode::Wall, Some(wake), true) =
            (settings.clock, self.state.machine.next_wake(), self.caught_up && !self.tail.is_open())
        {
            ms = ms.min(wake.0.saturating_sub(wall.0));
        }
        if self.saver.is_busy() {
            ms = ms.min(SAVING_WAIT_MS);
        }
        if self.state.outbox.len() > 0 || self.edition.is_some() || self.state.machine.to_sweep() > 0 {
            ms = 0;
        }
        Duration::from_millis(ms.max(0) as u64)
    }

    /// What does not extend the chain is passed over, by us as by every reader.
    fn read_back(&mut self, offset: i64, stamp: Instant, bytes: &[u8], wall: Instant) -> Result<usize, Lost> {
        let hash = Hash::of(bytes);
        if let Some(place) = self.unconfirmed.iter().position(|own| own.hash == hash) {
            // A producer's records land in their order, or not at all: what stood before it will not come any more.
            let own = self.unconfirmed.pop_front().filter(|_| place == 0).ok_or(PASSED_OVER)?;
            self.confirmed = (own.behind, offset);
            self.saver.confirmed(&self.confirmed.0, offset);
            let chain = &self.confirmed.0;
            if let Some((broker, wall)) = self.witness.hear(chain.next_seq, stamp, wall) {
                let range = (broker.0, wall.0);
                let detail = "the broker's time on an entry, and the wall clock when it was read back";
                self.incidents.push(Incident::new(Kind::ClockSuspect, chain.partition, range, wall, detail));
            }
            return Ok(1);
        }
        match self.confirmed.0.accept(bytes) {
            Ok(_) => Err("another owner extended the ledger"),
            Err(_) => Ok(0),
        }
    }

    /// Does what is due: an entry, and a piece of the save.
    pub(super) fn work(
        &mut self,
        settings: &Settings,
        log: &mut impl Log,
        wall: Instant,
        tally: &mut Tally,
    ) -> Result<(), LogError> {
        let has_room = self.unconfirmed.len() < settings.limits.unconfirmed_entries.max(1);
        if has_room && (self.is_ready(settings, wall, self.caught_up) || self.saver.is_ready()) {
            let (at_end, wall) = self.end(settings, log, wall)?;
            if self.is_ready(settings, wall, at_end) || self.saver.is_ready() {
                self.close_batch(settings, wall, at_end, log, tally)?;
            }
        }
        self.saver.begin(&settings.limits, &mut self.state, self.confirmed, log)?;
        self.saver.write(&settings.limits, &mut self.state, log)
    }

    /// Whether nothing is left to read, and up to when that is known. Where only time makes an entry, the broker is asked; where
    /// facts do, the wall's time does not count: one more may have been published behind them.
    fn end(
        &mut self,
        settings: &Settings,
        log: &mut impl Log,
        wall: Instant,
    ) -> Result<(bool, Instant), LogError> {
        if settings.clock != ClockMode::Wall {
            return Ok((self.caught_up, wall));
        }
        if !self.caught_up || self.batch.opened_at().is_some() {
            return Ok((false, wall));
        }
        let next = self.batch.next_offset();
        let word = self.tail.ask(next, log, wall);
        if word == Word::ReadAnew {
            log.seek(Stream::CaseEvents, next)?;
            self.caught_up = false;
        }
        Ok((word == Word::Reached, self.tail.known_to(wall)))
    }

    fn is_ready(&self, settings: &Settings, wall: Instant, at_end: bool) -> bool {
        if self.state.outbox.len() > 0 || self.edition.is_some() {
            return true;
        }
        match self.batch.opened_at() {
            Some(opened) => {
                self.batch.len() >= settings.limits.batch_records
                    || self.caught_up
                    || wall.0 - opened.0 >= settings.limits.batch_wait_ms
            }
            None => {
                // Timers may also be left over from an entry that was full.
                let believed = self.witness.believed(wall);
                let (last_timestamp, latest_event) = (None, None);
                let idle = Reading { believed, wall, caught_up: at_end, last_timestamp, latest_event };
                let next = clock::next(settings.clock, self.state.chain.now, idle);
                self.state.machine.next_wake().is_some_and(|wake| wake <= next)
                    || self.must_ask(settings, wall, at_end)
            }
        }
    }

    /// Whether something may be due, but the wall clock is not borne out.
    fn must_ask(&self, settings: &Settings, wall: Instant, at_end: bool) -> bool {
        let (is_idle, wake) = (at_end && self.unconfirmed.is_empty(), self.state.machine.next_wake());
        settings.clock == ClockMode::Wall && is_idle && self.witness.must_ask(wall, wake)
    }

    /// Steps the machine over the batch, as far as one entry holds, and appends what came of it.
    fn close_batch(
        &mut self,
        settings: &Settings,
        wall: Instant,
        at_end: bool,
        log: &mut impl Log,
        tally: &mut Tally,
    ) -> Result<(), LogError> {
        let room = Room { findings: settings.limits.entry_findings, bytes: settings.limits.entry_bytes };
        let before = self.state.outbox.len();
        if let Some(edition) = self.edition.take() {
            self.state.outbox.fill(|told| self.state.machine.step(Input::Edition(&edition), told));
        }
        let seen = self.batch.feed(&mut self.state.machine, room, &mut self.state.outbox);
        if self.must_ask(settings, wall, at_end) {
            self.witness.ask(self.state.chain.next_seq + 1, wall);
        }
        let State { machine, outbox, chain, anchor } = &mut self.state;
        let reading = Reading {
            believed: self.witness.believed(wall),
            wall,
            caught_up: at_end && self.batch.len() == 0,
            last_timestamp: seen.last_timestamp(),
            latest_event: seen.latest_event,
        };
        let now = clock::next(settings.clock, chain.now, reading);
        let enough = room.findings.saturating_sub(outbox.len());
        let timers = outbox.fill(|told| machine.fire(now, settings.limits.entry_timers, enough, told));
        tally.findings += (outbox.len() - before) as u64;
        tally.undecodable += seen.undecodable;
        *anchor = seen.anchor().or(*anchor);
        let checkpoint = self.saver.take(chain.next_seq);
        tally.checkpoints += u64::from(checkpoint.is_some());
        let mut entry = Entry {
            to: self.batch.first_offset(),
            now,
            timers,
            reference: machine.editions() as i64,
            findings: outbox.take(room),
            digest: checkpoint::digest(machine.digest()),
            anchor: *anchor,
            checkpoint,
            ..Entry::extending(chain)
        };
        entry.left = outbox.len() as u32;
        // An entry that only names a checkpoint is no reason for the next one.
        if entry.checkpoint.is_none() || seen.records > 0 || timers > 0 {
            self.saver.count(seen.records);
        }
        self.append(log, wall, entry, tally)
    }

    fn append(
        &mut self,
        log: &mut impl Log,
        wall: Instant,
        mut entry: Entry,
        tally: &mut Tally,
    ) -> Result<(), LogError> {
        let mut bytes = entry.encode();
        // The room is an estimate; characters that JSON has to escape take more.
        while bytes.len() > MAX_ENTRY_BYTES && entry.findings.len() > 1 {
            self.state.outbox.put_back(entry.findings.split_off(entry.findings.len() / 2));
            entry.left = self.state.outbox.len() as u32;
            bytes = entry.encode();
        }
        let hash = Hash::of(&bytes);
        self.state.chain = self.state.chain.behind(&entry, hash).expect("an own entry extends the chain");
        self.unconfirmed.push_back(Appended { hash, behind: self.state.chain, at: wall });
        tally.entries += 1;
        log.append(Stream::Ledger, bytes)
    }
}

const UNKNOWN: Lost = "an append had an unknown outcome";
const PASSED_OVER: Lost = "an append was passed over: a later one has landed";
