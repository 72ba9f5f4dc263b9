//! Those who watch over a site: Grafana's dashboards, with data of every kind before them; Prometheus and Alertmanager.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde_json::json;
use system_tests::site::{Scratch, Site};
use system_tests::{PATIENCE, alone, programs, say, wait_for};

use crate::{grafana, prometheus};

const TEST: &str = "watching";
/// Every code of the contract is among what they give.
const CASES: &str = "700";
/// Its silence counts after some seconds, so that there is a silent source to be seen.
const WATCHED: &str = "\"urn:cn-org:11990100260005035C:hotline\"";
/// Whoever publishes what is of no known source.
const STRANGER: &str = "119901002600008594";

#[test]
fn watching() {
    let _alone = alone();
    let catalogue = Scratch::new("watching-catalogue");
    copy_with_a_silence(&catalogue);
    let site = Site::start(TEST, &catalogue.0.join("demo"), "wall");
    incident(&site);
    let records = publish(&site, &catalogue);
    let began = std::time::Instant::now();
    settled(&site, records);
    say(TEST, &format!("{records} records settled after {:.1} s", began.elapsed().as_secs_f64()));
    // So that requests were counted.
    assert_eq!(site.get("/api/v1/alarms?limit=1").status, 200);
    prometheus::check(&site);
    grafana::check(&site);
    say(TEST, &format!("stopped in {:.1} s, nothing left", site.stop().as_secs_f64()));
}

/// The demonstration's catalogue, but for a source that is held to speak.
fn copy_with_a_silence(scratch: &Scratch) {
    let from = programs::root().join("deploy/catalogues/demo");
    programs::well(std::process::Command::new("cp").arg("-r").arg(from).arg(&scratch.0));
    let orgs = scratch.0.join("demo/orgs.yaml");
    let text = std::fs::read_to_string(&orgs).unwrap();
    let held = text.replace(WATCHED, &format!("{{uri: {WATCHED}, silent_after: {{seconds: 2}}}}"));
    assert_ne!(held, text, "the demonstration has another hotline");
    std::fs::write(&orgs, held).unwrap();
}

/// The demonstration's stream, spoiled records and all. How many reached the broker.
fn publish(site: &Site, scratch: &Scratch) -> f64 {
    let (catalogue, file) = (scratch.path("demo"), scratch.path("events.jsonl"));
    programs::well(&mut programs::xiezhi([
        "generate",
        "--catalogue",
        &catalogue,
        "--cases",
        CASES,
        "--out",
        &file,
    ]));
    let arguments =
        ["publish", "--brokers", &site.kafka, "--org", STRANGER, "--catalogue", &catalogue, &file];
    let output = programs::xiezhi(arguments).output().expect("it starts");
    // Among the spoiled records is one that no broker takes: its status tells that.
    let said = programs::text(&output.stderr);
    let published = said.rsplit(", ").find_map(|part| part.strip_suffix(" published"));
    published.and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("nothing was published: {said}"))
}

/// Everything that was published is judged and stored, and the watched source has fallen silent.
fn settled(site: &Site, records: f64) {
    wait_for("all is judged and stored", PATIENCE, || {
        let read = site.metric("xiezhi_ingest_records_total") >= records;
        let whole = "SELECT toUInt64(countIf(complete = 1) = count() AND sum(stored_to) > 0) FROM xiezhi.completeness";
        let letters = site.metric("xiezhi_ingest_rejected_total") as u64;
        let silent = "SELECT count() FROM xiezhi.alarms WHERE code = 'source_silent' AND state = 'raised'";
        (read
            && site.number(whole) == 1
            && site.number("SELECT count() FROM xiezhi.dead_letters") == letters
            && site.number("SELECT count() FROM xiezhi.incidents") == 1
            && site.number(silent) > 0)
            .then_some(())
    });
}

/// One of the detectors' own form, as docs/schema.md gives it.
fn incident(site: &Site) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
    let record = json!({"v": 1, "incident_id": "0123456789abcdef0123456789abcdef", "kind": "offset_reset", "halts": false,
        "partition": 0, "from": 17, "to": 4, "at": now, "detail": "for a look",
        "explanation": {"zh": "有人移动了位移", "en": "somebody moved the offset"}});
    let mut client = rdkafka::ClientConfig::new();
    let producer: BaseProducer = client.set("bootstrap.servers", &site.kafka).create().unwrap();
    let record = record.to_string();
    producer.send(BaseRecord::<[u8], str>::to("incidents").payload(&record)).map_err(|(e, _)| e).unwrap();
    producer.flush(Duration::from_secs(30)).unwrap();
}
