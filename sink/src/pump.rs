//! One topic, one thread: find out where it stands, finish what was under way, then read, announce, insert, commit.
//!
//! | step | Kafka says | a crash now leads to |
//! |---|---|---|
//! | read a batch `[a, b)` | `a` | reading it again |
//! | announce | `a`, pending `a-b` | the same insert again, under the same token |
//! | insert | the same | the same; ClickHouse drops the repetition |
//! | commit | `b` | going on at `b` |
//!
//! While batches follow one another, the commit of one and the announcement of the next are one request.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ledger::chain::Chain;
use tokio::runtime::Handle;

use crate::batch::{Batch, Limits};
use crate::config::SinkConfig;
use crate::kind::Kind;
use crate::metrics::TopicMetrics;
use crate::progress::{Pending, Progress, Token};
use crate::reader::{Polled, Reader};
use crate::retry::{Backoff, Stop, Stopped};
use crate::row::Rows;
use crate::start::{self, Halt};
use crate::writer::Writer;

/// How long an idle thread sleeps in a poll.
const IDLE: Duration = Duration::from_millis(100);

pub(crate) struct Pump {
    kind: Kind,
    reader: Reader,
    writer: Writer,
    runtime: Handle,
    limits: Limits,
    recheck: Duration,
    backoff: Backoff,
    stop: Stop,
    metrics: TopicMetrics,
    /// The partitions that are read, and where each stands.
    progress: BTreeMap<i32, Progress>,
    /// Stored, and not yet committed in Kafka.
    uncommitted: BTreeSet<i32>,
    partitions: i32,
    checked: Instant,
}

/// What came of waiting for a batch.
enum Gathered {
    Batch(Batch),
    /// The topic has changed, or its log: look again.
    LookAgain,
}

impl Pump {
    pub(crate) fn new(
        config: &SinkConfig,
        kind: Kind,
        reader: Reader,
        writer: Writer,
        runtime: Handle,
        stop: Stop,
        metrics: TopicMetrics,
    ) -> Self {
        Self {
            kind,
            reader,
            writer,
            runtime,
            limits: config.limits(),
            recheck: Duration::from_millis(config.recheck_ms.max(100)),
            backoff: Backoff::new(config.retry_min_ms, config.retry_max_ms, !config.seed ^ kind as u64),
            stop,
            metrics,
            progress: BTreeMap::new(),
            uncommitted: BTreeSet::new(),
            partitions: 0,
            checked: Instant::now(),
        }
    }

    pub(crate) fn run(&mut self) -> Stopped {
        loop {
            match self.look_and_read() {
                Err(stopped) => return stopped,
                Ok(()) => tracing::info!(topic = self.kind.name(), "looking at the topic again"),
            }
        }
    }

    fn look_and_read(&mut self) -> Result<(), Stopped> {
        self.look()?;
        self.finish_pending()?;
        self.assign_all()?;
        loop {
            match self.gather()? {
                Gathered::Batch(batch) => self.announce_and_store(&batch)?,
                Gathered::LookAgain => {
                    self.commit_stored()?;
                    return self.stop.pause_blocking(self.backoff.next());
                }
            }
        }
    }

    /// Learns from the broker where each partition stands.
    fn look(&mut self) -> Result<(), Stopped> {
        let found = self.retry("offsets", Reader::find)?;
        self.progress.clear();
        self.partitions = i32::try_from(found.len()).unwrap_or(i32::MAX);
        self.checked = Instant::now();
        for found in &found {
            let partition = found.partition;
            match start::start(self.kind, found) {
                Ok(progress) => {
                    self.metrics.halted(partition).set(0);
                    self.metrics.lag(partition).set(found.high - progress.offset);
                    self.progress.insert(partition, progress);
                }
                Err(halt) => self.halt(partition, halt),
            }
        }
        Ok(())
    }

