//! What people have approved becomes an edition of the rules, shortly before its moment: from the topic `reference` every
//! detector takes it over. Each process that serves the API sees to it; an edition is named after its rule and version, so
//! that it is published once.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use desk::Service;
use ledger::reference::{NotPublished, publish};
use model::Instant;
use model::catalogue::{Refused, Shelf};
use model::time::MS_PER_DAY;
use prometheus::{IntCounter, Registry};
use rdkafka::config::ClientConfig;
use serde_json::Value;
use workflow::{InFlight, Machine, State};

use crate::live::Live;
use crate::rules::with_version;
use crate::wall;

/// How long before its moment a version is published, ms. Until then another that begins earlier may be approved: editions
/// come into force in the order in which they were published.
const AHEAD_MS: i64 = 60_000;
/// Between two looks at what was approved.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A version that could not be published is left alone for so long, ms; others go before it.
const AGAIN_AFTER_MS: i64 = 60_000;

/// A version that people have approved.
#[derive(Debug, Clone, PartialEq)]
struct Approved {
    rule: String,
    number: u32,
    from: Instant,
    by: String,
    content: Value,
    /// What becomes of cases already accepted.
    in_flight: InFlight,
    /// Days on trial.
    shadow_days: u32,
}

impl Approved {
    /// What its edition is called, and so what its alarms name.
    fn name(&self) -> String {
        name(&self.rule, self.number)
    }

    /// The catalogue with it, in force from an instant.
    fn placed_in(&self, files: &BTreeMap<String, String>, from: Instant) -> BTreeMap<String, String> {
        let trial = i64::from(self.shadow_days) * MS_PER_DAY;
        let shadow_until = (trial > 0).then(|| from.plus_ms(trial));
        with_version(files, (&self.rule, &self.name()), &self.content, (self.in_flight, shadow_until))
    }
}

fn name(rule: &str, number: u32) -> String {
    format!("{rule}/{number}")
}

/// The version that comes into force first, of those that are not to be left alone now.
fn first(machine: &Machine, rested: &HashMap<String, Instant>, now: Instant) -> Option<Approved> {
    let all = machine.objects().flat_map(|(rule, object)| object.versions.iter().map(move |v| (rule, v)));
    let approved = all.filter_map(|(rule, version)| match version.state {
        State::Approved { from } => Some((from, rule, version)),
        _ => None,
    });
    let waits = |rule: &str, number| rested.get(&name(rule, number)).is_some_and(|until| *until > now);
    let open = approved.filter(|(_, rule, version)| !waits(rule, version.number));
    let (from, rule, version) = open.min_by_key(|(from, rule, version)| (*from, *rule, version.number))?;
    let by = version.approved_by.clone().unwrap_or_default();
    let (content, in_flight, shadow_days) = (version.content.clone(), version.in_flight, version.shadow_days);
    Some(Approved {
        rule: rule.to_owned(),
        number: version.number,
        from,
        by,
        content,
        in_flight,
        shadow_days,
    })
}

/// See the module.
pub(crate) struct Enactor {
    desk: Arc<Service>,
    client: ClientConfig,
    live: Arc<Live>,
    failures: IntCounter,
    /// Versions that are not looked at before an instant, those that stand never again: one an approved version.
    rested: HashMap<String, Instant>,
}

impl Enactor {
    pub(crate) fn new(
        desk: Arc<Service>,
        client: ClientConfig,
        live: Arc<Live>,
        registry: &Registry,
    ) -> anyhow::Result<Self> {
        let failures = IntCounter::new(
            "xiezhi_rules_publish_failures_total",
            "Attempts to publish an approved version of a rule that failed",
        )?;
        registry.register(Box::new(failures.clone()))?;
        Ok(Self { desk, client, live, failures, rested: HashMap::new() })
    }

