//! The departments: they publish at a rate, whatever happens to the cluster, and keep a record until the broker has it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseRecord, Producer, ProducerContext, ThreadedProducer};
use rdkafka::types::RDKafkaErrorCode;
use system_tests::timetable::Pace;

use crate::stream::{Published, Record, Stream, now_ms};

/// A broker may be away for minutes, and then has a backlog to take.
const DELIVERED_WITHIN: Duration = Duration::from_secs(300);

#[derive(Clone, Default)]
struct Deliveries {
    done: Arc<AtomicU64>,
    failed: Arc<Mutex<Option<String>>>,
}

impl ClientContext for Deliveries {}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        match result {
            Ok(_) => drop(self.done.fetch_add(1, Ordering::Relaxed)),
            Err((error, _)) => *self.failed.lock().expect("no panic") = Some(error.to_string()),
        }
    }
}

pub(crate) struct Publisher {
    thread: JoinHandle<Published>,
    done: Arc<AtomicU64>,
    go: Sender<()>,
}

impl Publisher {
    /// Publishes the stream's warm-up at once; the others, at the rate, when it is told to go on.
    pub(crate) fn start(kafka: &str, stream: Arc<Stream>, rate: u32) -> Self {
        let deliveries = Deliveries::default();
        let (kafka, done) = (kafka.to_owned(), Arc::clone(&deliveries.done));
        let (go, gone) = mpsc::channel();
        let thread = std::thread::spawn(move || publish(&kafka, &stream, rate, &gone, deliveries));
        Self { thread, done, go }
    }

    pub(crate) fn go(&self) {
        self.go.send(()).expect("the publisher waits");
    }

    /// Records that the broker has acknowledged.
    pub(crate) fn delivered(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    pub(crate) fn finish(self) -> Published {
        self.thread.join().expect("the publisher has said why it ended")
    }
}

/// When each fact was published; the warm-up's are left out, for they wait until the group has formed.
fn publish(kafka: &str, stream: &Stream, rate: u32, go: &Receiver<()>, deliveries: Deliveries) -> Published {
    let mut client = ClientConfig::new();
    client
        .set("bootstrap.servers", kafka)
        .set("enable.idempotence", "true")
        // What the publisher counts as acknowledged must be there (ADR 24).
        .set("max.in.flight.requests.per.connection", "1")
        .set("message.timeout.ms", "0")
        .set("message.max.bytes", "2000000")
        .set("queue.buffering.max.messages", "1000000")
        .set("reconnect.backoff.max.ms", "1000")
        .set("linger.ms", "20");
    let producer: ThreadedProducer<Deliveries> =
        client.create_with_context(deliveries.clone()).expect("a producer can be made");
    let (warm_up, rest) = stream.records.split_at(stream.warm_up());
    for record in warm_up {
        send(&producer, record);
    }
    go.recv().expect("the experiment goes on");
    let mut published = Published::new();
    let mut pace = Pace::new(rate);
    for record in rest {
        pace.next();
        let at = send(&producer, record);
        if let Some(fact) = record.fact {
            published.entry(fact).or_insert(at);
        }
    }
    for fact in warm_up.iter().filter_map(|record| record.fact) {
        published.remove(&fact);
    }
    producer.flush(DELIVERED_WITHIN).expect("the broker takes all that was published");
    let failed = deliveries.failed.lock().expect("no panic").take();
    assert_eq!(failed, None, "a record was not taken");
    published
}

/// When it was handed over, ms since 1970.
fn send(producer: &ThreadedProducer<Deliveries>, record: &Record) -> i64 {
    let topic = format!("inbound.{}", record.org);
    let at = now_ms();
    let form = || BaseRecord::<(), [u8]>::to(&topic).payload(&record.bytes).timestamp(at);
    while let Err((error, _)) = producer.send(form()) {
        assert_eq!(error.rdkafka_error_code(), Some(RDKafkaErrorCode::QueueFull), "{topic}: {error}");
        producer.poll(Duration::from_millis(20));
    }
    at
}
