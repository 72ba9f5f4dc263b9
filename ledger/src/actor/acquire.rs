//! Taking a partition over: begin from the newest checkpoint that can be used, or from the beginning, and do again what the
//! entries after it did, to the ledger's end as it is now. An entry that lands later is seen when it is read back.

use std::sync::Arc;

use detectors::machine::{CaseMachine, Input, Restorer};
use model::Instant;

use super::state::{Facts, Redone, State, halted};
use super::{Settings, search};
use crate::chain::Chain;
use crate::checkpoint::{self, Checkpoint};
use crate::clock::ClockMode;
use crate::incident::{Incident, Kind};
use crate::log::{Log, LogError, Stream, known_edition, next_record};

/// Checkpoints that are tried before everything is replayed: older ones have lost their segments.
const MAX_UNUSABLE: usize = 4;

/// What an acquisition found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// Entries in the ledger, and the first of them that was done again: 0 is a replay from the beginning.
    pub entries: u64,
    pub from_entry: u64,
    /// Records of the ledger, among those read, that do not count.
    pub passed_over: u64,
    /// Facts read again.
    pub records: u64,
    pub cases: usize,
    pub position: i64,
    /// State after the replay equals the one that the entries recorded.
    pub digest_agrees: bool,
}

/// A state at the ledger's end, what it was begun from, and what was found on the way.
pub(super) struct Acquired {
    pub(super) state: State,
    pub(super) checkpoint: Option<Checkpoint>,
    pub(super) restored: Restored,
    /// Since the checkpoint.
    pub(super) done: Redone,
    /// The ledger has been read to here.
    pub(super) ledger_end: i64,
    pub(super) incidents: Vec<Incident>,
}

pub(super) fn acquire(settings: &Settings, log: &mut impl Log, wall: Instant) -> Result<Acquired, LogError> {
    let (low, high) = log.bounds(Stream::Ledger)?;
    let mut incidents = Vec::new();
    let mut search = search::Checkpoints::before(low, high);
    while incidents.len() < MAX_UNUSABLE
        && let Some(found) = search.next(log)?
    {
        match restore(settings, log, &found)? {
            // A late owner's: it never counted.
            Ok(None) => {}
            Ok(Some(state)) => {
                let checkpoint = Some(found.checkpoint);
                let start = Start { state, checkpoint, done: Redone::default(), ledger: (low, high) };
                return finish(log, start, incidents, wall);
            }
            Err(reason) => {
                let range = (found.offset, found.offset + 1);
                incidents.push(Incident::new(
                    Kind::CheckpointUnusable,
                    settings.partition,
                    range,
                    wall,
                    reason,
                ));
            }
        }
    }
    let state = beginning(settings, log, (low, high), wall)?;
    let start = Start { state, checkpoint: None, done: Redone::default(), ledger: (low, high) };
    finish(log, start, incidents, wall)
}

pub(super) struct Start {
    pub(super) state: State,
    pub(super) checkpoint: Option<Checkpoint>,
    /// Done again already, since the checkpoint.
    pub(super) done: Redone,
    /// Offset before which nothing is to be read, and the one that the ledger is followed to.
    pub(super) ledger: (i64, i64),
}

/// From where the state stands to the ledger's end.
pub(super) fn finish(
    log: &mut impl Log,
    start: Start,
    mut incidents: Vec<Incident>,
    wall: Instant,
) -> Result<Acquired, LogError> {
    let Start { mut state, checkpoint, mut done, ledger } = start;
    let (partition, from_entry) = (state.chain.partition, state.chain.next_seq);
    let (records, passed_over, diverged) = (done.records, done.passed_over, done.diverged);
    catch_up(&mut state, log, ledger, wall, &mut done)?;
    if let (Some(seq), None) = (done.diverged, diverged) {
        incidents.push(Incident::diverged(partition, seq, &state.chain, wall));
    }
    let position = state.chain.position;
    if let Some(range) = done.loss {
        let detail = "see the entry in the ledger";
        incidents.push(Incident::new(Kind::LossAccepted, partition, range, wall, detail));
    }
    log.seek(Stream::CaseEvents, position)?;
    let restored = Restored {
        entries: state.chain.next_seq,
        from_entry,
        passed_over: done.passed_over - passed_over,
        records: done.records - records,
        cases: state.machine.cases(),
        position,
        digest_agrees: done.diverged.is_none(),
    };
    Ok(Acquired { state, checkpoint, restored, done, ledger_end: ledger.1, incidents })
}

