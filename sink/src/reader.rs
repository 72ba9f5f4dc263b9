//! The Kafka side of a topic: a consumer that is told what to read, and a place to keep offsets.
//!
//! `BaseConsumer` on the caller's own thread, partitions assigned by hand. The group id names offsets and nothing else,
//! so no rebalance ever takes a partition away between an insert and its commit.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use reach::{CLOSES_WITHIN, Committer, Reach, let_go};

use crate::config::SinkConfig;
use crate::kind::Kind;
use crate::record::Record;
use crate::source::{Found, Mark, Polled, Source, Trouble};

/// Settings the sink's promise rests on: they are set last.
const RESERVED: [(&str, &str); 7] = [
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("auto.offset.reset", "error"),
    ("enable.partition.eof", "false"),
    ("isolation.level", "read_committed"),
    ("check.crcs", "true"),
    ("allow.auto.create.topics", "false"),
];

/// Settings of speed alone; an operator's stand over them.
const DEFAULTS: [(&str, &str); 5] = [
    ("fetch.queue.backoff.ms", "20"),
    // Batches are written a few times a second: a broker that answers each record at once works for nothing.
    ("fetch.min.bytes", "65536"),
    ("fetch.wait.max.ms", "50"),
    // A question that a broker took with it is asked again after so long, and not after a minute.
    ("socket.timeout.ms", "10000"),
    // A commit is waited for so long where nobody knows the group's coordinator. No member of a group is meant: none joins.
    ("session.timeout.ms", "10000"),
];

pub(crate) struct Reader {
    consumer: Renewable,
    /// The consumer was made anew and is assigned nothing.
    is_new: bool,
    /// Reads nothing, so its questions are answered at once: a broker answers a connection in order, and behind a fetch
    /// that waits for records each question takes up to half a second.
    asker: Renewable,
    committer: Committer,
    topic: String,
    timeout: Duration,
}

/// A consumer that is made anew when it has lost its brokers for good.
struct Renewable {
    config: ClientConfig,
    topic: String,
    client: BaseConsumer,
    reach: Reach,
}

impl Renewable {
    fn new(config: &ClientConfig, topic: &str) -> KafkaResult<Self> {
        let (client, reach) = (config.create()?, Reach::new(config, topic));
        Ok(Self { config: config.clone(), topic: topic.to_owned(), client, reach })
    }

    /// Whether it is another one now, which is assigned nothing.
    fn renew(&mut self) -> KafkaResult<bool> {
        let is_stranded = self.reach.is_stranded(self.client.client());
        if is_stranded {
            let fresh = Self::new(&self.config, &self.topic)?;
            let_go(std::mem::replace(self, fresh).client, CLOSES_WITHIN);
        }
        Ok(is_stranded)
    }
}

impl Reader {
    pub(crate) fn new(base: &ClientConfig, sink: &SinkConfig, kind: Kind) -> KafkaResult<Self> {
        let mut config = base.clone();
        config.remove("group.instance.id");
        config.set("group.id", &sink.group);
        for (key, value) in DEFAULTS.into_iter().filter(|(key, _)| base.get(key).is_none()) {
            config.set(key, value);
        }
        for (key, value) in RESERVED {
            config.set(key, value);
        }
        let timeout = Duration::from_millis(sink.kafka_timeout_ms.max(1));
        let topic = kind.topic(&sink.topics).to_owned();
        let (consumer, asker) = (Renewable::new(&config, &topic)?, Renewable::new(&config, &topic)?);
        let committer = Committer::new(&config, timeout);
        Ok(Self { consumer, is_new: false, asker, committer, topic, timeout })
    }

    fn renew_consumer(&mut self) -> KafkaResult<()> {
        self.is_new |= self.consumer.renew()?;
        Ok(())
    }

    fn renew_asker(&mut self) -> KafkaResult<()> {
        // Nobody else takes the errors that gather in its queue.
        while let Some(told) = self.asker.client.poll(Duration::ZERO) {
            told.map_or_else(|error| self.asker.reach.note(&error), drop);
        }
        self.asker.renew()?;
        Ok(())
    }

    /// How many partitions the topic has.
    pub(crate) fn partitions(&mut self) -> KafkaResult<i32> {
        self.renew_asker()?;
        let metadata = self.asker.client.fetch_metadata(Some(&self.topic), self.timeout)?;
        let topic = metadata.topics().iter().find(|topic| topic.name() == self.topic);
        let topic = topic.ok_or(KafkaError::MetadataFetch(RDKafkaErrorCode::UnknownTopic))?;
        match topic.error() {
            Some(error) => Err(KafkaError::MetadataFetch(error.into())),
            None => Ok(i32::try_from(topic.partitions().len()).unwrap_or(i32::MAX)),
        }
    }

