//! From the inbound side to the log of facts: forwards records without waiting for one another, and keeps the book of
//! what has arrived.
//!
//! The producer and the consumer are driven by one thread. The book has a lock all the same, because the consumer's
//! rebalance callback, which runs inside its `poll`, must drain what is in flight.
//!
//! Must stay true: a record's ticket is settled only after the broker has acknowledged it in `case-events` or
//! `dead-letters`, so a committed position has nothing behind it that could be lost.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use model::catalogue::Orgs;
use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use reach::Reach;

use crate::assignment::{Assignments, Ticket};
use crate::client_log;
use crate::config::IngestConfig;
use crate::dead_letter::{Letter, TRUNCATED_BYTES, text};
use crate::error::IngestError;
use crate::metrics::Metrics;
use crate::settings;
use crate::signs::{self, Signs};

/// How long to ask the brokers how many partitions `case-events` has.
const QUERY_TIMEOUT: Duration = Duration::from_secs(5);

/// What travels through the producer with a record and comes back with its acknowledgement.
pub(crate) struct Parcel {
    /// Of an inbound record; a sign of life has none.
    ticket: Option<Ticket>,
    bytes: usize,
    /// Present: a dead letter. Absent: a case event.
    letter: Option<Letter>,
}

struct Outcome {
    parcel: Box<Parcel>,
    result: Result<(), Refusal>,
}

struct Refusal {
    error: KafkaError,
    /// The first bytes of a dead letter that was too large.
    head: Vec<u8>,
}

/// Acknowledgements as the producer reports them, in its order; and whether it still finds its brokers.
struct Outbox(Mutex<Vec<Outcome>>, Reach);

impl ClientContext for Outbox {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        client_log::log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.1.note(&error);
        tracing::warn!(%error, reason, "producer reports an error; it goes on trying");
    }
}

impl ProducerContext for Outbox {
    type DeliveryOpaque = Box<Parcel>;

    fn delivery(&self, result: &DeliveryResult<'_>, parcel: Box<Parcel>) {
        let result = match result {
            Ok(_) => Ok(()),
            Err((error, record)) => {
                let oversize = parcel.letter.is_some() && is_oversize(error);
                let head = if oversize { head(record.payload().unwrap_or_default()) } else { Vec::new() };
                Err(Refusal { error: error.clone(), head })
            }
        };
        locked(&self.0).push(Outcome { parcel, result });
    }
}

/// Assignments, what is in flight, and the first failure.
#[derive(Default)]
pub(crate) struct Book {
    pub(crate) assignments: Assignments,
    /// Assigned, and not yet asked where they resume.
    pub(crate) fresh: Vec<(String, i32)>,
    pub(crate) paused: bool,
    pub(crate) failure: Option<IngestError>,
    /// When the group gave our partitions away without asking, if it did.
    pub(crate) session_lost: Option<Instant>,
    records: usize,
    bytes: usize,
}

impl Book {
    /// Before joining anew. What is in flight stays so.
    pub(crate) fn forget_membership(&mut self) {
        self.assignments = Assignments::default();
        self.fresh.clear();
        self.paused = false;
        self.session_lost = None;
    }
}

pub(crate) struct Relay {
    producer: BaseProducer<Outbox>,
    book: Mutex<Book>,
    signs: Mutex<Signs>,
    /// Of `case-events`, once asked: their number stays.
    partitions: OnceLock<i32>,
    metrics: Metrics,
    case_events: String,
    dead_letters: String,
    max_records: usize,
    max_bytes: usize,
}

