//! Every state that two alarms, two rounds and three orders (2) can reach, and every deed in each of them.

use std::collections::{BTreeSet, VecDeque};

use super::*;

const PEOPLE: [&str; 3] = ["a", "b", "c"];
const ROLES: [Role; 3] = [Role::Handler, Role::SupervisionOffice, Role::SupervisionBureau];
const MAX_NUMBERS: usize = 4;

fn deeds(house: &House) -> Vec<(String, Deed)> {
    let supervision = house.machine.supervision();
    let taken: usize = supervision.orders().map(|order| 1 + order.tasks.len()).sum();
    let mut all = Vec::new();
    if taken < MAX_NUMBERS {
        all.push((String::new(), open(&["m1"])));
        all.push((String::new(), open(&["m1", "m2"])));
    }
    for order in supervision.orders() {
        let mut own = vec![reply(), revoke(), uphold(), withdraw(&order.number)];
        if order.round == 0 {
            own.push(send_back());
        }
        if taken < MAX_NUMBERS {
            own.extend(["a", "b"].map(assign));
        }
        let tasks = order.tasks.iter();
        own.extend(tasks.flat_map(|task| [answer(&task.number), withdraw(&task.number)]));
        all.extend(own.into_iter().map(|deed| (order.number.clone(), deed)));
    }
    all
}

/// What must hold in every state that can be reached.
fn check(house: &House) {
    let supervision = house.machine.supervision();
    let (mut numbers, mut under): (BTreeSet<&str>, Vec<&str>) = (BTreeSet::new(), Vec::new());
    for order in supervision.orders() {
        for number in order.tasks.iter().map(|task| &task.number).chain([&order.number]) {
            assert!(numbers.insert(number), "a number twice");
            assert_eq!(supervision.order(number).map(|found| &found.number), Some(&order.number));
        }
        let pending = order.pending().count();
        assert!(
            pending == 0 || order.stage == Stage::Assigned,
            "{order:?}: an open question below a closed one"
        );
        assert_eq!(
            order.stage.is_closed(),
            !supervision.open_orders().any(|open| open.number == order.number)
        );
        if matches!(order.stage, Stage::Replied | Stage::Revoked | Stage::Upheld) {
            let answered =
                order.tasks.iter().any(|task| task.round == order.round && task.state == TaskState::Answered);
            assert!(answered, "replied without a handler's answer: {order:?}");
        }
        for (at, record) in order.history.iter().enumerate() {
            let earlier = order.history[..at].iter().filter(|r| r.person == record.person);
            let did: Vec<&str> = earlier.map(|r| r.deed.name()).collect();
            let own = match record.deed {
                Deed::Reply { .. } => did.contains(&"answer"),
                Deed::Revoke { .. } | Deed::Uphold { .. } | Deed::SendBack { .. } => {
                    did.contains(&"answer") || did.contains(&"reply")
                }
                _ => false,
            };
            assert!(!own, "somebody decided on his own answer: {order:?}");
        }
        if !order.stage.is_closed() {
            under.extend(order.alarms.iter().map(String::as_str));
            let waits =
                house.machine.waits(NOW).into_iter().filter(|w| w.order.as_deref() == Some(&order.number));
            assert!(waits.count() >= 1, "{order:?} waits for nobody");
        }
    }
    let count = under.len();
    under.sort_unstable();
    under.dedup();
    assert_eq!(under.len(), count, "an alarm under two open orders");
    let gapless: Vec<String> = (1..=numbers.len()).map(|n| format!("markets-2026-{n:04}")).collect();
    assert_eq!(numbers.into_iter().collect::<Vec<_>>(), gapless);
}

/// The same state by another way, or by another hand where no hand counts, is the same state.
fn essence(house: &House) -> String {
    let one = |order: &Order| {
        let hands: BTreeSet<(&str, &str)> = order
            .history
            .iter()
            .filter(|r| {
                matches!(
                    r.deed,
                    Deed::Answer { .. } | Deed::Reply { .. } | Deed::Revoke { .. } | Deed::Uphold { .. }
                )
            })
            .map(|r| (r.person.as_str(), r.deed.name()))
            .collect();
        let tasks: Vec<_> = order.tasks.iter().map(|t| (&t.number, &t.handler, t.round, t.state)).collect();
        format!("{} {:?} {:?} {} {tasks:?} {hands:?}", order.number, order.alarms, order.stage, order.round)
    };
    house.machine.supervision().orders().map(one).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_state_of_a_small_scope_of_orders_keeps_the_rules() {
    let mut seen = BTreeSet::new();
    let mut open: VecDeque<House> = VecDeque::from([House::default()]);
    let (mut given, mut accepted, mut revoked) = (0_u64, 0_u64, 0_u64);
    while let Some(house) = open.pop_front() {
        for (object, asked) in deeds(&house) {
            for (person, role) in PEOPLE.iter().flat_map(|p| ROLES.map(|role| (*p, role))) {
                given += 1;
                let revision = house.machine.supervision().order(&object).map_or(0, |o| o.revision);
                let actor = who(person, role, MARKETS);
                let command =
                    deed(&format!("k{}", house.given), &object, revision, actor, asked.clone(), NOW);
                if let Outcome::Refused(_) = house.machine.judge(&command, NOW) {
                    continue;
                }
                accepted += 1;
                let mut next = house.clone();
                next.given += 1;
                assert!(matches!(next.machine.step(&command, NOW), Outcome::Accepted { .. }));
                revoked += u64::from(matches!(asked, Deed::Revoke { .. }));
                if seen.insert(essence(&next)) {
                    check(&next);
                    open.push_back(next);
                }
            }
        }
    }
    assert!(accepted > 0 && revoked > 0, "the scope is too small to say anything");
    println!("{} states, {given} deeds, {accepted} accepted, {revoked} revocations", seen.len());
}
