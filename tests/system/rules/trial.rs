//! A supervision point comes into force by itself, on trial: what it finds in its first days stands apart and nobody is told;
//! what is violated afterwards is an alarm, and so is at once what the item's other points find.

use std::io::BufRead;

use model::time::MS_PER_DAY;
use serde_json::{Value, json};
use system_tests::site::Site;
use system_tests::{PATIENCE, events, http, say, wait_for};

use super::{Api, ORG, TEST, now, soon};

/// As it is named, and as it stands in a path.
const POINT: &str = "9901-CF-0042#e-investigation";
const IN_A_PATH: &str = "9901-CF-0042%23e-investigation";
const CASE: &str = "tried";

pub(super) fn of_a_point(stores: &mut Site, here: &Api<'_>, there: &Api<'_>) {
    let api = Api { rule: IN_A_PATH, ..*here };
    approved(&api);
    wait_for("the point's version is in force", PATIENCE, || {
        (api.rule("li")["versions"][0]["phase"] == "in_force").then_some(())
    });
    stores.await_editions(2);
    let from = wait_for("it is told since when", PATIENCE, || {
        let from = model::Instant::parse(api.rule("li")["versions"][0]["from"].as_str()?)?;
        // A completion that is as far ahead as may be is then behind the trial.
        (now().0 > from.0 + 2_000).then_some(from)
    });
    let last = investigated_twice(stores, from);
    let found = |view: &str| {
        let sql = format!(
            "SELECT finding_id, code, visit, shadow, rules_version FROM xiezhi.{view} WHERE case_id = '{CASE}' ORDER BY code, visit, detail"
        );
        stores.select(&sql)
    };
    let expected =
        |code: &str, visit: u32, shadow: bool, times: usize| vec![(code.to_owned(), visit, shadow); times];
    let is_as = |rows: &[Value]| -> Vec<(String, u32, bool)> {
        let row = |row: &Value| {
            assert_eq!(row["rules_version"], json!(format!("{POINT}/1")), "{row}");
            (
                row["code"].as_str().unwrap().to_owned(),
                row["visit"].as_u64().unwrap() as u32,
                row["shadow"] == true,
            )
        };
        rows.iter().map(row).collect()
    };
    // Photo, document and, as the new version wants it, a video; nobody is named, so there are too few officers in each visit.
    let alarms = [
        expected("evidence_missing", 2, false, 3),
        expected("too_few_officers", 1, false, 1),
        expected("too_few_officers", 2, false, 1),
    ];
    let alarms = alarms.concat();
    let rows = wait_for("the alarms of both visits stand", PATIENCE, || {
        let rows = found("alarms");
        (rows.len() >= alarms.len()).then_some(rows)
    });
    assert_eq!(is_as(&rows), alarms, "{rows:?}");
    let shadows = found("shadow_alarms");
    assert_eq!(is_as(&shadows), expected("evidence_missing", 1, true, 3), "{shadows:?}");
    assert_eq!(found("findings").len(), rows.len() + shadows.len(), "no revision turned one into the other");
    asked_for(there, &shadows);
    let id = |row: &Value| row["finding_id"].as_str().unwrap().to_owned();
    told(there, &rows.iter().map(id).collect::<Vec<_>>());
    let ahead = last.0 - now().0;
    say(
        TEST,
        &format!(
            "{} shadow alarms, {} alarms; the second visit ends {ahead} ms ahead",
            shadows.len(),
            rows.len()
        ),
    );
}

