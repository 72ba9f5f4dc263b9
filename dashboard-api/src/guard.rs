//! What every request passes through: bounds on size, number and time, and the last touch to every answer.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use crate::dto::ProblemBody;
use crate::error::{Problem, ProblemKind};
use crate::limits::{Limits, MAX_QUERY_BYTES};

/// The page needs its own style sheet and nothing else; scripts, frames and other hosts stay out.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[derive(Clone)]
pub(crate) struct Guard {
    limits: Limits,
    body_bytes: usize,
    permits: Arc<Semaphore>,
}

impl Guard {
    /// `body_bytes`: the largest body that is let through.
    pub(crate) fn new(limits: Limits, body_bytes: usize) -> Self {
        Self { limits, body_bytes, permits: Arc::new(Semaphore::new(limits.concurrent_requests)) }
    }
}

/// Turns away what is too large or one too many, and stops what takes too long.
pub(crate) async fn bound(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    if request.uri().query().is_some_and(|query| query.len() > MAX_QUERY_BYTES) {
        let detail = format!("a query has at most {MAX_QUERY_BYTES} bytes");
        return Problem::new(ProblemKind::UriTooLong, detail).into_response();
    }
    if announced_bytes(request.headers()) > guard.body_bytes {
        let detail = format!("a body has at most {} bytes here", guard.body_bytes);
        return Problem::new(ProblemKind::TooLarge, detail).into_response();
    }
    let Ok(_permit) = guard.permits.try_acquire() else {
        let detail = format!("{} requests are under way; try again", guard.limits.concurrent_requests);
        return Problem::new(ProblemKind::Busy, detail).into_response();
    };
    match tokio::time::timeout(guard.limits.request, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let detail = format!("no answer within {} s; narrow the query", guard.limits.request.as_secs());
            Problem::new(ProblemKind::TooSlow, detail).into_response()
        }
    }
}

fn announced_bytes(headers: &HeaderMap) -> usize {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    length.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// Writes the body of a problem, and the headers that every answer has.
pub(crate) async fn dress(request: Request, next: Next) -> Response {
    let instance = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    if let Some(problem) = problem_of(&response) {
        response = write_problem(response, &problem, instance);
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
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
