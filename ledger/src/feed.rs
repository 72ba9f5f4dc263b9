//! `alarm-feed`: what the ledger says, one JSON record a revision, for systems that would rather subscribe than query.
//! At least once; whoever reads it keeps the highest revision of each finding id.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant as Wall};

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaErrorCode;

use crate::chain::Chain;
use crate::kafka::{Failures, Topics, broken, partitions, reader, writer};
use crate::log::LogError;
use crate::record::Entry;

/// Nobody waits for a revision as for an entry, and a broker takes a few large requests more easily than many small ones.
const LINGER_MS: &str = "50";
const GROUP: &str = "xiezhi-alarm-feed";
const TIMEOUT: Duration = Duration::from_secs(10);
/// Between two commits of how far the feed has come.
const COMMIT_EVERY: Duration = Duration::from_secs(1);
/// Between two attempts while Kafka is in trouble.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// Runs until `stop` is set. A broker that has just come back refuses for a while what it will soon do, and the feed is
/// no reason to stop a site: after an error it begins again from the last commit.
///
/// # Errors
/// Of the last commit, when it was told to stop.
pub fn run(base: &ClientConfig, topics: &Topics, stop: &AtomicBool) -> Result<(), LogError> {
    loop {
        match serve(base, topics, stop) {
            Err(error) if !stop.load(Ordering::Relaxed) => {
                tracing::warn!(%error, "the feed is in trouble; trying again");
                std::thread::sleep(AGAIN_AFTER);
            }
            ended => return ended,
        }
    }
}

fn serve(base: &ClientConfig, topics: &Topics, stop: &AtomicBool) -> Result<(), LogError> {
    let mut feed = Feed::open(base, topics)?;
    while !stop.load(Ordering::Relaxed) {
        feed.turn()?;
    }
    feed.commit()
}

struct Feed {
    topics: Topics,
    consumer: BaseConsumer,
    producer: BaseProducer<Failures>,
    failures: Failures,
    /// By partition: where its chain stands, and the offset of the next ledger record.
    chains: HashMap<i32, (Chain, i64)>,
    dirty: bool,
    committed: Wall,
}

impl Feed {
    fn open(base: &ClientConfig, topics: &Topics) -> Result<Self, LogError> {
        let failures = Failures::default();
        let mut reader = reader(base, GROUP);
        reader.set("fetch.min.bytes", "65536").set("fetch.wait.max.ms", LINGER_MS);
        // A commit is waited for so long where nobody knows the group's coordinator. Then all is opened anew.
        reader.set("session.timeout.ms", "10000");
        let consumer: BaseConsumer = reader.create().map_err(broken)?;
        let producer =
            writer(base).set("linger.ms", LINGER_MS).create_with_context(failures.clone()).map_err(broken)?;
        let partitions = partitions(&consumer, &topics.ledger, TIMEOUT)?;
        let mut asked = TopicPartitionList::new();
        for partition in 0..partitions {
            asked.add_partition(&topics.ledger, partition);
        }
        let committed = consumer.committed_offsets(asked, TIMEOUT).map_err(broken)?;
        let mut chains = HashMap::new();
        let mut start = TopicPartitionList::new();
        for element in committed.elements() {
            let partition = element.partition();
            let resumed = match element.offset() {
                Offset::Offset(offset) => {
                    Chain::of_note(partition, element.metadata()).map(|chain| (chain, offset))
                }
                _ => None,
            };
            let low = || consumer.fetch_watermarks(&topics.ledger, partition, TIMEOUT).map(|(low, _)| low);
            let (chain, offset) = match resumed {
                Some(resumed) => resumed,
                None => (Chain::new(partition), low().map_err(broken)?),
            };
            start.add_partition_offset(&topics.ledger, partition, Offset::Offset(offset)).map_err(broken)?;
            chains.insert(partition, (chain, offset));
        }
        consumer.assign(&start).map_err(broken)?;
        let committed = Wall::now();
        Ok(Self { topics: topics.clone(), consumer, producer, failures, chains, dirty: false, committed })
    }

    fn turn(&mut self) -> Result<(), LogError> {
        self.producer.poll(Duration::ZERO);
        if let Some(reason) = self.failures.take() {
            return Err(LogError::Broken(format!("{}: {reason}", self.topics.alarm_feed)));
        }
        let read = match self.consumer.poll(Duration::from_millis(100)) {
            Some(Ok(message)) => {
                let bytes = message.payload().unwrap_or_default();
                let (chain, next) = self
                    .chains
                    .entry(message.partition())
                    .or_insert_with(|| (Chain::new(message.partition()), 0));
                *next = message.offset() + 1;
                chain.accept(bytes).ok()
            }
            Some(Err(KafkaError::PartitionEOF(_))) | None => None,
            Some(Err(error)) => return Err(broken(error)),
        };
        if let Some(entry) = read {
            self.dirty = true;
            self.publish(&entry)?;
        }
        if self.dirty && self.committed.elapsed() >= COMMIT_EVERY {
            self.commit()?;
        }
        Ok(())
    }

    fn publish(&self, entry: &Entry) -> Result<(), LogError> {
        for finding in &entry.findings {
            let key = finding.finding_id.to_string();
            let body = serde_json::to_vec(finding).map_err(|e| LogError::Broken(e.to_string()))?;
            loop {
                match self.producer.send(BaseRecord::to(&self.topics.alarm_feed).key(&key).payload(&body)) {
                    Ok(()) => break,
                    Err((error, _)) if error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull) => {
                        self.producer.poll(Duration::from_millis(50));
                    }
                    Err((error, _)) => return Err(broken(error)),
                }
            }
        }
        Ok(())
    }

    /// Everything sent is there before the place is written down.
    fn commit(&mut self) -> Result<(), LogError> {
        self.producer.flush(TIMEOUT).map_err(broken)?;
        if let Some(reason) = self.failures.take() {
            return Err(LogError::Broken(format!("{}: {reason}", self.topics.alarm_feed)));
        }
        let mut list = TopicPartitionList::new();
        for (partition, (chain, next)) in &self.chains {
            let mut element = list.add_partition(&self.topics.ledger, *partition);
            element.set_offset(Offset::Offset(*next)).map_err(broken)?;
            element.set_metadata(chain.note());
        }
        self.consumer.commit(&list, CommitMode::Sync).map_err(broken)?;
        self.dirty = false;
        self.committed = Wall::now();
        Ok(())
    }
}
