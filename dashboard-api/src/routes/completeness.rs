//! `/completeness`: whether everything that was published is processed and stored.

use axum::Json;
use axum::extract::State;
use identity::Need;

use crate::access::Access;
use crate::dto::{Completeness, Refusals};
use crate::error::Problem;
use crate::params::Params;
use crate::params::declared::NoParams;
use crate::state::ApiState;

/// How far every partition is published, processed and stored, and how old the oldest record is that is not.
#[utoipa::path(
    get,
    path = "/api/v1/completeness",
    operation_id = "getCompleteness",
    tag = "operations",
    responses((status = 200, body = Completeness), Refusals)
)]
pub(super) async fn read(
    State(state): State<ApiState>,
    access: Access,
    _: Params<NoParams>,
) -> Result<Json<Completeness>, Problem> {
    access.scope(Need::Pipeline)?;
    Ok(Json(Completeness::new(state.reader.completeness().await?)))
}
