//! Tests of the machine: a walk through the flow, every state of a small scope, and random commands against a model
//! that is written apart and made to be obvious.

mod chain;
mod diffs;
mod matrix;
mod naive;
mod orders;
mod random;
mod scope;
mod story;

use std::collections::BTreeSet;

use model::Instant;
use serde_json::json;

use crate::*;

const ORG: &str = "bureau-of-markets";

fn actor(person: &str, role: Role) -> Actor {
    Actor { person: person.to_owned(), role, orgs: BTreeSet::from([ORG.to_owned()]) }
}

fn draft(content: u32) -> Action {
    Action::Draft { org: ORG.to_owned(), content: json!({"code": content}), in_flight: InFlight::Pin }
}

fn dry_run(content: u32) -> DryRun {
    let content = Hash::of(json!({"code": content}).to_string().as_bytes());
    DryRun { report: Hash::ZERO, content, added: 3, removed: 0, changed: 1, detail: None, is_computed: false }
}

const CLEAN: Lint = Lint { errors: 0, warnings: 2 };

fn command(key: &str, expected: u64, actor: Actor, action: Action) -> Command {
    Command { key: key.to_owned(), object: "3701-CF-0042".to_owned(), expected, actor, action }
}

/// A machine and the object it is about, with commands that see the present revision.
#[derive(Default)]
struct Desk {
    machine: Machine,
    given: u32,
}

impl Desk {
    fn give(&mut self, person: &str, role: Role, action: Action) -> Outcome {
        self.give_at(Instant(1_000), person, role, action)
    }

    fn give_at(&mut self, now: Instant, person: &str, role: Role, action: Action) -> Outcome {
        self.given += 1;
        let expected = self.machine.object("3701-CF-0042").map_or(0, |o| o.revision);
        self.machine.step(&command(&format!("k{}", self.given), expected, actor(person, role), action), now)
    }

    fn object(&self) -> &Object {
        self.machine.object("3701-CF-0042").expect("drafted")
    }
}

fn refused(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted { .. } => "accepted",
        Outcome::Refused(reason) => reason.code(),
    }
}
