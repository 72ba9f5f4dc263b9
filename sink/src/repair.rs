//! Compares what Kafka holds with what ClickHouse holds, up to where the sink says that all is stored, and inserts again what
//! is missing: findings by ledger entry, case events by key. Every row it inserts replaces itself, so it may run beside the
//! sink and any number of times.
//!
//! It does not see a row that is there and was altered, a row that Kafka does not know, nor what `dead-letters` and
//! `incidents` hold; and it cannot fill what Kafka no longer has.

mod events;
mod findings;
mod questions;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use prometheus::Registry;
use rdkafka::ClientConfig;
use tokio::runtime::{Builder, Handle};

use crate::config::SinkConfig;
use crate::error::Error;
use crate::kind::Kind;
use crate::metrics::Metrics;
use crate::reader::Reader;
use crate::record::Record;
use crate::retry::Stop;
use crate::row::Rows;
use crate::source::{Polled, Source, Trouble};
use crate::store::{Outcome, Store};
use crate::writer::Writer;
use questions::Questions;

/// Records compared at a time.
const CHUNK_RECORDS: usize = 20_000;
const CHUNK_BYTES: usize = 16 << 20;
/// Attempts at one insert, and the pause between them.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_secs(1);
/// How long nothing may be read before Kafka counts as away.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is compared, and whether it is mended.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scope {
    /// Only the newest records of each partition, so many; all where absent.
    pub newest: Option<i64>,
    /// Only look.
    pub dry_run: bool,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    pub records: u64,
    /// Rows that were missing, by table; they were inserted unless it was a dry run.
    pub missing: BTreeMap<&'static str, u64>,
    /// The gaps, `[from, to)` in offsets: topic, partition, from, to.
    pub gaps: Vec<(&'static str, i32, i64, i64)>,
}

impl Found {
    fn add(&mut self, kind: Kind, partition: i32, rows: &Rows, offsets: impl Iterator<Item = i64>) {
        if rows.is_empty() {
            return;
        }
        *self.missing.entry(rows.table()).or_default() += rows.len() as u64;
        for at in offsets {
            match self.gaps.last_mut() {
                Some((topic, p, _, to))
                    if *topic == kind.name() && *p == partition && (*to == at || *to == at + 1) =>
                {
                    *to = at + 1;
                }
                _ => self.gaps.push((kind.name(), partition, at, at + 1)),
            }
        }
    }
}

/// Compares once, and mends. Must not be called from within an asynchronous runtime.
pub fn repair(config: &SinkConfig, kafka: &ClientConfig, scope: Scope) -> Result<Found, Error> {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let stop = Stop::new(Arc::new(AtomicBool::new(false)));
    let metrics = Metrics::new(&Registry::new())?;
    Repair::new(config, kafka, runtime.handle().clone(), &stop, &metrics)?.run(scope)
}

/// The hands of a repair.
pub(crate) struct Repair {
    case_events: Reader,
    ledger: Reader,
    store: Writer,
    questions: Questions,
    stop: Stop,
}

impl Repair {
    pub(crate) fn new(
        config: &SinkConfig,
        kafka: &ClientConfig,
        runtime: Handle,
        stop: &Stop,
        metrics: &Metrics,
    ) -> Result<Self, Error> {
        Ok(Self {
            case_events: Reader::new(kafka, config, Kind::CaseEvents)?,
            ledger: Reader::new(kafka, config, Kind::Ledger)?,
            store: Writer::new(config, Kind::Ledger, runtime.clone(), stop.clone(), metrics),
            questions: Questions::new(config.client(), runtime),
            stop: stop.clone(),
        })
    }

    /// Compares the newest records again and again.
    pub(crate) fn run_every(&mut self, config: &SinkConfig, metrics: &Metrics, wall: fn() -> model::Instant) {
        let interval = Duration::from_millis(config.repair_every_ms);
        let scope = Scope { newest: Some(config.repair_newest), dry_run: false };
        while !interval.is_zero() && self.stop.pause_blocking(interval).is_ok() {
            match self.run(scope) {
                Ok(found) => {
                    if !found.missing.is_empty() {
                        tracing::error!(missing = ?found.missing, gaps = ?found.gaps, "rows were missing and were inserted again");
                    }
                    metrics.compared(&found, wall());
                }
                Err(error) => {
                    tracing::warn!(%error, "the newest records could not be compared with the store")
                }
            }
        }
    }

    pub(crate) fn run(&mut self, scope: Scope) -> Result<Found, Error> {
        let mut found = Found::default();
        for part in self.ledger.find().map_err(trouble)? {
            self.findings(&part, scope, &mut found)?;
        }
        let alarms = self.questions.stale_alarms()?;
        if alarms > 0 {
            *found.missing.entry("alarms_current").or_default() += alarms;
            if !scope.dry_run {
                self.questions.refill_alarms()?;
            }
        }
        for part in self.case_events.find().map_err(trouble)? {
            self.events(&part, scope, &mut found)?;
        }
        Ok(found)
    }

    /// Inserts rows under a token of their own: nobody else has used it, so nothing is taken for a repetition.
    fn insert(&mut self, rows: &Rows, scope: Scope) -> Result<(), Error> {
        if rows.is_empty() || scope.dry_run {
            return Ok(());
        }
        let token = format!("repair/{}", self.questions.unique());
        let mut attempts = 0;
        loop {
            attempts += 1;
            match self.store.insert(rows, 0..rows.len(), &token) {
                Outcome::Stored => return Ok(()),
                Outcome::Refused(sentence) | Outcome::Failed(sentence) if attempts == ATTEMPTS => {
                    return Err(Error::Repair(sentence));
                }
                Outcome::Refused(_) | Outcome::Failed(_) => self.pause()?,
            }
        }
    }

    fn pause(&self) -> Result<(), Error> {
        self.stop.pause_blocking(PAUSE).map_err(|_| Error::Repair("the sink is to end".to_owned()))
    }
}

/// Reads `[next, to)` of a partition in chunks.
struct Walk {
    partition: i32,
    next: i64,
    to: i64,
}

impl Walk {
    fn begin(reader: &mut Reader, partition: i32, from: i64, to: i64) -> Result<Self, Error> {
        reader.assign(&BTreeMap::from([(partition, from)])).map_err(trouble)?;
        Ok(Self { partition, next: from, to })
    }

    /// The next records; none at the end.
    fn chunk(&mut self, reader: &mut Reader, stop: &Stop) -> Result<Vec<Record>, Error> {
        let (mut chunk, mut bytes, mut heard) = (Vec::new(), 0, Instant::now());
        while self.next < self.to && chunk.len() < CHUNK_RECORDS && bytes < CHUNK_BYTES {
            stop.check().map_err(|_| Error::Repair("the sink is to end".to_owned()))?;
            match reader.poll(Duration::from_millis(100)) {
                Polled::Record(record) if record.partition == self.partition => {
                    (self.next, heard) = (record.offset + 1, Instant::now());
                    if record.offset < self.to {
                        bytes += record.bytes();
                        chunk.push(record);
                    }
                }
                Polled::Lost(lost) => return Err(trouble(lost)),
                _ if heard.elapsed() > PATIENCE => {
                    let Self { partition, next, .. } = self;
                    let text = format!("nothing more can be read at offset {next} of partition {partition}");
                    return Err(Error::Repair(text));
                }
                _ => {}
            }
        }
        Ok(chunk)
    }
}

fn trouble(trouble: Trouble) -> Error {
    Error::Repair(trouble.0)
}
