//! A log in memory, shared by several actors, for tests: appends may be lost, delayed or reported as unknown.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use model::Instant;

use crate::log::{Log, LogError, LogEvent, Stream};

/// One partition's two streams.
#[derive(Debug, Default)]
pub struct Streams {
    pub case_events: Vec<(Instant, Vec<u8>)>,
    pub ledger: Vec<Vec<u8>>,
}

/// One actor's hands on the streams.
#[derive(Debug)]
pub struct MemoryLog {
    streams: Rc<RefCell<Streams>>,
    positions: HashMap<Stream, usize>,
    /// Streams whose end has been told and not passed since.
    told: HashMap<Stream, bool>,
    /// Appends from now on: `true` lands, `false` is lost; both are reported unknown when the script is `Some`.
    pub unknown_appends: Vec<bool>,
    unknowns: usize,
    pub reported: i64,
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
            reported: 0,
        }
    }

    fn read(&mut self, stream: Stream) -> Option<LogEvent> {
        let streams = self.streams.borrow();
        let at = *self.positions.get(&stream)?;
        let record = match stream {
            Stream::CaseEvents => streams.case_events.get(at).cloned(),
            Stream::Ledger => streams.ledger.get(at).map(|bytes| (Instant(0), bytes.clone())),
        };
        if let Some((timestamp, bytes)) = record {
            self.positions.insert(stream, at + 1);
            self.told.insert(stream, false);
            return Some(LogEvent::Record { stream, offset: at as i64, timestamp, bytes });
        }
        (!self.told.insert(stream, true).unwrap_or(false)).then_some(LogEvent::End { stream })
    }
}

impl Log for MemoryLog {
    fn bounds(&mut self, stream: Stream) -> Result<(i64, i64), LogError> {
        let streams = self.streams.borrow();
        let high = match stream {
            Stream::CaseEvents => streams.case_events.len(),
            Stream::Ledger => streams.ledger.len(),
        };
        Ok((0, high as i64))
    }

    fn seek(&mut self, stream: Stream, offset: i64) -> Result<(), LogError> {
        self.positions.insert(stream, usize::try_from(offset).unwrap_or(0));
        self.told.insert(stream, false);
        Ok(())
    }

    fn poll(&mut self, _wait: Duration) -> Result<Option<LogEvent>, LogError> {
        if self.unknowns > 0 {
            self.unknowns -= 1;
            return Ok(Some(LogEvent::Unknown { reason: "scripted".to_owned() }));
        }
        Ok(self.read(Stream::Ledger).or_else(|| self.read(Stream::CaseEvents)))
    }

    fn append(&mut self, bytes: Vec<u8>) -> Result<(), LogError> {
        let landed = self.unknown_appends.pop();
        self.unknowns += usize::from(landed.is_some());
        if landed.unwrap_or(true) {
            self.streams.borrow_mut().ledger.push(bytes);
        }
        Ok(())
    }

    fn report(&mut self, position: i64) {
        self.reported = position;
    }
}
