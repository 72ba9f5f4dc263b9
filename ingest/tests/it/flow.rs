//! What comes in goes out, once, where it belongs.

use std::collections::BTreeMap;

use model::catalogue::{Org, Orgs};
use rdkafka::message::Message;

use crate::harness::{Cluster, Running, assert_payloads, config, good, header};

/// One record for each reason code, with its code.
fn bad() -> Vec<(&'static str, Vec<u8>)> {
    let event = |from: &str, to: &str| {
        let text = String::from_utf8(good(1)).unwrap();
        let changed = text.replace(from, to);
        assert_ne!(text, changed, "{from}");
        changed.into_bytes()
    };
    let mut oversize = good(1);
    oversize.resize(256 * 1024 + 1, b' ');
    vec![
        ("oversize", oversize),
        ("invalid_utf8", b"{\"id\":\"\xff\"}".to_vec()),
        ("too_deep", "[".repeat(40).into_bytes()),
        ("invalid_json", b"{\"id\":".to_vec()),
        ("invalid_json", Vec::new()),
        ("not_an_object", b"[]".to_vec()),
        ("unsupported_version", event(r#""specversion":"1.0""#, r#""specversion":"0.3""#)),
        ("missing_member", event(r#""subject":"案-1","#, "")),
        ("wrong_type", event(r#""subject":"案-1""#, r#""subject":1"#)),
        ("invalid_value", event(r#""subject":"案-1""#, r#""subject":"""#)),
        ("unknown_type", event("case.closed", "case.opened")),
        ("time_out_of_range", event("2026-06-29T", "9999-06-29T")),
        ("source_not_authorised", event("urn:a", "urn:stranger")),
    ]
}

fn orgs() -> Orgs {
    let sources = ["urn:a".to_owned()].into();
    let org = Org { id: "A".into(), sources, ..Org::default() };
    Orgs::of([("A".to_owned(), org)].into())
}

#[test]
fn every_record_ends_in_its_place_with_its_origin() {
    let cluster = Cluster::new(4);
    cluster.topic("inbound.A", 3);
    cluster.topic("outbound.A", 1);
    let goods: Vec<Vec<u8>> = (0..1_000).map(good).collect();
    let bads = bad();
    for (n, chunk) in goods.chunks(100).enumerate() {
        cluster.write("inbound.A", chunk.iter().map(Vec::as_slice));
        cluster.write("inbound.A", bads.iter().skip(n).step_by(10).map(|(_, bytes)| bytes.as_slice()));
    }
    cluster.write("outbound.A", [goods[0].as_slice()]);

    let running = Running::start(&cluster, config(), orgs());
    let events = cluster.read("case-events", goods.len());
    let letters = cluster.read("dead-letters", bads.len());
    assert_payloads(&events, goods);
    assert_payloads(&letters, bads.iter().map(|(_, bytes)| bytes.clone()));
    check_events(&events);
    check_letters(&letters, &bads);

    let registry = running.registry.clone();
    running.stop().unwrap();
    assert_eq!((cluster.len("case-events"), cluster.len("dead-letters")), (1_000, bads.len()));
    check_metrics(&registry, &bads);
}

fn check_events(events: &[rdkafka::message::OwnedMessage]) {
    let mut partition_of = BTreeMap::new();
    let mut origins = std::collections::BTreeSet::new();
    for event in events {
        let case: serde_json::Value = serde_json::from_slice(event.payload().unwrap()).unwrap();
        let key = str::from_utf8(event.key().unwrap()).unwrap();
        assert_eq!(case["subject"], key);
        assert_eq!(
            *partition_of.entry(key.to_owned()).or_insert(event.partition()),
            event.partition(),
            "{key}"
        );
        assert!(origins.insert(header(event, "inbound").unwrap().to_owned()), "one origin, one record");
    }
    assert!(origins.iter().all(|o| o.starts_with("inbound.A/")));
    // What Java's default partitioner gives: (murmur2(key) & 0x7fffffff) % 4.
    assert_eq!(partition_of["案-1"], java_partition("案-1".as_bytes(), 4));
}

fn check_letters(letters: &[rdkafka::message::OwnedMessage], bads: &[(&str, Vec<u8>)]) {
    for letter in letters {
        let payload = letter.payload().unwrap_or_default();
        let expected = bads.iter().find(|(_, bytes)| bytes == payload).unwrap().0;
        assert_eq!(header(letter, "reason"), Some(expected));
        assert_eq!((header(letter, "topic"), header(letter, "org")), (Some("inbound.A"), Some("A")));
        let coordinates = format!(
            "inbound.A/{}/{}",
            header(letter, "partition").unwrap(),
            header(letter, "offset").unwrap()
        );
        assert_eq!(letter.key().unwrap(), coordinates.as_bytes());
        assert!(!header(letter, "sentence").unwrap().is_empty());
        assert!(header(letter, "timestamp_ms").unwrap().parse::<i64>().unwrap() > 0);
        assert_eq!(header(letter, "truncated"), None);
    }
}

fn check_metrics(registry: &prometheus::Registry, bads: &[(&str, Vec<u8>)]) {
    let families = registry.gather();
    let of = |name: &str, label: &str| {
        let family = families.iter().find(|f| f.name() == name).unwrap();
        let metric =
            family.get_metric().iter().find(|m| m.get_label().iter().any(|l| l.value() == label)).unwrap();
        metric.get_counter().get_value()
    };
    assert_eq!(of("xiezhi_ingest_records_total", "accepted"), 1_000.0);
    assert_eq!(of("xiezhi_ingest_records_total", "rejected"), bads.len() as f64);
    for (reason, _) in bads {
        let times = bads.iter().filter(|(r, _)| r == reason).count();
        assert_eq!(of("xiezhi_ingest_rejected_total", reason), times as f64, "{reason}");
    }
}

#[test]
fn a_restart_goes_on_where_the_last_run_stopped() {
    let cluster = Cluster::new(2);
    cluster.topic("inbound.A", 2);
    let records: Vec<Vec<u8>> = (0..300).map(good).collect();
    cluster.write("inbound.A", records[..200].iter().map(Vec::as_slice));

    let first = Running::start(&cluster, config(), Orgs::default());
    cluster.read("case-events", 200);
    first.stop().unwrap();
    cluster.write("inbound.A", records[200..].iter().map(Vec::as_slice));

    let second = Running::start(&cluster, config(), Orgs::default());
    let events = cluster.read("case-events", 300);
    assert_eq!(second.metric("xiezhi_ingest_rewinds_total"), 0.0);
    assert_eq!(second.metric("xiezhi_ingest_lost_records_total"), 0.0);
    second.stop().unwrap();
    assert_payloads(&events, records);
    assert_eq!(cluster.len("case-events"), 300, "an orderly stop repeats nothing");
}

#[test]
fn a_topic_that_appears_later_is_found_and_read_from_its_beginning() {
    let cluster = Cluster::new(1);
    cluster.topic("inbound.A", 1);
    cluster.write("inbound.A", [good(1).as_slice()]);
    let running = Running::start(&cluster, config(), Orgs::default());
    cluster.read("case-events", 1);
    cluster.topic("inbound.B", 1);
    cluster.write("inbound.B", [good(2).as_slice(), good(3).as_slice()]);
    let events = cluster.read("case-events", 3);
    assert_eq!(header(&events[2], "inbound"), Some("inbound.B/0/1"));
    running.stop().unwrap();
}

#[test]
fn a_second_member_takes_its_share_and_nothing_is_lost() {
    let cluster = Cluster::new(2);
    cluster.topic("inbound.A", 4);
    let records: Vec<Vec<u8>> = (0..400).map(good).collect();
    cluster.write("inbound.A", records[..200].iter().map(Vec::as_slice));
    let first = Running::start(&cluster, config(), Orgs::default());
    cluster.read("case-events", 200);
    let second = Running::start(
        &cluster,
        ingest::IngestConfig { instance: "ingest-1".into(), ..config() },
        Orgs::default(),
    );
    cluster.write("inbound.A", records[200..300].iter().map(Vec::as_slice));
    cluster.read("case-events", 300);
    first.stop().unwrap();
    cluster.write("inbound.A", records[300..].iter().map(Vec::as_slice));
    cluster.read_distinct("case-events", 400);
    second.stop().unwrap();
}

/// Kafka's murmur2, as Java clients partition keyed records.
fn java_partition(key: &[u8], partitions: i32) -> i32 {
    const M: u32 = 0x5bd1_e995;
    let mut h = 0x9747_b28c_u32 ^ key.len() as u32;
    let (words, tail) = key.as_chunks::<4>();
    for word in words {
        let mut k = u32::from_le_bytes(*word).wrapping_mul(M);
        k = (k ^ (k >> 24)).wrapping_mul(M);
        h = h.wrapping_mul(M) ^ k;
    }
    if !tail.is_empty() {
        for (i, byte) in tail.iter().enumerate() {
            h ^= u32::from(*byte) << (8 * i);
        }
        h = h.wrapping_mul(M);
    }
    h = (h ^ (h >> 13)).wrapping_mul(M);
    h ^= h >> 15;
    (h & 0x7fff_ffff) as i32 % partitions
}
