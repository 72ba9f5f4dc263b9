//! The rights matrix over HTTP and a real engine: every role, with every reach, at every address, for things of every
//! organisation. What is expected comes from the table of docs/rights.md, and the addresses from the OpenAPI document.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use dashboard_api::{ApiState, ClickHouseReader, Connection, Limits, Rate, Registers, openapi_json, router};
use identity::Identity;
use identity::provider::{Account, Provider};
use model::Instant;
use model::catalogue::{Bilingual, Org, Orgs};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::data::Store;
use crate::engine::Engine;

pub(crate) const ROLES: [&str; 8] = [
    "handler",
    "registrar",
    "submitter",
    "legal_office",
    "supervision_office",
    "supervision_bureau",
    "analyst",
    "administrator",
];
/// Things stand in each of these. `alpha` and `beta` are below `city`, `far` is elsewhere, and of the last nothing is known.
pub(crate) const ORGS: [&str; 4] = ["alpha", "beta", "far", "lost"];
pub(crate) const NOW: Instant = Instant(1_780_000_000_000);

/// A reach, and which of the organisations it covers: for things that have a region, and for those that do not.
pub(crate) fn reaches() -> [(&'static str, Value, [bool; 4]); 5] {
    [
        ("one", json!({"orgs": ["alpha"]}), [true, false, false, false]),
        ("none", json!({"orgs": []}), [false; 4]),
        ("under", json!({"under": "city"}), [true, true, false, false]),
        ("region", json!({"region": "990103"}), [false, true, false, false]),
        ("all", json!({"everywhere": true}), [true; 4]),
    ]
}

pub(crate) fn tree() -> Orgs {
    let org = |id: &str, parent: Option<&str>, region: &str| {
        let (parent, region) = (parent.map(str::to_owned), Some(region.to_owned()));
        (id.to_owned(), Org { id: id.to_owned(), parent, region, ..Org::default() })
    };
    Orgs::of(HashMap::from([
        org("city", None, "990100"),
        org("alpha", Some("city"), "990102"),
        org("beta", Some("city"), "990103"),
        org("far", None, "110000"),
    ]))
}

pub(crate) fn region(org: &str) -> String {
    tree().by_id.get(org).and_then(|org| org.region.clone()).unwrap_or_default()
}

/// The row of docs/rights.md for each role: what it has access to.
pub(crate) fn table() -> BTreeMap<String, BTreeMap<String, bool>> {
    let page = include_str!("../../../docs/rights.md");
    let mut lines = page.lines().skip_while(|line| !line.starts_with("| role |"));
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let names = cells(lines.next().unwrap());
    let rows = lines.skip(1).take_while(|line| line.starts_with('|')).map(cells);
    let row = |cells: Vec<String>| {
        let role = cells[0].split('`').nth(1).unwrap().to_owned();
        (role, names[1..].iter().cloned().zip(cells[1..].iter().map(|cell| cell == "✓")).collect())
    };
    rows.map(row).collect()
}

/// What an address needs; an address that is missing here fails the test.
fn need(path: &str) -> Option<&'static str> {
    Some(match path {
        "/api/v1/alarms" | "/api/v1/alarms/{id}" | "/api/v1/stats" => "alarms",
        "/api/v1/cases/{id}" | "/api/v1/cases/{id}/timeline" => "cases",
        "/api/v1/dead-letters" => "dead letters",
        "/api/v1/progress" | "/api/v1/completeness" => "the pipeline",
        "/api/v1/incidents" => "incidents",
        "/api/v1/rules"
        | "/api/v1/rules/{id}"
        | "/api/v1/rules/{id}/versions/{number}"
        | "/api/v1/rules/{id}/versions/{number}/diff"
        | "/api/v1/rules/{id}/versions/{number}/dry-run"
        | "/api/v1/rules/{id}/versions/{number}/lint" => "rules",
        "/api/v1/audit" => "the audit trail",
        "/api/v1/registers/officers" | "/api/v1/registers/orgs" => "registers",
        // These have no organisation (registers.rs).
        "/api/v1/registers" | "/api/v1/registers/calendars" => return None,
        "/api/v1/orders" | "/api/v1/orders/{id}" => "orders",
        "/api/v1/todo" => "to-do lists",
        // Commands have stories of their own (tests/system/rules.rs, orders.rs).
        // The catalogue and `me` are for whoever has signed in; an answer without an end has a test of its own (stream.rs).
        "/healthz"
        | "/readyz"
        | "/api/v1/stream"
        | "/api/v1/catalogue"
        | "/api/v1/catalogue/items/{code}"
        | "/api/v1/me"
        | "/api/v1/rules/{id}/commands"
        | "/api/v1/orders/{id}/commands"
        | "/api/v1/follows" => return None,
        path => panic!("{path} has no place in the matrix"),
    })
}

