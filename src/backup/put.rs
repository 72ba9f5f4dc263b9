//! From files into Kafka: every record to the offset that it had, and the broker's word for it.

use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use anyhow::{Context, bail};
use ingest::MAX_LETTER_BYTES;
use model::catalogue::MAX_EDITION_BYTES;
use rdkafka::client::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::message::{DeliveryResult, Header, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};

use super::line::{self, Kept};
use super::manifest::Part;

/// A person waits: brokers that do not answer for this long are given up.
const GIVE_UP_AFTER: Duration = Duration::from_secs(120);
/// What lies in the producer's queue: 64 MiB, and room for the largest record.
const QUEUE_KBYTES: usize = 64 * 1024 + MAX_RECORD_BYTES / 1024;
/// The largest of any topic, with room for its framing.
const MAX_RECORD_BYTES: usize =
    if MAX_EDITION_BYTES > MAX_LETTER_BYTES { MAX_EDITION_BYTES + 64 * 1024 } else { MAX_LETTER_BYTES };

/// Writes the parts of a partition that is empty; returns how many records the brokers have confirmed in their places.
pub(super) fn partition(
    client: &ClientConfig,
    dir: &Path,
    topic: &str,
    partition: i32,
    parts: &[Part],
) -> anyhow::Result<u64> {
    let mut client = ingest::producer(client, MAX_RECORD_BYTES);
    client
        .set("message.timeout.ms", GIVE_UP_AFTER.as_millis().to_string())
        .set("queue.buffering.max.kbytes", QUEUE_KBYTES.to_string());
    let producer: BaseProducer<Places> = client.create_with_context(Places::default())?;
    let mut records = 0;
    for part in parts {
        let each = |kept: Kept| send(&producer, topic, partition, &kept);
        records += line::read(dir, part, each)?;
    }
    while producer.in_flight_count() > 0 {
        serve(&producer, Duration::from_millis(50))?;
    }
    serve(&producer, Duration::ZERO)?;
    Ok(records)
}

fn send(producer: &BaseProducer<Places>, topic: &str, partition: i32, kept: &Kept) -> anyhow::Result<()> {
    let mut record = BaseRecord::with_opaque_to(topic, Box::new(kept.offset)).partition(partition);
    record.key = kept.key.as_ref().map(|key| key.0.as_slice());
    record.payload = kept.value.as_ref().map(|value| value.0.as_slice());
    record.timestamp = kept.ms;
    if !kept.headers.is_empty() {
        let headers = OwnedHeaders::new_with_capacity(kept.headers.len());
        let with = |headers: OwnedHeaders, (key, value): &(String, Option<line::Bytes>)| {
            headers.insert(Header { key, value: value.as_ref().map(|v| v.0.as_slice()) })
        };
        record.headers = Some(kept.headers.iter().fold(headers, with));
    }
    loop {
        match producer.send(record) {
            Ok(()) => return serve(producer, Duration::ZERO),
            Err((error, back)) if error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull) => {
                record = back;
                serve(producer, Duration::from_millis(5))?;
            }
            Err((error, _)) => {
                return Err(error).with_context(|| format!("{topic} {partition}: offset {}", kept.offset));
            }
        }
    }
}

fn serve(producer: &BaseProducer<Places>, wait: Duration) -> anyhow::Result<()> {
    producer.poll(wait);
    match producer.context().0.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(why) => bail!("{why}. Delete the topics and begin anew"),
        None => Ok(()),
    }
}

/// The first record that did not come to its place, and why.
#[derive(Default)]
struct Places(Mutex<Option<String>>);

impl ClientContext for Places {}

impl ProducerContext for Places {
    type DeliveryOpaque = Box<i64>;

    fn delivery(&self, result: &DeliveryResult<'_>, wanted: Box<i64>) {
        let why = match result {
            Ok(record) if record.offset() == *wanted => return,
            Ok(record) => format!(
                "{}: the record of offset {wanted} came to {}: somebody else writes there",
                record.topic(),
                record.offset()
            ),
            Err((error, record)) => format!("{}: offset {wanted}: {error}", record.topic()),
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
    }
}
