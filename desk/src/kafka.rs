//! The log on Kafka: partition 0 of the `workflow` topic, read from its first record by hand-assigned position.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext, PurgeConfig};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaErrorCode as Code;
use reach::Reach;

use crate::MAX_ENTRY_BYTES;
use crate::log::{Log, LogError, LogEvent};

const PARTITION: i32 = 0;
/// Longest wait for an answer about offsets.
const METADATA_TIMEOUT: Duration = Duration::from_secs(10);
/// After so long an append counts as unknown, ms.
const APPEND_TIMEOUT_MS: &str = "10000";

/// See the module.
pub struct KafkaLog {
    topic: String,
    consumer: BaseConsumer,
    reach: Reach,
    producer: BaseProducer<Failures>,
    failures: Failures,
}

impl KafkaLog {
    /// Opens the topic at its first record. `base` has the brokers and whatever else the operator sets.
    ///
    /// # Errors
    /// The topic cannot be read, or its first records are gone: then nothing that follows can be judged.
    pub fn open(base: &ClientConfig, topic: &str) -> Result<Self, LogError> {
        let failures = Failures::default();
        let consumer: BaseConsumer = reader(base).create().map_err(broken)?;
        let producer = writer(base).create_with_context(failures.clone()).map_err(broken)?;
        let (low, high) = consumer.fetch_watermarks(topic, PARTITION, METADATA_TIMEOUT).map_err(broken)?;
        if low > 0 {
            let lost = format!(
                "{topic} begins at offset {low} (to {high}): its first records are gone; set retention.ms=-1"
            );
            return Err(LogError(lost));
        }
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, PARTITION, Offset::Offset(0)).map_err(broken)?;
        consumer.assign(&list).map_err(broken)?;
        let reach = Reach::new(base, topic);
        Ok(Self { topic: topic.to_owned(), consumer, reach, producer, failures })
    }
}

/// Set over whatever the operator wrote: the rule of the chain depends on these.
fn reader(base: &ClientConfig) -> ClientConfig {
    let mut config = base.clone();
    config
        .set("group.id", "xiezhi-desk")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("enable.partition.eof", "true")
        .set("auto.offset.reset", "error")
        .set("allow.auto.create.topics", "false")
        .set("check.crcs", "true")
        .set("fetch.wait.max.ms", "20");
    config
}

fn writer(base: &ClientConfig) -> ClientConfig {
    let mut config = base.clone();
    config
        .set("enable.idempotence", "true")
        // Of more the first might be passed over and told as landed (ADR 24).
        .set("max.in.flight.requests.per.connection", "1")
        .set("acks", "all")
        .set("message.timeout.ms", APPEND_TIMEOUT_MS)
        .set("message.max.bytes", (MAX_ENTRY_BYTES + 64 * 1024).to_string())
        .set("linger.ms", "0")
        .set("compression.type", "lz4");
    config
}

impl Log for KafkaLog {
    fn poll(&mut self, wait: Duration) -> Result<Option<LogEvent>, LogError> {
        self.producer.poll(Duration::ZERO);
        if let Some(reason) = self.failures.take() {
            return Ok(Some(LogEvent::Unknown(reason)));
        }
        if self.reach.is_stranded(self.consumer.client()) {
            return Err(LogError(format!("{}: its consumer has lost its brokers for good", self.topic)));
        }
        match self.consumer.poll(wait) {
            None => Ok(None),
            Some(Ok(message)) => Ok(Some(LogEvent::Record(message.payload().unwrap_or_default().to_vec()))),
            Some(Err(KafkaError::PartitionEOF(_))) => Ok(Some(LogEvent::End)),
            Some(Err(error)) => {
                self.reach.note(&error);
                reading_failed(error)
            }
        }
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), LogError> {
        let record: BaseRecord<'_, str, [u8]> =
            BaseRecord::to(&self.topic).partition(PARTITION).payload(bytes);
        self.producer.send(record).map_err(|(error, _)| broken(error))?;
        self.producer.poll(Duration::ZERO);
        Ok(())
    }
}

impl Drop for KafkaLog {
    fn drop(&mut self) {
        // What is still queued is nobody's any more; what is on its way is judged by the chain.
        self.producer.purge(PurgeConfig::default().queue().inflight());
    }
}

/// Most errors are told while librdkafka goes on by itself; a lost position is not among them.
fn reading_failed(error: KafkaError) -> Result<Option<LogEvent>, LogError> {
    match error.rdkafka_error_code() {
        Some(
            Code::AutoOffsetReset
            | Code::OffsetOutOfRange
            | Code::UnknownTopicOrPartition
            | Code::UnknownPartition
            | Code::Fatal,
        ) => Err(broken(error)),
        _ => {
            tracing::warn!(%error, "reading the workflow log goes on after an error");
            Ok(None)
        }
    }
}

fn broken(error: KafkaError) -> LogError {
    LogError(error.to_string())
}

/// Keeps the reasons of deliveries that failed.
#[derive(Clone, Default)]
struct Failures(Arc<Mutex<VecDeque<String>>>);

impl Failures {
    fn take(&self) -> Option<String> {
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
