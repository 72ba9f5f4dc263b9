//! The topic `reference` on Kafka: read by one thread a process for all its actors, and written by whoever publishes an edition
//! of the rules. What counts, and what an edition is, says [`model::catalogue::Shelf`].

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant as Wall};

use model::catalogue::{Edition, MAX_EDITION_BYTES, Proposal, Refused, Shelf};
use model::hash::Hash;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use reach::Reach;

use crate::kafka::{Failures, broken, partitions, reader, writer};
use crate::log::LogError;
use crate::pause::rest;

const PARTITION: i32 = 0;
const GROUP: &str = "xiezhi-reference";
/// Longest wait for an answer about offsets, and for a record that must be there.
const TIMEOUT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(100);
/// Longest wait at a start for the editions that were published before.
pub const READ_WAIT: Duration = Duration::from_secs(30);
/// Between two attempts to read what cannot be read.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// The editions that this process knows: one for all its parts.
#[derive(Debug, Default)]
pub struct Editions {
    known: Mutex<Known>,
    changed: Condvar,
    /// How many they are: asked at every record.
    count: AtomicUsize,
}

/// An edition with the files of its catalogue.
#[derive(Debug, Clone)]
pub struct Published {
    pub edition: Arc<Edition>,
    pub files: Arc<BTreeMap<String, String>>,
}

#[derive(Debug, Default)]
struct Known {
    editions: Vec<Arc<Edition>>,
    /// Of the last one.
    files: Arc<BTreeMap<String, String>>,
    /// The log has been read to its end once, or cannot be.
    is_read: bool,
}

impl Editions {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are known.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// All of them, in order.
    pub fn all(&self) -> Vec<Arc<Edition>> {
        self.known().editions.clone()
    }

    /// The last of them.
    pub fn last(&self) -> Option<Published> {
        let known = self.known();
        let edition = Arc::clone(known.editions.last()?);
        Some(Published { edition, files: Arc::clone(&known.files) })
    }

    /// The edition of this number; waits at most so long for it.
    pub fn get(&self, number: usize, wait: Duration) -> Option<Arc<Edition>> {
        let known = self.known();
        if wait.is_zero() || known.editions.len() > number {
            return known.editions.get(number).cloned();
        }
        let missing = |known: &mut Known| known.editions.len() <= number;
        let (known, _) =
            self.changed.wait_timeout_while(known, wait, missing).unwrap_or_else(PoisonError::into_inner);
        known.editions.get(number).cloned()
    }

    /// Waits until everything published so far is known, but not for ever: a process without it goes on by the rules it has.
    pub fn await_read(&self, wait: Duration) {
        let unread = |known: &mut Known| !known.is_read;
        drop(self.changed.wait_timeout_while(self.known(), wait, unread));
    }

    fn set(&self, shelf: &Shelf, is_read: bool) {
        let mut known = self.known();
        let new = shelf.editions().iter().skip(known.editions.len()).cloned().collect::<Vec<_>>();
        if !new.is_empty() {
            known.files = Arc::new(shelf.files().clone());
        }
        known.editions.extend(new);
        self.count.store(known.editions.len(), Ordering::Release);
        known.is_read |= is_read;
        self.changed.notify_all();
    }
}

/// Follows the topic until `stop` is set. Trouble is told and tried again; detection goes on by the last rules that could be
/// read, for every partition says in its ledger which those are.
pub fn follow(base: &ClientConfig, topic: &str, editions: &Editions, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let Err(error) = serve(base, topic, editions, stop) else { return };
        tracing::error!(%error, "editions of the rules cannot be read; the rules stay as they are");
        editions.set(&Shelf::default(), true);
        rest(AGAIN_AFTER, stop);
    }
}

fn serve(base: &ClientConfig, topic: &str, editions: &Editions, stop: &AtomicBool) -> Result<(), LogError> {
    let mut log = Reader::open(base, topic)?;
    while !stop.load(Ordering::Relaxed) {
        match log.poll()? {
            Event::Taken(_) => {
                let last = log.shelf.editions().last();
                let (seq, version) = last.map_or((0, ""), |last| (last.seq, last.catalogue.version.as_str()));
                tracing::info!(seq, version, "an edition of the rules was published");
                editions.set(&log.shelf, false);
            }
            Event::End => editions.set(&log.shelf, true),
            Event::Nothing => {}
        }
    }
    Ok(())
}

/// Every edition that stands in the topic now.
///
/// # Errors
/// It cannot be read, or not to its end.
pub fn load(base: &ClientConfig, topic: &str) -> Result<Shelf, LogError> {
    let mut log = Reader::open(base, topic)?;
    log.read_to_end()?;
    Ok(log.shelf)
}

/// Why an edition was not published.
#[derive(Debug, thiserror::Error)]
pub enum NotPublished {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("whether it was published is not known: {0}; look at the editions before it is tried again")]
    Unknown(String),
}

