//! What every request passes through: bounds on size, number and time, and the last touch to every answer.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use crate::dto::ProblemBody;
use crate::error::{Problem, ProblemKind};
use crate::limits::{Limits, MAX_QUERY_BYTES};
use crate::telemetry::{Bound, RequestMetrics};

/// Of answers that set none themselves. The plain page needs its own style sheet and nothing else.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[derive(Clone)]
pub(crate) struct Guard {
    limits: Limits,
    body_bytes: usize,
    permits: Arc<Semaphore>,
    metrics: RequestMetrics,
}

impl Guard {
    /// `body_bytes`: the largest body that is let through.
    pub(crate) fn new(limits: Limits, body_bytes: usize, metrics: RequestMetrics) -> Self {
        let permits = Arc::new(Semaphore::new(limits.concurrent_requests));
        Self { limits, body_bytes, permits, metrics }
    }

    fn refuse(&self, bound: Bound, kind: ProblemKind, detail: String) -> Response {
        self.metrics.turn_away(bound);
        Problem::new(kind, detail).into_response()
    }
}

/// Turns away what is too large or one too many, and stops what takes too long.
pub(crate) async fn bound(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    if request.uri().query().is_some_and(|query| query.len() > MAX_QUERY_BYTES) {
        let detail = format!("a query has at most {MAX_QUERY_BYTES} bytes");
        return guard.refuse(Bound::QueryBytes, ProblemKind::UriTooLong, detail);
    }
    if announced_bytes(request.headers()) > guard.body_bytes {
        let detail = format!("a body has at most {} bytes here", guard.body_bytes);
        return guard.refuse(Bound::BodyBytes, ProblemKind::TooLarge, detail);
    }
    let Ok(_permit) = guard.permits.try_acquire() else {
        let detail = format!("{} requests are under way; try again", guard.limits.concurrent_requests);
        return guard.refuse(Bound::Requests, ProblemKind::Busy, detail);
    };
    match tokio::time::timeout(guard.limits.request, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let detail = format!("no answer within {} s; narrow the query", guard.limits.request.as_secs());
            guard.refuse(Bound::Time, ProblemKind::TooSlow, detail)
        }
    }
}

fn announced_bytes(headers: &HeaderMap) -> usize {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    length.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// What every answer says to browsers. Nothing here is for another site's pages, and nothing is kept: an answer is for who
/// has the token.
const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];
/// Two years (RFC 6797). Only for a site that browsers reach by https: over http it would be ignored.
const STRICT_TRANSPORT_SECURITY: &str = "max-age=63072000; includeSubDomains";

/// Writes the body of a problem, and the headers that every answer has.
pub(crate) async fn dress(State(is_https): State<bool>, request: Request, next: Next) -> Response {
    let instance = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    if let Some(problem) = problem_of(&response) {
        response = write_problem(response, &problem, instance);
    }
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if is_https {
        let value = HeaderValue::from_static(STRICT_TRANSPORT_SECURITY);
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn problem_of(response: &Response) -> Option<Problem> {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let html =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|t| t.as_bytes().starts_with(b"text/html"));
    if !is_error || html {
        return None;
    }
    Some(response.extensions().get::<Problem>().cloned().unwrap_or_else(|| Problem::of_status(status)))
}

fn write_problem(old: Response, problem: &Problem, instance: String) -> Response {
    let mut response = (problem.kind.status(), Json(ProblemBody::new(problem, instance))).into_response();
    for name in [header::RETRY_AFTER, header::ALLOW, header::WWW_AUTHENTICATE] {
        if let Some(value) = old.headers().get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    let kind = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
