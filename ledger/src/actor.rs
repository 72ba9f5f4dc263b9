//! One partition's single-threaded actor: acquire, run, release.
//!
//! - *Acquire*: read the ledger to its end as it is now, then replay the facts it covers with the clocks it recorded.
//! - *Run*: batch facts, step the machine, append one entry; read the ledger back and expect exactly one's own entries.
//! - An entry of someone else at one's place, or an append of unknown outcome, drops the state: acquire again. Never a guess.

mod acquire;
mod batch;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use detectors::machine::CaseMachine;
use model::{Catalogue, Instant};

use crate::chain::Chain;
use crate::clock::{self, ClockMode, Reading};
use crate::log::{Log, LogError, LogEvent, Stream};
use crate::record::{Entry, FORMAT, Hash};
use batch::Batch;

pub use acquire::Restored;

/// Bounds of the actor, each with its unit.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most records a batch.
    pub batch_records: usize,
    /// Longest wait for a batch to fill, ms.
    pub batch_wait_ms: i64,
    /// Findings after which an entry is closed; what is left of the batch goes into the next.
    pub entry_findings: usize,
    /// Most entries appended and not read back.
    pub unconfirmed_entries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { batch_records: 1_000, batch_wait_ms: 20, entry_findings: 400, unconfirmed_entries: 64 }
    }
}

/// What an actor is made of.
#[derive(Debug, Clone)]
pub struct Settings {
    pub partition: i32,
    pub rules: Arc<Catalogue>,
    pub clock: ClockMode,
    pub limits: Limits,
}

/// What the actor tells whoever runs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    Acquired(Restored),
    /// The state was dropped and is acquired anew.
    Lost {
        reason: &'static str,
    },
    /// Entries were confirmed: read back as one's own.
    Confirmed {
        entries: usize,
    },
}

/// Counters since the start, for metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub records: u64,
    pub findings: u64,
    pub entries: u64,
    pub undecodable: u64,
    pub acquisitions: u64,
}

enum Phase {
    Idle,
    Running(Box<Running>),
}

struct Running {
    machine: CaseMachine,
    /// Behind the last entry appended.
    ahead: Chain,
    /// Behind the last entry read back.
    confirmed: Chain,
    /// Hash of each entry appended and not read back, and the chain behind it.
    unconfirmed: VecDeque<(Hash, Chain)>,
    batch: Batch,
    caught_up: bool,
}

/// See the module.
pub struct Actor<L> {
    settings: Settings,
    log: L,
    phase: Phase,
    tally: Tally,
}

impl<L: Log> Actor<L> {
    pub fn new(settings: Settings, log: L) -> Self {
        Self { settings, log, phase: Phase::Idle, tally: Tally::default() }
    }

    pub fn tally(&self) -> Tally {
        self.tally
    }

    pub fn log_mut(&mut self) -> &mut L {
        &mut self.log
    }

    /// How far `case-events` has been processed, and whether every entry about it has been read back.
    pub fn position(&self) -> Option<(i64, bool)> {
        match &self.phase {
            Phase::Idle => None,
            Phase::Running(run) => Some((run.ahead.position, run.unconfirmed.is_empty())),
        }
    }

    /// The logical clock, the open cases and the bytes they take; `None` before the partition is acquired.
    pub fn state(&self) -> Option<(Instant, usize, usize)> {
        match &self.phase {
            Phase::Idle => None,
            Phase::Running(run) => Some((run.ahead.now, run.machine.cases(), run.machine.state_bytes())),
        }
    }

    /// One turn: acquires if need be, else waits for input at most `wait` and does what it asks for.
    ///
    /// # Errors
    /// What cannot be mended by acquiring again, such as a log that was cut off behind us.
    pub fn turn(&mut self, wall: Instant, wait: Duration) -> Result<Option<Report>, LogError> {
        let Phase::Running(run) = &mut self.phase else {
            let (run, restored) = acquire::acquire(&self.settings, &mut self.log)?;
            self.phase = Phase::Running(Box::new(run));
            self.tally.acquisitions += 1;
            return Ok(Some(Report::Acquired(restored)));
        };
        let wait = run.patience(&self.settings, wall, wait);
        let mut report = None;
        // Everything already here is taken before anything is decided.
        let mut event = self.log.poll(wait)?;
        while let Some(happened) = event {
            match run.take(happened, wall, &mut self.tally) {
                Ok(confirmed) => report = confirmed.or(report),
                Err(reason) => {
                    self.phase = Phase::Idle;
                    return Ok(Some(Report::Lost { reason }));
                }
            }
            event = if run.batch.len() < self.settings.limits.batch_records {
                self.log.poll(Duration::ZERO)?
            } else {
                None
            };
        }
        if run.unconfirmed.len() < self.settings.limits.unconfirmed_entries && run.ready(&self.settings, wall)
        {
            run.close_batch(&self.settings, wall, &mut self.log, &mut self.tally)?;
        }
        self.log.report(run.confirmed.position);
        Ok(report)
    }
}

