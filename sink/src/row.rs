//! What a batch becomes: rows, by table. Pure.

mod case_event;
mod dead_letter;
mod finding;
mod incident;
mod progress;
mod standing;

use std::collections::BTreeMap;
use std::ops::Range;

use ledger::chain::{Chain, Misfit};
use model::finding::{Cause, Change};
use serde::{Serialize, Serializer};

pub use case_event::CaseEventRow;
pub use dead_letter::DeadLetterRow;
pub use finding::FindingRow;
pub use incident::IncidentRow;
pub use progress::{EventsProgressRow, ProgressRow};
pub use standing::StandingRow;

use crate::batch::Batch;
use crate::kind::Kind;

/// Rows of one table.
#[derive(Debug, Clone, PartialEq)]
pub enum Rows {
    DeadLetters(Vec<DeadLetterRow>),
    CaseEvents(Vec<CaseEventRow>),
    EventsProgress(Vec<EventsProgressRow>),
    Findings(Vec<FindingRow>),
    Progress(Vec<ProgressRow>),
    Incidents(Vec<IncidentRow>),
    Standings(Vec<StandingRow>),
}

/// What one batch becomes.
#[derive(Debug, Default)]
pub(crate) struct Yield {
    /// In the order in which they are inserted. Progress comes last: it says that all before it is there.
    pub(crate) tables: Vec<Rows>,
    /// Ledger records that do not extend the chain, passed over.
    pub(crate) misfits: Vec<Misfit>,
    /// How many of the dead letters are records that this crate could not read.
    pub(crate) rejected: u64,
}

impl Rows {
    pub const fn table(&self) -> &'static str {
        match self {
            Self::DeadLetters(_) => "dead_letters_log",
            Self::CaseEvents(_) => "case_events_log",
            Self::EventsProgress(_) => "case_events_progress_log",
            Self::Findings(_) => "findings_log",
            Self::Progress(_) => "ledger_progress_log",
            Self::Incidents(_) => "incidents_log",
            Self::Standings(_) => "standings_log",
        }
    }

    pub const fn len(&self) -> usize {
        match self {
            Self::DeadLetters(rows) => rows.len(),
            Self::CaseEvents(rows) => rows.len(),
            Self::EventsProgress(rows) => rows.len(),
            Self::Findings(rows) => rows.len(),
            Self::Progress(rows) => rows.len(),
            Self::Incidents(rows) => rows.len(),
            Self::Standings(rows) => rows.len(),
        }
    }

    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// When that was due which no event raised, milliseconds, of the rows in a range.
    pub(crate) fn raised_by_clock(&self, range: Range<usize>) -> impl Iterator<Item = i64> + '_ {
        let findings = if let Self::Findings(rows) = self { rows.get(range) } else { None };
        let by_clock =
            |row: &&FindingRow| row.cause == Cause::Clock.as_str() && row.change == Change::Raised.as_str();
        findings.unwrap_or_default().iter().filter(by_clock).map(|row| row.violated_at)
    }

    /// The dead letter in which a row is kept that the store refuses; `None` where there is no such form.
    pub(crate) fn letter(&self, row: usize, sentence: &str) -> Option<DeadLetterRow> {
        match self {
            Self::CaseEvents(rows) => Some(rows.get(row)?.refused(sentence)),
            Self::Findings(rows) => {
                let this = rows.get(row)?;
                let same_entry =
                    |other: &&FindingRow| (other.partition, other.seq) == (this.partition, this.seq);
                let part = rows[..row].iter().rev().take_while(same_entry).count();
                Some(DeadLetterRow {
                    part: u32::try_from(part).unwrap_or(u32::MAX),
                    ..this.refused(sentence)
                })
            }
            _ => None,
        }
    }
}

impl Yield {
    /// Reads a batch. Of the ledger, `chains` say where each partition stands before the batch, and afterwards behind it.
    pub(crate) fn of(kind: Kind, batch: &Batch, chains: &mut BTreeMap<i32, Chain>) -> Self {
        let mut found = match kind {
            Kind::CaseEvents => Self::of_events(batch),
            Kind::Ledger => Self::of_entries(batch, chains),
            Kind::Incidents => Self::of_incidents(batch),
            Kind::DeadLetters => {
                let records = batch.slices().flat_map(|(_, slice)| &slice.records);
                let tables = vec![Rows::DeadLetters(records.map(DeadLetterRow::of).collect())];
                Self { tables, ..Self::default() }
            }
        };
        found.tables.retain(|rows| !rows.is_empty());
        found
    }