    fn halt(&mut self, partition: i32, halt: Halt) {
        tracing::error!(topic = self.kind.name(), partition, reason = %halt, "a partition is halted");
        self.metrics.halted(partition).set(1);
        self.progress.remove(&partition);
    }

    /// Repeats the inserts that were announced and perhaps not made: exactly these records, under their old token.
    fn finish_pending(&mut self) -> Result<(), Stopped> {
        let mut by_token: BTreeMap<Token, BTreeMap<i32, Pending>> = BTreeMap::new();
        for (partition, progress) in &self.progress {
            if let Some((range, token)) = progress.pending {
                by_token.entry(token).or_default().insert(*partition, range);
            }
        }
        for (token, ranges) in by_token {
            tracing::info!(topic = self.kind.name(), %token, partitions = ranges.len(), "repeating a pending insert");
            let batch = self.read_exactly(&ranges)?;
            let read = batch.ranges();
            for (partition, range) in &ranges {
                if read.get(partition) != Some(range) {
                    self.halt(*partition, Halt::Changed { from: range.from, to: range.to });
                }
            }
            if ranges.iter().all(|(partition, range)| read.get(partition) == Some(range)) {
                self.store(&batch, token)?;
                self.commit_stored()?;
            }
        }
        Ok(())
    }

    fn read_exactly(&self, ranges: &BTreeMap<i32, Pending>) -> Result<Batch, Stopped> {
        self.retry("assign", |reader| reader.assign(ranges.iter().map(|(p, range)| (*p, range.from))))?;
        let mut batch = Batch::default();
        let mut open: BTreeSet<i32> = ranges.keys().copied().collect();
        while !open.is_empty() {
            self.stop.check()?;
            match self.reader.poll(IDLE) {
                Polled::Record(record) => {
                    let Some(range) = ranges.get(&record.partition) else { continue };
                    let (partition, next) = (record.partition, record.offset + 1);
                    if record.offset < range.to {
                        batch.push(record, range.from, Instant::now());
                    }
                    if next >= range.to {
                        open.remove(&partition);
                    }
                }
                Polled::Nothing => {}
                Polled::Hiccup(error) | Polled::Lost(error) => self.warn("poll", &error),
            }
        }
        Ok(batch)
    }

    fn assign_all(&self) -> Result<(), Stopped> {
        let positions = || self.progress.iter().map(|(partition, progress)| (*partition, progress.offset));
        self.retry("assign", |reader| reader.assign(positions()))
    }

    /// Waits for a batch. Whatever is in hand when the log must be looked at again was not announced and is read again.
    fn gather(&mut self) -> Result<Gathered, Stopped> {
        let mut batch = Batch::default();
        loop {
            self.stop.check()?;
            let now = Instant::now();
            if batch.is_full(&self.limits, now) {
                return Ok(Gathered::Batch(batch));
            }
            if batch.is_empty() && now.duration_since(self.checked) >= self.recheck && self.has_changed() {
                return Ok(Gathered::LookAgain);
            }
            let patience = if batch.is_empty() { IDLE } else { batch.patience(&self.limits, now) };
            match self.reader.poll(patience.min(IDLE)) {
                Polled::Record(record) => {
                    let Some(progress) = self.progress.get(&record.partition) else { continue };
                    let position = batch.position(record.partition).unwrap_or(progress.offset);
                    if record.offset >= position {
                        batch.push(record, progress.offset, Instant::now());
                    }
                    self.metrics.oldest().set(batch.oldest_ms().unwrap_or(0));
                }
                Polled::Nothing if batch.is_empty() => self.commit_stored()?,
                Polled::Nothing => {}
                Polled::Hiccup(error) => self.warn("poll", &error),
                Polled::Lost(error) => {
                    self.warn("poll", &error);
                    return Ok(Gathered::LookAgain);
                }
            }
        }
    }

