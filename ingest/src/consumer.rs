//! The inbound consumer: reads `inbound.<org>`, checks, forwards, commits. One thread, one `BaseConsumer`.
//!
//! It does not wait per record, does not skip one, and does not judge one by its place: an outage of any length is
//! waited for, an error that trying cannot mend ends it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use model::catalogue::Orgs;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use reach::{Orphans, Partition, Reach};

use crate::assignment::{Taken, Ticket};
use crate::check::check;
use crate::continuity::{Continuity, judge, lost};
use crate::dead_letter::{Coordinates, Letter};
use crate::error::IngestError;
use crate::membership::{self, Membership};
use crate::metrics::Metrics;
use crate::relay::Relay;
use crate::{IngestConfig, settings, topics};

/// One topic for each publishing organisation; new ones are found without a restart.
pub const INBOUND_PATTERN: &str = r"^inbound\..+";

/// How long a poll may last while nothing is in flight, and so how soon a stop is seen.
const IDLE_POLL: Duration = Duration::from_millis(100);
/// The same while acknowledgements are awaited.
const BUSY_POLL: Duration = Duration::from_millis(5);
/// How long to stand still at the limit before pausing: a pause throws away what was prefetched.
const PATIENCE: Duration = Duration::from_millis(200);
/// How long to ask the brokers where an assignment resumes or a log begins.
const QUERY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long to ask the brokers which inbound topics there are; reading waits meanwhile.
const METADATA_TIMEOUT: Duration = Duration::from_secs(1);
/// How often to commit positions that have not moved. The answer to a commit does not reach us (the binding gives
/// librdkafka no callback for it), so one that failed is mended by the next.
const REPEAT_COMMITS_EVERY: Duration = Duration::from_secs(10);

/// When positions were last committed: those that had moved, and all.
struct Commits {
    moved: Instant,
    all: Instant,
}

impl Commits {
    fn new() -> Self {
        Self { moved: Instant::now(), all: Instant::now() }
    }
}

/// One membership in the group, from joining to leaving.
pub(crate) struct Inbound<'a, O, C> {
    consumer: BaseConsumer<Membership>,
    reach: Reach,
    orphans: Orphans,
    relay: Arc<Relay>,
    orgs: &'a O,
    clock: &'a C,
    metrics: Metrics,
    /// While reading is paused: up to when that has been counted.
    throttled: Option<Instant>,
    commits: Commits,
    config: &'a IngestConfig,
}

impl<'a, O: Fn() -> Arc<Orgs>, C: Fn() -> model::Instant> Inbound<'a, O, C> {
    pub(crate) fn join(
        config: &'a IngestConfig,
        base: &ClientConfig,
        relay: Arc<Relay>,
        orgs: &'a O,
        clock: &'a C,
        metrics: Metrics,
    ) -> Result<Self, IngestError> {
        let consumer = settings::consumer(base, config)
            .create_with_context(Membership::new(relay.clone(), metrics.clone(), config.drain_deadline))
            .map_err(|error| IngestError::Client { client: "consumer", error })?;
        let reach = Reach::new(base, &config.case_events);
        let orphans = Orphans::new(&config.group, &config.instance);
        let commits = Commits::new();
        Ok(Self { consumer, reach, orphans, relay, orgs, clock, metrics, throttled: None, commits, config })
    }

    pub(crate) fn read_until(&mut self, stop: &AtomicBool) -> Result<(), IngestError> {
        self.consumer
            .subscribe(&[INBOUND_PATTERN])
            .map_err(|error| IngestError::Subscribe { pattern: INBOUND_PATTERN, error })?;
        while !stop.load(Ordering::Relaxed) {
            self.find_brokers()?;
            self.find_orphans()?;
            self.relay.serve(Duration::ZERO)?;
            self.relay.send_due_signs(Instant::now(), (self.clock)())?;
            self.throttle()?;
            self.commit_when_due();
            let wait = if self.relay.is_idle() { IDLE_POLL } else { BUSY_POLL };
            self.read(wait)?;
        }
        Ok(())
    }

    fn find_orphans(&mut self) -> Result<(), IngestError> {
        let client = self.consumer.client();
        let wanted = || inbound_partitions(&self.consumer);
        if self.orphans.are_ours_to_mend(client, wanted) { Err(IngestError::Orphaned) } else { Ok(()) }
    }

