//! The addresses over a store in memory: what they answer, refuse and count.

mod bounds;

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::limits::Limits;
use crate::metrics_router;
use crate::store::StoreError;
use crate::store::rows::{AlarmRow, CaseRow, DeadLetterRow, EventRow, IncidentRow, ProgressRow, StandingRow};
use crate::testing::{App, FakeReader, alarm};

fn with_alarms(count: u8) -> FakeReader {
    FakeReader { alarms: (1..=count).map(alarm).collect(), ..FakeReader::default() }
}

fn get(uri: &str) -> Request<Body> {
    Request::get(uri).body(Body::empty()).unwrap()
}

fn ids(list: &Value) -> Vec<String> {
    list["alarms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|alarm| alarm["id"].as_str().unwrap()[..2].to_owned())
        .collect()
}

#[tokio::test]
async fn pages_join_without_gap_or_overlap() {
    let app = App::new(with_alarms(7));
    let whole = ids(&app.ok("/api/v1/alarms").await);
    assert_eq!(whole, ["06", "07", "04", "05", "02", "03", "01"]);
    let (mut uri, mut seen) = ("/api/v1/alarms?limit=2&count=exact".to_owned(), Vec::new());
    loop {
        let page = app.ok(&uri).await;
        seen.extend(ids(&page));
        match page["next"].as_str() {
            Some(next) => uri = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, whole);
}

#[tokio::test]
async fn a_cursor_belongs_to_its_filters() {
    let app = App::new(with_alarms(7));
    let page = app.ok("/api/v1/alarms?limit=2&light=red").await;
    let cursor = page["next_cursor"].as_str().unwrap();
    let (status, problem) = app.json(&format!("/api/v1/alarms?limit=2&cursor={cursor}")).await;
    assert_eq!((status.as_u16(), problem["parameter"].as_str()), (400, Some("cursor")));
}

#[tokio::test]
async fn the_total_is_given_on_request() {
    let app = App::new(with_alarms(5));
    assert_eq!(app.ok("/api/v1/alarms?limit=1&count=exact").await["total"], 5);
    assert_eq!(app.ok("/api/v1/alarms?limit=1").await["total"], Value::Null);
}

#[tokio::test]
async fn every_number_is_the_length_of_its_list() {
    let mut reader = with_alarms(60);
    for (n, row) in reader.alarms.iter_mut().enumerate() {
        row.state = ["raised", "cleared", "retracted"][n % 3].to_owned();
        row.category = ["penalty", ""][n % 2].to_owned();
    }
    let app = App::new(reader);
    for query in [
        "by=day&by=region",
        "by=day&zone=UTC&axis=violated",
        "by=hour&by=light",
        "by=category&by=state&by=org",
        "region=37&by=region",
    ] {
        let stats = app.ok(&format!("/api/v1/stats?{query}")).await;
        let mut sum = 0;
        for group in stats["groups"].as_array().unwrap() {
            let list = app.ok(&format!("{}&limit=500", group["link"].as_str().unwrap())).await;
            assert_eq!(group["count"], list["alarms"].as_array().unwrap().len(), "{group}");
            sum += group["count"].as_u64().unwrap();
        }
        assert_eq!(stats["total"], sum, "{query}");
        assert_eq!(stats["truncated"], false);
    }
}

#[tokio::test]
async fn statistics_say_when_they_were_cut() {
    let stats = App::new(with_alarms(9)).ok("/api/v1/stats?by=region&limit=2").await;
    assert_eq!((stats["truncated"].clone(), stats["groups"].as_array().unwrap().len()), (json!(true), 2));
    assert_eq!(stats["total"], 9);
}

#[tokio::test]
async fn one_alarm_comes_with_its_facts() {
    let mut reader = with_alarms(1);
    reader.alarms[0] =
        AlarmRow { events: vec!["e1".into()], due_ms: Some(1), late_by_ms: Some(-5), ..alarm(1) };
    let event = |id: &str| EventRow {
        case_id: "case-1".into(),
        event_id: id.into(),
        data: "{\"a\":1}".into(),
        ..EventRow::default()
    };
    reader.events = vec![event("e1"), event("e2")];
    let app = App::new(reader);
    let detail = app.ok(&format!("/api/v1/alarms/{}", "01".repeat(16))).await;
    assert_eq!(detail["facts"].as_array().unwrap().len(), 1);
    assert_eq!(detail["facts"][0]["record"], json!({"a": 1}));
    assert_eq!(detail["timeline"], "/api/v1/cases/case-1/timeline");
    let alarm = &detail["alarm"];
    assert_eq!((&alarm["due"], &alarm["late_by_ms"]), (&json!("1970-01-01T00:00:00.001Z"), &json!(-5)));
    for absent in ["step", "visit", "category", "detail"] {
        assert_eq!(alarm[absent], Value::Null, "{absent}");
    }
}

#[tokio::test]
async fn a_timeline_joins_events_and_alarms() {
    let mut reader = with_alarms(4);
    let event = |id: &str, ms| EventRow {
        case_id: "case-1".into(),
        event_id: id.into(),
        time_ms: ms,
        ..EventRow::default()
    };
    reader.events = vec![event("a", 0), event("b", 1_000), event("c", 5_000)];
    let timeline = App::new(reader).ok("/api/v1/cases/case-1/timeline").await;
    let what: Vec<&str> =
        timeline["entries"].as_array().unwrap().iter().map(|e| e["entry"].as_str().unwrap()).collect();
    assert_eq!(what, ["event", "event", "alarm", "alarm", "event"]);
    assert_eq!(timeline["entries"][3]["at"], "1970-01-01T00:00:04.000Z");
}

#[tokio::test]
async fn a_case_with_a_slash_in_its_id_is_found() {
    let case = CaseRow { case_id: "济/1".into(), accepted_ms: Some(1), ..CaseRow::default() };
    let app = App::new(FakeReader { cases: vec![case], ..FakeReader::default() });
    let found = app.ok("/api/v1/cases/%E6%B5%8E%2F1").await;
    assert_eq!(found["id"], "济/1");
    assert_eq!(found["closed_at"], Value::Null);
    assert_eq!(found["timeline"], "/api/v1/cases/%E6%B5%8E%2F1/timeline");
}

#[tokio::test]
async fn dead_letters_are_paged() {
    let row = |from_offset| DeadLetterRow {
        from_offset,
        payload_is_text: from_offset == 1,
        payload_text: "x".into(),
        ..DeadLetterRow::default()
    };
    let app = App::new(FakeReader { dead_letters: vec![row(1), row(2)], ..FakeReader::default() });
    let first = app.ok("/api/v1/dead-letters?limit=1&reason=oversize").await;
    assert_eq!(first["dead_letters"][0]["payload"], json!({"text": "x"}));
    let second = app.ok(first["next"].as_str().unwrap()).await;
    assert_eq!(second["dead_letters"][0]["payload"], json!({"base64": "x"}));
    assert_eq!(second["next"], Value::Null);
}

#[tokio::test]
async fn progress_counts_its_lag() {
    let row =
        |partition, now_ms| ProgressRow { partition, now_ms, read_ms: 10_000, ..ProgressRow::default() };
    let app = App::new(FakeReader { progress: vec![row(0, 9_000), row(1, 10_500)], ..FakeReader::default() });
    let progress = app.ok("/api/v1/progress").await;
    assert_eq!(progress["clock_lag_ms"], 1_000);
    assert_eq!(progress["partitions"][1]["clock_lag_ms"], 0);
}

#[tokio::test]
async fn completeness_is_that_of_every_partition_and_never_of_none() {
    let row = |partition, is_complete, oldest_age_ms| StandingRow {
        partition,
        is_complete,
        oldest_age_ms,
        ..StandingRow::default()
    };
    let of = |standings: Vec<StandingRow>| App::new(FakeReader { standings, ..FakeReader::default() });
    assert_eq!(of(Vec::new()).ok("/api/v1/completeness").await["complete"], false);
    let some = of(vec![row(0, true, 0), row(1, false, 70)]).ok("/api/v1/completeness").await;
    assert_eq!((&some["complete"], &some["oldest_age_ms"]), (&json!(false), &json!(70)));
    assert_eq!(some["partitions"][0]["checked_at"], Value::Null);
    assert_eq!(of(vec![row(0, true, 0)]).ok("/api/v1/completeness").await["complete"], true);
}

#[tokio::test]
async fn incidents_are_told_in_both_languages() {
    let row = IncidentRow {
        from_at: Some(5),
        explanation_zh: "丢失".into(),
        explanation_en: "lost".into(),
        ..IncidentRow::default()
    };
    let app = App::new(FakeReader { incidents: vec![row], ..FakeReader::default() });
    let list = app.ok("/api/v1/incidents").await;
    assert_eq!(list["incidents"][0]["explanation"], json!({"zh": "丢失", "en": "lost"}));
    assert_eq!((&list["incidents"][0]["from"], &list["truncated"]), (&json!(5), &json!(false)));
}

#[tokio::test]
async fn a_refusal_is_a_problem_that_says_what_is_right() {
    let app = App::new(with_alarms(1));
    for (uri, status, kind) in [
        ("/api/v1/alarms?kind=x", 400, "bad-parameter"),
        ("/api/v1/alarms?x=1", 400, "bad-parameter"),
        ("/api/v1/progress?x=1", 400, "bad-parameter"),
        ("/api/v1/alarms/xyz", 400, "bad-parameter"),
        ("/api/v1/alarms/00000000000000000000000000000000", 404, "not-found"),
        ("/api/v1/cases/none", 404, "not-found"),
        ("/api/v1/cases/none/timeline", 404, "not-found"),
        ("/api/v1/cases/%FF", 400, "bad-parameter"),
        ("/nowhere", 404, "not-found"),
    ] {
        let response = app.send(get(uri)).await;
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{uri}");
        let (code, problem) = app.json(uri).await;
        assert_eq!(code.as_u16(), status, "{uri}: {problem}");
        assert_eq!(problem["type"], format!("urn:xiezhi:problem:{kind}"), "{uri}");
        assert_eq!(problem["instance"], uri.split('?').next().unwrap());
        assert_eq!(problem["status"], status);
    }
}

#[tokio::test]
async fn only_reading_is_allowed() {
    let app = App::new(with_alarms(1));
    let response = app.send(Request::post("/api/v1/alarms").body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), 405);
    assert_eq!(response.headers()["allow"], "GET,HEAD");
    assert_eq!(response.headers()["content-type"], "application/problem+json");
}

#[tokio::test]
async fn an_absent_store_is_said_so_without_its_words() {
    for (failure, status, retry) in [
        (StoreError::Unreachable as fn(String) -> StoreError, 503, true),
        (StoreError::NotMigrated, 503, true),
        (StoreError::TooExpensive, 504, false),
        (StoreError::Broken, 500, false),
    ] {
        let app = App::new(FakeReader { failure: Some(failure), ..FakeReader::default() });
        for uri in ["/api/v1/alarms", "/api/v1/stats?by=day", "/api/v1/progress", "/readyz", "/plain"] {
            let response = app.send(get(uri)).await;
            assert_eq!(response.status().as_u16(), status, "{uri}");
            assert_eq!(response.headers().contains_key("retry-after"), retry, "{uri}");
            assert!(!app.text(uri).await.1.contains("secret"), "{uri}");
        }
        app.ok("/healthz").await;
    }
}

#[tokio::test]
async fn ready_means_that_every_view_is_there() {
    App::new(FakeReader::default()).ok("/readyz").await;
    let app = App::new(FakeReader { missing: vec!["cases".into()], ..FakeReader::default() });
    let (status, problem) = app.json("/readyz").await;
    assert_eq!(status, 503);
    assert!(problem["detail"].as_str().unwrap().contains("views cases are missing"));
}

#[tokio::test]
async fn what_is_too_large_too_many_or_too_slow_is_refused() {
    let stuck = || FakeReader { is_stuck: true, ..FakeReader::default() };
    let slow = Limits { request: Duration::from_millis(20), ..Limits::default() };
    let app = App::with_limits(stuck(), slow);
    assert_eq!(app.json("/api/v1/alarms").await.1["type"], "urn:xiezhi:problem:too-slow");
    assert_eq!(app.json(&format!("/api/v1/alarms?org={}", "x".repeat(20_000))).await.0, 414);
    let body = Request::get("/api/v1/alarms").header("content-length", "20000").body(Body::empty()).unwrap();
    assert_eq!(app.send(body).await.status(), 413);
    let app = App::with_limits(stuck(), Limits { concurrent_requests: 0, ..Limits::default() });
    let response = app.send(get("/api/v1/alarms")).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"]),
        (503, &"1".parse().unwrap())
    );
}

