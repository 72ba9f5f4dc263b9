//! Puts dead letters back where they came from, once what was wrong with the receiving side (a rule, a register, a clock)
//! has been mended. The bytes go back as they were; nobody edits a publisher's record.
//!
//! It reads from the log's beginning, or `from`, up to the end as it was at the start, so letters that come back again
//! are not driven round in a circle. The log is not marked: to drive a range only once, give `from` and `until`, which
//! every run reports. Driving twice does no harm, facts are told apart by (source, id).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use model::event::Reason;
use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, DeliveryResult, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::dead_letter::{Letter, text};
use crate::settings::{self, MAX_RECORD_BYTES};
use crate::topics::{DEAD_LETTERS, org_of};
use crate::{IngestError, client_log};

const METADATA_TIMEOUT: Duration = Duration::from_secs(10);
/// Nothing came for this long, though the log is longer.
const STALLED_AFTER: Duration = Duration::from_secs(30);
const GIVE_UP_AFTER: Duration = Duration::from_secs(120);

#[derive(Debug, thiserror::Error)]
pub enum RedriveError {
    #[error(transparent)]
    Client(#[from] IngestError),
    #[error("topic {topic:?}: {error}")]
    Topic { topic: String, error: KafkaError },
    #[error("reading {topic:?} stalled: partition {partition} was read up to {at} of {end}")]
    Stalled { topic: String, partition: i32, at: i64, end: i64 },
    #[error("dead letter at {partition}/{offset} was not taken back: {error}. Go on from there with --from")]
    Refused { partition: i32, offset: i64, error: Box<KafkaError> },
}

/// Which letters. An absent or empty member selects all.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    pub reasons: Vec<Reason>,
    /// The organisation in whose topic the record was published.
    pub org: Option<String>,
    /// The inbound topic.
    pub topic: Option<String>,
    /// Partition of `dead-letters`.
    pub partition: Option<i32>,
    /// Offsets in `dead-letters`: `[from, until)`.
    pub from: Option<i64>,
    pub until: Option<i64>,
    /// Letters written at this instant or later.
    pub since: Option<model::Instant>,
}