    /// Measures lag, and says whether partitions were added.
    fn has_changed(&mut self) -> bool {
        self.checked = Instant::now();
        for (partition, progress) in &self.progress {
            match self.reader.watermarks(*partition) {
                Ok((_, high)) => self.metrics.lag(*partition).set((high - progress.offset).max(0)),
                Err(error) => self.warn("watermarks", &error),
            }
        }
        match self.reader.partitions() {
            Ok(partitions) => partitions != self.partitions,
            Err(error) => {
                self.warn("metadata", &error);
                false
            }
        }
    }

    fn announce_and_store(&mut self, batch: &Batch) -> Result<(), Stopped> {
        let ranges = batch.ranges();
        let token = Token::of(self.kind.name(), &ranges);
        let touched = self.uncommitted.iter().chain(ranges.keys());
        let mut said: BTreeMap<i32, Progress> =
            touched.filter_map(|p| Some((*p, self.progress.get(p)?.clone()))).collect();
        for (partition, range) in ranges {
            if let Some(progress) = said.get_mut(&partition) {
                progress.pending = Some((range, token));
            }
        }
        self.retry("commit", |reader| reader.commit(&said))?;
        self.uncommitted.clear();
        self.store(batch, token)
    }

    /// Inserts a batch that is announced, and moves on in memory.
    fn store(&mut self, batch: &Batch, token: Token) -> Result<(), Stopped> {
        let mut chains: BTreeMap<i32, Chain> =
            self.progress.iter().filter_map(|(partition, p)| Some((*partition, p.chain?))).collect();
        let rows = Rows::of(self.kind, batch, &mut chains);
        let records: usize = batch.slices().map(|(_, slice)| slice.records.len()).sum();
        self.metrics.pending().set(i64::try_from(records).unwrap_or(i64::MAX));
        self.runtime.block_on(self.writer.store(&rows, token))?;
        for (partition, slice) in batch.slices() {
            self.progress.insert(partition, Progress::at(slice.to, chains.get(&partition).copied()));
            self.uncommitted.insert(partition);
        }
        self.report(batch, &rows, records);
        Ok(())
    }

    fn report(&mut self, batch: &Batch, rows: &Rows, records: usize) {
        self.backoff.reset();
        self.metrics.pending().set(0);
        self.metrics.oldest().set(0);
        self.metrics.records().inc_by(records as u64);
        self.metrics.rejected().inc_by(rows.rejected as u64);
        for misfit in &rows.misfits {
            self.metrics.misfits(&format!("{misfit:?}")).inc();
        }
        if let (Some(oldest), Ok(now)) = (batch.oldest_ms(), SystemTime::now().duration_since(UNIX_EPOCH)) {
            self.metrics.stored_seconds().observe((now.as_secs_f64() - oldest as f64 / 1_000.0).max(0.0));
        }
    }

    fn commit_stored(&mut self) -> Result<(), Stopped> {
        if self.uncommitted.is_empty() {
            return Ok(());
        }
        let said: BTreeMap<i32, Progress> =
            self.uncommitted.iter().filter_map(|p| Some((*p, self.progress.get(p)?.clone()))).collect();
        self.retry("commit", |reader| reader.commit(&said))?;
        self.uncommitted.clear();
        Ok(())
    }

    fn retry<T, E: Display>(
        &self,
        operation: &'static str,
        mut attempt: impl FnMut(&Reader) -> Result<T, E>,
    ) -> Result<T, Stopped> {
        let mut backoff = self.backoff.clone();
        loop {
            self.stop.check()?;
            match attempt(&self.reader) {
                Ok(value) => {
                    self.metrics.recovered(operation);
                    return Ok(value);
                }
                Err(error) => self.warn(operation, &error),
            }
            self.stop.pause_blocking(backoff.next())?;
        }
    }

    fn warn(&self, operation: &'static str, error: &impl Display) {
        tracing::warn!(topic = self.kind.name(), operation, error = %error, "Kafka is in trouble; trying again");
        self.metrics.failed(operation);
    }
}