    fn watermarks(&self, partition: i32) -> KafkaResult<(i64, i64)> {
        self.asker.client.fetch_watermarks(&self.topic, partition, self.timeout)
    }

    fn list(&self, positions: impl IntoIterator<Item = (i32, i64)>) -> KafkaResult<TopicPartitionList> {
        let mut list = TopicPartitionList::new();
        for (partition, offset) in positions {
            list.add_partition_offset(&self.topic, partition, Offset::Offset(offset))?;
        }
        Ok(list)
    }

    fn look(&mut self) -> KafkaResult<Vec<Found>> {
        let mut asked = TopicPartitionList::new();
        let partitions = self.partitions()?;
        if partitions == 0 {
            return Err(KafkaError::MetadataFetch(RDKafkaErrorCode::UnknownPartition));
        }
        asked.add_partition_range(&self.topic, 0, partitions - 1);
        let committed = self.asker.client.committed_offsets(asked, self.timeout)?;
        let mut found = Vec::new();
        for element in committed.elements() {
            element.error()?;
            let committed = match element.offset() {
                Offset::Offset(offset) => Some(Mark { offset, metadata: element.metadata().to_owned() }),
                _ => None,
            };
            let (low, high) = self.watermarks(element.partition())?;
            found.push(Found { partition: element.partition(), low, high, committed });
        }
        Ok(found)
    }

    fn mark(&mut self, marks: &BTreeMap<i32, Mark>) -> KafkaResult<()> {
        let list = self.list(marks.iter().map(|(partition, mark)| (*partition, mark.offset)))?;
        for (partition, mark) in marks {
            if let Some(mut element) = list.find_partition(&self.topic, *partition) {
                element.set_metadata(&mark.metadata);
            }
        }
        self.committer.commit(&list)
    }
}

impl Source for Reader {
    fn find(&mut self) -> Result<Vec<Found>, Trouble> {
        self.look().map_err(trouble)
    }

    fn ends(&mut self) -> Result<BTreeMap<i32, i64>, Trouble> {
        let partitions = self.partitions().map_err(trouble)?;
        (0..partitions).map(|p| Ok((p, self.watermarks(p).map_err(trouble)?.1))).collect()
    }

    fn assign(&mut self, positions: &BTreeMap<i32, i64>) -> Result<(), Trouble> {
        let list = self.list(positions.iter().map(|(partition, offset)| (*partition, *offset)));
        list.and_then(|list| self.consumer.client.assign(&list)).map_err(trouble)?;
        self.is_new = false;
        Ok(())
    }

    fn poll(&mut self, patience: Duration) -> Polled {
        if let Err(error) = self.renew_consumer() {
            return Polled::Lost(trouble(error));
        }
        if self.is_new {
            return Polled::Lost(Trouble("the consumer had lost its brokers for good".to_owned()));
        }
        match self.consumer.client.poll(patience) {
            None => Polled::Nothing,
            Some(Ok(message)) => Polled::Record(record(&message)),
            Some(Err(error)) if is_passing(&error) => {
                self.consumer.reach.note(&error);
                Polled::Hiccup(trouble(error))
            }
            Some(Err(error)) => Polled::Lost(trouble(error)),
        }
    }

    fn commit(&mut self, marks: &BTreeMap<i32, Mark>) -> Result<(), Trouble> {
        self.mark(marks).map_err(trouble)
    }
}

fn trouble(error: KafkaError) -> Trouble {
    Trouble(error.to_string())
}

fn is_passing(error: &KafkaError) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        error.rdkafka_error_code(),
        Some(
            Code::BrokerTransportFailure
                | Code::AllBrokersDown
                | Code::Resolve
                | Code::OperationTimedOut
                | Code::RequestTimedOut
                | Code::NetworkException
                | Code::NotLeaderForPartition
                | Code::LeaderNotAvailable
                | Code::Authentication
                | Code::TopicAuthorizationFailed
        )
    )
}

fn record(message: &BorrowedMessage<'_>) -> Record {
    let headers = message.headers().map_or_else(Vec::new, |headers| {
        let owned = headers.iter().map(|h| (h.key.to_owned(), h.value.unwrap_or_default().to_vec()));
        owned.collect()
    });
    Record {
        partition: message.partition(),
        offset: message.offset(),
        timestamp_ms: message.timestamp().to_millis().unwrap_or(0),
        key: message.key().unwrap_or_default().to_vec(),
        value: message.payload().unwrap_or_default().to_vec(),
        headers,
    }
}
