//! The consumer group, used for nothing but saying whose a partition is.

use std::sync::mpsc::Sender;
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use reach::{CLOSES_WITHIN, Orphans, Reach, let_go};

use super::{WorkerConfig, WorkerError};
use crate::chain::Chain;
use crate::kafka::partitions;

/// Longest wait for the committed position of a partition.
const COMMITTED_TIMEOUT: Duration = Duration::from_secs(5);
/// The group waits meanwhile, so not for long.
const METADATA_TIMEOUT: Duration = Duration::from_secs(1);
/// Between two commits of positions, for lag tools.
const COMMIT_EVERY: Duration = Duration::from_secs(2);

pub(super) enum Change {
    Assigned(i32),
    Revoked(i32),
}

struct Context {
    changes: Sender<Change>,
}

impl ClientContext for Context {}

impl ConsumerContext for Context {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(list) = rebalance {
            self.tell(list, Change::Revoked);
        }
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(list) = rebalance {
            if let Err(error) = consumer.pause(list) {
                tracing::warn!(%error, "the group's consumer could not be paused; what it reads is dropped");
            }
            self.tell(list, Change::Assigned);
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, _: &TopicPartitionList) {
        if let Err(error) = result {
            // Nothing depends on it: the ledger says where to resume.
            tracing::debug!(%error, "a position was not committed");
        }
    }
}

impl Context {
    fn tell(&self, list: &TopicPartitionList, change: fn(i32) -> Change) {
        for element in list.elements() {
            if self.changes.send(change(element.partition())).is_err() {
                tracing::debug!("the worker has stopped listening");
            }
        }
    }
}

pub(super) struct Membership {
    consumer: BaseConsumer<Context>,
    reach: Reach,
    orphans: Orphans,
    topic: String,
    committed: std::cell::Cell<std::time::Instant>,
    /// How many partitions there are; 0: not asked yet.
    partitions: std::cell::Cell<i32>,
}

impl Membership {
    pub(super) fn join(config: &WorkerConfig, changes: Sender<Change>) -> Result<Self, WorkerError> {
        let mut client = config.client.clone();
        let session = config.session_timeout.as_millis();
        client
            .set("group.id", &config.group)
            .set("group.instance.id", &config.instance)
            // KIP-848 with static ids keeps a killed member's place until its session has timed out; the classic
            // protocol lets the restarted one take it at once.
            .set("group.protocol", "classic")
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", session.to_string())
            .set("heartbeat.interval.ms", (session / 5).to_string())
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            // It reads nothing, so where it would start does not matter.
            .set("auto.offset.reset", "latest")
            .set("allow.auto.create.topics", "false");
        let failed = |e: KafkaError| WorkerError::Membership(e.to_string());
        let consumer: BaseConsumer<Context> =
            client.create_with_context(Context { changes }).map_err(failed)?;
        let topic = config.topics.case_events.clone();
        consumer.subscribe(&[&topic]).map_err(failed)?;
        let reach = Reach::new(&config.client, &topic);
        let orphans = Orphans::new(&config.group, &config.instance);
        let (committed, partitions) = (std::time::Instant::now().into(), 0.into());
        Ok(Self { consumer, reach, orphans, topic, committed, partitions })
    }

    /// All partitions of the topic, whosever they are; none while the broker does not say. They never change in number.
    pub(super) fn partitions(&self) -> std::ops::Range<i32> {
        all_partitions(&self.consumer, &self.topic, &self.partitions)
    }

    pub(super) fn poll(&mut self, wait: Duration) -> Result<(), WorkerError> {
        if self.reach.is_stranded(self.consumer.client()) {
            return Err(WorkerError::Stranded);
        }
        let wanted = || {
            let all = all_partitions(&self.consumer, &self.topic, &self.partitions);
            (!all.is_empty()).then(|| all.map(|p| (self.topic.clone(), p)).collect())
        };
        if self.orphans.are_ours_to_mend(self.consumer.client(), wanted) {
            return Err(WorkerError::Orphaned);
        }
        match self.consumer.poll(wait) {
            None | Some(Ok(_)) => Ok(()),
            // The consumer does nothing any more. Fenced: someone has joined under the same id; a join of our own, too, that
            // was answered too late.
            Some(Err(error @ KafkaError::MessageConsumptionFatal(_))) => {
                Err(WorkerError::Fenced(error.to_string()))
            }
            Some(Err(error)) => {
                self.reach.note(&error);
                tracing::warn!(%error, "the group goes on after an error");
                Ok(())
            }
        }
    }

    /// What was committed for a partition last, by whomever: the position, and our own note of the chain if it was us.
    pub(super) fn committed(&self, partition: i32) -> Option<(i64, String)> {
        let mut asked = TopicPartitionList::new();
        asked.add_partition(&self.topic, partition);
        match self.consumer.committed_offsets(asked, COMMITTED_TIMEOUT) {
            Ok(list) => list.elements().first().and_then(|element| match element.offset() {
                Offset::Offset(offset) => Some((offset, element.metadata().to_owned())),
                _ => None,
            }),
            Err(error) => {
                tracing::warn!(partition, %error, "the committed position is not known; it is not checked");
                None
            }
        }
    }

    pub(super) fn commit(&self, chains: impl Iterator<Item = Chain>) {
        if self.committed.get().elapsed() < COMMIT_EVERY {
            return;
        }
        self.committed.set(std::time::Instant::now());
        let mut list = TopicPartitionList::new();
        for chain in chains {
            let mut element = list.add_partition(&self.topic, chain.partition);
            element.set_metadata(chain.note());
            if let Err(error) = element.set_offset(Offset::Offset(chain.position)) {
                tracing::debug!(%error, "a position was not committed");
            }
        }
        if list.count() > 0
            && let Err(error) = self.consumer.commit(&list, CommitMode::Async)
        {
            tracing::debug!(%error, "positions were not committed");
        }
    }

    pub(super) fn leave(self) {
        self.consumer.unsubscribe();
        let_go(self.consumer, CLOSES_WITHIN);
    }

    /// So that the group shares all partitions anew.
    pub(super) fn leave_for_good(self) {
        self.orphans.leave(&self.consumer);
    }
}

/// Asks for their number until it is `known`; it is 0 before.
fn all_partitions(
    consumer: &BaseConsumer<Context>,
    topic: &str,
    known: &std::cell::Cell<i32>,
) -> std::ops::Range<i32> {
    if known.get() == 0
        && let Ok(count) = partitions(consumer, topic, METADATA_TIMEOUT)
    {
        known.set(count);
    }
    0..known.get()
}
