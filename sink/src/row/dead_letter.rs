//! A record that could not be taken in, by ingest or by this crate.

use clickhouse::Row;
use model::Instant;
use serde::Serialize;

use super::{Bytes, instant, offset, partition};
use crate::record::Record;

/// Reason of what this crate itself could not store.
pub(crate) const ROW_REJECTED: &str = "row_rejected";

#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize)]
pub struct DeadLetterRow {
    pub topic: String,
    pub partition: u16,
    pub offset: u64,
    /// Tells rows of one record apart.
    pub part: u32,
    pub reason: String,
    pub sentence: String,
    pub org: String,
    pub record_time: i64,
    pub key: Bytes,
    pub payload: Bytes,
    pub letter_partition: u16,
    pub letter_offset: u64,
}

impl DeadLetterRow {
    /// A record of `dead-letters`. Where a header is missing the record's own coordinates stand in: nothing is dropped.
    pub(crate) fn of(record: &Record) -> Self {
        let text = |name| record.header(name).unwrap_or_default().to_owned();
        let (topic, from, at) = origin(record);
        Self {
            topic,
            partition: from,
            offset: at,
            part: 0,
            reason: record.header("reason").unwrap_or("unknown").to_owned(),
            sentence: text("sentence"),
            org: text("org"),
            record_time: instant(Instant(number(record, "timestamp_ms").unwrap_or(record.timestamp_ms))),
            key: Bytes(key(record)),
            payload: Bytes(record.value.clone()),
            letter_partition: partition(record.partition),
            letter_offset: offset(record.offset),
        }
    }

    /// A record that this crate cannot read.
    pub(crate) fn rejected(topic: &str, record: &Record, sentence: String) -> Self {
        Self {
            record_time: instant(Instant(record.timestamp_ms)),
            key: Bytes(record.key.clone()),
            payload: Bytes(record.value.clone()),
            ..Self::refused(topic, partition(record.partition), offset(record.offset), sentence)
        }
    }

    /// The frame of a row that ClickHouse refuses.
    pub(crate) fn refused(topic: &str, partition: u16, offset: u64, sentence: String) -> Self {
        let (topic, reason) = (topic.to_owned(), ROW_REJECTED.to_owned());
        Self { topic, partition, offset, reason, sentence, ..Self::default() }
    }
}

fn origin(record: &Record) -> (String, u16, u64) {
    let named = || {
        let topic = record.header("topic").filter(|topic| !topic.is_empty())?;
        let from = u16::try_from(number(record, "partition")?).ok()?;
        let at = u64::try_from(number(record, "offset")?).ok()?;
        Some((topic.to_owned(), from, at))
    };
    named().unwrap_or_else(|| ("dead-letters".to_owned(), partition(record.partition), offset(record.offset)))
}

/// The key under which the record was published. A letter's own key is its coordinates again, so it stands in only where
/// there are no headers.
fn key(record: &Record) -> Vec<u8> {
    let published = record.headers.iter().find(|(name, _)| name == "key").map(|(_, key)| key.clone());
    let own = || if record.headers.is_empty() { record.key.clone() } else { Vec::new() };
    published.unwrap_or_else(own)
}

fn number(record: &Record, name: &str) -> Option<i64> {
    record.header(name)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(headers: &[(&str, &str)]) -> DeadLetterRow {
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), v.as_bytes().to_vec())).collect();
        let value = vec![0xff, 0x00];
        DeadLetterRow::of(&Record {
            partition: 1,
            offset: 9,
            timestamp_ms: 50,
            key: b"inbound.a/3/77".to_vec(),
            value,
            headers,
        })
    }

    #[test]
    fn the_headers_say_where_it_came_from() {
        let row = letter(&[
            ("reason", "not_json"),
            ("topic", "inbound.a"),
            ("partition", "3"),
            ("offset", "77"),
            ("timestamp_ms", "40"),
        ]);
        assert_eq!((row.topic.as_str(), row.partition, row.offset), ("inbound.a", 3, 77));
        assert_eq!((row.reason.as_str(), row.record_time), ("not_json", 40));
        assert_eq!((row.payload.0, row.letter_partition, row.letter_offset), (vec![0xff, 0x00], 1, 9));
    }

    #[test]
    fn the_key_is_the_one_it_was_published_under() {
        assert_eq!(letter(&[("topic", "inbound.a"), ("key", "case-1")]).key.0, b"case-1");
        assert_eq!(letter(&[("topic", "inbound.a")]).key.0, b"", "it was published without a key");
        assert_eq!(letter(&[]).key.0, b"inbound.a/3/77");
    }

    #[test]
    fn a_letter_without_them_is_kept_under_its_own_coordinates() {
        for headers in [&[][..], &[("topic", "t"), ("partition", "x"), ("offset", "1")]] {
            let row = letter(headers);
            assert_eq!((row.topic.as_str(), row.partition, row.offset), ("dead-letters", 1, 9));
            assert_eq!((row.reason.as_str(), row.record_time), ("unknown", 50));
        }
    }
}
