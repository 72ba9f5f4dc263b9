//! What people do about orders. The person asks; what is known of alarms, the deadlines and the year are added here, under
//! the person's own scope; the machine judges.

use std::collections::BTreeSet;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use identity::{Need, Person, Role};
use model::FindingId;
use model::catalogue::Orgs;
use workflow::supervision::{AlarmFact, Deed, Facts, MAX_DAYS, MAX_ORDER_ALARMS, Supervise, register};
use workflow::{Action, Command};

use super::desk;
use crate::access::Access;
use crate::dto::{OpenBody, OrderAccepted, OrderActionBody, OrderCommandBody, ProblemBody, Refusals};
use crate::error::{Problem, ProblemKind};
use crate::orders::{Orders, above, fact};
use crate::params::Params;
use crate::params::declared::NoParams;
use crate::routes::rules::{actor, key, or_other, read, roles_for, somebody, submit};
use crate::state::ApiState;

/// Working days that an office, and a handler, have where nothing else is said.
const OFFICE_DAYS: u32 = 10;
const HANDLER_DAYS: u32 = 5;
/// What bodies look like.
const OPEN_FORM: &str = r#"{"alarms": ["…"], "opinion": "…", "days": 10}"#;
const COMMAND_FORM: &str = r#"{"expected": 1, "action": {"do": "assign", …}}"#;

/// Opens an order (1) on alarms of one organisation, to its supervision office.
///
/// The same under the same `Idempotency-Key` opens one order and gets the same answer, at whichever process it arrives.
#[utoipa::path(
    post,
    path = "/api/v1/orders",
    operation_id = "openOrder",
    tag = "orders",
    params(("Idempotency-Key" = String, Header, description = "1 to 64 visible ASCII characters, new for every command: a UUID")),
    request_body = OpenBody,
    responses(
        (status = 200, body = OrderAccepted),
        (status = 404, description = "There is no such alarm", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "An alarm is under an order, revoked, or retracted", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Refused for what it says; `reason` and `message` say why", body = ProblemBody, content_type = "application/problem+json"),
        Refusals
    )
)]
pub(crate) async fn open(
    State(state): State<ApiState>,
    access: Access,
    _: Params<NoParams>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<OrderAccepted>, Problem> {
    let orders = desk(&state)?;
    access.scope(Need::Orders)?;
    let (person, orgs) = somebody(&access)?;
    let key = key(&headers, person)?;
    let OpenBody { alarms, opinion, days } = read(body, OPEN_FORM).await?;
    let known = known(&state, &access, &alarms).await?;
    let org = known.first().map(|fact| fact.org.clone()).unwrap_or_default();
    let days = days.unwrap_or(OFFICE_DAYS);
    let term = orders.terms.term(&(orders.calendar)(), (orders.clock)(), days.min(MAX_DAYS));
    let facts = Facts { term: Some(term), above: above(&org, orgs), alarms: known, place: None };
    let asked = Deed::Open { alarms, opinion, days };
    let given = Given { person, orgs, org: &org, key, object: register(&org, term.year), expected: 0 };
    submit_deed(orders, given, Role::SupervisionBureau, Supervise { asked, facts }).await.map(Json)
}

/// Does something about an order; `do` says what. `answer` and `withdraw` are done to the number in the address, everything
/// else to the order (1), by whichever number.
#[utoipa::path(
    post,
    path = "/api/v1/orders/{id}/commands",
    operation_id = "commandOrder",
    tag = "orders",
    params(
        ("id" = String, Path, description = "A number of either tier", example = "119901002600008594-2026-0001"),
        ("Idempotency-Key" = String, Header, description = "1 to 64 visible ASCII characters, new for every command: a UUID")
    ),
    request_body = OrderCommandBody,
    responses(
        (status = 200, body = OrderAccepted),
        (status = 404, description = "There is no such order", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Somebody else was first, or it is not the time for it", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Refused for what it says; `reason` and `message` say why", body = ProblemBody, content_type = "application/problem+json"),
        Refusals
    )
)]
pub(crate) async fn give(
    State(state): State<ApiState>,
    access: Access,
    Path(id): Path<String>,
    _: Params<NoParams>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<OrderAccepted>, Problem> {
    let orders = desk(&state)?;
    let scope = access.scope(Need::Orders)?;
    let (person, orgs) = somebody(&access)?;
    let key = key(&headers, person)?;
    let OrderCommandBody { expected, action } = read(body, COMMAND_FORM).await?;
    let found = orders.look(|view| {
        let order = view.machine.supervision().order(&id).filter(|order| scope.covers_seat(&order.org));
        order.map(|order| (order.number.clone(), order.org.clone()))
    })?;
    let (number, org) = found.ok_or_else(|| Problem::not_found("order", &id))?;
    let role = role(&action, id == number);
    let (asked, days) = deed(action, id);
    let now = (orders.clock)();
    let term = days.map(|days| orders.terms.term(&(orders.calendar)(), now, days.min(MAX_DAYS)));
    let facts = Facts { term, ..Facts::default() };
    let given = Given { person, orgs, org: &org, key, object: number, expected };
    submit_deed(orders, given, role, Supervise { asked, facts }).await.map(Json)
}

/// Who it is for.
const fn role(action: &OrderActionBody, is_first: bool) -> Role {
    match action {
        OrderActionBody::Assign { .. } | OrderActionBody::Reply { .. } => Role::SupervisionOffice,
        OrderActionBody::Answer { .. } => Role::Handler,
        OrderActionBody::Withdraw { .. } if !is_first => Role::SupervisionOffice,
        OrderActionBody::Withdraw { .. }
        | OrderActionBody::Revoke { .. }
        | OrderActionBody::Uphold { .. }
        | OrderActionBody::SendBack { .. } => Role::SupervisionBureau,
    }
}

/// The machine's deed, and the days that somebody gets by it.
fn deed(action: OrderActionBody, id: String) -> (Deed, Option<u32>) {
    let asked = match action {
        OrderActionBody::Assign { handler, opinion, days } => {
            Deed::Assign { handler, opinion, days: days.unwrap_or(HANDLER_DAYS) }
        }
        OrderActionBody::Answer { reason, evidence } => Deed::Answer { order: id, reason, evidence },
        OrderActionBody::Reply { reason, evidence } => Deed::Reply { reason, evidence },
        OrderActionBody::Revoke { category, reason, evidence } => Deed::Revoke { category, reason, evidence },
        OrderActionBody::Uphold { reason } => Deed::Uphold { reason },
        OrderActionBody::SendBack { reason, days } => {
            Deed::SendBack { reason, days: days.unwrap_or(OFFICE_DAYS) }
        }
        OrderActionBody::Withdraw { reason } => Deed::Withdraw { order: id, reason },
    };
    let days = match &asked {
        Deed::Assign { days, .. } | Deed::SendBack { days, .. } => Some(*days),
        _ => None,
    };
    (asked, days)
}

/// Who gives what about which object.
struct Given<'a> {
    person: &'a Person,
    orgs: &'a Orgs,
    org: &'a str,
    key: String,
    object: String,
    expected: u64,
}

