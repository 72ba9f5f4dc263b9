//! A mock cluster, a running inbound side, and readers and writers of topics.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ingest::{IngestConfig, IngestError};
use model::catalogue::Orgs;
use prometheus::Registry;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message, OwnedMessage};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

pub(crate) const NOW: model::Instant = model::Instant(1_782_748_800_000);
/// Long enough for a slow machine under load; a test that needs it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Cluster {
    pub(crate) mock: MockCluster<'static, DefaultProducerContext>,
}

impl Cluster {
    /// One broker, with the outgoing topics.
    pub(crate) fn new(case_partitions: i32) -> Self {
        let mock = MockCluster::new(1).unwrap();
        mock.create_topic("case-events", case_partitions, 1).unwrap();
        mock.create_topic("dead-letters", 1, 1).unwrap();
        Self { mock }
    }

    pub(crate) fn topic(&self, name: &str, partitions: i32) {
        self.mock.create_topic(name, partitions, 1).unwrap();
    }

    pub(crate) fn base(&self) -> ClientConfig {
        let mut base = ClientConfig::new();
        base.set("bootstrap.servers", self.mock.bootstrap_servers());
        base
    }

    /// Writes records to a topic and waits until the broker has them.
    pub(crate) fn write<'a>(&self, topic: &str, records: impl IntoIterator<Item = &'a [u8]>) {
        let producer: BaseProducer = self
            .base()
            .set("message.max.bytes", "20000000")
            .set("compression.type", "lz4")
            .set("linger.ms", "5")
            .create()
            .unwrap();
        for record in records {
            producer
                .send(BaseRecord::<(), _>::to(topic).payload(record))
                .map_err(|(error, _)| error)
                .unwrap();
        }
        producer.flush(PATIENCE).unwrap();
    }

    pub(crate) fn read(&self, topic: &str, count: usize) -> Vec<OwnedMessage> {
        Reader::new(&self.base()).read(topic, count)
    }

    pub(crate) fn read_distinct(&self, topic: &str, count: usize) -> Vec<OwnedMessage> {
        Reader::new(&self.base()).read_distinct(topic, count)
    }

    pub(crate) fn len(&self, topic: &str) -> usize {
        Reader::new(&self.base()).len(topic)
    }
}

/// Reads topics from outside.
pub(crate) struct Reader(ClientConfig);

impl Reader {
    pub(crate) fn new(base: &ClientConfig) -> Self {
        Self(base.clone())
    }

    /// The first `count` records of a topic, as soon as there are so many.
    pub(crate) fn read(&self, topic: &str, count: usize) -> Vec<OwnedMessage> {
        self.read_until(topic, |records| records.len() >= count)
    }

    /// The records of a topic up to the one that makes it `count` different payloads: repetitions are allowed.
    pub(crate) fn read_distinct(&self, topic: &str, count: usize) -> Vec<OwnedMessage> {
        let mut had = BTreeSet::new();
        self.read_until(topic, |records| {
            had.extend(records.last().map(|r| r.payload().unwrap_or_default().to_vec()));
            had.len() >= count
        })
    }

    fn read_until(&self, topic: &str, mut enough: impl FnMut(&[OwnedMessage]) -> bool) -> Vec<OwnedMessage> {
        let consumer: BaseConsumer =
            self.0.clone().set("group.id", "reader").set("auto.offset.reset", "earliest").create().unwrap();
        let metadata = consumer.fetch_metadata(Some(topic), PATIENCE).unwrap();
        let mut list = TopicPartitionList::new();
        for partition in metadata.topics()[0].partitions() {
            list.add_partition_offset(topic, partition.id(), Offset::Beginning).unwrap();
        }
        consumer.assign(&list).unwrap();
        let deadline = Instant::now() + PATIENCE;
        let mut records = Vec::new();
        while !enough(&records) {
            assert!(Instant::now() < deadline, "{topic}: no more than {} records came", records.len());
            if let Some(Ok(record)) = consumer.poll(Duration::from_millis(100)) {
                records.push(record.detach());
            }
        }
        records
    }

