//! Records that cannot be taken, among records that can: each becomes exactly the dead letter that the contract names,
//! whole and with its coordinates, and nothing else stops.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use system_tests::events::{self, ORG, UNTIL};
use system_tests::site::Site;
use system_tests::{PATIENCE, alone, programs, rows, say, wait_for};

use crate::bad_records::{Bad, records};

const TEST: &str = "bad_input";

#[test]
fn bad_input() {
    let _alone = alone();
    let catalogue = programs::root().join("deploy/catalogues/demo");
    let mut site = Site::start(TEST, &catalogue, &format!("{{until: \"{UNTIL}\"}}"));
    let (bad, good) = (records(), good());
    let (lines, places) = mixed(&bad, &good);
    let mixed = site.scratch.lines("mixed.jsonl", &lines);
    let began = Instant::now();
    site.publish(["--org", ORG], &mixed);
    let count = bad.len() as u64;
    await_letters(&site, count);
    site.await_settled(good.len() as u64, PATIENCE);
    say(
        TEST,
        &format!(
            "{} good and {count} bad records settled in {:.1} s",
            good.len(),
            began.elapsed().as_secs_f64()
        ),
    );

    assert_letters(&site, &bad, &places);
    assert_api(&site, &bad, &places);
    assert_counts(&site, &bad, good.len(), 1);
    let findings = detect(&site, &good, &catalogue);
    let alarms = rows::assert_same(&site, &findings);
    let unknown = |code: &str| {
        let sql = format!(
            "SELECT case_id, detail FROM xiezhi.alarms WHERE code = '{code}' AND kind = 'data_quality' AND light = 'yellow'"
        );
        site.select(&sql)
    };
    assert_eq!(unknown("unknown_item"), [json!({"case_id": "unknown-item", "detail": "9901-CF-9999"})]);
    assert_eq!(unknown("unknown_step"), [json!({"case_id": "unknown-step", "detail": "tea-break"})]);
    say(TEST, &format!("{alarms} alarms equal to detect's over the good records alone"));

    redrive(&site, &bad, good.len());
    assert_eq!(rows::assert_same(&site, &findings), alarms);
    site.stop();
}

fn good() -> Vec<String> {
    let accepted = |case: &str, data: Value| {
        events::event(&format!("{case}-1"), case, "2025-03-03T09:00:00+08:00", "case.accepted", data)
            .to_string()
    };
    let mut lines = events::stream(25);
    lines.push(accepted("unknown-item", json!({"item": "9901-CF-9999", "org": ORG})));
    lines.push(accepted("unknown-step", json!({"item": events::ITEM, "org": ORG})));
    let step = json!({"step": "tea-break"});
    lines.push(
        events::event("unknown-step-2", "unknown-step", "2025-03-03T10:00:00+08:00", "step.started", step)
            .to_string(),
    );
    // As long as a record may be, to the byte.
    let short = accepted("long", json!({"item": events::ITEM, "org": ORG, "title": ""}));
    let title = "x".repeat(256 * 1024 - short.len());
    lines.push(accepted("long", json!({"item": events::ITEM, "org": ORG, "title": title})));
    lines
}

/// Every bad record has good ones around it. Also tells at which line each bad one stands.
fn mixed(bad: &[Bad], good: &[String]) -> (Vec<Vec<u8>>, Vec<u64>) {
    let (mut lines, mut places) = (Vec::new(), Vec::new());
    let mut good = good.iter();
    for record in bad {
        lines.extend(good.by_ref().take(2).map(|line| line.clone().into_bytes()));
        places.push(lines.len() as u64);
        lines.push(record.line.clone());
    }
    lines.extend(good.map(|line| line.clone().into_bytes()));
    (lines, places)
}

fn await_letters(site: &Site, count: u64) {
    wait_for(&format!("{count} dead letters"), PATIENCE, || {
        (site.number("SELECT count() FROM xiezhi.dead_letters") >= count).then_some(())
    });
}

/// One partition takes the lines in their order, so a record's offset is its line.
fn assert_letters(site: &Site, bad: &[Bad], places: &[u64]) {
    let sql = "SELECT reason, sentence, topic, partition, offset, org, hex(key) AS key, hex(payload) AS payload \
               FROM xiezhi.dead_letters ORDER BY offset";
    let letters = site.select(sql);
    assert_eq!(letters.len(), bad.len());
    for ((letter, bad), place) in letters.iter().zip(bad).zip(places) {
        let shown = String::from_utf8_lossy(&bad.line[..bad.line.len().min(300)]).into_owned();
        let coordinates = (&letter["topic"], &letter["partition"], &letter["offset"], &letter["org"]);
        let expected = (&json!(format!("inbound.{ORG}")), &json!(0), &json!(place), &json!(ORG));
        assert_eq!(coordinates, expected, "{shown}");
        assert_eq!(letter["reason"], bad.reason, "{} of {shown}", letter["sentence"]);
        let sentence = letter["sentence"].as_str().unwrap();
        assert!(sentence.contains(&bad.word), "\"{sentence}\" does not name {} of {shown}", bad.word);
        assert_eq!(letter["payload"], hex(&bad.line), "{shown}");
        if let Some(subject) = key(&bad.line) {
            assert_eq!(letter["key"], hex(subject.as_bytes()), "{shown}");
        }
    }
}

