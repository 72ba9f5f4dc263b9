//! How often one may ask, and what every answer tells a browser.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use identity::Identity;
use identity::provider::{Account, Provider};
use model::Instant;
use model::catalogue::Bilingual;
use serde_json::json;

use super::{get, with_alarms};
use crate::limits::{Limits, Rate};
use crate::state::ApiState;
use crate::testing::App;

/// The refusal that comes after some answers, and how many those were.
async fn refused(app: &App, request: impl Fn() -> Request<Body>) -> (usize, axum::response::Response) {
    for answered in 0..1_000 {
        let response = app.send(request()).await;
        if response.status() == 429 {
            return (answered, response);
        }
    }
    panic!("a thousand requests and no refusal");
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_again() {
    let person = Rate { per_second: 1, burst: 3 };
    let app = App::with_limits(with_alarms(1), Limits { person, ..Limits::default() });
    let (answered, response) = refused(&app, || get("/api/v1/stats")).await;
    assert!(answered >= 3, "{answered}");
    assert_eq!(response.headers()["retry-after"], "1");
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    // Probes have bounds of their own, and what needs no token has the address's.
    for open in ["/healthz", "/readyz", "/api/v1/openapi.json"] {
        assert_eq!(app.text(open).await.0, 200, "{open}");
    }
    let counted = "xiezhi_api_turned_away_total{bound=\"person_rate\"} 1";
    assert!(App::metrics(&app).await.contains(counted));
}

#[tokio::test]
async fn people_have_their_own_rate_and_nobody_the_address_s() {
    let one = Rate { per_second: 1, burst: 2 };
    let limits = Limits { person: one, address: one, ..Limits::default() };
    let clock = || Instant(1_780_000_000_000);
    let both = || Bilingual { zh: "名".into(), en: "n".into() };
    let account = |id: &str| {
        let grants = json!([{"role": "analyst", "everywhere": true}]);
        Account { id: id.into(), name: both(), office: both(), grants }
    };
    let people = vec![account("a"), account("b")];
    let provider = Arc::new(Provider::new("127.0.0.1:1".parse().unwrap(), people, clock).unwrap());
    let identity = Arc::new(Identity::new(provider.policy(), Arc::clone(&provider) as _));
    let app = App::with(with_alarms(1), limits, |state| state.with_identity(identity, Arc::default, clock));
    let of = |token: String| {
        move || {
            let authorization = format!("Bearer {token}");
            Request::get("/api/v1/stats").header("authorization", authorization).body(Body::empty()).unwrap()
        }
    };
    assert!(refused(&app, of("no.such.token".to_owned())).await.0 >= 2, "tokens cannot be guessed for ever");
    for person in ["a", "b"] {
        let token = provider.token(person).unwrap();
        assert!(refused(&app, of(token)).await.0 >= 2, "{person} is not held up by the others");
    }
}

#[tokio::test]
async fn browsers_are_told_to_keep_to_themselves() {
    let plain = App::new(with_alarms(1));
    let https = App::with(with_alarms(1), Limits::default(), ApiState::with_https);
    for path in ["/", "/api/v1/alarms", "/api/v1/alarms?light=blue", "/nowhere", "/healthz"] {
        let (open, closed) = (plain.send(get(path)).await, https.send(get(path)).await);
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(open.headers()[name], value, "{path}");
        }
        let policy = open.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
        assert!(!open.headers().contains_key("strict-transport-security"), "{path}");
        assert!(closed.headers()["strict-transport-security"].to_str().unwrap().starts_with("max-age="));
    }
}
