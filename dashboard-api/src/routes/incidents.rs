//! `/incidents`: what an operator must know because the guarantees are at stake.

use axum::Json;
use axum::extract::State;
use identity::Need;

use crate::access::Access;
use crate::dto::{IncidentList, Refusals};
use crate::error::Problem;
use crate::limits::MAX_INCIDENTS;
use crate::params::Params;
use crate::params::declared::NoParams;
use crate::state::ApiState;

/// The newest incidents, explained in both languages.
#[utoipa::path(
    get,
    path = "/api/v1/incidents",
    operation_id = "listIncidents",
    tag = "operations",
    responses((status = 200, body = IncidentList), Refusals)
)]
pub(super) async fn list(
    State(state): State<ApiState>,
    access: Access,
    _: Params<NoParams>,
) -> Result<Json<IncidentList>, Problem> {
    access.scope(Need::Incidents)?;
    let rows = state.reader.incidents(MAX_INCIDENTS + 1).await?;
    Ok(Json(IncidentList::new(MAX_INCIDENTS, rows)))
}
