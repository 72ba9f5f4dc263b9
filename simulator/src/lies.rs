//! How the simulated log lies under a mutant. Without one it tells the truth.

use std::collections::VecDeque;

use ledger::chain::Chain;
use ledger::log::{LogEvent, Stream};
use ledger::record::{Entry, Hash};
use model::{Finding, Instant};

use crate::mutant::Mutant;

/// The ledger as a reader without some check sees it: an entry that fails only that check is made to fit.
#[derive(Debug)]
pub struct View {
    mutant: Option<Mutant>,
    chain: Chain,
}

impl View {
    pub fn new(mutant: Option<Mutant>, partition: i32) -> Self {
        Self { mutant, chain: Chain::new(partition) }
    }

    /// The record's bytes as this reader sees them.
    pub fn show(&mut self, bytes: &[u8]) -> Vec<u8> {
        let seen = self.fitted(bytes).unwrap_or_else(|| bytes.to_vec());
        if self.mutant.is_some() && self.chain.accept(&seen).is_err() {
            return bytes.to_vec();
        }
        seen
    }

    fn fitted(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mutant = self.mutant?;
        let mut probe = self.chain;
        if probe.accept(bytes).is_ok() {
            return None;
        }
        let mut entry = Entry::decode(bytes).ok()?;
        match mutant {
            Mutant::PrevUnchecked => {}
            Mutant::SeqUnchecked => entry.seq = self.chain.next_seq,
            Mutant::RangeUnchecked => entry.from = self.chain.position,
            _ => return None,
        }
        entry.prev = self.chain.prev;
        Some(entry.encode())
    }
}

/// One owner's log under a mutant.
#[derive(Debug)]
pub struct Lies {
    mutant: Option<Mutant>,
    partition: i32,
    view: View,
    /// The ledger as it is, and as it was shown.
    real: Chain,
    shown: Chain,
    /// Hashes as the owner knows them, and as they are.
    renamed: Vec<(Hash, Hash)>,
    /// Own entries on their way: as they are, and as the owner wrote them.
    own: VecDeque<(Vec<u8>, Vec<u8>)>,
    /// Of the last entry of the ledger: told again.
    last_findings: Vec<Finding>,
    /// The owner has acquired the partition.
    runs: bool,
    end_due: bool,
    /// Nothing comes behind an end that was told.
    hushed: bool,
    /// Segments that are read back before they are there, the next one first.
    ahead: VecDeque<(i64, Vec<u8>)>,
    /// Entries of unknown outcome that are read back as if they had landed.
    taken_for_done: VecDeque<Vec<u8>>,
}

impl Lies {
    pub fn of(mutant: Option<Mutant>, partition: usize) -> Self {
        let number = partition as i32;
        Self {
            mutant,
            partition: number,
            view: View::new(mutant, number),
            real: Chain::new(number),
            shown: Chain::new(number),
            renamed: Vec::new(),
            own: VecDeque::new(),
            last_findings: Vec::new(),
            runs: false,
            end_due: false,
            hushed: false,
            ahead: VecDeque::new(),
            taken_for_done: VecDeque::new(),
        }
    }

    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    pub fn bounds(&self, stream: Stream, (low, high): (i64, i64)) -> (i64, i64) {
        let reset = self.is(Mutant::OffsetReset) && stream == Stream::CaseEvents;
        (if reset { 0 } else { low }, high)
    }

    pub fn seek(&mut self, stream: Stream) {
        if stream == Stream::Ledger {
            *self = Self::of(self.mutant, self.partition as usize);
        }
    }

    pub fn acquired(&mut self) {
        self.runs = true;
    }

    pub fn commits_what_it_reads(&self) -> bool {
        self.is(Mutant::ResumeFromGroup)
    }

    /// Whether a poll brings nothing although there is something.
    pub fn hushes(&mut self, stream: Stream) -> bool {
        stream == Stream::CaseEvents && std::mem::take(&mut self.hushed)
    }

