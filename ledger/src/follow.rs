//! Reads what counts of the whole ledger, partition by partition in order, from where its group last wrote down that it
//! was. For those who follow the ledger and hold no partition of it.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant as Wall};

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use reach::Committer;

use crate::chain::Chain;
use crate::kafka::{broken, partitions, reader};
use crate::log::LogError;
use crate::record::{Entry, Hash};

const TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of one partition's records that are held while its last entries are looked for.
const MAX_LOOK_BACK_BYTES: usize = 16 * 1024 * 1024;

/// See the module.
pub struct Follower {
    topic: String,
    config: ClientConfig,
    consumer: BaseConsumer,
    committer: Committer,
    places: HashMap<i32, Place>,
    dirty: bool,
}

/// Where a partition's chain stands, and the offset of the next record.
#[derive(Debug, Clone, Copy)]
struct Place {
    chain: Chain,
    next: i64,
}

impl Follower {
    /// `wait` is how long a broker may gather records before it answers.
    ///
    /// # Errors
    /// The topic or the group's commits cannot be read.
    pub fn open(base: &ClientConfig, topic: &str, group: &str, wait: Duration) -> Result<Self, LogError> {
        let mut config = reader(base, group);
        config.set("fetch.min.bytes", "65536").set("fetch.wait.max.ms", wait.as_millis().to_string());
        // A commit is waited for so long where nobody knows the group's coordinator. Then all is opened anew.
        config.set("session.timeout.ms", "10000");
        let consumer: BaseConsumer = config.create().map_err(broken)?;
        let mut asked = TopicPartitionList::new();
        for partition in 0..partitions(&consumer, topic, TIMEOUT)? {
            asked.add_partition(topic, partition);
        }
        let committed = consumer.committed_offsets(asked, TIMEOUT).map_err(broken)?;
        let (mut places, mut start) = (HashMap::new(), TopicPartitionList::new());
        for element in committed.elements() {
            let partition = element.partition();
            let noted = match element.offset() {
                Offset::Offset(next) => {
                    Chain::of_note(partition, element.metadata()).map(|chain| Place { chain, next })
                }
                _ => None,
            };
            let low = || consumer.fetch_watermarks(topic, partition, TIMEOUT).map(|(low, _)| low);
            let place = match noted {
                Some(place) => place,
                None => Place { chain: Chain::new(partition), next: low().map_err(broken)? },
            };
            start.add_partition_offset(topic, partition, Offset::Offset(place.next)).map_err(broken)?;
            places.insert(partition, place);
        }
        consumer.assign(&start).map_err(broken)?;
        let committer = Committer::new(&config, TIMEOUT);
        Ok(Self { topic: topic.to_owned(), config, consumer, committer, places, dirty: false })
    }

    /// By partition: seq of the entry that comes next.
    pub fn next_seqs(&self) -> impl Iterator<Item = (i32, u64)> {
        self.places.iter().map(|(partition, place)| (*partition, place.chain.next_seq))
    }

    /// The next entry that counts, of any partition; `None` if none came in time.
    ///
    /// # Errors
    /// Of Kafka; it is for the caller to open anew.
    pub fn poll(&mut self, wait: Duration) -> Result<Option<Entry>, LogError> {
        let message = match self.consumer.poll(wait) {
            Some(Ok(message)) => message,
            Some(Err(KafkaError::PartitionEOF(_))) | None => return Ok(None),
            Some(Err(error)) => return Err(broken(error)),
        };
        let partition = message.partition();
        let unknown = || LogError::Broken(format!("{} has a partition {partition} now", self.topic));
        let place = self.places.get_mut(&partition).ok_or_else(unknown)?;
        place.next = message.offset() + 1;
        let entry = place.chain.accept(message.payload().unwrap_or_default()).ok();
        self.dirty |= entry.is_some();
        Ok(entry)
    }

    /// Writes down that everything before here is done with.
    ///
    /// # Errors
    /// Of Kafka.
    pub fn commit(&mut self) -> Result<(), LogError> {
        if !self.dirty {
            return Ok(());
        }
        let mut list = TopicPartitionList::new();
        for (partition, place) in &self.places {
            let mut element = list.add_partition(&self.topic, *partition);
            element.set_offset(Offset::Offset(place.next)).map_err(broken)?;
            element.set_metadata(place.chain.note());
        }
        self.committer.commit(&list).map_err(broken)?;
        self.dirty = false;
        Ok(())
    }