/// The key under which `xiezhi publish` sends a record: its subject, where it can read the record so far.
fn key(line: &[u8]) -> Option<String> {
    let record: Value = serde_json::from_slice(line).ok()?;
    let readable = record["source"].is_string() || record.get("source").is_none();
    readable.then(|| record["subject"].as_str().map(str::to_owned))?
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// The API shows the same letters, with the beginning of each.
fn assert_api(site: &Site, bad: &[Bad], places: &[u64]) {
    let mut shown: BTreeMap<u64, Value> = BTreeMap::new();
    let mut next = Some("/api/v1/dead-letters?limit=60".to_owned());
    while let Some(address) = next {
        let page = site.get(&address).json();
        for letter in page["dead_letters"].as_array().unwrap() {
            assert!(shown.insert(letter["offset"].as_u64().unwrap(), letter.clone()).is_none(), "{letter}");
        }
        next = page["next"].as_str().map(str::to_owned);
    }
    assert_eq!(shown.keys().collect::<Vec<_>>(), places.iter().collect::<Vec<_>>());
    for (bad, letter) in bad.iter().zip(shown.values()) {
        assert_eq!(letter["reason"], bad.reason);
        assert_eq!(letter["payload_bytes"], bad.line.len());
        match std::str::from_utf8(&bad.line) {
            Ok(line) => {
                let text = letter["payload"]["text"].as_str().unwrap();
                assert!(!text.is_empty() && line.starts_with(text), "{letter}");
            }
            Err(_) => assert!(letter["payload"]["base64"].is_string(), "{letter}"),
        }
    }
    let missing = site.get("/api/v1/dead-letters?limit=500&reason=missing_member").json();
    let expected = bad.iter().filter(|bad| bad.reason == "missing_member").count();
    assert_eq!(missing["dead_letters"].as_array().unwrap().len(), expected);
}

/// Metrics and store agree on what went in; every bad record was `times` read.
fn assert_counts(site: &Site, bad: &[Bad], good: usize, times: usize) {
    let mut expected: BTreeMap<&str, usize> = BTreeMap::new();
    for bad in bad {
        *expected.entry(bad.reason).or_default() += times;
    }
    let rows = site.select("SELECT reason, toUInt32(count()) AS n FROM xiezhi.dead_letters GROUP BY reason");
    let stored: BTreeMap<_, _> = rows
        .iter()
        .map(|row| (row["reason"].as_str().unwrap(), row["n"].as_u64().unwrap() as usize))
        .collect();
    assert_eq!(stored, expected);
    assert_eq!(site.metric("xiezhi_ingest_rejected_total"), (bad.len() * times) as f64);
    assert_eq!(site.metric("xiezhi_ingest_records_total"), (bad.len() * times + good) as f64);
    assert_eq!(site.number("SELECT count() FROM xiezhi.case_events"), good as u64);
}

fn detect(site: &Site, good: &[String], catalogue: &std::path::Path) -> String {
    let (events, findings) = (site.scratch.lines("good.jsonl", good), site.scratch.path("findings.jsonl"));
    let mut detect = programs::xiezhi(["detect", "--until", UNTIL, "--out", &findings, "--catalogue"]);
    let output = programs::well(detect.arg(catalogue).arg(&events));
    let said = programs::text(&output.stderr);
    assert!(said.contains(" 0 rejected"), "{said}");
    findings
}

/// Nothing was mended, so all of them come back.
fn redrive(site: &Site, bad: &[Bad], good: usize) {
    let redrive = |more: &[&str]| {
        let output = programs::well(programs::xiezhi(["redrive", "--brokers", &site.kafka]).args(more));
        programs::text(&output.stderr)
    };
    let count = bad.len();
    let missing = bad.iter().filter(|bad| bad.reason == "missing_member").count();
    let said = redrive(&["--dry-run", "--reason", "missing_member"]);
    assert!(said.contains(&format!("{count} letters read, {missing} would go back")), "{said}");
    let said = redrive(&["--dry-run"]);
    assert!(said.contains(&format!("{count} letters read, {count} would go back")), "{said}");
    let end = site.number("SELECT max(letter_offset) FROM xiezhi.dead_letters");
    assert_eq!(site.number("SELECT count() FROM xiezhi.dead_letters"), count as u64, "a dry run wrote");
    let said = redrive(&[]);
    assert!(said.contains(&format!("{count} letters read, {count} went back")), "{said}");
    let began = Instant::now();
    await_letters(site, 2 * count as u64);
    let took = began.elapsed();
    wait_for("ingest has counted them", Duration::from_secs(10), || {
        (site.metric("xiezhi_ingest_rejected_total") as usize == 2 * count).then_some(())
    });
    assert_counts(site, bad, good, 2);
    let pairs = "SELECT count() FROM (SELECT reason, payload, count() AS n FROM xiezhi.dead_letters \
                 GROUP BY ALL HAVING n % 2 = 1)";
    assert_eq!(site.number(pairs), 0, "a letter came back changed");
    say(
        TEST,
        &format!(
            "{count} letters (offsets to {end}) driven back and returned in {:.1} s",
            took.as_secs_f64()
        ),
    );
}
