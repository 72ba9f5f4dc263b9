//! `/dead-letters`: records that were set aside, and why.

use axum::Json;
use axum::extract::State;
use identity::Need;

use crate::access::Access;
use crate::dto::{DeadLetterList, Refusals, letter_keyset};
use crate::error::Problem;
use crate::params::Params;
use crate::params::declared::DeadLetterParams;
use crate::state::ApiState;

/// Records that were set aside, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/dead-letters",
    operation_id = "listDeadLetters",
    tag = "operations",
    params(DeadLetterParams),
    responses((status = 200, body = DeadLetterList), Refusals)
)]
pub(super) async fn list(
    State(state): State<ApiState>,
    access: Access,
    params: Params<DeadLetterParams>,
) -> Result<Json<DeadLetterList>, Problem> {
    let scope = access.scope(Need::DeadLetters)?;
    let mut query = params.dead_letters()?;
    query.scope = scope;
    let limit = query.limit;
    query.after = params.after(&query.pairs())?.map(letter_keyset);
    query.limit = limit + 1;
    let rows = state.reader.dead_letters(&query).await?;
    Ok(Json(DeadLetterList::new(&query, limit, rows, &access.personal())))
}
