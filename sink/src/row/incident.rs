//! A record of `incidents` as a row.

use clickhouse::Row;
use serde::Serialize;

use super::{instant, offset, partition};
use crate::incident::Incident;
use crate::record::Record;

#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize)]
pub struct IncidentRow {
    pub incident_id: String,
    pub kind: String,
    pub halts: bool,
    pub topic: String,
    pub partition: u16,
    pub from: Option<i64>,
    pub to: Option<i64>,
    pub at: i64,
    pub detail: String,
    pub explanation_zh: String,
    pub explanation_en: String,
    /// Where the record stands in `incidents`.
    pub offset: u64,
}

impl IncidentRow {
    /// Reads a record; the error is a sentence for people.
    pub(crate) fn of(record: &Record) -> Result<Self, String> {
        let read: Incident =
            serde_json::from_slice(&record.value).map_err(|e| format!("not an incident: {e}"))?;
        Ok(Self {
            incident_id: read.incident_id,
            kind: read.kind,
            halts: read.halts,
            topic: read.topic,
            partition: partition(read.partition),
            from: read.from,
            to: read.to,
            at: instant(read.at),
            detail: read.detail,
            explanation_zh: read.explanation.zh,
            explanation_en: read.explanation.en,
            offset: offset(record.offset),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incident_of_the_detectors_is_about_case_events() {
        let json = r#"{"v":1,"incident_id":"ab","kind":"facts_lost","halts":true,"partition":3,"from":5,"to":9,"at":17,
            "detail":"d","explanation":{"zh":"丢失","en":"lost"},"new":1}"#;
        let record = Record { offset: 4, value: json.as_bytes().to_vec(), ..Record::default() };
        let row = IncidentRow::of(&record).expect("an incident");
        assert_eq!(
            (row.topic.as_str(), row.partition, row.from, row.to),
            ("case-events", 3, Some(5), Some(9))
        );
        assert_eq!((row.at, row.halts, row.explanation_zh.as_str(), row.offset), (17, true, "丢失", 4));
        assert!(IncidentRow::of(&Record::default()).is_err_and(|e| e.starts_with("not an incident")));
    }
}
