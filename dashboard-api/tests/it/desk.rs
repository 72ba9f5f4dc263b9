//! A desk over a log in memory, with a draft of every organisation.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use dashboard_api::{Orders, Rules};
use desk::{Log, LogError, LogEvent, Metrics, Service};
use model::finding::Light;
use model::{Calendar, Instant};
use workflow::supervision::{AlarmFact, Clearing, Deed, Facts, Supervise, Term, Terms, register};
use workflow::{Action, Actor, Command, InFlight, Outcome, Role};

/// One partition; what is appended is read back.
#[derive(Default)]
struct Memory {
    records: Vec<Vec<u8>>,
    read: usize,
    is_told: bool,
}

impl Log for Memory {
    fn poll(&mut self, wait: Duration) -> Result<Option<LogEvent>, LogError> {
        if let Some(record) = self.records.get(self.read) {
            self.read += 1;
            return Ok(Some(LogEvent::Record(record.clone())));
        }
        if self.is_told {
            std::thread::park_timeout(wait);
            return Ok(None);
        }
        self.is_told = true;
        Ok(Some(LogEvent::End))
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), LogError> {
        self.records.push(bytes.to_vec());
        Ok(())
    }
}

/// A desk without a rule.
pub(crate) fn empty(clock: fn() -> Instant) -> Service {
    let metrics = Metrics::new(&prometheus::Registry::new()).unwrap();
    Service::start(|| Ok(Memory::default()), clock, metrics).unwrap()
}

/// A rule `MARK-<org>` of each of them, with one version, and an order on an alarm of the case `MARK-<org>`.
pub(crate) async fn with_drafts(orgs: &[&str], clock: fn() -> Instant) -> Rules {
    Rules::new(Arc::new(drafts(orgs, clock).await), Arc::new(|_, _| Vec::new()), clock)
}

/// The desk of those.
pub(crate) async fn drafts(orgs: &[&str], clock: fn() -> Instant) -> Service {
    let desk = empty(clock);
    for org in orgs {
        let actor = Actor {
            person: "li".to_owned(),
            role: Role::Submitter,
            orgs: BTreeSet::from([(*org).to_owned()]),
        };
        let content = serde_json::json!({"code": format!("MARK-{org}")});
        let action = Action::Draft { org: (*org).to_owned(), content, in_flight: InFlight::Pin };
        let (key, object) = (format!("li:{org}"), format!("MARK-{org}"));
        let outcome = desk.submit(Command { key, object, expected: 0, actor, action }).await;
        assert!(matches!(outcome, Ok(Outcome::Accepted { .. })), "{org}: {outcome:?}");
        let outcome = desk.submit(order(org, clock())).await;
        assert!(matches!(outcome, Ok(Outcome::Accepted { .. })), "{org}: {outcome:?}");
    }
    desk
}

/// Orders at the same desk, by a calendar without holidays.
pub(crate) fn orders(rules: &Rules, clock: fn() -> Instant) -> Orders {
    let calendar = Calendar::new("Asia/Shanghai", BTreeMap::new(), Vec::new()).unwrap();
    Orders::new(rules.desk(), move || calendar.clone(), Terms::default(), Clearing::default(), clock)
}

fn order(org: &str, now: Instant) -> Command {
    let (id, case) = (format!("{:02x}", org.as_bytes()[0]).repeat(16), format!("MARK-{org}"));
    let fact = AlarmFact {
        id: id.clone(),
        revision: 1,
        state: "raised".to_owned(),
        light: Light::Red,
        org: org.to_owned(),
        region: String::new(),
        item: "item".to_owned(),
        case,
        point: "p".to_owned(),
        code: "evidence_missing".to_owned(),
        raised: now,
    };
    let due = now.plus_ms(1_000);
    let term = Some(Term { year: 2026, days: 1, due, close_by: due, provisional: false });
    let asked = Deed::Open { alarms: vec![id], opinion: "why".to_owned(), days: 1 };
    let facts = Facts { alarms: vec![fact], term, ..Facts::default() };
    let actor = Actor {
        person: "zhou".to_owned(),
        role: Role::SupervisionBureau,
        orgs: BTreeSet::from([org.to_owned()]),
    };
    let action = Action::Supervise(Box::new(Supervise { asked, facts }));
    Command { key: format!("zhou:{org}"), object: register(org, 2026), expected: 0, actor, action }
}
