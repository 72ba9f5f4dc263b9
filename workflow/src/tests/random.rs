//! Ten thousand random sequences of commands: the machine answers as the naive model does, and a log of the same
//! commands folds to the same state.

use super::naive::Naive;
use super::*;

const SEQUENCES: u64 = 10_000;
const COMMANDS: u64 = 24;

/// Numbers from a seed (splitmix64).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    pub(super) fn one<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize].clone()
    }
}

/// What would come next on the way to approval; now and then anything at all.
fn next_command(random: &mut Random, machine: &Machine, step: u64) -> Command {
    let object = random.one(&["A", "A", "A", "B#p1"]);
    let known = machine.object(object);
    let revision = known.map_or(0, |o| o.revision);
    let last = known.and_then(|o| o.versions.last());
    let version = match last {
        Some(v) if random.below(12) > 0 => v.number,
        _ => random.below(4) as u32,
    };
    let likely = random.below(5) > 0;
    let (role, action) = match last.map(|v| &v.state) {
        Some(State::Draft) if likely => (Role::LegalOffice, Action::PassLegally { version }),
        Some(State::LegallyPassed) if likely => (Role::Submitter, submit(random, version)),
        Some(State::Submitted) if likely && random.below(2) > 0 => (Role::Submitter, attach(random, version)),
        Some(State::Submitted) if likely => (Role::SupervisionOffice, Action::PassFirst { version }),
        Some(State::FirstPassed) if likely => (Role::SupervisionBureau, approve(random, version, step)),
        None if likely => (Role::Submitter, draft(random.below(3) as u32)),
        _ => (random.one(&ALL_ROLES), anything(random, version, step)),
    };
    let orgs = if random.below(20) == 0 { BTreeSet::new() } else { BTreeSet::from([ORG.to_owned()]) };
    let role = if random.below(10) == 0 { random.one(&ALL_ROLES) } else { role };
    Command {
        key: format!("k{}", if random.below(12) == 0 { random.below(step + 1) } else { step }),
        object: object.to_owned(),
        expected: if random.below(12) == 0 { random.below(6) } else { revision },
        actor: Actor { person: random.one(&["a", "b", "c", "d", "e"]).to_owned(), role, orgs },
        action,
    }
}

const ALL_ROLES: [Role; 5] =
    [Role::Submitter, Role::LegalOffice, Role::SupervisionOffice, Role::SupervisionBureau, Role::Handler];

fn submit(random: &mut Random, version: u32) -> Action {
    Action::Submit { version, lint: Lint { errors: u32::from(random.below(6) == 0), warnings: 1 } }
}

fn attach(random: &mut Random, version: u32) -> Action {
    Action::AttachDryRun { version, report: dry_run(random.below(3) as u32) }
}

fn approve(random: &mut Random, version: u32, step: u64) -> Action {
    let from = step as i64 + random.below(8) as i64 - 2;
    let shadow_days = random.one(&[0, 0, 0, 30, 367]);
    Action::PassFinal { version, from: Instant(from), shadow_days }
}

fn anything(random: &mut Random, version: u32, step: u64) -> Action {
    match random.below(8) {
        0 | 1 => draft(random.below(3) as u32),
        2 => Action::PassLegally { version },
        3 => attach(random, version),
        4 => submit(random, version),
        5 => Action::Return { version, reason: random.one(&["", "why"]).to_owned() },
        6 => Action::Withdraw { version },
        _ => approve(random, version, step),
    }
}

#[test]
fn ten_thousand_sequences_agree_with_the_naive_model() {
    let mut answers = std::collections::BTreeMap::<&str, u64>::new();
    for seed in 0..SEQUENCES {
        let mut random = Random(seed);
        let (mut machine, mut naive, mut chain) = (Machine::default(), Naive::default(), Chain::default());
        let mut log = Vec::new();
        for step in 0..COMMANDS {
            let (now, command) = (Instant(step as i64), next_command(&mut random, &machine, step));
            let before = machine.objects().map(|(_, o)| o.clone()).collect::<Vec<_>>();
            let known = machine.answered(&command).is_some();
            let proposed = chain.propose(command.clone(), now).encode();
            let outcome = machine.step(&command, now);
            let answer = refused(&outcome);
            assert_eq!(answer, naive.give(&command, now), "seed {seed}, step {step}: {command:?}");
            if answer != "accepted" || known {
                let after = machine.objects().map(|(_, o)| o.clone()).collect::<Vec<_>>();
                assert_eq!(before, after, "seed {seed}, step {step}: a refusal changed something");
            }
            assert_eq!(chain.accept(&proposed).is_ok(), !known, "seed {seed}, step {step}");
            log.push(proposed);
            *answers.entry(answer).or_default() += 1;
        }
        let mut reader = Chain::default();
        log.iter().for_each(|bytes| drop(reader.accept(bytes)));
        assert_eq!(reader.head(), chain.head(), "seed {seed}");
        assert!(
            reader.machine().objects().eq(machine.objects()),
            "seed {seed}: the log folds to the same state"
        );
    }
    println!("{answers:?}");
    let silent: Vec<&str> = CODES.into_iter().filter(|code| !answers.contains_key(code)).collect();
    assert!(silent.is_empty(), "never seen: {silent:?}");
}

/// What random commands must have met, or they prove little.
const CODES: [&str; 17] = [
    "accepted",
    "bad_shadow",
    "key_reused",
    "lint_errors",
    "no_dry_run",
    "no_such_object",
    "no_such_version",
    "other_content",
    "own_work",
    "return_reason",
    "stale",
    "too_early",
    "unchanged",
    "under_review",
    "wrong_org",
    "wrong_role",
    "wrong_state",
];
