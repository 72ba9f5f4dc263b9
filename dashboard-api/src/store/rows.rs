//! Rows as the queries of [`super::sql`] give them: milliseconds for instants, '' and 0 for what is absent. The names of
//! the members are those of the columns. Never sent to clients; `dto` makes the wire types from them.

use clickhouse::Row;
use serde::Deserialize;

/// One revision of a finding.
#[derive(Clone, Debug, Default, PartialEq, Row, Deserialize)]
pub struct AlarmRow {
    pub finding_id: String,
    pub revision: u32,
    pub change: String,
    pub cause: String,
    pub state: String,
    pub case_id: String,
    pub item: String,
    pub category: String,
    pub org: String,
    pub region: String,
    pub accepted_ms: i64,
    pub point: String,
    pub kind: String,
    pub code: String,
    pub light: String,
    pub step: String,
    pub visit: u32,
    pub violated_ms: i64,
    pub due_ms: Option<i64>,
    pub late_by_ms: Option<i64>,
    pub provisional: bool,
    pub raised_ms: i64,
    pub changed_ms: i64,
    pub detail: String,
    pub events: Vec<String>,
    pub explanation_zh: String,
    pub explanation_en: String,
    pub rules_version: String,
    pub shadow: bool,
    pub partition: u16,
    pub seq: u64,
    pub stored_ms: i64,
}

/// One fact of a case.
#[derive(Clone, Debug, Default, PartialEq, Row, Deserialize)]
pub struct EventRow {
    pub case_id: String,
    pub source: String,
    pub event_id: String,
    pub r#type: String,
    pub time_ms: i64,
    pub recorded_ms: Option<i64>,
    pub data: String,
    pub partition: u16,
    pub offset: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Row, Deserialize)]
pub struct CaseRow {
    pub case_id: String,
    pub item: String,
    pub org: String,
    pub region: String,
    pub title: String,
    pub accepted_ms: Option<i64>,
    pub closed_ms: Option<i64>,
    pub withdrawn_ms: Option<i64>,
    pub last_event_ms: Option<i64>,
    pub events: u64,
}

/// One group: its values in the order asked for, and how many alarms it has.
#[derive(Clone, Debug, Default, PartialEq, Row, Deserialize)]
pub struct StatsRow {
    pub key: Vec<String>,
    pub number: u64,
}

/// A payload or key that is not UTF-8 comes in base64. `payload_bytes` is the length of the whole.
#[derive(Clone, Debug, Default, PartialEq, Row, Deserialize)]
pub struct DeadLetterRow {
    pub reason: String,
    pub sentence: String,
    pub topic: String,
    pub from_partition: i32,
    pub from_offset: i64,
    pub part: u32,
    pub org: String,
    pub record_ms: i64,
    pub key_text: String,
    pub key_is_text: bool,
    pub payload_text: String,
    pub payload_is_text: bool,
    pub payload_bytes: u64,
    pub stored_ms: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Row, Deserialize)]
pub struct ProgressRow {
    pub partition: u16,
    pub seq: u64,
    pub position: i64,
    pub now_ms: i64,
    pub stored_ms: i64,
    /// The store's own clock when it answered.
    pub read_ms: i64,
}

/// How complete a partition of `case-events` is.
#[derive(Clone, Debug, Default, PartialEq, Row, Deserialize)]
pub struct StandingRow {
    pub partition: u16,
    pub is_complete: bool,
    pub published_to: u64,
    pub processed_to: u64,
    pub stored_to: u64,
    pub ledger_lag: u64,
    pub halted: bool,
    pub oldest_ms: Option<i64>,
    pub oldest_age_ms: i64,
    pub checked_ms: i64,
    /// The store's own clock when it answered.
    pub read_ms: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Row, Deserialize)]
pub struct IncidentRow {
    pub incident_id: String,
    pub kind: String,
    pub halts: bool,
    pub topic: String,
    pub partition: u16,
    pub from_at: Option<i64>,
    pub to_at: Option<i64>,
    pub at_ms: i64,
    pub detail: String,
    pub explanation_zh: String,
    pub explanation_en: String,
    pub stored_ms: i64,
}

/// A single number.
#[derive(Clone, Copy, Debug, Row, Deserialize)]
pub(crate) struct CountRow {
    pub(crate) number: u64,
}

#[derive(Clone, Debug, Row, Deserialize)]
pub(crate) struct NameRow {
    pub(crate) name: String,
}