/// Does the entries again from where the ledger is read, up to `high`.
fn catch_up(
    state: &mut State,
    log: &mut impl Log,
    (low, high): (i64, i64),
    wall: Instant,
    done: &mut Redone,
) -> Result<(), LogError> {
    let mut facts = Facts::from(state.chain.position);
    let mut behind = low;
    while behind < high
        && let Some(record) = next_record(log, Stream::Ledger)?
    {
        behind = record.offset + 1;
        state.follow(&record, &mut facts, log, wall, done)?;
    }
    state.open(&mut facts, log, wall)
}

/// A state with no checkpoint to begin from: the ledger must be there from its first entry.
fn beginning(
    settings: &Settings,
    log: &mut impl Log,
    ledger: (i64, i64),
    wall: Instant,
) -> Result<State, LogError> {
    let mut chain = Chain::new(settings.partition);
    let (low, high) = ledger;
    let (facts, _) = log.bounds(Stream::CaseEvents)?;
    match search::first(log, chain, low, high)? {
        Some(first) => chain.position = first.from,
        None if low > 0 => {
            let detail = "what is left of it does not begin with the first entry";
            return Err(halted(Kind::LedgerLost, settings.partition, (0, low), wall, detail));
        }
        None => chain.position = facts,
    }
    log.seek(Stream::Ledger, low)?;
    Ok(State::new(new_machine(settings), chain, None))
}

/// Where the clock is not the wall's, it does not wait for anybody.
fn new_machine(settings: &Settings) -> CaseMachine {
    let rules = Arc::clone(&settings.rules);
    match settings.clock {
        ClockMode::Wall => CaseMachine::watching(rules),
        ClockMode::EventTime | ClockMode::Until(_) => CaseMachine::new(rules),
    }
}

/// The state that a checkpoint names, with the ledger's stream behind it; none, if the entry does not count; or why it cannot
/// be used.
fn restore(
    settings: &Settings,
    log: &mut impl Log,
    found: &search::Found,
) -> Result<Result<Option<State>, String>, LogError> {
    let saved = &found.checkpoint;
    match search::standing(log, found)? {
        search::Standing::Counts => {}
        search::Standing::DoesNotCount => return Ok(Ok(None)),
        search::Standing::Unrooted(reason) => return Ok(Err(reason.to_owned())),
    }
    let mut machine = new_machine(settings);
    for number in 0..saved.editions() {
        let edition = known_edition(log, number)?;
        machine.step(Input::Edition(&edition), &mut Vec::new());
    }
    if let Some(reason) = saved.refusal(settings.partition, &machine.rules_identity(saved.editions())) {
        return Ok(Err(reason.to_owned()));
    }
    if saved.segments.is_empty() {
        return begin_from(log, saved, machine);
    }
    let cases = usize::try_from(saved.cases).unwrap_or(usize::MAX);
    let mut restorer = Restorer::new(machine, cases);
    for segment in saved.segments.iter().rev() {
        let read = segment.read(log, |bytes| restorer.feed(bytes).map_err(|damaged| damaged.0))?;
        if let Err(reason) = read.and_then(|()| restorer.end_save().map_err(|damaged| damaged.0)) {
            return Ok(Err(format!("segment {}: {reason}", segment.id)));
        }
    }
    match restorer.finish() {
        Ok(machine) => begin_from(log, saved, machine),
        Err(damaged) => Ok(Err(damaged.0.to_owned())),
    }
}

fn begin_from(
    log: &mut impl Log,
    saved: &Checkpoint,
    machine: CaseMachine,
) -> Result<Result<Option<State>, String>, LogError> {
    if checkpoint::digest(machine.digest()) != saved.digest {
        return Ok(Err("the state differs from the one recorded".to_owned()));
    }
    log.seek(Stream::Ledger, saved.after + 1)?;
    Ok(Ok(Some(State::new(machine, saved.at, saved.anchor))))
}