    /// Until `stop` is set.
    pub(crate) fn run(mut self, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            let now = wall::now();
            // Not ready: nothing is known yet.
            let next = self.desk.look(|view| first(view.machine, &self.rested, now)).ok().flatten();
            match next.filter(|approved| approved.from.0 - AHEAD_MS <= now.0) {
                Some(approved) => self.enact(&approved),
                None => std::thread::park_timeout(LOOK_EVERY),
            }
        }
    }

    fn enact(&mut self, approved: &Approved) {
        let name = approved.name();
        let until = match self.publish(approved) {
            Ok(seq) => {
                tracing::info!(version = name, edition = seq, "an approved version of a rule is published");
                Instant::LATEST
            }
            Err(NotPublished::Refused(Refused::VersionTaken { .. } | Refused::Unchanged { .. })) => {
                Instant::LATEST
            }
            Err(error) => {
                self.failures.inc();
                tracing::error!(version = name, %error, "an approved version of a rule could not be published");
                wall::now().plus_ms(AGAIN_AFTER_MS)
            }
        };
        self.rested.insert(name, until);
    }

    fn publish(&self, approved: &Approved) -> Result<u64, NotPublished> {
        let propose = |shelf: &Shelf| {
            let (now, last) = (wall::now(), shelf.editions().last());
            let files = if last.is_some() { shelf.files() } else { self.live.start() };
            // Its moment may have passed while nobody could publish it.
            let from = approved.from.max(now).max(last.map_or(now, |last| last.from));
            shelf.propose(&approved.placed_in(files, from), Some(from), (now, &approved.by))
        };
        Ok(publish(&self.client, &ledger::kafka::Topics::default().reference, propose)?.seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use workflow::{Action, Actor, Command, Lint, Role};

    /// A rule of two approved versions, and one of another that begins between them.
    fn machine() -> Machine {
        let mut machine = Machine::default();
        for (rule, from) in [("a", 10_000), ("b", 20_000), ("a", 30_000)] {
            approve(&mut machine, rule, Instant(from));
        }
        machine
    }

    fn approve(machine: &mut Machine, rule: &str, from: Instant) {
        let version = machine.object(rule).map_or(0, |object| object.versions.len() as u32) + 1;
        let content = json!({"code": rule, "n": version});
        let report = serde_json::from_value(json!({
            "report": "00".repeat(32), "content": model::hash::Hash::of(content.to_string().as_bytes()),
            "added": 0, "removed": 0, "changed": 0,
        }))
        .expect("a report");
        let steps = [
            (
                "li",
                Role::Submitter,
                Action::Draft { org: "o".to_owned(), content, in_flight: InFlight::Migrate },
            ),
            ("fang", Role::LegalOffice, Action::PassLegally { version }),
            ("li", Role::Submitter, Action::AttachDryRun { version, report }),
            ("li", Role::Submitter, Action::Submit { version, lint: Lint { errors: 0, warnings: 0 } }),
            ("chen", Role::SupervisionOffice, Action::PassFirst { version }),
            ("wu", Role::SupervisionBureau, Action::PassFinal { version, from, shadow_days: 0 }),
        ];
        for (person, role, action) in steps {
            let expected = machine.object(rule).map_or(0, |object| object.revision);
            let actor = Actor { person: person.to_owned(), role, orgs: ["o".to_owned()].into() };
            let key = format!("{rule} {expected}");
            let command = Command { key, object: rule.to_owned(), expected, actor, action };
            let outcome = machine.step(&command, Instant(0));
            assert!(matches!(outcome, workflow::Outcome::Accepted { .. }), "{outcome:?}");
        }
    }

    #[test]
    fn versions_are_published_in_the_order_of_their_moments_and_one_that_fails_lets_others_pass() {
        let (machine, mut rested) = (machine(), HashMap::new());
        let mut order = Vec::new();
        while let Some(approved) = first(&machine, &rested, Instant(0)) {
            rested.insert(approved.name(), Instant::LATEST);
            order.push((approved.name(), approved.from.0));
        }
        assert_eq!(
            order,
            [("a/1".to_owned(), 10_000), ("b/1".to_owned(), 20_000), ("a/2".to_owned(), 30_000)]
        );
        rested.insert("a/1".to_owned(), Instant(5));
        assert_eq!(first(&machine, &rested, Instant(4)), None);
        assert_eq!(
            first(&machine, &rested, Instant(5)).map(|approved| approved.name()),
            Some("a/1".to_owned())
        );
    }

    #[test]
    fn an_edition_is_the_catalogue_with_the_version_under_its_name() {
        let files = BTreeMap::from([
            ("catalogue.yaml".to_owned(), "version: first\ntime_zone: Asia/Shanghai\n".to_owned()),
            ("items/x.yaml".to_owned(), "code: a\nn: 0\n".to_owned()),
        ]);
        let approved = first(&machine(), &HashMap::new(), Instant(0)).expect("one is approved");
        let placed = approved.placed_in(&files, approved.from);
        let read = |file: &str| serde_json::from_str::<Value>(&placed[file]).expect("JSON");
        assert_eq!(read("items/x.yaml"), json!({"code": "a", "n": 1, "in_flight": "migrate"}));
        assert_eq!(read("catalogue.yaml"), json!({"version": "a/1", "time_zone": "Asia/Shanghai"}));
        assert_eq!(approved.by, "wu");
        let trial = Approved { shadow_days: 2, ..approved };
        let placed = trial.placed_in(&files, Instant(5));
        let item: Value = serde_json::from_str(&placed["items/x.yaml"]).expect("JSON");
        assert_eq!(
            item["shadow_until"], "1970-01-03T00:00:00.005Z",
            "counted from when it really is in force"
        );
    }
}