    fn find_brokers(&self) -> Result<(), IngestError> {
        if self.reach.is_stranded(self.consumer.client()) {
            return Err(IngestError::Stranded { client: "consumer" });
        }
        if self.relay.is_stranded() {
            return Err(IngestError::Stranded { client: "producer" });
        }
        Ok(())
    }

    fn read(&self, wait: Duration) -> Result<(), IngestError> {
        let polled = self.consumer.poll(wait);
        if let Some(failure) = self.relay.book().failure.take() {
            return Err(failure);
        }
        self.ask_resume_points();
        match polled {
            None => Ok(()),
            Some(Ok(record)) => self.forward(&record),
            Some(Err(error @ KafkaError::MessageConsumptionFatal(_))) => {
                Err(IngestError::Consumer { group: self.config.group.clone(), error })
            }
            Some(Err(error)) => {
                // An outage, whatever its code: never a reason to skip or to stop.
                self.reach.note(&error);
                self.metrics.client_errors.inc();
                tracing::warn!(%error, "consumer reports an error; it goes on trying");
                Ok(())
            }
        }
    }

    fn forward(&self, record: &BorrowedMessage<'_>) -> Result<(), IngestError> {
        let (topic, partition, offset) = (record.topic(), record.partition(), record.offset());
        let Some(ticket) = self.take(topic, partition, offset) else {
            return Ok(());
        };
        let now = (self.clock)();
        let published = record.timestamp().to_millis().map(model::Instant);
        if let Some(published) = published {
            self.metrics.lag_seconds.set((now.0 - published.0).max(0) as f64 / 1_000.0);
        }
        let payload = record.payload().unwrap_or_default();
        let orgs = (self.orgs)();
        match check(payload, &orgs, now) {
            Ok(checked) => {
                self.relay.hear(&checked.source, &orgs, Instant::now());
                if checked.is_heartbeat {
                    self.relay.absorb(&ticket);
                    return Ok(());
                }
                self.relay.accept(ticket, &checked.case, payload)
            }
            Err(rejection) => {
                let from = Coordinates { topic: topic.to_owned(), partition, offset };
                tracing::debug!(%from, reason = %rejection.reason, "record rejected");
                self.relay.reject(ticket, Letter::new(rejection, from, published, record.key()), payload)
            }
        }
    }

    fn take(&self, topic: &str, partition: i32, offset: i64) -> Option<Ticket> {
        let taken = self.relay.book().assignments.take(topic, partition, offset);
        match taken {
            Taken::Next(ticket) => Some(ticket),
            Taken::First(ticket, resumes_at) => {
                self.note_continuity(topic, partition, judge(resumes_at, offset));
                Some(ticket)
            }
            Taken::Rewound(ticket) => {
                self.metrics.rewinds.inc();
                tracing::error!(
                    topic,
                    partition,
                    offset,
                    "log was rewound while being read; read again from here"
                );
                Some(ticket)
            }
            Taken::Unassigned => {
                tracing::error!(
                    topic,
                    partition,
                    offset,
                    "record of a partition that is not ours; left to its owner"
                );
                None
            }
        }
    }

    fn note_continuity(&self, topic: &str, partition: i32, continuity: Continuity) {
        match continuity {
            Continuity::Kept => {}
            Continuity::Ahead { from, until } => {
                let low = self.consumer.fetch_watermarks(topic, partition, QUERY_TIMEOUT).map(|(low, _)| low);
                let lost = lost(from, until, low.unwrap_or(until));
                if lost > 0 {
                    self.metrics.lost.inc_by(lost.unsigned_abs());
                    tracing::error!(
                        topic,
                        partition,
                        from,
                        until,
                        lost,
                        "inbound records expired before they were read"
                    );
                }
            }
            Continuity::Rewound { from, to } => {
                self.metrics.rewinds.inc();
                tracing::error!(
                    topic,
                    partition,
                    from,
                    to,
                    "inbound log is shorter than what was read; read again"
                );
            }
        }
    }