struct Site {
    app: axum::Router,
    provider: Arc<Provider>,
    /// Ended with the site.
    _engine: Engine,
}

impl Site {
    async fn start(accounts: Vec<Account>) -> Self {
        let engine = Engine::start();
        fill(&Store::new(engine.url()).await).await;
        let address = "127.0.0.1:1".parse().unwrap();
        let provider = Arc::new(Provider::new(address, accounts, || NOW).unwrap());
        let identity = Arc::new(Identity::new(provider.policy(), Arc::clone(&provider) as _));
        let connection = Connection {
            url: engine.url().to_owned(),
            database: "xiezhi".to_owned(),
            user: Some("reader".to_owned()),
            password: None,
        };
        let reader = Arc::new(ClickHouseReader::new(&connection, Duration::from_secs(30)));
        // The matrix asks more often than people do.
        let often = Rate { per_second: 1_000_000, burst: 1_000_000 };
        let limits =
            Limits { request: Duration::from_secs(60), person: often, address: often, ..Limits::default() };
        let state = ApiState::new(reader, &prometheus::Registry::new(), limits).unwrap();
        let rules = crate::desk::with_drafts(&ORGS, || NOW).await;
        let own = |org: &'static str| (org, None, if org == "far" { "110000" } else { "990102" });
        let memory = crate::registers::Memory::new(&crate::registers::files(&ORGS.map(own)));
        let registers = Registers::new(Arc::new(memory), || NOW);
        let orders = crate::desk::orders(&rules, || NOW);
        let state = state.with_registers(registers).with_rules(rules).with_orders(orders);
        let app = router(state.with_identity(identity, || Arc::new(tree()), || NOW));
        Self { app, provider, _engine: engine }
    }

    async fn ask(&self, method: Method, uri: &str, person: Option<&str>) -> (StatusCode, String) {
        self.send(method, uri, person, None).await
    }

