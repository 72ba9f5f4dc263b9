//! How complete a partition of `case-events` is in the store, as of one look at Kafka.

use clickhouse::Row;
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize)]
pub struct StandingRow {
    pub partition: u16,
    /// The end of `case-events`.
    pub published_to: u64,
    pub stored_to: u64,
    /// How far the entries reach that are stored.
    pub processed_to: u64,
    /// Records of the ledger that are not stored.
    pub ledger_lag: u64,
    /// Timestamp of the oldest record that is not processed and stored.
    pub oldest_at: Option<i64>,
    pub halted: bool,
    pub checked_at: i64,
}
