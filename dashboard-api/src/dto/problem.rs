//! Problems on the wire (RFC 9457).

use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

use super::alarm::Explanation;
use crate::error::Problem;

/// What went wrong, and what would be right.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProblemBody {
    /// `urn:xiezhi:problem:` and its kind: bad-parameter, unauthenticated, forbidden, not-found, conflict, unavailable, busy, too-slow, …
    #[schema(example = "urn:xiezhi:problem:bad-parameter")]
    r#type: String,
    title: &'static str,
    status: u16,
    detail: String,
    /// The path that was asked for.
    instance: String,
    /// The parameter at fault, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<String>,
    /// Why a command was refused: a code of docs/workflow.md.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// The reason in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Explanation>,
}

impl ProblemBody {
    pub(crate) fn new(problem: &Problem, instance: String) -> Self {
        Self {
            r#type: format!("urn:xiezhi:problem:{}", problem.kind.name()),
            title: problem.kind.title(),
            status: problem.kind.status().as_u16(),
            detail: problem.detail.clone(),
            instance,
            parameter: problem.parameter.clone(),
            reason: problem.refusal.as_ref().map(|refusal| refusal.code),
            message: problem.refusal.clone().map(|refusal| refusal.message.into()),
        }
    }
}

/// What any address of the store may answer instead.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "a declaration for the OpenAPI document")]
pub(crate) enum Refusals {
    /// A parameter is unknown or wrong; `parameter` names it and `detail` says what would be right.
    #[response(status = 400, content_type = "application/problem+json")]
    BadParameter(ProblemBody),
    /// There is no token, or it is not believed; `detail` says why.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(ProblemBody),
    /// None of the person's roles gives access to this.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(ProblemBody),
    /// The body is larger than this address takes.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(ProblemBody),
    /// The query is longer than 16 KiB.
    #[response(status = 414, content_type = "application/problem+json")]
    UriTooLong(ProblemBody),
    /// You ask too often; `Retry-After` says when to try again.
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(ProblemBody),
    /// The server's log has the reason.
    #[response(status = 500, content_type = "application/problem+json")]
    Internal(ProblemBody),
    /// ClickHouse does not answer, or too many requests are under way; `Retry-After` says when to try again.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(ProblemBody),
    /// The query was stopped at its time limit.
    #[response(status = 504, content_type = "application/problem+json")]
    TooSlow(ProblemBody),
}