/// By four people, with its own number of revisions: it is a rule like any other.
fn approved(api: &Api<'_>) {
    let required = json!([{"kind": "photo"}, {"kind": "document"}, {"kind": "video"}]);
    let content =
        json!({"id": "e-investigation", "kind": "evidence", "step": "investigation", "required": required});
    api.does("li", 0, json!({"do": "draft", "org": ORG, "content": content, "in_flight": "pin"}));
    api.does("fang", 1, json!({"do": "pass_legally", "version": 1}));
    let report = api.tried("li", 1)["report"].clone();
    let history = &report["history"]["counts"];
    assert!(history["added"].as_u64() > Some(0), "no case has a video: {report}");
    assert_eq!(report["switch"], Value::Null, "it pins");
    api.does("li", 3, json!({"do": "submit", "version": 1}));
    api.does("chen", 4, json!({"do": "pass_first", "version": 1}));
    let from = soon();
    let long = json!({"do": "pass_final", "version": 1, "from": from, "shadow_days": 367});
    api.may_not("wu", 5, long, 422, "bad_shadow");
    api.does("wu", 5, json!({"do": "pass_final", "version": 1, "from": from, "shadow_days": 1}));
    assert_eq!(api.rule("li")["versions"][0]["shadow_days"], 1);
}

/// A visit that ends in the trial and one that ends a day later, which is how far ahead a fact may be.
fn investigated_twice(stores: &mut Site, from: model::Instant) -> model::Instant {
    let (started, last) = (now(), now().plus_ms(MS_PER_DAY - 1_000));
    assert!(last.0 >= from.0 + MS_PER_DAY, "the trial is over by then");
    let mut facts = 0;
    let mut event = |at: model::Instant, kind: &str, data: Value| {
        facts += 1;
        events::event(&format!("{CASE}-{facts}"), CASE, &at.to_string(), kind, data).to_string()
    };
    let step = || json!({"step": "investigation"});
    let lines = [
        event(started, "case.accepted", json!({"item": "9901-CF-0042", "org": ORG, "title": "占道经营"})),
        event(started.plus_ms(1), "step.started", step()),
        event(started.plus_ms(2), "step.completed", step()),
        event(started.plus_ms(3), "step.started", step()),
        event(last, "step.completed", step()),
    ];
    let file = stores.scratch.lines("tried.jsonl", lines);
    stores.publish(["--org", ORG], &file);
    last
}

/// Whoever asks for alarms does not see them; whoever asks for shadow alarms, or for one by its id, does. Nobody can follow one.
fn asked_for(api: &Api<'_>, shadows: &[Value]) {
    let listed = |more: &str| {
        let answer = api.get("shen", &format!("/api/v1/alarms?case={CASE}&code=evidence_missing{more}"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let visit = |alarm: &Value| (alarm["visit"].clone(), alarm["shadow"].clone());
        answer.json()["alarms"].as_array().unwrap().iter().map(visit).collect::<Vec<_>>()
    };
    assert_eq!(listed(""), vec![(json!(2), json!(false)); 3]);
    assert_eq!(listed("&shadow=only"), vec![(json!(1), json!(true)); 3]);
    let id = shadows[0]["finding_id"].as_str().unwrap();
    let one = api.get("shen", &format!("/api/v1/alarms/{id}"));
    assert_eq!((one.status, &one.json()["alarm"]["shadow"]), (200, &json!(true)), "{}", one.text());
    let token = api.issuer.provider.token("shen").unwrap();
    let follow = json!({"action": "follow", "kind": "alarm", "id": id, "reason": "试运行"});
    let url = format!("{}/api/v1/follows", api.site.api);
    let answer = http::send(&url, &token, &[("idempotency-key", "shadow")], Some(&follow)).unwrap();
    assert_eq!(answer.status, 404, "{}", answer.text());
}

/// The stream tells the alarms of the case, and no other finding of it.
fn told(api: &Api<'_>, alarms: &[String]) {
    let token = format!("Bearer {}", api.issuer.provider.token("shen").unwrap());
    let url = format!("{}/api/v1/stream?from=kept", api.site.api);
    let lines = http::listen(&url, &[("authorization", &token)]).unwrap().lines().map_while(Result::ok);
    let news = lines.filter_map(|line| serde_json::from_str::<Value>(line.strip_prefix("data: ")?).ok());
    let of_case =
        news.filter(|news| news["case"] == CASE).map(|news| news["id"].as_str().unwrap().to_owned());
    let mut heard: Vec<String> = of_case.take(alarms.len()).collect();
    let mut alarms = alarms.to_vec();
    heard.sort();
    alarms.sort();
    assert_eq!(heard, alarms, "those of a case come in order, so a shadow alarm would have come before");
}
