//! `/catalogue`: what names mean, for whoever has signed in. Nothing in it is about a person.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::Value;

use crate::access::Access;
use crate::catalogue::CatalogueBody;
use crate::dto::{ProblemBody, Refusals};
use crate::error::Problem;
use crate::params::Params;
use crate::params::declared::NoParams;
use crate::state::ApiState;

/// Organisations, items with their steps, and the working days.
#[utoipa::path(
    get,
    path = "/api/v1/catalogue",
    operation_id = "getCatalogue",
    tag = "catalogue",
    responses((status = 200, body = CatalogueBody), Refusals)
)]
pub(super) async fn read(
    State(state): State<ApiState>,
    _: Access,
    _: Params<NoParams>,
) -> Json<CatalogueBody> {
    Json(CatalogueBody::clone(&state.reference.body))
}

/// One item, as in the catalogue's files.
#[utoipa::path(
    get,
    path = "/api/v1/catalogue/items/{code}",
    operation_id = "getCatalogueItem",
    tag = "catalogue",
    params(("code" = String, Path, description = "The item's code, percent-encoded")),
    responses(
        (status = 200, body = Object),
        (status = 404, description = "There is no such item", body = ProblemBody, content_type = "application/problem+json"),
        Refusals
    )
)]
pub(super) async fn item(
    State(state): State<ApiState>,
    _: Access,
    Path(code): Path<String>,
    _: Params<NoParams>,
) -> Result<Json<Value>, Problem> {
    let item = state.reference.items.get(&code).cloned();
    item.map(Json).ok_or_else(|| Problem::not_found("item", &code))
}
