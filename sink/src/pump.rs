//! One topic: find out where it stands, finish what was under way, then read, announce, insert, commit. Stepwise: each
//! [`Pump::turn`] has at most one effect outside, and no time of its own, so that whoever drives it decides about both.
//!
//! | step | Kafka says | a crash now leads to |
//! |---|---|---|
//! | read a batch `[a, b)` | `a` | reading it again |
//! | announce | `a`, pending `a-b` | the same insert again, under the same token |
//! | insert | the same | the same; ClickHouse drops the repetition |
//! | commit | `b` | going on at `b` |
//!
//! While batches follow one another, the commit of one and the announcement of the next are one request.

mod gather;
mod repeat;
mod state;
mod storing;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::batch::{Batch, Limits};
use crate::kind::Kind;
use crate::metrics::{Metrics, TopicMetrics};
use crate::progress::Token;
use crate::retry::Backoff;
use crate::source::{Source, Trouble};
use crate::start::{self, Halt};
use crate::store::{Outcome, Store};
use repeat::Repeat;
use state::{Parts, Work};

/// How a topic is pumped.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    pub limits: Limits,
    /// How often new partitions are looked for and lag is measured.
    pub recheck: Duration,
    /// The first and the longest pause between attempts.
    pub retry_min: Duration,
    pub retry_max: Duration,
    /// Of the jitter in pauses.
    pub seed: u64,
}

/// The time, as whoever drives the pump tells it.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// Since any fixed moment; never goes back.
    pub elapsed: Duration,
    /// Only measured against the timestamps of records, for metrics.
    pub wall: model::Instant,
}

/// See the module.
#[derive(Debug)]
pub struct Pump<K, S> {
    kind: Kind,
    source: K,
    store: S,
    settings: Settings,
    metrics: TopicMetrics,
    /// Between attempts at one thing.
    backoff: Backoff,
    /// Between looks at a topic that is in trouble.
    again: Backoff,
    parts: Parts,
    phase: Phase,
}

/// What the next turn does.
#[derive(Debug)]
enum Phase {
    /// Ask the broker where each partition stands.
    Look,
    /// Begin to read announced ranges again, if any are left.
    Reread,
    Repeat(Repeat),
    /// Begin to read what is new.
    Assign,
    Gather(Batch),
    Announce(Batch),
    Insert(Box<Work>),
    /// Commit what is stored, and look again.
    Leave,
}

/// How a turn ends: what comes next, and after which pause.
struct Next(Phase, Duration);

impl Next {
    const fn at_once(phase: Phase) -> Self {
        Self(phase, Duration::ZERO)
    }
}

impl<K: Source, S: Store> Pump<K, S> {
    pub fn new(kind: Kind, source: K, store: S, settings: Settings, metrics: &Metrics) -> Self {
        let backoff = Backoff::new(settings.retry_min, settings.retry_max, !settings.seed ^ kind as u64);
        Self {
            kind,
            source,
            store,
            settings,
            metrics: metrics.of(kind),
            again: backoff.clone(),
            backoff,
            parts: Parts::default(),
            phase: Phase::Look,
        }
    }

    /// Takes one step. What it returns is how long the next one should be put off.
    pub fn turn(&mut self, now: Now) -> Duration {
        let Next(phase, pause) = match std::mem::replace(&mut self.phase, Phase::Look) {
            Phase::Look => self.look(now),
            Phase::Reread => self.reread(now),
            Phase::Repeat(repeat) => self.repeat(repeat, now),
            Phase::Assign => self.assign(),
            Phase::Gather(batch) => self.gather(batch, now),
            Phase::Announce(batch) => self.announce(batch),
            Phase::Insert(work) => self.insert(work, now),
            Phase::Leave => self.leave(),
        };
        self.phase = phase;
        pause
    }

    /// Tells Kafka what is stored, once. Without it the next start repeats the last insert, which does no harm.
    pub fn release(&mut self) {
        if let Err(trouble) = self.commit_stored() {
            self.failed("commit", &trouble);
        }
    }

    /// The partitions that are not read, and why.
    pub const fn halted(&self) -> &BTreeMap<i32, Halt> {
        &self.parts.halted
    }

    pub const fn source(&mut self) -> &mut K {
        &mut self.source
    }

    pub const fn store(&mut self) -> &mut S {
        &mut self.store
    }

    fn look(&mut self, now: Now) -> Next {
        let found = match self.source.find() {
            Ok(found) => found,
            Err(trouble) => return Next(Phase::Look, self.failed("offsets", &trouble)),
        };
        self.recovered("offsets");
        self.parts = Parts { checked: now.elapsed, partitions: found.len(), ..Parts::default() };
        for found in &found {
            let partition = found.partition;
            match start::start(self.kind, found) {
                Ok(progress) => {
                    self.metrics.halted(partition).set(0);
                    self.metrics.lag(partition).set(found.high - progress.offset);
                    self.parts.progress.insert(partition, progress);
                }
                Err(halt) => self.halt(partition, halt),
            }
        }
        Next::at_once(Phase::Reread)
    }

