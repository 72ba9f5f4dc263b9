//! The members of every event type, as data: what finds the words for a record that was refused.

use serde_json::{Map, Value};

use super::super::{MAX_AHEAD_MS, MAX_EXTENSION_DAYS, MAX_FEN, Reason, Rejection, TYPES};
use super::is_id;
use crate::time::Instant;

/// What a member must look like.
enum Shape {
    Id,
    Text,
    /// A point in time that may not lie ahead of the clock.
    Past,
    /// A point in time that may lie in the future.
    Due,
    Fen,
    Days,
    Flag,
    List(&'static Shape),
    /// An object whose members all have one shape.
    Map(&'static Shape),
    Object(&'static [Member]),
}

struct Member {
    name: &'static str,
    required: bool,
    shape: Shape,
}

const fn must(name: &'static str, shape: Shape) -> Member {
    Member { name, required: true, shape }
}

const fn may(name: &'static str, shape: Shape) -> Member {
    Member { name, required: false, shape }
}

use Shape::{Days, Due, Fen, Flag, Id, List, Object, Past, Text};

const ENVELOPE: &[Member] = &[
    must("specversion", Text),
    must("id", Id),
    must("source", Id),
    must("type", Text),
    must("subject", Id),
    must("time", Past),
    may("recordedtime", Past),
    must("data", Object(&[])),
];
const PIECE: Shape = Object(&[must("id", Id), must("kind", Id), may("name", Text), may("sha256", Text)]);
const BASIS: Shape = Object(&[may("law", Text)]);
const VOUCHER: Shape = Object(&[must("id", Id), may("sha256", Text)]);
const DISCRETION: Shape = Object(&[may("standard", Id), may("tier", Id), may("circumstances", List(&Id))]);

/// By rank, as [`TYPES`].
const DATA: [&[Member]; 16] = [
    &[
        must("item", Id),
        must("org", Id),
        may("region", Id),
        may("title", Text),
        may("channel", Text),
        may("due", Shape::Map(&Due)),
    ],
    &[must("step", Id), may("officers", List(&Id)), may("due", Due)],
    &[must("step", Id), must("officers", List(&Id))],
    &[must("step", Id), may("officers", List(&Id)), may("fields", Shape::Map(&Text))],
    &[must("from", Id), must("to", Id), may("reason", Text)],
    &[must("step", Id), must("evidence", List(&PIECE))],
    &[must("step", Id), must("ids", List(&Id)), may("reason", Text)],
    &[
        must("step", Id),
        must("decision", Id),
        may("basis", List(&BASIS)),
        may("reason", Text),
        may("fine_fen", Fen),
        may("discretion", DISCRETION),
    ],
    &[must("amount_fen", Fen), may("reason", Text)],
    &[must("fine_fen", Fen), may("vouchers", List(&VOUCHER))],
    &[must("reason", Text), may("step", Id)],
    &[may("step", Id)],
    &[must("scope", Id), must("days", Days), may("document", Text)],
    &[may("outcome", Text)],
    &[may("reason", Text)],
    &[may("home", Flag)],
];

/// Says what is wrong with a record that serde refused; `hint` is serde's own word for it.
pub(super) fn diagnose(text: &str, clock: Instant, hint: &str) -> Rejection {
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(e) => return Rejection::new(Reason::InvalidJson, format!("the record is not JSON: {e}")),
    };
    let Value::Object(record) = value else {
        return Rejection::new(
            Reason::NotAnObject,
            "the record is JSON but no object; one CloudEvent is expected",
        );
    };
    let mut judge = Judge { clock, found: Vec::new() };
    judge.record(&record);
    judge.found.into_iter().min_by_key(|r| r.reason).unwrap_or_else(|| {
        // The walk sees the last of two members of one name, serde refuses both.
        Rejection::new(Reason::InvalidJson, format!("the record is ambiguous: {hint}"))
    })
}

struct Judge {
    clock: Instant,
    found: Vec<Rejection>,
}

impl Judge {
    fn record(&mut self, record: &Map<String, Value>) {
        self.members("", ENVELOPE, record);
        if let Some(Value::String(version)) = record.get("specversion")
            && version != "1.0"
        {
            self.add(
                Reason::UnsupportedVersion,
                format!("specversion is \"{version}\"; \"1.0\" is expected"),
            );
        }
        let Some(Value::String(kind)) = record.get("type") else { return };
        match (TYPES.iter().position(|t| t == kind), record.get("data")) {
            (None, _) => {
                let sentence = format!("type \"{kind}\" is unknown; the types are: {}", TYPES.join(", "));
                self.add(Reason::UnknownType, sentence);
            }
            (Some(rank), Some(Value::Object(data))) => self.members("data.", DATA[rank], data),
            (Some(_), _) => {}
        }
    }

    fn members(&mut self, path: &str, members: &[Member], object: &Map<String, Value>) {
        for member in members {
            let place = format!("{path}{}", member.name);
            match object.get(member.name) {
                None | Some(Value::Null) if member.required => {
                    self.add(Reason::MissingMember, format!("member {place} is missing"));
                }
                None | Some(Value::Null) => {}
                Some(value) => self.value(&place, &member.shape, value),
            }
        }
    }

    fn value(&mut self, place: &str, shape: &Shape, value: &Value) {
        match (shape, value) {
            (Shape::Id, Value::String(s)) => {
                if !is_id(s) {
                    let right = "an id is 1 to 128 bytes of UTF-8 in NFC without control characters";
                    self.add(Reason::InvalidValue, format!("member {place} is no id: {right}"));
                }
            }
            (Shape::Text, Value::String(_)) | (Shape::Flag, Value::Bool(_)) => {}
            (Shape::Past | Shape::Due, Value::String(s)) => self.instant(place, shape, s),
            (Shape::Fen, Value::Number(n)) if n.is_i64() || n.is_u64() => {
                if !n.as_i64().is_some_and(|fen| (0..=MAX_FEN).contains(&fen)) {
                    let sentence = format!("member {place} is {n}; an amount is 0 to {MAX_FEN} fen");
                    self.add(Reason::InvalidValue, sentence);
                }
            }
            (Shape::Days, Value::Number(n)) if n.is_i64() || n.is_u64() => {
                if !n.as_u64().is_some_and(|d| (1..=u64::from(MAX_EXTENSION_DAYS)).contains(&d)) {
                    let sentence = format!("member {place} is {n}; 1 to {MAX_EXTENSION_DAYS} days are taken");
                    self.add(Reason::InvalidValue, sentence);
                }
            }
            (Shape::List(inner), Value::Array(values)) => {
                for (i, value) in values.iter().enumerate() {
                    self.value(&format!("{place}[{i}]"), inner, value);
                }
            }
            (Shape::Map(inner), Value::Object(values)) => {
                for (name, value) in values.iter().filter(|(_, v)| !v.is_null()) {
                    if matches!(inner, Shape::Due) {
                        self.value(
                            &format!("{place} (its member name)"),
                            &Shape::Id,
                            &Value::from(name.as_str()),
                        );
                    }
                    self.value(&format!("{place}.{name}"), inner, value);
                }
            }
            (Shape::Object(members), Value::Object(object)) => {
                self.members(&format!("{place}."), members, object);
            }
            (shape, value) => {
                let sentence = format!("member {place} is {}; {} is expected", kind_of(value), shape.words());
                self.add(Reason::WrongType, sentence);
            }
        }
    }

    fn instant(&mut self, place: &str, shape: &Shape, text: &str) {
        let Some(at) = Instant::parse(text) else {
            let right = "RFC 3339 with an offset is expected, such as 2026-06-30T09:00:00+08:00";
            return self.add(Reason::InvalidValue, format!("member {place} is no instant; {right}"));
        };
        let latest = match shape {
            Shape::Due => Instant::LATEST,
            _ => self.clock.plus_ms(MAX_AHEAD_MS),
        };
        if at < Instant::EARLIEST || at > latest {
            let span = format!("{} to {latest}", Instant::EARLIEST);
            self.add(Reason::TimeOutOfRange, format!("member {place} is {text}; {span} is taken"));
        }
    }

    fn add(&mut self, reason: Reason, sentence: String) {
        self.found.push(Rejection { reason, sentence });
    }
}

impl Shape {
    const fn words(&self) -> &'static str {
        match self {
            Self::Id => "an id (string)",
            Self::Text => "a string",
            Self::Past | Self::Due => "an instant (RFC 3339 string)",
            Self::Fen => "an integer number of fen",
            Self::Days => "an integer number of days",
            Self::Flag => "true or false",
            Self::List(_) => "an array",
            Self::Map(_) | Self::Object(_) => "an object",
        }
    }
}

const fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number of another kind",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
