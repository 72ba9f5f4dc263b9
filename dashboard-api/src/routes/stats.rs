//! `/stats`: alarms counted by groups, every number with its list.

use axum::Json;
use axum::extract::State;
use identity::Need;

use crate::access::Access;
use crate::dto::{Refusals, Stats};
use crate::error::Problem;
use crate::limits::{DEFAULT_STATS_ROWS, MAX_STATS_ROWS};
use crate::params::Params;
use crate::params::declared::StatsParams;
use crate::question::StatsQuery;
use crate::state::ApiState;

/// How many alarms match, by any combination of groups.
///
/// The `link` of each group is the list of exactly the alarms that it counts.
#[utoipa::path(
    get,
    path = "/api/v1/stats",
    operation_id = "countAlarms",
    tag = "alarms",
    params(StatsParams),
    responses((status = 200, body = Stats), Refusals)
)]
pub(super) async fn count(
    State(state): State<ApiState>,
    access: Access,
    params: Params<StatsParams>,
) -> Result<Json<Stats>, Problem> {
    let scope = access.scope(Need::Alarms)?;
    let limit = params.number("limit", MAX_STATS_ROWS, DEFAULT_STATS_ROWS)?;
    let (filter, by, (zone, rules)) = (params.filter()?, params.groups()?, params.zone()?);
    let query = StatsQuery { filter, scope, by, zone, limit: limit + 1 };
    if query.by.is_empty() {
        let total = state.reader.count(&query.filter, &query.scope).await?;
        return Ok(Json(Stats::new(query, &rules, limit, Vec::new(), total)));
    }
    let (rows, total) =
        tokio::try_join!(state.reader.stats(&query), state.reader.count(&query.filter, &query.scope))?;
    Ok(Json(Stats::new(query, &rules, limit, rows, total)))
}
