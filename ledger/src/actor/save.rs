//! Saving the state while the actor goes on: a segment is begun, written a record at a time, read back, and named by an entry.

use std::collections::VecDeque;

use detectors::machine::STATE_FORMAT;
use sha2::{Digest as _, Sha256};

use super::Limits;
use super::state::State;
use crate::chain::Chain;
use crate::checkpoint::{self, Checkpoint, Segment, Sweep, forget};
use crate::log::{Log, LogError, Stream};
use crate::record::{Anchor, Hash};

/// Most records appended and not read back.
const IN_FLIGHT: usize = 4;
/// Checkpoints whose segments are kept: the newest that counts, and the one before it.
const KEPT: usize = 2;

/// When the state is saved next, and what has been saved.
pub(super) struct Saver {
    segments: Vec<Segment>,
    sweep: Sweep,
    /// First offset of `segments` that each of the last checkpoints needs.
    needs: VecDeque<i64>,
    /// The same of checkpoints whose entry has not been read back, with the entry's `seq`: another owner's may land first, and
    /// then this one never counts.
    named: VecDeque<(u64, i64)>,
    /// Since the last save began.
    records: u64,
    entries: u64,
    save: Option<Save>,
}

/// A save under way.
struct Save {
    at: Chain,
    /// Offset of the entry that the state stands behind, once it has been read back.
    after: Option<i64>,
    anchor: Option<Anchor>,
    rules: String,
    digest: Hash,
    cases: u64,
    buffer: Vec<u8>,
    written: bool,
    in_flight: VecDeque<Hash>,
    hash: Sha256,
    segment: Segment,
    /// Where the sweep goes on.
    behind: Sweep,
}

impl Saver {
    /// Goes on from the checkpoint that was begun from.
    pub(super) fn behind(checkpoint: Option<Checkpoint>, records: u64, entries: u64) -> Self {
        let needs = checkpoint.as_ref().and_then(Checkpoint::needs_from).into_iter().collect();
        let (segments, sweep) = checkpoint.map_or_else(Default::default, |c| (c.segments, c.sweep));
        Self { segments, sweep, needs, named: VecDeque::new(), records, entries, save: None }
    }

    /// An entry about so many records was appended.
    pub(super) fn count(&mut self, records: u64) {
        self.records += records;
        self.entries += 1;
    }

    pub(super) fn is_busy(&self) -> bool {
        self.save.is_some()
    }

    /// First offset of `segments` that may still be needed.
    pub(super) fn needs_from(&self) -> i64 {
        self.needs.iter().copied().min().unwrap_or(0)
    }

    /// Begins a save, if one is due and the state can be named: all that the machine has told must stand in an entry.
    pub(super) fn begin(
        &mut self,
        limits: &Limits,
        state: &mut State,
        confirmed: (Chain, i64),
        log: &mut impl Log,
    ) -> Result<(), LogError> {
        let is_due = self.records >= limits.checkpoint_records || self.entries >= limits.checkpoint_entries;
        if !is_due || self.is_busy() || state.outbox.len() > 0 || state.chain.next_seq == 0 {
            return Ok(());
        }
        if !state.machine.is_settled() {
            return Ok(());
        }
        // Earlier records are not ours to wait for.
        let (_, high) = log.bounds(Stream::Segments)?;
        log.seek(Stream::Segments, high)?;
        let machine = &mut state.machine;
        let (from, to, behind) =
            self.sweep.stretch(machine.cases(), machine.changed(), limits.checkpoint_stretch);
        let mut buffer = Vec::new();
        let cases = machine.begin_save(from, to, &mut buffer) as u64;
        (self.records, self.entries) = (0, 0);
        self.save = Some(Save {
            at: state.chain,
            after: (confirmed.0 == state.chain).then_some(confirmed.1),
            anchor: state.anchor,
            rules: machine.rules_identity(machine.editions()),
            digest: checkpoint::digest(machine.digest()),
            cases: machine.cases() as u64,
            buffer,
            written: false,
            in_flight: VecDeque::new(),
            hash: Sha256::new(),
            segment: Segment { id: Hash::ZERO, runs: Vec::new(), cases, bytes: 0, sweep: self.sweep },
            behind,
        });
        Ok(())
    }

    /// Appends the next record, if the last ones have come back.
    pub(super) fn write(
        &mut self,
        limits: &Limits,
        state: &mut State,
        log: &mut impl Log,
    ) -> Result<(), LogError> {
        let most = limits.segment_record_bytes.max(1);
        let Some(save) =
            self.save.as_mut().filter(|save| !save.is_done() && save.in_flight.len() < IN_FLIGHT)
        else {
            return Ok(());
        };
        save.written = save.written || state.machine.save(most, &mut save.buffer);
        let rest = save.buffer.split_off(save.buffer.len().min(most));
        let record = std::mem::replace(&mut save.buffer, rest);
        save.hash.update(&record);
        save.segment.bytes += record.len() as u64;
        save.in_flight.push_back(Hash::of(&record));
        log.append(Stream::Segments, record)
    }

    /// A record of `segments` was read. `false`: it stood behind one that has not come and will not come any more.
    #[must_use]
    pub(super) fn read_back(&mut self, offset: i64, bytes: &[u8]) -> bool {
        let Some(save) = &mut self.save else { return true };
        let hash = Hash::of(bytes);
        let place = save.in_flight.iter().position(|own| *own == hash);
        if place == Some(0) {
            save.in_flight.pop_front();
            save.segment.push(offset);
        }
        place.is_none_or(|place| place == 0)
    }

    /// An entry of one's own was read back.
    pub(super) fn confirmed(&mut self, chain: &Chain, offset: i64) {
        if let Some(save) = self.save.as_mut().filter(|save| save.at == *chain) {
            save.after = Some(offset);
        }
        while self.named.front().is_some_and(|(seq, _)| *seq < chain.next_seq) {
            self.needs.extend(self.named.pop_front().map(|(_, needs)| needs));
        }
        while self.needs.len() > KEPT {
            self.needs.pop_front();
        }
    }

    /// Whether the save is complete and waits for an entry to name it.
    pub(super) fn is_ready(&self) -> bool {
        self.save
            .as_ref()
            .is_some_and(|save| save.is_done() && save.in_flight.is_empty() && save.after.is_some())
    }

    /// The checkpoint for the entry `seq`, the next one, if one is complete.
    pub(super) fn take(&mut self, seq: u64) -> Option<Checkpoint> {
        let save = if self.is_ready() { self.save.take()? } else { return None };
        let id = Hash(save.hash.finalize().into());
        self.segments.push(Segment { id, ..save.segment });
        self.sweep = save.behind;
        forget(&mut self.segments, self.sweep);
        let checkpoint = Checkpoint {
            format: STATE_FORMAT,
            rules: save.rules,
            at: save.at,
            after: save.after?,
            cases: save.cases,
            digest: save.digest,
            anchor: save.anchor,
            sweep: self.sweep,
            segments: self.segments.clone(),
        };
        self.named.extend(checkpoint.needs_from().map(|needs| (seq, needs)));
        Some(checkpoint)
    }
}

impl Save {
    /// Nothing is left to append.
    fn is_done(&self) -> bool {
        self.written && self.buffer.is_empty()
    }
}