    async fn send(
        &self,
        method: Method,
        uri: &str,
        person: Option<&str>,
        body: Option<&Value>,
    ) -> (StatusCode, String) {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let key = COUNT.fetch_add(1, Ordering::Relaxed).to_string();
        let mut request = Request::builder().method(method).uri(uri).header("idempotency-key", key);
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        if let Some(person) = person {
            let token = self.provider.token(person).unwrap();
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let response = self.app.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    async fn get(&self, uri: &str, person: &str) -> (StatusCode, String) {
        self.ask(Method::GET, uri, Some(person)).await
    }
}

/// One alarm, case, event and dead letter an organisation. Everything of it carries `MARK-<org>`, and what is personal
/// `PERSON-<org>`.
async fn fill(store: &Store) {
    for org in ORGS {
        let (name, region) = (if org == "lost" { "" } else { org }, region(org));
        let id = alarm_id(org);
        for table in ["alarms", "findings"] {
            store
                .run(&format!(
                    "INSERT INTO xiezhi.{table} SELECT '{id}', 1, 'raised', 'fact', 'raised', 'MARK-{org}', 'item', \
                     'penalty', '{name}', '{region}', at, 'p', 'evidence', 'evidence_missing', 'red', 's', 1, at, NULL, \
                     NULL, false, at, at, 'MARK-{org}', ['e'], 'MARK-{org}', 'MARK-{org}', 'v', false, 0, 1, at \
                     FROM (SELECT toDateTime64('2026-03-01 00:00:00', 3, 'UTC') AS at)"
                ))
                .await;
        }
        store
            .run(&format!(
                "INSERT INTO xiezhi.cases SELECT 'MARK-{org}', 'item', '{name}', '{region}', 'PERSON-{org}', at, NULL, \
                 NULL, at, 1 FROM (SELECT toDateTime64('2026-03-01 00:00:00', 3, 'UTC') AS at)"
            ))
            .await;
        store
            .run(&format!(
                "INSERT INTO xiezhi.case_events SELECT 'MARK-{org}', 'urn:s', 'e', 'case.accepted', at, NULL, \
                 '{{\"id\":\"e\",\"subject\":\"MARK-{org}\",\"data\":{{\"applicant\":\"PERSON-{org}\"}}}}', 0, 1, at \
                 FROM (SELECT toDateTime64('2026-03-01 00:00:00', 3, 'UTC') AS at)"
            ))
            .await;
        store
            .run(&format!(
                "INSERT INTO xiezhi.dead_letters SELECT 'oversize', 'MARK-{org}', 'inbound.{org}', 0, 1, 0, '{name}', at, \
                 'PERSON-{org}', 'PERSON-{org}', at FROM (SELECT toDateTime64('2026-03-01 00:00:00', 3, 'UTC') AS at)"
            ))
            .await;
    }
}

fn alarm_id(org: &str) -> String {
    format!("{:02x}", org.as_bytes()[0]).repeat(16)
}

pub(crate) fn account(id: &str, grants: Value) -> Account {
    let both = || Bilingual { zh: id.to_owned(), en: id.to_owned() };
    Account { id: id.to_owned(), name: both(), office: both(), grants }
}

fn addresses() -> Vec<String> {
    let document: Value = serde_json::from_str(&openapi_json()).unwrap();
    document["paths"].as_object().unwrap().keys().cloned().collect()
}

/// The address for a thing of one organisation.
fn of_org(path: &str, org: &str) -> String {
    let id = if path.starts_with("/api/v1/alarms/") {
        alarm_id(org)
    } else if path.starts_with("/api/v1/orders/") {
        format!("{org}-2026-0001")
    } else {
        format!("MARK-{org}")
    };
    // The catalogue is the same for all, and has no item of that name.
    let address = path.replace("{id}", &id).replace("{code}", &id).replace("{number}", "1");
    assert!(
        !address.contains('{'),
        "{path}: a part of it has no thing of another organisation to stand for it"
    );
    address
}

#[tokio::test]
async fn the_matrix_holds() {
    let table = table();
    assert!(ROLES.iter().all(|role| table.contains_key(*role)) && table.len() == ROLES.len());
    let mut accounts = Vec::new();
    for role in ROLES {
        for (name, mut grant, _) in reaches() {
            grant["role"] = json!(role);
            accounts.push(account(&format!("{role}-{name}"), json!([grant])));
        }
    }
    accounts.push(account("nobody", json!([])));
    let site = Site::start(accounts).await;
    let (mut checked, mut wrong) = (0, Vec::new());
    for path in addresses() {
        let Some(need) = need(&path) else { continue };
        assert_eq!(site.ask(Method::GET, &of_org(&path, "alpha"), None).await.0, 401, "{path}");
        assert_eq!(site.get(&of_org(&path, "alpha"), "nobody").await.0, 403, "{path}");
        for role in ROLES {
            let (allowed, personal) = (table[role][need], table[role]["personal data"]);
            for (name, _, covers) in reaches() {
                let person = format!("{role}-{name}");
                for (org, covered) in ORGS.iter().zip(covers) {
                    if !path.contains('{') && *org != "alpha" {
                        continue;
                    }
                    let (status, body) = site.get(&of_org(&path, org), &person).await;
                    let is_object = path.contains('{');
                    let expected = match (allowed, is_object, covered) {
                        (false, _, _) => 403,
                        (true, true, false) => 404,
                        _ => 200,
                    };
                    let mut right = status == expected;
                    for (other, covered) in ORGS.iter().zip(covers) {
                        // What is asked for by id comes back in the refusal; nothing else does.
                        let echo = is_object && status != 200;
                        let may = allowed && covered && (!is_object || other == org);
                        let lists = !matches!(path.as_str(), "/api/v1/stats")
                            && need != "the pipeline"
                            && need != "incidents";
                        let marked = body.contains(&format!("MARK-{other}"));
                        right &= echo || !lists || marked == may;
                        let shown = body.contains(&format!("PERSON-{other}"));
                        right &= !shown || (may && personal);
                        right &= !(may && personal && is_object && status == 200 && path.contains("cases"))
                            || shown;
                    }
                    if path == "/api/v1/stats" && status == 200 {
                        let stats: Value = serde_json::from_str(&body).unwrap();
                        right &= stats["total"] == covers.iter().filter(|covered| **covered).count();
                    }
                    checked += 1;
                    if !right {
                        wrong.push(format!("{person} {path} {org}: {status} {body}"));
                    }
                }
            }
        }
    }
    assert!(checked > 500, "only {checked} cells");
    assert!(wrong.is_empty(), "{} of {checked} cells are wrong, such as {}", wrong.len(), wrong[0]);
}

/// Everything that an address takes is filled with what is another organisation's, its cursors included.
#[tokio::test]
async fn nothing_leaks_to_who_asks_with_foreign_ids() {
    let boss = account("boss", json!([{"role": "supervision_bureau", "everywhere": true}]));
    let own = json!([
        {"role": "supervision_bureau", "orgs": ["alpha"]}, {"role": "analyst", "orgs": ["alpha"]},
        {"role": "submitter", "orgs": ["alpha"]}, {"role": "legal_office", "orgs": ["alpha"]},
        {"role": "supervision_office", "orgs": ["alpha"]}, {"role": "handler", "orgs": ["alpha"]},
    ]);
    let site = Site::start(vec![boss, account("alpha", own)]).await;
    let document: Value = serde_json::from_str(&openapi_json()).unwrap();
    let (mut asked, mut leaks) = (0, Vec::new());
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let method: Method = method.to_uppercase().parse().unwrap();
            for org in &ORGS[1..] {
                let address = of_org(path, org);
                let mut uris = vec![address.clone()];
                for parameter in operation["parameters"].as_array().into_iter().flatten() {
                    uris.extend(foreign_values(parameter, org).map(|pair| format!("{address}?{pair}")));
                }
                uris.extend(site.foreign_cursor(&address).await);
                let bodies = bodies(operation, org);
                let asked_with = uris.iter().flat_map(|uri| bodies.iter().map(move |body| (uri, body)));
                for (uri, given) in asked_with {
                    let (status, body) = site.send(method.clone(), uri, Some("alpha"), given.as_ref()).await;
                    asked += 1;
                    assert_ne!(status, 500, "{uri}");
                    // A refusal repeats the id that was asked with.
                    let given = given.as_ref().map(Value::to_string).unwrap_or_default();
                    let own_id = |text: &str| {
                        let is_asked = address.contains(text) || given.contains(text);
                        status != 200 && text == format!("MARK-{org}") && is_asked
                    };
                    let foreign =
                        ORGS[1..].iter().flat_map(|org| [format!("MARK-{org}"), format!("PERSON-{org}")]);
                    // A link repeats the filter that was asked with.
                    let shown =
                        if uri.contains('?') { body.replace(&format!("case=MARK-{org}"), "") } else { body };
                    leaks.extend(
                        foreign
                            .filter(|text| shown.contains(text) && !own_id(text))
                            .map(|text| format!("{uri}: {text}")),
                    );
                    let counted =
                        serde_json::from_str::<Value>(&shown).ok().and_then(|body| body["total"].as_u64());
                    if counted.is_some_and(|total| total > 1) {
                        leaks.push(format!("{uri}: counts {counted:?}"));
                    }
                }
            }
        }
    }
    assert!(asked > 150, "only {asked} questions");
    assert!(leaks.is_empty(), "{} leaks: {leaks:?}", leaks.len());
    let (_, trail) = site.get("/api/v1/audit?limit=500", "boss").await;
    let trail: Value = serde_json::from_str(&trail).unwrap();
    let own = |entry: &&Value| entry["person"] == "alpha" && entry["outcome"] == "accepted";
    assert_eq!(trail["entries"].as_array().unwrap().iter().find(own), None, "a foreign thing was changed");
}

