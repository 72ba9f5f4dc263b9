//! Every state that four people in any role can reach with two versions, and every command in each of them.

use std::collections::{HashSet, VecDeque};

use super::*;

/// As many as it takes to bring a version in force.
const PEOPLE: [&str; 4] = ["a", "b", "c", "d"];
const ROLES: [Role; 4] =
    [Role::Submitter, Role::LegalOffice, Role::SupervisionOffice, Role::SupervisionBureau];
/// All commands are given at this instant; versions begin at one of these.
const NOW: Instant = Instant(10);
const BEGINNINGS: [i64; 3] = [9, 10, 11];
const VERSIONS: u32 = 2;

fn actions(object: Option<&Object>) -> Vec<Action> {
    let drafted = object.map_or(0, |o| o.versions.len() as u32);
    let mut actions = Vec::new();
    match drafted {
        0 => actions.push(draft(1)),
        VERSIONS => {}
        _ => actions.extend([draft(1), draft(2)]),
    }
    for version in 1..=drafted {
        actions.extend([
            Action::PassLegally { version },
            Action::AttachDryRun { version, report: dry_run(1) },
            Action::AttachDryRun { version, report: dry_run(2) },
            Action::Submit { version, lint: CLEAN },
            Action::PassFirst { version },
            Action::Return { version, reason: "why".to_owned() },
            Action::Return { version, reason: String::new() },
            Action::Withdraw { version },
        ]);
        actions.extend(BEGINNINGS.map(|from| Action::PassFinal {
            version,
            from: Instant(from),
            shadow_days: 0,
        }));
    }
    actions
}

/// What must hold in every state that can be reached.
fn check(object: &Object) {
    for at in 8..13 {
        let current = |v: &&Version| object.phase(v.number, Instant(at)) == Some(Phase::InForce);
        assert!(object.versions.iter().filter(current).count() <= 1, "one version in force at most");
    }
    for version in &object.versions {
        let State::Approved { from } = version.state else {
            assert_eq!(
                object.phase(version.number, Instant(99)),
                Some(Phase::Open),
                "in force without final review"
            );
            continue;
        };
        assert!(from >= NOW, "in force before it was decided");
        assert!(
            version.dry_run.as_ref().is_some_and(|run| run.content == version.hash),
            "without its dry run"
        );
        let hands = [
            version.legally_passed_by.clone().expect("legal office"),
            version.first_passed_by.clone().expect("first review"),
            version.approved_by.clone().expect("final review"),
        ];
        let mut all: BTreeSet<String> = hands.iter().cloned().collect();
        assert_eq!(all.len(), hands.len(), "one person in two reviews");
        all.retain(|person| {
            version.authors.contains(person) || version.submitted_by.as_ref() == Some(person)
        });
        assert!(all.is_empty(), "somebody passed his own work: {version:?}");
    }
}

/// Content never changes, and an approved version stays approved.
fn check_step(before: Option<&Object>, after: &Object) {
    for old in before.map(|o| o.versions.as_slice()).unwrap_or_default() {
        let new = after.version(old.number).expect("versions stay");
        assert_eq!((&old.content, old.hash, old.in_flight), (&new.content, new.hash, new.in_flight));
        let approved = matches!(old.state, State::Approved { .. });
        assert!(!approved || old == new, "an approved version changed");
    }
}

#[test]
fn every_state_of_a_small_scope_keeps_the_rules() {
    let mut seen: HashSet<Object> = HashSet::new();
    let mut open: VecDeque<Machine> = VecDeque::from([Machine::default()]);
    let (mut commands, mut accepted, mut approvals) = (0_u64, 0_u64, 0_u64);
    while let Some(machine) = open.pop_front() {
        let object = machine.object("3701-CF-0042");
        let revision = object.map_or(0, |o| o.revision);
        for action in actions(object) {
            // Who drafts first is called a: other names would be the same states again.
            let people = if object.is_none() { &PEOPLE[..1] } else { &PEOPLE };
            for (person, role) in people.iter().flat_map(|p| ROLES.map(|role| (p, role))) {
                let command = command(&format!("k{revision}"), revision, actor(person, role), action.clone());
                commands += 1;
                if let Outcome::Refused(_) = machine.judge(&command, NOW) {
                    continue;
                }
                accepted += 1;
                let mut next = machine.clone();
                assert!(matches!(next.step(&command, NOW), Outcome::Accepted { .. }), "judge and step agree");
                let after = next.object("3701-CF-0042").expect("object");
                check(after);
                check_step(object, after);
                approvals += u64::from(matches!(action, Action::PassFinal { .. }));
                // The same state by another way is the same state: how often it was changed does not matter here.
                if seen.insert(Object { revision: 0, ..after.clone() }) {
                    open.push_back(next);
                }
            }
        }
    }
    assert!(approvals > 0 && accepted > 0, "the scope is too small to say anything");
    println!("{} states, {commands} commands, {accepted} accepted, {approvals} approvals", seen.len());
}
