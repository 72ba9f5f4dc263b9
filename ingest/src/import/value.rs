//! Compiled values: how a member of an event is made from a row, written as JSON into the event's buffer.
//!
//! A value whose columns are absent is absent: nothing is written, and whoever asked decides whether that may be.

use std::borrow::Cow;
use std::collections::HashMap;

use unicode_normalization::{UnicodeNormalization as _, is_nfc};

use super::cells::ELEMENT;
use super::errors::{CellError, quoted};
use super::json;
use super::money::{self, Unit};
use super::template::{Context, Template};
use super::time::Clock;

/// The longest id, in bytes.
const LONGEST_ID: usize = 128;

/// A text made from columns, and what is done to it before it is read.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub(super) template: Template,
    /// Instead of an absent text.
    pub(super) default: Option<Box<str>>,
    pub(super) map: Option<HashMap<Box<str>, Box<str>>>,
    /// Instead of a text that `map` does not have.
    pub(super) otherwise: Option<Box<str>>,
}

/// What a text is to become.
#[derive(Debug, Clone)]
pub(super) enum Reading {
    Text,
    Id,
    Money { unit: Unit, thousands: Option<char> },
    Days,
    Instant(Clock),
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    /// JSON as it stands.
    Literal(Vec<u8>),
    Scalar {
        text: Text,
        reading: Reading,
    },
    /// A text taken apart; each element becomes `each`.
    Split {
        text: Text,
        separator: Option<Box<str>>,
        each: Box<Value>,
    },
    List(Vec<Value>),
    Object(Vec<Member>),
}

#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) name: String,
    /// The name as JSON, with its colon.
    pub(super) key: Vec<u8>,
    pub(super) value: Value,
    pub(super) required: bool,
}

/// Whether something was written, and whether it came from the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Absent,
    Constant,
    Present,
}

impl Text {
    pub(super) fn plain(template: Template) -> Self {
        Self { template, default: None, map: None, otherwise: None }
    }

    pub(super) fn text<'c>(&'c self, context: &Context<'c>) -> Result<Option<Cow<'c, str>>, CellError> {
        let text = match self.template.text(context)? {
            Some(text) => text,
            None => match &self.default {
                Some(default) => Cow::Borrowed(&**default),
                None => return Ok(None),
            },
        };
        let Some(map) = &self.map else { return Ok(Some(text)) };
        match map.get(&*text).or(self.otherwise.as_ref()) {
            Some(mapped) => Ok(Some(Cow::Borrowed(mapped))),
            None => {
                let reason =
                    format!("{} is not in the mapping's `map`, which has no `otherwise`", quoted(&text));
                Err(CellError::new(self.template.slot(), reason))
            }
        }
    }

    fn error(&self, text: &str, reason: &str) -> CellError {
        CellError::new(self.template.slot(), format!("{} {reason}", quoted(text)))
    }
}

impl Value {
    /// The column to blame if the value is absent.
    pub(super) fn slot(&self) -> Option<usize> {
        match self {
            Self::Scalar { text, .. } | Self::Split { text, .. } => text.template.slot(),
            Self::Literal(_) | Self::List(_) | Self::Object(_) => None,
        }
    }

    /// Appends the value as JSON; an absent value leaves the buffer as it was.
    pub(super) fn write(&self, context: &Context<'_>, out: &mut Vec<u8>) -> Result<Presence, CellError> {
        match self {
            Self::Literal(json) => {
                out.extend_from_slice(json);
                Ok(Presence::Constant)
            }
            Self::Scalar { text, reading } => {
                let Some(read) = text.text(context)? else { return Ok(Presence::Absent) };
                write_scalar(&read, reading, out).map_err(|reason| text.error(&read, &reason))?;
                Ok(Presence::Present)
            }
            Self::Split { text, separator, each } => {
                write_split(text, separator.as_deref(), each, context, out)
            }
            Self::List(items) => write_items(items, context, out),
            Self::Object(members) => write_members(members, context, out),
        }
    }
}

fn write_scalar(text: &str, reading: &Reading, out: &mut Vec<u8>) -> Result<(), String> {
    if text.contains(ELEMENT) {
        return Err("is a list where a single value is wanted".to_owned());
    }
    match reading {
        Reading::Text => json::write_string(text, out),
        Reading::Id => json::write_string(&checked_id(text)?, out),
        Reading::Money { unit, thousands } => {
            json::write_integer(money::to_fen(text, *unit, *thousands)?, out);
        }
        Reading::Days => match text.trim().parse() {
            Ok(days @ 1..=3660) => json::write_integer(days, out),
            _ => return Err("is no whole number of days from 1 to 3660".to_owned()),
        },
        Reading::Instant(clock) => {
            out.push(b'"');
            clock.write(text, out)?;
            out.push(b'"');
        }
    }
    Ok(())
}

