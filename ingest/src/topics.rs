//! The topics: their names, and how they are made. Existing ones are left as they are, but for one check: detection
//! needs `case-events` and `ledger` to have equally many partitions.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use model::catalogue::MAX_EDITION_BYTES;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::settings::{MAX_LETTER_BYTES, MAX_RECORD_BYTES};

pub const CASE_EVENTS: &str = "case-events";
pub const DEAD_LETTERS: &str = "dead-letters";
pub const LEDGER: &str = "ledger";
pub const REFERENCE: &str = "reference";
pub const SEGMENTS: &str = "segments";
pub const WORKFLOW: &str = "workflow";
pub const ALARM_FEED: &str = "alarm-feed";
pub const INCIDENTS: &str = "incidents";
/// An organisation's topic is this and its id.
pub const INBOUND_PREFIX: &str = "inbound.";

/// Kafka's own limit.
const MAX_TOPIC_NAME: usize = 249;
const CREATE_TIMEOUT: Duration = Duration::from_secs(30);
const APPEAR_TIMEOUT: Duration = Duration::from_secs(30);
const METADATA_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub enum TopicsError {
    #[error(
        "org {org:?} cannot name a topic: only letters, digits, '.', '_' and '-' can, 241 of them at most"
    )]
    Org { org: String },
    #[error("Kafka admin client: {0}")]
    Client(KafkaError),
    #[error("the brokers' metadata cannot be read: {0}")]
    Metadata(KafkaError),
    #[error("topic {topic:?} cannot be made: {error}")]
    Create { topic: String, error: KafkaError },
    #[error("topic {topic:?} did not appear within {} s", APPEAR_TIMEOUT.as_secs())]
    Missing { topic: String },
    #[error(
        "topic {CASE_EVENTS:?} has {case_events} partitions, but {LEDGER:?} has {ledger}: they must agree"
    )]
    Unequal { case_events: usize, ledger: usize },
}

/// The topic into which `org` publishes.
pub fn inbound(org: &str) -> Result<String, TopicsError> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if org.is_empty() || !org.chars().all(legal) || org.len() > MAX_TOPIC_NAME - INBOUND_PREFIX.len() {
        return Err(TopicsError::Org { org: org.into() });
    }
    Ok(format!("{INBOUND_PREFIX}{org}"))
}

/// Whose inbound topic this is.
pub fn org_of(topic: &str) -> Option<&str> {
    topic.strip_prefix(INBOUND_PREFIX)
}

/// A topic that should exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicSpec {
    pub name: String,
    pub partitions: usize,
    pub replication: usize,
    pub max_message_bytes: usize,
}

/// How large the installation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Of `case-events` and whatever is partitioned with it.
    pub case_partitions: usize,
    /// Of every inbound topic.
    pub inbound_partitions: usize,
    pub replication: usize,
}

impl Layout {
    /// Every topic of the installation, with an inbound topic for each of `orgs`.
    pub fn topics<'a>(&self, orgs: impl IntoIterator<Item = &'a str>) -> Result<Vec<TopicSpec>, TopicsError> {
        let spec = |name: &str, partitions| TopicSpec {
            name: name.into(),
            partitions,
            replication: self.replication,
            max_message_bytes: match name {
                DEAD_LETTERS => MAX_LETTER_BYTES,
                REFERENCE => MAX_EDITION_BYTES + 64 * 1024,
                _ => MAX_RECORD_BYTES,
            },
        };
        let mut specs = vec![
            spec(CASE_EVENTS, self.case_partitions),
            spec(LEDGER, self.case_partitions),
            spec(SEGMENTS, self.case_partitions),
            spec(ALARM_FEED, self.case_partitions),
            // One partition: these are read as one sequence.
            spec(DEAD_LETTERS, 1),
            spec(REFERENCE, 1),
            spec(WORKFLOW, 1),
            spec(INCIDENTS, 1),
        ];
        for org in orgs {
            specs.push(spec(&inbound(org)?, self.inbound_partitions));
        }
        Ok(specs)
    }
}

/// What `ensure_topics` found and did, by name.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Ensured {
    pub created: Vec<String>,
    pub existing: Vec<String>,
}

/// Makes the topics that do not exist, and returns once every one of them can be written to.
pub fn ensure_topics(base: &ClientConfig, specs: &[TopicSpec]) -> Result<Ensured, TopicsError> {
    let admin: AdminClient<DefaultClientContext> = base.create().map_err(TopicsError::Client)?;
    let before = partitions(&admin)?;
    let (existing, missing): (Vec<_>, Vec<_>) =
        specs.iter().partition(|spec| before.contains_key(&spec.name));
    if !missing.is_empty() {
        create(&admin, &missing)?;
    }
    let after = await_topics(&admin, specs)?;
    if let (Some(&case_events), Some(&ledger)) = (after.get(CASE_EVENTS), after.get(LEDGER))
        && case_events != ledger
    {
        return Err(TopicsError::Unequal { case_events, ledger });
    }
    let names = |specs: Vec<&TopicSpec>| specs.into_iter().map(|s| s.name.clone()).collect();
    Ok(Ensured { created: names(missing), existing: names(existing) })
}

