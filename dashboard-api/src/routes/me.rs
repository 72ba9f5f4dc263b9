//! `/me`: who asks, and what he has access to, so that a client offers nobody what would be refused.

use axum::Json;

use crate::access::Access;
use crate::dto::{Me, Refusals};
use crate::params::Params;
use crate::params::declared::NoParams;

/// The person of the token, his grants, and what they give access to.
#[utoipa::path(
    get,
    path = "/api/v1/me",
    operation_id = "getMe",
    tag = "catalogue",
    responses((status = 200, body = Me), Refusals)
)]
pub(super) async fn read(access: Access, _: Params<NoParams>) -> Json<Me> {
    Json(Me::new(&access))
}
