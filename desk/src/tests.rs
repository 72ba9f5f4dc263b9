//! Tests of the desk: several of them over one log in memory whose appends can be lost or told unknown, and over Kafka.

mod brokers;
mod keepers;
mod repeats;

use std::collections::BTreeSet;

use model::Instant;
use workflow::{Action, Actor, Command, DryRun, Hash, InFlight, Lint, Outcome, Role};

use crate::*;

const ORG: &str = "bureau-of-markets";

fn command(key: &str, expected: u64, person: &str, role: Role, action: Action) -> Command {
    let actor = Actor { person: person.to_owned(), role, orgs: BTreeSet::from([ORG.to_owned()]) };
    Command { key: key.to_owned(), object: "3701-CF-0042".to_owned(), expected, actor, action }
}

fn content() -> serde_json::Value {
    serde_json::json!({"code": "3701-CF-0042"})
}

/// The commands that bring a version before its first review; the object is at revision 4 then.
fn to_first_review() -> Vec<Command> {
    let draft = Action::Draft { org: ORG.to_owned(), content: content(), in_flight: InFlight::Pin };
    let hash = Hash::of(content().to_string().as_bytes());
    let (report, detail, is_computed) = (Hash::ZERO, None, false);
    let report = DryRun { report, content: hash, added: 1, removed: 0, changed: 0, detail, is_computed };
    let lint = Lint { errors: 0, warnings: 0 };
    let steps = [
        ("li", Role::Submitter, draft),
        ("fa", Role::LegalOffice, Action::PassLegally { version: 1 }),
        ("li", Role::Submitter, Action::AttachDryRun { version: 1, report }),
        ("li", Role::Submitter, Action::Submit { version: 1, lint }),
    ];
    let give =
        |(i, (person, role, action)): (usize, _)| command(&format!("k{i}"), i as u64, person, role, action);
    steps.into_iter().enumerate().map(give).collect()
}

fn first_review(key: &str, person: &str) -> Command {
    command(key, 4, person, Role::SupervisionOffice, Action::PassFirst { version: 1 })
}

fn metrics() -> Metrics {
    Metrics::new(&prometheus::Registry::new()).expect("metrics")
}

fn is_accepted(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Accepted { .. })
}
