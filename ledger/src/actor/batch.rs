//! Records of `case-events` that will make one entry, and the findings that wait for one.

use std::collections::VecDeque;

use detectors::machine::{CaseMachine, Input};
use model::event::Body;
use model::{Finding, Instant};

use crate::log::Record;
use crate::record::{Anchor, Hash};

/// A larger finding is shortened.
const MAX_FINDING_BYTES: usize = 256 * 1024;
const MAX_FINDING_EVENTS: usize = 1_000;
const MAX_TEXT_BYTES: usize = 16 * 1024;

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

    pub(super) fn push(&mut self, record: Record, wall: Instant) {
        self.opened_at.get_or_insert(wall);
        // Offsets may skip: compaction and transaction markers leave gaps.
        self.next_offset = record.offset + 1;
        self.records.push_back(record);
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

    /// Feeds records to the machine until the batch is empty or the outbox is full.
    pub(super) fn feed(&mut self, machine: &mut CaseMachine, room: Room, out: &mut Outbox) -> Seen {
        let mut seen = Seen::default();
        while !out.is_full(room)
            && let Some(record) = self.records.pop_front()
        {
            seen.feed(machine, record, out);
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
    last: Option<Record>,
    pub(super) latest_event: Option<Instant>,
    pub(super) records: u64,
    pub(super) undecodable: u64,
}

impl Seen {
    /// Steps the machine over one record.
    pub(super) fn feed(&mut self, machine: &mut CaseMachine, record: Record, out: &mut Outbox) {
        // `ingest` has checked the record against its clock; what reaches this topic is judged by its form alone.
        match model::event::decode(&record.bytes, Instant::LATEST) {
            Ok(event) => {
                let input = match event.body {
                    Body::SourceHeartbeat { home } => {
                        Input::Heard { source: &event.source, at: record.timestamp, home }
                    }
                    _ => {
                        self.latest_event = self.latest_event.max(Some(event.time));
                        Input::Fact(&event)
                    }
                };
                out.fill(|told| machine.step(input, told));
            }
            Err(_) => self.undecodable += 1,
        }
        self.records += 1;
        self.last = Some(record);
    }

    pub(super) fn last_timestamp(&self) -> Option<Instant> {
        self.last.as_ref().map(|record| record.timestamp)
    }

    /// The last record, to be known again.
    pub(super) fn anchor(&self) -> Option<Anchor> {
        self.last.as_ref().map(|record| Anchor { offset: record.offset, hash: Hash::of(&record.bytes) })
    }
}

/// How much an entry holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    pub(super) findings: usize,
    /// Bytes of findings, by estimate.
    pub(super) bytes: usize,
}

/// Findings that the machine has told and no entry has yet.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    findings: VecDeque<Finding>,
    bytes: usize,
    scratch: Vec<Finding>,
}

impl Outbox {
    pub(super) fn len(&self) -> usize {
        self.findings.len()
    }

    pub(super) fn is_full(&self, room: Room) -> bool {
        self.findings.len() >= room.findings.max(1) || self.bytes >= room.bytes
    }

    /// Takes in what `tell` tells; returns what that returns.
    pub(super) fn fill<T>(&mut self, tell: impl FnOnce(&mut Vec<Finding>) -> T) -> T {
        let told = tell(&mut self.scratch);
        for mut finding in self.scratch.drain(..) {
            shorten(&mut finding);
            self.bytes += weight(&finding);
            self.findings.push_back(finding);
        }
        told
    }

    /// The findings of the next entry: as many as it holds, one at least.
    pub(super) fn take(&mut self, room: Room) -> Vec<Finding> {
        let (mut taken, mut bytes) = (Vec::new(), 0);
        while taken.len() < room.findings.max(1)
            && let Some(finding) = self.findings.pop_front()
        {
            bytes += weight(&finding);
            if bytes > room.bytes && !taken.is_empty() {
                self.findings.push_front(finding);
                break;
            }
            self.bytes -= weight(&finding);
            taken.push(finding);
        }
        taken
    }

    /// Takes back the last findings of an entry.
    pub(super) fn put_back(&mut self, findings: Vec<Finding>) {
        for finding in findings.into_iter().rev() {
            self.bytes += weight(&finding);
            self.findings.push_front(finding);
        }
    }

