//! Keys come, change and go; the issuer is asked seldom, whoever knocks.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use identity::{Identity, KeySource, MAX_KEY_SET_BYTES, MAX_KEYS, Refused, Web};
use model::Instant;
use serde_json::{Value, json};

use crate::issuer::{Issuer, NOW, claims, gate, header, policy};

const MINUTE: i64 = 60_000;

fn later(ms: i64) -> Instant {
    NOW.plus_ms(ms)
}

/// A token of the second key pair, that is valid for a day and more.
fn long(issuer: &Issuer, kid: &str) -> String {
    let exp = NOW.0 / 1_000 + 3 * 86_400;
    issuer.sign("ec", &header("ES256", kid), &claims(&json!({"exp": exp})))
}

#[tokio::test]
async fn a_new_key_is_fetched_when_a_token_names_it_and_an_old_one_is_dropped() {
    let (old, new) = (Issuer::new(), Issuer::new());
    let (gate, board) = gate(&json!({"keys": [old.ec_jwk("k1")]}));
    assert!(gate.person(&long(&old, "k1"), NOW).await.is_ok());
    board.show(&json!({"keys": [old.ec_jwk("k1"), new.ec_jwk("k2")]}));
    assert!(gate.person(&long(&new, "k2"), later(11_000)).await.is_ok());
    assert_eq!(board.asked(), 2);
    board.show(&json!({"keys": [new.ec_jwk("k2")]}));
    assert!(
        gate.person(&long(&old, "k1"), later(MINUTE)).await.is_ok(),
        "it is believed until it is looked for"
    );
    assert_eq!(gate.person(&long(&old, "k1"), later(11 * MINUTE)).await, Err(Refused::UnknownKey));
    assert!(gate.person(&long(&new, "k2"), later(11 * MINUTE)).await.is_ok());
}

#[tokio::test]
async fn invented_key_ids_do_not_make_us_ask_without_end() {
    let issuer = Issuer::new();
    let (gate, board) = gate(&issuer.key_set());
    let gate = Arc::new(gate);
    let mut all = tokio::task::JoinSet::new();
    for n in 0..200 {
        let (gate, token) = (Arc::clone(&gate), long(&issuer, &format!("invented-{n}")));
        // Within nine seconds.
        all.spawn(async move { gate.person(&token, later(n * 45)).await });
    }
    while let Some(judged) = all.join_next().await {
        assert_eq!(judged.unwrap(), Err(Refused::UnknownKey));
    }
    assert!(board.asked() <= 2, "asked {} times", board.asked());
}

#[tokio::test]
async fn an_issuer_that_is_away_is_believed_for_a_day() {
    let issuer = Issuer::new();
    let (gate, board) = gate(&issuer.key_set());
    board.take_down();
    assert_eq!(gate.person(&long(&issuer, "ec"), NOW).await, Err(Refused::NoKeys));
    board.show(&issuer.key_set());
    assert_eq!(
        gate.person(&long(&issuer, "ec"), later(5_000)).await,
        Err(Refused::NoKeys),
        "not asked again yet"
    );
    assert!(gate.person(&long(&issuer, "ec"), later(10_000)).await.is_ok());
    board.take_down();
    assert!(gate.person(&long(&issuer, "ec"), later(23 * 60 * MINUTE)).await.is_ok());
    assert_eq!(gate.person(&long(&issuer, "ec"), later(25 * 60 * MINUTE)).await, Err(Refused::NoKeys));
}

#[tokio::test]
async fn a_set_that_cannot_be_used_changes_nothing() {
    let issuer = Issuer::new();
    let (gate, board) = gate(&issuer.key_set());
    assert!(gate.person(&long(&issuer, "ec"), NOW).await.is_ok());
    let many: Vec<Value> = (0..=MAX_KEYS).map(|n| issuer.ec_jwk(&format!("k{n}"))).collect();
    let encrypting = json!({"kty": "EC", "crv": "P-256", "kid": "ec", "use": "enc"});
    let secret = json!({"kty": "oct", "kid": "ec", "k": "c2VjcmV0"});
    let sets = [
        json!({"keys": many}),
        json!({"keys": []}),
        json!({"keys": [encrypting, secret]}),
        json!({"keys": [issuer.ec_jwk("ec"), issuer.rsa_jwk("ec")]}),
        json!({"pad": "x".repeat(MAX_KEY_SET_BYTES), "keys": [issuer.ec_jwk("ec")]}),
        json!("keys"),
    ];
    for (n, set) in (1..).zip(&sets) {
        board.show(set);
        let at = later(n * 11 * MINUTE);
        assert!(gate.person(&long(&issuer, "ec"), at).await.is_ok(), "set {n}");
        assert_eq!(board.asked() as i64, n + 1);
    }
}

/// Over HTTP: a key set, one that has moved, one without end.
#[tokio::test]
async fn a_key_set_is_read_from_its_address_and_nowhere_else() {
    static FOLLOWED: AtomicUsize = AtomicUsize::new(0);
    let issuer = Issuer::new();
    let set = issuer.key_set().to_string();
    let elsewhere = set.clone();
    let router = Router::new()
        .route("/keys", get(move || async move { set }))
        .route("/moved", get(|| async { Redirect::temporary("/elsewhere") }))
        .route(
            "/elsewhere",
            get(move || async move {
                FOLLOWED.fetch_add(1, Ordering::SeqCst);
                elsewhere
            }),
        )
        .route("/endless", get(|| async { " ".repeat(2 * MAX_KEY_SET_BYTES) }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let judge = async |path: &str| {
        let web: Arc<dyn KeySource> = Arc::new(Web::new(&format!("{origin}{path}"), None).unwrap());
        Identity::new(policy(), web).person(&issuer.token(&json!({})), NOW).await.map(|person| person.id)
    };
    assert_eq!(judge("/keys").await, Ok("li".to_owned()));
    for path in ["/moved", "/endless", "/missing"] {
        assert_eq!(judge(path).await, Err(Refused::NoKeys), "{path}");
    }
    assert_eq!(FOLLOWED.load(Ordering::SeqCst), 0);
    server.abort();
}
