//! Signing in with a browser: the code flow with PKCE (RFC 7636), of which the API is the client. What comes of it is the
//! issuer's access token in a cookie that no script can read and that is taken for reading alone, so that a foreign page
//! can make a browser look, but neither see nor do.
//!
//! Nothing is remembered here between leaving and coming back: the state and the verifier wait in a cookie of their own, so
//! any process may finish what another began.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use model::Instant;
use serde::Deserialize;

use crate::pages::{parameter, redirect, refusal, with_query};
use crate::{Identity, Web, crypto};

/// The cookie with the token.
pub const COOKIE: &str = "xiezhi_session";
/// The cookie that waits for the way back.
const PENDING_COOKIE: &str = "xiezhi_login";
/// How long one may take to sign in, seconds.
const PENDING_S: u32 = 600;
/// Browsers drop a longer cookie without a word.
const MAX_COOKIE_BYTES: usize = 4_000;
/// Where the issuer leads back to.
const CALLBACK: &str = "/session/callback";

/// How the issuer is asked.
#[derive(Debug, Clone)]
pub struct LoginSettings {
    /// Its page for people.
    pub authorize: String,
    /// Its address for codes.
    pub token: Web,
    pub client: String,
    /// Absent: a public client, which PKCE is enough for.
    pub secret: Option<String>,
    /// This API as browsers reach it: `https://xiezhi.example`.
    pub origin: String,
    pub scope: String,
}

#[derive(Clone)]
pub struct Login {
    settings: Arc<LoginSettings>,
    identity: Arc<Identity>,
    clock: fn() -> Instant,
}

#[derive(Deserialize)]
struct Tokens {
    access_token: String,
    expires_in: Option<u32>,
}

impl Login {
    pub fn new(settings: LoginSettings, identity: Arc<Identity>, clock: fn() -> Instant) -> Self {
        Self { settings: Arc::new(settings), identity, clock }
    }

    /// `/session/login`, `/session/callback`, `/session/token`, `/session/logout`.
    pub fn router<S: Clone + Send + Sync + 'static>(self) -> Router<S> {
        Router::new()
            .route("/session/login", get(begin))
            .route(CALLBACK, get(finish))
            .route("/session/token", get(give))
            .route("/session/logout", get(end))
            .with_state(self)
    }

    fn redirect_uri(&self) -> String {
        format!("{}{CALLBACK}", self.settings.origin)
    }

    fn cookie(&self, name: &str, value: &str, path: &str, seconds: u32) -> Option<HeaderValue> {
        let secure = if self.settings.origin.starts_with("https://") { "; Secure" } else { "" };
        // Lax: the way back from the issuer is a navigation that another site has begun.
        let text = format!("{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        HeaderValue::from_str(&text).ok()
    }

    /// Gives the code and the verifier, gets the token.
    async fn exchange(&self, code: String, verifier: String) -> Result<Tokens, String> {
        let (settings, redirect_uri) = (Arc::clone(&self.settings), self.redirect_uri());
        let ask = move || {
            let mut form = vec![
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("code_verifier", &verifier),
                ("client_id", &settings.client),
                ("redirect_uri", &redirect_uri),
            ];
            if let Some(secret) = &settings.secret {
                form.push(("client_secret", secret));
            }
            settings.token.post(&form).map_err(|error| error.to_string())
        };
        let answer = tokio::task::spawn_blocking(ask).await.map_err(|error| error.to_string())??;
        // The token itself must not stand in a log, so neither does serde's word on it.
        serde_json::from_slice(&answer).map_err(|_| "the issuer's answer has no access_token".to_owned())
    }
}

async fn begin(State(login): State<Login>) -> Response {
    let (Some(state), Some(verifier)) = (crypto::secret(), crypto::secret()) else {
        return refusal(
            StatusCode::INTERNAL_SERVER_ERROR,
            "系统没有随机数",
            "the system has no chance to give",
        );
    };
    let query = [
        ("response_type", "code"),
        ("client_id", &login.settings.client),
        ("redirect_uri", &login.redirect_uri()),
        ("scope", &login.settings.scope),
        ("state", &state),
        ("code_challenge", &crypto::challenge(&verifier)),
        ("code_challenge_method", "S256"),
    ];
    let mut response = redirect(&with_query(&login.settings.authorize, &query));
    let pending = format!("{state}.{verifier}");
    if let Some(cookie) = login.cookie(PENDING_COOKIE, &pending, "/session", PENDING_S) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

async fn finish(State(login): State<Login>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let query = query.unwrap_or_default();
    let pending = cookie(&headers, PENDING_COOKIE);
    let (Some((expected, verifier)), Some(state)) =
        (pending.and_then(|pending| pending.split_once('.')), parameter(&query, "state"))
    else {
        return refusal(
            StatusCode::BAD_REQUEST,
            "登录已过期或并非由此发起",
            "this sign-in is too old, or began elsewhere",
        );
    };
    if expected != state {
        return refusal(
            StatusCode::BAD_REQUEST,
            "登录并非由此浏览器发起",
            "this sign-in began in another browser",
        );
    }
    let Some(code) = parameter(&query, "code") else {
        return refusal(StatusCode::UNAUTHORIZED, "身份服务未予登录", "the issuer did not sign you in");
    };
    let tokens = match login.exchange(code, verifier.to_owned()).await {
        Ok(tokens) => tokens,
        Err(error) => {
            tracing::warn!(error, "a code could not be exchanged");
            return refusal(StatusCode::BAD_GATEWAY, "身份服务没有给出令牌", "the issuer gave no token");
        }
    };
    if let Err(why) = login.identity.person(&tokens.access_token, (login.clock)()).await {
        tracing::warn!(%why, "the issuer's token is not believed");
        return refusal(
            StatusCode::UNAUTHORIZED,
            "令牌未被接受",
            &format!("the token is not believed: {why}"),
        );
    }
    if tokens.access_token.len() > MAX_COOKIE_BYTES {
        let why = "the token is too long for a cookie: let the issuer put less into it";
        return refusal(StatusCode::BAD_GATEWAY, "令牌过长", why);
    }
    let mut response = redirect("/");
    let kept = login.cookie(COOKIE, &tokens.access_token, "/", tokens.expires_in.unwrap_or(3_600));
    for cookie in [kept, login.cookie(PENDING_COOKIE, "", "/session", 0)].into_iter().flatten() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// The cookie's token, for a page of our own that wants to command: the cookie itself counts for reading alone. A foreign
/// page cannot read the answer, and its browser says where the request comes from.
async fn give(headers: HeaderMap) -> Response {
    let from = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    if from.is_some_and(|site| site != b"same-origin") {
        return StatusCode::FORBIDDEN.into_response();
    }
    match cookie(&headers, COOKIE) {
        Some(token) => Json(serde_json::json!({"access_token": token})).into_response(),
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn end(State(login): State<Login>) -> Response {
    let mut response = refusal(StatusCode::OK, "已退出", "you have signed out");
    if let Some(cookie) = login.cookie(COOKIE, "", "/", 0) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// A cookie's value; one that is sent twice is none.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = all.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(given, _)| *given == name).map(|(_, value)| value);
    let value = values.next()?;
    values.next().is_none().then_some(value)
}
