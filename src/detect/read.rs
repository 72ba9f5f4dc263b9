//! Lines to facts: every thread decodes blocks of its own; each case's facts come to its machine in the order of lines.

use std::hash::BuildHasher;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use detectors::machine::CaseMachine;
use hashbrown::DefaultHashBuilder;
use model::event::{Event, Rejection};
use model::{Catalogue, Instant};

use super::input::{Block, Input};
use super::rejects::Rejects;
use super::turns::{InTurn, lock, side_by_side};

/// Machines a thread: while one thread feeds some, the next follows it through the others.
const MACHINES_PER_THREAD: usize = 4;

/// What was read.
pub(crate) struct Read {
    /// Each has the cases whose ids' hashes lead to it.
    pub(crate) machines: Vec<CaseMachine>,
    pub(super) tally: Tally,
}

impl Read {
    /// Where the clock stands in the end: where it is asked to, else at the largest event time.
    pub(crate) fn until(&self, asked: Option<Instant>) -> Instant {
        asked.or(self.tally.latest).unwrap_or(Instant(0))
    }
}

/// Counts over all lines.
#[derive(Default)]
pub(super) struct Tally {
    /// Without those that are blank.
    pub(super) lines: u64,
    pub(super) rejected: u64,
    pub(super) latest: Option<Instant>,
}

struct Reading<'a> {
    catalogue: &'a Catalogue,
    /// Against which a `time` in the future is judged.
    clock: Instant,
    files: &'a [PathBuf],
    input: Mutex<Input<'a>>,
    log: InTurn<(Tally, Rejects)>,
    machines: Vec<InTurn<CaseMachine>>,
    hasher: DefaultHashBuilder,
}

/// Reads all files on so many threads.
pub(super) fn read(
    catalogue: &Arc<Catalogue>,
    clock: Instant,
    files: &[PathBuf],
    input: Input<'_>,
    rejects: Rejects,
    threads: usize,
) -> anyhow::Result<Read> {
    let machines = if threads == 1 { 1 } else { threads * MACHINES_PER_THREAD };
    let machine = || InTurn::new(CaseMachine::new(Arc::clone(catalogue)));
    let reading = Reading {
        catalogue,
        clock,
        files,
        input: Mutex::new(input),
        log: InTurn::new((Tally::default(), rejects)),
        machines: (0..machines).map(|_| machine()).collect(),
        hasher: DefaultHashBuilder::default(),
    };
    side_by_side(threads, || reading.work())?;
    let (tally, mut rejects) = reading.log.into_inner();
    rejects.flush()?;
    Ok(Read { machines: reading.machines.into_iter().map(InTurn::into_inner).collect(), tally })
}

/// What a thread has found in one block.
#[derive(Default)]
struct Seen<'b> {
    tally: Tally,
    /// Numbers within the block count from 1.
    rejects: Vec<(u64, Rejection, &'b [u8])>,
    ends_at: u64,
}

impl Reading<'_> {
    fn work(&self) -> anyhow::Result<()> {
        let mut block = Block::default();
        loop {
            if !lock(&self.input).next(&mut block)? {
                return Ok(());
            }
            self.block(&block)?;
        }
    }

    fn block(&self, block: &Block) -> io::Result<()> {
        let mut seen = Seen::default();
        let mut events: Vec<Vec<Event<'_>>> = self.machines.iter().map(|_| Vec::new()).collect();
        for line in block.lines() {
            seen.ends_at += 1;
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            seen.tally.lines += 1;
            match self.decode(line) {
                Ok(event) => {
                    seen.tally.latest = seen.tally.latest.max(Some(event.time));
                    events[self.machine_of(&event.case)].push(event);
                }
                Err(rejection) => seen.rejects.push((seen.ends_at, rejection, line)),
            }
        }
        let logged = self.log.turn(block.number, |(tally, rejects)| {
            tally.lines += seen.tally.lines;
            tally.rejected += seen.rejects.len() as u64;
            tally.latest = tally.latest.max(seen.tally.latest);
            rejects.block(&self.files[block.file], block.file, &seen.rejects, seen.ends_at)
        });
        for (machine, events) in self.machines.iter().zip(&events) {
            machine.turn(block.number, |machine| events.iter().for_each(|event| machine.absorb(event)));
        }
        logged
    }

    fn decode<'b>(&self, line: &'b [u8]) -> Result<Event<'b>, Rejection> {
        let event = model::event::decode(line, self.clock)?;
        self.catalogue.orgs.authorise(&event)?;
        Ok(event)
    }

    fn machine_of(&self, case: &str) -> usize {
        if self.machines.len() == 1 {
            return 0;
        }
        (self.hasher.hash_one(case) % self.machines.len() as u64) as usize
    }
}
