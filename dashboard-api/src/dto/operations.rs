//! Dead letters, the ledger's progress, and health.

use identity::Scope;
use model::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Time, cut, link, mask, present};
use crate::cursor;
use crate::question::{DeadLetterQuery, LetterKeyset};
use crate::store::rows::{DeadLetterRow, ProgressRow};

/// A record that was set aside, with its reason and where it came from.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeadLetter {
    reason: String,
    sentence: String,
    topic: String,
    partition: i32,
    offset: i64,
    /// Tells apart what was set aside from one record; nearly always 0.
    part: u32,
    org: Option<String>,
    record_time: Time,
    key: Option<Bytes>,
    /// Its beginning: at most 4,096 characters, or bytes where it is no text.
    payload: Bytes,
    /// Length of the whole.
    payload_bytes: u64,
    stored_at: Time,
    /// Whether key and payload are left out because you have no need of them.
    masked: bool,
}

/// Bytes that may be anything.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bytes {
    /// They are UTF-8.
    Text(String),
    Base64(String),
}

impl Bytes {
    fn new(is_text: bool, shown: String) -> Self {
        if is_text { Self::Text(shown) } else { Self::Base64(shown) }
    }
}

impl DeadLetter {
    /// `personal`: where whole records may be seen.
    fn new(row: DeadLetterRow, personal: &Scope) -> Self {
        let masked = !personal.covers_seat(&row.org);
        let bytes = |is_text, shown| {
            if masked { Bytes::Text(mask::MASK.to_owned()) } else { Bytes::new(is_text, shown) }
        };
        Self {
            masked,
            reason: row.reason,
            sentence: row.sentence,
            topic: row.topic,
            partition: row.from_partition,
            offset: row.from_offset,
            part: row.part,
            org: present(row.org),
            record_time: Time(row.record_ms),
            key: present(row.key_text).map(|text| bytes(row.key_is_text, text)),
            payload: bytes(row.payload_is_text, row.payload_text),
            payload_bytes: row.payload_bytes,
            stored_at: Time(row.stored_ms),
        }
    }
}

/// A page of dead letters, newest record first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeadLetterList {
    dead_letters: Vec<DeadLetter>,
    /// Where the next page is; null on the last one.
    next: Option<String>,
    next_cursor: Option<String>,
}

impl DeadLetterList {
    /// `rows` were asked for with one more than `limit`.
    pub(crate) fn new(
        query: &DeadLetterQuery,
        limit: u32,
        mut rows: Vec<DeadLetterRow>,
        personal: &Scope,
    ) -> Self {
        let more = cut(&mut rows, limit);
        let position = |row: &DeadLetterRow| {
            (row.record_ms, row.topic.clone(), row.from_partition, row.from_offset, row.part)
        };
        let last = rows.last().filter(|_| more).map(position);
        let mut pairs = query.pairs();
        let next_cursor = last.map(|position| cursor::write(&pairs, &position));
        let next = next_cursor.clone().map(|cursor| {
            pairs.extend([("limit", limit.to_string()), ("cursor", cursor)]);
            link("/api/v1/dead-letters", &pairs)
        });
        Self {
            dead_letters: rows.into_iter().map(|row| DeadLetter::new(row, personal)).collect(),
            next,
            next_cursor,
        }
    }
}

/// A position from a cursor.
pub(crate) fn letter_keyset(
    (at, topic, partition, offset, part): (i64, String, i32, i64, u32),
) -> LetterKeyset {
    LetterKeyset { at: Instant(at), topic, partition, offset, part }
}

/// How far the ledger is, and how far behind the clock.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Progress {
    /// The store's clock, against which lags are counted.
    read_at: Option<Time>,
    /// The largest lag of a partition's logical clock.
    clock_lag_ms: Option<i64>,
    partitions: Vec<PartitionProgress>,
}

/// The last entry of one partition of the ledger.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PartitionProgress {
    partition: u16,
    seq: u64,
    /// Offset in `case-events` up to which everything has been judged.
    position: i64,
    /// The partition's logical clock.
    clock: Time,
    clock_lag_ms: i64,
    stored_at: Time,
    /// Since that entry could be read here.
    stored_ago_ms: i64,
}

impl Progress {
    pub(crate) fn new(rows: Vec<ProgressRow>) -> Self {
        let partitions: Vec<PartitionProgress> = rows.iter().map(PartitionProgress::from).collect();
        Self {
            read_at: rows.first().map(|row| Time(row.read_ms)),
            clock_lag_ms: partitions.iter().map(|partition| partition.clock_lag_ms).max(),
            partitions,
        }
    }
}

impl From<&ProgressRow> for PartitionProgress {
    fn from(row: &ProgressRow) -> Self {
        Self {
            partition: row.partition,
            seq: row.seq,
            position: row.position,
            clock: Time(row.now_ms),
            // Two clocks: a little ahead is no lag.
            clock_lag_ms: (row.read_ms - row.now_ms).max(0),
            stored_at: Time(row.stored_ms),
            stored_ago_ms: (row.read_ms - row.stored_ms).max(0),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    pub(crate) status: &'static str,
}
