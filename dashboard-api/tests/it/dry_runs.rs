//! Dry runs over HTTP: one at a time, attached behind what others have decided meanwhile, and what is handed in for a version
//! that takes over cases. The engine that makes them is tried elsewhere; here the test says when one ends, and how.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dashboard_api::{Draft, Progress, Run};
use model::dry_run::{Part, Report};
use model::hash::Hash;
use serde_json::{Value, json};
use workflow::DryRun;

use crate::commands::{Api, NOW, way};

const PATIENCE: Duration = Duration::from_secs(60);

/// What a dry run of version 1 of a rule says.
fn report(rule: &str, switch: Option<Part>) -> Report {
    Report {
        engine: "xiezhi".to_owned(),
        rule: Some(rule.to_owned()),
        version: Some(1),
        content: Hash::of(json!({"code": rule}).to_string().as_bytes()),
        against: "v".to_owned(),
        against_hash: Hash::ZERO,
        as_of: NOW,
        cases: 0,
        events: 0,
        history: Part::default(),
        switch,
    }
}

/// How a dry run ends.
enum End {
    Well,
    Badly,
    Abruptly,
}

/// Dry runs that are three records far until they are told to end.
fn runs() -> (Sender<End>, Arc<Run>) {
    let (tell, told) = channel();
    let told = Mutex::new(told);
    let run: Arc<Run> = Arc::new(move |draft: &Draft, progress: &Progress| {
        progress.set(3, 7);
        let end = told.lock().map_err(|_| "nobody tells")?.recv();
        match end.map_err(|_| "nobody is left")? {
            End::Well => Ok(report(&draft.rule, None)),
            End::Badly => Err("no history".to_owned()),
            End::Abruptly => std::panic::resume_unwind(Box::new(())),
        }
    });
    (tell, run)
}

fn of_dry_run(rule: &str) -> String {
    format!("/api/v1/rules/{rule}/versions/1/dry-run")
}

impl Api {
    async fn try_out(&self, person: &str, rule: &str) -> (u16, Value) {
        self.send(person, &of_dry_run(rule), "", Some(&json!({}))).await
    }

    /// Looks until it stands so.
    async fn stands(&self, rule: &str, meant: impl Fn(&Value) -> bool) -> Value {
        let look = async {
            loop {
                let (status, standing) = self.send("li", &of_dry_run(rule), "", None).await;
                assert_eq!(status, 200, "{standing}");
                if meant(&standing) {
                    return standing;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, look).await.unwrap()
    }

    async fn does(&self, person: &str, rule: &str, expected: u64, action: Value) {
        let body = json!({"expected": expected, "action": action});
        let (status, answer) = self.ask(person, &format!("{person}-{expected}"), rule, &body).await;
        assert_eq!(status, 200, "{person} {action}: {answer}");
    }
}

#[tokio::test]
async fn one_runs_at_a_time_and_is_attached_behind_what_others_decided() {
    let (tell, run) = runs();
    let api = Api::with(|rules| rules.with_dry_runs(run));
    api.bring("A", 1).await;
    api.bring("B", 1).await;
    let foreign = json!({"do": "draft", "org": "beta", "content": {"code": "C"}, "in_flight": "pin"});
    api.does("submitter-beta", "C", 0, foreign).await;
    assert_eq!(api.stands("A", |_| true).await["state"], "none");
    assert_eq!(api.try_out("chen", "A").await.0, 403, "not his turn");

    let (status, begun) = api.try_out("li", "A").await;
    assert_eq!((status, &begun["state"]), (202, &json!("running")), "{begun}");
    let running = api.stands("A", |standing| standing["done"] == 3).await;
    assert_eq!((&running["state"], &running["total"]), (&json!("running"), &json!(7)));
    assert_eq!(api.try_out("li", "A").await.0, 202, "the same one");
    let (status, busy) = api.try_out("li", "B").await;
    assert!(status == 503 && busy["detail"].as_str().unwrap().contains("that of A, version 1"), "{busy}");
    let (status, busy) = api.try_out("submitter-beta", "C").await;
    assert!(
        status == 503 && !busy["detail"].as_str().unwrap().contains("of A"),
        "none of its business: {busy}"
    );

    api.does("fang", "A", 1, json!({"do": "pass_legally", "version": 1})).await;
    tell.send(End::Well).unwrap();
    let ended = api.stands("A", |standing| standing["state"] == "attached").await;
    assert_eq!(ended["dry_run"]["is_computed"], true, "{ended}");
    assert_eq!(ended["report"]["rule"], "A", "{ended}");
    assert_eq!(api.rule("A").await["revision"], 3);
}

#[tokio::test]
async fn one_that_fails_says_why_and_leaves_its_place() {
    let (tell, run) = runs();
    let api = Api::with(|rules| rules.with_dry_runs(run));
    api.bring("A", 1).await;
    for (end, why) in [(End::Badly, "no history"), (End::Abruptly, "broke off")] {
        assert_eq!(api.try_out("li", "A").await.0, 202);
        tell.send(end).unwrap();
        let failed = api.stands("A", |standing| standing["state"] == "failed").await;
        assert!(failed["failure"].as_str().unwrap().contains(why), "{failed}");
        assert_eq!(failed["dry_run"], Value::Null);
    }
    // The version is taken back meanwhile: there is nothing to attach to.
    assert_eq!(api.try_out("li", "A").await.0, 202);
    api.does("li", "A", 1, json!({"do": "withdraw", "version": 1})).await;
    tell.send(End::Well).unwrap();
    let failed = api.stands("A", |standing| standing["state"] == "failed").await;
    assert!(failed["failure"].as_str().unwrap().contains("withdrawn"), "{failed}");
    assert_eq!(api.try_out("li", "A").await.0, 409);
    assert_eq!(api.rule("A").await["revision"], 2);
}

/// A version that takes over cases already accepted is not reviewed before somebody has seen what becomes of them.
#[tokio::test]
async fn no_case_goes_over_untried() {
    let api = Api::with(|rules| rules);
    let attach = |switch| {
        let run = DryRun::of(report("M", switch), false);
        json!({"do": "attach_dry_run", "version": 1, "report": run})
    };
    let sums_alone = way("M")[2].2.clone();
    let pass_first = json!({"do": "pass_first", "version": 1});
    let draft = json!({"do": "draft", "org": "alpha", "content": {"code": "M"}, "in_flight": "migrate"});
    let steps = [
        ("li", draft, 200, Value::Null),
        ("fang", json!({"do": "pass_legally", "version": 1}), 200, Value::Null),
        ("li", json!({"do": "submit", "version": 1}), 200, Value::Null),
        ("chen", pass_first.clone(), 422, json!("no_dry_run")),
        ("li", sums_alone, 400, json!("report")),
        ("li", attach(None), 400, json!("report")),
        ("chen", pass_first.clone(), 422, json!("no_dry_run")),
        ("li", attach(Some(Part::default())), 200, Value::Null),
        ("chen", pass_first, 200, Value::Null),
    ];
    let mut revision = 0;
    for (n, (person, action, status, why)) in steps.into_iter().enumerate() {
        let body = json!({"expected": revision, "action": action});
        let (answered, answer) = api.ask(person, &format!("m{n}"), "M", &body).await;
        let said = [&answer["reason"], &answer["parameter"]].into_iter().find(|word| !word.is_null());
        assert_eq!((answered, said.unwrap_or(&Value::Null)), (status, &why), "step {n}, {action}: {answer}");
        revision += u32::from(status == 200);
    }
}
