//! A desk over a log in memory, with a draft of every organisation.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use dashboard_api::Rules;
use desk::{Log, LogError, LogEvent, Metrics, Service};
use model::Instant;
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

/// A rule `MARK-<org>` of each of them, with one version.
pub(crate) async fn with_drafts(orgs: &[&str], clock: fn() -> Instant) -> Rules {
    let metrics = Metrics::new(&prometheus::Registry::new()).unwrap();
    let desk = Service::start(|| Ok(Memory::default()), clock, metrics).unwrap();
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
    }
    Rules::new(Arc::new(desk), Arc::new(|_, _| Vec::new()), clock)
}