    /// The entries that count just before here, of every partition in order, from at most so many records.
    ///
    /// # Errors
    /// Of Kafka.
    pub fn look_back(&self, records: i64) -> Result<Vec<Entry>, LogError> {
        let consumer: BaseConsumer = self.config.create().map_err(broken)?;
        let mut entries = Vec::new();
        for (partition, place) in &self.places {
            entries
                .extend(chained(self.records(&consumer, *partition, place.next, records)?, place.chain.prev));
        }
        Ok(entries)
    }

    /// The records before an offset, with their hashes.
    fn records(
        &self,
        consumer: &BaseConsumer,
        partition: i32,
        to: i64,
        most: i64,
    ) -> Result<VecDeque<(Hash, Entry)>, LogError> {
        let mut found = Found::default();
        let (low, _) = consumer.fetch_watermarks(&self.topic, partition, TIMEOUT).map_err(broken)?;
        let from = low.max(to.saturating_sub(most));
        if from >= to {
            return Ok(found.records);
        }
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.topic, partition, Offset::Offset(from)).map_err(broken)?;
        consumer.assign(&list).map_err(broken)?;
        let until = Wall::now() + TIMEOUT;
        loop {
            let message = match consumer.poll(Duration::from_millis(100)) {
                Some(Ok(message)) => message,
                Some(Err(KafkaError::PartitionEOF(_))) => return Ok(found.records),
                Some(Err(error)) => return Err(broken(error)),
                None if Wall::now() > until => {
                    return Err(LogError::Broken(format!(
                        "{} [{partition}] is not read in time",
                        self.topic
                    )));
                }
                None => continue,
            };
            if message.offset() < to {
                found.take(message.payload().unwrap_or_default());
            }
            if message.offset() + 1 >= to {
                return Ok(found.records);
            }
        }
    }
}

/// Records with their hashes, the last ones of at most [`MAX_LOOK_BACK_BYTES`].
#[derive(Default)]
struct Found {
    records: VecDeque<(Hash, Entry)>,
    lengths: VecDeque<usize>,
    bytes: usize,
}

impl Found {
    fn take(&mut self, record: &[u8]) {
        let Ok(entry) = Entry::decode(record) else { return };
        self.records.push_back((Hash::of(record), entry));
        self.lengths.push_back(record.len());
        self.bytes += record.len();
        while self.bytes > MAX_LOOK_BACK_BYTES
            && let Some(length) = self.lengths.pop_front()
        {
            self.records.pop_front();
            self.bytes -= length;
        }
    }
}

/// Of records in order, those that lead to the entry with this hash: each names the one before it. What does not count is
/// named by none.
fn chained(records: VecDeque<(Hash, Entry)>, last: Hash) -> Vec<Entry> {
    let mut wanted = last;
    let mut entries: Vec<Entry> = Vec::new();
    for (hash, entry) in records.into_iter().rev() {
        if hash == wanted {
            wanted = entry.prev;
            entries.push(entry);
        }
    }
    entries.reverse();
    entries
}

#[cfg(test)]
mod tests {
    use model::Instant;

    use super::*;

    /// A record behind a chain, and its hash.
    fn behind(chain: &mut Chain, now: i64) -> (Hash, Entry) {
        let entry = Entry { now: Instant(now), ..Entry::extending(chain) };
        let bytes = entry.encode();
        (Hash::of(&bytes), chain.accept(&bytes).unwrap())
    }

    #[test]
    fn only_what_leads_to_the_last_entry_counts() {
        let mut chain = Chain::new(0);
        let first = behind(&mut chain, 1);
        let mut zombie = chain;
        let second = behind(&mut chain, 2);
        let late = [behind(&mut zombie, 3), behind(&mut zombie, 4)];
        let third = behind(&mut chain, 5);
        let [one, two] = late;
        let records = VecDeque::from([first, second.clone(), one, two, third.clone(), third.clone()]);
        let seqs: Vec<_> = chained(records.clone(), chain.prev).iter().map(|e| (e.seq, e.now.0)).collect();
        assert_eq!(seqs, [(0, 1), (1, 2), (2, 5)]);
        let cut: VecDeque<_> = records.into_iter().skip(2).collect();
        assert_eq!(chained(cut, chain.prev), [third.1], "what lies before is not known");
        assert!(chained(VecDeque::new(), chain.prev).is_empty());
    }
}
