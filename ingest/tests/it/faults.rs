//! Nothing is skipped and nothing is lost when brokers refuse, stall or are too small.

use std::time::Duration;

use ingest::{IngestConfig, IngestError};
use model::catalogue::Orgs;
use rdkafka::message::Message;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use crate::harness::{Cluster, Running, assert_payloads, config, good, header};

#[test]
fn passing_produce_errors_are_waited_out() {
    let cluster = Cluster::new(2);
    cluster.topic("inbound.A", 1);
    let records: Vec<Vec<u8>> = (0..200).map(good).collect();
    cluster.write("inbound.A", records.iter().map(Vec::as_slice));
    cluster.mock.request_errors(
        RDKafkaApiKey::Produce,
        &[
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__TRANSPORT,
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
        ],
    );
    let running = Running::start(&cluster, config(), Orgs::default());
    let events = cluster.read("case-events", 200);
    running.stop().unwrap();
    assert_payloads(&events, records);
}

#[test]
fn a_refused_record_stops_the_process_and_is_read_again() {
    let cluster = Cluster::new(2);
    cluster.topic("inbound.A", 1);
    let records: Vec<Vec<u8>> = (0..200).map(good).collect();
    cluster.write("inbound.A", records.iter().map(Vec::as_slice));
    cluster.mock.request_errors(
        RDKafkaApiKey::Produce,
        &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED],
    );
    let error = Running::start(&cluster, config(), Orgs::default()).end().expect_err("a permanent error");
    let IngestError::Refused { topic, from, .. } = error else { panic!("{error}") };
    assert_eq!(topic, "case-events");
    assert!(from.starts_with("inbound.A/0/"), "{from}");

    let running = Running::start(&cluster, config(), Orgs::default());
    cluster.read_distinct("case-events", 200);
    running.stop().unwrap();
}

#[test]
fn a_record_too_large_for_the_dead_letters_is_cut_and_keeps_its_place() {
    let cluster = Cluster::new(1);
    cluster.topic("inbound.A", 1);
    let huge = vec![b'['; 6 * 1024 * 1024];
    cluster.write("inbound.A", [good(1).as_slice(), &huge, &good(2)]);
    let running = Running::start(&cluster, config(), Orgs::default());
    let letters = cluster.read("dead-letters", 1);
    cluster.read("case-events", 2);
    assert_eq!(running.metric("xiezhi_ingest_truncated_letters_total"), 1.0);
    running.stop().unwrap();
    let letter = &letters[0];
    assert_eq!(letter.payload().unwrap(), &huge[..64 * 1024]);
    assert_eq!(letter.key().unwrap(), b"inbound.A/0/1");
    assert_eq!((header(letter, "reason"), header(letter, "truncated")), (Some("oversize"), Some("true")));
}

#[test]
fn a_slow_broker_pauses_reading_instead_of_filling_memory() {
    let cluster = Cluster::new(1);
    cluster.topic("inbound.A", 2);
    let limits = IngestConfig { max_in_flight_records: 20, ..config() };
    let running = Running::start(&cluster, limits, Orgs::default());
    let records: Vec<Vec<u8>> = (0..120).map(good).collect();
    cluster.write("inbound.A", [records[0].as_slice()]);
    cluster.read("case-events", 1);
    cluster.mock.broker_round_trip_time(1, Duration::from_millis(400)).unwrap();
    cluster.write("inbound.A", records[1..].iter().map(Vec::as_slice));
    let events = cluster.read("case-events", 120);
    assert!(running.metric("xiezhi_ingest_throttled_seconds_total") > 0.4);
    running.stop().unwrap();
    assert_payloads(&events, records);
}

#[test]
fn partitions_lost_while_paused_are_read_when_they_come_back() {
    let cluster = Cluster::new(1);
    cluster.topic("inbound.A", 2);
    let limits = IngestConfig { max_in_flight_records: 20, ..config() };
    let records: Vec<Vec<u8>> = (0..120).map(good).collect();
    cluster.write("inbound.A", records.iter().map(Vec::as_slice));
    cluster.mock.request_errors(
        RDKafkaApiKey::Produce,
        &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS; 500],
    );
    let running = Running::start(&cluster, limits, Orgs::default());
    running.await_metric("xiezhi_ingest_throttled_seconds_total", 0.5);
    cluster
        .mock
        .request_errors(RDKafkaApiKey::Heartbeat, &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID]);
    running.await_metric("xiezhi_ingest_sessions_lost_total", 1.0);
    cluster.mock.clear_request_errors(RDKafkaApiKey::Produce);
    cluster.read_distinct("case-events", records.len());
    running.stop().unwrap();
}

#[test]
fn reserved_settings_are_refused_by_name() {
    let cluster = Cluster::new(1);
    let mut base = cluster.base();
    base.set("enable.idempotence", "false");
    let stop = std::sync::atomic::AtomicBool::new(true);
    let registry = prometheus::Registry::new();
    let error =
        ingest::run(&config(), &base, || Orgs::default().into(), || crate::harness::NOW, &registry, &stop);
    assert!(matches!(error, Err(IngestError::Reserved { key }) if key == "enable.idempotence"));
}

#[test]
fn a_second_owner_of_the_instance_id_ends_it() {
    let cluster = Cluster::new(1);
    cluster.topic("inbound.A", 1);
    cluster.write("inbound.A", [good(1).as_slice()]);
    cluster
        .mock
        .request_errors(RDKafkaApiKey::OffsetCommit, &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID]);
    let error = Running::start(&cluster, config(), Orgs::default()).end().expect_err("fenced");
    assert!(matches!(error, IngestError::Consumer { .. }), "{error}");
}

#[test]
fn fenced_by_its_own_lost_session_it_joins_anew() {
    let cluster = Cluster::new(1);
    cluster.topic("inbound.A", 1);
    let records: Vec<Vec<u8>> = (0..30).map(good).collect();
    cluster.write("inbound.A", records[..10].iter().map(Vec::as_slice));
    let running = Running::start(&cluster, config(), Orgs::default());
    cluster.read("case-events", 10);
    cluster
        .mock
        .request_errors(RDKafkaApiKey::Heartbeat, &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID]);
    running.await_metric("xiezhi_ingest_sessions_lost_total", 1.0);
    cluster
        .mock
        .request_errors(RDKafkaApiKey::OffsetCommit, &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID]);
    cluster.write("inbound.A", records[10..20].iter().map(Vec::as_slice));
    running.await_metric("xiezhi_ingest_rejoins_total", 1.0);
    cluster.write("inbound.A", records[20..].iter().map(Vec::as_slice));
    cluster.read_distinct("case-events", 30);
    running.stop().unwrap();
}
