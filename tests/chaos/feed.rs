//! `alarm-feed` as a subscriber sees it: every revision at least once, and always the same.

use std::collections::HashMap;
use std::time::Duration;

use rdkafka::consumer::Consumer;
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use serde::Deserialize;

use crate::cluster::PARTITIONS;
use crate::positions::client;

#[derive(Deserialize)]
struct Head {
    finding_id: String,
    revision: u32,
}

/// What a subscriber got.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    pub(crate) records: u64,
    /// The number of bodies seen for each revision of each finding: more than one is a contradiction.
    pub(crate) bodies: HashMap<(String, u32), Vec<Vec<u8>>>,
}

impl Feed {
    pub(crate) fn contradictions(&self) -> usize {
        self.bodies.values().filter(|bodies| bodies.len() > 1).count()
    }
}

/// Reads the feed from its beginning to its end.
pub(crate) fn read(brokers: &str) -> Feed {
    let consumer = client(brokers, "chaos-feed");
    let mut list = TopicPartitionList::new();
    for partition in 0..PARTITIONS as i32 {
        list.add_partition_offset("alarm-feed", partition, Offset::Beginning).expect("an offset");
    }
    consumer.assign(&list).expect("it can be assigned");
    let (mut feed, mut open) = (Feed::default(), PARTITIONS);
    while open > 0 {
        match consumer.poll(Duration::from_secs(30)).expect("the feed can be read") {
            Ok(message) => {
                let body = message.payload().unwrap_or_default();
                let head: Head = serde_json::from_slice(body).expect("the feed is JSON");
                feed.records += 1;
                let bodies = feed.bodies.entry((head.finding_id, head.revision)).or_default();
                if !bodies.iter().any(|known| known == body) {
                    bodies.push(body.to_vec());
                }
            }
            Err(KafkaError::PartitionEOF(_)) => open -= 1,
            Err(error) => panic!("alarm-feed: {error}"),
        }
    }
    feed
}