/// The id in its normal form.
pub(super) fn checked_id(text: &str) -> Result<Cow<'_, str>, String> {
    let id = if text.is_ascii() || is_nfc(text) { Cow::Borrowed(text) } else { text.nfc().collect() };
    if id.is_empty() {
        return Err("is an empty id".to_owned());
    }
    if id.len() > LONGEST_ID {
        return Err(format!("is an id of {} bytes; {LONGEST_ID} are allowed", id.len()));
    }
    if id.chars().any(char::is_control) {
        return Err("is an id with a control character in it".to_owned());
    }
    Ok(id)
}

fn write_split(
    text: &Text,
    separator: Option<&str>,
    each: &Value,
    context: &Context<'_>,
    out: &mut Vec<u8>,
) -> Result<Presence, CellError> {
    let Some(read) = text.text(context)? else { return Ok(Presence::Absent) };
    let start = out.len();
    out.push(b'[');
    let elements = read.split(ELEMENT).flat_map(|part| match separator {
        Some(separator) => part.split(separator).collect::<Vec<_>>(),
        None => vec![part],
    });
    for element in elements.map(str::trim).filter(|element| !element.is_empty()) {
        if out.len() > start + 1 {
            out.push(b',');
        }
        let written = each.write(&Context { item: Some(element), ..*context }, out);
        written.map_err(|error| CellError { slot: error.slot.or(text.template.slot()), ..error })?;
    }
    Ok(close(out, start, b']', Presence::Present))
}

fn write_items(items: &[Value], context: &Context<'_>, out: &mut Vec<u8>) -> Result<Presence, CellError> {
    let start = out.len();
    let mut seen = Presence::Constant;
    out.push(b'[');
    for item in items {
        let before = out.len();
        if out.len() > start + 1 {
            out.push(b',');
        }
        match item.write(context, out)? {
            Presence::Absent => out.truncate(before),
            Presence::Constant => {}
            Presence::Present => seen = Presence::Present,
        }
    }
    Ok(close(out, start, b']', seen))
}

/// An object none of whose columns is present is absent, whatever constants stand beside them.
fn write_members(
    members: &[Member],
    context: &Context<'_>,
    out: &mut Vec<u8>,
) -> Result<Presence, CellError> {
    let start = out.len();
    let tally = write_each(members, context, out)?;
    if tally.present == 0 && tally.absent > 0 {
        out.truncate(start);
        return Ok(Presence::Absent);
    }
    if let Some(member) = tally.missing {
        return Err(member.missing());
    }
    Ok(close(out, start, b'}', if tally.present > 0 { Presence::Present } else { Presence::Constant }))
}

/// Appends an event's `data`, which is an object even if it is empty.
pub(super) fn write_data(
    members: &[Member],
    context: &Context<'_>,
    out: &mut Vec<u8>,
) -> Result<(), CellError> {
    if let Some(member) = write_each(members, context, out)?.missing {
        return Err(member.missing());
    }
    out.push(b'}');
    Ok(())
}

/// How the members of an object fared.
struct Tally<'m> {
    absent: usize,
    present: usize,
    /// The first required one that is absent.
    missing: Option<&'m Member>,
}

/// Appends an opening brace and the members, without the closing brace.
fn write_each<'m>(
    members: &'m [Member],
    context: &Context<'_>,
    out: &mut Vec<u8>,
) -> Result<Tally<'m>, CellError> {
    let start = out.len();
    let mut tally = Tally { absent: 0, present: 0, missing: None };
    out.push(b'{');
    for member in members {
        let before = out.len();
        if out.len() > start + 1 {
            out.push(b',');
        }
        out.extend_from_slice(&member.key);
        match member.value.write(context, out)? {
            Presence::Absent => {
                out.truncate(before);
                tally.absent += 1;
                tally.missing = tally.missing.or(member.required.then_some(member));
            }
            Presence::Constant => {}
            Presence::Present => tally.present += 1,
        }
    }
    Ok(tally)
}

/// Ends a list or an object that began at `start`; an empty one is taken away again.
fn close(out: &mut Vec<u8>, start: usize, bracket: u8, seen: Presence) -> Presence {
    if out.len() == start + 1 {
        out.truncate(start);
        return Presence::Absent;
    }
    out.push(bracket);
    seen
}

impl Member {
    pub(super) fn missing(&self) -> CellError {
        CellError::new(self.value.slot(), format!("is absent, and `{}` must be there", self.name))
    }
}
