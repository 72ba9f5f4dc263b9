//! A revision of a finding as a row of `findings_log`, from where ClickHouse copies it into `alarms_current`.

use clickhouse::Row;
use model::Finding;
use model::catalogue::Category;
use serde::Serialize;

use super::{Bytes, DeadLetterRow, instant, offset, partition};

#[derive(Debug, Clone, PartialEq, Row, Serialize)]
pub struct FindingRow {
    pub finding_id: String,
    pub revision: u32,
    pub change: &'static str,
    pub cause: &'static str,
    pub state: &'static str,
    pub case_id: String,
    pub item: String,
    pub category: &'static str,
    pub org: String,
    pub region: String,
    pub accepted_at: i64,
    pub point: String,
    pub kind: &'static str,
    pub code: &'static str,
    pub light: &'static str,
    pub step: String,
    pub visit: u32,
    pub violated_at: i64,
    pub due: Option<i64>,
    pub late_by_ms: Option<i64>,
    pub provisional: bool,
    pub raised_at: i64,
    pub changed_at: i64,
    pub detail: String,
    pub events: Vec<String>,
    pub explanation_zh: String,
    pub explanation_en: String,
    pub rules_version: String,
    pub shadow: bool,
    pub partition: u16,
    pub seq: u64,
    pub offset: u64,
}

impl FindingRow {
    /// `seq` and `at` are the ledger entry's number and offset.
    pub fn of(finding: &Finding, of_partition: i32, seq: u64, at: i64) -> Self {
        let f = finding.clone();
        Self {
            finding_id: f.finding_id.to_string(),
            revision: f.revision,
            change: f.change.as_str(),
            cause: f.cause.as_str(),
            state: f.state.as_str(),
            case_id: f.case,
            item: f.item,
            category: f.category.map_or("", Category::as_str),
            org: f.org,
            region: f.region.unwrap_or_default(),
            accepted_at: instant(f.accepted_at),
            point: f.point,
            kind: f.kind.as_str(),
            code: f.code.as_str(),
            light: f.light.as_str(),
            step: f.step.unwrap_or_default(),
            visit: f.visit.unwrap_or(0),
            violated_at: instant(f.violated_at),
            due: f.due.map(instant),
            late_by_ms: f.late_by_ms,
            provisional: f.provisional,
            raised_at: instant(f.raised_at),
            changed_at: instant(f.changed_at),
            detail: f.detail.unwrap_or_default(),
            events: f.events,
            explanation_zh: f.explanation.zh,
            explanation_en: f.explanation.en,
            rules_version: f.rules_version,
            shadow: f.shadow,
            partition: partition(of_partition),
            seq,
            offset: offset(at),
        }
    }
}

impl FindingRow {
    /// The dead letter in which it is kept if the store refuses it.
    pub(super) fn refused(&self, sentence: &str) -> DeadLetterRow {
        let payload = serde_json::to_vec(self).unwrap_or_default();
        DeadLetterRow {
            org: self.org.clone(),
            record_time: self.changed_at,
            key: Bytes(self.finding_id.clone().into_bytes()),
            payload: Bytes(payload),
            ..DeadLetterRow::refused("ledger", self.partition, self.offset, sentence.to_owned())
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use model::catalogue::Bilingual;
    use model::finding::{Cause, Change, Code, Kind, Light, State};
    use model::{FindingId, Instant};

    use super::*;

    pub(crate) fn finding(revision: u32) -> Finding {
        Finding {
            finding_id: FindingId([0xab; 16]),
            revision,
            change: if revision == 1 { Change::Raised } else { Change::Updated },
            cause: Cause::Fact,
            state: State::Raised,
            case: "案-1".to_owned(),
            item: "3701-CF-0042".to_owned(),
            category: Some(Category::Penalty),
            org: "org-1".to_owned(),
            region: None,
            accepted_at: Instant(1_000),
            point: "p1".to_owned(),
            kind: Kind::TimeLimit,
            code: Code::Overdue,
            light: Light::Red,
            step: None,
            visit: None,
            violated_at: Instant::LATEST,
            due: Some(Instant(2_000)),
            late_by_ms: Some(-5),
            provisional: true,
            raised_at: Instant(3_000),
            changed_at: Instant(3_000 + i64::from(revision)),
            detail: None,
            events: vec!["e1".to_owned(), "e2".to_owned()],
            explanation: Bilingual { zh: "超期".to_owned(), en: "overdue".to_owned() },
            rules_version: "v1".to_owned(),
            shadow: false,
        }
    }

    #[test]
    fn what_is_absent_becomes_the_columns_empty_value() {
        let row = FindingRow::of(&finding(1), 7, 9, 11);
        assert_eq!((row.region.as_str(), row.step.as_str(), row.visit, row.detail.as_str()), ("", "", 0, ""));
        assert_eq!((row.partition, row.seq, row.offset), (7, 9, 11));
        assert_eq!((row.finding_id.len(), row.due, row.late_by_ms), (32, Some(2_000), Some(-5)));
    }

    #[test]
    fn every_category_is_written_as_json_writes_it() {
        for word in ["licence", "penalty", "coercion", "levy", "payment", "ruling", "confirmation", "reward"]
            .into_iter()
            .chain(["inspection", "other"])
        {
            let read: Category = serde_json::from_value(word.into()).expect("a category");
            assert_eq!(read.as_str(), word);
        }
    }
}
