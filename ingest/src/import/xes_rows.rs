//! XES: one event a row, with the attributes of its trace beside its own.
//!
//! Attributes are taken at the first level; what is nested in them is passed over, and so are the log's own attributes
//! and its `global` defaults: a default is a guess, and a guess is no fact. Only one event is held at a time, so the
//! trace's attributes must stand before its events, as the standard has them.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read};

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use super::cells::Scope;
use super::emit::Emitter;
use super::errors::CellError;
use super::input::Guard;

/// Where in the document the reader stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    Log,
    Trace,
    Event,
}

struct Walk<'w, 'e> {
    emitter: &'w mut Emitter<'e>,
    of_case: HashMap<Box<str>, usize>,
    of_event: HashMap<Box<str>, usize>,
    place: Place,
    /// Open elements that are passed over.
    skipping: usize,
    /// The line of the event at hand.
    line: u64,
    /// Events of the trace so far.
    events: u64,
    seen_log: bool,
}

pub(super) fn rows(
    source: Guard<impl Read>,
    emitter: &mut Emitter<'_>,
    progress: &mut dyn FnMut(u64),
) -> io::Result<()> {
    let mut reader = Reader::from_reader(Lines::new(source));
    let mut walk = Walk::new(emitter);
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let line = reader.get_ref().line;
        let event = reader.read_event_into(&mut buffer).map_err(|error| broken(line, &error.to_string()))?;
        let more = walk.event(&event, line)?;
        progress(reader.get_mut().inner.get_mut().record_ended());
        if !more {
            return walk.end(line);
        }
    }
}

impl<'w, 'e> Walk<'w, 'e> {
    fn new(emitter: &'w mut Emitter<'e>) -> Self {
        let (mut of_case, mut of_event) = (HashMap::new(), HashMap::new());
        for (slot, name) in emitter.mapping.slots.names().iter().enumerate() {
            match name.strip_prefix("case:") {
                Some(key) => of_case.insert(key.into(), slot),
                None => of_event.insert(name.as_str().into(), slot),
            };
        }
        let place = Place::Outside;
        Self { emitter, of_case, of_event, place, skipping: 0, line: 0, events: 0, seen_log: false }
    }

    /// Takes one piece of the document; false at its end.
    fn event(&mut self, event: &Event<'_>, line: u64) -> io::Result<bool> {
        match event {
            Event::Start(_) if self.skipping > 0 => self.skipping += 1,
            Event::Start(tag) => self.start(tag, line)?,
            Event::Empty(_) if self.skipping > 0 => {}
            Event::Empty(tag) => {
                self.start(tag, line)?;
                self.close()?;
            }
            Event::End(_) => self.close()?,
            Event::Eof => return Ok(false),
            Event::Text(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::GeneralRef(_) => {}
        }
        Ok(true)
    }

    fn start(&mut self, tag: &BytesStart<'_>, line: u64) -> io::Result<()> {
        let name = tag.local_name();
        match (self.place, name.into_inner()) {
            (Place::Outside, "log") => {
                self.place = Place::Log;
                self.seen_log = true;
            }
            (Place::Outside, other) => return Err(broken(line, &format!("<{other}> is no XES log"))),
            (Place::Log, "trace") => {
                self.place = Place::Trace;
                self.emitter.cells.clear();
                self.events = 0;
            }
            (Place::Log, "event") => {
                self.skipping = 1;
                self.emitter.report.rows += 1;
                self.emitter.reject(
                    line,
                    CellError::new(None, "stands outside of a trace, so its case is not known"),
                );
            }
            (Place::Trace, "event") => {
                self.place = Place::Event;
                self.emitter.cells.clear_row();
                self.line = line;
                self.events += 1;
            }
            (Place::Trace | Place::Event, _) => {
                self.skipping = 1;
                self.attribute(tag, line)?;
            }
            (Place::Log, _) => self.skipping = 1,
        }
        Ok(())
    }

    fn attribute(&mut self, tag: &BytesStart<'_>, line: u64) -> io::Result<()> {
        let (mut key, mut value) = (None, None);
        for attribute in tag.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| broken(line, &error.to_string()))?;
            match attribute.key.into_inner() {
                "key" => key = Some(attribute),
                "value" => value = Some(attribute),
                _ => {}
            }
        }
        let (Some(key), Some(value)) = (key, value) else { return Ok(()) };
        let text = |attribute: &quick_xml::events::attributes::Attribute<'_>| {
            let text = attribute.normalized_value(XmlVersion::Implicit1_0);
            text.map(std::borrow::Cow::into_owned).map_err(|error| broken(line, &error.to_string()))
        };
        let places = if self.place == Place::Trace { &self.of_case } else { &self.of_event };
        let slot =
            if key.value.contains('&') { places.get(text(&key)?.as_str()) } else { places.get(&*key.value) };
        let Some(&slot) = slot else { return Ok(()) };
        if self.place == Place::Event {
            self.set(slot, Scope::Row, &value, text)
        } else if self.events == 0 {
            self.set(slot, Scope::Case, &value, text)
        } else {
            let reason = "is a trace's attribute after its first event; the standard has them before";
            self.emitter.reject(line, CellError::new(Some(slot), reason));
            Ok(())
        }
    }

    /// A value without references or line ends in it, which is nearly every one, is taken as it stands.
    fn set<'v>(
        &mut self,
        slot: usize,
        scope: Scope,
        value: &quick_xml::events::attributes::Attribute<'v>,
        text: impl Fn(&quick_xml::events::attributes::Attribute<'v>) -> io::Result<String>,
    ) -> io::Result<()> {
        if value.value.bytes().any(|byte| byte == b'&' || byte < b' ') {
            self.emitter.set(slot, scope, &text(value)?);
        } else {
            self.emitter.set(slot, scope, &value.value);
        }
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        if self.skipping > 0 {
            self.skipping -= 1;
            return Ok(());
        }
        match self.place {
            Place::Event => {
                self.place = Place::Trace;
                self.emitter.row(self.line)
            }
            Place::Trace => {
                self.place = Place::Log;
                self.emitter.cells.clear_row();
                self.emitter.end_case(self.line)
            }
            Place::Log | Place::Outside => {
                self.place = Place::Outside;
                Ok(())
            }
        }
    }

    fn end(&self, line: u64) -> io::Result<()> {
        if self.place == Place::Outside && self.seen_log {
            return Ok(());
        }
        let message = if self.seen_log { "the file ends inside of the log" } else { "the file has no <log>" };
        Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("line {line}: {message}")))
    }
}

fn broken(line: u64, message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("line {line}: {message}"))
}

/// Counts the lines that the parser has taken.
struct Lines<R> {
    inner: BufReader<R>,
    line: u64,
}

impl<R: Read> Lines<R> {
    fn new(source: R) -> Self {
        Self { inner: BufReader::with_capacity(64 * 1024, source), line: 1 }
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let length = available.len().min(buffer.len());
        buffer[..length].copy_from_slice(&available[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl<R: Read> BufRead for Lines<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        let taken = &self.inner.buffer()[..amount];
        self.line += taken.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.inner.consume(amount);
    }
}
