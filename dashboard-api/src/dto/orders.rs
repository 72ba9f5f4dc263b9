//! Supervision orders as people see them, and what they ask for.

use model::Instant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workflow::supervision::{
    Category, Deed, Order, Record, Stage, Supervision, Task, TaskState, Term, Thing,
};

use super::alarm::ALARMS;
use super::{Time, segment};
use crate::words::{CategoryOfRevocationWord, OrderStageWord};

pub(crate) fn order_link(number: &str) -> String {
    format!("/api/v1/orders/{}", segment(number))
}

/// A new order (1).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"alarms": ["5f1c0e5d1b6f4a3f9a7d3c2b1a09f8e7"], "opinion": "请查明逾期原因", "days": 10}))]
pub(crate) struct OpenBody {
    /// Ids of 1 to 100 alarms of one organisation.
    pub(crate) alarms: Vec<String>,
    /// What the office is asked, at most 4000 bytes.
    pub(crate) opinion: String,
    /// Working days for the reply, 1 to 60; 10 if not given.
    pub(crate) days: Option<u32>,
}

/// What is asked for. `expected` is the revision of the order (1) that the person saw.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"expected": 1, "action": {"do": "assign", "handler": "wang", "opinion": "请说明原因", "days": 5}}))]
pub(crate) struct OrderCommandBody {
    pub(crate) expected: u64,
    pub(crate) action: OrderActionBody,
}

/// Texts have at most 4000 bytes; `evidence` is at most 50 references of 512 bytes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum OrderActionBody {
    /// The office opens an order (2) to a handler, by his id.
    Assign { handler: String, opinion: String, days: Option<u32> },
    /// The handler answers the order (2) in the address.
    Answer {
        reason: String,
        #[serde(default)]
        evidence: Vec<String>,
    },
    /// The office replies to the order (1).
    Reply {
        reason: String,
        #[serde(default)]
        evidence: Vec<String>,
    },
    /// 撤销: the alarms are revoked.
    Revoke {
        #[schema(value_type = CategoryOfRevocationWord, inline)]
        category: Category,
        reason: String,
        #[serde(default)]
        evidence: Vec<String>,
    },
    /// 维持: the alarms stand.
    Uphold { reason: String },
    /// 退回: another round, with days for the next reply.
    SendBack { reason: String, days: Option<u32> },
    /// The order in the address is taken back by who opened it.
    Withdraw { reason: String },
}

/// The command was accepted, and stands in the log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"outcome": "accepted", "order": "119901002600008594-2026-0002", "first": "119901002600008594-2026-0001",
    "revision": 2, "link": "/api/v1/orders/119901002600008594-2026-0002"}))]
pub(crate) struct OrderAccepted {
    outcome: &'static str,
    /// The number that it was done to: of a new order, its own.
    order: String,
    /// The order (1).
    first: String,
    /// The order's revision since then: what the next command's `expected` names.
    revision: u64,
    link: String,
}

impl OrderAccepted {
    pub(crate) fn new(order: String, first: String, revision: u64) -> Self {
        Self { outcome: "accepted", link: order_link(&order), order, first, revision }
    }
}

/// A page of orders (1), newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderList {
    pub(crate) orders: Vec<OrderHead>,
    /// Where the next page is; null on the last one.
    pub(crate) next: Option<String>,
    pub(crate) next_cursor: Option<String>,
}

/// An order (1).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderHead {
    number: String,
    /// Whose alarms, and whose supervision office.
    org: String,
    #[schema(value_type = OrderStageWord, inline)]
    stage: &'static str,
    /// What a command's `expected` names.
    revision: u64,
    /// From 0; every sending back begins another.
    round: u32,
    opened_at: Time,
    /// Since when it is where it is.
    since: Time,
    /// By when the office is to reply in this round, and the working days that it was given.
    due: Time,
    days: u32,
    /// By when the bureau is to close it.
    close_by: Time,
    /// Counted through a year that has no calendar.
    provisional: bool,
    /// Whether the office, or the bureau, is late with it now.
    late: bool,
    alarms: Vec<OrderAlarm>,
    tasks: Vec<OrderTask>,
    link: String,
}

/// An alarm under an order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderAlarm {
    id: String,
    case: String,
    item: String,
    point: String,
    code: String,
    light: &'static str,
    raised_at: Time,
    /// Its revision when the order was opened, and the newest one that was told since.
    revision: u32,
    newest_revision: u32,
    /// As the newest revision has it: raised, cleared or retracted.
    state: String,
    /// Whether a later revision came while the order was open.
    changed: bool,
    link: String,
}

/// An order (2).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderTask {
    number: String,
    handler: String,
    /// pending, answered or withdrawn
    #[schema(example = "pending")]
    state: &'static str,
    round: u32,
    opened_at: Time,
    due: Time,
    days: u32,
    late: bool,
}

/// An order with all that was done in it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderDetail {
    #[serde(flatten)]
    order: OrderHead,
    /// First to last.
    history: Vec<OrderRecord>,
}

/// One thing that was done, as it was said.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderRecord {
    at: Time,
    person: String,
    role: &'static str,
    /// The number that it was done to.
    order: String,
    /// open, assign, answer, reply, revoke, uphold, send_back, withdraw; notice (a fact changed), escalate
    #[schema(example = "answer")]
    r#do: &'static str,
    /// Opinion or reason.
    text: Option<String>,
    /// Whom an order (2) is for.
    handler: Option<String>,
    category: Option<&'static str>,
    evidence: Vec<String>,
    /// The alarm that changed.
    alarm: Option<String>,
    /// What was told to the next level.
    what: Option<&'static str>,
}

