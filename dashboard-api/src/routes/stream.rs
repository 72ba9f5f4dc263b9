//! `/stream`: what happens, as it happens.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use identity::Need;
use tokio::time::Instant;

use crate::access::Access;
use crate::dto::{Alarm, OrderNews, Refusals, ResetNews, RuleNews};
use crate::error::{Problem, ProblemKind};
use crate::params::Params;
use crate::params::declared::StreamParams;
use crate::state::ApiState;
use crate::stream::{Client, Places, Sight, Start};
use crate::telemetry::Bound;
use crate::words;

/// Alarms, and what becomes of orders and rules, as they happen: server-sent events.
///
/// `event: alarm` has a new revision of an alarm, as `/alarms` shows it but for `stored_at`; `event: order` what
/// was done about a supervision order (OrderNews), `event: rule` an accepted command about a rule (RuleNews). Every event has an id: send the last one back as `Last-Event-ID` (browsers do that by themselves), to this or
/// another process, and nothing is left out or repeated. If too much has come meanwhile, `event: reset` says so (ResetNews).
/// An event is sent to whom a query would show it. `event: end` comes when the token is over.
#[utoipa::path(
    get,
    path = "/api/v1/stream",
    operation_id = "listen",
    tag = "stream",
    params(
        StreamParams,
        ("Last-Event-ID" = Option<String>, Header, description = "Id of the last event that was seen; it goes before `from`")
    ),
    responses(
        (status = 200, description = "Events, until the token is over or the client goes", body = String,
            content_type = "text/event-stream",
            example = json!("id: 1_w0_0.6\nevent: alarm\ndata: {\"id\":\"5f1c0e5d1b6f4a3f9a7d3c2b1a09f8e7\",\"revision\":1}\n\n")),
        Refusals
    )
)]
pub(super) async fn listen(
    State(state): State<ApiState>,
    access: Access,
    headers: HeaderMap,
    params: Params<StreamParams>,
) -> Result<Response, Problem> {
    let of = |need| access.scope(need);
    let sight = match (of(Need::Alarms), of(Need::Rules), of(Need::Orders)) {
        (Err(problem), Err(_), Err(_)) => return Err(problem),
        (alarms, rules, orders) => Sight { alarms: alarms.ok(), rules: rules.ok(), orders: orders.ok() },
    };
    let start = start(&headers, &params)?;
    let detail = "this process tells nothing: streams are served where the API runs with Kafka";
    let hub = state.hub.as_ref().ok_or_else(|| Problem::new(ProblemKind::Unavailable, detail))?;
    let seat = hub.admit(access.id()).inspect_err(|_| state.metrics.turn_away(Bound::Streams))?;
    let left = access.expires().map(|at| {
        let ms = at.0.saturating_sub((state.gate.clock)().0);
        Instant::now() + Duration::from_millis(u64::try_from(ms).unwrap_or_default())
    });
    let client = Client::new(Arc::clone(hub), seat, sight, &start, left);
    let events = unfold(client, |mut client| async move {
        let text = client.next().await?;
        Some((Ok::<_, Infallible>(text), client))
    });
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    // A proxy that gathers would hold events back.
    Ok((headers, [("x-accel-buffering", "no")], Body::from_stream(events)).into_response())
}

fn start(headers: &HeaderMap, params: &Params<StreamParams>) -> Result<Start, Problem> {
    let from = params.word("from", &words::STARTS)?;
    if let Some(id) = headers.get("last-event-id") {
        return Ok(Start::Place(id.to_str().ok().and_then(Places::parse)));
    }
    Ok(if from == Some("kept") { Start::Kept } else { Start::Now })
}

/// For the document: what the events' data are.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(Alarm, OrderNews, RuleNews, ResetNews)))]
pub(super) struct Events;