/// What an address that takes a body is given about a thing of another organisation; none where it takes none.
fn bodies(operation: &Value, org: &str) -> Vec<Option<Value>> {
    if operation["requestBody"].is_null() {
        return vec![None];
    }
    let version = |action: &str| json!({"expected": 1, "action": {"do": action, "version": 1}});
    let bodies = match operation["operationId"].as_str().unwrap() {
        "commandRule" => vec![
            json!({"expected": 1, "action": {"do": "draft", "org": org, "content": {}, "in_flight": "pin"}}),
            json!({"expected": 0, "action": {"do": "draft", "org": "alpha", "content": {}, "in_flight": "pin"}}),
            json!({"expected": 1, "action": {"do": "return", "version": 1, "reason": "r"}}),
            version("pass_legally"),
            version("submit"),
            version("pass_first"),
            version("withdraw"),
        ],
        "openOrder" => vec![
            json!({"alarms": [alarm_id(org)], "opinion": "o"}),
            json!({"alarms": [alarm_id("alpha"), alarm_id(org)], "opinion": "o"}),
        ],
        "commandOrder" => [
            json!({"do": "assign", "handler": "alpha", "opinion": "o"}),
            json!({"do": "answer", "reason": "r"}),
            json!({"do": "reply", "reason": "r"}),
            json!({"do": "revoke", "category": "other", "reason": "r"}),
            json!({"do": "uphold", "reason": "r"}),
            json!({"do": "send_back", "reason": "r"}),
            json!({"do": "withdraw", "reason": "r"}),
        ]
        .map(|action| json!({"expected": 1, "action": action}))
        .into(),
        "follow" => [("alarm", alarm_id(org)), ("case", format!("MARK-{org}"))]
            .into_iter()
            .flat_map(|(kind, id)| {
                ["follow", "unfollow"]
                    .map(|action| json!({"action": action, "kind": kind, "id": id, "reason": "r"}))
            })
            .collect(),
        // Tables have a story of their own (registers.rs); here they are no tables.
        "putOfficers" | "putOrgs" | "putCalendars" => vec![json!({"org": org, "id": format!("MARK-{org}")})],
        id => panic!("{id}: say what it is given about a thing of another organisation"),
    };
    bodies.into_iter().map(Some).collect()
}

