//! To-do lists.

use model::Instant;
use serde::Serialize;
use utoipa::ToSchema;
use workflow::supervision::{Follow, Late, Supervision, Thing, Wait, What};

use super::alarm::ALARMS;
use super::orders::{order_link, stage_of, thing_link};
use super::{Time, rule_link};
use crate::words::WaitWord;

/// 我的待办, 本单位待办, 重点关注, as they were at one moment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Todo {
    pub(crate) at: Time,
    /// Entries of the log that they are taken from.
    pub(crate) entries: u64,
    /// What the asker may do himself.
    pub(crate) mine: TodoList<TodoItem>,
    /// All that waits for anybody in the organisations that he covers.
    pub(crate) unit: TodoList<TodoItem>,
    /// What he follows.
    pub(crate) followed: TodoList<Followed>,
}

/// A list and its length.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TodoList<T> {
    /// How many there are in all; as many as `items` has, unless they were cut at `limit`.
    count: usize,
    truncated: bool,
    items: Vec<T>,
}

impl<T> TodoList<T> {
    pub(crate) fn new(all: impl Iterator<Item = T>, limit: usize) -> Self {
        let (mut count, mut items) = (0, Vec::new());
        for item in all {
            count += 1;
            if items.len() < limit {
                items.push(item);
            }
        }
        Self { count, truncated: count > items.len(), items }
    }
}

/// One thing that waits.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TodoItem {
    #[schema(value_type = WaitWord, inline)]
    what: &'static str,
    /// The order's number, the alarm's or the rule's id.
    object: String,
    /// The order (1), where there is one.
    order: Option<String>,
    /// Whose it is; null where only who sees everything is told.
    org: Option<String>,
    /// Cases that it is about.
    cases: Vec<String>,
    /// Roles that are meant, and persons where it is one's alone.
    roles: Vec<&'static str>,
    persons: Vec<String>,
    since: Option<Time>,
    due: Option<Time>,
    late: bool,
    link: String,
}

impl TodoItem {
    pub(crate) fn new(wait: &Wait, supervision: &Supervision, now: Instant) -> Self {
        let is_alarm = wait.what == What::Late(Late::OrderMissing);
        let order = wait.order.as_deref().and_then(|number| supervision.order(number));
        let ids: &[String] = order.map_or(&[], |order| &order.alarms);
        let own = is_alarm.then_some(&wait.object);
        let known = ids.iter().chain(own).filter_map(|id| supervision.alarm(id));
        let mut cases: Vec<String> = known.map(|alarm| alarm.now.case.clone()).collect();
        cases.sort_unstable();
        cases.dedup();
        let mut roles: Vec<&str> = wait.parties.iter().map(|party| party.role.as_str()).collect();
        roles.dedup();
        let link = match (wait.what.is_of_rules(), is_alarm) {
            (true, _) => rule_link(&wait.object),
            (false, true) => format!("{ALARMS}/{}", wait.object),
            (false, false) => order_link(&wait.object),
        };
        Self {
            what: wait.what.as_str(),
            object: wait.object.clone(),
            order: wait.order.clone(),
            org: super::present(wait.org.clone()),
            cases,
            roles,
            persons: wait.parties.iter().filter_map(|party| party.person.clone()).collect(),
            since: wait.since.map(|at| Time(at.0)),
            due: wait.due.map(|at| Time(at.0)),
            late: wait.due.is_some_and(|due| due <= now),
            link,
        }
    }
}

/// One thing that is followed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Followed {
    /// alarm or case
    #[schema(example = "case")]
    kind: &'static str,
    id: String,
    since: Time,
    reason: String,
    org: Option<String>,
    /// Of an alarm: the last order on it and where that is, if there is one.
    order: Option<String>,
    stage: Option<&'static str>,
    link: String,
}

impl Followed {
    pub(crate) fn new(thing: &Thing, follow: &Follow, supervision: &Supervision) -> Self {
        let order = match thing {
            Thing::Alarm { id } => stage_of(supervision, id),
            Thing::Case { .. } => None,
        };
        Self {
            kind: if matches!(thing, Thing::Alarm { .. }) { "alarm" } else { "case" },
            id: thing.id().to_owned(),
            since: Time(follow.since.0),
            reason: follow.reason.clone(),
            org: super::present(follow.place.org.clone()),
            stage: order.as_ref().map(|(_, stage)| stage.as_str()),
            order: order.map(|(number, _)| number),
            link: thing_link(thing),
        }
    }
}
