//! What the clock and later facts bring about in supervision: a changed alarm is told to the parties of its order, and who is
//! late to the next level (docs/orders.md). Each process that serves the API sees to it; a command's key names what it is
//! about, so that of several processes' commands one has an effect.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use dashboard_api::{AlarmReader, AlarmRow, Axis, ClickHouseReader, Field, Filter, ListQuery, fact};
use desk::{Service, View};
use identity::Scope;
use model::time::MS_PER_DAY;
use model::{FindingId, Instant};
use prometheus::{IntGaugeVec, Opts, Registry};
use workflow::supervision::{AlarmFact, CLOCK, Deed, Facts, Late, Supervise, Terms, What};
use workflow::{Action, Actor, Command, Hash, Role};

use crate::live::Live;
use crate::wall;

/// Between two looks at what is under orders.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Looks between two questions for red alarms without an order.
const LOOKS_A_SEARCH: u32 = 15;
/// Alarms asked for in one question.
const PAGE: usize = 500;
/// Red alarms without an order that stand in the log at once, so that a site which uses no orders does not fill it. More are
/// told when these have theirs.
const MAX_MISSING: usize = 1_000;
/// Alarms raised longer ago are history, ms.
const SEARCH_BACK_MS: i64 = 60 * MS_PER_DAY;

/// See the module.
pub(crate) struct Overseer {
    desk: Arc<Service>,
    reader: ClickHouseReader,
    live: Arc<Live>,
    terms: Terms,
    late: IntGaugeVec,
}

impl Overseer {
    pub(crate) fn new(
        desk: Arc<Service>,
        reader: ClickHouseReader,
        live: Arc<Live>,
        terms: Terms,
        registry: &Registry,
    ) -> anyhow::Result<Self> {
        let help = "Supervisors and handlers whose time is over now, by what they are late with";
        let late = IntGaugeVec::new(Opts::new("xiezhi_supervision_late", help), &["what"])?;
        registry.register(Box::new(late.clone()))?;
        for what in Late::ALL {
            late.with_label_values(&[what.as_str()]).set(0);
        }
        Ok(Self { desk, reader, live, terms, late })
    }

