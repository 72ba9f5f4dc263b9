//! A deadline that passes while nothing arrives: the alarm must come by the clock alone.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::Instant;
use serde_json::{Value, json};
use system_tests::site::Site;
use system_tests::{alone, programs, say, wait_for};

const TEST: &str = "silence";
const ORG: &str = "11990100260005035C";
/// Its step `dispatch` has one minute, and a yellow light after half of it.
const ITEM: &str = "9901-QT-0012";
const LIMIT_MS: i64 = 60_000;
const DUE_IN_MS: i64 = 10_000;
/// Of the alarm in ClickHouse, after the instant due.
const LATE_AT_MOST_MS: i64 = 5_000;

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

fn event(number: u32, at: i64, kind: &str, data: Value) -> String {
    let source = format!("urn:cn-org:{ORG}:hotline");
    json!({"specversion": "1.0", "id": format!("call-{number}"), "source": source, "type": kind, "subject": "call-1",
        "time": Instant(at).to_string(), "data": data})
    .to_string()
}

#[test]
fn silence() {
    let _alone = alone();
    let mut site = Site::start(TEST, &programs::root().join("deploy/catalogues/demo"), "wall");
    let started = now() + DUE_IN_MS - LIMIT_MS;
    let due = started + LIMIT_MS;
    let lines = [
        event(1, started - 1_000, "case.accepted", json!({"item": ITEM, "org": ORG, "title": "路面塌陷"})),
        event(2, started, "step.started", json!({"step": "dispatch"})),
    ];
    let file = site.scratch.lines("call.jsonl", lines);
    site.publish(["--org", ORG], &file);
    let stands = |code: &str| {
        let row = format!(
            "SELECT state, cause, light, toUnixTimestamp64Milli(violated_at) AS violated, \
             toUnixTimestamp64Milli(due) AS due_ms, toUnixTimestamp64Milli(changed_at) AS changed, late_by_ms \
             FROM xiezhi.alarms WHERE case_id = 'call-1' AND code = '{code}'"
        );
        site.select(&row).pop()
    };
    let soon = wait_for("half of the time is over", Duration::from_secs(30), || stands("due_soon"));
    assert_eq!((&soon["state"], &soon["light"]), (&json!("raised"), &json!("yellow")), "{soon}");
    assert!(now() < due, "this machine is too slow to see the alarm before it is due");
    assert!(stands("overdue").is_none(), "an alarm before its time");

    let alarm = wait_for("the deadline passes", Duration::from_secs(60), || stands("overdue"));
    let delay = now() - due;
    say(TEST, &format!("the alarm stood in ClickHouse {delay} ms after the instant due, without any event"));
    assert_eq!((&alarm["state"], &alarm["light"]), (&json!("raised"), &json!("red")), "{alarm}");
    assert_eq!((&alarm["cause"], &alarm["late_by_ms"]), (&json!("clock"), &Value::Null), "{alarm}");
    assert_eq!((alarm["due_ms"].as_i64(), alarm["violated"].as_i64()), (Some(due), Some(due)), "{alarm}");
    assert!(alarm["changed"].as_i64() >= Some(due), "{alarm}");
    assert!((0..LATE_AT_MOST_MS).contains(&delay), "{delay} ms");
    wait_for("the yellow light is superseded", Duration::from_secs(10), || {
        let soon = stands("due_soon")?;
        (soon["state"] == "cleared" && soon["cause"] == "superseded").then_some(())
    });
    assert_eq!(site.number("SELECT count() FROM xiezhi.case_events"), 2);
    site.stop();
}
