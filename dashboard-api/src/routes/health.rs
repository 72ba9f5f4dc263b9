//! Probes: whether the process is up, and whether it can answer.

use axum::Json;
use axum::extract::State;

use crate::dto::{Health, ProblemBody};
use crate::error::{Problem, ProblemKind};
use crate::state::ApiState;

/// The process is up. Says nothing of ClickHouse: restarting this process would not mend that.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "healthz",
    tag = "operations",
    security(()),
    responses((status = 200, body = Health))
)]
pub(super) async fn healthz() -> Json<Health> {
    Json(Health { status: "up" })
}

/// ClickHouse answers and every view is there.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "readyz",
    tag = "operations",
    security(()),
    responses(
        (status = 200, body = Health),
        (status = 503, description = "Not ready; `detail` says what is missing", body = ProblemBody,
            content_type = "application/problem+json")
    )
)]
pub(super) async fn readyz(State(state): State<ApiState>) -> Result<Json<Health>, Problem> {
    let missing = state.reader.missing_views().await?;
    if missing.is_empty() {
        return Ok(Json(Health { status: "ready" }));
    }
    let detail =
        format!("the views {} are missing: the pipeline's migrations have not run", missing.join(", "));
    Err(Problem::new(ProblemKind::Unavailable, detail))
}
