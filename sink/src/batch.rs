//! When a batch is full, and exactly which records it holds.
//!
//! A batch spans the partitions of a topic, one contiguous range of offsets in each: few large inserts cost ClickHouse
//! far less than one small insert a partition.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::progress::Pending;
use crate::record::Record;

/// When a batch is written.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// At once when it has this many records,
    pub records: usize,
    /// or this many bytes;
    pub bytes: usize,
    /// else when nothing more is at hand and so long has passed since the batch before: a lone record does not wait, and
    /// a stream of them does not become many small inserts.
    pub wait: Duration,
}

#[derive(Debug, Default)]
pub(crate) struct Batch {
    slices: BTreeMap<i32, Slice>,
    records: usize,
    bytes: usize,
}

/// The records of one partition at the offsets `[from, to)`, in order.
#[derive(Debug)]
pub(crate) struct Slice {
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) records: Vec<Record>,
}

impl Batch {
    /// Takes a record. `position` is the offset from which its partition has been read, which may lie before the
    /// record: offsets have gaps where a transaction ended.
    pub(crate) fn push(&mut self, record: Record, position: i64) {
        self.records += 1;
        self.bytes += record.bytes();
        let slice = self.slices.entry(record.partition).or_insert_with(|| Slice::new(position));
        debug_assert!(record.offset >= slice.to, "a partition is read forwards");
        slice.to = record.offset + 1;
        slice.records.push(record);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.records == 0
    }

    pub(crate) fn is_full(&self, limits: &Limits) -> bool {
        self.records >= limits.records || self.bytes >= limits.bytes
    }

    /// Where to read on in a partition, if the batch holds records of it.
    pub(crate) fn position(&self, partition: i32) -> Option<i64> {
        self.slices.get(&partition).map(|slice| slice.to)
    }

    pub(crate) fn slices(&self) -> impl Iterator<Item = (i32, &Slice)> {
        self.slices.iter().map(|(partition, slice)| (*partition, slice))
    }

    pub(crate) fn oldest_ms(&self) -> Option<i64> {
        let firsts = self.slices.values().filter_map(|slice| slice.records.first());
        firsts.map(|record| record.timestamp_ms).filter(|ms| *ms > 0).min()
    }

    pub(crate) fn ranges(&self) -> BTreeMap<i32, Pending> {
        self.slices.iter().map(|(partition, slice)| (*partition, slice.range())).collect()
    }
}

impl Slice {
    const fn new(from: i64) -> Self {
        Self { from, to: from, records: Vec::new() }
    }

    pub(crate) fn range(&self) -> Pending {
        Pending { from: self.from, to: self.to, records: self.records.len(), crc: crc(&self.records) }
    }
}

/// CRC-32 of everything that the rows depend on.
fn crc(records: &[Record]) -> u32 {
    let mut crc = flate2::Crc::new();
    let mut add = |bytes: &[u8]| {
        crc.update(&(bytes.len() as u64).to_le_bytes());
        crc.update(bytes);
    };
    for record in records {
        add(&record.offset.to_le_bytes());
        add(&record.timestamp_ms.to_le_bytes());
        add(&record.key);
        add(&record.value);
        for (name, value) in &record.headers {
            add(name.as_bytes());
            add(value);
        }
    }
    crc.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { records: 3, bytes: 100, wait: Duration::from_millis(200) };

    fn record(partition: i32, offset: i64, bytes: usize) -> Record {
        Record { partition, offset, value: vec![b'x'; bytes], ..Record::default() }
    }

    #[test]
    fn a_batch_is_full_by_records_or_by_bytes() {
        let mut batch = Batch::default();
        assert!(!batch.is_full(&LIMITS));
        batch.push(record(0, 0, 1), 0);
        batch.push(record(1, 0, 1), 0);
        assert!(!batch.is_full(&LIMITS));
        batch.push(record(0, 1, 1), 1);
        assert!(batch.is_full(&LIMITS), "three records");
        let mut batch = Batch::default();
        batch.push(record(0, 0, 100), 0);
        assert!(batch.is_full(&LIMITS), "a hundred bytes");
    }

    #[test]
    fn ranges_reach_from_the_position_to_behind_the_last_record() {
        let mut batch = Batch::default();
        batch.push(record(4, 12, 1), 10);
        batch.push(record(4, 15, 1), 10);
        let range = &batch.ranges()[&4];
        assert_eq!((range.from, range.to, range.records), (10, 16, 2));
        assert_eq!(batch.position(4), Some(16));
        assert_eq!(batch.position(5), None);
    }

    #[test]
    fn the_checksum_sees_every_part_of_a_record() {
        let base = record(0, 7, 3);
        let with = |change: &dyn Fn(&mut Record)| {
            let mut other = base.clone();
            change(&mut other);
            crc(&[other])
        };
        let sums = [
            with(&|_| ()),
            with(&|r| r.offset = 8),
            with(&|r| r.timestamp_ms = 1),
            with(&|r| r.key = b"k".to_vec()),
            with(&|r| r.value = b"xxy".to_vec()),
            with(&|r| r.headers = vec![("a".to_owned(), b"b".to_vec())]),
        ];
        let distinct: std::collections::BTreeSet<_> = sums.iter().collect();
        assert_eq!(distinct.len(), sums.len());
    }
}
