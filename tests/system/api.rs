//! The HTTP API of a running site against what stands in its ClickHouse.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use system_tests::events::{ITEM, ORG};
use system_tests::site::Site;
use system_tests::{http, say};

/// What a list shows if no state is asked for.
const SHOWN: &str = "state IN ('raised', 'cleared')";

pub(crate) fn check(site: &Site) {
    filters(site);
    pages(site);
    one_alarm(site);
    a_case(site);
    statistics(site);
    operations(site);
    refusals(site);
    metrics(site);
}

fn count(site: &Site, condition: &str) -> u64 {
    site.number(&format!("SELECT count() FROM xiezhi.alarms WHERE {condition}"))
}

fn total(site: &Site, address: &str) -> u64 {
    let joint = if address.contains('?') { '&' } else { '?' };
    let answer = site.get(&format!("{address}{joint}count=exact&limit=1"));
    assert_eq!(answer.status, 200, "{address}: {}", answer.text());
    answer.json()["total"].as_u64().unwrap()
}

fn filters(site: &Site) {
    let april = "violated_at >= '2025-03-31 16:00:00' AND violated_at < '2025-04-30 16:00:00'";
    let cases = [
        ("", SHOWN.to_owned()),
        ("light=red", format!("{SHOWN} AND light = 'red'")),
        ("light=yellow", format!("{SHOWN} AND light = 'yellow'")),
        ("code=no_basis", format!("{SHOWN} AND code = 'no_basis'")),
        ("code=no_basis&code=no_voucher", format!("{SHOWN} AND code IN ('no_basis', 'no_voucher')")),
        ("kind=time_limit", format!("{SHOWN} AND kind = 'time_limit'")),
        ("case=s-00002", format!("{SHOWN} AND case_id = 's-00002'")),
        (&format!("org={ORG}&item={ITEM}"), SHOWN.to_owned()),
        ("org=11990100260000488D", "0".to_owned()),
        ("region=990000&category=penalty", SHOWN.to_owned()),
        ("step=filing", format!("{SHOWN} AND step = 'filing'")),
        ("step=", format!("{SHOWN} AND step = ''")),
        ("state=retracted", "state = 'retracted'".to_owned()),
        (
            "axis=violated&from=2025-04-01T00:00:00%2B08:00&to=2025-05-01T00:00:00%2B08:00",
            format!("{SHOWN} AND {april}"),
        ),
    ];
    for (query, condition) in &cases {
        let (shown, stored) = (total(site, &format!("/api/v1/alarms?{query}")), count(site, condition));
        assert_eq!(shown, stored, "{query}");
        assert!(stored > 0 || condition == "0" || query.starts_with("state="), "{query} shows nothing");
    }
}

fn list(site: &Site, address: &str) -> Vec<Value> {
    let (mut alarms, mut next) = (Vec::new(), Some(address.to_owned()));
    while let Some(address) = next {
        let page = site.get(&address).json();
        alarms.extend(page["alarms"].as_array().unwrap_or_else(|| panic!("{address}: {page}")).clone());
        next = page["next"].as_str().map(str::to_owned);
    }
    alarms
}

fn ids(alarms: &[Value]) -> Vec<&str> {
    alarms.iter().map(|alarm| alarm["id"].as_str().unwrap()).collect()
}

/// Page by page, all alarms come, each once, newest first by the axis.
fn pages(site: &Site) {
    for axis in ["accepted", "violated", "raised", "changed"] {
        let alarms = list(site, &format!("/api/v1/alarms?limit=37&axis={axis}"));
        let sql = format!(
            "SELECT finding_id AS id FROM xiezhi.alarms WHERE {SHOWN} ORDER BY {axis}_at DESC, finding_id"
        );
        let stored = site.select(&sql);
        let differs = ids(&alarms).into_iter().zip(ids(&stored)).position(|(shown, stored)| shown != stored);
        assert_eq!((alarms.len(), differs), (stored.len(), None), "{axis}");
    }
    say(
        "api",
        &format!("{} alarms in pages of 37, on four axes, in the order of the store", count(site, SHOWN)),
    );
}

fn one_alarm(site: &Site) {
    let late = &list(site, "/api/v1/alarms?code=overdue&limit=1&case=s-00002")[0];
    let id = late["id"].as_str().unwrap();
    let detail = site.get(&format!("/api/v1/alarms/{id}")).json();
    assert_eq!(&detail["alarm"], late);
    assert_eq!(detail["truncated"], json!(false));
    let revisions = detail["revisions"].as_array().unwrap();
    let stored = site.number(&format!("SELECT count() FROM xiezhi.findings WHERE finding_id = '{id}'"));
    assert_eq!(revisions.len() as u64, stored);
    // When each came into ClickHouse is its own matter.
    let said = |alarm: &Value| {
        let mut alarm = alarm.clone();
        alarm["stored_at"].take();
        alarm
    };
    assert_eq!(revisions.last().map(said), Some(said(late)));
    let facts: Vec<&Value> = detail["facts"].as_array().unwrap().iter().map(|fact| &fact["id"]).collect();
    assert_eq!(facts, late["events"].as_array().unwrap().iter().collect::<Vec<_>>());
    let explained = late["explanation"]["zh"].as_str().unwrap();
    assert!(explained.contains("立案") && explained.contains("2025-"), "{explained}");
    assert!(late["explanation"]["en"].as_str().unwrap().contains("2025-"), "{late}");
    assert_eq!(site.get(detail["timeline"].as_str().unwrap()).status, 200);
}

