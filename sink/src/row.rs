//! What a batch becomes: rows, by table. Pure.

mod case_event;
mod dead_letter;
mod finding;
mod progress;

use std::collections::BTreeMap;

use ledger::chain::{Chain, Misfit};
use serde::{Serialize, Serializer};

pub(crate) use case_event::CaseEventRow;
pub(crate) use dead_letter::DeadLetterRow;
pub(crate) use finding::{FindingRow, latest};
pub(crate) use progress::{EventsProgressRow, ProgressRow};

use crate::batch::{Batch, Slice};
use crate::kind::Kind;

/// The rows of one batch.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) case_events: Vec<CaseEventRow>,
    pub(crate) events_progress: Vec<EventsProgressRow>,
    pub(crate) findings: Vec<FindingRow>,
    /// The last revision of each finding in the batch.
    pub(crate) alarms: Vec<FindingRow>,
    pub(crate) progress: Vec<ProgressRow>,
    pub(crate) dead_letters: Vec<DeadLetterRow>,
    /// Ledger records that do not extend the chain, passed over.
    pub(crate) misfits: Vec<Misfit>,
    /// How many of the dead letters are records that this crate could not read.
    pub(crate) rejected: usize,
}

/// A row that the store can be made to keep in another form if it refuses it in this one.
pub(crate) trait Refusable {
    fn refused(&self, sentence: String) -> DeadLetterRow;
}

impl Rows {
    /// Reads a batch. Of the ledger, `chains` say where each partition stands before the batch, and afterwards behind it.
    pub(crate) fn of(kind: Kind, batch: &Batch, chains: &mut BTreeMap<i32, Chain>) -> Self {
        let mut rows = Self::default();
        for (partition, slice) in batch.slices() {
            match kind {
                Kind::CaseEvents => {
                    rows.add_events(slice);
                    rows.events_progress.push(EventsProgressRow::of(partition, slice));
                }
                Kind::DeadLetters => rows.dead_letters.extend(slice.records.iter().map(DeadLetterRow::of)),
                Kind::Ledger => {
                    let chain = chains.entry(partition).or_insert_with(|| Chain::new(partition));
                    rows.add_entries(slice, chain);
                }
            }
        }
        rows.alarms = latest(&rows.findings);
        rows
    }

    fn add_events(&mut self, slice: &Slice) {
        for record in &slice.records {
            match CaseEventRow::of(record) {
                Ok(row) => self.case_events.push(row),
                Err(sentence) => {
                    self.rejected += 1;
                    self.dead_letters.push(DeadLetterRow::rejected("case-events", record, sentence));
                }
            }
        }
    }

    fn add_entries(&mut self, slice: &Slice, chain: &mut Chain) {
        let first_seq = chain.next_seq;
        let before = self.findings.len();
        let mut last = None;
        for record in &slice.records {
            match chain.accept(&record.value) {
                Ok(entry) => {
                    self.findings.extend(
                        entry
                            .findings
                            .iter()
                            .map(|f| FindingRow::of(f, record.partition, entry.seq, record.offset)),
                    );
                    last = Some(record.offset);
                }
                Err(misfit) => self.misfits.push(misfit),
            }
        }
        let findings = self.findings.len() - before;
        self.progress.extend(last.map(|offset| ProgressRow::of(chain, first_seq, offset, findings)));
    }
}

/// Bytes of any kind in a `String` column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_bytes(&self.0)
    }
}

/// Milliseconds as `DateTime64(3)` holds them, 1900 to 2299; what lies outside goes to the nearer end.
pub(crate) fn instant(at: model::Instant) -> i64 {
    at.0.clamp(-2_208_988_800_000, 10_413_791_999_999)
}

pub(crate) fn partition(partition: i32) -> u16 {
    u16::try_from(partition).unwrap_or(u16::MAX)
}

/// Offsets are never negative; a hostile ledger entry is held to that by the chain.
pub(crate) fn offset(offset: i64) -> u64 {
    u64::try_from(offset).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_beyond_the_columns_range_go_to_its_ends() {
        let parse = |text| model::Instant::parse(text).expect("an instant").0;
        assert_eq!(instant(model::Instant::LATEST), parse("2299-12-31T23:59:59.999Z"));
        assert_eq!(instant(model::Instant(i64::MIN)), parse("1900-01-01T00:00:00Z"));
        assert_eq!(instant(model::Instant(17)), 17);
    }
}