/// `name=value` with values of another organisation, or all that the declaration lists.
fn foreign_values(parameter: &Value, org: &str) -> impl Iterator<Item = String> {
    let name = parameter["name"].as_str().unwrap().to_owned();
    let schema = &parameter["schema"];
    let listed =
        schema["items"]["enum"].as_array().or(schema["enum"].as_array()).cloned().unwrap_or_default();
    let mut values: Vec<String> = listed.iter().map(|value| value.as_str().unwrap().to_owned()).collect();
    match name.as_str() {
        _ if parameter["in"] == "path" => values.clear(),
        "org" => values.push(org.to_owned()),
        "region" | "region_is" => values.extend([region(org), String::new(), "99".to_owned()]),
        "case" => values.push(format!("MARK-{org}")),
        "alarm" => values.push(alarm_id(org)),
        "item" => values.push("item".to_owned()),
        "rule" => values.push(format!("MARK-{org}")),
        "against" => values.push("1".to_owned()),
        "step" => values.push("s".to_owned()),
        "rules_version" => values.push("v".to_owned()),
        "topic" => values.push(format!("inbound.{org}")),
        "reason" => values.push("oversize".to_owned()),
        "partition" => values.push("0".to_owned()),
        "from" => values.push("2000-01-01T00:00:00Z".to_owned()),
        "to" => values.push("2100-01-01T00:00:00Z".to_owned()),
        "limit" => values.push("500".to_owned()),
        "shadow" => values.push("only".to_owned()),
        "zone" => values.push("UTC".to_owned()),
        "from_seq" => values.push("0".to_owned()),
        "expires_within" => values.push("3660".to_owned()),
        // A table that is only looked at shows whose rows it knows.
        "dry_run" | "merge" => values.push("true".to_owned()),
        "partial" => values.push("true&dry_run=true".to_owned()),
        "expected" => values.push("0&dry_run=true".to_owned()),
        // Another's is asked with by itself; keys are the asker's own.
        "cursor" | "Idempotency-Key" | "Last-Event-ID" => {}
        name => assert!(!listed.is_empty(), "{name}: say what another organisation's value of it is"),
    }
    values.into_iter().map(move |value| format!("{name}={value}"))
}

