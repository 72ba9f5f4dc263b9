//! A record of `case-events` as a row. The publisher's bytes are kept whole; only what queries need is taken out.
//!
//! This does not check the contract: ingest has done that. What cannot be read at all becomes a dead letter.

use clickhouse::Row;
use model::Instant;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Bytes, DeadLetterRow, instant, offset, partition};
use crate::record::Record;

#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize)]
pub struct CaseEventRow {
    pub case_id: String,
    pub source: String,
    pub event_id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub time: i64,
    pub recorded_time: Option<i64>,
    pub item: String,
    pub org: String,
    pub region: String,
    pub title: String,
    pub data: Bytes,
    pub partition: u16,
    pub offset: u64,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    id: String,
    source: String,
    #[serde(rename = "type")]
    kind: String,
    subject: String,
    time: String,
    recordedtime: Option<String>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

/// What an acceptance says about its case. Members of other types than text are left out.
#[derive(Default)]
struct Acceptance {
    item: String,
    org: String,
    region: String,
    title: String,
}

impl CaseEventRow {
    /// Reads a record; a sign of life is no fact and leaves no row. An error is a sentence for people.
    ///
    /// # Errors
    /// The record is no case event.
    pub fn of(record: &Record) -> Result<Option<Self>, String> {
        let envelope: Envelope<'_> =
            serde_json::from_slice(&record.value).map_err(|e| format!("not a case event: {e}"))?;
        if envelope.kind == "source.heartbeat" {
            return Ok(None);
        }
        let accepted = match (envelope.kind.as_str(), envelope.data) {
            ("case.accepted", Some(data)) => Acceptance::of(data),
            _ => Acceptance::default(),
        };
        Ok(Some(Self {
            time: time("time", &envelope.time)?,
            recorded_time: envelope.recordedtime.map(|text| time("recordedtime", &text)).transpose()?,
            case_id: envelope.subject,
            source: envelope.source,
            event_id: envelope.id,
            kind: envelope.kind,
            item: accepted.item,
            org: accepted.org,
            region: accepted.region,
            title: accepted.title,
            data: Bytes(record.value.clone()),
            partition: partition(record.partition),
            offset: offset(record.offset),
        }))
    }
}

impl CaseEventRow {
    /// The dead letter in which it is kept if the store refuses it.
    pub(super) fn refused(&self, sentence: &str) -> DeadLetterRow {
        DeadLetterRow {
            org: self.org.clone(),
            record_time: self.time,
            key: Bytes(self.case_id.clone().into_bytes()),
            payload: self.data.clone(),
            ..DeadLetterRow::refused("case-events", self.partition, self.offset, sentence.to_owned())
        }
    }
}

impl Acceptance {
    fn of(data: &RawValue) -> Self {
        let data: serde_json::Value = serde_json::from_str(data.get()).unwrap_or_default();
        let text = |name: &str| data.get(name).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
        Self { item: text("item"), org: text("org"), region: text("region"), title: text("title") }
    }
}

fn time(name: &str, text: &str) -> Result<i64, String> {
    let at = Instant::parse(text).ok_or_else(|| format!("`{name}` is not an RFC 3339 instant: {text}"))?;
    Ok(instant(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Option<CaseEventRow>, String> {
        let value = json.as_bytes().to_vec();
        CaseEventRow::of(&Record { partition: 2, offset: 5, value, ..Record::default() })
    }

    #[test]
    fn an_acceptance_names_its_case() {
        let json = r#"{"specversion":"1.0","id":"e1","source":"s","type":"case.accepted","subject":"c\u0031",
            "time":"1970-01-01T00:00:01Z","recordedtime":"1970-01-01T00:00:02Z",
            "data":{"item":"i","org":"o","title":"占道","region":7}}"#;
        let row = read(json).expect("an event").expect("a fact");
        assert_eq!((row.case_id.as_str(), row.item.as_str(), row.org.as_str()), ("c1", "i", "o"));
        assert_eq!((row.title.as_str(), row.region.as_str()), ("占道", ""));
        assert_eq!((row.time, row.recorded_time), (1_000, Some(2_000)));
        assert_eq!((row.data.0.as_slice(), row.partition, row.offset), (json.as_bytes(), 2, 5));
    }

    #[test]
    fn a_sign_of_life_is_no_event_of_a_case() {
        let json = r#"{"id":"1","source":"s","type":"source.heartbeat","subject":"s","time":"1970-01-01T00:00:01Z","data":{}}"#;
        assert_eq!(read(json), Ok(None));
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        assert!(read("{").is_err_and(|e| e.starts_with("not a case event")));
        assert!(
            read(r#"{"id":"e","source":"s","type":"t","subject":"c"}"#).is_err_and(|e| e.contains("`time`"))
        );
        let json = r#"{"id":"e","source":"s","type":"t","subject":"c","time":"monday"}"#;
        assert!(read(json).is_err_and(|e| e.contains("monday")));
    }
}