    /// Asks the group where new assignments resume. Without an answer they are read all the same, only not compared.
    fn ask_resume_points(&self) {
        let fresh = std::mem::take(&mut self.relay.book().fresh);
        if fresh.is_empty() {
            return;
        }
        let mut list = TopicPartitionList::with_capacity(fresh.len());
        for (topic, partition) in &fresh {
            list.add_partition(topic, *partition);
        }
        match self.consumer.committed_offsets(list, QUERY_TIMEOUT) {
            Ok(committed) => {
                let mut book = self.relay.book();
                for element in committed.elements() {
                    if let Offset::Offset(position) = element.offset() {
                        book.assignments.resumes_at(element.topic(), element.partition(), position);
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "committed positions unknown; a gap would go unnoticed"),
        }
    }

    /// Back-pressure. Stands still for a moment first, then pauses and keeps polling, so that the group sees us alive.
    fn throttle(&mut self) -> Result<(), IngestError> {
        if let Some(counted) = self.throttled {
            self.metrics.throttled_seconds.inc_by(counted.elapsed().as_secs_f64());
            self.throttled = Some(Instant::now());
            if self.relay.has_room() {
                self.set_paused(false);
                self.throttled = None;
            }
            return Ok(());
        }
        if !self.relay.is_full() {
            return Ok(());
        }
        let since = Instant::now();
        while self.relay.is_full() && since.elapsed() < PATIENCE {
            self.relay.serve(BUSY_POLL)?;
        }
        self.metrics.throttled_seconds.inc_by(since.elapsed().as_secs_f64());
        if self.relay.is_full() {
            self.set_paused(true);
            self.throttled = Some(Instant::now());
        }
        Ok(())
    }

    fn set_paused(&self, paused: bool) {
        let list = {
            let mut book = self.relay.book();
            book.paused = paused;
            let mut list = TopicPartitionList::new();
            for (topic, partition) in book.assignments.iter() {
                list.add_partition(topic, partition);
            }
            list
        };
        let done = if paused { self.consumer.pause(&list) } else { self.consumer.resume(&list) };
        if let Err(error) = done {
            tracing::warn!(%error, paused, "inbound partitions could not be paused or resumed");
        }
    }

    /// Commits behind what has settled, without waiting for the answer.
    fn commit_when_due(&mut self) {
        if self.commits.moved.elapsed() < self.config.commit_every {
            return;
        }
        let mut positions = self.relay.book().assignments.moved();
        self.commits.moved = Instant::now();
        if self.commits.all.elapsed() >= REPEAT_COMMITS_EVERY {
            positions = self.relay.book().assignments.positions();
            self.commits.all = Instant::now();
        }
        let Some(offsets) = membership::offsets(&positions) else {
            return;
        };
        self.metrics.commits.inc();
        if let Err(error) = self.consumer.commit(&offsets, CommitMode::Async) {
            self.metrics.commit_errors.inc();
            tracing::warn!(%error, "offsets not committed; tried again");
        }
    }

    /// An orderly end: what is in flight settles, so that the commit on closing leaves nothing to repeat.
    pub(crate) fn finish(&self) -> Result<(), IngestError> {
        self.set_paused(true);
        self.relay.send_all_signs((self.clock)())?;
        let held: Vec<(String, i32)> = self
            .relay
            .book()
            .assignments
            .iter()
            .map(|(topic, partition)| (topic.to_owned(), partition))
            .collect();
        if !self.relay.drain(&held, Instant::now() + self.config.drain_deadline)? {
            tracing::warn!("stopped with records in flight; they are read again after a restart");
        }
        Ok(())
    }

    /// So that the group shares all partitions anew.
    pub(crate) fn leave_for_good(&self) {
        self.orphans.leave(&self.consumer);
    }

    /// Leaves the group. That revokes what is held, which commits it.
    pub(crate) fn close(self) {
        reach::let_go(self.consumer, self.config.drain_deadline + reach::CLOSES_WITHIN);
    }
}

/// Every partition of every inbound topic; `None` while the brokers do not say.
fn inbound_partitions(consumer: &BaseConsumer<Membership>) -> Option<Vec<Partition>> {
    let metadata = consumer.fetch_metadata(None, METADATA_TIMEOUT).ok()?;
    let inbound = metadata.topics().iter().filter(|topic| topics::org_of(topic.name()).is_some());
    let partitions =
        inbound.flat_map(|topic| topic.partitions().iter().map(|p| (topic.name().to_owned(), p.id())));
    Some(partitions.collect())
}