/// Publishes what `propose` proposes behind the editions that stand. If somebody else was first, it is asked again. What stands
/// already is given back as it is.
///
/// # Errors
/// See [`NotPublished`].
pub fn publish<P: Into<Proposal>>(
    base: &ClientConfig,
    topic: &str,
    propose: impl Fn(&Shelf) -> Result<P, Refused>,
) -> Result<Arc<Edition>, NotPublished> {
    let mut log = Reader::open(base, topic)?;
    log.read_to_end()?;
    let (failures, mut config) = (Failures::default(), writer(base));
    config.set("message.max.bytes", (MAX_EDITION_BYTES + 64 * 1024).to_string());
    let producer: BaseProducer<Failures> = config.create_with_context(failures.clone()).map_err(broken)?;
    loop {
        let bytes = match propose(&log.shelf)?.into() {
            Proposal::New(record) => record.encode(),
            Proposal::Stands(edition) => return Ok(edition),
        };
        let hash = Hash::of(&bytes);
        let record: BaseRecord<'_, str, [u8]> = BaseRecord::to(topic).partition(PARTITION).payload(&bytes);
        producer.send(record).map_err(|(error, _)| broken(error))?;
        match await_own(&mut log, &producer, &failures, hash)? {
            Some(edition) => return Ok(edition),
            None => producer.flush(TIMEOUT).map_err(|e| NotPublished::Unknown(e.to_string()))?,
        }
    }
}

/// Reads on until the own record stands, or another in its place.
fn await_own(
    log: &mut Reader,
    producer: &BaseProducer<Failures>,
    failures: &Failures,
    own: Hash,
) -> Result<Option<Arc<Edition>>, NotPublished> {
    let until = Wall::now() + TIMEOUT;
    while Wall::now() < until {
        producer.poll(Duration::ZERO);
        if let Some(reason) = failures.take() {
            return Err(NotPublished::Unknown(reason));
        }
        match log.poll()? {
            Event::Taken(edition) if edition.hash == own => return Ok(Some(edition)),
            Event::Taken(_) => return Ok(None),
            Event::End | Event::Nothing => {}
        }
    }
    Err(NotPublished::Unknown(format!("it was not read back within {} s", TIMEOUT.as_secs())))
}

/// The topic, read from its first record.
struct Reader {
    topic: String,
    consumer: BaseConsumer,
    reach: Reach,
    shelf: Shelf,
}

enum Event {
    Taken(Arc<Edition>),
    End,
    Nothing,
}

impl Reader {
    fn open(base: &ClientConfig, topic: &str) -> Result<Self, LogError> {
        let mut config = reader(base, GROUP);
        config.set("fetch.wait.max.ms", "100").set("fetch.message.max.bytes", MAX_EDITION_BYTES.to_string());
        let consumer: BaseConsumer = config.create().map_err(broken)?;
        if partitions(&consumer, topic, TIMEOUT)? == 0 {
            return Err(LogError::Broken(format!("there is no topic {topic}: `xiezhi run` makes it")));
        }
        let (low, _) = consumer.fetch_watermarks(topic, PARTITION, TIMEOUT).map_err(broken)?;
        if low > 0 {
            return Err(LogError::Broken(format!(
                "{topic} begins at offset {low}: its first editions are gone, and nothing behind them can be judged; it must be \
                 kept for ever (retention.ms=-1, cleanup.policy=delete)"
            )));
        }
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, PARTITION, Offset::Offset(0)).map_err(broken)?;
        consumer.assign(&list).map_err(broken)?;
        let reach = Reach::new(base, topic);
        Ok(Self { topic: topic.to_owned(), consumer, reach, shelf: Shelf::default() })
    }

    fn poll(&mut self) -> Result<Event, LogError> {
        if self.reach.is_stranded(self.consumer.client()) {
            return Err(LogError::Broken(format!(
                "{}: its consumer has lost its brokers for good",
                self.topic
            )));
        }
        match self.consumer.poll(POLL) {
            None => Ok(Event::Nothing),
            Some(Ok(message)) => {
                let taken = self.shelf.take(message.payload().unwrap_or_default());
                let taken = taken.map_err(|unreadable| LogError::Broken(unreadable.to_string()))?;
                Ok(taken.map_or(Event::Nothing, Event::Taken))
            }
            Some(Err(KafkaError::PartitionEOF(_))) => Ok(Event::End),
            Some(Err(error)) => {
                self.reach.note(&error);
                tracing::warn!(topic = self.topic, %error, "reading goes on after an error");
                Ok(Event::Nothing)
            }
        }
    }

    fn read_to_end(&mut self) -> Result<(), LogError> {
        let until = Wall::now() + TIMEOUT;
        while Wall::now() < until {
            if matches!(self.poll()?, Event::End) {
                return Ok(());
            }
        }
        Err(LogError::Broken(format!(
            "{}: its end was not reached within {} s",
            self.topic,
            TIMEOUT.as_secs()
        )))
    }
}
