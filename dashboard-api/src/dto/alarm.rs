//! Alarms: one, and lists.

use model::time::Instant;
use model::{Finding, FindingId};
use serde::Serialize;
use utoipa::ToSchema;

use super::orders::AlarmLife;
use super::{Event, Time, cut, link, present};
use crate::cursor;
use crate::limits::MAX_DETAIL_ROWS;
use crate::question::{Axis, Filter, Keyset};
use crate::store::rows::{AlarmRow, EventRow};
use crate::words::{CodeWord, KindWord, LightWord, StateWord};

pub(crate) const ALARMS: &str = "/api/v1/alarms";

/// One revision of an alarm, complete in itself.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Alarm {
    /// 32 hexadecimal digits; the same for every replay of the same facts.
    id: String,
    /// Counts up from 1.
    revision: u32,
    /// What this revision did: raised, updated, cleared or retracted.
    change: String,
    /// Why it came about: fact, clock, superseded or rules.
    cause: String,
    #[schema(value_type = StateWord, inline)]
    state: String,
    case: String,
    item: String,
    /// Class of power; null where the catalogue does not know the item.
    category: Option<String>,
    org: String,
    region: Option<String>,
    accepted_at: Time,
    /// Supervision point of the catalogue.
    point: String,
    #[schema(value_type = KindWord, inline)]
    kind: String,
    #[schema(value_type = CodeWord, inline)]
    code: String,
    #[schema(value_type = LightWord, inline)]
    light: String,
    step: Option<String>,
    visit: Option<u32>,
    violated_at: Time,
    due: Option<Time>,
    /// Milliseconds from due to the end; null while there is no end.
    late_by_ms: Option<i64>,
    /// Counted through a year that has no calendar.
    provisional: bool,
    raised_at: Time,
    changed_at: Time,
    detail: Option<String>,
    /// Ids of the facts it rests on.
    events: Vec<String>,
    explanation: Explanation,
    rules_version: String,
    /// Found by rules on trial: no alarm for people.
    shadow: bool,
    /// Entry of the ledger that made this revision.
    ledger: LedgerEntry,
    /// When it could be read here; null in the live stream, which does not wait for that.
    stored_at: Option<Time>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Explanation {
    pub(super) zh: String,
    pub(super) en: String,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LedgerEntry {
    partition: u16,
    seq: u64,
}

impl From<AlarmRow> for Alarm {
    fn from(row: AlarmRow) -> Self {
        Self {
            id: row.finding_id,
            revision: row.revision,
            change: row.change,
            cause: row.cause,
            state: row.state,
            case: row.case_id,
            item: row.item,
            category: present(row.category),
            org: row.org,
            region: present(row.region),
            accepted_at: Time(row.accepted_ms),
            point: row.point,
            kind: row.kind,
            code: row.code,
            light: row.light,
            step: present(row.step),
            visit: (row.visit != 0).then_some(row.visit),
            violated_at: Time(row.violated_ms),
            due: row.due_ms.map(Time),
            late_by_ms: row.late_by_ms,
            provisional: row.provisional,
            raised_at: Time(row.raised_ms),
            changed_at: Time(row.changed_ms),
            detail: present(row.detail),
            events: row.events,
            explanation: Explanation { zh: row.explanation_zh, en: row.explanation_en },
            rules_version: row.rules_version,
            shadow: row.shadow,
            ledger: LedgerEntry { partition: row.partition, seq: row.seq },
            stored_at: Some(Time(row.stored_ms)),
        }
    }
}

impl Alarm {
    /// As the ledger has it.
    pub(crate) fn of_finding(finding: Finding, partition: u16, seq: u64) -> Self {
        let time = |at: Instant| Time(at.0);
        Self {
            id: finding.finding_id.to_string(),
            revision: finding.revision,
            change: finding.change.as_str().to_owned(),
            cause: finding.cause.as_str().to_owned(),
            state: finding.state.as_str().to_owned(),
            case: finding.case,
            item: finding.item,
            category: finding.category.map(|category| category.as_str().to_owned()),
            org: finding.org,
            region: finding.region,
            accepted_at: time(finding.accepted_at),
            point: finding.point,
            kind: finding.kind.as_str().to_owned(),
            code: finding.code.as_str().to_owned(),
            light: finding.light.as_str().to_owned(),
            step: finding.step,
            visit: finding.visit,
            violated_at: time(finding.violated_at),
            due: finding.due.map(time),
            late_by_ms: finding.late_by_ms,
            provisional: finding.provisional,
            raised_at: time(finding.raised_at),
            changed_at: time(finding.changed_at),
            detail: finding.detail,
            events: finding.events,
            explanation: Explanation { zh: finding.explanation.zh, en: finding.explanation.en },
            rules_version: finding.rules_version,
            shadow: finding.shadow,
            ledger: LedgerEntry { partition, seq },
            stored_at: None,
        }
    }
}

/// A page of alarms, newest first by the axis.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlarmList {
    alarms: Vec<Alarm>,
    /// All alarms that match; with `count=exact` alone.
    total: Option<u64>,
    /// Where the next page is; null on the last one.
    next: Option<String>,
    next_cursor: Option<String>,
}

