//! All orders, alarms under them and follows, and how an accepted deed changes them.

use std::collections::{BTreeMap, BTreeSet};

use model::Instant;

use super::deed::{AlarmFact, Deed, Facts, Place, Supervise, Term, Thing};
use super::order::{Order, Record, Stage, Task, TaskState, number, register};
use super::waiting::Late;
use crate::command::Command;
use crate::people::Role;

/// What is known of an alarm that an order was opened on, or that waits for one too long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// As it stood when it came in here.
    pub first: AlarmFact,
    /// Its newest revision that was told.
    pub now: AlarmFact,
    /// The last order on it.
    pub order: Option<String>,
    /// Since when it waits for an order too long, and who sees that.
    pub missed: Option<(Instant, Option<String>)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follow {
    pub since: Instant,
    pub reason: String,
    pub place: Place,
}

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Supervision {
    pub(super) orders: BTreeMap<String, Order>,
    /// Orders that are not closed.
    pub(super) open: BTreeSet<String>,
    /// The order (1) of every order (2).
    pub(super) above: BTreeMap<String, String>,
    pub(super) alarms: BTreeMap<String, Alarm>,
    /// Alarms whose order is missing.
    pub(super) missed: BTreeSet<String>,
    /// The last serial of each register.
    pub(super) last: BTreeMap<String, u32>,
    pub(super) follows: BTreeMap<String, BTreeMap<Thing, Follow>>,
    pub(super) escalated: BTreeSet<(String, Late)>,
}

impl Supervision {
    /// An order (1), by its own number or that of an order (2) under it.
    pub fn order(&self, number: &str) -> Option<&Order> {
        self.orders.get(self.above.get(number).map_or(number, String::as_str))
    }

    /// All orders (1), by number.
    pub fn orders(&self) -> impl DoubleEndedIterator<Item = &Order> {
        self.orders.values()
    }

    /// Those that are not closed.
    pub fn open_orders(&self) -> impl Iterator<Item = &Order> {
        self.open.iter().filter_map(|number| self.orders.get(number))
    }

    pub fn alarm(&self, id: &str) -> Option<&Alarm> {
        self.alarms.get(id)
    }

    /// What somebody follows.
    pub fn follows(&self, person: &str) -> impl Iterator<Item = (&Thing, &Follow)> {
        self.follows.get(person).into_iter().flatten()
    }

    /// Alarms whose later revisions matter to somebody: under an open order, or waiting for one too long.
    pub fn watched(&self) -> impl Iterator<Item = &Alarm> {
        let under = self.open_orders().flat_map(|order| &order.alarms);
        under.chain(&self.missed).filter_map(|id| self.alarms.get(id))
    }

    /// Alarms that are told to have no order in time.
    pub fn missing(&self) -> usize {
        self.missed.len()
    }

    /// Whether the next level was told.
    pub fn is_escalated(&self, object: &str, what: Late) -> bool {
        self.escalated.contains(&(object.to_owned(), what))
    }

    /// The next number of a register.
    pub(super) fn next_serial(&self, register: &str) -> u32 {
        self.last.get(register).copied().unwrap_or(0) + 1
    }

    /// The order that stands in the way of another one on the alarm.
    pub(super) fn order_on(&self, alarm: &str) -> Option<&Order> {
        self.orders.get(self.alarms.get(alarm)?.order.as_ref()?)
    }

    pub(crate) fn apply(&mut self, command: &Command, deed: &Supervise, now: Instant) {
        let Supervise { asked, facts } = deed;
        match asked {
            Deed::Open { .. } => self.open_order(command, deed, now),
            Deed::Follow { thing, reason } => {
                let Some(place) = facts.place.clone() else { return };
                let follow = Follow { since: now, reason: reason.clone(), place };
                self.follows.entry(command.actor.person.clone()).or_default().insert(thing.clone(), follow);
            }
            Deed::Unfollow { thing, .. } => {
                if let Some(own) = self.follows.get_mut(&command.actor.person) {
                    own.remove(thing);
                }
            }
            Deed::Notice { alarm, .. } => self.notice(command, alarm, deed, now),
            Deed::Escalate { what, object } => {
                self.escalated.insert((object.clone(), *what));
                if let (Late::OrderMissing, Some(fact)) = (what, facts.alarms.first()) {
                    let alarm = self.alarms.entry(object.clone()).or_insert_with(|| Alarm::new(fact));
                    alarm.missed = Some((now, facts.above.clone()));
                    self.missed.insert(object.clone());
                }
                self.record(object, command, asked, now);
            }
            Deed::Assign { .. }
            | Deed::Answer { .. }
            | Deed::Reply { .. }
            | Deed::Revoke { .. }
            | Deed::Uphold { .. }
            | Deed::SendBack { .. }
            | Deed::Withdraw { .. } => self.change(command, asked, facts, now),
        }
    }

    fn take_number(&mut self, org: &str, term: &Term) -> String {
        let register = register(org, term.year);
        let serial = self.next_serial(&register);
        self.last.insert(register.clone(), serial);
        number(&register, serial)
    }