impl Site {
    /// The second page of a list as somebody else was given it.
    async fn foreign_cursor(&self, address: &str) -> Option<String> {
        let (status, body) = self.get(&format!("{address}?limit=1"), "boss").await;
        let page: Value = serde_json::from_str(&body).ok().filter(|_| status == 200)?;
        page["next"].as_str().map(str::to_owned)
    }
}

#[tokio::test]
async fn roles_do_not_lend_each_other_their_reach() {
    let grants = json!([{"role": "handler", "orgs": ["alpha"]}, {"role": "analyst", "everywhere": true}]);
    let site = Site::start(vec![account("both", grants)]).await;
    let case = async |org: &str| {
        let (status, body) = site.get(&of_org("/api/v1/cases/{id}", org), "both").await;
        assert_eq!(status, 200, "{org}");
        serde_json::from_str::<Value>(&body).unwrap()
    };
    let (own, other) = (case("alpha").await, case("beta").await);
    assert_eq!((&own["title"], &own["masked"]), (&json!("PERSON-alpha"), &json!(false)));
    assert_eq!((&other["title"], &other["masked"]), (&json!("***"), &json!(true)));
}

#[tokio::test]
async fn a_token_is_taken_from_where_it_may_stand_alone() {
    let grants = json!([{"role": "analyst", "everywhere": true}]);
    let site = Site::start(vec![account("xi", grants)]).await;
    let token = site.provider.token("xi").unwrap();
    let ask = async |name: &str, value: String, method: Method| {
        let request = Request::builder().method(method).uri("/api/v1/stats").header(name, value);
        let response = site.app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let challenge = response.headers().get("www-authenticate").is_some();
        (response.status().as_u16(), challenge)
    };
    assert_eq!(ask("authorization", format!("bearer {token}"), Method::GET).await, (200, false));
    assert_eq!(ask("cookie", format!("a=b; xiezhi_session={token}"), Method::GET).await, (200, false));
    assert_eq!(ask("cookie", format!("xiezhi_session={token}"), Method::POST).await, (401, true));
    assert_eq!(
        ask("cookie", format!("xiezhi_session={token}; xiezhi_session=x"), Method::GET).await,
        (401, true)
    );
    for value in [format!("Basic {token}"), token.clone(), "Bearer".to_owned(), "Bearer x.y.z".to_owned()] {
        assert_eq!(ask("authorization", value.clone(), Method::GET).await, (401, true), "{value}");
    }
    let (status, body) = site.ask(Method::GET, &format!("/api/v1/stats?access_token={token}"), None).await;
    assert!(status == 401 && !body.contains(&token));
    for open in ["/healthz", "/api/v1/openapi.json", "/style.css"] {
        assert_eq!(site.ask(Method::GET, open, None).await.0, 200, "{open}");
    }
}