impl AlarmList {
    /// `rows` were asked for with one more than `limit`.
    pub(crate) fn new(filter: &Filter, limit: u32, mut rows: Vec<AlarmRow>, total: Option<u64>) -> Self {
        let next_cursor = next_cursor(filter, limit, &mut rows);
        let next = next_cursor.clone().map(|cursor| {
            let mut pairs = filter.pairs();
            pairs.extend([("limit", limit.to_string()), ("cursor", cursor)]);
            link(ALARMS, &pairs)
        });
        Self { alarms: rows.into_iter().map(Alarm::from).collect(), total, next, next_cursor }
    }
}

/// Cuts the row that shows that there are more, and writes where the page ends.
pub(crate) fn next_cursor(filter: &Filter, limit: u32, rows: &mut Vec<AlarmRow>) -> Option<String> {
    let last = if cut(rows, limit) { rows.last()? } else { return None };
    let at = match filter.axis {
        Axis::Accepted => last.accepted_ms,
        Axis::Violated => last.violated_ms,
        Axis::Raised => last.raised_ms,
        Axis::Changed => last.changed_ms,
    };
    Some(cursor::write(&filter.pairs(), &(at, &last.finding_id)))
}

/// A position from a cursor; its id may still be nonsense.
pub(crate) fn keyset((at, id): (i64, String)) -> Option<Keyset> {
    Some(Keyset { at: Instant(at), id: FindingId::parse(&id)? })
}

/// One alarm with its history and the facts it rests on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlarmDetail {
    alarm: Alarm,
    /// How it stands with people; null where the process has no desk, or it is not ready yet.
    life: Option<AlarmLife>,
    /// First to last.
    revisions: Vec<Alarm>,
    /// The events that the current revision names, in canonical order.
    facts: Vec<Event>,
    /// The case's timeline.
    timeline: String,
    /// Whether revisions or facts were cut at their limit.
    truncated: bool,
}

impl AlarmDetail {
    pub(crate) fn new(
        alarm: AlarmRow,
        life: Option<AlarmLife>,
        mut revisions: Vec<AlarmRow>,
        mut facts: Vec<EventRow>,
        is_masked: bool,
    ) -> Self {
        let truncated = cut(&mut revisions, MAX_DETAIL_ROWS) | cut(&mut facts, MAX_DETAIL_ROWS);
        Self {
            timeline: super::case::timeline_link(&alarm.case_id),
            alarm: alarm.into(),
            life,
            revisions: revisions.into_iter().map(Alarm::from).collect(),
            facts: facts.into_iter().map(|row| Event::new(row, is_masked)).collect(),
            truncated,
        }
    }
}
