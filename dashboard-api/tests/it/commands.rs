//! Commands over HTTP: who may give which, for whose rule; and one command sent a thousand times at once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use dashboard_api::{ApiState, ClickHouseReader, Connection, Limits, Rate, Rules, router};
use identity::Identity;
use identity::provider::{Account, Provider};
use model::Instant;
use model::catalogue::{Bilingual, Org, Orgs};
use model::hash::Hash;
use serde_json::{Value, json};
use tower::ServiceExt;
use workflow::Role;

pub(crate) const NOW: Instant = Instant(1_780_000_000_000);
const FROM: &str = "2026-12-01T00:00:00Z";
const REPEATS: usize = 1_000;

pub(crate) struct Api {
    app: Router,
    provider: Arc<Provider>,
}

/// One of each role for `alpha`, and one for `beta`; four who bring a rule of `alpha` on its way.
fn accounts() -> Vec<Account> {
    let account = |id: String, role: &str, org: &str| {
        let both = || Bilingual { zh: id.clone(), en: id.clone() };
        Account { name: both(), office: both(), grants: json!([{"role": role, "orgs": [org]}]), id }
    };
    let of_all = Role::ALL.iter().flat_map(|role| {
        ["alpha", "beta"].map(|org| account(format!("{}-{org}", role.as_str()), role.as_str(), org))
    });
    let staff = [
        ("li", "submitter"),
        ("fang", "legal_office"),
        ("chen", "supervision_office"),
        ("wu", "supervision_bureau"),
    ];
    of_all.chain(staff.map(|(id, role)| account(id.to_owned(), role, "alpha"))).collect()
}

impl Api {
    fn start() -> Self {
        Self::with(|rules| rules)
    }

    pub(crate) fn with(more: impl FnOnce(Rules) -> Rules) -> Self {
        let provider = Arc::new(Provider::new("127.0.0.1:1".parse().unwrap(), accounts(), || NOW).unwrap());
        let identity = Arc::new(Identity::new(provider.policy(), Arc::clone(&provider) as _));
        // No command asks the store.
        let connection = Connection {
            url: "http://127.0.0.1:1".to_owned(),
            database: "xiezhi".to_owned(),
            user: None,
            password: None,
        };
        let reader = Arc::new(ClickHouseReader::new(&connection, Duration::from_secs(1)));
        // Tests may ask as often as they like.
        let limits = Limits { person: Rate { per_second: 1_000_000, burst: 1_000_000 }, ..Limits::default() };
        let state = ApiState::new(reader, &prometheus::Registry::new(), limits).unwrap();
        let org = |id: &str| (id.to_owned(), Org { id: id.to_owned(), ..Org::default() });
        let orgs = Arc::new(Orgs::of(HashMap::from([org("alpha"), org("beta")])));
        let rules = Rules::new(Arc::new(crate::desk::empty(|| NOW)), Arc::new(|_, _| Vec::new()), || NOW);
        let state = state.with_rules(more(rules));
        let app = router(state.with_identity(identity, move || Arc::clone(&orgs), || NOW));
        Self { app, provider }
    }

    /// What is answered to somebody; with a body it is a POST.
    pub(crate) async fn send(
        &self,
        person: &str,
        path: &str,
        key: &str,
        body: Option<&Value>,
    ) -> (u16, Value) {
        let token = self.provider.token(person).unwrap();
        let request = if body.is_some() { Request::post(path) } else { Request::get(path) };
        let request = request
            .header("authorization", format!("Bearer {token}"))
            .header("idempotency-key", key)
            .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())))
            .unwrap();
        let response = self.app.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    pub(crate) async fn ask(&self, person: &str, key: &str, rule: &str, body: &Value) -> (u16, Value) {
        self.send(person, &format!("/api/v1/rules/{rule}/commands"), key, Some(body)).await
    }

    pub(crate) async fn rule(&self, rule: &str) -> Value {
        self.send("li", &format!("/api/v1/rules/{rule}"), "", None).await.1
    }

    /// Brings a rule of `alpha` so many steps on its way; returns its revision.
    pub(crate) async fn bring(&self, rule: &str, steps: usize) -> u64 {
        for (n, (person, _, action)) in way(rule).into_iter().take(steps).enumerate() {
            let body = json!({"expected": n, "action": action});
            let (status, answer) = self.ask(person, &format!("way-{rule}-{n}"), rule, &body).await;
            assert_eq!(status, 200, "{rule} {action}: {answer}");
        }
        steps as u64
    }
}

