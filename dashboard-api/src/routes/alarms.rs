//! `/alarms`: lists of alarms, and one with all that belongs to it.

use axum::Json;
use axum::extract::{Path, State};
use identity::Need;
use model::finding::Light;
use model::{FindingId, Instant};
use workflow::supervision::Life;

use crate::access::Access;
use crate::dto::{AlarmDetail, AlarmLife, AlarmList, Refusals};
use crate::error::Problem;
use crate::limits::MAX_DETAIL_ROWS;
use crate::orders::fact;
use crate::params::Params;
use crate::params::declared::{AlarmListParams, NoParams};
use crate::question::{Filter, Keyset, ListQuery};
use crate::state::ApiState;
use crate::store::StoreError;
use crate::store::rows::AlarmRow;
use crate::words;

/// Alarms that match, newest first by the axis, then by id.
///
/// Alarms that come in while you page do not move the pages that follow.
#[utoipa::path(
    get,
    path = "/api/v1/alarms",
    operation_id = "listAlarms",
    tag = "alarms",
    params(AlarmListParams),
    responses((status = 200, body = AlarmList), Refusals)
)]
pub(super) async fn list(
    State(state): State<ApiState>,
    access: Access,
    params: Params<AlarmListParams>,
) -> Result<Json<AlarmList>, Problem> {
    let scope = access.scope(Need::Alarms)?;
    let (filter, limit) = (params.filter()?, params.limit()?);
    let after = after(&params, &filter)?;
    let is_counted = params.word("count", &words::COUNTS)? == Some("exact");
    let query = ListQuery { filter, scope, after, limit: limit + 1 };
    let (rows, total) = tokio::try_join!(state.reader.alarms(&query), total(&state, &query, is_counted))?;
    Ok(Json(AlarmList::new(&query.filter, limit, rows, total)))
}

/// Where the page before ended.
pub(super) fn after<P: utoipa::IntoParams>(
    params: &Params<P>,
    filter: &Filter,
) -> Result<Option<Keyset>, Problem> {
    let Some(position) = params.after(&filter.pairs())? else { return Ok(None) };
    let detail = "cursor is damaged; take next_cursor as it came";
    crate::dto::keyset(position).map(Some).ok_or_else(|| Problem::parameter("cursor", detail))
}

async fn total(state: &ApiState, query: &ListQuery, is_counted: bool) -> Result<Option<u64>, StoreError> {
    if is_counted { state.reader.count(&query.filter, &query.scope).await.map(Some) } else { Ok(None) }
}

/// One alarm: its explanation, all its revisions, and the facts it rests on.
#[utoipa::path(
    get,
    path = "/api/v1/alarms/{id}",
    operation_id = "getAlarm",
    tag = "alarms",
    params(("id" = String, Path, description = "32 hexadecimal digits", example = "5f1c0e5d1b6f4a3f9a7d3c2b1a09f8e7")),
    responses(
        (status = 200, body = AlarmDetail),
        (status = 404, description = "There is no such alarm", body = crate::dto::ProblemBody,
            content_type = "application/problem+json"),
        Refusals
    )
)]
pub(super) async fn one(
    State(state): State<ApiState>,
    access: Access,
    Path(id): Path<String>,
    _: Params<NoParams>,
) -> Result<Json<AlarmDetail>, Problem> {
    let not_an_id =
        || Problem::parameter("id", format!("{id:?} is no alarm's id, which has 32 hexadecimal digits"));
    let finding = FindingId::parse(&id).ok_or_else(not_an_id)?;
    let (scope, facts) = (access.scope(Need::Alarms)?, access.scope(Need::Cases)?);
    let alarm = state.reader.alarm(finding, &scope).await?;
    let alarm = alarm.ok_or_else(|| Problem::not_found("alarm", &id))?;
    let (revisions, facts) = tokio::try_join!(
        state.reader.revisions(finding, MAX_DETAIL_ROWS + 1, &scope),
        state.reader.events(&alarm.case_id, Some(&alarm.events), MAX_DETAIL_ROWS + 1, &facts),
    )?;
    let is_masked = !access.personal().covers(&alarm.org, &alarm.region);
    let life = life(&state, &access, &alarm);
    Ok(Json(AlarmDetail::new(alarm, life, revisions, facts, is_masked)))
}

/// How it stands with people; with a shadow alarm it does not. That the log is not read yet keeps nobody from the alarm.
fn life(state: &ApiState, access: &Access, alarm: &AlarmRow) -> Option<AlarmLife> {
    let orders = state.orders.as_ref().filter(|_| !alarm.shadow)?;
    let sees = access.scope(Need::Orders).is_ok_and(|scope| scope.covers_seat(&alarm.org));
    let looked = orders.look(|view| {
        let life = orders.life(alarm, &view)?;
        let known = view.machine.supervision().alarm(&alarm.finding_id);
        let order = known.and_then(|known| known.order.clone()).filter(|_| sees);
        let (light, raised) = (fact(alarm)?.light, Instant(alarm.raised_ms));
        let is_open = life == Life::Open;
        let calendar = (orders.calendar)();
        let clears_at = orders.clearing.at(&calendar, light, raised).filter(|_| is_open);
        let is_red = is_open && light == Light::Red;
        let order_by = is_red.then(|| orders.terms.order_by(&calendar, raised));
        Some(AlarmLife::new(life, order.as_deref(), clears_at, order_by))
    });
    looked.ok().flatten()
}
