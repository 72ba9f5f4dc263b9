//! Signing in against the demonstration's provider, over HTTP as a browser would.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::provider::{self, Account, Provider};
use identity::{COOKIE, Identity, Login, LoginSettings, Web};
use model::Instant;
use model::catalogue::Bilingual;
use serde_json::json;

use crate::issuer::NOW;

/// The clock of this file's provider: tests that move it have one of their own.
fn standing() -> Instant {
    NOW
}

fn accounts() -> Vec<Account> {
    let both = |text: &str| Bilingual { zh: text.to_owned(), en: text.to_owned() };
    let grants = json!([{"role": "analyst", "region": "370000"}]);
    vec![Account { id: "xi".to_owned(), name: both("席<b>"), office: both("分析"), grants }]
}

struct Site {
    origin: String,
    provider: Arc<Provider>,
    identity: Arc<Identity>,
    agent: ureq::Agent,
}

struct Page {
    status: u16,
    location: String,
    cookies: Vec<String>,
    body: String,
}

impl Site {
    async fn start(clock: fn() -> Instant) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let provider = Arc::new(Provider::new(address, accounts(), clock).unwrap());
        let identity = Arc::new(Identity::new(provider.policy(), Arc::clone(&provider) as _));
        let origin = provider.origin().to_owned();
        let settings = LoginSettings {
            authorize: format!("{}/authorize", provider.issuer()),
            token: Web::new(&format!("{}/token", provider.issuer()), None).unwrap(),
            client: provider::CLIENT.to_owned(),
            secret: None,
            origin: origin.clone(),
            scope: "openid".to_owned(),
        };
        let router: axum::Router = Login::new(settings, Arc::clone(&identity), clock)
            .router()
            .merge(provider::router(Arc::clone(&provider)));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let agent = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
        Self { origin, provider, identity, agent }
    }

    async fn get(&self, address: &str, cookie: &str) -> Page {
        self.get_from("same-origin", address, cookie).await
    }

    /// As a browser asks that says where the request comes from.
    async fn get_from(&self, from: &'static str, address: &str, cookie: &str) -> Page {
        let address =
            if address.starts_with('/') { format!("{}{address}", self.origin) } else { address.to_owned() };
        let (agent, cookie) = (self.agent.clone(), cookie.to_owned());
        let ask = move || {
            agent.get(&address).header("sec-fetch-site", from).header("cookie", cookie).call().unwrap()
        };
        page(tokio::task::spawn_blocking(ask).await.unwrap())
    }

    async fn token(&self, form: Vec<(&'static str, String)>) -> Page {
        let (agent, address) = (self.agent.clone(), format!("{}/token", self.provider.issuer()));
        let ask = move || agent.post(&address).send_form(form).unwrap();
        page(tokio::task::spawn_blocking(ask).await.unwrap())
    }

    /// Up to the page that asks who one is: its address, and the cookie that waits for the way back.
    async fn begin(&self) -> (String, String) {
        let page = self.get("/session/login", "").await;
        assert_eq!((page.status, page.cookies.len()), (303, 1));
        assert!(page.cookies[0].contains("HttpOnly; SameSite=Lax") && page.location.contains("S256"));
        (page.location, page.cookies[0].split(';').next().unwrap().to_owned())
    }

    /// A code for the provider's own form.
    async fn code(&self, verifier: &str) -> String {
        let digest = ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes());
        let address = format!(
            "/idp/authorize?response_type=code&client_id={}&redirect_uri={}&code_challenge_method=S256&code_challenge={}&person=xi",
            provider::CLIENT,
            self.callback(),
            URL_SAFE_NO_PAD.encode(digest)
        );
        let page = self.get(&address, "").await;
        page.location.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned()
    }

    fn callback(&self) -> String {
        format!("{}/session/callback", self.origin)
    }

    fn form(&self, code: &str, verifier: &str) -> Vec<(&'static str, String)> {
        vec![
            ("grant_type", "authorization_code".to_owned()),
            ("client_id", provider::CLIENT.to_owned()),
            ("redirect_uri", self.callback()),
            ("code", code.to_owned()),
            ("code_verifier", verifier.to_owned()),
        ]
    }
}

fn page(mut answer: ureq::http::Response<ureq::Body>) -> Page {
    let text = |name: &str| answer.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    let cookies = answer.headers().get_all("set-cookie").iter();
    Page {
        status: answer.status().as_u16(),
        location: text("location"),
        cookies: cookies.map(|value| value.to_str().unwrap().to_owned()).collect(),
        body: answer.body_mut().read_to_string().unwrap(),
    }
}