    /// Something that is told before anything else.
    pub fn interjects(&mut self, stream: Stream) -> Option<LogEvent> {
        match stream {
            Stream::CaseEvents => {
                self.hushed = std::mem::take(&mut self.end_due);
                self.hushed.then_some(LogEvent::End)
            }
            Stream::Segments => {
                let (offset, bytes) = self.ahead.pop_front()?;
                Some(LogEvent::Record { offset, timestamp: Instant(0), bytes })
            }
            Stream::Ledger => {
                let bytes = self.taken_for_done.pop_front()?;
                Some(LogEvent::Record { offset: 0, timestamp: Instant(0), bytes })
            }
        }
    }

    /// A record of a segment goes on the wire; it would land at `offset`.
    pub fn append_segment(&mut self, offset: i64, bytes: &[u8]) {
        if self.is(Mutant::NamedTooEarly) {
            self.ahead.push_back((offset, bytes.to_vec()));
        }
    }

    /// From where on segments are kept.
    pub fn needed_segments(&self, needed: i64) -> i64 {
        if self.is(Mutant::CleanedTooFar) { needed + 3 } else { needed }
    }

    /// What the owner is told instead of "unknown".
    pub fn unknown(&mut self, of_ledger: bool, bytes: &[u8]) -> Option<LogEvent> {
        match self.mutant {
            Some(Mutant::UnknownIsSuccess) if of_ledger => {
                self.taken_for_done.push_back(bytes.to_vec());
                None
            }
            _ => Some(LogEvent::Unknown { reason: "simulated".to_owned() }),
        }
    }

    /// What the owner sees of an event; nothing where it is hidden.
    pub fn show(&mut self, stream: Stream, event: LogEvent) -> Option<LogEvent> {
        match (self.mutant, stream, event) {
            (None, _, event) => Some(event),
            (_, Stream::Ledger, LogEvent::Record { offset, timestamp, bytes }) => {
                let timestamp = if self.is(Mutant::WitnessUnheard) { Instant(0) } else { timestamp };
                let bytes = self.show_entry(bytes)?;
                Some(LogEvent::Record { offset, timestamp, bytes })
            }
            (_, Stream::CaseEvents, event @ LogEvent::Record { .. }) => {
                self.end_due = self.is(Mutant::LagIgnored) && self.runs;
                Some(event)
            }
            // What is there has been told already.
            (Some(Mutant::NamedTooEarly), Stream::Segments, LogEvent::Record { .. }) if self.runs => None,
            (_, _, event) => Some(event),
        }
    }

    fn show_entry(&mut self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        if let Some(at) = self.own.iter().position(|(real, _)| *real == bytes) {
            self.view.show(&bytes);
            return self.own.remove(at).map(|(_, written)| written);
        }
        match self.mutant {
            Some(Mutant::ForeignUnnoticed) if self.runs => None,
            Some(Mutant::ClockForgotten | Mutant::TimersForgotten | Mutant::Retold) => {
                Some(self.misread(bytes))
            }
            _ => Some(self.view.show(&bytes)),
        }
    }

    /// An entry that counts is shown with something forgotten.
    fn misread(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        let Ok(mut entry) = self.real.accept(&bytes) else { return bytes };
        self.last_findings.clone_from(&entry.findings);
        match self.mutant {
            Some(Mutant::ClockForgotten) if self.shown.next_seq > 0 => entry.now = self.shown.now,
            Some(Mutant::TimersForgotten) => entry.timers = 0,
            _ => {}
        }
        entry.prev = self.shown.prev;
        let shown = entry.encode();
        self.renamed.push((Hash::of(&shown), Hash::of(&bytes)));
        self.shown.accept(&shown).ok();
        shown
    }

    /// What really goes on the wire.
    pub fn append(&mut self, written: Vec<u8>) -> Vec<u8> {
        if !matches!(self.mutant, Some(Mutant::ClockForgotten | Mutant::TimersForgotten | Mutant::Retold)) {
            if self.mutant.is_some() {
                self.own.push_back((written.clone(), written.clone()));
            }
            return written;
        }
        let Ok(mut entry) = Entry::decode(&written) else { return written };
        if let Some((_, real)) = self.renamed.iter().rev().find(|(known, _)| *known == entry.prev) {
            entry.prev = *real;
        }
        if self.is(Mutant::Retold) {
            entry.findings.splice(0..0, self.last_findings.drain(..));
        }
        let real = entry.encode();
        self.renamed.push((Hash::of(&written), Hash::of(&real)));
        self.own.push_back((real.clone(), written));
        real
    }
}