    fn halt(&mut self, partition: i32, halt: Halt) {
        tracing::error!(topic = self.kind.name(), partition, reason = %halt, "a partition is halted");
        self.metrics.halted(partition).set(1);
        self.parts.progress.remove(&partition);
        self.parts.halted.insert(partition, halt);
    }

    fn assign(&mut self) -> Next {
        match self.source.assign(&self.parts.positions()) {
            Ok(()) => {
                self.recovered("assign");
                Next::at_once(Phase::Gather(Batch::default()))
            }
            Err(trouble) => Next(Phase::Assign, self.failed("assign", &trouble)),
        }
    }

    fn announce(&mut self, batch: Batch) -> Next {
        let ranges = batch.ranges();
        let token = Token::of(self.kind.name(), &ranges);
        match self.source.commit(&self.parts.announcement(&ranges, token)) {
            Ok(()) => {
                self.recovered("commit");
                self.parts.uncommitted.clear();
                self.begin(batch, token, false)
            }
            Err(trouble) => Next(Phase::Announce(batch), self.failed("commit", &trouble)),
        }
    }

    /// Goes on to insert a batch that is announced, `repeated` if it was so by an earlier start.
    fn begin(&mut self, batch: Batch, token: Token, repeated: bool) -> Next {
        let work = Work::new(self.kind, batch, token, self.parts.chains(), repeated);
        self.metrics.pending().set(i64::try_from(work.records()).unwrap_or(i64::MAX));
        Next::at_once(Phase::Insert(Box::new(work)))
    }

    fn insert(&mut self, mut work: Box<Work>, now: Now) -> Next {
        let Some((rows, range, token)) = work.storing.next() else { return self.stored(&work, now) };
        let (table, count) = (rows.table(), range.len());
        let outcome = self.store.insert(rows, range.clone(), &token);
        let pause = match &outcome {
            Outcome::Stored => {
                self.recovered(table);
                self.metrics.rows(table).inc_by(count as u64);
                for due in rows.raised_by_clock(range) {
                    self.metrics.clock_alarms().observe((now.wall.0 - due).max(0) as f64 / 1_000.0);
                }
                work.storing.stored();
                Duration::ZERO
            }
            Outcome::Refused(sentence) | Outcome::Failed(sentence) => {
                tracing::warn!(table, rows = count, error = sentence, "an insert failed and is repeated");
                match outcome {
                    Outcome::Refused(_) => work.storing.refused(sentence),
                    _ => work.storing.failed(),
                }
                self.metrics.failed(table);
                self.backoff.next()
            }
        };
        if work.storing.next().is_none() { self.stored(&work, now) } else { Next(Phase::Insert(work), pause) }
    }

    fn stored(&mut self, work: &Work, now: Now) -> Next {
        self.again.reset();
        self.parts.advance(work);
        self.report(work, now);
        Next::at_once(if work.repeated { Phase::Reread } else { Phase::Gather(Batch::default()) })
    }

    fn report(&self, work: &Work, now: Now) {
        self.metrics.pending().set(0);
        self.metrics.oldest().set(0);
        self.metrics.records().inc_by(work.records() as u64);
        self.metrics.rejected().inc_by(work.rejected + work.storing.rejected());
        for misfit in &work.misfits {
            self.metrics.misfits(&format!("{misfit:?}")).inc();
        }
        if let Some(oldest) = work.batch.oldest_ms() {
            self.metrics.stored_seconds().observe((now.wall.0 - oldest).max(0) as f64 / 1_000.0);
        }
    }

    fn leave(&mut self) -> Next {
        match self.commit_stored() {
            Ok(()) => Next(Phase::Look, self.again.next()),
            Err(trouble) => Next(Phase::Leave, self.failed("commit", &trouble)),
        }
    }

    fn commit_stored(&mut self) -> Result<(), Trouble> {
        if !self.parts.uncommitted.is_empty() {
            self.source.commit(&self.parts.stored())?;
            self.parts.uncommitted.clear();
            self.recovered("commit");
        }
        Ok(())
    }

    /// Counts what failed, and says how long to wait before it is tried again.
    fn failed(&mut self, operation: &'static str, trouble: &Trouble) -> Duration {
        tracing::warn!(topic = self.kind.name(), operation, error = %trouble, "Kafka is in trouble; trying again");
        self.metrics.failed(operation);
        self.backoff.next()
    }

    fn recovered(&mut self, operation: &'static str) {
        self.metrics.recovered(operation);
        self.backoff.reset();
    }
}

#[cfg(test)]
mod tests;
