//! What waits for whom: the one list that every count, to-do list and clock is taken from.

use model::Instant;
use serde::{Deserialize, Serialize};

use super::order::{Order, Stage, TaskState};
use super::state::Supervision;
use crate::machine::Machine;
use crate::object::{Object, State, Version};
use crate::people::Role;

/// Whose time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Late {
    /// The handler's, for an order (2); the office sees it.
    AnswerLate,
    /// The office's, for an order (1); the bureau sees it.
    ReplyLate,
    /// The bureau's: an order is not closed in time (B002); the next bureau sees it.
    ClosingLate,
    /// The bureau's: a red alarm has no order in time (B001); the next bureau sees it.
    OrderMissing,
}

impl Late {
    pub const ALL: [Self; 4] = [Self::AnswerLate, Self::ReplyLate, Self::ClosingLate, Self::OrderMissing];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AnswerLate => "answer_late",
            Self::ReplyLate => "reply_late",
            Self::ClosingLate => "closing_late",
            Self::OrderMissing => "order_missing",
        }
    }
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// Open an order (2).
    Assign,
    /// Answer an order (2).
    Answer,
    /// Reply to an order (1).
    Reply,
    /// Revoke, uphold or send back.
    Decide,
    /// A later revision of an alarm under the order came in.
    FactChanged,
    /// Somebody below is late.
    Late(Late),
    PassLegally,
    Submit,
    PassFirst,
    PassFinal,
    /// A returned version.
    Redraft,
}

impl What {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Assign => "assign",
            Self::Answer => "answer",
            Self::Reply => "reply",
            Self::Decide => "decide",
            Self::FactChanged => "fact_changed",
            Self::Late(late) => late.as_str(),
            Self::PassLegally => "pass_legally",
            Self::Submit => "submit",
            Self::PassFirst => "pass_first",
            Self::PassFinal => "pass_final",
            Self::Redraft => "redraft",
        }
    }

    /// Whether it is about a rule, not about an order or an alarm.
    pub const fn is_of_rules(self) -> bool {
        matches!(self, Self::PassLegally | Self::Submit | Self::PassFirst | Self::PassFinal | Self::Redraft)
    }
}

/// Whom it waits for: everybody in a role for the organisation, or one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    pub role: Role,
    pub person: Option<String>,
}

/// One thing that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    pub what: What,
    /// The order's number, the alarm's id, or the rule's id.
    pub object: String,
    /// The order (1), where there is one.
    pub order: Option<String>,
    /// Whose it is to see; empty: of those alone who see everything.
    pub org: String,
    pub parties: Vec<Party>,
    /// Who may not do it himself.
    pub barred: Vec<String>,
    pub since: Option<Instant>,
    pub due: Option<Instant>,
}

impl Wait {
    /// Whether somebody in this role is meant.
    pub fn is_for(&self, role: Role, person: &str) -> bool {
        let meant =
            |party: &Party| party.role == role && party.person.as_deref().is_none_or(|meant| meant == person);
        self.parties.iter().any(meant) && !self.barred.iter().any(|barred| barred == person)
    }

    /// The most urgent first.
    fn place(&self) -> (Instant, &str, What) {
        (self.due.or(self.since).unwrap_or(Instant::LATEST), &self.object, self.what)
    }
}

impl Machine {
    /// All that waits for somebody at an instant, the most urgent first.
    pub fn waits(&self, now: Instant) -> Vec<Wait> {
        let mut waits: Vec<Wait> =
            self.objects().filter_map(|(id, object)| of_rule(id, object, object.versions.last()?)).collect();
        waits.extend(self.supervision().waits(now));
        waits.sort_by(|a, b| a.place().cmp(&b.place()));
        waits
    }
}

impl Supervision {
    fn waits(&self, now: Instant) -> Vec<Wait> {
        let mut waits = Vec::new();
        for order in self.open_orders() {
            waits.extend(of_stage(order));
            waits.extend(of_tasks(order));
            waits.extend(changed(order));
        }
        waits.extend(self.late(now));
        waits
    }

