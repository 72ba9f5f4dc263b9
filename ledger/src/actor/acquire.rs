//! Taking a partition over: the ledger says how far and with which clocks, the facts are read again.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use detectors::machine::CaseMachine;
use model::Instant;

use super::batch::{self, Batch, Record, Seen};
use super::{Running, Settings};
use crate::chain::Chain;
use crate::log::{Log, LogError, LogEvent, Stream};
use crate::record::Hash;

/// Longest wait for a record that must be there.
const PATIENCE: Duration = Duration::from_secs(30);

/// What an acquisition found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    pub entries: u64,
    pub passed_over: u64,
    pub records: u64,
    pub position: i64,
    /// State after the replay equals the one that the last entry recorded.
    pub digest_agrees: bool,
}

/// How far a valid entry went: position and clock after it.
struct Mark {
    to: i64,
    now: Instant,
    timers: u32,
    digest: Hash,
}

pub(super) fn acquire(settings: &Settings, log: &mut impl Log) -> Result<(Running, Restored), LogError> {
    let (mut chain, marks, passed_over) = read_ledger(settings, log)?;
    let (low, high) = log.bounds(Stream::CaseEvents)?;
    let start = marks.first.unwrap_or(low);
    if start < low || chain.position > high {
        let offset = if start < low { start } else { chain.position };
        let stream = Stream::CaseEvents.as_str();
        return Err(LogError::Truncated { stream, partition: settings.partition, offset, low, high });
    }
    if chain.next_seq == 0 {
        chain.position = low;
    }
    let mut machine = CaseMachine::new(Arc::clone(&settings.rules));
    let (records, digest_agrees) = replay(log, start, &marks.list, &mut machine)?;
    log.seek(Stream::CaseEvents, chain.position)?;
    let restored =
        Restored { entries: chain.next_seq, passed_over, records, position: chain.position, digest_agrees };
    let run = Running {
        machine,
        ahead: chain,
        confirmed: chain,
        unconfirmed: VecDeque::new(),
        batch: Batch::new(chain.position),
        caught_up: false,
    };
    Ok((run, restored))
}

struct Marks {
    /// `from` of the first valid entry.
    first: Option<i64>,
    list: Vec<Mark>,
}

/// Reads the ledger to its end as it is now. An entry that lands later is seen when it is read back.
fn read_ledger(settings: &Settings, log: &mut impl Log) -> Result<(Chain, Marks, u64), LogError> {
    let (low, high) = log.bounds(Stream::Ledger)?;
    log.seek(Stream::Ledger, low)?;
    let mut chain = Chain::new(settings.partition);
    let mut marks = Marks { first: None, list: Vec::new() };
    let mut passed_over = 0;
    let mut next = low;
    while next < high {
        let Some((offset, record)) = next_record(log, Stream::Ledger)? else { break };
        next = offset + 1;
        match chain.accept(&record.bytes) {
            Ok(entry) => {
                marks.first.get_or_insert(entry.from);
                marks.list.push(Mark {
                    to: entry.to,
                    now: entry.now,
                    timers: entry.timers,
                    digest: entry.digest,
                });
            }
            Err(_) => passed_over += 1,
        }
    }
    Ok((chain, marks, passed_over))
}

/// Feeds the facts again, moving the clock where it moved then.
fn replay(
    log: &mut impl Log,
    start: i64,
    marks: &[Mark],
    machine: &mut CaseMachine,
) -> Result<(u64, bool), LogError> {
    let mut next = start;
    let (mut told, mut records) = (Vec::new(), 0);
    log.seek(Stream::CaseEvents, start)?;
    for mark in marks {
        let mut seen = Seen::default();
        while next < mark.to {
            let Some((offset, record)) = next_record(log, Stream::CaseEvents)? else { break };
            assert!(offset < mark.to, "the log skipped from {next} to {offset}, behind {}", mark.to);
            next = offset + 1;
            records += 1;
            seen.feed(machine, &record, &mut told);
            told.clear();
        }
        machine.fire(mark.now, mark.timers, usize::MAX, &mut told);
        // What is told again has been told: it stands in the ledger.
        told.clear();
    }
    let agrees = marks.last().is_none_or(|m| m.digest == batch::digest(machine));
    Ok((records, agrees))
}

/// The next record of a stream, passing over everything else; `None` at its end.
fn next_record(log: &mut impl Log, wanted: Stream) -> Result<Option<(i64, Record)>, LogError> {
    let mut waited = Duration::ZERO;
    while waited < PATIENCE {
        let step = Duration::from_millis(100);
        match log.poll(step)? {
            Some(LogEvent::Record { stream, offset, timestamp, bytes }) if stream == wanted => {
                return Ok(Some((offset, Record { offset, timestamp, bytes })));
            }
            Some(LogEvent::End { stream }) if stream == wanted => return Ok(None),
            Some(_) => {}
            None => waited += step,
        }
    }
    Err(LogError::Broken(format!("{}: no record came within {} s", wanted.as_str(), PATIENCE.as_secs())))
}
