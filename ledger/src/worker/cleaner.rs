//! Takes records out of `segments` that no checkpoint needs any more. Nothing else is ever deleted.

use std::collections::HashMap;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::error::KafkaResult;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::kafka::broken;
use crate::log::{LogError, Progress};

/// Between two requests.
const EVERY: Duration = Duration::from_secs(30);
const TIMEOUT: Duration = Duration::from_secs(10);

type Deletion = Pin<Box<dyn Future<Output = KafkaResult<TopicPartitionList>>>>;

pub(super) struct Cleaner {
    base: ClientConfig,
    admin: AdminClient<DefaultClientContext>,
    topic: String,
    /// By partition: everything before was asked to be deleted.
    deleted: HashMap<i32, i64>,
    asked: Instant,
    deletion: Option<Deletion>,
}

impl Cleaner {
    pub(super) fn new(base: &ClientConfig, topic: &str) -> Result<Self, LogError> {
        let admin = base.create().map_err(broken)?;
        let (base, topic, deleted) = (base.clone(), topic.to_owned(), HashMap::new());
        Ok(Self { base, admin, topic, deleted, asked: Instant::now(), deletion: None })
    }

    /// To be called now and then; never waits.
    pub(super) fn tidy(&mut self, progress: impl Iterator<Item = Progress>) {
        if let Some(deletion) = &mut self.deletion
            && let Poll::Ready(done) = deletion.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        {
            self.deletion = None;
            if let Err(error) = done {
                tracing::warn!(%error, topic = self.topic, "old segments were not deleted; they are asked for again");
                self.deleted.clear();
                // The client may be one that has lost its brokers for good.
                if let Ok(admin) = self.base.create() {
                    self.admin = admin;
                }
            }
        }
        if self.deletion.is_some() || self.asked.elapsed() < EVERY {
            return;
        }
        self.asked = Instant::now();
        let mut list = TopicPartitionList::new();
        for Progress { confirmed, segments_from } in progress {
            let deleted = self.deleted.entry(confirmed.partition).or_insert(0);
            if segments_from > *deleted {
                let offset = Offset::Offset(segments_from);
                if list.add_partition_offset(&self.topic, confirmed.partition, offset).is_ok() {
                    *deleted = segments_from;
                }
            }
        }
        if list.count() > 0 {
            let options = AdminOptions::new().operation_timeout(Some(TIMEOUT)).request_timeout(Some(TIMEOUT));
            let deletion = self.admin.delete_records(&list, &options);
            self.deletion = Some(Box::pin(deletion));
        }
    }
}
