//! Supervision orders: the desk that keeps them, and what deadlines are counted with.

use std::sync::Arc;

use desk::{Service, View};
use model::catalogue::Orgs;
use model::finding::Light;
use model::{Calendar, Instant};
use workflow::supervision::{AlarmFact, Clearing, Life, Terms};

use crate::error::Problem;
use crate::store::rows::AlarmRow;

/// See the module.
#[derive(Clone)]
pub struct Orders {
    pub(crate) desk: Arc<Service>,
    /// As it stands when it is asked for.
    pub(crate) calendar: Arc<dyn Fn() -> Calendar + Send + Sync>,
    pub(crate) terms: Terms,
    pub(crate) clearing: Clearing,
    pub(crate) clock: fn() -> Instant,
}

impl Orders {
    pub fn new(
        desk: Arc<Service>,
        calendar: impl Fn() -> Calendar + Send + Sync + 'static,
        terms: Terms,
        clearing: Clearing,
        clock: fn() -> Instant,
    ) -> Self {
        let calendar: Arc<dyn Fn() -> Calendar + Send + Sync> = Arc::new(calendar);
        Self { desk, calendar, terms, clearing, clock }
    }

    pub(crate) fn look<T>(&self, look: impl FnOnce(View<'_>) -> T) -> Result<T, Problem> {
        self.desk.look(look).map_err(Problem::from)
    }

    /// How an alarm stands with people.
    pub(crate) fn life(&self, row: &AlarmRow, view: &View<'_>) -> Option<Life> {
        let superseded = row.cause == "superseded";
        let now = (self.clock)();
        let supervision = view.machine.supervision();
        Some(supervision.life(&fact(row)?, superseded, self.clearing, &(self.calendar)(), now))
    }
}

/// An alarm as an order has it; `None` for a light that is none.
pub fn fact(row: &AlarmRow) -> Option<AlarmFact> {
    let light = [Light::Yellow, Light::Red].into_iter().find(|light| light.as_str() == row.light)?;
    Some(AlarmFact {
        id: row.finding_id.clone(),
        revision: row.revision,
        state: row.state.clone(),
        light,
        org: row.org.clone(),
        region: row.region.clone(),
        item: row.item.clone(),
        case: row.case_id.clone(),
        point: row.point.clone(),
        code: row.code.clone(),
        raised: Instant(row.raised_ms),
    })
}

/// The organisation above.
pub(crate) fn above(org: &str, orgs: &Orgs) -> Option<String> {
    orgs.by_id.get(org).and_then(|org| org.parent.clone())
}
