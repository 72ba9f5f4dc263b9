//! `/orders`: supervision orders of both tiers, their history, and what people do about them.

mod commands;

use std::cmp::Reverse;

use axum::Json;
use axum::extract::{Path, State};
use identity::Need;
use workflow::supervision::{Order, Stage};

use crate::access::Access;
use crate::cursor;
use crate::dto::{OrderDetail, OrderHead, OrderList, ProblemBody, Refusals, link};
use crate::error::{Problem, ProblemKind};
use crate::orders::Orders;
use crate::params::Params;
use crate::params::declared::{NoParams, OrderListParams};
use crate::state::ApiState;

pub(super) use commands::{__path_give, __path_open, give, open};

const ORDERS: &str = "/api/v1/orders";

/// Orders (1) with what is under them, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/orders",
    operation_id = "listOrders",
    tag = "orders",
    params(OrderListParams),
    responses((status = 200, body = OrderList), Refusals)
)]
pub(super) async fn list(
    State(state): State<ApiState>,
    access: Access,
    params: Params<OrderListParams>,
) -> Result<Json<OrderList>, Problem> {
    let (orders, scope) = (desk(&state)?, access.scope(Need::Orders)?);
    let (orgs, alarms) = (params.many("org"), params.many("alarm"));
    let (stages, limit) = (params.order_stages()?, params.limit()? as usize);
    let pair = |name: &'static str| move |value: &&str| (name, (*value).to_owned());
    let mut pairs: Vec<(&str, String)> = orgs.iter().map(pair("org")).collect();
    pairs.extend(alarms.iter().map(pair("alarm")));
    pairs.extend(stages.iter().map(|stage| ("stage", stage.as_str().to_owned())));
    let after: Option<(i64, String)> = params.after(&pairs)?;
    let now = (orders.clock)();
    let is_meant = |order: &&Order| {
        scope.covers_seat(&order.org)
            && (orgs.is_empty() || orgs.contains(&order.org.as_str()))
            && (stages.is_empty() || stages.contains(&order.stage))
            && (alarms.is_empty() || order.alarms.iter().any(|id| alarms.contains(&id.as_str())))
    };
    let place = |order: &Order| (Reverse(order.opened.0), order.number.clone());
    let (heads, last) = orders.look(|view| {
        let supervision = view.machine.supervision();
        let mut meant: Vec<&Order> = supervision.orders().filter(is_meant).collect();
        meant.sort_by_key(|order| place(order));
        meant.retain(|order| after.as_ref().is_none_or(|(at, id)| place(order) > (Reverse(*at), id.clone())));
        let last =
            (meant.len() > limit).then(|| (meant[limit - 1].opened.0, meant[limit - 1].number.clone()));
        let heads = meant.into_iter().take(limit).map(|order| OrderHead::new(order, supervision, now));
        (heads.collect::<Vec<_>>(), last)
    })?;
    let next_cursor = last.map(|last| cursor::write(&pairs, &last));
    let next = next_cursor.clone().map(|cursor| {
        pairs.extend([("limit", limit.to_string()), ("cursor", cursor)]);
        link(ORDERS, &pairs)
    });
    Ok(Json(OrderList { orders: heads, next, next_cursor }))
}

/// One order with all that was done in it; the number may be of either tier.
#[utoipa::path(
    get,
    path = "/api/v1/orders/{id}",
    operation_id = "getOrder",
    tag = "orders",
    params(("id" = String, Path, description = "A number of either tier", example = "119901002600008594-2026-0001")),
    responses(
        (status = 200, body = OrderDetail),
        (status = 404, description = "There is no such order", body = ProblemBody, content_type = "application/problem+json"),
        Refusals
    )
)]
pub(super) async fn one(
    State(state): State<ApiState>,
    access: Access,
    Path(id): Path<String>,
    _: Params<NoParams>,
) -> Result<Json<OrderDetail>, Problem> {
    let (orders, scope) = (desk(&state)?, access.scope(Need::Orders)?);
    let now = (orders.clock)();
    let detail = orders.look(|view| {
        let supervision = view.machine.supervision();
        let order = supervision.order(&id).filter(|order| scope.covers_seat(&order.org))?;
        Some(OrderDetail::new(order, supervision, now))
    })?;
    detail.map(Json).ok_or_else(|| Problem::not_found("order", &id))
}

pub(super) fn desk(state: &ApiState) -> Result<&Orders, Problem> {
    let detail = "this process has no desk: orders are served where the API runs with Kafka";
    state.orders.as_ref().ok_or_else(|| Problem::new(ProblemKind::Unavailable, detail))
}

impl Params<OrderListParams> {
    fn order_stages(&self) -> Result<Vec<Stage>, Problem> {
        let known = |value: &str| Stage::ALL.into_iter().find(|stage| stage.as_str() == value);
        let refuse = |value: &str| {
            let all = Stage::ALL.map(Stage::as_str).join(", ");
            Problem::parameter("stage", format!("stage is {value:?}; it must be one of: {all}"))
        };
        let values = self.many("stage").into_iter();
        values.map(|value| known(value).ok_or_else(|| refuse(value))).collect()
    }
}
