//! JSON lines: one object a row. A column is a member, or a member of a member: `applicant.name`.
//!
//! Numbers are taken as they are written, so that an amount never passes through a float.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::cells::{ELEMENT, Scope};
use super::emit::Emitter;
use super::errors::CellError;
use super::input::Guard;

/// The members that the mapping names, as a tree.
#[derive(Debug, Default)]
struct Path {
    slot: Option<usize>,
    members: HashMap<Box<str>, Path>,
}

pub(super) fn rows(
    source: Guard<impl Read>,
    emitter: &mut Emitter<'_>,
    progress: &mut dyn FnMut(u64),
) -> io::Result<()> {
    let mut paths = Path::default();
    for (slot, name) in emitter.mapping.slots.names().iter().enumerate() {
        paths.add(name, slot);
    }
    let mut reader = BufReader::with_capacity(64 * 1024, source);
    let mut buffer = Vec::new();
    for line in 1.. {
        buffer.clear();
        let read = reader.read_until(b'\n', &mut buffer)?;
        progress(reader.get_mut().record_ended());
        if read == 0 {
            break;
        }
        if buffer.trim_ascii().is_empty() {
            continue;
        }
        emitter.cells.clear_row();
        match fill(&buffer, &paths, emitter) {
            Ok(()) => emitter.row(line)?,
            Err(reason) => {
                emitter.report.rows += 1;
                emitter.reject(line, CellError::new(None, reason));
            }
        }
    }
    Ok(())
}

impl Path {
    /// A dot goes one level down; a member whose own name has the dot is found as well.
    fn add(&mut self, name: &str, slot: usize) {
        self.members.entry(name.into()).or_default().slot = Some(slot);
        if name.contains('.') {
            let mut at = self;
            for part in name.split('.') {
                at = at.members.entry(part.into()).or_default();
            }
            at.slot = Some(slot);
        }
    }
}

fn fill(line: &[u8], paths: &Path, emitter: &mut Emitter<'_>) -> Result<(), String> {
    let text = std::str::from_utf8(line).map_err(|_| "is not UTF-8; declare the file's `encoding`")?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let walked = Walk { paths, emitter }.deserialize(&mut reader).and_then(|()| reader.end());
    walked.map_err(|error| format!("is no JSON object: {error}").replace(" at line 1 column", " at column"))
}

/// Reads one object and fills the cells of the members that are named.
struct Walk<'w, 'e> {
    paths: &'w Path,
    emitter: &'w mut Emitter<'e>,
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(found) = map.next_key_seed(Name(self.paths))? {
            match found {
                Some(path) => take(path, map.next_value::<&RawValue>()?.get(), self.emitter),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// Looks a member's name up without keeping it.
struct Name<'p>(&'p Path);

impl<'de, 'p> DeserializeSeed<'de> for Name<'p> {
    type Value = Option<&'p Path>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'p> Visitor<'_> for Name<'p> {
    type Value = Option<&'p Path>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.members.get(name))
    }
}

/// A named member's value: an object is walked, anything else is a cell.
fn take(path: &Path, raw: &str, emitter: &mut Emitter<'_>) {
    if raw.starts_with('{') && !path.members.is_empty() {
        let mut reader = serde_json::Deserializer::from_str(raw);
        // The text was parsed once already; only its depth could be refused here.
        if (Walk { paths: path, emitter }).deserialize(&mut reader).is_err() {
            spoil(path, "is nested too deep", emitter);
        }
        return;
    }
    let Some(slot) = path.slot else { return };
    match cell(raw) {
        Ok(text) => emitter.set(slot, Scope::Row, &text),
        Err(reason) => emitter.spoil(slot, reason),
    }
}

fn spoil(path: &Path, reason: &str, emitter: &mut Emitter<'_>) {
    let below = path.members.values().find_map(|path| path.slot);
    if let Some(slot) = path.slot.or(below) {
        emitter.spoil(slot, reason);
    }
}

/// The text of a JSON value; a list's elements with [`ELEMENT`] between them.
fn cell(raw: &str) -> Result<Cow<'_, str>, &'static str> {
    match raw.as_bytes().first() {
        Some(b'"') if !raw.contains('\\') => Ok(Cow::Borrowed(&raw[1..raw.len() - 1])),
        Some(b'"') => serde_json::from_str(raw).map(Cow::Owned).map_err(|_| "is no text"),
        Some(b'n') => Ok(Cow::Borrowed("")),
        Some(b'{') => Err("is an object; name one of its members, as in `applicant.name`"),
        Some(b'[') => {
            let elements: Vec<&RawValue> = serde_json::from_str(raw).map_err(|_| "is no list")?;
            let mut text = String::new();
            for element in elements {
                if matches!(element.get().as_bytes().first(), Some(b'[' | b'{')) {
                    return Err("is a list of lists or objects; only lists of single values can be mapped");
                }
                if !text.is_empty() {
                    text.push(ELEMENT);
                }
                text.push_str(&cell(element.get())?);
            }
            Ok(Cow::Owned(text))
        }
        _ => Ok(Cow::Borrowed(raw)),
    }
}
