//! Tests of orders: the deck's five steps and what may go otherwise, the rights matrix, every state of a small scope, and
//! random deeds against a model that is written apart.

mod matrix;
mod naive;
mod random;
mod scope;
mod story;

use model::Instant;
use model::finding::Light;

use super::*;
use crate::supervision::*;

pub(super) const MARKETS: &str = "markets";
pub(super) const HOUSING: &str = "housing";
const NOW: Instant = Instant(1_000);

/// Alarms of both organisations by their first letter.
fn fact(id: &str) -> AlarmFact {
    AlarmFact {
        id: id.to_owned(),
        revision: 1,
        state: if id.contains("never") { "retracted" } else { "raised" }.to_owned(),
        light: Light::Red,
        org: if id.starts_with('h') { HOUSING } else { MARKETS }.to_owned(),
        region: "990100".to_owned(),
        item: "item".to_owned(),
        case: format!("case-of-{id}"),
        point: "p1".to_owned(),
        code: "overdue".to_owned(),
        raised: Instant(0),
    }
}

/// Ten milliseconds stand for a working day.
fn term(now: Instant, days: u32) -> Term {
    let after = |days: u32| now.plus_ms(i64::from(days) * 10);
    Term { year: 2026, days, due: after(days), close_by: after(20), provisional: false }
}

fn open(alarms: &[&str]) -> Deed {
    let alarms = alarms.iter().map(|id| (*id).to_owned()).collect();
    Deed::Open { alarms, opinion: "查明原因".to_owned(), days: 10 }
}

fn assign(handler: &str) -> Deed {
    Deed::Assign { handler: handler.to_owned(), opinion: "请说明".to_owned(), days: 5 }
}

fn answer(order: &str) -> Deed {
    Deed::Answer {
        order: order.to_owned(), reason: "系统故障".to_owned(), evidence: vec!["ev-1".to_owned()]
    }
}

fn reply() -> Deed {
    Deed::Reply { reason: "属实".to_owned(), evidence: Vec::new() }
}

fn revoke() -> Deed {
    let (category, reason) = (Category::DataFault, "数据错误".to_owned());
    Deed::Revoke { category, reason, evidence: Vec::new() }
}

fn uphold() -> Deed {
    Deed::Uphold { reason: "报警成立".to_owned() }
}

fn send_back() -> Deed {
    Deed::SendBack { reason: "说明不足".to_owned(), days: 5 }
}

fn withdraw(order: &str) -> Deed {
    Deed::Withdraw { order: order.to_owned(), reason: "误开".to_owned() }
}

fn who(person: &str, role: Role, org: &str) -> Actor {
    Actor { person: person.to_owned(), role, orgs: BTreeSet::from([org.to_owned()]) }
}

/// A command as the API writes it: what it rests on beside what is asked.
fn deed(key: &str, object: &str, expected: u64, actor: Actor, asked: Deed, now: Instant) -> Command {
    let mut facts = Facts { above: Some("city".to_owned()), ..Facts::default() };
    let mut object = object.to_owned();
    match &asked {
        Deed::Open { alarms, days, .. } => {
            facts.alarms = alarms.iter().map(|id| fact(id)).collect();
            facts.term = Some(term(now, *days));
            let org = facts.alarms.first().map_or("none", |fact| fact.org.as_str());
            object = register(org, 2026);
        }
        Deed::Assign { days, .. } | Deed::SendBack { days, .. } => facts.term = Some(term(now, *days)),
        Deed::Follow { .. } => {
            facts.place = Some(Place { org: MARKETS.to_owned(), region: String::new() });
        }
        _ => {}
    }
    let action = Action::Supervise(Box::new(Supervise { asked, facts }));
    Command { key: key.to_owned(), object, expected, actor, action }
}

/// A machine with somebody of every kind.
#[derive(Default, Clone)]
struct House {
    machine: Machine,
    given: u32,
}

impl House {
    fn give(&mut self, object: &str, (person, role, org): (&str, Role, &str), asked: Deed) -> Outcome {
        self.give_at(NOW, object, (person, role, org), asked)
    }

    fn give_at(
        &mut self,
        now: Instant,
        object: &str,
        (person, role, org): (&str, Role, &str),
        asked: Deed,
    ) -> Outcome {
        self.given += 1;
        let expected = self.machine.supervision().order(object).map_or(0, |order| order.revision);
        let command = deed(&format!("k{}", self.given), object, expected, who(person, role, org), asked, now);
        self.machine.step(&command, now)
    }

    /// Accepted; the serial that it was done to.
    fn does(&mut self, object: &str, actor: (&str, Role, &str), asked: Deed) -> u32 {
        match self.give(object, actor, asked.clone()) {
            Outcome::Accepted { version, .. } => version,
            Outcome::Refused(reason) => panic!("{asked:?}: {reason:?}"),
        }
    }

    fn order(&self, number: &str) -> &Order {
        self.machine.supervision().order(number).expect("order")
    }

    fn waits(&self, role: Role, person: &str) -> Vec<(&'static str, String)> {
        let waits = self.machine.waits(NOW).into_iter().filter(|wait| wait.is_for(role, person));
        waits.map(|wait| (wait.what.as_str(), wait.object)).collect()
    }
}

const BUREAU: (&str, Role, &str) = ("zhou", Role::SupervisionBureau, MARKETS);
const OFFICE: (&str, Role, &str) = ("chen", Role::SupervisionOffice, MARKETS);
const HANDLER: (&str, Role, &str) = ("wang", Role::Handler, MARKETS);
const FIRST: &str = "markets-2026-0001";
const SECOND: &str = "markets-2026-0002";