fn a_case(site: &Site) {
    let case = site.get("/api/v1/cases/s-00002").json();
    let stored = site.number("SELECT count() FROM xiezhi.case_events WHERE case_id = 's-00002'");
    assert_eq!((&case["item"], &case["org"], &case["events"]), (&json!(ITEM), &json!(ORG), &json!(stored)));
    let timeline = site.get("/api/v1/cases/s-00002/timeline").json();
    let entries = timeline["entries"].as_array().unwrap();
    let of = |kind: &str| entries.iter().filter(|entry| entry["entry"] == kind).count() as u64;
    assert_eq!(
        (of("event"), of("alarm")),
        (stored, count(site, &format!("{SHOWN} AND case_id = 's-00002'")))
    );
    let times: Vec<&str> = entries.iter().map(|entry| entry["at"].as_str().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");
    assert_eq!(entries[0]["event"]["type"], "case.accepted");
    assert_eq!(entries[0]["event"]["record"]["data"]["title"], "占道经营");
}

/// Behind every number stands the list of exactly what it counts.
fn statistics(site: &Site) {
    let mut links = 0;
    for query in [
        "by=kind&by=light",
        "by=code&by=state",
        "by=day&axis=violated",
        "by=day&by=org&light=red&axis=accepted",
    ] {
        let stats = site.get(&format!("/api/v1/stats?{query}")).json();
        let groups = stats["groups"].as_array().unwrap();
        assert!(!groups.is_empty() && stats["truncated"] == json!(false), "{stats}");
        let mut seen = BTreeSet::new();
        for group in groups {
            let link = group["link"].as_str().unwrap();
            let alarms = list(site, link);
            assert_eq!(json!(alarms.len()), group["count"], "{query}: {link}");
            assert!(ids(&alarms).iter().all(|id| seen.insert((*id).to_owned())), "{link} counts one twice");
            links += 1;
        }
        assert_eq!(json!(seen.len()), stats["total"], "{query}");
        assert_eq!(total(site, stats["link"].as_str().unwrap()) as usize, seen.len(), "{query}");
    }
    say("api", &format!("{links} numbers of statistics followed to their lists"));
}

fn operations(site: &Site) {
    assert_eq!((site.get("/healthz").status, site.get("/readyz").status), (200, 200));
    let progress = site.get("/api/v1/progress").json();
    let positions =
        progress["partitions"].as_array().unwrap().iter().map(|p| p["position"].as_u64().unwrap());
    assert_eq!(positions.sum::<u64>(), site.number("SELECT count() FROM xiezhi.case_events"));
    let document = site.get("/api/v1/openapi.json");
    assert!(document.content_type.starts_with("application/json"), "{}", document.content_type);
    assert!(document.json()["paths"]["/api/v1/alarms"]["get"].is_object());
    for language in ["/plain", "/plain?lang=en"] {
        let page = site.get(language);
        assert!(
            page.content_type.starts_with("text/html") && page.text().contains("s-00"),
            "{}",
            page.text()
        );
    }
}

fn refusals(site: &Site) {
    for (path, status, parameter) in [
        ("/api/v1/alarms?light=green", 400, "light"),
        ("/api/v1/alarms?lihgt=red", 400, "lihgt"),
        ("/api/v1/alarms?limit=0", 400, "limit"),
        ("/api/v1/alarms?from=yesterday", 400, "from"),
        ("/api/v1/alarms?cursor=zz", 400, "cursor"),
        ("/api/v1/stats?by=weather", 400, "by"),
        ("/api/v1/alarms/ffffffffffffffffffffffffffffffff", 404, ""),
        ("/api/v1/cases/nobody", 404, ""),
        ("/api/v2/alarms", 404, ""),
    ] {
        let answer = site.get(path);
        assert_eq!(
            (answer.status, answer.content_type.as_str()),
            (status, "application/problem+json"),
            "{path}"
        );
        let problem = answer.json();
        assert_eq!(problem["status"], json!(status), "{path}: {problem}");
        assert!(parameter.is_empty() || problem["parameter"] == parameter, "{path}: {problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{path}: {problem}");
    }
    let posted = http::post(&format!("{}/api/v1/alarms", site.api), "{}").unwrap();
    assert_eq!((posted.status, posted.content_type.as_str()), (405, "application/problem+json"));
}

fn metrics(site: &Site) {
    let events = site.number("SELECT count() FROM xiezhi.case_events") as f64;
    assert_eq!(site.metric("xiezhi_ingest_records_total"), events);
    assert_eq!(site.metric("xiezhi_detect_records_total"), events);
    assert!(site.metric("xiezhi_sink_rows_total") >= events);
    assert!(site.metric("xiezhi_api_requests_total") > 100.0);
    assert_eq!(site.metric("xiezhi_detect_divergences_total"), 0.0);
    assert_eq!(site.metric("xiezhi_sink_rejected_rows_total"), 0.0);
    // On a port of their own, and there alone.
    assert_eq!(site.get("/metrics").status, 404);
}
