//! `/progress`: how far the ledger is.

use axum::Json;
use axum::extract::State;
use identity::Need;

use crate::access::Access;
use crate::dto::{Progress, Refusals};
use crate::error::Problem;
use crate::params::Params;
use crate::params::declared::NoParams;
use crate::state::ApiState;

/// The last entry of every partition of the ledger, and how far behind the clock it is.
#[utoipa::path(
    get,
    path = "/api/v1/progress",
    operation_id = "getProgress",
    tag = "operations",
    responses((status = 200, body = Progress), Refusals)
)]
pub(super) async fn read(
    State(state): State<ApiState>,
    access: Access,
    _: Params<NoParams>,
) -> Result<Json<Progress>, Problem> {
    access.scope(Need::Pipeline)?;
    Ok(Json(Progress::new(state.reader.progress().await?)))
}
