//! A web hook: every revision of an alarm that its recipient hears of, in order, at least once, each under the same key
//! however often it comes.
//!
//! The outbox is the topic `alarm-feed`, and what has been told stands in the commits of a consumer group of the recipient's own,
//! written once he has taken it. What must stay true: nothing is committed that was not taken or refused, so a receiver that
//! fails for a week, a day off, or a kill in the middle lose nothing. Processes that have the same recipient share the
//! partitions.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant as Wall};

use anyhow::{Context, bail};
use ingest::topics::ALARM_FEED;
use ledger::pause::rest;
use model::Finding;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList, TopicPartitionListElem};

use super::choice::{Verdict, is_meant, off_since, verdict};
use super::message::Notice;
use super::metrics::Of;
use super::web::Web;
use super::{FIRST_WAIT, longer};
use crate::config::Recipient;
use crate::live::Live;
use crate::wall;

const TIMEOUT: Duration = Duration::from_secs(10);
/// Longest wait for a record in one turn.
const TURN: Duration = Duration::from_millis(200);
/// Between two commits while nothing is told.
const COMMIT_EVERY: Duration = Duration::from_secs(1);
/// Between two polls that keep the place in the group, and so how soon a stop is seen.
const LOOK: Duration = Duration::from_millis(50);
/// Between two looks whether the working day has begun.
const LOOK_AT_DAY: Duration = Duration::from_secs(10);
/// Between two attempts while Kafka is in trouble.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// See the module.
pub(super) struct Hook {
    recipient: Recipient,
    web: Web,
    config: ClientConfig,
    live: Arc<Live>,
    metrics: Of,
}

/// Whether a notice is done with.
#[derive(PartialEq, Eq)]
enum Done {
    Yes,
    /// It was told to stop, or another process has the partition now.
    No,
}

impl Hook {
    /// `instance` is the process's name among its like.
    pub(super) fn new(
        recipient: Recipient,
        web: Web,
        (client, instance): (&ClientConfig, &str),
        live: Arc<Live>,
        metrics: Of,
    ) -> Self {
        let mut config = client.clone();
        config
            .set("group.id", format!("xiezhi-notify-{}", recipient.name))
            // Who comes back has his partitions at once.
            .set("group.instance.id", format!("{instance}-notify-{}", recipient.name))
            // A commit is waited for so long where nobody knows the group's coordinator.
            .set("session.timeout.ms", "10000")
            .set("enable.auto.commit", "false")
            // Of partitions that were added later, all.
            .set("auto.offset.reset", "earliest");
        Self { recipient, web, config, live, metrics }
    }

    /// Until it is told to stop.
    pub(super) fn run(&self, stop: &AtomicBool) {
        while let Err(error) = self.serve(stop) {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            let (recipient, error) = (&self.recipient.name, format!("{error:#}"));
            tracing::warn!(recipient, error, "the feed is read anew from the last commit");
            rest(AGAIN_AFTER, stop);
        }
    }

    fn serve(&self, stop: &AtomicBool) -> anyhow::Result<()> {
        let consumer: BaseConsumer = self.config.create()?;
        let served = self.serve_by(&consumer, stop);
        reach::let_go(consumer, reach::CLOSES_WITHIN);
        served
    }

    fn serve_by(&self, consumer: &BaseConsumer, stop: &AtomicBool) -> anyhow::Result<()> {
        begin(consumer, &self.config).context("where to begin")?;
        consumer.subscribe(&[ALARM_FEED])?;
        let (mut passed, mut committed) = (BTreeMap::new(), Wall::now());
        while !stop.load(Ordering::Relaxed) {
            let mut is_told = false;
            if let Some(message) = poll(consumer, TURN)? {
                if let Some(notice) = self.notice(&message) {
                    is_told = true;
                    if self.deliver(consumer, message.partition(), &notice, stop)? == Done::No {
                        // It stays uncommitted, and is read again by whoever has it then.
                        return Ok(());
                    }
                }
                passed.insert(message.partition(), message.offset() + 1);
            }
            if is_told || committed.elapsed() >= COMMIT_EVERY {
                commit(consumer, &passed)?;
                (passed, committed) = (BTreeMap::new(), Wall::now());
            }
        }
        commit(consumer, &passed)
    }

    /// What the record is to the recipient.
    fn notice(&self, message: &BorrowedMessage<'_>) -> Option<Notice> {
        let finding: Finding = match serde_json::from_slice(message.payload().unwrap_or_default()) {
            Ok(finding) => finding,
            Err(error) => {
                let (partition, offset) = (message.partition(), message.offset());
                tracing::error!(topic = ALARM_FEED, partition, offset, %error, "no alarm, and nobody is told of it");
                return None;
            }
        };
        is_meant(&self.recipient, &finding).then(|| Notice::new(&finding))
    }