impl Relay {
    pub(crate) fn new(
        base: &ClientConfig,
        config: &IngestConfig,
        metrics: Metrics,
    ) -> Result<Self, IngestError> {
        let producer = settings::forwarder(base, config)
            .create_with_context(Outbox(Mutex::default(), Reach::new(base, &config.case_events)))
            .map_err(|error| IngestError::Client { client: "producer", error })?;
        Ok(Self {
            producer,
            book: Mutex::default(),
            signs: Mutex::default(),
            partitions: OnceLock::new(),
            metrics,
            case_events: config.case_events.clone(),
            dead_letters: config.dead_letters.clone(),
            max_records: config.max_in_flight_records,
            max_bytes: config.max_in_flight_bytes,
        })
    }

    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        locked(&self.book)
    }

    /// Forwards a valid record: the publisher's bytes unchanged, keyed by case.
    pub(crate) fn accept(&self, ticket: Ticket, case: &str, payload: &[u8]) -> Result<(), IngestError> {
        let from = ticket.to_string();
        let headers = OwnedHeaders::new_with_capacity(1).insert(text("inbound", &from));
        let parcel = Box::new(Parcel { ticket: Some(ticket), bytes: payload.len(), letter: None });
        self.send(&self.case_events, case.as_bytes(), payload, headers, parcel)
    }

    /// Settles a record that goes nowhere itself: what it says becomes a sign of life.
    pub(crate) fn absorb(&self, ticket: &Ticket) {
        self.metrics.accepted.inc();
        self.book().assignments.settle(ticket);
    }

    /// Something valid of a source has come.
    pub(crate) fn hear(&self, source: &str, orgs: &Orgs, now: Instant) {
        locked(&self.signs).hear(source, orgs, now);
    }

    /// Tells every partition of the sources that were heard, as far as it is time.
    pub(crate) fn send_due_signs(&self, now: Instant, at: model::Instant) -> Result<(), IngestError> {
        let due = locked(&self.signs).take_due(now);
        due.iter().try_for_each(|source| self.send_sign(source, at))
    }

    /// The same, of all of them: nothing is heard any more.
    pub(crate) fn send_all_signs(&self, at: model::Instant) -> Result<(), IngestError> {
        let open = locked(&self.signs).take_all();
        open.iter().try_for_each(|source| self.send_sign(source, at))
    }

    /// One record a partition, behind what was forwarded to it before. A crash may lose the sign; the next one makes up for it.
    fn send_sign(&self, source: &str, at: model::Instant) -> Result<(), IngestError> {
        let Some(partitions) = self.partitions() else { return Ok(()) };
        let home = signs::home(source, partitions);
        for partition in 0..partitions {
            let payload = signs::record(source, at, partition == home);
            let parcel = Box::new(Parcel { ticket: None, bytes: payload.len(), letter: None });
            let record = BaseRecord::with_opaque_to(&self.case_events, parcel)
                .key(source.as_bytes())
                .payload(payload.as_slice())
                .partition(partition);
            self.hand_over(record, payload.len())?;
        }
        self.metrics.signs.inc();
        Ok(())
    }

    fn partitions(&self) -> Option<i32> {
        if let Some(known) = self.partitions.get() {
            return Some(*known);
        }
        match self.producer.client().fetch_metadata(Some(&self.case_events), QUERY_TIMEOUT) {
            Ok(metadata) => {
                let found = metadata.topics().first().map_or(0, |topic| topic.partitions().len()) as i32;
                (found > 0).then(|| *self.partitions.get_or_init(|| found))
            }
            Err(error) => {
                tracing::warn!(%error, "partitions of case-events unknown; a sign of life waits for the next one");
                None
            }
        }
    }

    /// Puts a rejected record whole among the dead letters.
    pub(crate) fn reject(&self, ticket: Ticket, letter: Letter, payload: &[u8]) -> Result<(), IngestError> {
        let key = letter.from.to_string();
        let headers = letter.headers();
        let parcel = Box::new(Parcel { ticket: Some(ticket), bytes: payload.len(), letter: Some(letter) });
        self.send(&self.dead_letters, key.as_bytes(), payload, headers, parcel)
    }

    /// Takes in every acknowledgement that has come, waiting for one at most `wait`.
    pub(crate) fn serve(&self, wait: Duration) -> Result<(), IngestError> {
        self.producer.poll(wait);
        let outcomes = std::mem::take(&mut *locked(&self.producer.context().0));
        for outcome in outcomes {
            self.settle(outcome)?;
        }
        Ok(())
    }

    /// Waits until nothing of `partitions` is in flight. `false`: the deadline came first; the rest is read again by
    /// whoever holds the partitions next.
    pub(crate) fn drain(&self, partitions: &[(String, i32)], deadline: Instant) -> Result<bool, IngestError> {
        loop {
            self.serve(Duration::ZERO)?;
            let open = {
                let book = self.book();
                partitions.iter().any(|(topic, partition)| book.assignments.is_open(topic, *partition))
            };
            if !open {
                return Ok(true);
            }
            if Instant::now() >= deadline {
                return Ok(false);
            }
            self.serve(Duration::from_millis(5))?;
        }
    }

    /// Whether the producer has lost its brokers for good: what it was given will not be settled.
    pub(crate) fn is_stranded(&self) -> bool {
        self.producer.context().1.is_stranded(self.producer.client())
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.book().records == 0
    }

    /// At a limit: nothing more should be read.
    pub(crate) fn is_full(&self) -> bool {
        let book = self.book();
        book.records >= self.max_records || book.bytes >= self.max_bytes
    }

    /// Far enough below the limits for reading to go on.
    pub(crate) fn has_room(&self) -> bool {
        let book = self.book();
        book.records <= self.max_records / 2 && book.bytes <= self.max_bytes / 2
    }

    fn send(
        &self,
        topic: &str,
        key: &[u8],
        payload: &[u8],
        headers: OwnedHeaders,
        parcel: Box<Parcel>,
    ) -> Result<(), IngestError> {
        let record = BaseRecord::with_opaque_to(topic, parcel).key(key).payload(payload).headers(headers);
        self.hand_over(record, payload.len())
    }

    fn hand_over(
        &self,
        record: BaseRecord<'_, [u8], [u8], Box<Parcel>>,
        bytes: usize,
    ) -> Result<(), IngestError> {
        match self.producer.send(record) {
            Ok(()) => {
                self.carry(1, bytes as isize);
                Ok(())
            }
            Err((error, record)) => {
                let head = head(record.payload.unwrap_or_default());
                self.refused(*record.delivery_opaque, Refusal { error, head })
            }
        }
    }

    fn settle(&self, outcome: Outcome) -> Result<(), IngestError> {
        let Outcome { parcel, result } = outcome;
        self.carry(-1, -(parcel.bytes as isize));
        if let Err(refusal) = result {
            return self.refused(*parcel, refusal);
        }
        let Some(ticket) = &parcel.ticket else { return Ok(()) };
        match &parcel.letter {
            None => self.metrics.accepted.inc(),
            Some(letter) => {
                self.metrics.settled_letter(letter.reason);
                self.metrics.truncated.inc_by(u64::from(letter.truncated));
            }
        }
        self.book().assignments.settle(ticket);
        Ok(())
    }

    /// A dead letter too large for its topic goes again, cut. Anything else stops the process: librdkafka has tried all
    /// that trying can do, and to go on would be to skip a record.
    fn refused(&self, parcel: Parcel, refusal: Refusal) -> Result<(), IngestError> {
        let Parcel { ticket, letter, .. } = parcel;
        match (letter, ticket) {
            (Some(letter), Some(ticket)) if !letter.truncated && is_oversize(&refusal.error) => {
                tracing::warn!(from = %letter.from, "dead letter too large for its topic; cut");
                self.reject(ticket, Letter { truncated: true, ..letter }, &refusal.head)
            }
            (letter, ticket) => {
                let topic = if letter.is_some() { &self.dead_letters } else { &self.case_events };
                let from = ticket.map_or_else(|| "a sign of life".to_owned(), |t| t.to_string());
                Err(IngestError::Refused { topic: topic.clone(), from, error: refusal.error.into() })
            }
        }
    }

    fn carry(&self, records: isize, bytes: isize) {
        let mut book = self.book();
        book.records = book.records.checked_add_signed(records).expect("settled more records than were sent");
        book.bytes = book.bytes.checked_add_signed(bytes).expect("settled more bytes than were sent");
        self.metrics.in_flight_records.set(book.records as i64);
        self.metrics.in_flight_bytes.set(book.bytes as i64);
    }
}

fn is_oversize(error: &KafkaError) -> bool {
    error.rdkafka_error_code() == Some(RDKafkaErrorCode::MessageSizeTooLarge)
}

fn head(payload: &[u8]) -> Vec<u8> {
    payload[..payload.len().min(TRUNCATED_BYTES)].to_vec()
}

/// A panic elsewhere ends the process; until then the data is as good as it was.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