#[tokio::test]
async fn the_page_needs_no_script_and_speaks_two_languages() {
    let app = App::new(with_alarms(3));
    let response = app.send(get("/plain")).await;
    assert!(
        response.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'")
    );
    let (_, zh) = app.text("/plain").await;
    let (_, en) = app.text("/plain?lang=en&light=red").await;
    assert!(zh.contains("最新预警") && en.contains("Latest alarms"));
    assert!(zh.contains("href=\"/plain?kind=evidence&amp;light=red&amp;lang=zh\">3</a>"));
    assert!(!zh.contains("<script") && !zh.contains("http"));
    let (status, refused) = app.text("/plain?lang=en&light=blue").await;
    assert!(status == 400 && refused.contains("one of: yellow, red"));
    assert!(app.text("/style.css").await.1.contains("prefers-color-scheme"));
}

#[tokio::test]
async fn a_browser_gets_the_console_and_a_program_never_a_page() {
    let app = App::new(FakeReader::default());
    let response = app.send(get("/?lang=en")).await;
    if crate::console::is_built() {
        assert!(
            response.headers()["content-security-policy"].to_str().unwrap().contains("script-src 'self'")
        );
    } else {
        assert_eq!(
            (response.status().as_u16(), &response.headers()["location"]),
            (303, &"/plain?lang=en".parse().unwrap())
        );
    }
    for uri in ["/api/v1/nothing", "/assets/nothing.js", "/session/nothing"] {
        let browser = Request::get(uri).header("accept", "text/html").body(Body::empty()).unwrap();
        let response = app.send(browser).await;
        assert_eq!(response.status(), 404, "{uri}");
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{uri}");
    }
    let posted = Request::post("/").header("accept", "text/html").body(Body::empty()).unwrap();
    assert_eq!(app.send(posted).await.status(), 404);
}