    /// How many records a topic has.
    pub(crate) fn len(&self, topic: &str) -> usize {
        let consumer: BaseConsumer = self.0.create().unwrap();
        let metadata = consumer.fetch_metadata(Some(topic), PATIENCE).unwrap();
        let high = |partition| consumer.fetch_watermarks(topic, partition, PATIENCE).unwrap().1;
        metadata.topics()[0].partitions().iter().map(|p| high(p.id()) as usize).sum()
    }
}

/// The inbound side on a thread of its own.
pub(crate) struct Running {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<(), IngestError>>,
    pub(crate) registry: Registry,
}

impl Running {
    pub(crate) fn start(cluster: &Cluster, config: IngestConfig, orgs: Orgs) -> Self {
        Self::with(&cluster.base(), config, orgs)
    }

    pub(crate) fn with(base: &ClientConfig, config: IngestConfig, orgs: Orgs) -> Self {
        let (stop, registry) = (Arc::new(AtomicBool::new(false)), Registry::new());
        let thread = std::thread::spawn({
            let (stop, registry, base) = (stop.clone(), registry.clone(), base.clone());
            move || {
                let orgs = Arc::new(orgs);
                ingest::run(&config, &base, || Arc::clone(&orgs), || NOW, &registry, &stop)
            }
        });
        Self { stop, thread, registry }
    }

    pub(crate) fn stop(self) -> Result<(), IngestError> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }

    /// Waits for it to end by itself.
    pub(crate) fn end(self) -> Result<(), IngestError> {
        self.thread.join().unwrap()
    }

    /// Waits for what no topic shows.
    pub(crate) fn await_metric(&self, name: &str, at_least: f64) {
        let deadline = Instant::now() + PATIENCE;
        while self.metric(name) < at_least {
            assert!(
                Instant::now() < deadline && !self.thread.is_finished(),
                "{name} stays {}",
                self.metric(name)
            );
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }

    /// The sum of a metric over its labels; 0 before it is there.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let families = self.registry.gather();
        let families = families.iter().filter(|f| f.name() == name);
        families
            .flat_map(|f| f.get_metric())
            .map(|m| m.get_counter().get_value() + m.get_gauge().get_value())
            .sum()
    }
}

/// Short times: the mock group waits a whole session for a static member that has stopped. It also gathers a new group's
/// members for 3 s, and a session must outlast that.
pub(crate) fn config() -> IngestConfig {
    IngestConfig {
        find_topics_every: Duration::from_millis(300),
        commit_every: Duration::from_millis(100),
        session_timeout: Duration::from_secs(4),
        drain_deadline: Duration::from_secs(1),
        ..IngestConfig::new("ingest-0")
    }
}

pub(crate) fn good(n: usize) -> Vec<u8> {
    let case = n % 37;
    format!(
        r#"{{"specversion":"1.0","id":"e-{n}","source":"urn:a","type":"case.closed","subject":"案-{case}","time":"2026-06-29T09:00:00+08:00", "data":{{"extra":{n}}}}}"#
    )
    .into_bytes()
}

pub(crate) fn header<'a>(record: &'a OwnedMessage, name: &str) -> Option<&'a str> {
    let value = record.headers()?.iter().find(|h| h.key == name)?.value?;
    Some(str::from_utf8(value).unwrap())
}

/// The records have exactly these payloads, in any order.
pub(crate) fn assert_payloads(records: &[OwnedMessage], expected: impl IntoIterator<Item = Vec<u8>>) {
    let mut left: BTreeMap<Vec<u8>, isize> = BTreeMap::new();
    for payload in expected {
        *left.entry(payload).or_default() += 1;
    }
    for record in records {
        *left.entry(record.payload().unwrap_or_default().to_vec()).or_default() -= 1;
    }
    let show = |sign: isize| {
        let wrong = left.iter().filter(|(_, n)| n.signum() == sign);
        let sample: Vec<_> = wrong.clone().take(3).map(|(p, n)| (String::from_utf8_lossy(p), n)).collect();
        (wrong.count(), format!("{sample:.200?}"))
    };
    let (lost, doubled) = (show(1), show(-1));
    assert!((lost.0, doubled.0) == (0, 0), "lost: {lost:?}; doubled or foreign: {doubled:?}");
}
