//! Whether a deed may have its effect. Changes nothing.

use super::deed::{AlarmFact, Deed, Facts, Supervise, Thing, has_twice};
use super::order::{Order, Stage, TaskState, register, serial_of};
use super::state::Supervision;
use super::{
    CLOCK, Late, MAX_DAYS, MAX_EVIDENCE, MAX_EVIDENCE_BYTES, MAX_FOLLOWS, MAX_ORDER_ALARMS, MAX_ORDERS,
    MAX_RECORDS, MAX_TASKS, MAX_TEXT_BYTES,
};
use crate::command::Command;
use crate::judge::{check, is_id};
use crate::people::Role;
use crate::reason::Reason;

/// Bytes of a number: an organisation's id, a year and a serial.
const MAX_NUMBER_BYTES: usize = 160;

/// What an accepted deed is about: the serial of the order acted on (0 where there is none), and the revision of the order
/// (1) since then (0 likewise).
pub(crate) type Effect = (u32, u64);

impl Supervision {
    /// Judges in this order: what the deed says by itself, then the object, revision, organisation, state, role and person.
    pub(crate) fn judge(&self, command: &Command, deed: &Supervise) -> Result<Effect, Reason> {
        judge_words(command, &deed.asked)?;
        match &deed.asked {
            Deed::Open { alarms, .. } => self.judge_open(command, alarms, &deed.facts),
            Deed::Follow { thing, .. } => self.judge_follow(command, thing, &deed.facts, true),
            Deed::Unfollow { thing, .. } => self.judge_follow(command, thing, &deed.facts, false),
            Deed::Notice { alarm, revision } => {
                by_clock(command)?;
                let fact = fact(&deed.facts, alarm)?;
                let known = self.alarm(alarm).ok_or(Reason::NoSuchObject)?;
                check(fact.revision == *revision && known.now.revision < *revision, || Reason::NoChange)?;
                Ok((*revision, 0))
            }
            Deed::Escalate { what, object } => self.judge_escalation(command, *what, object, &deed.facts),
            Deed::Assign { .. }
            | Deed::Answer { .. }
            | Deed::Reply { .. }
            | Deed::Revoke { .. }
            | Deed::Uphold { .. }
            | Deed::SendBack { .. }
            | Deed::Withdraw { .. } => self.judge_order(command, &deed.asked, &deed.facts),
        }
    }

    fn judge_open(&self, command: &Command, alarms: &[String], facts: &Facts) -> Result<Effect, Reason> {
        let fits = (1..=MAX_ORDER_ALARMS).contains(&alarms.len()) && !has_twice(alarms);
        check(fits, || Reason::BadAlarms { most: MAX_ORDER_ALARMS as u32 })?;
        let known: Result<Vec<&AlarmFact>, Reason> = alarms.iter().map(|id| fact(facts, id)).collect();
        let (known, term) = (known?, facts.term.ok_or(Reason::NoFacts)?);
        let org = &known.first().ok_or(Reason::NoFacts)?.org;
        check(is_id(org), || Reason::BadId { member: "org".to_owned() })?;
        check(known.iter().all(|fact| fact.org == *org), || Reason::SeveralOrgs)?;
        check(command.object == register(org, term.year), || Reason::NoFacts)?;
        in_role(command, Role::SupervisionBureau)?;
        of_org(command, org)?;
        for fact in known {
            check(!fact.is_retracted(), || Reason::NotStanding { alarm: fact.id.clone() })?;
            let (alarm, order) = (fact.id.clone(), self.order_on(&fact.id));
            match order.map(|order| (order.stage, order.number.clone())) {
                Some((Stage::Revoked, order)) => return Err(Reason::AlreadyRevoked { alarm, order }),
                Some((stage, order)) if !stage.is_closed() => {
                    return Err(Reason::UnderOrder { alarm, order });
                }
                _ => {}
            }
        }
        check(self.orders.len() < MAX_ORDERS, || Reason::TooMany)?;
        Ok((self.next_serial(&command.object), 1))
    }

    fn judge_order(&self, command: &Command, asked: &Deed, facts: &Facts) -> Result<Effect, Reason> {
        let order = self.orders.get(&command.object).ok_or(Reason::NoSuchOrder)?;
        let revision = order.revision;
        check(command.expected == revision, || Reason::Stale { revision })?;
        of_org(command, &order.org)?;
        let serial = judge_step(order, command, asked)?;
        check(order.history.len() < MAX_RECORDS, || Reason::TooMany)?;
        let needs_term = asked.days().is_some();
        check(!needs_term || facts.term.is_some(), || Reason::NoFacts)?;
        let serial = match (asked, facts.term) {
            (Deed::Assign { .. }, Some(term)) => self.next_serial(&register(&order.org, term.year)),
            _ => serial,
        };
        Ok((serial, revision + 1))
    }

    fn judge_follow(
        &self,
        command: &Command,
        thing: &Thing,
        facts: &Facts,
        begins: bool,
    ) -> Result<Effect, Reason> {
        check(is_id(thing.id()), || Reason::BadId { member: "id".to_owned() })?;
        let own = self.follows.get(&command.actor.person);
        let follows = own.is_some_and(|own| own.contains_key(thing));
        if !begins {
            return if follows { Ok((0, 0)) } else { Err(Reason::NotFollowed) };
        }
        let place = facts.place.as_ref().ok_or(Reason::NoFacts)?;
        of_org(command, &place.org)?;
        check(!follows, || Reason::FollowedAlready)?;
        check(own.is_none_or(|own| own.len() < MAX_FOLLOWS), || Reason::TooMany)?;
        Ok((0, 0))
    }