#[tokio::test]
async fn without_an_identity_nobody_is_named_and_all_may_be_read() {
    let app = App::new(FakeReader::default());
    let me = app.ok("/api/v1/me").await;
    assert_eq!((&me["id"], &me["grants"], &me["sees"]["rules"]), (&Value::Null, &json!([]), &json!(true)));
    assert_eq!(app.ok("/api/v1/catalogue").await["items"], json!([]));
    assert_eq!(app.json("/api/v1/catalogue/items/9901-CF-0042").await.0, 404);
}

#[tokio::test]
async fn requests_are_counted_by_route_and_never_by_path() {
    let app = App::new(with_alarms(1));
    app.ok(&format!("/api/v1/alarms/{}", "01".repeat(16))).await;
    app.text("/etc/passwd").await;
    let metrics = App::metrics(&app).await;
    for line in [
        "xiezhi_api_requests_total{method=\"GET\",route=\"/api/v1/alarms/{id}\",status=\"200\"} 1",
        "xiezhi_api_requests_total{method=\"GET\",route=\"unmatched\",status=\"404\"} 1",
        "xiezhi_api_request_seconds_count{route=\"/api/v1/alarms/{id}\"} 1",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    assert!(!metrics.contains("passwd"));
}

impl App {
    async fn metrics(app: &Self) -> String {
        use tower::ServiceExt;
        let response = metrics_router(app.registry.clone()).oneshot(get("/metrics")).await.unwrap();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }
}

#[tokio::test]
async fn the_document_is_the_golden_file() {
    let served = App::new(FakeReader::default()).text("/api/v1/openapi.json").await.1;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &served).unwrap();
    }
    let golden = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        served == golden,
        "openapi.json has changed; refresh it with UPDATE_GOLDEN=1 and read the difference"
    );
}