async fn submit_deed(
    orders: &Orders,
    given: Given<'_>,
    needed: Role,
    deed: Supervise,
) -> Result<OrderAccepted, Problem> {
    let Given { person, orgs, org, key, object, expected } = given;
    let role = or_other(person, needed, &roles_for(person, org, orgs))?;
    let actor = actor(person, role, org, orgs);
    let action = Action::Supervise(Box::new(deed));
    let command = Command { key: key.clone(), object, expected, actor, action };
    let (_, revision) = submit(&orders.desk, command).await?;
    // The number that the log gave it: of a repetition, the first one's.
    let number = orders.look(|view| view.trail.by_key(&key).and_then(|entry| entry.order.clone()))?;
    let gone =
        || Problem::new(ProblemKind::Internal, "the order was accepted, and its entry is no longer at hand");
    let number = number.ok_or_else(gone)?;
    let first = orders.look(|view| {
        let order = view.machine.supervision().order(&number);
        order.map_or_else(|| number.clone(), |order| order.number.clone())
    })?;
    Ok(OrderAccepted::new(number, first, revision))
}

/// The alarms as they stand now, each of which the person may see.
async fn known(state: &ApiState, access: &Access, ids: &[String]) -> Result<Vec<AlarmFact>, Problem> {
    let scope = access.scope(Need::Alarms)?;
    // What is too much, or twice, is the machine's to refuse; it needs the facts of the first for that.
    let distinct: BTreeSet<&String> = ids.iter().take(MAX_ORDER_ALARMS).collect();
    let parse = |id: &&String| {
        let detail = || {
            Problem::parameter("alarms", format!("{id:?} is no alarm's id, which has 32 hexadecimal digits"))
        };
        FindingId::parse(id).ok_or_else(detail)
    };
    let wanted: Vec<FindingId> = distinct.iter().map(parse).collect::<Result<_, _>>()?;
    if wanted.is_empty() {
        return Err(Problem::parameter("alarms", "alarms is empty; an order is on 1 to 100 alarms"));
    }
    let rows = state.reader.alarms_of(&wanted, &scope).await?;
    let facts: Vec<AlarmFact> = rows.iter().filter_map(fact).collect();
    match distinct.into_iter().find(|id| !facts.iter().any(|fact| fact.id == **id)) {
        Some(missing) => Err(Problem::not_found("alarm", missing)),
        None => Ok(facts),
    }
}
