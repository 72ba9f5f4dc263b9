//! The same on a real Kafka, a fresh one: `XIEZHI_KAFKA=127.0.0.1:9092 cargo test -p ingest --test it live -- --nocapture`
//! (`deploy/kafka/kafka.sh start --dir …` starts one). One test, because every inbound side reads every inbound topic.

use std::io::Cursor;
use std::time::{Duration, Instant};

use ingest::publish::{PublishConfig, publish};
use ingest::redrive::{Selection, redrive};
use ingest::topics::{CASE_EVENTS, DEAD_LETTERS, Layout, ensure_topics};
use ingest::{IngestConfig, IngestError, Route};
use model::catalogue::{Org, Orgs};
use rdkafka::config::ClientConfig;

use crate::harness::{Reader, Running, assert_payloads, good};

const RECORDS: usize = 20_000;

#[test]
fn live() {
    let Ok(brokers) = std::env::var("XIEZHI_KAFKA") else {
        eprintln!("SKIPPED: no real Kafka; set XIEZHI_KAFKA to the address of a fresh one");
        return;
    };
    let mut base = ClientConfig::new();
    base.set("bootstrap.servers", brokers);
    topics_are_made_once(&base);
    bad_records_become_letters_and_come_back(&base);
    restarts_and_late_topics_repeat_nothing(&base);
    a_second_process_with_the_same_id_fences_the_first(&base);
    a_missing_topic_is_named(&base);
}

fn topics_are_made_once(base: &ClientConfig) {
    let layout = Layout { case_partitions: 3, inbound_partitions: 2, replication: 1 };
    let specs = layout.topics(["A"]).unwrap();
    let ensured = ensure_topics(base, &specs).unwrap();
    assert_eq!(ensured.created.len(), specs.len(), "the broker is not fresh: {ensured}");
    assert_eq!(ensure_topics(base, &specs).unwrap().existing.len(), specs.len());
}

fn bad_records_become_letters_and_come_back(base: &ClientConfig) {
    timed("published", || send(base, "A", 0..RECORDS));
    let reader = Reader::new(base);
    let running = Running::with(base, config(), strict());
    timed("rejected", || drop(reader.read(DEAD_LETTERS, RECORDS)));
    running.stop().unwrap();
    let letters = Selection { org: Some("A".into()), ..Selection::default() };
    timed("redriven", || assert_eq!(redrive(base, &letters, false, |_| {}).unwrap().total(), RECORDS as u64));
    let running = Running::with(base, config(), Orgs::default());
    let mut events = Vec::new();
    timed("accepted", || events = reader.read(CASE_EVENTS, RECORDS));
    running.stop().unwrap();
    assert_payloads(&events, (0..RECORDS).map(good));
}

fn restarts_and_late_topics_repeat_nothing(base: &ClientConfig) {
    let reader = Reader::new(base);
    let running = Running::with(base, config(), Orgs::default());
    send(base, "late", RECORDS..RECORDS + 100);
    let events = reader.read(CASE_EVENTS, RECORDS + 100);
    running.stop().unwrap();
    assert_payloads(&events, (0..RECORDS + 100).map(good));
    assert_eq!(reader.len(CASE_EVENTS), RECORDS + 100);
}

fn a_second_process_with_the_same_id_fences_the_first(base: &ClientConfig) {
    let reader = Reader::new(base);
    let first = Running::with(base, config(), Orgs::default());
    send(base, "A", RECORDS + 100..RECORDS + 110);
    reader.read(CASE_EVENTS, RECORDS + 110);
    let second = Running::with(base, config(), Orgs::default());
    let error = first.end().expect_err("fenced");
    assert!(matches!(error, IngestError::Consumer { .. }), "{error}");
    send(base, "A", RECORDS + 110..RECORDS + 120);
    // The fenced one could not commit its last records, so they are repeated.
    reader.read_distinct(CASE_EVENTS, RECORDS + 120);
    second.stop().unwrap();
}

fn a_missing_topic_is_named(base: &ClientConfig) {
    send(base, "A", 0..1);
    let config = IngestConfig { case_events: "nowhere".into(), ..config() };
    let mut ended = Ok(());
    timed("missing topic noticed", || ended = Running::with(base, config, Orgs::default()).end());
    assert!(matches!(&ended, Err(IngestError::Refused { topic, .. }) if topic == "nowhere"), "{ended:?}");
}

fn config() -> IngestConfig {
    IngestConfig { find_topics_every: Duration::from_millis(500), ..IngestConfig::new("ingest-0") }
}

fn strict() -> Orgs {
    let org = Org { id: "A".into(), sources: ["urn:somebody-else".to_owned()].into(), ..Org::default() };
    Orgs::of([(org.id.clone(), org)].into())
}

fn send(base: &ClientConfig, org: &str, records: std::ops::Range<usize>) {
    let file: Vec<u8> = records.clone().flat_map(|n| [good(n), b"\n".to_vec()].concat()).collect();
    let config = PublishConfig { route: Route::to(org), rate: None, partitions: 2, replication: 1 };
    let done = publish(base, &config, Cursor::new(file), |_| {}).unwrap();
    assert_eq!(done.acknowledged, records.len() as u64);
}

fn timed(what: &str, work: impl FnOnce()) {
    let started = Instant::now();
    work();
    eprintln!("{what}: {:?}", started.elapsed());
}
