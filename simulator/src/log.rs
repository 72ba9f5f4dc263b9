//! The production [`Log`] on the simulated broker: one owner's hands on one partition.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use ledger::log::{Log, LogError, LogEvent, Progress, Stream};
use model::Instant;
use model::catalogue::Edition;

use crate::broker::Topic;
use crate::faults::Fault;
use crate::lies::Lies;
use crate::world::Sim;

pub struct SimLog {
    sim: Rc<Sim>,
    partition: usize,
    name: String,
    /// The producer's two orders: one a topic.
    ledger: usize,
    segments: usize,
    reads: [Reading; 3],
    lies: Lies,
}

/// Where one stream is read.
#[derive(Debug, Clone, Copy, Default)]
struct Reading {
    next: Option<i64>,
    /// The end has been told and not passed since.
    told_end: bool,
}

const fn topic(stream: Stream) -> Topic {
    match stream {
        Stream::CaseEvents => Topic::CaseEvents,
        Stream::Ledger => Topic::Ledger,
        Stream::Segments => Topic::Segments,
    }
}

impl SimLog {
    pub fn open(sim: &Rc<Sim>, partition: usize, name: String) -> Self {
        let mut world = sim.world.borrow_mut();
        let ledger = world.broker.open(Topic::Ledger, partition);
        let segments = world.broker.open(Topic::Segments, partition);
        let lies = Lies::of(world.mutant, partition);
        Self { sim: Rc::clone(sim), partition, name, ledger, segments, reads: [Reading::default(); 3], lies }
    }

    /// The owner has acquired the partition and runs.
    pub fn acquired(&mut self) {
        self.lies.acquired();
        if self.lies.commits_what_it_reads() {
            let group = self.sim.world.borrow().group[self.partition];
            let next = &mut self.reads[Stream::CaseEvents as usize].next;
            *next = next.map(|next| next.max(group));
        }
    }

    fn note(&self, what: impl FnOnce() -> String) {
        self.sim.world.borrow().note(|| format!("{} {}", self.name, what()));
    }

    fn read(&mut self, stream: Stream) -> Result<Option<LogEvent>, LogError> {
        let mut world = self.sim.world.borrow_mut();
        let reading = &mut self.reads[stream as usize];
        let Some(at) = reading.next else { return Ok(None) };
        if world.is_down() || world.strikes(Fault::SlowPoll) {
            return Ok(None);
        }
        if world.strikes(Fault::EarlyEnd) {
            return Ok(Some(LogEvent::End));
        }
        let log = world.broker.partition(topic(stream), self.partition);
        if at < self.lies.bounds(stream, (log.low, log.high())).0 {
            return Err(LogError::Broken("simulated: offset out of range".to_owned()));
        }
        if let Some((offset, record)) = log.next(at.max(log.low)) {
            *reading = Reading { next: Some(offset + 1), told_end: false };
            let (timestamp, bytes) = (Instant(record.timestamp), record.value.to_vec());
            return Ok(Some(LogEvent::Record { offset, timestamp, bytes }));
        }
        let tell = !std::mem::replace(&mut reading.told_end, true);
        Ok(tell.then_some(LogEvent::End))
    }

    fn unknown(&mut self) -> Option<LogEvent> {
        for session in [self.ledger, self.segments] {
            let unknown = self.sim.world.borrow_mut().broker.sessions[session].unknown.pop_front();
            if let Some(bytes) = unknown {
                self.note(|| "is told that an append is unknown".to_owned());
                if let Some(event) = self.lies.unknown(session == self.ledger, &bytes) {
                    return Some(event);
                }
            }
        }
        None
    }
}

impl Log for SimLog {
    fn bounds(&mut self, stream: Stream) -> Result<(i64, i64), LogError> {
        self.sim.call("bounds");
        let mut world = self.sim.world.borrow_mut();
        if world.is_down() || world.strikes(Fault::AskFailed) {
            return Err(LogError::Broken("simulated: offsets not told".to_owned()));
        }
        let log = world.broker.partition(topic(stream), self.partition);
        Ok(self.lies.bounds(stream, (log.low, log.high())))
    }

    fn seek(&mut self, stream: Stream, offset: i64) -> Result<(), LogError> {
        self.sim.call("seek");
        self.lies.seek(stream);
        self.note(|| format!("reads {} from {offset}", stream.as_str()));
        self.reads[stream as usize] = Reading { next: Some(offset), told_end: false };
        Ok(())
    }

    fn poll(&mut self, stream: Stream, _wait: Duration) -> Result<Option<LogEvent>, LogError> {
        self.sim.call("poll");
        if self.lies.hushes(stream) {
            return Ok(None);
        }
        if let Some(event) = self.unknown().or_else(|| self.lies.interjects(stream)) {
            return Ok(Some(event));
        }
        while let Some(event) = self.read(stream)? {
            if let LogEvent::Record { offset, .. } = &event
                && stream == Stream::CaseEvents
                && self.lies.commits_what_it_reads()
            {
                let group = &mut self.sim.world.borrow_mut().group[self.partition];
                *group = (*group).max(offset + 1);
            }
            // Nothing comes back where a lie hides the record.
            if let Some(event) = self.lies.show(stream, event) {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    fn append(&mut self, stream: Stream, bytes: Vec<u8>) -> Result<(), LogError> {
        self.sim.call("append");
        let mut world = self.sim.world.borrow_mut();
        if world.strikes(Fault::AppendRefused) {
            return Err(LogError::Broken("simulated: the producer's queue is full".to_owned()));
        }
        let (session, bytes) = match stream {
            Stream::Segments => {
                let high = world.broker.partition(Topic::Segments, self.partition).high();
                let ahead = world.broker.sessions[self.segments].flights.len() as i64;
                self.lies.append_segment(high + ahead, &bytes);
                (self.segments, bytes)
            }
            Stream::Ledger | Stream::CaseEvents => (self.ledger, self.lies.append(bytes)),
        };
        world.broker.sessions[session].flights.push_back(bytes.into());
        Ok(())
    }

    fn edition(&mut self, number: usize, _wait: Duration) -> Result<Option<Arc<Edition>>, LogError> {
        self.sim.call("edition");
        Ok(self.sim.world.borrow_mut().edition(number))
    }

    fn report(&mut self, progress: Progress) {
        let mut world = self.sim.world.borrow_mut();
        let position = &mut world.group[self.partition];
        *position = (*position).max(progress.confirmed.position);
        let needed = self.lies.needed_segments(progress.segments_from);
        world.clean_segments(self.partition, needed);
    }
}

impl Drop for SimLog {
    /// As the real one: what is queued is dropped; a prefix of what is on the wire may land later.
    fn drop(&mut self) {
        let mut world = self.sim.world.borrow_mut();
        for session in [self.ledger, self.segments] {
            let flights = world.broker.sessions[session].flights.len();
            let zombie = flights > 0 && world.strikes(Fault::ZombieAppend);
            let kept = if zombie { 1 + world.chance.below(flights) } else { 0 };
            world.broker.close(session, kept);
        }
    }
}
