//! Ten thousand random sequences of deeds: the machine answers as the naive model does, numbers have no gap, and a log of
//! the same commands folds to the same state.

use super::naive::Naive;
use super::*;
use crate::tests::random::Random;

const SEQUENCES: u64 = 10_000;
const DEEDS: u64 = 24;
const PEOPLE: [&str; 5] = ["a", "b", "c", "d", "e"];
const ROLES: [Role; 4] = [Role::Handler, Role::SupervisionOffice, Role::SupervisionBureau, Role::LegalOffice];

/// What would come next on the way to a decision; now and then anything at all.
fn next_deed(random: &mut Random, machine: &Machine, step: u64, now: Instant) -> Command {
    let orders: Vec<&Order> = machine.supervision().orders().collect();
    let begins = orders.is_empty() || random.below(8) == 0;
    let order = if begins { None } else { Some(random.one(&orders)) };
    let (role, person, asked) = match order {
        None => (Role::SupervisionBureau, random.one(&PEOPLE), begin(random)),
        Some(order) if random.below(5) > 0 => likely(random, order),
        Some(order) => (random.one(&ROLES), random.one(&PEOPLE), anything(random, order)),
    };
    let asked = if random.below(30) == 0 { Deed::Uphold { reason: " ".to_owned() } } else { asked };
    let role = if random.below(12) == 0 { random.one(&ROLES) } else { role };
    let org = match order {
        Some(order) => order.org.clone(),
        None => match &asked {
            Deed::Open { alarms, .. } => alarms.first().map_or("none".to_owned(), |id| fact(id).org),
            _ => MARKETS.to_owned(),
        },
    };
    let org = if random.below(15) == 0 { random.one(&["", MARKETS, HOUSING]).to_owned() } else { org };
    let number = order.map_or("markets-2026-0099", |order| order.number.as_str());
    let revision = order.map_or(0, |order| order.revision);
    let expected = if random.below(15) == 0 { random.below(9) } else { revision };
    let key = format!("k{}", if random.below(12) == 0 { random.below(step + 1) } else { step });
    deed(&key, number, expected, who(person, role, &org), asked, now)
}

fn begin(random: &mut Random) -> Deed {
    let all: [&[&str]; 9] = [
        &["m1"],
        &["m1", "m2"],
        &["m3"],
        &["h1"],
        &["h1", "h2"],
        &["m1", "h1"],
        &[],
        &["m2", "m2"],
        &["m-never"],
    ];
    let likely = random.below(4) > 0;
    let alarms = if likely { all[random.below(5) as usize] } else { random.one(&all) };
    open(alarms)
}

fn likely(random: &mut Random, order: &Order) -> (Role, &'static str, Deed) {
    let person = random.one(&PEOPLE);
    match order.stage {
        Stage::Open | Stage::Returned => (Role::SupervisionOffice, person, assign(random.one(&PEOPLE))),
        Stage::Assigned => match order.pending().next() {
            Some(task) => {
                let meant = PEOPLE.into_iter().find(|one| *one == task.handler).unwrap_or("a");
                (Role::Handler, meant, answer(&task.number))
            }
            None => (Role::SupervisionOffice, person, reply()),
        },
        Stage::Answered => (Role::SupervisionOffice, person, reply()),
        _ => (Role::SupervisionBureau, person, random.one(&[revoke(), uphold(), send_back(), send_back()])),
    }
}

fn anything(random: &mut Random, order: &Order) -> Deed {
    let mut numbers = vec![order.number.clone(), "markets-2026-0077".to_owned()];
    numbers.extend(order.tasks.iter().map(|task| task.number.clone()));
    let number = random.one(&numbers);
    match random.below(8) {
        0 => assign(random.one(&PEOPLE)),
        1 => answer(&number),
        2 => reply(),
        3 => revoke(),
        4 => uphold(),
        5 => send_back(),
        _ => withdraw(&number),
    }
}

#[test]
fn ten_thousand_sequences_of_deeds_agree_with_the_naive_model() {
    let mut answers = std::collections::BTreeMap::<&str, u64>::new();
    for seed in 0..SEQUENCES {
        let mut random = Random(seed);
        let (mut machine, mut naive, mut chain) = (Machine::default(), Naive::default(), Chain::default());
        let mut log = Vec::new();
        for step in 0..DEEDS {
            let now = Instant(step as i64);
            let command = next_deed(&mut random, &machine, step, now);
            let before = machine.supervision().clone();
            let known = machine.answered(&command).is_some();
            let proposed = chain.propose(command.clone(), now).encode();
            let answer = refused(&machine.step(&command, now));
            assert_eq!(answer, naive.give(&command), "seed {seed}, step {step}: {command:?}");
            if answer != "accepted" || known {
                assert_eq!(
                    before,
                    *machine.supervision(),
                    "seed {seed}, step {step}: a refusal changed something"
                );
            }
            assert_eq!(chain.accept(&proposed).is_ok(), !known, "seed {seed}, step {step}");
            log.push(proposed);
            *answers.entry(answer).or_default() += 1;
        }
        for order in machine.supervision().orders() {
            assert_eq!(order.stage.as_str(), naive.stage(&order.number), "seed {seed}: {order:?}");
        }
        for org in [MARKETS, HOUSING] {
            let numbers = naive.numbers(org);
            let gapless: Vec<String> = (1..=numbers.len()).map(|n| format!("{org}-2026-{n:04}")).collect();
            assert_eq!(numbers, gapless, "seed {seed}");
            let known = numbers.iter().all(|number| machine.supervision().order(number).is_some());
            assert!(known, "seed {seed}: {numbers:?}");
        }
        let mut reader = Chain::default();
        log.iter().for_each(|bytes| drop(reader.accept(bytes)));
        assert_eq!(reader.head(), chain.head(), "seed {seed}");
        assert_eq!(reader.machine().supervision(), machine.supervision(), "seed {seed}");
    }
    println!("{answers:?}");
    let silent: Vec<&str> = CODES.into_iter().filter(|code| !answers.contains_key(code)).collect();
    assert!(silent.is_empty(), "never seen: {silent:?}");
}

/// What random deeds must have met, or they prove little.
const CODES: [&str; 17] = [
    "accepted",
    "already_revoked",
    "bad_alarms",
    "bad_text",
    "key_reused",
    "no_such_order",
    "not_addressed",
    "not_assigned",
    "not_standing",
    "order_state",
    "own_answer",
    "several_orgs",
    "stale",
    "unanswered",
    "under_order",
    "wrong_org",
    "wrong_role",
];
