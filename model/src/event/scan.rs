//! The fast way in: one pass over a record that takes out the members which rules need, borrowing them.
//!
//! It knows the usual forms of JSON and takes nothing else: at whatever is unusual (an escape in a name, a member twice,
//! a number with a point where fen are due) it gives up, and [`mod@super::decode`] reads the record again with serde,
//! whose word is final. So it may refuse what serde takes, never the other way round, and what it takes it reads as
//! serde does: a property test holds that.

mod body;
mod json;

use super::decode::is_id;
use super::{Event, Text};
use crate::time::Instant;
use body::Kind;
use json::Json;

/// Reads one record, or gives up.
pub(super) fn scan(text: &str) -> Option<Event<'_>> {
    let mut json = Json::new(text);
    let mut envelope = Envelope::default();
    json.object(|json, name| envelope.member(json, name))?;
    json.end()?;
    envelope.event(text)
}

/// The members of a record that have been seen.
#[derive(Default)]
struct Envelope<'a> {
    version: Option<()>,
    id: Option<Text<'a>>,
    source: Option<Text<'a>>,
    kind: Option<Kind>,
    case: Option<Text<'a>>,
    time: Option<Instant>,
    recorded: Option<Option<Instant>>,
    data: Option<Data<'a>>,
}

enum Data<'a> {
    Read(super::Body<'a>),
    /// It stood before the type, at this place.
    At(usize),
}

impl<'a> Envelope<'a> {
    fn member(&mut self, json: &mut Json<'a>, name: &str) -> Option<()> {
        match name {
            "specversion" => once(&mut self.version, (json.text()? == "1.0").then_some(())?),
            "id" => once(&mut self.id, id(json)?),
            "source" => once(&mut self.source, id(json)?),
            "type" => once(&mut self.kind, Kind::read(json)?),
            "subject" => once(&mut self.case, id(json)?),
            "time" => once(&mut self.time, instant(json)?),
            "recordedtime" => once(&mut self.recorded, json.maybe(instant)?),
            "data" => {
                let data = match self.kind {
                    Some(kind) => Data::Read(kind.body(json)?),
                    None => {
                        let at = json.place();
                        json.skip()?;
                        Data::At(at)
                    }
                };
                once(&mut self.data, data)
            }
            _ => json.skip(),
        }
    }

    fn event(self, text: &'a str) -> Option<Event<'a>> {
        self.version?;
        let body = match self.data? {
            Data::Read(body) => body,
            Data::At(place) => self.kind?.body(&mut Json::from(text, place))?,
        };
        Some(Event {
            id: self.id?,
            source: self.source?,
            case: self.case?,
            time: self.time?,
            recorded: self.recorded.flatten(),
            body,
        })
    }
}

/// Fills a member; `None` if it is there already.
fn once<T>(slot: &mut Option<T>, value: T) -> Option<()> {
    slot.replace(value).is_none().then_some(())
}

fn id<'a>(json: &mut Json<'a>) -> Option<Text<'a>> {
    json.text().filter(|text| is_id(text))
}

fn instant(json: &mut Json<'_>) -> Option<Instant> {
    Instant::parse(&json.text()?)
}

#[cfg(test)]
mod tests;
