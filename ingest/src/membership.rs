//! This process as a member of the consumer group: what happens when partitions come and go.
//!
//! librdkafka calls these inside the consumer's `poll`, so on the one thread that also drives the producer. The context
//! holds the relay, never the consumer: that would be a cycle which cannot be dropped.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::assignment::Position;
use crate::client_log;
use crate::metrics::Metrics;
use crate::relay::Relay;

pub(crate) struct Membership {
    relay: Arc<Relay>,
    metrics: Metrics,
    drain_deadline: Duration,
}

impl Membership {
    pub(crate) fn new(relay: Arc<Relay>, metrics: Metrics, drain_deadline: Duration) -> Self {
        Self { relay, metrics, drain_deadline }
    }

    fn take_up(&self, consumer: &BaseConsumer<Self>, list: &TopicPartitionList) {
        let partitions = partitions(list);
        tracing::info!(count = partitions.len(), "inbound partitions assigned");
        let mut book = self.relay.book();
        for (topic, partition) in &partitions {
            book.assignments.assign(topic, *partition);
        }
        book.fresh.extend(partitions);
        // librdkafka remembers a pause across assignments: one that was lost while paused would stay so for ever.
        let set = if book.paused { consumer.pause(list) } else { consumer.resume(list) };
        if let Err(error) = set {
            tracing::warn!(%error, paused = book.paused, "assigned partitions could not be paused or resumed");
        }
        self.metrics.partitions.set(book.assignments.iter().count() as i64);
    }

    /// Lets partitions go: what is in flight may still settle, what has settled is committed. Of a lost assignment nothing
    /// is committed, somebody else has it already.
    fn release(&self, consumer: &BaseConsumer<Self>, list: &TopicPartitionList) {
        let partitions = partitions(list);
        let lost = consumer.assignment_lost();
        tracing::info!(count = partitions.len(), lost, "inbound partitions revoked");
        if lost {
            self.metrics.sessions_lost.inc();
            self.relay.book().session_lost = Some(Instant::now());
        } else {
            self.drain(&partitions);
            self.commit(consumer, &partitions);
        }
        let mut book = self.relay.book();
        for (topic, partition) in &partitions {
            book.assignments.revoke(topic, *partition);
        }
        self.metrics.partitions.set(book.assignments.iter().count() as i64);
    }

    fn drain(&self, partitions: &[(String, i32)]) {
        if self.relay.book().failure.is_some() {
            return;
        }
        match self.relay.drain(partitions, Instant::now() + self.drain_deadline) {
            Ok(true) => {}
            Ok(false) => tracing::warn!("revoked with records in flight; the next owner reads them again"),
            // A callback has no way to return it; the reading loop looks for it after every poll.
            Err(error) => self.relay.book().failure = Some(error),
        }
    }

    /// Commits every position of `partitions`, moved or not: whether an earlier commit went through is not known.
    fn commit(&self, consumer: &BaseConsumer<Self>, partitions: &[(String, i32)]) {
        let mut positions = self.relay.book().assignments.positions();
        positions.retain(|at| partitions.iter().any(|(topic, p)| **topic == *at.topic && *p == at.partition));
        let Some(offsets) = offsets(&positions) else {
            return;
        };
        self.metrics.commits.inc();
        // It goes out before the partitions do, on the same connection; a synchronous one might never return (ADR 40).
        if let Err(error) = consumer.commit(&offsets, CommitMode::Async) {
            self.metrics.commit_errors.inc();
            tracing::warn!(%error, "offsets not committed; the next owner reads the records again");
        }
    }
}

impl ClientContext for Membership {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        client_log::log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.metrics.client_errors.inc();
        tracing::warn!(%error, reason, "consumer reports an error; it goes on trying");
    }
}

impl ConsumerContext for Membership {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Revoke(list) => self.release(consumer, list),
            Rebalance::Assign(_) => {}
            Rebalance::Error(error) => tracing::warn!(%error, "rebalance failed; the group tries again"),
        }
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(list) = rebalance {
            self.take_up(consumer, list);
        }
    }
}

/// The list to commit, or `None` if there is nothing to.
pub(crate) fn offsets(positions: &[Position]) -> Option<TopicPartitionList> {
    let mut list = TopicPartitionList::with_capacity(positions.len());
    for Position { topic, partition, offset } in positions {
        if let Err(error) = list.add_partition_offset(topic, *partition, Offset::Offset(*offset)) {
            tracing::error!(%error, %topic, partition, offset, "position is not committed");
        }
    }
    (list.count() > 0).then_some(list)
}

fn partitions(list: &TopicPartitionList) -> Vec<(String, i32)> {
    list.elements().iter().map(|e| (e.topic().to_owned(), e.partition())).collect()
}