    fn open_order(&mut self, command: &Command, Supervise { asked, facts }: &Supervise, now: Instant) {
        let (Some(first), Some(term)) = (facts.alarms.first(), facts.term) else { return };
        let org = first.org.clone();
        let number = self.take_number(&org, &term);
        for fact in &facts.alarms {
            let alarm = self.alarms.entry(fact.id.clone()).or_insert_with(|| Alarm::new(fact));
            alarm.now = fact.clone();
            alarm.order = Some(number.clone());
            alarm.missed = None;
            self.missed.remove(&fact.id);
        }
        let alarms = facts.alarms.iter().map(|fact| fact.id.clone()).collect();
        self.open.insert(number.clone());
        self.orders.insert(
            number.clone(),
            Order {
                number: number.clone(),
                org,
                above: facts.above.clone(),
                alarms,
                opened: now,
                since: now,
                term,
                close_by: term.close_by,
                stage: Stage::Open,
                round: 0,
                tasks: Vec::new(),
                revision: 1,
                history: vec![record(&number, command, asked, now)],
                changed: Vec::new(),
            },
        );
    }

    fn change(&mut self, command: &Command, asked: &Deed, facts: &Facts, now: Instant) {
        let assigned = match (asked, facts.term, self.orders.get(&command.object)) {
            (Deed::Assign { .. }, Some(term), Some(order)) => {
                let org = order.org.clone();
                Some(self.take_number(&org, &term))
            }
            _ => None,
        };
        let Some(order) = self.orders.get_mut(&command.object) else { return };
        let about = match asked {
            Deed::Answer { order, .. } | Deed::Withdraw { order, .. } => order.clone(),
            _ => assigned.clone().unwrap_or_else(|| order.number.clone()),
        };
        if let Some(number) = &assigned {
            self.above.insert(number.clone(), order.number.clone());
        }
        order.revision += 1;
        order.history.push(record(&about, command, asked, now));
        let before = order.stage;
        order.stage = next(order, asked, facts, &about, now);
        if order.stage != before {
            order.since = now;
        }
        if order.stage.is_closed() {
            self.open.remove(&order.number);
        }
    }

    fn notice(&mut self, command: &Command, id: &str, Supervise { asked, facts }: &Supervise, now: Instant) {
        let (Some(alarm), Some(fact)) = (self.alarms.get_mut(id), facts.alarms.first()) else { return };
        alarm.now = fact.clone();
        if fact.state != "raised" {
            alarm.missed = None;
            self.missed.remove(id);
        }
        let Some(number) = alarm.order.clone() else { return };
        self.record(&number, command, asked, now);
        if let Some(order) = self.orders.get_mut(&number).filter(|order| !order.stage.is_closed())
            && !order.changed.iter().any(|known| known == id)
        {
            order.changed.push(id.to_owned());
        }
    }

    /// Writes into an order's history what changes nothing of it.
    fn record(&mut self, about: &str, command: &Command, asked: &Deed, now: Instant) {
        let number = self.above.get(about).map_or(about, String::as_str).to_owned();
        if let Some(order) = self.orders.get_mut(&number)
            && order.history.len() < super::MAX_RECORDS
        {
            order.history.push(record(about, command, asked, now));
        }
    }
}

impl Alarm {
    fn new(fact: &AlarmFact) -> Self {
        Self { first: fact.clone(), now: fact.clone(), order: None, missed: None }
    }
}

fn record(about: &str, command: &Command, asked: &Deed, at: Instant) -> Record {
    let (person, role): (String, Role) = (command.actor.person.clone(), command.actor.role);
    Record { at, person, role, order: about.to_owned(), deed: asked.clone() }
}

/// Where the order is after an accepted deed; orders (2) change as it says.
fn next(order: &mut Order, asked: &Deed, facts: &Facts, about: &str, now: Instant) -> Stage {
    let set = |tasks: &mut Vec<Task>, state| {
        tasks.iter_mut().filter(|task| task.number == about).for_each(|task| task.state = state);
    };
    match asked {
        Deed::Assign { handler, .. } => {
            let (number, handler, round) = (about.to_owned(), handler.clone(), order.round);
            let term = facts.term.unwrap_or(order.term);
            let state = TaskState::Pending;
            order.tasks.push(Task { number, handler, opened: now, term, round, state });
            order.stage_of_round()
        }
        Deed::Answer { .. } => {
            set(&mut order.tasks, TaskState::Answered);
            order.stage_of_round()
        }
        Deed::Withdraw { .. } if about == order.number => {
            for task in order.tasks.iter_mut().filter(|task| task.state == TaskState::Pending) {
                task.state = TaskState::Withdrawn;
            }
            Stage::Withdrawn
        }
        Deed::Withdraw { .. } => {
            set(&mut order.tasks, TaskState::Withdrawn);
            order.stage_of_round()
        }
        Deed::Reply { .. } => Stage::Replied,
        Deed::Revoke { .. } => Stage::Revoked,
        Deed::Uphold { .. } => Stage::Upheld,
        Deed::SendBack { .. } => {
            order.round += 1;
            order.term = facts.term.unwrap_or(order.term);
            Stage::Returned
        }
        Deed::Open { .. }
        | Deed::Follow { .. }
        | Deed::Unfollow { .. }
        | Deed::Notice { .. }
        | Deed::Escalate { .. } => order.stage,
    }
}
