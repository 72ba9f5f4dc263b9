//! The log on Kafka: one partition's two streams, each read by a `BaseConsumer` of its own, assigned by hand.
//!
//! No group decides what is read here, so no rebalance can take a record away in the middle of a batch; who owns the
//! partition is another question ([`crate::worker`]), and the ledger itself answers it in the end.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::Instant;
use model::catalogue::Edition;
use rdkafka::client::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext, PurgeConfig};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use reach::Reach;

use crate::log::{Log, LogError, LogEvent, Progress, Stream};
use crate::reference::Editions;

/// Longest wait for an answer about offsets.
const METADATA_TIMEOUT: Duration = Duration::from_secs(10);
/// After so long an append counts as unknown, ms.
const APPEND_TIMEOUT_MS: u32 = 30_000;
/// Largest ledger entry, bytes; the topic takes as much.
pub const MAX_ENTRY_BYTES: usize = 2 * 1024 * 1024;
/// Read ahead of each stream, KiB.
const READ_AHEAD_KIB: u32 = 8 * 1024;

/// Names of the topics.
#[derive(Debug, Clone)]
pub struct Topics {
    pub case_events: String,
    pub ledger: String,
    pub segments: String,
    pub reference: String,
    pub alarm_feed: String,
    pub incidents: String,
}

impl Default for Topics {
    fn default() -> Self {
        let own = str::to_owned;
        Self {
            case_events: own("case-events"),
            ledger: own("ledger"),
            segments: own("segments"),
            reference: own("reference"),
            alarm_feed: own("alarm-feed"),
            incidents: own("incidents"),
        }
    }
}

/// Settings of a consumer that is assigned by hand; they are set last, over whatever the operator wrote.
pub(crate) fn reader(base: &ClientConfig, group: &str) -> ClientConfig {
    let mut config = base.clone();
    config
        .set("group.id", group)
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("enable.partition.eof", "true")
        // A position that is no longer there is a loss to be told, never a reason to start somewhere else.
        .set("auto.offset.reset", "error")
        .set("allow.auto.create.topics", "false")
        .set("check.crcs", "true")
        .set("isolation.level", "read_committed")
        .set("queued.max.messages.kbytes", READ_AHEAD_KIB.to_string())
        .set("fetch.message.max.bytes", (4 * MAX_ENTRY_BYTES).to_string());
    config
}

/// Settings of a producer whose records land in order, once each, or not at all.
///
/// One request at a time: a broker takes whatever sequence number comes first from a producer that it has no state of, and
/// librdkafka takes an acknowledgement of the second request for one of the first, so with more a first request that the
/// broker refused for the moment could be passed over for good (ADR 24).
pub(crate) fn writer(base: &ClientConfig) -> ClientConfig {
    let mut config = base.clone();
    config
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("max.in.flight.requests.per.connection", "1")
        .set("message.timeout.ms", APPEND_TIMEOUT_MS.to_string())
        .set("message.max.bytes", (MAX_ENTRY_BYTES + 64 * 1024).to_string())
        .set("linger.ms", "0")
        .set("compression.type", "lz4");
    config
}

/// How many partitions a topic has; 0 where the brokers do not know it.
pub(crate) fn partitions<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &str,
    timeout: Duration,
) -> Result<i32, LogError> {
    let metadata = consumer.fetch_metadata(Some(topic), timeout).map_err(broken)?;
    let count = metadata.topics().first().map_or(0, |topic| topic.partitions().len());
    Ok(i32::try_from(count).unwrap_or(i32::MAX))
}

/// Keeps the reasons of deliveries that failed.
#[derive(Clone, Default)]
pub(crate) struct Failures(Arc<Mutex<VecDeque<String>>>);

impl Failures {
    pub(crate) fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

impl ClientContext for Failures {}

impl ProducerContext for Failures {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = result {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(error.to_string());
        }
    }
}

/// What a partition's log tells the worker, across threads; `None` before there is any.
#[derive(Debug, Default)]
pub struct Shared(Mutex<Option<Progress>>);

impl Shared {
    pub fn get(&self) -> Option<Progress> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, progress: Progress) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress);
    }
}

/// The consumer of one stream.
struct Reading {
    consumer: BaseConsumer,
    reach: Reach,
}

/// See the module.
pub struct KafkaLog {
    topics: Topics,
    partition: i32,
    case_events: Reading,
    ledger: Reading,
    segments: Reading,
    producer: BaseProducer<Failures>,
    failures: Failures,
    shared: Arc<Shared>,
    editions: Option<Arc<Editions>>,
}

