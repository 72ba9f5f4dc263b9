//! Counts and times of requests, labelled by the route that matched, and the listener's router that shows them.

use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry, TextEncoder};

/// Seconds; the first buckets are a healthy ClickHouse, the last ones its limits.
const BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0];

#[derive(Clone)]
pub(crate) struct RequestMetrics {
    requests: IntCounterVec,
    seconds: HistogramVec,
    turned_away: IntCounterVec,
    pub(crate) connections: IntGauge,
}

/// What a request can be turned away by before it is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bound {
    PersonRate,
    AddressRate,
    Requests,
    Streams,
    BodyBytes,
    QueryBytes,
    Time,
}

impl Bound {
    const ALL: [Self; 7] = [
        Self::PersonRate,
        Self::AddressRate,
        Self::Requests,
        Self::Streams,
        Self::BodyBytes,
        Self::QueryBytes,
        Self::Time,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::PersonRate => "person_rate",
            Self::AddressRate => "address_rate",
            Self::Requests => "concurrent_requests",
            Self::Streams => "streams",
            Self::BodyBytes => "body_bytes",
            Self::QueryBytes => "query_bytes",
            Self::Time => "time",
        }
    }
}

impl RequestMetrics {
    pub(crate) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let requests =
            Opts::new("xiezhi_api_requests_total", "Requests answered, by route, method and status.");
        let seconds = HistogramOpts::new("xiezhi_api_request_seconds", "Time to answer a request, by route.");
        let turned_away =
            Opts::new("xiezhi_api_turned_away_total", "Requests turned away, by the bound that they passed.");
        let metrics = Self {
            requests: IntCounterVec::new(requests, &["route", "method", "status"])?,
            seconds: HistogramVec::new(seconds.buckets(BUCKETS.to_vec()), &["route"])?,
            turned_away: IntCounterVec::new(turned_away, &["bound"])?,
            connections: IntGauge::new("xiezhi_api_connections", "Connections to the API that are open.")?,
        };
        // From the start, so that the first time is an increase.
        for bound in Bound::ALL {
            metrics.turned_away.with_label_values(&[bound.as_str()]).reset();
        }
        registry.register(Box::new(metrics.turned_away.clone()))?;
        registry.register(Box::new(metrics.connections.clone()))?;
        registry.register(Box::new(metrics.requests.clone()))?;
        registry.register(Box::new(metrics.seconds.clone()))?;
        Ok(metrics)
    }

    pub(crate) fn turn_away(&self, bound: Bound) {
        self.turned_away.with_label_values(&[bound.as_str()]).inc();
    }
}

pub(crate) async fn observe(State(metrics): State<RequestMetrics>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str).to_owned();
    let method = method_label(request.method());
    let start = Instant::now();
    let response = next.run(request).await;
    metrics.seconds.with_label_values(&[&route]).observe(start.elapsed().as_secs_f64());
    metrics.requests.with_label_values(&[route.as_str(), method, response.status().as_str()]).inc();
    response
}

/// Clients may invent methods; labels come from a closed set.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// `GET /metrics` with everything in the registry; to be served on a port of its own, which no client reaches.
pub fn metrics_router(registry: Registry) -> Router {
    Router::new().route("/metrics", get(exposition)).with_state(registry)
}

async fn exposition(State(registry): State<Registry>) -> Response {
    match TextEncoder::new().encode_to_string(&registry.gather()) {
        Ok(text) => {
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "metrics could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
