//! Publishing files and putting dead letters back.

use std::io::Cursor;

use ingest::Route;
use ingest::publish::{PublishConfig, publish};
use ingest::redrive::{Selection, redrive};
use model::catalogue::{Org, Orgs};
use model::event::Reason;
use rdkafka::message::Message;

use crate::harness::{Cluster, Running, assert_payloads, config, good, header};

fn strict() -> Orgs {
    let org = Org { id: "A".into(), sources: ["urn:somebody-else".to_owned()].into(), ..Org::default() };
    Orgs::of([("A".to_owned(), org)].into())
}

#[test]
fn a_file_is_published_in_order_and_lines_without_a_home_are_named() {
    let cluster = Cluster::new(1);
    cluster.topic("inbound.A", 3);
    cluster.topic("inbound.B7", 1);
    let sources = ["urn:a".to_owned()].into();
    let org = Org { id: "A".into(), sources, ..Org::default() };
    let orgs = Orgs::of([("A".to_owned(), org)].into());
    let mut file: Vec<u8> = (0..500).flat_map(|n| [good(n), b"\r\n".to_vec()].concat()).collect();
    file.extend_from_slice(b"\n{\"source\":\"urn:cn-org:B7:x\",\"subject\":\"c\"}\nno home\n");

    let config =
        PublishConfig { route: Route::by_source(&orgs, None), rate: None, partitions: 1, replication: 1 };
    let mut reports = 0;
    let done = publish(&cluster.base(), &config, Cursor::new(file), |_| reports += 1).unwrap();
    assert_eq!((done.lines, done.acknowledged, done.skipped), (502, 501, 1));
    assert_eq!(done.problems, [(503, "names no organisation: give one".to_owned())]);
    assert!(reports > 0);
    let records = cluster.read("inbound.A", 500);
    assert_payloads(&records, (0..500).map(good));
    let mut last = std::collections::HashMap::new();
    for record in &records {
        let value: serde_json::Value = serde_json::from_slice(record.payload().unwrap()).unwrap();
        let n = value["data"]["extra"].as_u64().unwrap();
        let before = last.insert(record.key().unwrap().to_vec(), n);
        assert!(before < Some(n), "order within a case");
    }
    assert_eq!(cluster.read("inbound.B7", 1)[0].key(), Some(b"c".as_slice()));
}

#[test]
fn letters_go_back_once_the_register_is_mended() {
    let cluster = Cluster::new(2);
    cluster.topic("inbound.A", 2);
    let records: Vec<Vec<u8>> = (0..50).map(good).collect();
    cluster.write("inbound.A", records.iter().map(Vec::as_slice));
    cluster.write("inbound.A", [b"{".as_slice()]);
    let running = Running::start(&cluster, config(), strict());
    cluster.read("dead-letters", 51);
    running.stop().unwrap();

    let selection = Selection {
        reasons: vec![Reason::SourceNotAuthorised],
        org: Some("A".into()),
        ..Selection::default()
    };
    let dry = redrive(&cluster.base(), &selection, true, |_| {}).unwrap();
    assert_eq!((dry.read, dry.total(), cluster.len("inbound.A")), (51, 50, 51));
    let done = redrive(&cluster.base(), &selection, false, |_| {}).unwrap();
    assert_eq!(done, dry);
    assert_eq!(done.ranges[&0], (0, 51));
    let rest = Selection { from: Some(51), ..Selection::default() };
    assert_eq!(redrive(&cluster.base(), &rest, false, |_| {}).unwrap().read, 0);

    let running = Running::start(&cluster, config(), Orgs::default());
    let events = cluster.read("case-events", 50);
    running.stop().unwrap();
    assert_payloads(&events, records);
    let back = cluster.read("inbound.A", 101);
    assert_eq!(back.iter().filter(|r| header(r, "redriven-from").is_some()).count(), 50);
}
