//! Records that no department should publish: for each reason code of a dead letter, the ways to earn it.

use model::event::{MAX_DEPTH, MAX_EVENT_BYTES, Reason};
use serde_json::{Value, json};

/// The most oversize records that a stream has: they are big.
const MAX_OVERSIZE: u64 = 3;

/// Spoils the envelope of a `case.accepted`, which has an id and a subject of its own.
type Spoiler = fn(Value) -> Vec<u8>;

const SPOILERS: &[(Reason, Spoiler)] = &[
    (Reason::Oversize, |mut v| {
        v["data"]["title"] = json!("证".repeat(MAX_EVENT_BYTES / 3 + 1));
        bytes(&v)
    }),
    (Reason::InvalidUtf8, |v| {
        // A reader of GBK left its bytes.
        let mut bytes = bytes(&v);
        let at = bytes.len() / 2;
        bytes.splice(at..at, [0xd6, 0xd0, 0xb9, 0xfa]);
        bytes
    }),
    (Reason::TooDeep, |mut v| {
        v["data"]["form"] = (0..2 * MAX_DEPTH).fold(json!(1), |inner, _| json!([inner]));
        bytes(&v)
    }),
    (Reason::InvalidJson, |v| {
        let mut bytes = bytes(&v);
        bytes.truncate(bytes.len() - 3);
        bytes
    }),
    (Reason::InvalidJson, |mut v| {
        v["type"] = json!("charge.added");
        v["data"] = json!({ "amount_fen": "NOT" });
        String::from_utf8_lossy(&bytes(&v)).replace("\"NOT\"", "NaN").into_bytes()
    }),
    (Reason::NotAnObject, |v| bytes(&json!([v]))),
    (Reason::NotAnObject, |v| bytes(&v["subject"])),
    (Reason::UnsupportedVersion, |v| with(v, "specversion", json!("0.3"))),
    (Reason::MissingMember, |v| without(v, "id")),
    (Reason::MissingMember, |v| without(v, "source")),
    (Reason::MissingMember, |v| without(v, "type")),
    (Reason::MissingMember, |v| without(v, "subject")),
    (Reason::MissingMember, |v| without(v, "time")),
    (Reason::MissingMember, |v| without(v, "data")),
    (Reason::MissingMember, |v| with_data(v, "item", Value::Null)),
    (Reason::MissingMember, |v| with_data(v, "org", Value::Null)),
    (Reason::MissingMember, |v| another(v, "step.completed", json!({ "fields": {} }))),
    (Reason::MissingMember, |v| {
        another(v, "evidence.uploaded", json!({ "step": "s", "evidence": [{ "id": "1" }] }))
    }),
    (Reason::WrongType, |v| with(v, "id", json!(20_260_101))),
    (Reason::WrongType, |v| with_data(v, "title", json!(["标题"]))),
    (Reason::WrongType, |v| another(v, "penalty.executed", json!({ "fine_fen": "20000" }))),
    (Reason::WrongType, |v| another(v, "penalty.executed", json!({ "fine_fen": 200.5 }))),
    (Reason::WrongType, |v| another(v, "step.started", json!({ "step": "filing", "officers": "CG-001" }))),
    (Reason::InvalidValue, |v| with(v, "time", json!("2026年3月1日"))),
    (Reason::InvalidValue, |v| with(v, "time", json!("2026-02-30T09:00:00+08:00"))),
    (Reason::InvalidValue, |v| with(v, "subject", json!(""))),
    (Reason::InvalidValue, |v| with_data(v, "item", json!("9901\u{7}"))),
    (Reason::InvalidValue, |v| another(v, "penalty.executed", json!({ "fine_fen": -1 }))),
    (Reason::InvalidValue, |v| another(v, "limit.extended", json!({ "scope": "total", "days": 0 }))),
    (Reason::UnknownType, |v| with(v, "type", json!("case.reopened"))),
    (Reason::TimeOutOfRange, |v| with(v, "time", json!("9999-12-31T23:59:59+08:00"))),
    (Reason::TimeOutOfRange, |v| with(v, "time", json!("1900-01-01T00:00:00+08:00"))),
    (Reason::TimeOutOfRange, |v| with(v, "recordedtime", json!("9999-12-31T23:59:59+08:00"))),
    // A system that is known, but not to this org; and one that nobody knows.
    (Reason::SourceNotAuthorised, |v| with_data(v, "org", json!("11990100260000111F"))),
    (Reason::SourceNotAuthorised, |v| {
        let v = serde_json::from_slice(&with(v, "source", json!("urn:cn-org:unknown:penalty")))
            .unwrap_or_default();
        another(v, "case.closed", json!({}))
    }),
];

/// Spoils one envelope after another, each in another way.
#[derive(Default)]
pub(super) struct Spoiling {
    next: usize,
    oversize: u64,
}

impl Spoiling {
    pub(super) fn spoil(&mut self, envelope: Value) -> (Reason, Vec<u8>) {
        let (reason, spoil) = loop {
            let spoiler = SPOILERS[self.next % SPOILERS.len()];
            self.next += 1;
            self.oversize += u64::from(spoiler.0 == Reason::Oversize);
            if spoiler.0 != Reason::Oversize || self.oversize <= MAX_OVERSIZE {
                break spoiler;
            }
        };
        (reason, spoil(envelope))
    }
}

pub(super) fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

fn with(mut envelope: Value, member: &str, value: Value) -> Vec<u8> {
    envelope[member] = value;
    bytes(&envelope)
}

fn with_data(mut envelope: Value, member: &str, value: Value) -> Vec<u8> {
    envelope["data"][member] = value;
    bytes(&envelope)
}

fn another(mut envelope: Value, kind: &str, data: Value) -> Vec<u8> {
    envelope["type"] = json!(kind);
    with(envelope, "data", data)
}

fn without(mut envelope: Value, member: &str) -> Vec<u8> {
    if let Value::Object(members) = &mut envelope {
        members.remove(member);
    }
    bytes(&envelope)
}