#[tokio::test]
async fn a_browser_signs_in_and_gets_a_cookie_that_is_believed() {
    let site = Site::start(standing).await;
    let (address, pending) = site.begin().await;
    let list = site.get(&address, "").await;
    assert!(list.body.contains("席&lt;b&gt;") && !list.body.contains("<b>"), "{}", list.body);
    let picked = site.get(&format!("{address}&person=xi"), "").await;
    assert!(picked.status == 303 && picked.location.starts_with(&site.callback()), "{}", picked.location);
    let done = site.get(&picked.location, &pending).await;
    assert_eq!((done.status, done.location.as_str()), (303, "/"), "{}", done.body);
    let kept = done.cookies.iter().find(|cookie| cookie.starts_with(COOKIE)).unwrap();
    assert!(kept.contains("HttpOnly; SameSite=Lax"), "{kept}");
    let token = kept.split(['=', ';']).nth(1).unwrap();
    assert_eq!(site.identity.person(token, NOW).await.unwrap().id, "xi");
    // A page of our own may have it, to command with; one of another site may not.
    let own = site.get("/session/token", &format!("{COOKIE}={token}")).await;
    assert_eq!((own.status, own.body), (200, json!({"access_token": token}).to_string()));
    assert_eq!(site.get("/session/token", "").await.status, 401);
    assert_eq!(site.get_from("cross-site", "/session/token", &format!("{COOKIE}={token}")).await.status, 403);
    let again = site.get(&picked.location, &pending).await;
    assert_eq!((again.status, again.cookies.len()), (502, 0), "a code works once");
}

#[tokio::test]
async fn what_began_elsewhere_does_not_end_here() {
    let site = Site::start(standing).await;
    let (address, _) = site.begin().await;
    let (_, of_another) = site.begin().await;
    let picked = site.get(&format!("{address}&person=xi"), "").await;
    for cookie in ["", &of_another, "xiezhi_login=x", "xiezhi_login=.; xiezhi_login=."] {
        let page = site.get(&picked.location, cookie).await;
        assert_eq!((page.status, page.cookies.len()), (400, 0), "{cookie}");
    }
    let (foreign, client) = ("https%3A%2F%2Fevil.example", provider::CLIENT);
    for query in [
        format!("response_type=code&client_id={client}&redirect_uri={foreign}&code_challenge_method=S256"),
        format!("response_type=code&client_id=evil&redirect_uri={}", site.callback()),
        format!("client_id={client}&redirect_uri={}&redirect_uri={foreign}", site.callback()),
    ] {
        let page = site.get(&format!("/idp/authorize?{query}&person=xi"), "").await;
        assert_eq!((page.status, page.location.as_str()), (400, ""), "{query}");
    }
    let plain = address.replace("S256", "plain");
    let page = site.get(&format!("{plain}&person=xi"), "").await;
    assert!(
        page.location.contains("error=invalid_request") && !page.location.contains("code="),
        "{}",
        page.location
    );
    let nobody = site.get(&format!("{address}&person=root"), "").await;
    assert!(nobody.location.contains("error=access_denied"), "{}", nobody.location);
}

#[tokio::test]
async fn a_code_works_once_with_its_verifier_within_a_minute() {
    static CLOCK: AtomicI64 = AtomicI64::new(NOW.0);
    let site = Site::start(|| Instant(CLOCK.load(Ordering::SeqCst))).await;
    let verifier = "v".repeat(43);
    let good = site.code(&verifier).await;
    assert_eq!(site.token(site.form(&good, &verifier)).await.status, 200);
    let refused =
        |page: Page| assert_eq!((page.status, page.body.as_str()), (400, r#"{"error":"invalid_grant"}"#));
    refused(site.token(site.form(&good, &verifier)).await);
    let guessed = site.code(&verifier).await;
    refused(site.token(site.form(&guessed, &"w".repeat(43))).await);
    refused(site.token(site.form(&guessed, &verifier)).await);
    let other = site.code(&verifier).await;
    let mut form = site.form(&other, &verifier);
    form[2].1 = "https://evil.example".to_owned();
    refused(site.token(form).await);
    let old = site.code(&verifier).await;
    CLOCK.fetch_add(60_000, Ordering::SeqCst);
    refused(site.token(site.form(&old, &verifier)).await);
}

#[test]
fn the_provider_is_refused_outside_loopback() {
    for address in ["0.0.0.0:8080", "192.0.2.1:80", "[::]:8080"] {
        let address: SocketAddr = address.parse().unwrap();
        let refused = Provider::new(address, accounts(), standing).unwrap_err();
        assert!(refused.to_string().contains("loopback"), "{refused}");
    }
}
