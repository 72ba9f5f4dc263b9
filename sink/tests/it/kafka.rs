//! Mock brokers, and records for them.

use std::time::Duration;

use ledger::chain::Chain;
use ledger::record::Entry;
use model::catalogue::Bilingual;
use model::finding::{Cause, Change, Code, Kind, Light, State};
use model::{Finding, FindingId, Instant};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer};
use rdkafka::{Offset, TopicPartitionList};

use crate::store::wait;

const TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) struct Brokers {
    cluster: MockCluster<'static, DefaultProducerContext>,
    producer: BaseProducer,
}

impl Brokers {
    pub(crate) fn start() -> Self {
        let cluster = MockCluster::new(1).expect("mock brokers");
        for topic in ["case-events", "ledger", "dead-letters", "incidents"] {
            cluster.create_topic(topic, 2, 1).expect("a topic");
        }
        let producer = config(&cluster).create().expect("a producer");
        Self { cluster, producer }
    }

    pub(crate) fn config(&self) -> ClientConfig {
        config(&self.cluster)
    }

    pub(crate) fn events(&self, values: &[String]) {
        for value in values {
            self.send(BaseRecord::to("case-events").partition(0).key("k").payload(value));
        }
        self.flush();
    }

    pub(crate) fn ledger(&self, entries: &[Vec<u8>]) {
        for entry in entries {
            self.send(
                BaseRecord::to("ledger")
                    .partition(0)
                    .key("0")
                    .payload(&String::from_utf8_lossy(entry).into_owned()),
            );
        }
        self.flush();
    }

    pub(crate) fn incident(&self, json: &str) {
        self.send(BaseRecord::to("incidents").partition(0).key("k").payload(&json.to_owned()));
        self.flush();
    }

    /// Sets the group's offset of partition 0, as a tool does.
    pub(crate) fn set_offset(&self, topic: &str, offset: i64) {
        let consumer: BaseConsumer =
            self.config().set("group.id", "xiezhi-sink").create().expect("a consumer");
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, 0, Offset::Offset(offset)).expect("an offset");
        consumer.commit(&list, CommitMode::Sync).expect("committed");
    }

    pub(crate) fn letter(&self, payload: &[u8], headers: &[(&str, &str)]) {
        let headers = headers
            .iter()
            .fold(OwnedHeaders::new(), |all, (key, value)| all.insert(Header { key, value: Some(*value) }));
        let record = BaseRecord::to("dead-letters").partition(1).key("k").payload(payload).headers(headers);
        assert!(self.producer.send(record).is_ok(), "queued");
        self.flush();
    }

    /// Waits until the group's offset of partition 0, and what is recorded with it, are as wanted.
    pub(crate) fn until(&self, topic: &str, wanted: impl Fn(i64, &str) -> bool) {
        let consumer: BaseConsumer =
            self.config().set("group.id", "xiezhi-sink").create().expect("a consumer");
        let mut last = (0, String::new());
        wait(|| {
            last = committed(&consumer, topic);
            wanted(last.0, &last.1)
        })
        .unwrap_or_else(|()| panic!("{topic} stands at {last:?}"));
    }

    fn send(&self, record: BaseRecord<'_, str, String>) {
        assert!(self.producer.send(record).is_ok(), "queued");
    }

    fn flush(&self) {
        self.producer.flush(TIMEOUT).expect("delivered");
    }
}

fn committed(consumer: &BaseConsumer, topic: &str) -> (i64, String) {
    let mut list = TopicPartitionList::new();
    list.add_partition(topic, 0);
    let list = consumer.committed_offsets(list, TIMEOUT).expect("offsets");
    let element = list.find_partition(topic, 0).expect("partition 0");
    let offset = if let Offset::Offset(offset) = element.offset() { offset } else { -1 };
    (offset, element.metadata().to_owned())
}

fn config(cluster: &MockCluster<'_, DefaultProducerContext>) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", cluster.bootstrap_servers());
    config
}

pub(crate) fn accepted(case: &str, id: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"urn:s","type":"case.accepted","subject":"{case}","time":"2026-03-02T09:00:00+08:00","data":{{"item":"item-1","org":"org-1","title":"占道经营"}}}}"#
    )
}

pub(crate) fn event(case: &str, id: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"urn:s","type":"step.started","subject":"{case}","time":"2026-03-02T10:00:00+08:00","recordedtime":"2026-03-02T10:00:05+08:00","data":{{"step":"filing"}}}}"#
    )
}

/// Writes valid entries of one partition.
pub(crate) struct Ledger {
    chain: Chain,
    last: Vec<u8>,
}

impl Ledger {
    pub(crate) fn new(partition: i32) -> Self {
        Self { chain: Chain::new(partition), last: Vec::new() }
    }

    /// An entry with one finding for each case.
    pub(crate) fn entry(&mut self, cases: &[&str], revision: u32) -> Vec<u8> {
        let entry = Entry {
            to: self.chain.position + 2,
            now: Instant(1_772_000_000_000),
            findings: cases.iter().map(|case| finding(case, revision)).collect(),
            ..Entry::extending(&self.chain)
        };
        self.last = entry.encode();
        self.chain.accept(&self.last).expect("it extends the chain");
        self.last.clone()
    }

    /// A repetition of the last entry, as a producer's retry leaves it.
    pub(crate) fn stale(&self) -> Vec<u8> {
        self.last.clone()
    }
}

/// A case whose findings are of rules on trial.
pub(crate) const TRIAL: &str = "trial";

fn finding(case: &str, revision: u32) -> Finding {
    let at = Instant(1_772_000_000_000 + i64::from(revision));
    Finding {
        finding_id: FindingId::of(case, "item-1", "p1", Code::Overdue, None, None, ""),
        revision,
        change: Change::Raised,
        cause: Cause::Fact,
        state: State::Raised,
        case: case.to_owned(),
        item: "item-1".to_owned(),
        category: None,
        org: "org-1".to_owned(),
        region: None,
        accepted_at: at,
        point: "p1".to_owned(),
        kind: Kind::TimeLimit,
        code: Code::Overdue,
        light: Light::Red,
        step: None,
        visit: None,
        violated_at: at,
        due: None,
        late_by_ms: None,
        provisional: false,
        raised_at: at,
        changed_at: at,
        detail: None,
        events: vec!["a".to_owned()],
        explanation: Bilingual { zh: "超期".to_owned(), en: "overdue".to_owned() },
        rules_version: "v1".to_owned(),
        shadow: case == TRIAL,
    }
}