    fn of_events(batch: &Batch) -> Self {
        let (mut events, mut letters, mut progress) = (Vec::new(), Vec::new(), Vec::new());
        for (partition, slice) in batch.slices() {
            for record in &slice.records {
                match CaseEventRow::of(record) {
                    Ok(row) => events.extend(row),
                    Err(sentence) => letters.push(DeadLetterRow::rejected("case-events", record, sentence)),
                }
            }
            progress.push(EventsProgressRow::of(partition, slice));
        }
        let rejected = letters.len() as u64;
        let tables =
            vec![Rows::DeadLetters(letters), Rows::CaseEvents(events), Rows::EventsProgress(progress)];
        Self { tables, rejected, ..Self::default() }
    }

    fn of_incidents(batch: &Batch) -> Self {
        let (mut incidents, mut letters) = (Vec::new(), Vec::new());
        for record in batch.slices().flat_map(|(_, slice)| &slice.records) {
            match IncidentRow::of(record) {
                Ok(row) => incidents.push(row),
                Err(sentence) => letters.push(DeadLetterRow::rejected("incidents", record, sentence)),
            }
        }
        let rejected = letters.len() as u64;
        let tables = vec![Rows::DeadLetters(letters), Rows::Incidents(incidents)];
        Self { tables, rejected, ..Self::default() }
    }

    fn of_entries(batch: &Batch, chains: &mut BTreeMap<i32, Chain>) -> Self {
        let (mut findings, mut progress, mut misfits) = (Vec::new(), Vec::new(), Vec::new());
        for (partition, slice) in batch.slices() {
            let chain = chains.entry(partition).or_insert_with(|| Chain::new(partition));
            let (first_seq, before) = (chain.next_seq, findings.len());
            let mut last = None;
            for record in &slice.records {
                match chain.accept(&record.value) {
                    Ok(entry) => {
                        let row = |f| FindingRow::of(f, record.partition, entry.seq, record.offset);
                        findings.extend(entry.findings.iter().map(row));
                        last = Some(record.offset);
                    }
                    Err(misfit) => misfits.push(misfit),
                }
            }
            let count = findings.len() - before;
            progress.extend(last.map(|offset| ProgressRow::of(chain, first_seq, offset, count)));
        }
        let tables = vec![Rows::Findings(findings), Rows::Progress(progress)];
        Self { tables, misfits, ..Self::default() }
    }
}

/// Bytes of any kind in a `String` column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

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
    fn only_what_the_clock_raised_is_measured() {
        let row = |cause: Cause, change: Change, at: i64| {
            let finding = finding::tests::finding(1);
            let finding = model::Finding { cause, change, violated_at: model::Instant(at), ..finding };
            FindingRow::of(&finding, 0, 0, 0)
        };
        let rows = Rows::Findings(vec![
            row(Cause::Clock, Change::Raised, 1),
            row(Cause::Fact, Change::Raised, 2),
            row(Cause::Clock, Change::Updated, 3),
            row(Cause::Clock, Change::Raised, 4),
        ]);
        assert_eq!(rows.raised_by_clock(0..4).collect::<Vec<_>>(), [1, 4]);
        assert_eq!(rows.raised_by_clock(0..3).collect::<Vec<_>>(), [1]);
        assert_eq!(Rows::Progress(Vec::new()).raised_by_clock(0..0).count(), 0);
    }

    #[test]
    fn instants_beyond_the_columns_range_go_to_its_ends() {
        let parse = |text| model::Instant::parse(text).expect("an instant").0;
        assert_eq!(instant(model::Instant::LATEST), parse("2299-12-31T23:59:59.999Z"));
        assert_eq!(instant(model::Instant(i64::MIN)), parse("1900-01-01T00:00:00Z"));
        assert_eq!(instant(model::Instant(17)), 17);
    }
}
