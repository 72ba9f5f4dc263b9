//! Where everything stands in Kafka: the ends of the topics and what the groups say.

use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaResult;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::cluster::PARTITIONS;

const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// Clients that only ask, each by the name of the group whose positions it knows.
pub(crate) struct Positions {
    detectors: BaseConsumer,
    sink: BaseConsumer,
    feed: BaseConsumer,
}

impl Positions {
    pub(crate) fn new(brokers: &str) -> Self {
        Self {
            detectors: client(brokers, "xiezhi-detectors"),
            sink: client(brokers, "xiezhi-sink"),
            feed: client(brokers, "xiezhi-alarm-feed"),
        }
    }

    /// The end of each partition of a topic that has as many as `case-events`.
    pub(crate) fn ends(&self, topic: &str) -> KafkaResult<Vec<i64>> {
        let end = |p| self.sink.fetch_watermarks(topic, p, ANSWER_WITHIN).map(|(_, high)| high);
        (0..PARTITIONS as i32).map(end).collect()
    }

    /// How far the detectors say that they have come; -1 for nothing.
    pub(crate) fn judged(&self, topic: &str) -> KafkaResult<Vec<i64>> {
        committed(&self.detectors, topic)
    }

    /// How far the sink says that it has come; -1 for nothing.
    pub(crate) fn stored(&self, topic: &str) -> KafkaResult<Vec<i64>> {
        committed(&self.sink, topic)
    }

    /// How far the feed says that it has come in the ledger; -1 for nothing.
    pub(crate) fn fed(&self) -> KafkaResult<Vec<i64>> {
        committed(&self.feed, "ledger")
    }
}

fn committed(client: &BaseConsumer, topic: &str) -> KafkaResult<Vec<i64>> {
    let mut asked = TopicPartitionList::new();
    for partition in 0..PARTITIONS as i32 {
        asked.add_partition(topic, partition);
    }
    let found = client.committed_offsets(asked, ANSWER_WITHIN)?;
    let offset = |offset| if let Offset::Offset(at) = offset { at } else { -1 };
    Ok(found.elements().iter().map(|element| offset(element.offset())).collect())
}

pub(crate) fn client(brokers: &str, group: &str) -> BaseConsumer {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", brokers)
        .set("group.id", group)
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "error")
        .set("enable.partition.eof", "true")
        .set("reconnect.backoff.max.ms", "1000");
    config.create().expect("a client can be made")
}
