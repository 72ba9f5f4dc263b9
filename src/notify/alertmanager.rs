//! An Alertmanager (API v2): told every few seconds which alarms stand, and for a while which no longer do.
//!
//! It forgets alerts when it is started anew, and drops those that it is not told of again; so it is told how things stand in
//! ClickHouse, as Prometheus tells it of rules. There is nothing to be lost: what one turn missed, the next one has. Several
//! processes may tell it the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::bail;
use dashboard_api::{
    AlarmReader, AlarmRow, Axis, ClickHouseReader, Connection, Field, Filter, Keyset, ListQuery,
};
use identity::Scope;
use ledger::pause::rest;
use model::finding::Light;
use model::{Calendar, FindingId, Instant};
use serde_json::Value;

use super::choice::{Verdict, off_since, verdict};
use super::message::alert;
use super::metrics::Of;
use super::web::Web;
use super::{FIRST_WAIT, longer};
use crate::config::Recipient;
use crate::live::Live;
use crate::wall;

/// Between two turns.
const EVERY: Duration = Duration::from_secs(10);
/// So long an alarm that no longer stands is told as resolved, ms. Later it is over because it is not told.
const RESOLVED_MS: i64 = 15 * 60_000;
/// Alarms that are told in one turn, the newest of those that stand and of those that ended; more than people could look at.
const MAX_TOLD: usize = 5_000;
/// Alarms asked for, and told, at once.
const PAGE: usize = 500;
/// What ClickHouse may spend on one page.
const QUERY_WITHIN: Duration = Duration::from_secs(10);

/// See the module.
pub(super) struct Alertmanager {
    recipient: Recipient,
    web: Web,
    reader: ClickHouseReader,
    runtime: tokio::runtime::Runtime,
    live: Arc<Live>,
    metrics: Of,
}

impl Alertmanager {
    pub(super) fn new(
        recipient: Recipient,
        web: Web,
        connection: &Connection,
        live: Arc<Live>,
        metrics: Of,
    ) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let reader = ClickHouseReader::new(connection, QUERY_WITHIN);
        Ok(Self { recipient, web, reader, runtime, live, metrics })
    }

    pub(super) fn run(&self, stop: &AtomicBool) {
        let mut wait = FIRST_WAIT;
        while !stop.load(Ordering::Relaxed) {
            match self.turn(wall::now()) {
                Ok(()) => {
                    wait = FIRST_WAIT;
                    rest(EVERY, stop);
                }
                Err(error) => {
                    self.metrics.failed();
                    let (recipient, error) = (&self.recipient.name, format!("{error:#}"));
                    tracing::warn!(recipient, error, "Alertmanager was not told; it is told again");
                    rest(wait, stop);
                    wait = longer(wait);
                }
            }
        }
    }

    fn turn(&self, now: Instant) -> anyhow::Result<()> {
        let standing = self.alarms(&standing(&self.recipient, &self.live.calendar(), now))?;
        let ended = self.alarms(&ended(&self.recipient, now))?;
        self.metrics.standing(standing.len());
        let alerts: Vec<Value> = standing.iter().chain(&ended).map(|alarm| alert(alarm, now)).collect();
        for page in alerts.chunks(PAGE) {
            let status = self.web.post(None, &Value::from(page).to_string())?;
            if verdict(status) != Verdict::Taken {
                bail!("its answer was {status}");
            }
        }
        self.metrics.took();
        Ok(())
    }

    /// The newest by the filter's axis.
    fn alarms(&self, filter: &Filter) -> anyhow::Result<Vec<AlarmRow>> {
        let (mut alarms, mut after) = (Vec::new(), None);
        while alarms.len() < MAX_TOLD {
            let limit = u32::try_from(PAGE).unwrap_or(u32::MAX);
            let query = ListQuery { filter: filter.clone(), scope: Scope::Everywhere, after, limit };
            let page = self.runtime.block_on(self.reader.alarms(&query))?;
            let last = page.last().filter(|_| page.len() == PAGE).and_then(|row| {
                let at = if filter.axis == Axis::Changed { row.changed_ms } else { row.raised_ms };
                Some(Keyset { at: Instant(at), id: FindingId::parse(&row.finding_id)? })
            });
            alarms.extend(page);
            match last {
                Some(last) => after = Some(last),
                None => break,
            }
        }
        alarms.truncate(MAX_TOLD);
        Ok(alarms)
    }
}

/// What stands. On a day off, what was raised before it was off.
fn standing(recipient: &Recipient, calendar: &Calendar, now: Instant) -> Filter {
    let to = recipient.working_days.then(|| off_since(calendar, now)).flatten();
    Filter { axis: Axis::Raised, to, ..meant(recipient, &["raised"]) }
}

/// What ended a short while ago.
fn ended(recipient: &Recipient, now: Instant) -> Filter {
    let from = Some(now.plus_ms(-RESOLVED_MS));
    Filter { axis: Axis::Changed, from, ..meant(recipient, &["cleared", "retracted"]) }
}

fn meant(recipient: &Recipient, states: &[&str]) -> Filter {
    let mut filter = Filter::default();
    filter.fields.insert(Field::State, states.iter().map(|state| (*state).to_owned()).collect());
    let lights = [Light::Yellow, Light::Red].into_iter().filter(|light| *light >= recipient.from);
    filter.fields.insert(Field::Light, lights.map(|light| light.as_str().to_owned()).collect());
    if !recipient.orgs.is_empty() {
        filter.fields.insert(Field::Org, recipient.orgs.iter().cloned().collect());
    }
    filter
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::time::{Day, MS_PER_HOUR};

    use super::*;

    #[test]
    fn on_a_day_off_it_is_told_of_what_was_raised_before_and_of_all_that_ended() {
        let calendar = Calendar::new("Asia/Shanghai", BTreeMap::new(), Vec::new()).unwrap();
        let recipient: Recipient = serde_saphyr::from_str(
            "{name: a, alertmanager: 'http://x', from: red, orgs: [o, p], working_days: true}",
        )
        .unwrap();
        // A Friday and the Sunday after it.
        let (friday, sunday) = (Day::from_ymd(2026, 10, 16), Day::from_ymd(2026, 10, 18));
        let noon = |day| calendar.start_of(day).plus_ms(12 * MS_PER_HOUR);
        let of = |day| standing(&recipient, &calendar, noon(day));
        assert_eq!((of(friday).to, of(sunday).to), (None, Some(calendar.end_of(friday))));
        let always = Recipient { working_days: false, ..recipient.clone() };
        assert_eq!(standing(&always, &calendar, noon(sunday)).to, None);
        let fields = of(friday).fields;
        assert_eq!(fields[&Field::Light], ["red"]);
        assert_eq!(fields[&Field::Org], ["o", "p"]);
        let ended = ended(&recipient, noon(sunday));
        assert_eq!((ended.to, ended.axis), (None, Axis::Changed));
        assert_eq!(ended.fields[&Field::State], ["cleared", "retracted"]);
    }
}
