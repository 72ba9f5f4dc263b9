//! The provider over HTTP, below `/idp`.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

use super::{Account, CLIENT, Provider, TOKEN_S};
use crate::pages::{escape, page, parameter, redirect, refusal, with_query};

/// Shortest and longest code challenge: 43 characters are what S256 gives.
const CHALLENGE_CHARS: usize = 43;

type Shared = State<Arc<Provider>>;

/// `/idp/authorize`, `/idp/token`, `/idp/keys` and the discovery document.
pub fn router<S: Clone + Send + Sync + 'static>(provider: Arc<Provider>) -> Router<S> {
    Router::new()
        .route("/idp/.well-known/openid-configuration", get(discovery))
        .route("/idp/authorize", get(authorize))
        .route("/idp/keys", get(keys))
        .route("/idp/token", post(token))
        .with_state(provider)
}

async fn discovery(State(provider): Shared) -> Response {
    let issuer = provider.issuer();
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    }))
    .into_response()
}

async fn keys(State(provider): Shared) -> Response {
    Json(provider.keys()).into_response()
}

/// Shows who one can be; with `person`, leads back with a code for him.
async fn authorize(State(provider): Shared, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let given = |name: &str| parameter(&query, name).unwrap_or_default();
    let redirect_uri = format!("{}/session/callback", provider.origin());
    // Before these two are right, nobody is led anywhere.
    if given("client_id") != CLIENT || given("redirect_uri") != redirect_uri {
        let why = "the client or the address to return to is not the one that is known here";
        return refusal(StatusCode::BAD_REQUEST, "客户端或返回地址不符", why);
    }
    let state = given("state");
    let fail = |error: &str| redirect(&with_query(&redirect_uri, &[("error", error), ("state", &state)]));
    if given("response_type") != "code" {
        return fail("unsupported_response_type");
    }
    let challenge = given("code_challenge");
    if given("code_challenge_method") != "S256" || challenge.len() != CHALLENGE_CHARS {
        return fail("invalid_request");
    }
    let Some(person) = parameter(&query, "person") else {
        return page(
            StatusCode::OK,
            "獬豸演示登录 · Xiezhi demonstration",
            &list(provider.accounts(), &query),
        );
    };
    match provider.give_code(&person, &challenge) {
        Some(code) => redirect(&with_query(&redirect_uri, &[("code", &code), ("state", &state)])),
        None => fail("access_denied"),
    }
}

fn list(accounts: &[Account], query: &str) -> String {
    let one = |account: &Account| {
        let link = format!("/idp/authorize?{query}&person={}", account.id);
        format!(
            "<li><p><a href=\"{}\">{}</a> · {}</p><p class=\"facts\">{} · {}</p></li>",
            escape(&link),
            escape(&account.name.zh),
            escape(&account.office.zh),
            escape(&account.name.en),
            escape(&account.office.en)
        )
    };
    let people: String = accounts.iter().map(one).collect();
    format!(
        "<section><h2>以谁的身份查看？ · Who are you?</h2>\
         <p>演示不需要密码；各人只看到其职责范围。 · The demonstration asks for no password; each sees what his office covers.</p>\
         <ol>{people}</ol></section>"
    )
}

/// The token for a code (RFC 6749, 4.1.3). Public client: the verifier is the proof.
async fn token(State(provider): Shared, form: String) -> Response {
    let given = |name: &str| parameter(&form, name).unwrap_or_default();
    let refuse = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response();
    if given("grant_type") != "authorization_code" {
        return refuse("unsupported_grant_type");
    }
    if given("client_id") != CLIENT {
        return refuse("invalid_client");
    }
    if given("redirect_uri") != format!("{}/session/callback", provider.origin()) {
        return refuse("invalid_grant");
    }
    match provider.redeem(&given("code"), &given("code_verifier")) {
        Some(token) => (
            [(header::CACHE_CONTROL, "no-store")],
            Json(json!({"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_S})),
        )
            .into_response(),
        None => refuse("invalid_grant"),
    }
}