impl KafkaLog {
    pub fn new(
        base: &ClientConfig,
        topics: &Topics,
        partition: i32,
        shared: Arc<Shared>,
    ) -> Result<Self, LogError> {
        let failures = Failures::default();
        let reading = |topic: &str, wait_ms: &str| {
            let mut config = reader(base, "xiezhi-actors");
            let consumer = config.set("fetch.wait.max.ms", wait_ms).create().map_err(broken)?;
            Ok(Reading { consumer, reach: Reach::new(base, topic) })
        };
        Ok(Self {
            topics: topics.clone(),
            partition,
            // Its end must be told at once: deadlines wait for it. The ends of the others are asked for.
            case_events: reading(&topics.case_events, "20")?,
            ledger: reading(&topics.ledger, "200")?,
            segments: reading(&topics.segments, "500")?,
            producer: writer(base).create_with_context(failures.clone()).map_err(broken)?,
            failures,
            shared,
            editions: None,
        })
    }

    /// With the editions of the rules that the process knows; without, there are none.
    #[must_use]
    pub fn with_editions(mut self, editions: Arc<Editions>) -> Self {
        self.editions = Some(editions);
        self
    }

    fn topic(&self, stream: Stream) -> &str {
        match stream {
            Stream::CaseEvents => &self.topics.case_events,
            Stream::Ledger => &self.topics.ledger,
            Stream::Segments => &self.topics.segments,
        }
    }

    const fn reading(&self, stream: Stream) -> &Reading {
        match stream {
            Stream::CaseEvents => &self.case_events,
            Stream::Ledger => &self.ledger,
            Stream::Segments => &self.segments,
        }
    }

    /// Most errors are told while librdkafka goes on by itself; a lost position is not among them.
    fn reading_failed(&self, stream: Stream, error: &KafkaError) -> Result<Option<LogEvent>, LogError> {
        use rdkafka::types::RDKafkaErrorCode as Code;
        let broken = || LogError::Broken(format!("{} [{}]: {error}", self.topic(stream), self.partition));
        match error.rdkafka_error_code() {
            _ if matches!(error, KafkaError::MessageConsumptionFatal(_)) => Err(broken()),
            // Acquiring anew looks at what the log still has, and says exactly what is gone.
            Some(
                Code::AutoOffsetReset
                | Code::OffsetOutOfRange
                | Code::UnknownTopicOrPartition
                | Code::UnknownPartition
                | Code::Fatal,
            ) => Err(broken()),
            _ => {
                self.reading(stream).reach.note(error);
                tracing::warn!(topic = self.topic(stream), partition = self.partition, %error, "reading goes on after an error");
                Ok(None)
            }
        }
    }
}

impl Log for KafkaLog {
    fn bounds(&mut self, stream: Stream) -> Result<(i64, i64), LogError> {
        // A broker answers a connection in order, and behind a fetch that waits so does the question.
        let topic = self.topic(stream);
        self.case_events.consumer.fetch_watermarks(topic, self.partition, METADATA_TIMEOUT).map_err(broken)
    }

    fn seek(&mut self, stream: Stream, offset: i64) -> Result<(), LogError> {
        let mut list = TopicPartitionList::new();
        let topic = self.topic(stream);
        list.add_partition_offset(topic, self.partition, Offset::Offset(offset)).map_err(broken)?;
        self.reading(stream).consumer.assign(&list).map_err(broken)
    }

    fn poll(&mut self, stream: Stream, wait: Duration) -> Result<Option<LogEvent>, LogError> {
        self.producer.poll(Duration::ZERO);
        if let Some(reason) = self.failures.take() {
            return Ok(Some(LogEvent::Unknown { reason }));
        }
        let Reading { consumer, reach } = self.reading(stream);
        if reach.is_stranded(consumer.client()) {
            let topic = self.topic(stream);
            return Err(LogError::Broken(format!("{topic}: its consumer has lost its brokers for good")));
        }
        match consumer.poll(wait) {
            None => Ok(None),
            Some(Ok(message)) => Ok(Some(LogEvent::Record {
                offset: message.offset(),
                timestamp: Instant(message.timestamp().to_millis().unwrap_or(0)),
                bytes: message.payload().unwrap_or_default().to_vec(),
            })),
            Some(Err(KafkaError::PartitionEOF(_))) => Ok(Some(LogEvent::End)),
            Some(Err(error)) => self.reading_failed(stream, &error),
        }
    }

    fn append(&mut self, stream: Stream, bytes: Vec<u8>) -> Result<(), LogError> {
        let key = self.partition.to_string();
        let record = BaseRecord::to(self.topic(stream)).partition(self.partition).key(&key).payload(&bytes);
        self.producer.send(record).map_err(|(error, _)| broken(error))?;
        self.producer.poll(Duration::ZERO);
        Ok(())
    }

    fn edition(&mut self, number: usize, wait: Duration) -> Result<Option<Arc<Edition>>, LogError> {
        Ok(self.editions.as_ref().and_then(|editions| editions.get(number, wait)))
    }

    fn report(&mut self, progress: Progress) {
        self.shared.set(progress);
    }
}

impl Drop for KafkaLog {
    fn drop(&mut self) {
        // What is still queued is nobody's any more; what is on its way is judged by the ledger's rule.
        self.producer.purge(PurgeConfig::default().queue().inflight());
    }
}

pub(crate) fn broken(error: KafkaError) -> LogError {
    LogError::Broken(error.to_string())
}
