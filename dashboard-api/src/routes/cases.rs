//! `/cases`: one case, and what happened in it.

use axum::Json;
use axum::extract::{Path, State};
use identity::Need;

use crate::access::Access;
use crate::dto::{Case, ProblemBody, Refusals, Timeline};
use crate::error::Problem;
use crate::limits::MAX_TIMELINE_ROWS;
use crate::params::Params;
use crate::params::declared::{NoParams, TimelineParams};
use crate::question::{Axis, Field, ListQuery};
use crate::state::ApiState;

/// One case.
#[utoipa::path(
    get,
    path = "/api/v1/cases/{id}",
    operation_id = "getCase",
    tag = "cases",
    params(("id" = String, Path, description = "Case id, percent-encoded")),
    responses(
        (status = 200, body = Case),
        (status = 404, description = "There is no such case", body = ProblemBody, content_type = "application/problem+json"),
        Refusals
    )
)]
pub(super) async fn one(
    State(state): State<ApiState>,
    access: Access,
    Path(id): Path<String>,
    _: Params<NoParams>,
) -> Result<Json<Case>, Problem> {
    let scope = access.scope(Need::Cases)?;
    let case = state.reader.case(&id, &scope).await?.ok_or_else(|| Problem::not_found("case", &id))?;
    let is_masked = !access.personal().covers(&case.org, &case.region);
    Ok(Json(Case::new(case, is_masked)))
}

/// The case's events in canonical order, with its alarms where they were violated.
#[utoipa::path(
    get,
    path = "/api/v1/cases/{id}/timeline",
    operation_id = "getTimeline",
    tag = "cases",
    params(("id" = String, Path, description = "Case id, percent-encoded"), TimelineParams),
    responses(
        (status = 200, body = Timeline),
        (status = 404, description = "There is no such case", body = ProblemBody, content_type = "application/problem+json"),
        Refusals
    )
)]
pub(super) async fn timeline(
    State(state): State<ApiState>,
    access: Access,
    Path(id): Path<String>,
    params: Params<TimelineParams>,
) -> Result<Json<Timeline>, Problem> {
    let mut filter = params.states()?.with(Field::Case, id.as_str());
    filter.axis = Axis::Violated;
    let (scope, of_cases) = (access.scope(Need::Alarms)?, access.scope(Need::Cases)?);
    let query = ListQuery { filter, scope, after: None, limit: MAX_TIMELINE_ROWS + 1 };
    let case = state.reader.case(&id, &of_cases);
    let events = state.reader.events(&id, None, MAX_TIMELINE_ROWS + 1, &of_cases);
    let (case, events, alarms) = tokio::try_join!(case, events, state.reader.alarms(&query))?;
    if events.is_empty() && alarms.is_empty() {
        return Err(Problem::not_found("case", &id));
    }
    // Events of a case that nobody has accepted yet are nobody's.
    let case = case.unwrap_or_default();
    let is_masked = !access.personal().covers(&case.org, &case.region);
    Ok(Json(Timeline::new(id, events, alarms, is_masked)))
}
