//! One partition's single-threaded actor: acquire, run, release.
//!
//! - *Acquire*: begin from a checkpoint and do again what the entries after it did, with the clocks that they recorded.
//! - *Run*: batch facts, step the machine, append one entry; read the ledger back and expect exactly one's own entries.
//! - *Follow*: a standby's state is kept at the ledger's end without owning anything; acquiring begins from there.
//! - An entry of someone else at one's place, or an append of unknown outcome, drops the state: acquire again. Never a guess.

mod acquire;
mod batch;
mod follow;
mod running;
mod save;
mod search;
mod state;
mod tail;

use std::sync::Arc;
use std::time::Duration;

use model::{Catalogue, Instant};

use crate::chain::Chain;
use crate::clock::ClockMode;
use crate::incident::Incident;
use crate::log::{Log, LogError, Progress};
use follow::Follower;
use running::Running;
use state::State;

use acquire::Acquired;

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
    /// The same for the bytes of findings, by estimate.
    pub entry_bytes: usize,
    /// Most timers fired, and cases looked at again after a change of the rules, in one entry.
    pub entry_timers: u32,
    /// Most entries appended and not read back.
    pub unconfirmed_entries: usize,
    /// Records, or entries, after which the state is saved: what a start has to do again at most.
    pub checkpoint_records: u64,
    pub checkpoint_entries: u64,
    /// Fewest cases of a checkpoint's stretch: partitions with fewer are saved whole each time.
    pub checkpoint_stretch: usize,
    /// Largest record of a segment, bytes.
    pub segment_record_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            batch_records: 1_000,
            batch_wait_ms: 20,
            entry_findings: 400,
            entry_bytes: 512 * 1024,
            entry_timers: 10_000,
            unconfirmed_entries: 64,
            checkpoint_records: 100_000,
            checkpoint_entries: 1_000,
            checkpoint_stretch: 1_024,
            segment_record_bytes: 1_000_000,
        }
    }
}

/// What an actor is made of.
#[derive(Debug, Clone)]
pub struct Settings {
    pub partition: i32,
    /// What cases are judged by before the first edition of the rules.
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
    /// A standby has read the ledger for the first time.
    Following(Restored),
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
    pub checkpoints: u64,
}

enum Phase {
    Idle,
    Following(Box<Follower>),
    Running(Box<Running>),
}

/// See the module.
pub struct Actor<L> {
    settings: Settings,
    log: L,
    phase: Phase,
    tally: Tally,
    accepted_loss: bool,
}

impl<L: Log> Actor<L> {
    pub fn new(settings: Settings, log: L) -> Self {
        Self { settings, log, phase: Phase::Idle, tally: Tally::default(), accepted_loss: false }
    }

    pub fn tally(&self) -> Tally {
        self.tally
    }

    pub fn log_mut(&mut self) -> &mut L {
        &mut self.log
    }

    /// What an operator must hear of, since this was last asked.
    pub fn take_incidents(&mut self) -> Vec<Incident> {
        match &mut self.phase {
            Phase::Idle => Vec::new(),
            Phase::Following(follower) => std::mem::take(&mut follower.incidents),
            Phase::Running(run) => std::mem::take(&mut run.incidents),
        }
    }

    /// Where the ledger has come to, as far as it has been read back.
    pub fn chain(&self) -> Option<Chain> {
        match &self.phase {
            Phase::Idle | Phase::Following(_) => None,
            Phase::Running(run) => Some(run.confirmed.0),
        }
    }

    /// Whether an operator's acceptance of a loss was among the entries that were done again.
    pub fn accepted_loss(&self) -> bool {
        self.accepted_loss
    }

    /// How far `case-events` has been processed, and whether every entry about it has been read back.
    pub fn position(&self) -> Option<(i64, bool)> {
        match &self.phase {
            Phase::Idle | Phase::Following(_) => None,
            Phase::Running(run) => Some((run.state.chain.position, run.unconfirmed.is_empty())),
        }
    }

    fn inner(&self) -> Option<&State> {
        match &self.phase {
            Phase::Idle => None,
            Phase::Following(follower) => Some(follower.state()),
            Phase::Running(run) => Some(&run.state),
        }
    }

    /// The logical clock, the open cases and the bytes they take; `None` before the ledger has been read.
    pub fn state(&self) -> Option<(Instant, usize, usize)> {
        self.inner().map(|state| (state.chain.now, state.machine.cases(), state.machine.state_bytes()))
    }

    /// Editions of the rules taken over, and cases still to be looked at because of the last of them.
    pub fn rules(&self) -> (usize, usize) {
        self.inner().map_or((0, 0), |state| (state.machine.editions(), state.machine.to_sweep()))
    }

    /// Cases that have something due and wait for their source to speak.
    pub fn held(&self) -> usize {
        self.inner().map_or(0, |state| state.machine.held())
    }

    /// One turn: acquires if need be, else waits for input at most `wait` and does what it asks for.
    ///
    /// # Errors
    /// What cannot be mended by acquiring again, such as a log that was cut off behind us.
    pub fn turn(&mut self, wall: Instant, wait: Duration) -> Result<Option<Report>, LogError> {
        let Phase::Running(run) = &mut self.phase else {
            let acquired = self.acquire(wall)?;
            let restored = acquired.restored;
            self.accepted_loss = acquired.done.loss.is_some();
            self.phase = Phase::Running(Box::new(Running::new(acquired)));
            self.tally.acquisitions += 1;
            return Ok(Some(Report::Acquired(restored)));
        };
        let report = match run.read(&self.settings, &mut self.log, wall, wait, &mut self.tally)? {
            Ok(report) => report,
            Err(reason) => {
                self.phase = Phase::Idle;
                return Ok(Some(Report::Lost { reason }));
            }
        };
        run.work(&self.settings, &mut self.log, wall, &mut self.tally)?;
        self.log.report(Progress { confirmed: run.confirmed.0, segments_from: run.saver.needs_from() });
        Ok(report)
    }

    /// From where a standby stands, if one does.
    fn acquire(&mut self, wall: Instant) -> Result<Acquired, LogError> {
        if let Phase::Following(follower) = std::mem::replace(&mut self.phase, Phase::Idle) {
            match follower.take_over(&mut self.log, wall) {
                Ok(Some(acquired)) => return Ok(acquired),
                // A checkpoint may stand behind what it misses.
                Ok(None) | Err(LogError::Halted(_)) => {}
                Err(error) => return Err(error),
            }
        }
        acquire::acquire(&self.settings, &mut self.log, wall)
    }

    /// One turn of a standby: reads the ledger if need be, else waits for entries at most `wait` and does them again. What an
    /// owner holds is dropped.
    ///
    /// # Errors
    /// As [`Self::turn`].
    pub fn follow(&mut self, wall: Instant, wait: Duration) -> Result<Option<Report>, LogError> {
        if let Phase::Following(follower) = &mut self.phase {
            match follower.follow(&self.settings, &mut self.log, wall, wait) {
                // One that has fallen behind finds facts deleted that a checkpoint covers.
                Err(LogError::Halted(_)) => self.phase = Phase::Idle,
                followed => followed?,
            }
            return Ok(None);
        }
        let acquired = acquire::acquire(&self.settings, &mut self.log, wall)?;
        let restored = acquired.restored;
        self.phase = Phase::Following(Box::new(Follower::new(acquired)));
        Ok(Some(Report::Following(restored)))
    }
}

#[cfg(test)]
mod tests;
