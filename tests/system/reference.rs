//! Rules that change while a site is at work: cases to come are judged by the new version, those accepted before by theirs, a
//! reissued calendar takes back what it makes untrue; and a kill in the middle changes nothing of it.

use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use model::{Day, Instant};
use serde_json::{Value, json};
use system_tests::site::Site;
use system_tests::{PATIENCE, alone, programs, say, wait_for};

const TEST: &str = "reference";
const ORG: &str = "11990100260005035C";
const ITEM: &str = "9901-QT-0012";
const DAY_MS: i64 = 86_400_000;
/// Alarms and who says so, without what a restart may tell again at another time.
const ALARMS: &str = "SELECT case_id, code, state, cause, revision, rules_version FROM xiezhi.alarms ORDER BY case_id, code, step";

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

fn event(id: &str, case: &str, at: i64, kind: &str, data: Value) -> String {
    let source = format!("urn:cn-org:{ORG}:hotline");
    json!({"specversion": "1.0", "id": id, "source": source, "type": kind, "subject": case, "time": Instant(at).to_string(), "data": data})
        .to_string()
}

fn accepted(case: &str, at: i64) -> String {
    event(
        &format!("{case}-0"),
        case,
        at,
        "case.accepted",
        json!({"item": ITEM, "org": ORG, "title": "路面塌陷"}),
    )
}

/// The step `handling`: without a photo, which the second version asks for.
fn handled(case: &str, at: i64) -> [String; 2] {
    let step = json!({"step": "handling"});
    [
        event(&format!("{case}-1"), case, at, "step.started", step.clone()),
        event(&format!("{case}-2"), case, at + 1_000, "step.completed", step),
    ]
}

/// A copy of the demonstration's catalogue that can be changed.
fn copy(to: &Path) {
    let from = programs::root().join("deploy/catalogues/demo");
    programs::well(Command::new("cp").arg("-r").arg(from).arg(to));
}

fn change(file: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(file).expect("the file is there");
    assert!(text.contains(from), "{} has no {from:?}", file.display());
    std::fs::write(file, text.replacen(from, to, 1)).expect("it can be written");
}

fn publish(site: &Site, catalogue: &Path) {
    let catalogue = catalogue.display().to_string();
    let arguments =
        ["reference", "publish", "--brokers", &site.kafka, "--catalogue", &catalogue, "--by", "li"];
    let output = programs::well(&mut programs::xiezhi(arguments));
    say(TEST, programs::text(&output.stdout).trim());
}

fn alarm(site: &Site, case: &str, code: &str) -> Option<Value> {
    let sql = format!(
        "SELECT state, cause, rules_version FROM xiezhi.alarms WHERE case_id = '{case}' AND code = '{code}'"
    );
    site.select(&sql).pop()
}

#[test]
fn reference() {
    let _alone = alone();
    let mut site = Site::start(TEST, &programs::root().join("deploy/catalogues/demo"), "wall");
    let catalogue = site.scratch.0.join("catalogue");
    copy(&catalogue);
    // One is accepted under the first version; another has been in the works for six weeks.
    let started = now();
    let slow = event("slow-1", "slow", started - 42 * DAY_MS, "step.started", json!({"step": "handling"}));
    let lines = [accepted("old", started - 1_000), accepted("slow", started - 43 * DAY_MS), slow];
    let file = site.scratch.lines("first.jsonl", lines);
    site.publish(["--org", ORG], &file);
    let overdue = wait_for("the slow one is overdue", PATIENCE, || alarm(&site, "slow", "overdue"));
    assert_eq!((&overdue["state"], &overdue["rules_version"]), (&json!("raised"), &json!("yunze-2026.1")));

    // The second version asks for a photo.
    let item = catalogue.join("items").join(format!("{ITEM}.yaml"));
    let point =
        "points:\n  - {id: photo, kind: evidence, step: handling, required: [{kind: photo, min: 1}]}\n";
    change(&item, "points:\n", point);
    change(&catalogue.join("catalogue.yaml"), "yunze-2026.1", "yunze-2026.2");
    publish(&site, &catalogue);
    site.await_editions(1);
    let lines = [vec![accepted("new", now())], handled("new", now()).into(), handled("old", now()).into()];
    let file = site.scratch.lines("second.jsonl", lines.concat());
    site.publish(["--org", ORG], &file);
    let photo = wait_for("the new one has no photo", PATIENCE, || alarm(&site, "new", "evidence_missing"));
    assert_eq!(photo["rules_version"], json!("yunze-2026.2"), "{photo}");

    // Nobody has worked for eight weeks, as it turns out; and the site dies while that is taken over.
    let today = Instant(started).0 / DAY_MS;
    for year in [Day(today as i32).year() - 1, Day(today as i32).year()] {
        let off = (today - 60..=today).map(|day| Day(day as i32)).filter(|day| day.year() == year);
        let off: Vec<String> = off.map(|day| day.to_string()).collect();
        if !off.is_empty() {
            let text = format!("year: {year}\nholidays: [{}]\n", off.join(", "));
            std::fs::write(catalogue.join(format!("calendar/{year}.yaml")), text).expect("it can be written");
        }
    }
    change(&catalogue.join("catalogue.yaml"), "yunze-2026.2", "yunze-2026.3");
    publish(&site, &catalogue);
    site.kill9();
    site.start_again();
    site.await_editions(2);
    let back = wait_for("the slow one is in time", PATIENCE, || {
        alarm(&site, "slow", "overdue").filter(|alarm| alarm["state"] == "retracted")
    });
    assert_eq!(back["cause"], json!("rules"), "{back}");
    site.await_settled(8, PATIENCE);
    assert!(
        alarm(&site, "old", "evidence_missing").is_none(),
        "it is judged by the version of its acceptance"
    );

    // Once more from what is saved and what stands in the logs: nothing changes.
    let before = site.select(ALARMS);
    site.kill9();
    site.start_again();
    site.await_editions(2);
    site.await_settled(8, PATIENCE);
    assert_eq!(site.select(ALARMS), before);
    assert_eq!(site.number("SELECT count() FROM xiezhi.incidents WHERE kind = 'state_diverged'"), 0);
    let mut verify = programs::xiezhi(["verify", "--brokers", &site.kafka]);
    programs::well(&mut verify);
    let shown = programs::well(&mut programs::xiezhi(["reference", "show", "--brokers", &site.kafka]));
    assert_eq!(programs::text(&shown.stdout).lines().count(), 2);
    refuse(&site, &catalogue);
    site.stop();
}

/// A catalogue with errors is not published, and neither is one that changes what a version says.
fn refuse(site: &Site, catalogue: &Path) {
    let dir = catalogue.display().to_string();
    let attempt = || {
        let arguments = ["reference", "publish", "--brokers", &site.kafka, "--catalogue", &dir];
        let output = programs::xiezhi(arguments).output().expect("it starts");
        assert!(!output.status.success());
        programs::text(&output.stderr)
    };
    assert!(attempt().contains("nothing differs"));
    change(
        &catalogue.join("items").join(format!("{ITEM}.yaml")),
        "kind: photo, min: 1",
        "kind: photo, min: 2",
    );
    assert!(attempt().contains("yunze-2026.3"));
    change(
        &catalogue.join("items").join(format!("{ITEM}.yaml")),
        "kind: photo, min: 2",
        "kind: picture, min: 2",
    );
    let said = attempt();
    assert!(said.contains(&format!("items/{ITEM}.yaml")) && said.contains("picture"), "{said}");
}