    /// Until `stop` is set.
    pub(crate) fn run(self, stop: &AtomicBool) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut looks = 0_u32;
        while !stop.load(Ordering::Relaxed) {
            let searches = looks.is_multiple_of(LOOKS_A_SEARCH);
            if let Err(error) = runtime.block_on(self.look(wall::now(), searches)) {
                tracing::debug!(error = format!("{error:#}"), "supervision is looked at again");
            } else {
                looks = looks.wrapping_add(1);
            }
            std::thread::park_timeout(LOOK_EVERY);
        }
        Ok(())
    }

    async fn look(&self, now: Instant, searches: bool) -> anyhow::Result<()> {
        self.tell_changes().await?;
        self.tell_late(now).await?;
        if searches {
            self.tell_missing(now).await?;
        }
        let late = self.see(|view| view.machine.supervision().late(now))?;
        for what in Late::ALL {
            let number = late.iter().filter(|wait| wait.what == What::Late(what)).count();
            self.late.with_label_values(&[what.as_str()]).set(i64::try_from(number).unwrap_or(i64::MAX));
        }
        Ok(())
    }

    fn see<T>(&self, look: impl FnOnce(View<'_>) -> T) -> anyhow::Result<T> {
        self.desk.look(look).context("the desk")
    }

    /// Later revisions of alarms that are under open orders, or wait for one.
    async fn tell_changes(&self) -> anyhow::Result<()> {
        let known: Vec<(String, u32)> = self.see(|view| {
            let alarms = view.machine.supervision().watched();
            alarms.map(|alarm| (alarm.now.id.clone(), alarm.now.revision)).collect()
        })?;
        for page in known.chunks(PAGE) {
            let ids: Vec<FindingId> = page.iter().filter_map(|(id, _)| FindingId::parse(id)).collect();
            let rows = self.reader.alarms_of(&ids, &Scope::Everywhere).await?;
            for fact in rows.iter().filter_map(fact) {
                let old = page.iter().find(|(id, _)| *id == fact.id).map_or(0, |(_, revision)| *revision);
                if fact.revision > old {
                    let asked = Deed::Notice { alarm: fact.id.clone(), revision: fact.revision };
                    let key = format!("notice:{}:{}", fact.id, fact.revision);
                    self.submit(&key, &fact.id.clone(), asked, Some(fact)).await?;
                }
            }
        }
        Ok(())
    }

    async fn tell_late(&self, now: Instant) -> anyhow::Result<()> {
        let late = self.see(|view| {
            let supervision = view.machine.supervision();
            let late = supervision.late(now).into_iter().filter_map(|wait| match wait.what {
                What::Late(what) if what != Late::OrderMissing => Some((wait.object, what)),
                _ => None,
            });
            late.filter(|(object, what)| !supervision.is_escalated(object, *what)).collect::<Vec<_>>()
        })?;
        for (object, what) in late {
            let asked = Deed::Escalate { what, object: object.clone() };
            self.submit(&key(what, &object), &object, asked, None).await?;
        }
        Ok(())
    }

    /// Red alarms that have had no order in time.
    async fn tell_missing(&self, now: Instant) -> anyhow::Result<()> {
        let Some(before) = self.cutoff(now) else { return Ok(()) };
        let mut filter = Filter { axis: Axis::Raised, ..Filter::default() };
        (filter.from, filter.to) = (Some(before.plus_ms(-SEARCH_BACK_MS)), Some(before));
        let filter = filter.with(Field::Light, "red").with(Field::State, "raised");
        let limit = u32::try_from(PAGE).unwrap_or(u32::MAX);
        let query = ListQuery { filter, scope: Scope::Everywhere, after: None, limit };
        for row in self.reader.alarms(&query).await? {
            if self.is_missing(&row)? {
                let Some(fact) = fact(&row) else { continue };
                let (what, object) = (Late::OrderMissing, fact.id.clone());
                let asked = Deed::Escalate { what, object: object.clone() };
                self.submit(&key(what, &object), &object, asked, Some(fact)).await?;
            }
        }
        Ok(())
    }

    fn is_missing(&self, row: &AlarmRow) -> anyhow::Result<bool> {
        self.see(|view| {
            let supervision = view.machine.supervision();
            let has_order = supervision.alarm(&row.finding_id).is_some_and(|alarm| alarm.order.is_some());
            let told = supervision.is_escalated(&row.finding_id, Late::OrderMissing);
            !has_order && !told && supervision.missing() < MAX_MISSING
        })
    }

    /// Alarms raised before then should have an order by now.
    fn cutoff(&self, now: Instant) -> Option<Instant> {
        let calendar = self.live.calendar();
        let today = calendar.day_of(now);
        let is_over = |day| self.terms.order_by(&calendar, calendar.start_of(day)) <= now;
        let last = (0..=366).map(|back| today.plus(-back)).find(|day| is_over(*day))?;
        Some(calendar.end_of(last))
    }

    async fn submit(
        &self,
        key: &str,
        object: &str,
        asked: Deed,
        fact: Option<AlarmFact>,
    ) -> anyhow::Result<()> {
        let org = fact.as_ref().map(|fact| fact.org.clone()).unwrap_or_default();
        let above = self.live.orgs().by_id.get(&org).and_then(|org| org.parent.clone());
        let facts = Facts { alarms: fact.into_iter().collect(), above, ..Facts::default() };
        let actor = Actor { person: CLOCK.to_owned(), role: Role::Administrator, orgs: [org].into() };
        let action = Action::Supervise(Box::new(Supervise { asked, facts }));
        let command = Command { key: key.to_owned(), object: object.to_owned(), expected: 0, actor, action };
        // Refused where another process was first: it is told either way.
        self.desk.submit(command).await.context("the desk")?;
        Ok(())
    }
}

/// An order's number may be as long as an organisation's id lets it be, a key may not.
fn key(what: Late, object: &str) -> String {
    format!("{}:{}", what.as_str(), Hash::of(object.as_bytes()))
}
