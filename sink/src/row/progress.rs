//! How far a partition of the ledger, and of `case-events`, is stored.

use clickhouse::Row;
use ledger::chain::Chain;
use serde::Serialize;

use super::{instant, offset, partition};
use crate::batch::Slice;

#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize)]
pub struct ProgressRow {
    pub partition: u16,
    /// The first and the last entry of the range.
    pub first_seq: u64,
    pub seq: u64,
    pub to: u64,
    pub now: i64,
    pub reference: u64,
    pub hash: String,
    /// Offset of the last entry in the ledger.
    pub offset: u64,
    pub findings: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize)]
pub struct EventsProgressRow {
    pub partition: u16,
    pub to: u64,
    pub records: u64,
}

impl EventsProgressRow {
    pub(crate) fn of(of_partition: i32, slice: &Slice) -> Self {
        let records = slice.records.len() as u64;
        Self { partition: partition(of_partition), to: offset(slice.to), records }
    }

    /// Says only that everything before an offset is stored.
    pub(crate) fn at(of_partition: i32, to: i64) -> Self {
        Self { partition: partition(of_partition), to: offset(to), records: 0 }
    }
}

impl ProgressRow {
    /// The range of entries from `first_seq` to the one behind which the chain now stands.
    pub(crate) fn of(chain: &Chain, first_seq: u64, last_offset: i64, findings: usize) -> Self {
        debug_assert!(chain.next_seq > first_seq, "a range of entries is not empty");
        Self {
            partition: partition(chain.partition),
            first_seq,
            seq: chain.next_seq - 1,
            to: offset(chain.position),
            now: instant(chain.now),
            reference: offset(chain.reference),
            hash: chain.prev.to_string(),
            offset: offset(last_offset),
            findings: findings as u64,
        }
    }
}
