//! A log in memory, shared by several actors, for tests: appends may be lost, delayed or reported as unknown.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use model::Instant;
use model::catalogue::Edition;

use crate::log::{Log, LogError, LogEvent, Progress, Stream};

/// One partition's streams.
#[derive(Debug)]
pub struct Streams {
    pub case_events: Vec<(Instant, Vec<u8>)>,
    pub ledger: Vec<Vec<u8>>,
    /// First offset of the ledger that is kept; those before are gone, as retention takes them.
    pub ledger_from: usize,
    pub segments: Vec<Vec<u8>>,
    /// Of the rules, as far as they are published.
    pub editions: Vec<Arc<Edition>>,
    /// The broker's clock, and what it put on the ledger's records: none by default.
    pub clock: Instant,
    pub stamps: Vec<Instant>,
    /// Facts are there, but no reader gets any for now.
    pub slow: bool,
    /// Appends that are still on their way.
    pub in_flight: Vec<(Stream, Vec<u8>)>,
}

impl Default for Streams {
    fn default() -> Self {
        let (case_events, ledger, segments) = (Vec::new(), Vec::new(), Vec::new());
        let (clock, stamps, in_flight) = (Instant(0), Vec::new(), Vec::new());
        let editions = Vec::new();
        Self {
            case_events,
            ledger,
            ledger_from: 0,
            segments,
            editions,
            clock,
            stamps,
            slow: false,
            in_flight,
        }
    }
}

impl Streams {
    /// What was on its way arrives.
    pub fn land(&mut self) {
        for (stream, bytes) in std::mem::take(&mut self.in_flight) {
            self.push(stream, bytes);
        }
    }

    fn push(&mut self, stream: Stream, bytes: Vec<u8>) {
        match stream {
            Stream::CaseEvents => self.case_events.push((Instant(0), bytes)),
            Stream::Ledger => {
                self.stamps.resize(self.ledger.len(), Instant(0));
                self.stamps.push(self.clock);
                self.ledger.push(bytes);
            }
            Stream::Segments => self.segments.push(bytes),
        }
    }
}

/// What becomes of an append that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Lands,
    Lost,
    /// It lands with [`Streams::land`], perhaps when its owner is long gone.
    Late,
    /// It is lost and counts as delivered: nothing is told.
    PassedOver,
}

/// One actor's hands on the streams.
#[derive(Debug)]
pub struct MemoryLog {
    streams: Rc<RefCell<Streams>>,
    positions: HashMap<Stream, usize>,
    /// Streams whose end has been told and not passed since.
    told: HashMap<Stream, bool>,
    /// What becomes of the next appends, the last one first; all but those passed over are reported unknown.
    pub unknown_appends: Vec<Outcome>,
    unknowns: usize,
    pub reported: Option<Progress>,
}

impl MemoryLog {
    pub fn new(streams: Rc<RefCell<Streams>>) -> Self {
        let positions = HashMap::new();
        Self {
            streams,
            positions,
            told: HashMap::new(),
            unknown_appends: Vec::new(),
            unknowns: 0,
            reported: None,
        }
    }

    fn read(&mut self, stream: Stream) -> Option<LogEvent> {
        let streams = self.streams.borrow();
        if streams.slow && stream == Stream::CaseEvents {
            return None;
        }
        let at = *self.positions.get(&stream)?;
        let record = match stream {
            Stream::CaseEvents => streams.case_events.get(at).cloned(),
            Stream::Ledger => {
                let stamp = streams.stamps.get(at).copied().unwrap_or(Instant(0));
                streams.ledger.get(at).map(|bytes| (stamp, bytes.clone()))
            }
            Stream::Segments => streams.segments.get(at).map(|bytes| (Instant(0), bytes.clone())),
        };
        if let Some((timestamp, bytes)) = record {
            self.positions.insert(stream, at + 1);
            self.told.insert(stream, false);
            return Some(LogEvent::Record { offset: at as i64, timestamp, bytes });
        }
        (!self.told.insert(stream, true).unwrap_or(false)).then_some(LogEvent::End)
    }
}

impl Log for MemoryLog {
    fn bounds(&mut self, stream: Stream) -> Result<(i64, i64), LogError> {
        let streams = self.streams.borrow();
        let (low, high) = match stream {
            Stream::CaseEvents => (0, streams.case_events.len()),
            Stream::Ledger => (streams.ledger_from, streams.ledger.len()),
            Stream::Segments => (0, streams.segments.len()),
        };
        Ok((low as i64, high as i64))
    }

    fn seek(&mut self, stream: Stream, offset: i64) -> Result<(), LogError> {
        self.positions.insert(stream, usize::try_from(offset).unwrap_or(0));
        self.told.insert(stream, false);
        Ok(())
    }

    fn poll(&mut self, stream: Stream, _wait: Duration) -> Result<Option<LogEvent>, LogError> {
        if self.unknowns > 0 {
            self.unknowns -= 1;
            return Ok(Some(LogEvent::Unknown { reason: "scripted".to_owned() }));
        }
        Ok(self.read(stream))
    }

    fn append(&mut self, stream: Stream, bytes: Vec<u8>) -> Result<(), LogError> {
        let outcome = self.unknown_appends.pop();
        self.unknowns += usize::from(outcome.is_some_and(|outcome| outcome != Outcome::PassedOver));
        let mut streams = self.streams.borrow_mut();
        match outcome.unwrap_or(Outcome::Lands) {
            Outcome::Lands => streams.push(stream, bytes),
            Outcome::Lost | Outcome::PassedOver => {}
            Outcome::Late => streams.in_flight.push((stream, bytes)),
        }
        Ok(())
    }

    fn edition(&mut self, number: usize, _wait: Duration) -> Result<Option<Arc<Edition>>, LogError> {
        Ok(self.streams.borrow().editions.get(number).cloned())
    }

    fn report(&mut self, progress: Progress) {
        self.reported = Some(progress);
    }
}