    /// Keeps the last `left` findings: the others stand in the ledger.
    pub(super) fn keep_last(&mut self, left: usize) {
        let told = self.findings.len().saturating_sub(left);
        self.findings.drain(..told);
        self.bytes = self.findings.iter().map(weight).sum();
    }
}

/// Bytes of a finding in an entry, by estimate: names, numbers and instants take the same in all of them.
fn weight(finding: &Finding) -> usize {
    const FRAME: usize = 700;
    let events = finding.events.iter().map(|id| id.len() + 3).sum::<usize>();
    let texts = [&finding.explanation.zh, &finding.explanation.en].map(String::len).iter().sum::<usize>();
    FRAME + events + texts + 2 * finding.case.len() + finding.detail.as_ref().map_or(0, String::len)
}

/// Brings a finding of hostile size down to what an entry holds: its first events, the beginning of its texts.
fn shorten(finding: &mut Finding) {
    if weight(finding) <= MAX_FINDING_BYTES {
        return;
    }
    finding.events.truncate(MAX_FINDING_EVENTS);
    let Finding { explanation, detail, .. } = finding;
    for text in [&mut explanation.zh, &mut explanation.en].into_iter().chain(detail) {
        if text.len() > MAX_TEXT_BYTES {
            let end = (0..=MAX_TEXT_BYTES).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            text.truncate(end);
            text.push('…');
        }
    }
}

#[cfg(test)]
mod tests {
    use model::FindingId;
    use model::catalogue::Bilingual;
    use model::finding::{Cause, Change, Code, Kind, Light, State};

    use super::*;

    fn finding(n: u32, text: usize) -> Finding {
        let at = Instant(0);
        Finding {
            finding_id: FindingId::of("c", "i", "p", Code::Overdue, None, Some(n), ""),
            revision: 1,
            change: Change::Raised,
            cause: Cause::Fact,
            state: State::Raised,
            case: "c".into(),
            item: "i".into(),
            category: None,
            org: "o".into(),
            region: None,
            accepted_at: at,
            point: "p".into(),
            kind: Kind::TimeLimit,
            code: Code::Overdue,
            light: Light::Red,
            step: None,
            visit: Some(n),
            violated_at: at,
            due: None,
            late_by_ms: None,
            provisional: false,
            raised_at: at,
            changed_at: at,
            detail: None,
            events: vec!["e".repeat(100); text / 100],
            explanation: Bilingual { zh: "督".repeat(text / 3), en: "x".repeat(text) },
            rules_version: "r".into(),
            shadow: false,
        }
    }

    #[test]
    fn an_entry_holds_what_it_has_room_for_and_the_rest_follows_in_order() {
        let mut outbox = Outbox::default();
        outbox.fill(|told| told.extend((0..10).map(|n| finding(n, 300))));
        let visits = |findings: &[Finding]| findings.iter().filter_map(|f| f.visit).collect::<Vec<_>>();
        let by_count = outbox.take(Room { findings: 3, bytes: 1 << 20 });
        assert_eq!(visits(&by_count), [0, 1, 2]);
        let by_bytes = outbox.take(Room { findings: 99, bytes: 2 * weight(&finding(0, 300)) });
        assert_eq!(visits(&by_bytes), [3, 4]);
        assert_eq!(visits(&outbox.take(Room { findings: 99, bytes: 1 })), [5], "one at least");
        outbox.put_back(by_bytes);
        outbox.keep_last(5);
        assert_eq!(visits(&outbox.take(Room { findings: 99, bytes: 1 << 20 })), [4, 6, 7, 8, 9]);
        assert_eq!((outbox.len(), outbox.bytes), (0, 0));
    }

    #[test]
    fn a_finding_of_hostile_size_is_shortened() {
        let mut outbox = Outbox::default();
        outbox.fill(|told| told.push(finding(0, 3 << 20)));
        let taken = outbox.take(Room { findings: 1, bytes: 1 });
        assert!(weight(&taken[0]) <= MAX_FINDING_BYTES, "{}", weight(&taken[0]));
        assert!(taken[0].explanation.zh.ends_with("督…"));
    }
}