fn create(admin: &AdminClient<DefaultClientContext>, specs: &[&TopicSpec]) -> Result<(), TopicsError> {
    let bytes: Vec<String> = specs.iter().map(|s| s.max_message_bytes.to_string()).collect();
    let topics: Vec<NewTopic<'_>> =
        specs.iter().zip(&bytes).map(|(spec, bytes)| new_topic(spec, bytes)).collect();
    let options =
        AdminOptions::new().request_timeout(Some(CREATE_TIMEOUT)).operation_timeout(Some(CREATE_TIMEOUT));
    let named = |error| TopicsError::Create {
        topic: specs.iter().map(|s| s.name.as_str()).collect::<Vec<_>>().join(", "),
        error,
    };
    for result in block_on(admin.create_topics(&topics, &options)).map_err(named)? {
        match result {
            // Somebody else was faster.
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, code)) => {
                return Err(TopicsError::Create { topic, error: KafkaError::AdminOp(code) });
            }
        }
    }
    Ok(())
}

fn new_topic<'a>(spec: &'a TopicSpec, max_message_bytes: &'a str) -> NewTopic<'a> {
    let (partitions, replication) = (as_i32(spec.partitions), as_i32(spec.replication));
    NewTopic::new(&spec.name, partitions, TopicReplication::Fixed(replication))
        // All state is a function of the logs: nothing expires unless an operator decides so.
        .set("retention.ms", "-1")
        .set("retention.bytes", "-1")
        .set("cleanup.policy", "delete")
        .set("max.message.bytes", max_message_bytes)
        .set("unclean.leader.election.enable", "false")
        .set("min.insync.replicas", if spec.replication >= 3 { "2" } else { "1" })
        // On the ledger the broker's own time: it is what a detector's clock is held against.
        .set("message.timestamp.type", if spec.name == LEDGER { "LogAppendTime" } else { "CreateTime" })
}

fn await_topics(
    admin: &AdminClient<DefaultClientContext>,
    specs: &[TopicSpec],
) -> Result<BTreeMap<String, usize>, TopicsError> {
    let deadline = Instant::now() + APPEAR_TIMEOUT;
    loop {
        let found = partitions(admin)?;
        match specs.iter().find(|spec| !found.contains_key(&spec.name)) {
            None => return Ok(found),
            Some(spec) if Instant::now() >= deadline => {
                return Err(TopicsError::Missing { topic: spec.name.clone() });
            }
            Some(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// The topics that can be written to, with their number of partitions.
fn partitions(admin: &AdminClient<DefaultClientContext>) -> Result<BTreeMap<String, usize>, TopicsError> {
    let metadata = admin.inner().fetch_metadata(None, METADATA_TIMEOUT).map_err(TopicsError::Metadata)?;
    let led = |topic: &&rdkafka::metadata::MetadataTopic| {
        topic.error().is_none()
            && !topic.partitions().is_empty()
            && topic.partitions().iter().all(|p| p.error().is_none() && p.leader() >= 0)
    };
    Ok(metadata.topics().iter().filter(led).map(|t| (t.name().to_owned(), t.partitions().len())).collect())
}

fn as_i32(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// Waits for the admin client, whose own thread answers: no runtime is needed for that.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

impl fmt::Display for Ensured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} topics made, {} existed", self.created.len(), self.existing.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_org_names_its_topic_and_back() {
        assert_eq!(inbound("11370100MB2858001A").expect("legal"), "inbound.11370100MB2858001A");
        assert_eq!(org_of("inbound.a.b"), Some("a.b"));
        assert_eq!(org_of("case-events"), None);
        for org in ["", "济南", "a/b", "a b", &"x".repeat(242)] {
            assert!(matches!(inbound(org), Err(TopicsError::Org { .. })), "{org}");
        }
    }

    #[test]
    fn the_ledger_has_as_many_partitions_as_the_events() {
        let layout = Layout { case_partitions: 12, inbound_partitions: 3, replication: 3 };
        let specs = layout.topics(["a", "b"]).expect("legal names");
        let of = |name: &str| specs.iter().find(|s| s.name == name).expect("named").partitions;
        assert_eq!((of(CASE_EVENTS), of(LEDGER), of("inbound.b")), (12, 12, 3));
        assert_eq!(specs.len(), 10);
    }

    #[test]
    fn a_future_is_waited_for() {
        let mut turns = 0;
        let future = std::future::poll_fn(|cx| {
            turns += 1;
            cx.waker().wake_by_ref();
            if turns < 3 { Poll::Pending } else { Poll::Ready(turns) }
        });
        assert_eq!(block_on(future), 3);
    }
}