/// Who does what from the draft to the approval.
pub(crate) fn way(rule: &str) -> [(&'static str, Role, Value); 6] {
    let content = json!({"code": rule});
    let hash = Hash::of(content.to_string().as_bytes());
    let report = json!({"report": "00".repeat(32), "content": hash, "added": 0, "removed": 0, "changed": 0});
    [
        (
            "li",
            Role::Submitter,
            json!({"do": "draft", "org": "alpha", "content": content, "in_flight": "pin"}),
        ),
        ("fang", Role::LegalOffice, json!({"do": "pass_legally", "version": 1})),
        ("li", Role::Submitter, json!({"do": "attach_dry_run", "version": 1, "report": report})),
        ("li", Role::Submitter, json!({"do": "submit", "version": 1})),
        ("chen", Role::SupervisionOffice, json!({"do": "pass_first", "version": 1})),
        ("wu", Role::SupervisionBureau, json!({"do": "pass_final", "version": 1, "from": FROM})),
    ]
}

/// Each step of the way and each way back, tried by everybody: only the role that it is for, of the rule's own organisation, gets through.
#[tokio::test]
async fn only_whose_turn_it_is_gets_through() {
    let api = Api::start();
    let back = json!({"do": "return", "version": 1, "reason": "why"});
    let withdraw = json!({"do": "withdraw", "version": 1});
    let mut tried: Vec<(usize, Role, Value)> =
        way("W").into_iter().enumerate().map(|(n, (_, role, action))| (n, role, action)).collect();
    tried.extend(
        [(1, Role::LegalOffice), (4, Role::SupervisionOffice), (5, Role::SupervisionBureau)]
            .map(|(n, role)| (n, role, back.clone())),
    );
    tried.extend([1, 2, 4, 5].map(|n| (n, Role::Submitter, withdraw.clone())));
    let (mut cells, mut wrong) = (0, Vec::new());
    for (n, (steps, needed, mut action)) in tried.into_iter().enumerate() {
        let rule = format!("W{n}");
        if let Some(content) = action.get_mut("content") {
            content["code"] = json!(rule);
        }
        if action["do"] == "attach_dry_run" {
            action = way(&rule)[2].2.clone();
        }
        let body = json!({"expected": api.bring(&rule, steps).await, "action": action});
        // Whoever may comes last: what is refused changes nothing.
        let mut everybody: Vec<(Role, &str)> =
            Role::ALL.iter().flat_map(|role| ["alpha", "beta"].map(|org| (*role, org))).collect();
        everybody.sort_by_key(|person| *person == (needed, "alpha"));
        for (role, org) in everybody {
            let person = format!("{}-{org}", role.as_str());
            let (status, answer) = api.ask(&person, &format!("try-{n}"), &rule, &body).await;
            let may = (role, org) == (needed, "alpha");
            cells += 1;
            let right = if may { status == 200 } else { status == 403 || status == 404 };
            if !right {
                wrong.push(format!("{person} {}: {status} {answer}", body["action"]["do"]));
            }
        }
    }
    assert_eq!(cells, 13 * 16);
    assert!(wrong.is_empty(), "{} of {cells} cells are wrong: {wrong:?}", wrong.len());
}

#[tokio::test]
async fn a_thousand_repeats_of_a_command_at_once_have_one_effect() {
    let api = Arc::new(Api::start());
    let expected = api.bring("R", 5).await;
    let body = Arc::new(json!({"expected": expected, "action": way("R")[5].2}));
    let repeat = |_| {
        let (api, body) = (Arc::clone(&api), Arc::clone(&body));
        tokio::spawn(async move {
            let mut turned_away = 0;
            // Turned away because too many are under way, the sender sends it again, as the answer says.
            loop {
                match api.ask("wu", "once", "R", &body).await {
                    (503, _) => turned_away += 1,
                    answer => return (answer, turned_away),
                }
                tokio::task::yield_now().await;
            }
        })
    };
    let all: Vec<_> = (0..REPEATS).map(repeat).collect();
    let (mut answers, mut turned_away) = (Vec::new(), 0);
    for one in all {
        let (answer, times) = one.await.unwrap();
        answers.push(answer);
        turned_away += times;
    }
    println!("{REPEATS} at once, turned away {turned_away} times");
    assert!(answers.iter().all(|answer| *answer == answers[0]), "one answer");
    assert_eq!((answers[0].0, &answers[0].1["revision"]), (200, &json!(expected + 1)));
    let rule = api.rule("R").await;
    assert_eq!(
        (&rule["revision"], &rule["versions"][0]["state"]),
        (&json!(expected + 1), &json!("approved"))
    );
}