    /// Who is late at an instant, as the next level sees it. Orders by their own deadlines, missing orders as they were told.
    pub fn late(&self, now: Instant) -> Vec<Wait> {
        let mut late = Vec::new();
        for order in self.open_orders() {
            let tasks = order.pending().filter(|task| task.term.due <= now);
            late.extend(tasks.map(|task| {
                let object = task.number.clone();
                Wait { object, ..of_late(order, Late::AnswerLate, Role::SupervisionOffice, task.term.due) }
            }));
            if order.stage.is_with_office() && order.term.due <= now {
                late.push(of_late(order, Late::ReplyLate, Role::SupervisionBureau, order.term.due));
            }
            let close_by = order.close_by;
            if close_by <= now {
                let org = order.above.clone().unwrap_or_default();
                late.push(Wait {
                    org,
                    ..of_late(order, Late::ClosingLate, Role::SupervisionBureau, close_by)
                });
            }
        }
        let missed = self.missed.iter().filter_map(|id| self.alarms.get(id));
        late.extend(missed.filter_map(|alarm| {
            let (since, above) = alarm.missed.as_ref()?;
            Some(Wait {
                what: What::Late(Late::OrderMissing),
                object: alarm.now.id.clone(),
                order: None,
                org: above.clone().unwrap_or_default(),
                parties: vec![Party { role: Role::SupervisionBureau, person: None }],
                barred: Vec::new(),
                since: Some(*since),
                due: Some(*since),
            })
        }));
        late
    }
}

fn wait(order: &Order, what: What, role: Role, due: Instant) -> Wait {
    Wait {
        what,
        object: order.number.clone(),
        order: Some(order.number.clone()),
        org: order.org.clone(),
        parties: vec![Party { role, person: None }],
        barred: Vec::new(),
        since: Some(order.since),
        due: Some(due),
    }
}

fn of_late(order: &Order, late: Late, role: Role, due: Instant) -> Wait {
    Wait { since: Some(due), ..wait(order, What::Late(late), role, due) }
}

/// What the office or the bureau has to do.
fn of_stage(order: &Order) -> Option<Wait> {
    match order.stage {
        Stage::Open | Stage::Returned => {
            Some(wait(order, What::Assign, Role::SupervisionOffice, order.term.due))
        }
        Stage::Answered => {
            let reply = wait(order, What::Reply, Role::SupervisionOffice, order.term.due);
            Some(Wait { barred: order.answerers().map(str::to_owned).collect(), ..reply })
        }
        Stage::Replied => {
            let decide = wait(order, What::Decide, Role::SupervisionBureau, order.close_by);
            Some(Wait { barred: order.repliers().map(str::to_owned).collect(), ..decide })
        }
        Stage::Assigned | Stage::Revoked | Stage::Upheld | Stage::Withdrawn => None,
    }
}

/// What handlers have to answer.
fn of_tasks(order: &Order) -> impl Iterator<Item = Wait> {
    order.pending().map(|task| Wait {
        object: task.number.clone(),
        parties: vec![Party { role: Role::Handler, person: Some(task.handler.clone()) }],
        since: Some(task.opened),
        ..wait(order, What::Answer, Role::Handler, task.term.due)
    })
}

/// All who have to do with an order hear of a fact that changed, until it is closed.
fn changed(order: &Order) -> Option<Wait> {
    if order.changed.is_empty() {
        return None;
    }
    let mut parties: Vec<Party> = [Role::SupervisionBureau, Role::SupervisionOffice]
        .map(|role| Party { role, person: None })
        .into_iter()
        .collect();
    let asked = order.tasks.iter().filter(|task| task.state != TaskState::Withdrawn);
    parties.extend(asked.map(|task| Party { role: Role::Handler, person: Some(task.handler.clone()) }));
    let wait = wait(order, What::FactChanged, Role::SupervisionBureau, order.term.due);
    Some(Wait { parties, due: None, ..wait })
}

/// Whose turn a rule's newest version is.
fn of_rule(id: &str, object: &Object, version: &Version) -> Option<Wait> {
    let (what, role) = match version.state {
        State::Draft => (What::PassLegally, Role::LegalOffice),
        State::LegallyPassed => (What::Submit, Role::Submitter),
        State::Submitted => (What::PassFirst, Role::SupervisionOffice),
        State::FirstPassed => (What::PassFinal, Role::SupervisionBureau),
        State::Returned { .. } => (What::Redraft, Role::Submitter),
        State::Approved { .. } | State::Replaced | State::Withdrawn => return None,
    };
    let barred = match what {
        What::Redraft => Vec::new(),
        What::Submit => version.legally_passed_by.iter().cloned().collect(),
        _ => version.hands(),
    };
    Some(Wait {
        what,
        object: id.to_owned(),
        order: None,
        org: object.org.clone(),
        parties: vec![Party { role, person: None }],
        barred,
        since: None,
        due: None,
    })
}
