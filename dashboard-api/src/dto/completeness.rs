//! Whether everything is in the store, and incidents.

use serde::Serialize;
use utoipa::ToSchema;

use super::alarm::Explanation;
use super::{Time, present};
use crate::store::rows::{IncidentRow, StandingRow};

/// Read = processed = stored, for every partition of `case-events`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Completeness {
    /// The store's clock, against which ages are counted.
    read_at: Option<Time>,
    /// Every partition is complete; false where none is known.
    complete: bool,
    /// Of the oldest record that is not processed and stored; 0 where all is.
    oldest_age_ms: i64,
    partitions: Vec<PartitionStanding>,
}

/// How complete a partition is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PartitionStanding {
    partition: u16,
    complete: bool,
    /// The end of `case-events`, as of `checked_at`.
    published_to: u64,
    /// Up to here the detectors have judged, and what they found is stored.
    processed_to: u64,
    /// Up to here the events themselves are stored.
    stored_to: u64,
    /// Records of the ledger that are not stored, as of `checked_at`.
    ledger_lag: u64,
    /// The sink does not store this partition until an operator acts: see incidents.
    halted: bool,
    oldest_at: Option<Time>,
    oldest_age_ms: i64,
    /// When Kafka was last looked at; null if never. After a minute nothing is said to be complete.
    checked_at: Option<Time>,
}

impl Completeness {
    pub(crate) fn new(rows: Vec<StandingRow>) -> Self {
        Self {
            read_at: rows.first().map(|row| Time(row.read_ms)),
            complete: !rows.is_empty() && rows.iter().all(|row| row.is_complete),
            oldest_age_ms: rows.iter().map(|row| row.oldest_age_ms).max().unwrap_or(0),
            partitions: rows.into_iter().map(PartitionStanding::from).collect(),
        }
    }
}

impl From<StandingRow> for PartitionStanding {
    fn from(row: StandingRow) -> Self {
        Self {
            partition: row.partition,
            complete: row.is_complete,
            published_to: row.published_to,
            processed_to: row.processed_to,
            stored_to: row.stored_to,
            ledger_lag: row.ledger_lag,
            halted: row.halted,
            oldest_at: row.oldest_ms.map(Time),
            oldest_age_ms: row.oldest_age_ms,
            checked_at: (row.checked_ms > 0).then_some(Time(row.checked_ms)),
        }
    }
}

/// The newest incidents.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IncidentList {
    incidents: Vec<Incident>,
    /// There are older ones that are not shown.
    truncated: bool,
}

/// What an operator must know because the guarantees are at stake.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Incident {
    id: String,
    kind: String,
    /// The partition stands still until somebody acts.
    halts: bool,
    topic: String,
    partition: u16,
    /// The range, in the unit that the kind says; mostly offsets, `to` not included.
    from: Option<i64>,
    to: Option<i64>,
    at: Time,
    detail: Option<String>,
    explanation: Explanation,
    stored_at: Time,
}

impl IncidentList {
    /// `rows` were asked for with one more than `limit`.
    pub(crate) fn new(limit: u32, mut rows: Vec<IncidentRow>) -> Self {
        let truncated = super::cut(&mut rows, limit);
        Self { incidents: rows.into_iter().map(Incident::from).collect(), truncated }
    }
}

impl From<IncidentRow> for Incident {
    fn from(row: IncidentRow) -> Self {
        Self {
            id: row.incident_id,
            kind: row.kind,
            halts: row.halts,
            topic: row.topic,
            partition: row.partition,
            from: row.from_at,
            to: row.to_at,
            at: Time(row.at_ms),
            detail: present(row.detail),
            explanation: Explanation { zh: row.explanation_zh, en: row.explanation_en },
            stored_at: Time(row.stored_ms),
        }
    }
}