impl Running {
    /// How long may be waited for input.
    fn patience(&self, settings: &Settings, wall: Instant, wait: Duration) -> Duration {
        if self.batch.len() >= settings.limits.batch_records {
            return Duration::ZERO;
        }
        let mut ms = wait.as_millis() as i64;
        if let Some(opened) = self.batch.opened_at() {
            ms = ms.min(opened.0 + settings.limits.batch_wait_ms - wall.0);
        } else if let (ClockMode::Wall, Some(wake), true) =
            (settings.clock, self.machine.next_wake(), self.caught_up)
        {
            ms = ms.min(wake.0 - wall.0);
        }
        Duration::from_millis(ms.max(0) as u64)
    }

    /// Takes one thing that happened. An error is the reason why the state must be dropped.
    fn take(
        &mut self,
        event: LogEvent,
        wall: Instant,
        tally: &mut Tally,
    ) -> Result<Option<Report>, &'static str> {
        match event {
            LogEvent::Record { stream: Stream::CaseEvents, offset, timestamp, bytes } => {
                if offset >= self.batch.next_offset() {
                    tally.records += 1;
                    self.caught_up = false;
                    self.batch.push(offset, timestamp, bytes, wall);
                }
                Ok(None)
            }
            LogEvent::Record { stream: Stream::Ledger, bytes, .. } => self.read_back(&bytes),
            LogEvent::End { stream: Stream::CaseEvents } => {
                self.caught_up = true;
                Ok(None)
            }
            LogEvent::End { stream: Stream::Ledger } => Ok(None),
            LogEvent::Unknown { .. } => Err("an append had an unknown outcome"),
        }
    }

    /// What does not extend the chain is passed over, by us as by every reader.
    fn read_back(&mut self, bytes: &[u8]) -> Result<Option<Report>, &'static str> {
        if let Some((_, behind)) = self.unconfirmed.front().filter(|(hash, _)| *hash == Hash::of(bytes)) {
            self.confirmed = *behind;
            self.unconfirmed.pop_front();
            return Ok(Some(Report::Confirmed { entries: 1 }));
        }
        match self.confirmed.accept(bytes) {
            Ok(_) => Err("another owner extended the ledger"),
            Err(_) => Ok(None),
        }
    }

    fn ready(&self, settings: &Settings, wall: Instant) -> bool {
        match self.batch.opened_at() {
            Some(opened) => {
                self.batch.len() >= settings.limits.batch_records
                    || self.caught_up
                    || wall.0 - opened.0 >= settings.limits.batch_wait_ms
            }
            None => {
                // Timers may also be left over from an entry that was full.
                let idle =
                    Reading { wall, caught_up: self.caught_up, last_timestamp: None, latest_event: None };
                let next = clock::next(settings.clock, self.ahead.now, idle);
                self.machine.next_wake().is_some_and(|wake| wake <= next)
            }
        }
    }

    /// Steps the machine over the batch, as far as one entry holds, and appends what came of it.
    fn close_batch(
        &mut self,
        settings: &Settings,
        wall: Instant,
        log: &mut impl Log,
        tally: &mut Tally,
    ) -> Result<(), LogError> {
        let mut findings = Vec::new();
        let enough = settings.limits.entry_findings.max(1);
        let from = self.ahead.position;
        let seen = self.batch.feed(&mut self.machine, enough, &mut findings);
        tally.undecodable += seen.undecodable;
        let reading = Reading {
            wall,
            caught_up: self.caught_up && self.batch.len() == 0,
            last_timestamp: seen.last_timestamp,
            latest_event: seen.latest_event,
        };
        let now = clock::next(settings.clock, self.ahead.now, reading);
        let timers = self.machine.fire(now, u32::MAX, enough, &mut findings);
        tally.findings += findings.len() as u64;
        let entry = Entry {
            v: FORMAT,
            partition: self.ahead.partition,
            seq: self.ahead.next_seq,
            from,
            to: self.batch.first_offset(),
            now,
            timers,
            reference: self.ahead.reference,
            findings,
            digest: batch::digest(&self.machine),
            prev: self.ahead.prev,
        };
        self.append(log, entry, tally)
    }

    fn append(&mut self, log: &mut impl Log, entry: Entry, tally: &mut Tally) -> Result<(), LogError> {
        let bytes = entry.encode();
        let hash = Hash::of(&bytes);
        self.ahead = self.ahead.behind(&entry, hash).expect("an own entry extends the chain");
        self.unconfirmed.push_back((hash, self.ahead));
        tally.entries += 1;
        log.append(bytes)
    }
}

#[cfg(test)]
mod tests;