impl OrderHead {
    pub(crate) fn new(order: &Order, supervision: &Supervision, now: Instant) -> Self {
        let Term { due, days, provisional, .. } = order.term;
        let is_open = !order.stage.is_closed();
        let late = (order.stage.is_with_office() && due <= now) || (is_open && order.close_by <= now);
        let alarms = order.alarms.iter().filter_map(|id| {
            let known = supervision.alarm(id)?;
            Some(OrderAlarm {
                id: id.clone(),
                case: known.now.case.clone(),
                item: known.now.item.clone(),
                point: known.now.point.clone(),
                code: known.now.code.clone(),
                light: known.now.light.as_str(),
                raised_at: Time(known.now.raised.0),
                revision: known.first.revision,
                newest_revision: known.now.revision,
                state: known.now.state.clone(),
                changed: order.changed.contains(id),
                link: format!("{ALARMS}/{id}"),
            })
        });
        let task = |task: &Task| OrderTask {
            number: task.number.clone(),
            handler: task.handler.clone(),
            state: task.state.as_str(),
            round: task.round,
            opened_at: Time(task.opened.0),
            due: Time(task.term.due.0),
            days: task.term.days,
            late: task.state == TaskState::Pending && task.term.due <= now,
        };
        Self {
            number: order.number.clone(),
            org: order.org.clone(),
            stage: order.stage.as_str(),
            revision: order.revision,
            round: order.round,
            opened_at: Time(order.opened.0),
            since: Time(order.since.0),
            due: Time(due.0),
            days,
            close_by: Time(order.close_by.0),
            provisional,
            late,
            alarms: alarms.collect(),
            tasks: order.tasks.iter().map(task).collect(),
            link: order_link(&order.number),
        }
    }
}

impl OrderDetail {
    pub(crate) fn new(order: &Order, supervision: &Supervision, now: Instant) -> Self {
        let history = order.history.iter().map(OrderRecord::from).collect();
        Self { order: OrderHead::new(order, supervision, now), history }
    }
}

impl From<&Record> for OrderRecord {
    fn from(record: &Record) -> Self {
        let mut said = Self {
            at: Time(record.at.0),
            person: record.person.clone(),
            role: record.role.as_str(),
            order: record.order.clone(),
            r#do: record.deed.name(),
            text: None,
            handler: None,
            category: None,
            evidence: Vec::new(),
            alarm: None,
            what: None,
        };
        match record.deed.clone() {
            Deed::Open { opinion, .. } => said.text = Some(opinion),
            Deed::Assign { handler, opinion, .. } => {
                (said.handler, said.text) = (Some(handler), Some(opinion));
            }
            Deed::Answer { reason, evidence, .. } | Deed::Reply { reason, evidence } => {
                (said.text, said.evidence) = (Some(reason), evidence);
            }
            Deed::Revoke { category, reason, evidence } => {
                said.category = Some(category.as_str());
                (said.text, said.evidence) = (Some(reason), evidence);
            }
            Deed::Uphold { reason }
            | Deed::SendBack { reason, .. }
            | Deed::Withdraw { reason, .. }
            | Deed::Follow { reason, .. }
            | Deed::Unfollow { reason, .. } => said.text = Some(reason),
            Deed::Notice { alarm, .. } => said.alarm = Some(alarm),
            Deed::Escalate { what, .. } => said.what = Some(what.as_str()),
        }
        said
    }
}

/// How an alarm stands with people.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlarmLife {
    /// open, under_supervision, replied, returned, revoked, upheld; superseded, cleared, retracted, auto_cleared
    #[schema(example = "under_supervision")]
    state: &'static str,
    /// The last order on it, for who may see orders.
    order: Option<String>,
    link: Option<String>,
    /// When a yellow one counts as cleared by its age. A red one never does.
    clears_at: Option<Time>,
    /// By when a red one is to have its order.
    order_by: Option<Time>,
}

impl AlarmLife {
    pub(crate) fn new(
        life: workflow::supervision::Life,
        order: Option<&str>,
        clears_at: Option<Instant>,
        order_by: Option<Instant>,
    ) -> Self {
        Self {
            state: life.as_str(),
            order: order.map(str::to_owned),
            link: order.map(order_link),
            clears_at: clears_at.map(|at| Time(at.0)),
            order_by: order_by.map(|at| Time(at.0)),
        }
    }
}

/// Which of both is followed.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ThingWord {
    Alarm,
    Case,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FollowWord {
    Follow,
    Unfollow,
}

/// What is to be followed, or no longer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"action": "follow", "kind": "case", "id": "2026-0417", "reason": "群众多次投诉"}))]
pub(crate) struct FollowBody {
    pub(crate) action: FollowWord,
    pub(crate) kind: ThingWord,
    pub(crate) id: String,
    pub(crate) reason: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FollowAccepted {
    outcome: &'static str,
    id: String,
    link: String,
}

impl FollowAccepted {
    pub(crate) fn new(thing: &Thing) -> Self {
        Self { outcome: "accepted", id: thing.id().to_owned(), link: thing_link(thing) }
    }
}

pub(super) fn thing_link(thing: &Thing) -> String {
    match thing {
        Thing::Alarm { id } => format!("{ALARMS}/{}", segment(id)),
        Thing::Case { id } => format!("/api/v1/cases/{}", segment(id)),
    }
}

/// The last order on an alarm, and where it is.
pub(super) fn stage_of(supervision: &Supervision, alarm: &str) -> Option<(String, Stage)> {
    let order = supervision.alarm(alarm)?.order.as_deref()?;
    supervision.order(order).map(|order| (order.number.clone(), order.stage))
}
