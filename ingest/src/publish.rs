//! A publisher for files: case events, one JSON object a line, into `inbound.<org>`.
//!
//! It does not judge: a line that is no valid event is published like any other, and becomes a dead letter with its
//! reason. The key is the case id, so the order of a case's lines is kept. Memory is bounded by the producer's queue.

use std::collections::HashSet;
use std::io::{self, BufRead};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};

use crate::IngestError;
use crate::client_log;
use crate::lines::{Line, Lines};
use crate::route::{Head, Route};
use crate::settings::{self, MAX_RECORD_BYTES};
use crate::topics::{self, TopicSpec, TopicsError, ensure_topics};

/// Longest line: what the topic takes, less room for Kafka's own framing.
pub const MAX_LINE_BYTES: usize = MAX_RECORD_BYTES - 4 * 1024;
/// How many lines that could not be published are named; the rest is counted.
const MAX_PROBLEMS: usize = 20;
const PROGRESS_EVERY: Duration = Duration::from_millis(200);
/// A person is waiting: give up on brokers that do not answer for this long.
const GIVE_UP_AFTER: Duration = Duration::from_secs(120);
const QUEUED_RECORDS: usize = 50_000;
const QUEUED_KBYTES: usize = 64 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    #[error(transparent)]
    Client(#[from] IngestError),
    #[error(transparent)]
    Topics(#[from] TopicsError),
    #[error("line {line}: {error}")]
    Read { line: u64, error: io::Error },
    #[error("line {line} was not taken by the brokers: {error}")]
    Refused { line: usize, error: Box<KafkaError> },
    #[error("a rate of {0} events a second is none")]
    Rate(f64),
}

/// Where to, and how fast.
#[derive(Debug, Clone)]
pub struct PublishConfig {
    pub route: Route,
    /// Events a second; as fast as the brokers take them where absent.
    pub rate: Option<f64>,
    /// Of inbound topics that do not exist yet.
    pub partitions: usize,
    pub replication: usize,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Published {
    /// Lines read, blank ones not counted.
    pub lines: u64,
    pub bytes: u64,
    /// Records that the brokers have acknowledged.
    pub acknowledged: u64,
    /// Lines that went nowhere: too long, or of no known organisation.
    pub skipped: u64,
    /// The first of them: line number and why.
    pub problems: Vec<(u64, String)>,
}

/// Publishes every line of `reader`; returns when the brokers have acknowledged all of them. After an error some may have
/// been published: publishing them again does no harm.
pub fn publish(
    base: &ClientConfig,
    config: &PublishConfig,
    reader: impl BufRead,
    mut progress: impl FnMut(&Published),
) -> Result<Published, PublishError> {
    settings::refuse_reserved(base)?;
    let pace = Pace::new(config.rate)?;
    let mut publisher = Publisher::new(base, config)?;
    let mut lines = Lines::new(reader, MAX_LINE_BYTES);
    let mut reported = Instant::now();
    for line in 1.. {
        match lines.next().map_err(|error| PublishError::Read { line, error })? {
            Line::End => break,
            Line::TooLong => publisher.skip(line, format!("longer than {MAX_LINE_BYTES} bytes")),
            Line::Full(bytes) if bytes.trim_ascii().is_empty() => continue,
            Line::Full(bytes) => publisher.line(line, bytes)?,
        }
        publisher.wait_until(pace.due(publisher.done.lines))?;
        if reported.elapsed() >= PROGRESS_EVERY {
            reported = Instant::now();
            progress(&publisher.done);
        }
    }
    publisher.finish(&mut progress)
}

/// When the n-th event may go.
struct Pace {
    started: Instant,
    interval: f64,
}

impl Pace {
    fn new(rate: Option<f64>) -> Result<Self, PublishError> {
        let interval = match rate {
            None => 0.0,
            Some(rate) if rate.is_finite() && rate > 0.0 => rate.recip(),
            Some(rate) => return Err(PublishError::Rate(rate)),
        };
        Ok(Self { started: Instant::now(), interval })
    }

    fn due(&self, sent: u64) -> Instant {
        let after = Duration::try_from_secs_f64(self.interval * sent as f64).unwrap_or(Duration::MAX);
        self.started.checked_add(after).unwrap_or(self.started)
    }
}

struct Publisher<'a> {
    producer: BaseProducer<Receipts>,
    base: &'a ClientConfig,
    config: &'a PublishConfig,
    /// Topics that are known to exist.
    known: HashSet<String>,
    done: Published,
}

impl<'a> Publisher<'a> {
    fn new(base: &'a ClientConfig, config: &'a PublishConfig) -> Result<Self, PublishError> {
        let mut client = settings::producer(base, MAX_RECORD_BYTES);
        client
            .set("message.timeout.ms", GIVE_UP_AFTER.as_millis().to_string())
            .set("queue.buffering.max.messages", QUEUED_RECORDS.to_string())
            .set("queue.buffering.max.kbytes", QUEUED_KBYTES.to_string());
        let producer = client
            .create_with_context(Receipts::default())
            .map_err(|error| IngestError::Client { client: "producer", error })?;
        Ok(Self { producer, base, config, known: HashSet::new(), done: Published::default() })
    }

    fn line(&mut self, number: u64, bytes: &[u8]) -> Result<(), PublishError> {
        let head = Head::of(bytes);
        let Some(org) = self.config.route.org(&head) else {
            self.skip(number, "names no organisation: give one".into());
            return Ok(());
        };
        let topic = topics::inbound(org)?;
        if !self.known.contains(&topic) {
            self.ensure(&topic)?;
        }
        self.done.lines += 1;
        self.done.bytes += bytes.len() as u64;
        self.send(number, &topic, head.subject.as_deref(), bytes)
    }

    fn ensure(&mut self, topic: &str) -> Result<(), PublishError> {
        let spec = TopicSpec {
            name: topic.into(),
            partitions: self.config.partitions,
            replication: self.config.replication,
            max_message_bytes: MAX_RECORD_BYTES,
        };
        ensure_topics(self.base, &[spec])?;
        self.known.insert(topic.into());
        Ok(())
    }

    fn send(
        &mut self,
        number: u64,
        topic: &str,
        key: Option<&str>,
        bytes: &[u8],
    ) -> Result<(), PublishError> {
        let line = number as usize;
        let mut record = BaseRecord::with_opaque_to(topic, line).payload(bytes);
        record.key = key;
        loop {
            match self.producer.send(record) {
                Ok(()) => return self.serve(Duration::ZERO),
                Err((error, refused)) if error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull) => {
                    record = refused;
                    self.serve(Duration::from_millis(5))?;
                }
                Err((error, _)) => return Err(PublishError::Refused { line, error: error.into() }),
            }
        }
    }

    fn wait_until(&mut self, due: Instant) -> Result<(), PublishError> {
        loop {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.serve(left.min(Duration::from_millis(50)))?;
        }
    }

    fn serve(&mut self, wait: Duration) -> Result<(), PublishError> {
        self.producer.poll(wait);
        let receipts = &mut *self.producer.context().0.lock().unwrap_or_else(PoisonError::into_inner);
        self.done.acknowledged = receipts.acknowledged;
        match receipts.refused.take() {
            Some((line, error)) => Err(PublishError::Refused { line, error: error.into() }),
            None => Ok(()),
        }
    }

    fn skip(&mut self, line: u64, why: String) {
        self.done.lines += 1;
        self.done.skipped += 1;
        if self.done.problems.len() < MAX_PROBLEMS {
            self.done.problems.push((line, why));
        }
    }

    fn finish(mut self, progress: &mut impl FnMut(&Published)) -> Result<Published, PublishError> {
        while self.producer.in_flight_count() > 0 {
            self.serve(Duration::from_millis(50))?;
            progress(&self.done);
        }
        self.serve(Duration::ZERO)?;
        progress(&self.done);
        Ok(self.done)
    }
}

#[derive(Default)]
struct Receipts(Mutex<Tally>);

#[derive(Default)]
struct Tally {
    acknowledged: u64,
    /// The first line that was refused.
    refused: Option<(usize, KafkaError)>,
}

impl ClientContext for Receipts {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        client_log::log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(%error, reason, "producer reports an error; it goes on trying");
    }
}

impl ProducerContext for Receipts {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, line: usize) {
        let mut tally = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(_) => tally.acknowledged += 1,
            Err((error, _)) => drop(tally.refused.get_or_insert_with(|| (line, error.clone()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_is_kept_from_the_start() {
        let pace = Pace::new(Some(100.0)).expect("a rate");
        assert_eq!(pace.due(250) - pace.started, Duration::from_millis(2_500));
        let unpaced = Pace::new(None).expect("no rate");
        assert_eq!(unpaced.due(u64::MAX), unpaced.started);
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(Pace::new(Some(rate)), Err(PublishError::Rate(_))), "{rate}");
        }
    }
}
