//! Looks at Kafka beside the pumps, so that one of them that is stuck cannot hide it: how far each partition of
//! `case-events` is published, processed and stored, and how old the oldest record is that is not.

mod standing;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::config::SinkConfig;
use crate::kind::Kind;
use crate::metrics::Metrics;
use crate::reader::Reader;
use crate::retry::Stop;
use crate::row::Rows;
use crate::source::{Polled, Source, Trouble};
use crate::store::{Outcome, Store};
use crate::writer::Writer;
pub(crate) use standing::Standing;
use standing::standings;

/// How long the first records of lagging partitions are waited for.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) struct Watch {
    pub(crate) case_events: Reader,
    pub(crate) ledger: Reader,
    pub(crate) writer: Writer,
    pub(crate) metrics: Metrics,
    pub(crate) stop: Stop,
}

impl Watch {
    /// Looks again and again. A look that fails is left out: the view then says that it does not know.
    pub(crate) fn run(&mut self, config: &SinkConfig, wall: fn() -> model::Instant) {
        let interval = Duration::from_millis(config.watch_ms.max(100));
        while self.stop.pause_blocking(interval).is_ok() {
            match self.look(wall) {
                Ok(()) => self.metrics.of(Kind::CaseEvents).recovered("watch"),
                Err(trouble) => {
                    tracing::warn!(error = %trouble, "cannot say how complete the store is");
                    self.metrics.of(Kind::CaseEvents).failed("watch");
                }
            }
        }
    }

    fn look(&mut self, wall: fn() -> model::Instant) -> Result<(), Trouble> {
        // The ledger first: what is processed is then never ahead of what is published.
        let ledger = self.ledger.find()?;
        let mut standings = standings(&self.case_events.find()?, &ledger);
        let facts = standings.iter().filter_map(|s| Some((s.partition, s.behind_facts()?))).collect();
        let entries = standings.iter().filter_map(|s| Some((s.partition, s.behind_entries()?))).collect();
        let facts = first_timestamps(&mut self.case_events, facts)?;
        let entries = first_timestamps(&mut self.ledger, entries)?;
        let now = wall();
        for standing in &mut standings {
            let first = |of: &BTreeMap<i32, i64>| of.get(&standing.partition).copied();
            standing.oldest_ms = first(&facts).into_iter().chain(first(&entries)).min();
        }
        standings.iter().for_each(|standing| self.metrics.standing(standing, now));
        let rows: Vec<_> = standings.iter().map(|standing| standing.row(now)).collect();
        let count = rows.len();
        match self.writer.insert(&Rows::Standings(rows), 0..count, &format!("standings/{}", now.0)) {
            Outcome::Stored => Ok(()),
            Outcome::Refused(sentence) | Outcome::Failed(sentence) => Err(Trouble(sentence)),
        }
    }
}

/// The timestamp of the first record at or behind each position, ms.
fn first_timestamps(
    source: &mut Reader,
    positions: BTreeMap<i32, i64>,
) -> Result<BTreeMap<i32, i64>, Trouble> {
    let mut found = BTreeMap::new();
    if positions.is_empty() {
        return Ok(found);
    }
    source.assign(&positions)?;
    let end = Instant::now() + PATIENCE;
    while found.len() < positions.len() {
        match source.poll(Duration::from_millis(100)) {
            Polled::Record(record) => {
                found.entry(record.partition).or_insert(record.timestamp_ms);
            }
            // While Kafka is away a client queues an error at each attempt to connect: hundreds, that say nothing of now.
            Polled::Nothing | Polled::Hiccup(_) => {}
            Polled::Lost(trouble) => return Err(trouble),
        }
        if Instant::now() > end {
            return Err(Trouble("the oldest records could not be read".to_owned()));
        }
    }
    source.assign(&BTreeMap::new())?;
    Ok(found)
}
