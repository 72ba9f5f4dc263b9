//! Cases, their events, and the two together in time.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::alarm::ALARMS;
use super::{Alarm, Time, cut, link, mask, present, segment};
use crate::limits::MAX_TIMELINE_ROWS;
use crate::store::rows::{AlarmRow, CaseRow, EventRow};

pub(crate) fn timeline_link(case: &str) -> String {
    format!("/api/v1/cases/{}/timeline", segment(case))
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Case {
    id: String,
    item: Option<String>,
    org: Option<String>,
    region: Option<String>,
    title: Option<String>,
    accepted_at: Option<Time>,
    closed_at: Option<Time>,
    withdrawn_at: Option<Time>,
    last_event_at: Option<Time>,
    /// How many events it has.
    events: u64,
    timeline: String,
    alarms: String,
    /// Whether the title is left out because you have no need of it.
    masked: bool,
}

/// The store writes no instant as the epoch, or as null.
fn instant(ms: Option<i64>) -> Option<Time> {
    ms.filter(|ms| *ms != 0).map(Time)
}

impl Case {
    /// Masked, its title is left out: it may name people.
    pub(crate) fn new(row: CaseRow, is_masked: bool) -> Self {
        Self {
            timeline: timeline_link(&row.case_id),
            alarms: link(ALARMS, &[("case", row.case_id.clone())]),
            id: row.case_id,
            item: present(row.item),
            org: present(row.org),
            region: present(row.region),
            title: present(row.title).map(|title| if is_masked { mask::MASK.to_owned() } else { title }),
            masked: is_masked,
            accepted_at: instant(row.accepted_ms),
            closed_at: instant(row.closed_ms),
            withdrawn_at: instant(row.withdrawn_ms),
            last_event_at: instant(row.last_event_ms),
            events: row.events,
        }
    }
}

/// A fact: a case event as its publisher sent it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Event {
    id: String,
    source: String,
    r#type: String,
    time: Time,
    /// When the source system recorded it.
    recorded_time: Option<Time>,
    /// The whole record, a CloudEvent; masked, its free text and personal data are `***`.
    #[schema(value_type = Object)]
    record: Box<RawValue>,
    /// Whether parts of the record are left out because you have no need of them.
    masked: bool,
    /// Place in the topic `case-events`.
    partition: u16,
    offset: u64,
}

impl Event {
    pub(crate) fn new(row: EventRow, is_masked: bool) -> Self {
        Self {
            id: row.event_id,
            source: row.source,
            r#type: row.r#type,
            time: Time(row.time_ms),
            recorded_time: row.recorded_ms.map(Time),
            record: raw(if is_masked { mask::record(&row.data) } else { row.data }),
            masked: is_masked,
            partition: row.partition,
            offset: row.offset,
        }
    }
}

/// Only valid JSON gets this far; should it be broken all the same, it is shown as a string.
fn raw(text: String) -> Box<RawValue> {
    match RawValue::from_string(text.clone()) {
        Ok(raw) => raw,
        Err(_) => serde_json::value::to_raw_value(&text).unwrap_or_default(),
    }
}

/// One line of a timeline.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "entry", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "at most some thousand, made once and written out")]
pub(crate) enum Entry {
    Event { at: Time, event: Event },
    Alarm { at: Time, alarm: Alarm },
}

/// Events in canonical order; each alarm stands where it was violated, after the events of that instant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Timeline {
    case: String,
    entries: Vec<Entry>,
    /// Whether there are more events or alarms than a timeline shows.
    truncated: bool,
}

impl Timeline {
    /// Both were asked for with one more than the limit; `alarms` come in any order.
    pub(crate) fn new(
        case: String,
        mut events: Vec<EventRow>,
        mut alarms: Vec<AlarmRow>,
        is_masked: bool,
    ) -> Self {
        let truncated = cut(&mut events, MAX_TIMELINE_ROWS) | cut(&mut alarms, MAX_TIMELINE_ROWS);
        alarms.sort_by(|a, b| (a.violated_ms, &a.finding_id).cmp(&(b.violated_ms, &b.finding_id)));
        let mut entries: Vec<Entry> = events.into_iter().map(|row| Entry::event(row, is_masked)).collect();
        entries.extend(alarms.into_iter().map(Entry::from));
        // Stable: events keep their canonical order, and stand before the alarms of the same instant.
        entries.sort_by_key(Entry::at);
        Self { case, entries, truncated }
    }
}

impl Entry {
    fn at(&self) -> Time {
        match self {
            Self::Event { at, .. } | Self::Alarm { at, .. } => *at,
        }
    }

    fn event(row: EventRow, is_masked: bool) -> Self {
        Self::Event { at: Time(row.time_ms), event: Event::new(row, is_masked) }
    }
}

impl From<AlarmRow> for Entry {
    fn from(row: AlarmRow) -> Self {
        Self::Alarm { at: Time(row.violated_ms), alarm: row.into() }
    }
}