impl Selection {
    fn takes(&self, letter: &Letter, written: Option<model::Instant>) -> bool {
        (self.reasons.is_empty() || self.reasons.contains(&letter.reason))
            && self.org.as_deref().is_none_or(|org| org == letter.org())
            && self.topic.as_deref().is_none_or(|topic| topic == letter.from.topic)
            && self.since.is_none_or(|since| written.is_some_and(|at| at >= since))
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Redriven {
    /// Letters read.
    pub read: u64,
    /// Letters selected and put back (in a dry run: that would have been), by reason code.
    pub by_reason: BTreeMap<&'static str, u64>,
    /// Selected, but cut when they were written: their record is only where their coordinates say.
    pub truncated: Vec<String>,
    /// Records in `dead-letters` that are no letters, with what is wrong.
    pub unreadable: Vec<String>,
    /// What was read of each partition, `[from, until)`.
    pub ranges: BTreeMap<i32, (i64, i64)>,
}

impl Redriven {
    pub fn total(&self) -> u64 {
        self.by_reason.values().sum()
    }
}

/// Puts the selected letters back. With `dry_run` it only counts them.
pub fn redrive(
    base: &ClientConfig,
    selection: &Selection,
    dry_run: bool,
    mut progress: impl FnMut(&Redriven),
) -> Result<Redriven, RedriveError> {
    settings::refuse_reserved(base)?;
    let consumer: BaseConsumer = settings::reader(base, "xiezhi-redrive")
        .create()
        .map_err(|error| IngestError::Client { client: "consumer", error })?;
    let mut open = ranges(&consumer, selection)?;
    let mut done = Redriven { ranges: open.clone(), ..Redriven::default() };
    assign(&consumer, &open)?;
    let producer = if dry_run { None } else { Some(producer(base)?) };
    let mut heard = Instant::now();
    while let Some((&partition, &(at, end))) = open.iter().next() {
        match consumer.poll(Duration::from_millis(100)) {
            Some(Ok(record)) => {
                heard = Instant::now();
                advance(&mut open, &record);
                if record.offset() < done.ranges.get(&record.partition()).map_or(0, |range| range.1) {
                    consider(&record, selection, producer.as_ref(), &mut done)?;
                }
                progress(&done);
            }
            Some(Err(error)) if is_final(&error) => return Err(of_letters(error)),
            Some(Err(_)) | None if heard.elapsed() < STALLED_AFTER => {}
            Some(Err(_)) | None => {
                return Err(RedriveError::Stalled { topic: DEAD_LETTERS.into(), partition, at, end });
            }
        }
    }
    if let Some(producer) = producer {
        finish(&producer)?;
    }
    Ok(done)
}

/// What is to be read of each partition; ends are as they are now. Empty ranges are left out.
fn ranges(consumer: &BaseConsumer, selection: &Selection) -> Result<BTreeMap<i32, (i64, i64)>, RedriveError> {
    let metadata = consumer.fetch_metadata(Some(DEAD_LETTERS), METADATA_TIMEOUT).map_err(of_letters)?;
    let partitions = metadata.topics().first().map(|t| t.partitions()).unwrap_or_default();
    let mut ranges = BTreeMap::new();
    for partition in partitions.iter().map(|p| p.id()) {
        if selection.partition.is_some_and(|wanted| wanted != partition) {
            continue;
        }
        let (low, high) =
            consumer.fetch_watermarks(DEAD_LETTERS, partition, METADATA_TIMEOUT).map_err(of_letters)?;
        let from = selection.from.unwrap_or(low).max(low);
        let until = selection.until.unwrap_or(high).min(high);
        if from < until {
            ranges.insert(partition, (from, until));
        }
    }
    Ok(ranges)
}

fn assign(consumer: &BaseConsumer, open: &BTreeMap<i32, (i64, i64)>) -> Result<(), RedriveError> {
    let mut list = TopicPartitionList::new();
    for (partition, (from, _)) in open {
        list.add_partition_offset(DEAD_LETTERS, *partition, Offset::Offset(*from)).map_err(of_letters)?;
    }
    consumer.assign(&list).map_err(of_letters)
}

/// A partition is read once its last record before the captured end has come. `dead-letters` is written without
/// transactions and never compacted, so there is one at every offset.
fn advance(open: &mut BTreeMap<i32, (i64, i64)>, record: &BorrowedMessage<'_>) {
    if let Some((at, end)) = open.get_mut(&record.partition()) {
        *at = record.offset() + 1;
        if *at >= *end {
            open.remove(&record.partition());
        }
    }
}

fn consider(
    record: &BorrowedMessage<'_>,
    selection: &Selection,
    producer: Option<&BaseProducer<Returns>>,
    done: &mut Redriven,
) -> Result<(), RedriveError> {
    done.read += 1;
    let place = format!("{DEAD_LETTERS}/{}/{}", record.partition(), record.offset());
    let letter = match Letter::from_headers(record.headers()) {
        Ok(letter) if org_of(&letter.from.topic).is_some() => letter,
        Ok(letter) => {
            done.unreadable.push(format!("{place}: {:?} is no inbound topic", letter.from.topic));
            return Ok(());
        }
        Err(why) => {
            done.unreadable.push(format!("{place}: {why}"));
            return Ok(());
        }
    };
    if !selection.takes(&letter, record.timestamp().to_millis().map(model::Instant)) {
        return Ok(());
    }
    if letter.truncated {
        done.truncated.push(format!("{place}: {}", letter.from));
        return Ok(());
    }
    if let Some(producer) = producer {
        put_back(producer, record, &letter, &place)?;
    }
    *done.by_reason.entry(letter.reason.as_str()).or_default() += 1;
    Ok(())
}

fn put_back(
    producer: &BaseProducer<Returns>,
    record: &BorrowedMessage<'_>,
    letter: &Letter,
    place: &str,
) -> Result<(), RedriveError> {
    let opaque = Box::new((record.partition(), record.offset()));
    let headers = OwnedHeaders::new_with_capacity(1).insert(text("redriven-from", place));
    let mut back = BaseRecord::with_opaque_to(&letter.from.topic, opaque).headers(headers);
    back.payload = record.payload();
    back.key = letter.key.as_deref();
    loop {
        match producer.send(back) {
            Ok(()) => return serve(producer, Duration::ZERO),
            Err((error, refused)) if error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull) => {
                back = refused;
                serve(producer, Duration::from_millis(5))?;
            }
            Err((error, refused)) => {
                let (partition, offset) = *refused.delivery_opaque;
                return Err(RedriveError::Refused { partition, offset, error: error.into() });
            }
        }
    }
}

fn producer(base: &ClientConfig) -> Result<BaseProducer<Returns>, IngestError> {
    let mut client = settings::producer(base, MAX_RECORD_BYTES);
    client
        .set("message.timeout.ms", GIVE_UP_AFTER.as_millis().to_string())
        .set("queue.buffering.max.messages", "20000")
        .set("queue.buffering.max.kbytes", (64 * 1024).to_string());
    client
        .create_with_context(Returns::default())
        .map_err(|error| IngestError::Client { client: "producer", error })
}

fn serve(producer: &BaseProducer<Returns>, wait: Duration) -> Result<(), RedriveError> {
    producer.poll(wait);
    let refused = producer.context().0.lock().unwrap_or_else(PoisonError::into_inner).take();
    match refused {
        Some((partition, offset, error)) => {
            Err(RedriveError::Refused { partition, offset, error: error.into() })
        }
        None => Ok(()),
    }
}

fn finish(producer: &BaseProducer<Returns>) -> Result<(), RedriveError> {
    while producer.in_flight_count() > 0 {
        serve(producer, Duration::from_millis(50))?;
    }
    serve(producer, Duration::ZERO)
}

/// Errors that waiting does not mend.
fn is_final(error: &KafkaError) -> bool {
    matches!(error, KafkaError::MessageConsumptionFatal(_))
        || matches!(
            error.rdkafka_error_code(),
            Some(RDKafkaErrorCode::OffsetOutOfRange | RDKafkaErrorCode::AutoOffsetReset)
        )
}

fn of_letters(error: KafkaError) -> RedriveError {
    RedriveError::Topic { topic: DEAD_LETTERS.into(), error }
}

/// The first letter that was not taken back: partition, offset, why.
#[derive(Default)]
struct Returns(Mutex<Option<(i32, i64, KafkaError)>>);

impl ClientContext for Returns {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        client_log::log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(%error, reason, "producer reports an error; it goes on trying");
    }
}

