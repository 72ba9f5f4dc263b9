//! Case events, by key: of several copies the first to arrive stands, and the offsets of the others are rightly absent.

use std::collections::BTreeSet;

use super::{Found, Repair, Scope, Walk};
use crate::error::Error;
use crate::kind::Kind;
use crate::record::Record;
use crate::row::{CaseEventRow, DeadLetterRow, EventsProgressRow, Rows};
use crate::source;
use crate::start;

impl Repair {
    /// One partition of `case-events`, up to where the sink says that all is stored. A halted partition is left alone.
    pub(super) fn events(
        &mut self,
        part: &source::Found,
        scope: Scope,
        found: &mut Found,
    ) -> Result<(), Error> {
        let (partition, kind) = (part.partition, Kind::CaseEvents);
        let Ok(progress) = start::start(kind, part) else { return Ok(()) };
        let to = progress.offset;
        let from = scope.newest.map_or(part.low, |newest| (to - newest).max(part.low));
        let mut walk = Walk::begin(&mut self.case_events, partition, from, to)?;
        loop {
            let records = walk.chunk(&mut self.case_events, &self.stop)?;
            if records.is_empty() {
                break;
            }
            found.records += records.len() as u64;
            let (rows, letters) = self.missing_events(partition, &records)?;
            let offsets: Vec<i64> = rows.iter().map(|row| row.offset as i64).collect();
            let of_letters: Vec<i64> = letters.iter().map(|row| row.offset as i64).collect();
            for (rows, offsets) in
                [(Rows::CaseEvents(rows), offsets), (Rows::DeadLetters(letters), of_letters)]
            {
                found.add(kind, partition, &rows, offsets.into_iter());
                self.insert(&rows, scope)?;
            }
        }
        let stored_to = self.questions.events_to(partition)?;
        if to > part.low && stored_to.is_none_or(|stored| stored < to) {
            let rows = Rows::EventsProgress(vec![EventsProgressRow::at(partition, to)]);
            found.add(kind, partition, &rows, std::iter::empty());
            self.insert(&rows, scope)?;
        }
        Ok(())
    }

    fn missing_events(
        &self,
        partition: i32,
        records: &[Record],
    ) -> Result<(Vec<CaseEventRow>, Vec<DeadLetterRow>), Error> {
        let (Some(first), Some(last)) = (records.first(), records.last()) else {
            return Ok(Default::default());
        };
        let (from, to) = (first.offset as u64, last.offset as u64);
        let stored: BTreeSet<u64> = self.questions.event_offsets(partition, from, to)?;
        let kept = self.questions.letters(Kind::CaseEvents, partition, from, to)?;
        let absent = records.iter().filter(|record| {
            let at = record.offset as u64;
            !stored.contains(&at) && !kept.contains(&(at, 0))
        });
        let (mut rows, mut letters) = (Vec::new(), Vec::new());
        for record in absent {
            match CaseEventRow::of(record) {
                Ok(row) => rows.extend(row),
                Err(sentence) => {
                    letters.push(DeadLetterRow::rejected(Kind::CaseEvents.name(), record, sentence))
                }
            }
        }
        let first = self.questions.first_copies(&rows)?;
        rows.retain(|row| {
            let key = (row.case_id.clone(), row.source.clone(), row.event_id.clone());
            first.get(&key).is_none_or(|offset| *offset > row.offset)
        });
        Ok((rows, letters))
    }
}
