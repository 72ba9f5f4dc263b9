//! The live stream over HTTP: every role, with every reach, hears what a query would show it and nothing else.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use dashboard_api::{ApiState, ClickHouseReader, Connection, Hub, Limits, News, router};
use identity::Identity;
use identity::provider::Provider;
use model::catalogue::Bilingual;
use model::finding::{Cause, Change, Code, Kind, Light, State};
use model::{Finding, FindingId};
use serde_json::json;
use tower::ServiceExt;

use crate::rights::{NOW, ORGS, ROLES, account, reaches, region, table, tree};

fn finding(org: &str) -> Finding {
    let (case, owner) = (format!("CASE-{org}"), if org == "lost" { "" } else { org });
    Finding {
        finding_id: FindingId::of(&case, "item", "p", Code::NoBasis, None, None, ""),
        revision: 1,
        change: Change::Raised,
        cause: Cause::Fact,
        state: State::Raised,
        case,
        item: "item".to_owned(),
        category: None,
        org: owner.to_owned(),
        region: Some(region(org)).filter(|region| !region.is_empty()),
        accepted_at: NOW,
        point: "p".to_owned(),
        kind: Kind::DecisionBasis,
        code: Code::NoBasis,
        light: Light::Red,
        step: None,
        visit: None,
        violated_at: NOW,
        due: None,
        late_by_ms: None,
        provisional: false,
        raised_at: NOW,
        changed_at: NOW,
        detail: None,
        events: Vec::new(),
        explanation: Bilingual { zh: "无依据".to_owned(), en: "no basis\nat all".to_owned() },
        rules_version: "v".to_owned(),
        shadow: false,
    }
}

/// An alarm, a rule and an order of every organisation; told, and then closed, so that every stream has an end.
async fn told() -> Hub {
    let hub = Hub::new(100, &prometheus::Registry::new()).unwrap();
    hub.tell(Some(0), 0, ORGS.iter().map(|org| News::alarm(finding(org), 0, 0)).collect());
    let desk = crate::desk::drafts(&ORGS, || NOW).await;
    let rules = desk.look(|view| {
        let entries = view.trail.from(0, None, 100);
        entries.map(|entry| (entry.seq, News::workflow(entry, view.machine))).collect::<Vec<_>>()
    });
    for (seq, news) in rules.unwrap() {
        hub.tell(None, seq, news.into_iter().collect());
    }
    hub.open();
    hub.close();
    hub
}

#[tokio::test]
async fn nobody_hears_what_a_query_would_not_show_him() {
    let mut accounts = vec![account("nobody", json!([]))];
    for role in ROLES {
        for (name, mut grant, _) in reaches() {
            grant["role"] = json!(role);
            accounts.push(account(&format!("{role}-{name}"), json!([grant])));
        }
    }
    let provider = Arc::new(Provider::new("127.0.0.1:1".parse().unwrap(), accounts, || NOW).unwrap());
    let identity = Arc::new(Identity::new(provider.policy(), Arc::clone(&provider) as _));
    let nowhere = Connection {
        url: "http://127.0.0.1:1".to_owned(),
        database: "xiezhi".to_owned(),
        user: None,
        password: None,
    };
    let reader = Arc::new(ClickHouseReader::new(&nowhere, Duration::from_secs(1)));
    let state = ApiState::new(reader, &prometheus::Registry::new(), Limits::default()).unwrap();
    let state = state.with_identity(identity, || Arc::new(tree()), || NOW).with_hub(Arc::new(told().await));
    let app = router(state);
    let listen = async |person: &str| {
        let authorization = format!("Bearer {}", provider.token(person).unwrap());
        let request = Request::get("/api/v1/stream?from=kept").header("authorization", authorization);
        let response = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    };
    assert_eq!(listen("nobody").await.0, 403);
    let table = table();
    for role in ROLES {
        let may = |need: &str| table[role][need];
        for (reach, _, covers) in reaches() {
            let person = format!("{role}-{reach}");
            let (status, text) = listen(&person).await;
            let hears = may("alarms") || may("rules") || may("orders");
            assert_eq!(status, if hears { 200 } else { 403 }, "{person}");
            for (org, covered) in ORGS.iter().zip(covers) {
                let (alarm, rule) = (format!("\"CASE-{org}\""), format!("\"MARK-{org}\""));
                let order = format!("\"first\":\"{org}-2026-0001\"");
                for (mark, need) in [(alarm, "alarms"), (rule, "rules"), (order, "orders")] {
                    let is_heard = text.contains(&mark);
                    assert_eq!(is_heard, covered && may(need), "{person}: {need} of {org}\n{text}");
                }
            }
            let lines = text.lines().filter(|line| !line.is_empty());
            let is_framed = |line: &str| {
                ["id: ", "event: ", "data: ", "retry: ", ": "].iter().any(|p| line.starts_with(p))
            };
            assert!(status != 200 || lines.into_iter().all(is_framed), "{text}");
        }
    }
}
