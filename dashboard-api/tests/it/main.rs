//! The whole read side against a real ClickHouse engine (embedded), through its public face only.
#![expect(clippy::unwrap_used, reason = "in a test the panic is the report, in its helpers as well")]

mod commands;
mod data;
mod desk;
mod dry_runs;
mod engine;
mod registers;
mod rights;
mod stream;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use dashboard_api::{ApiState, ClickHouseReader, Connection, Connections, Limits, router};
use prometheus::IntGauge;
use serde_json::{Value, json};
use tower::ServiceExt;

use data::Store;
use engine::Engine;

struct App(Router);

impl App {
    fn new(url: &str) -> Self {
        // The engine's user who may only read: proof that nothing more is needed, settings of a query included.
        let user = Some("reader".to_owned());
        let connection =
            Connection { url: url.to_owned(), database: "xiezhi".to_owned(), user, password: None };
        let reader = Arc::new(ClickHouseReader::new(&connection, Duration::from_secs(5)));
        Self(router(ApiState::new(reader, &prometheus::Registry::new(), Limits::default()).unwrap()))
    }

    async fn get(&self, uri: &str) -> (StatusCode, Value) {
        let request = Request::get(uri).body(Body::empty()).unwrap();
        let response = self.0.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    async fn ok(&self, uri: &str) -> Value {
        let (status, value) = self.get(uri).await;
        assert_eq!(status, StatusCode::OK, "{uri}: {value}");
        value
    }

    /// Every alarm of a list, page by page.
    async fn pages(&self, uri: &str) -> Vec<Value> {
        let (mut uri, mut seen) = (uri.to_owned(), Vec::new());
        loop {
            let mut page = self.ok(&uri).await;
            seen.append(page["alarms"].as_array_mut().unwrap());
            match page["next"].as_str() {
                Some(next) => uri = next.to_owned(),
                None => return seen,
            }
        }
    }
}

fn place(alarm: &Value, axis: &str) -> (std::cmp::Reverse<String>, String) {
    let text = |name: &str| alarm[name].as_str().unwrap().to_owned();
    (std::cmp::Reverse(text(&format!("{axis}_at"))), text("id"))
}

#[tokio::test]
async fn pages_join_on_every_axis_and_agree_with_the_count() {
    let engine = Engine::start();
    Store::new(engine.url()).await.add_alarms(150).await;
    let app = App::new(engine.url());
    for axis in ["accepted", "violated", "raised", "changed"] {
        let list = format!("/api/v1/alarms?axis={axis}&limit=7");
        let alarms = app.pages(&list).await;
        let total = app.ok(&format!("{list}&count=exact")).await["total"].clone();
        assert_eq!((alarms.len(), total), (100, json!(100)), "{axis}: a third is retracted");
        assert!(alarms.is_sorted_by(|a, b| place(a, axis) < place(b, axis)), "{axis}");
    }
    assert_eq!(app.pages("/api/v1/alarms?state=retracted&limit=500").await.len(), 50);
}

#[tokio::test]
async fn alarms_that_come_in_do_not_move_the_pages() {
    let engine = Engine::start();
    let store = Store::new(engine.url()).await;
    store.add_alarms(60).await;
    let app = App::new(engine.url());
    let whole = app.pages("/api/v1/alarms?limit=9").await;
    let mut first = app.ok("/api/v1/alarms?limit=9").await;
    // The same with later times and other ids.
    store
        .run(
            "INSERT INTO xiezhi.alarms SELECT * REPLACE (lower(hex(MD5(finding_id))) AS finding_id, \
             raised_at + INTERVAL 1 YEAR AS raised_at) FROM xiezhi.alarms",
        )
        .await;
    let mut seen = first["alarms"].as_array_mut().unwrap().split_off(0);
    seen.extend(app.pages(first["next"].as_str().unwrap()).await);
    assert_eq!(seen, whole);
}

#[tokio::test]
async fn every_number_is_the_length_of_its_list() {
    let engine = Engine::start();
    Store::new(engine.url()).await.add_alarms(150).await;
    let app = App::new(engine.url());
    for query in [
        "by=day",
        "by=day&zone=UTC&axis=violated&by=kind",
        "by=region&by=category",
        "by=region&region=370000&state=raised&state=retracted&by=state",
        "by=org&by=item&by=code&by=light&from=2026-03-01T05:30:00Z&to=2026-03-02T03:00:00%2B08:00",
        "by=day&axis=changed&from=2026-03-01T10:00:00Z",
    ] {
        let stats = app.ok(&format!("/api/v1/stats?{query}")).await;
        let groups = stats["groups"].as_array().unwrap();
        let mut sum = 0;
        for group in groups {
            let alarms = app.pages(group["link"].as_str().unwrap()).await;
            assert_eq!(group["count"], alarms.len(), "{query}: {group}");
            sum += alarms.len();
        }
        assert!(groups.len() > 1, "{query}");
        assert_eq!(stats["total"], sum, "{query}");
        assert_eq!(app.pages(stats["link"].as_str().unwrap()).await.len(), sum, "{query}");
    }
    let days = app.ok("/api/v1/stats?by=day").await;
    assert_eq!(days["groups"][0]["key"], json!({"day": "2026-03-02"}));
    assert_eq!(days["groups"][1]["count"], 54, "eight times of ten, without the retracted");
}

#[tokio::test]
async fn filters_and_values_mean_what_they_say() {
    let engine = Engine::start();
    let store = Store::new(engine.url()).await;
    store.add_alarms(120).await;
    let strange = "O'Brien\\\"\t\n济/{x:String}?";
    let update = "INSERT INTO xiezhi.alarms SELECT * REPLACE ('ffffffffffffffffffffffffffffffff' AS finding_id, \
         unhex('HEX') AS case_id) FROM xiezhi.alarms WHERE seq = 0";
    let hex: String = strange.bytes().map(|byte| format!("{byte:02x}")).collect();
    store.run(&update.replace("HEX", &hex)).await;
    let app = App::new(engine.url());
    let count = async |query: &str| {
        app.ok(&format!("/api/v1/alarms?count=exact&limit=1&{query}")).await["total"].clone()
    };
    let encoded: String = strange.bytes().map(|byte| format!("%{byte:02x}")).collect();
    assert_eq!(count(&format!("case={encoded}")).await, 1);
    assert_eq!(
        app.ok(&format!("/api/v1/cases/{encoded}/timeline")).await["entries"][0]["alarm"]["case"],
        strange
    );
    assert_eq!(count("case=x%27%29+OR+1%3D1+--").await, 0);
    assert_eq!(count("region=370000").await.as_u64(), Some(40 + 1), "the province and its county");
    assert_eq!(count("region_is=370000").await, 20);
    assert_eq!(count("region=").await, 20);
    assert_eq!(
        count("step=&kind=evidence&kind=time_limit&org=org-0&org=org-1&rules_version=v1").await,
        16 + 1
    );
    assert_eq!(count("from=2026-03-01T02:00:00Z&to=2026-03-01T04:00:00Z").await, 7);
}

#[tokio::test]
async fn one_alarm_has_its_history_and_its_facts_and_a_case_its_timeline() {
    let engine = Engine::start();
    let store = Store::new(engine.url()).await;
    store.add_alarms(1).await;
    for revision in 1..=2 {
        let copy = format!("SELECT * REPLACE (toUInt32({revision}) AS revision) FROM xiezhi.alarms");
        store.run(&format!("INSERT INTO xiezhi.findings {copy}")).await;
    }
    store
        .run(
            "INSERT INTO xiezhi.case_events SELECT 'case-0', 'urn:s', id, type, at, NULL, '{\"id\":\"x\",\"n\":[1]}', \
             0, 1, at FROM values('id String, type String, at DateTime64(3, ''UTC'')', \
             ('e1', 'step.started', '2026-03-01 00:00:00.5'), ('e0', 'case.closed', '2026-03-01 00:00:00.5'), \
             ('e3', 'case.accepted', '2026-03-01 00:00:00.5'), ('e2', 'case.accepted', '2026-02-01 00:00:00'), \
             ('e9', 'case.closed', '2026-03-09 00:00:00'))",
        )
        .await;
    store
        .run("INSERT INTO xiezhi.cases SELECT 'case-0', '', '', '', '占道', NULL, NULL, NULL, '2026-03-09 00:00:00', 5")
        .await;
    let app = App::new(engine.url());
    let id = app.ok("/api/v1/alarms").await["alarms"][0]["id"].as_str().unwrap().to_owned();
    let detail = app.ok(&format!("/api/v1/alarms/{id}")).await;
    assert_eq!(detail["alarm"]["explanation"], json!({"zh": "解释", "en": "words"}));
    assert_eq!(detail["revisions"][1]["revision"], 2);
    assert_eq!(detail["facts"].as_array().unwrap().len(), 1);
    assert_eq!(detail["facts"][0]["record"]["n"], json!([1]));
    let timeline = app.ok("/api/v1/cases/case-0/timeline").await;
    let order: Vec<&str> = timeline["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["event"]["id"].as_str().unwrap_or("alarm"))
        .collect();
    assert_eq!(order, ["e2", "e3", "e1", "e0", "alarm", "e9"], "time, then the type's rank, whatever the id");
    let case = app.ok("/api/v1/cases/case-0").await;
    assert_eq!(
        (&case["title"], &case["accepted_at"], &case["org"]),
        (&json!("占道"), &Value::Null, &Value::Null)
    );
    assert_eq!(app.get("/api/v1/cases/other").await.0, 404);
}

#[tokio::test]
async fn dead_letters_and_progress_are_read() {
    let engine = Engine::start();
    let store = Store::new(engine.url()).await;
    store
        .run(
            "INSERT INTO xiezhi.dead_letters SELECT 'oversize', 's', 'inbound.a', number % 2, number, 0, '', \
             '2026-03-01 00:00:00', '', if(number = 0, unhex('ff00'), repeat('字', 5000)), now64(3) FROM numbers(5)",
        )
        .await;
    store.run("INSERT INTO xiezhi.ledger_progress SELECT 3, 9, 100, now64(3) - 60, now64(3)").await;
    let app = App::new(engine.url());
    let mut seen = Vec::new();
    let mut uri = "/api/v1/dead-letters?limit=2&reason=oversize&org=&partition=0&partition=1".to_owned();
    loop {
        let page = app.ok(&uri).await;
        seen.extend(page["dead_letters"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        uri = next.to_owned();
    }
    let offsets: Vec<i64> = seen.iter().map(|letter| letter["offset"].as_i64().unwrap()).collect();
    assert_eq!(offsets, [0, 2, 4, 1, 3]);
    assert_eq!(seen[0]["payload"], json!({"base64": "/wA="}));
    assert_eq!(seen[1]["payload"]["text"].as_str().unwrap().chars().count(), 4_096);
    assert_eq!(seen[1]["payload_bytes"], 15_000);
    let progress = app.ok("/api/v1/progress").await;
    assert_eq!(
        (&progress["partitions"][0]["position"], &progress["partitions"][0]["seq"]),
        (&json!(100), &json!(9))
    );
    assert!(progress["clock_lag_ms"].as_i64().unwrap() >= 60_000);
}

#[tokio::test]
async fn completeness_and_incidents_are_read() {
    let engine = Engine::start();
    let store = Store::new(engine.url()).await;
    let standings = "(0, 9, 9, 9, 0, false, now64(3), 1, NULL, 0), \
        (1, 9, 7, 9, 2, true, now64(3), 0, toDateTime64('2026-03-01 00:00:00', 3, 'UTC'), 500)";
    store.run(&format!("INSERT INTO xiezhi.completeness VALUES {standings}")).await;
    let incidents = "('a', 'facts_lost', true, 'case-events', 1, 5, 9, now64(3), '', '丢失', 'lost', now64(3)), \
        ('b', 'clock_suspect', false, 'case-events', 1, NULL, NULL, now64(3) - 9, 'd', '钟', 'clock', now64(3))";
    store.run(&format!("INSERT INTO xiezhi.incidents VALUES {incidents}")).await;
    let app = App::new(engine.url());
    let completeness = app.ok("/api/v1/completeness").await;
    assert_eq!((&completeness["complete"], &completeness["oldest_age_ms"]), (&json!(false), &json!(500)));
    assert_eq!(completeness["partitions"][0]["complete"], true);
    assert_eq!(completeness["partitions"][1]["oldest_at"], "2026-03-01T00:00:00.000Z");
    let list = app.ok("/api/v1/incidents").await;
    assert_eq!((&list["incidents"][0]["id"], &list["incidents"][0]["to"]), (&json!("a"), &json!(9)));
    assert_eq!(list["incidents"][1]["explanation"]["zh"], "钟");
}

#[tokio::test]
async fn readiness_follows_the_store() {
    let engine = Engine::start();
    let app = App::new(engine.url());
    assert_eq!(app.get("/readyz").await.0, 503, "no database yet");
    assert_eq!(app.get("/api/v1/alarms").await.0, 503);
    let store = Store::new(engine.url()).await;
    assert_eq!(app.ok("/readyz").await, json!({"status": "ready"}));
    assert_eq!(app.get("/plain").await.0, StatusCode::OK);
    store.run("DROP TABLE xiezhi.cases SYNC").await;
    let (status, problem) = app.get("/readyz").await;
    assert_eq!(status, 503);
    assert!(problem["detail"].as_str().unwrap().contains("views cases are missing"), "{problem}");
    drop(engine);
    let (status, problem) = app.get("/api/v1/alarms").await;
    assert_eq!((status.as_u16(), problem["type"].as_str()), (503, Some("urn:xiezhi:problem:unavailable")));
    assert_eq!(app.get("/healthz").await.0, StatusCode::OK);
}

#[tokio::test]
async fn the_server_stops_when_told() {
    let app = App::new("http://127.0.0.1:9");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let connections = Connections::new(&Limits::default(), IntGauge::new("open", "Open.").unwrap());
    let server = tokio::spawn(dashboard_api::serve(listener, app.0, connections, async {
        stopped.await.ok();
    }));
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
}
