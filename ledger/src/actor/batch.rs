//! Records of `case-events` that will make one entry.

use std::collections::VecDeque;

use detectors::machine::{CaseMachine, Input};
use model::{Finding, Instant};

use crate::record::Hash;

/// One record as it stands in the log.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) offset: i64,
    pub(super) timestamp: Instant,
    pub(super) bytes: Vec<u8>,
}

/// The open batch.
#[derive(Debug)]
pub(super) struct Batch {
    records: VecDeque<Record>,
    opened_at: Option<Instant>,
    /// Behind the last record taken in.
    next_offset: i64,
    /// Behind the last record fed to the machine.
    fed_to: i64,
}

impl Batch {
    pub(super) fn new(next_offset: i64) -> Self {
        Self { records: VecDeque::new(), opened_at: None, next_offset, fed_to: next_offset }
    }

    pub(super) fn push(&mut self, offset: i64, timestamp: Instant, bytes: Vec<u8>, wall: Instant) {
        self.opened_at.get_or_insert(wall);
        self.records.push_back(Record { offset, timestamp, bytes });
        // Offsets may skip: compaction and transaction markers leave gaps.
        self.next_offset = offset + 1;
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    pub(super) fn opened_at(&self) -> Option<Instant> {
        self.opened_at
    }

    /// Behind the last record taken.
    pub(super) fn next_offset(&self) -> i64 {
        self.next_offset
    }

    /// Where the part that has not been fed begins: the `to` of the entry.
    pub(super) fn first_offset(&self) -> i64 {
        self.fed_to
    }

    /// Feeds records to the machine until the batch is empty or `out` holds `enough` findings.
    pub(super) fn feed(&mut self, machine: &mut CaseMachine, enough: usize, out: &mut Vec<Finding>) -> Seen {
        let mut seen = Seen::default();
        while out.len() < enough
            && let Some(record) = self.records.pop_front()
        {
            seen.feed(machine, &record, out);
            // Behind the last record of the batch lies a gap in the offsets, if there is one; it is passed with it.
            self.fed_to = self.records.front().map_or(self.next_offset, |next| next.offset);
        }
        if self.records.is_empty() {
            self.opened_at = None;
        }
        seen
    }
}

/// What a run over records showed besides findings.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) last_timestamp: Option<Instant>,
    pub(super) latest_event: Option<Instant>,
    pub(super) undecodable: u64,
}

impl Seen {
    /// Steps the machine over one record.
    pub(super) fn feed(&mut self, machine: &mut CaseMachine, record: &Record, out: &mut Vec<Finding>) {
        self.last_timestamp = Some(record.timestamp);
        // `ingest` has checked the record against its clock; what reaches this topic is judged by its form alone.
        match model::event::decode(&record.bytes, Instant::LATEST) {
            Ok(event) => {
                self.latest_event = self.latest_event.max(Some(event.time));
                machine.step(Input::Fact(&event), out);
            }
            Err(_) => self.undecodable += 1,
        }
    }
}

/// The machine's state as an entry carries it.
pub(super) fn digest(machine: &CaseMachine) -> Hash {
    let digest = machine.digest();
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&digest.cases.to_le_bytes());
    bytes[8..].copy_from_slice(&digest.sum.to_le_bytes());
    Hash::of(&bytes)
}