    /// For as long as it takes.
    fn deliver(
        &self,
        consumer: &BaseConsumer,
        partition: i32,
        notice: &Notice,
        stop: &AtomicBool,
    ) -> anyhow::Result<Done> {
        let mut wait = FIRST_WAIT;
        loop {
            if stop.load(Ordering::Relaxed) || !holds(consumer, partition)? {
                return Ok(Done::No);
            }
            if self.is_off() {
                hold(consumer, LOOK_AT_DAY, stop)?;
                continue;
            }
            let (recipient, key) = (&self.recipient.name, &notice.key);
            let (verdict, answer) = match self.web.post(Some(key), &notice.body) {
                Ok(status) => (verdict(status), status.to_string()),
                Err(error) => (Verdict::Again, format!("{error:#}")),
            };
            match verdict {
                Verdict::Taken => {
                    self.metrics.took();
                    return Ok(Done::Yes);
                }
                Verdict::Refused => {
                    self.metrics.refused();
                    tracing::error!(recipient, key, answer, "he will not take it, and is not told again");
                    return Ok(Done::Yes);
                }
                Verdict::Again => {
                    self.metrics.failed();
                    tracing::warn!(recipient, key, answer, "it was not taken, and is told again");
                }
            }
            hold(consumer, wait, stop)?;
            wait = longer(wait);
        }
    }

    fn is_off(&self) -> bool {
        self.recipient.working_days && off_since(&self.live.calendar(), wall::now()).is_some()
    }
}

/// Who is new is told of what comes from now on. That is written down at once: otherwise what comes while he is away, before
/// he was told of anything, would be passed over.
fn begin(consumer: &BaseConsumer, config: &ClientConfig) -> anyhow::Result<()> {
    let metadata = consumer.fetch_metadata(Some(ALARM_FEED), TIMEOUT)?;
    let mut asked = TopicPartitionList::new();
    for partition in metadata.topics().iter().flat_map(|topic| topic.partitions()) {
        asked.add_partition(ALARM_FEED, partition.id());
    }
    if asked.count() == 0 {
        bail!("{ALARM_FEED} is not there yet");
    }
    let committed = consumer.committed_offsets(asked, TIMEOUT)?;
    if committed.elements().iter().any(|place| matches!(place.offset(), Offset::Offset(_))) {
        return Ok(());
    }
    let end = |place: &TopicPartitionListElem<'_>| {
        let (_, end) = consumer.fetch_watermarks(ALARM_FEED, place.partition(), TIMEOUT)?;
        Ok((place.partition(), end))
    };
    let ends = committed.elements().iter().map(end).collect::<Result<Places, KafkaError>>()?;
    match list(&ends)? {
        Some(list) => Ok(reach::Committer::new(config, TIMEOUT).commit(&list)?),
        None => Ok(()),
    }
}

fn poll(consumer: &BaseConsumer, wait: Duration) -> anyhow::Result<Option<BorrowedMessage<'_>>> {
    match consumer.poll(wait) {
        None | Some(Err(KafkaError::PartitionEOF(_))) => Ok(None),
        Some(message) => Ok(Some(message?)),
    }
}

/// By partition: the next record that is wanted.
type Places = BTreeMap<i32, i64>;

/// Without waiting: a synchronous commit might never return (ADR 40), and what is told twice has the key of the first time.
fn commit(consumer: &BaseConsumer, places: &Places) -> anyhow::Result<()> {
    match list(places)? {
        Some(list) => Ok(consumer.commit(&list, CommitMode::Async)?),
        None => Ok(()),
    }
}

fn list(places: &Places) -> anyhow::Result<Option<TopicPartitionList>> {
    let mut list = TopicPartitionList::new();
    for (partition, next) in places {
        list.add_partition_offset(ALARM_FEED, *partition, Offset::Offset(*next))?;
    }
    Ok((list.count() > 0).then_some(list))
}

fn holds(consumer: &BaseConsumer, partition: i32) -> anyhow::Result<bool> {
    Ok(consumer.assignment()?.find_partition(ALARM_FEED, partition).is_some())
}

/// Waits and stays a member of the group, which takes polling; nothing is read meanwhile.
fn hold(consumer: &BaseConsumer, wait: Duration, stop: &AtomicBool) -> anyhow::Result<()> {
    consumer.pause(&consumer.assignment()?)?;
    let until = Wall::now() + wait;
    while Wall::now() < until && !stop.load(Ordering::Relaxed) {
        if poll(consumer, LOOK.min(wait))?.is_some() {
            bail!("the partitions have been given out anew");
        }
    }
    consumer.resume(&consumer.assignment()?)?;
    Ok(())
}