    fn judge_escalation(
        &self,
        command: &Command,
        what: Late,
        object: &str,
        facts: &Facts,
    ) -> Result<Effect, Reason> {
        by_clock(command)?;
        check(!self.is_escalated(object, what), || Reason::NoChange)?;
        if what == Late::OrderMissing {
            let fact = fact(facts, object)?;
            check(!fact.is_retracted() && self.order_on(object).is_none(), || Reason::NoChange)?;
            check(self.missed.len() < MAX_ORDERS, || Reason::TooMany)?;
        } else {
            let order = self.order(object).ok_or(Reason::NoSuchOrder)?;
            check(!order.stage.is_closed(), || Reason::NoChange)?;
        }
        Ok((0, 0))
    }
}

/// The state table of docs/orders.md: who may do what where. The serial of the order that it is done to.
fn judge_step(order: &Order, command: &Command, asked: &Deed) -> Result<u32, Reason> {
    let (stage, person) = (order.stage, command.actor.person.as_str());
    let in_stage = |may: bool| check(may, || Reason::OrderState { stage: stage.as_str().to_owned() });
    let not_own = |took_part: bool| check(!took_part, || Reason::OwnAnswer);
    let own = serial_of(&order.number).unwrap_or(0);
    match asked {
        Deed::Assign { .. } => {
            in_role(command, Role::SupervisionOffice)?;
            in_stage(stage.is_with_office())?;
            check(order.tasks.len() < MAX_TASKS, || Reason::TooMany)?;
        }
        Deed::Answer { order: number, .. } => {
            in_role(command, Role::Handler)?;
            let task = order.task(number).ok_or(Reason::NoSuchOrder)?;
            check(task.handler == person, || Reason::NotAddressed)?;
            check(task.state == TaskState::Pending && !stage.is_closed(), || Reason::OrderState {
                stage: task.state.as_str().to_owned(),
            })?;
            return Ok(serial_of(number).unwrap_or(0));
        }
        Deed::Reply { .. } => {
            in_role(command, Role::SupervisionOffice)?;
            if let Some(task) = order.pending().next() {
                return Err(Reason::Unanswered { order: task.number.clone() });
            }
            check(!matches!(stage, Stage::Open | Stage::Returned), || Reason::NotAssigned)?;
            in_stage(stage == Stage::Answered)?;
            not_own(order.answerers().any(|hand| hand == person))?;
        }
        Deed::Revoke { .. } | Deed::Uphold { .. } | Deed::SendBack { .. } => {
            in_role(command, Role::SupervisionBureau)?;
            in_stage(stage == Stage::Replied)?;
            not_own(order.repliers().any(|hand| hand == person))?;
        }
        Deed::Withdraw { order: number, .. } if *number == order.number => {
            in_role(command, Role::SupervisionBureau)?;
            in_stage(!stage.is_closed())?;
        }
        Deed::Withdraw { order: number, .. } => {
            let task = order.task(number).ok_or(Reason::NoSuchOrder)?;
            in_role(command, Role::SupervisionOffice)?;
            check(task.state == TaskState::Pending && !stage.is_closed(), || Reason::OrderState {
                stage: task.state.as_str().to_owned(),
            })?;
            return Ok(serial_of(number).unwrap_or(0));
        }
        Deed::Open { .. }
        | Deed::Follow { .. }
        | Deed::Unfollow { .. }
        | Deed::Notice { .. }
        | Deed::Escalate { .. } => return Err(Reason::NoSuchOrder),
    }
    Ok(own)
}

/// What needs no state: ids, texts, references, days.
fn judge_words(command: &Command, asked: &Deed) -> Result<(), Reason> {
    for (member, id) in [("key", &command.key), ("person", &command.actor.person)] {
        check(is_id(id), || Reason::BadId { member: member.to_owned() })?;
    }
    check(command.object.len() <= MAX_NUMBER_BYTES, || Reason::BadId { member: "object".to_owned() })?;
    if let Deed::Assign { handler, .. } = asked {
        check(is_id(handler), || Reason::BadId { member: "handler".to_owned() })?;
    }
    if let Some((member, text)) = asked.texts() {
        let says = !text.trim().is_empty() && text.len() <= MAX_TEXT_BYTES;
        check(says, || Reason::BadText { member: member.to_owned() })?;
    }
    let fits = |one: &String| !one.trim().is_empty() && one.len() <= MAX_EVIDENCE_BYTES;
    let evidence = asked.evidence();
    check(evidence.len() <= MAX_EVIDENCE && evidence.iter().all(fits), || Reason::BadEvidence {
        most: MAX_EVIDENCE as u32,
    })?;
    check(asked.days().is_none_or(|days| (1..=MAX_DAYS).contains(&days)), || Reason::BadDays {
        most: MAX_DAYS,
    })
}

fn fact<'a>(facts: &'a Facts, alarm: &str) -> Result<&'a AlarmFact, Reason> {
    facts.alarms.iter().find(|fact| fact.id == alarm).ok_or(Reason::NoFacts)
}

fn in_role(command: &Command, needed: Role) -> Result<(), Reason> {
    check(command.actor.role == needed, || Reason::WrongRole { needed })
}

fn of_org(command: &Command, org: &str) -> Result<(), Reason> {
    check(command.actor.orgs.contains(org), || Reason::WrongOrg { org: org.to_owned() })
}

/// What nobody asks for.
fn by_clock(command: &Command) -> Result<(), Reason> {
    check(command.actor.person == CLOCK, || Reason::WrongRole { needed: Role::Administrator })
}
