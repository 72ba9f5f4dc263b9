//! Findings, by ledger entry.

use std::collections::{BTreeMap, BTreeSet};

use ledger::chain::Chain;

use super::{Found, Repair, Scope, Walk};
use crate::error::Error;
use crate::kind::Kind;
use crate::record::Record;
use crate::row::{FindingRow, ProgressRow, Rows};
use crate::source;
use crate::start;

impl Repair {
    /// One partition of the ledger, up to where the sink says that all is stored. A halted partition is left alone.
    pub(super) fn findings(
        &mut self,
        part: &source::Found,
        scope: Scope,
        found: &mut Found,
    ) -> Result<(), Error> {
        let Ok(progress) = start::start(Kind::Ledger, part) else { return Ok(()) };
        let (from, mut chain) = self.beginning(part, scope, progress.offset)?;
        let (first_seq, mut count, mut last_offset) = (chain.next_seq, 0, None);
        let mut walk = Walk::begin(&mut self.ledger, part.partition, from, progress.offset)?;
        loop {
            let records = walk.chunk(&mut self.ledger, &self.stop)?;
            if records.is_empty() {
                break;
            }
            found.records += records.len() as u64;
            let rows = valid(&records, &mut chain, &mut last_offset);
            count += rows.len();
            let missing = self.missing_findings(part.partition, rows)?;
            let offsets: BTreeSet<i64> = missing.iter().map(|row| row.offset as i64).collect();
            let rows = Rows::Findings(missing);
            found.add(Kind::Ledger, part.partition, &rows, offsets.into_iter());
            self.insert(&rows, scope)?;
        }
        let Some(last_offset) = last_offset else { return Ok(()) };
        if self.questions.last_seq(part.partition)?.is_none_or(|seq| seq + 1 < chain.next_seq) {
            let rows = Rows::Progress(vec![ProgressRow::of(&chain, first_seq, last_offset, count)]);
            found.add(Kind::Ledger, part.partition, &rows, std::iter::empty());
            self.insert(&rows, scope)?;
        }
        Ok(())
    }

    /// Where to read from, and the chain there: the beginning, or the newest state that is both stored and far enough back.
    fn beginning(&self, part: &source::Found, scope: Scope, to: i64) -> Result<(i64, Chain), Error> {
        let before = scope.newest.map(|newest| to - newest).filter(|before| *before > part.low);
        if let Some((offset, chain)) =
            before.map(|b| self.questions.chain_before(part.partition, b)).transpose()?.flatten()
        {
            return Ok((offset + 1, chain));
        }
        if part.low > 0 {
            let text = format!("the ledger of partition {} has lost its beginning", part.partition);
            return Err(Error::Repair(text));
        }
        Ok((0, Chain::new(part.partition)))
    }

    /// Those that are neither stored nor kept as dead letters.
    fn missing_findings(&self, partition: i32, rows: Vec<FindingRow>) -> Result<Vec<FindingRow>, Error> {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(Vec::new()) };
        let stored = self.questions.findings(partition, first.seq, last.seq)?;
        let letters = self.questions.letters(Kind::Ledger, partition, first.offset, last.offset)?;
        let mut parts: BTreeMap<u64, u32> = BTreeMap::new();
        let mut missing = Vec::new();
        for row in rows {
            let part = parts.entry(row.offset).or_default();
            let is_letter = letters.contains(&(row.offset, *part));
            *part += 1;
            if !is_letter && !stored.contains(&(row.finding_id.clone(), row.revision)) {
                missing.push(row);
            }
        }
        Ok(missing)
    }
}

/// The findings of the records that extend the chain.
fn valid(records: &[Record], chain: &mut Chain, last_offset: &mut Option<i64>) -> Vec<FindingRow> {
    let mut rows = Vec::new();
    for record in records {
        if let Ok(entry) = chain.accept(&record.value) {
            let row = |finding| FindingRow::of(finding, record.partition, entry.seq, record.offset);
            rows.extend(entry.findings.iter().map(row));
            *last_offset = Some(record.offset);
        }
    }
    rows
}
