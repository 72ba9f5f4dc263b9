//! A consumer of one partition's ledger that looks at each record as it lands, by the rule every reader applies.

use std::collections::BTreeMap;

use ledger::chain::Chain;
use ledger::checkpoint::Checkpoint;
use ledger::clock::MAX_APART_MS;
use ledger::incident::{Incident, Kind};
use ledger::record::Entry;
use model::{Finding, FindingId};

use crate::broker::Partition;
use crate::lies::View;
use crate::mutant::Mutant;

#[derive(Debug)]
pub struct Watch {
    view: View,
    pub chain: Chain,
    /// The last revision of each finding.
    pub stands: BTreeMap<FindingId, Finding>,
    /// Every revision, in order.
    pub told: Vec<Told>,
    pub entries: u64,
    /// Where the first entry that counts begins: what retention took before is nobody's to judge.
    pub first: Option<i64>,
    /// The newest that an entry names.
    pub checkpoint: Option<Checkpoint>,
    /// An owner has halted because these facts are gone, and none has acquired the partition since.
    pub halted: Option<(i64, i64)>,
}

/// A revision and the entry that told it.
#[derive(Debug)]
pub struct Told {
    pub seq: u64,
    pub finding: Finding,
}

impl Watch {
    pub fn new(partition: usize, mutant: Option<Mutant>) -> Self {
        let number = partition as i32;
        Self {
            view: View::new(mutant, number),
            chain: Chain::new(number),
            stands: BTreeMap::new(),
            told: Vec::new(),
            entries: 0,
            first: None,
            checkpoint: None,
            halted: None,
        }
    }

    /// Takes a record that lands at `now`, the true time; an error is something that must never be. `facts` is given where clocks are honest.
    pub fn see(&mut self, bytes: &[u8], now: i64, facts: Option<&Partition>) -> Result<(), String> {
        let before = self.chain;
        let Ok(entry) = self.chain.accept(&self.view.show(bytes)) else { return Ok(()) };
        self.entries += 1;
        self.first.get_or_insert(entry.from);
        let seq = entry.seq;
        if before.next_seq > 0 && entry.from != before.position {
            return Err(format!("entry {seq} begins at {}, behind {}", entry.from, before.position));
        }
        if entry.reference > before.reference + 1 {
            return Err(format!(
                "entry {seq} takes over editions from {} to {}",
                before.reference, entry.reference
            ));
        }
        // No wall clock, however wrong, takes a partition's clock further from the broker's than this.
        if entry.now.0 > now + MAX_APART_MS {
            return Err(format!("entry {seq} is ahead of the time by {} ms", entry.now.0 - now));
        }
        let unread = facts.and_then(|facts| facts.next(entry.to));
        if let Some((offset, record)) = unread
            && record.timestamp < entry.now.0
        {
            return Err(format!("entry {seq}: the clock has passed the unread fact at {offset}"));
        }
        if let Some(checkpoint) = &entry.checkpoint {
            self.checkpoint = Some(checkpoint.clone());
        }
        self.fold(entry)
    }

    fn fold(&mut self, entry: Entry) -> Result<(), String> {
        for finding in entry.findings {
            let (id, revision) = (finding.finding_id, finding.revision);
            let last = self.stands.get(&id).map_or(0, |f| f.revision);
            if revision != last + 1 {
                return Err(format!("entry {}: revision {revision} of {id} follows {last}", entry.seq));
            }
            self.told.push(Told { seq: entry.seq, finding: finding.clone() });
            self.stands.insert(id, finding);
        }
        Ok(())
    }

    /// An owner says that facts are gone; `real` are the log's true bounds.
    pub fn halts(&mut self, incident: &Incident, real: (i64, i64)) -> Result<(), String> {
        let range = incident.from.zip(incident.to);
        let is_exact = range.is_some_and(|(from, to)| from < to && to <= real.0);
        if incident.kind != Kind::FactsLost || !is_exact {
            return Err(format!(
                "{:?} {range:?} was told of a log that holds [{}, {})",
                incident.kind, real.0, real.1
            ));
        }
        self.halted = range;
        Ok(())
    }

    /// The newest checkpoint that a counting entry names: its segments must be there.
    pub fn needs(&self, segments: &Partition) -> Result<(), String> {
        let Some(checkpoint) = &self.checkpoint else { return Ok(()) };
        for (first, last) in checkpoint.segments.iter().flat_map(|segment| &segment.runs) {
            if *first < segments.low || *last >= segments.high() {
                return Err(format!(
                    "the checkpoint behind entry {} needs segments that are not there",
                    checkpoint.at.next_seq
                ));
            }
        }
        Ok(())
    }
}