impl ProducerContext for Returns {
    type DeliveryOpaque = Box<(i32, i64)>;

    fn delivery(&self, result: &DeliveryResult<'_>, letter: Box<(i32, i64)>) {
        if let Err((error, _)) = result {
            let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            first.get_or_insert((letter.0, letter.1, error.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use model::event::Rejection;

    use super::*;
    use crate::dead_letter::Coordinates;

    #[test]
    fn every_given_member_narrows_the_selection() {
        let from = Coordinates { topic: "inbound.A".into(), partition: 0, offset: 1 };
        let letter = Letter::new(Rejection::new(Reason::InvalidJson, "x"), from, None, None);
        let at = Some(model::Instant(100));
        let all = Selection::default();
        assert!(all.takes(&letter, at) && all.takes(&letter, None));
        let reasons = |reasons: &[Reason]| Selection { reasons: reasons.to_vec(), ..all.clone() };
        assert!(reasons(&[Reason::Oversize, Reason::InvalidJson]).takes(&letter, at));
        assert!(!reasons(&[Reason::Oversize]).takes(&letter, at));
        let org = |org: &str| Selection { org: Some(org.into()), ..all.clone() };
        assert!(org("A").takes(&letter, at) && !org("B").takes(&letter, at));
        let since = |ms| Selection { since: Some(model::Instant(ms)), ..all.clone() };
        assert!(
            since(100).takes(&letter, at) && !since(101).takes(&letter, at) && !since(0).takes(&letter, None)
        );
    }
}
