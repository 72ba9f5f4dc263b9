//! Errors as clients see them (RFC 9457), apart from what the log says of them.
//!
//! A [`Problem`] travels as an extension of its response; [`crate::guard::dress`] writes the body, since only there
//! is it known which request it answers. What must stay true: nothing of the store's own words reaches a client.

use std::time::Duration;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use workflow::Refusal;

use crate::access::CHALLENGE;
use crate::store::StoreError;

/// The kinds of problems; each is a `urn:xiezhi:problem:<name>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProblemKind {
    BadParameter,
    Unauthenticated,
    Forbidden,
    NotFound,
    Conflict,
    Unprocessable,
    MethodNotAllowed,
    TooLarge,
    UriTooLong,
    TooMany,
    Unavailable,
    Busy,
    TooSlow,
    Internal,
}

impl ProblemKind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::BadParameter => "bad-parameter",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::Unprocessable => "unprocessable",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::TooLarge => "too-large",
            Self::UriTooLong => "uri-too-long",
            Self::TooMany => "too-many-requests",
            Self::Unavailable => "unavailable",
            Self::Busy => "busy",
            Self::TooSlow => "too-slow",
            Self::Internal => "internal",
        }
    }

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::BadParameter => "A parameter is wrong",
            Self::Unauthenticated => "It is not known who asks",
            Self::Forbidden => "This is not for you",
            Self::NotFound => "There is no such thing",
            Self::Conflict => "It is not as you saw it",
            Self::Unprocessable => "The command was refused",
            Self::MethodNotAllowed => "This address does not take that method",
            Self::TooLarge => "The request is too large",
            Self::UriTooLong => "The query is too long",
            Self::TooMany => "You ask too often",
            Self::Unavailable => "It cannot be answered now",
            Self::Busy => "Too many requests are under way",
            Self::TooSlow => "The answer took too long",
            Self::Internal => "The request could not be answered",
        }
    }

    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::BadParameter => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Conflict => StatusCode::CONFLICT,
            Self::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable | Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooSlow => StatusCode::GATEWAY_TIMEOUT,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Seconds after which it is worth trying again.
    const fn retry_after(self) -> Option<u16> {
        match self {
            Self::Unavailable => Some(5),
            Self::Busy | Self::TooMany => Some(1),
            _ => None,
        }
    }

    fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            status if status.is_client_error() => Self::BadParameter,
            _ => Self::Internal,
        }
    }
}

/// What went wrong with a request, in words for the one who sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) kind: ProblemKind,
    pub(crate) detail: String,
    /// The parameter at fault.
    pub(crate) parameter: Option<String>,
    /// Why a command was refused.
    pub(crate) refusal: Option<Refusal>,
    /// Seconds after which it is worth trying again.
    pub(crate) retry_after: Option<u16>,
}

impl Problem {
    pub(crate) fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        let retry_after = kind.retry_after();
        Self { kind, detail: detail.into(), parameter: None, refusal: None, retry_after }
    }

    /// For who asks too often; there is room again after `wait`.
    pub(crate) fn too_many(wait: Duration) -> Self {
        let seconds = wait.as_millis().div_ceil(1_000).max(1);
        let retry_after = Some(u16::try_from(seconds).unwrap_or(u16::MAX));
        let detail = format!("you ask too often: wait {seconds} s (docs/api.md, Bounds)");
        Self { retry_after, ..Self::new(ProblemKind::TooMany, detail) }
    }

    pub(crate) fn parameter(name: &str, detail: impl Into<String>) -> Self {
        let parameter = Some(name.to_owned());
        Self { parameter, ..Self::new(ProblemKind::BadParameter, detail) }
    }

    pub(crate) fn not_found(what: &str, id: &str) -> Self {
        Self::new(ProblemKind::NotFound, format!("there is no {what} {id:?}"))
    }

    /// For refusals that the framework makes by itself.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let kind = ProblemKind::of_status(status);
        let detail = match kind {
            ProblemKind::NotFound => "there is nothing at this address; GET /api/v1/openapi.json lists all",
            ProblemKind::MethodNotAllowed => {
                "this address does not take that method; Allow names those it takes"
            }
            ProblemKind::BadParameter => "the address is not well formed: percent-encode its parts as UTF-8",
            _ => "the server could not answer; its log has the reason",
        };
        Self::new(kind, detail)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let (kind, detail) = match &error {
            StoreError::Unreachable(_) => {
                (ProblemKind::Unavailable, "ClickHouse does not answer; the alarms are safe, try again")
            }
            StoreError::NotMigrated(_) => (
                ProblemKind::Unavailable,
                "the views are not there yet: start the pipeline, which makes them",
            ),
            StoreError::TooExpensive(_) => (
                ProblemKind::TooSlow,
                "the query was stopped at its time limit; narrow it by time, org or item",
            ),
            StoreError::Broken(_) => (
                ProblemKind::Internal,
                "the store's answer was not understood; the server's log has the reason",
            ),
        };
        tracing::warn!(%error, problem = kind.name(), "a query failed");
        Self::new(kind, detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.kind.status().into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if self.kind == ProblemKind::Unauthenticated {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, CHALLENGE);
        }
        response.extensions_mut().insert(self);
        response
    }
}
