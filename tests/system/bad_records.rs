//! One bad record for every way in which the contract says that a record may be bad.

use serde_json::{Map, Value, json};
use system_tests::events::{ITEM, ORG, event};

pub(crate) struct Bad {
    pub(crate) line: Vec<u8>,
    pub(crate) reason: &'static str,
    /// What the sentence must name.
    pub(crate) word: String,
}

fn bad(line: impl Into<Vec<u8>>, reason: &'static str, word: &str) -> Bad {
    Bad { line: line.into(), reason, word: word.to_owned() }
}

const TIME: &str = "2025-03-03T09:00:00+08:00";

/// Every type with its required members, and with optional ones.
fn types() -> Vec<(&'static str, &'static [&'static str], Value)> {
    vec![
        (
            "case.accepted",
            &["item", "org"],
            json!({"item": ITEM, "org": ORG, "region": "990100", "title": "t", "channel": "c", "due": {"total": TIME}}),
        ),
        ("step.started", &["step"], json!({"step": "filing", "officers": ["CG-003"], "due": TIME})),
        ("officers.authorized", &["step", "officers"], json!({"step": "filing", "officers": ["CG-003"]})),
        (
            "step.completed",
            &["step"],
            json!({"step": "filing", "officers": ["CG-003"], "fields": {"opinion": "o"}}),
        ),
        ("step.returned", &["from", "to"], json!({"from": "review", "to": "filing", "reason": "r"})),
        (
            "evidence.uploaded",
            &["step", "evidence"],
            json!({"step": "investigation", "evidence": [{"id": "e-1", "kind": "photo", "name": "n", "sha256": "0"}]}),
        ),
        (
            "evidence.removed",
            &["step", "ids"],
            json!({"step": "investigation", "ids": ["e-1"], "reason": "r"}),
        ),
        (
            "decision.made",
            &["step", "decision"],
            json!({"step": "decision", "decision": "fine", "basis": [{"law": "l"}], "reason": "r", "fine_fen": 1,
                "discretion": {"standard": "s", "tier": "t", "circumstances": ["c"]}}),
        ),
        ("charge.added", &["amount_fen"], json!({"amount_fen": 1, "reason": "r"})),
        (
            "penalty.executed",
            &["fine_fen"],
            json!({"fine_fen": 1, "vouchers": [{"id": "v-1", "sha256": "0"}]}),
        ),
        ("clock.suspended", &["reason"], json!({"reason": "r", "step": "filing"})),
        ("clock.resumed", &[], json!({"step": "filing"})),
        ("limit.extended", &["scope", "days"], json!({"scope": "total", "days": 5, "document": "d"})),
        ("case.closed", &[], json!({"outcome": "o"})),
        ("case.withdrawn", &[], json!({"reason": "r"})),
    ]
}

pub(crate) fn records() -> Vec<Bad> {
    let mut all = Vec::new();
    for (kind, required, data) in types() {
        members(&mut all, kind, required, &data);
    }
    envelope(&mut all);
    nested(&mut all);
    amounts(&mut all);
    times(&mut all);
    sizes(&mut all);
    not_json(&mut all);
    sources(&mut all);
    all
}

fn record(kind: &str, data: Value) -> Value {
    event("bad-1", "bad", TIME, kind, data)
}

fn replaced(value: &Value, member: &str, by: Value) -> Value {
    let mut object: Map<String, Value> = value.as_object().unwrap().clone();
    object.insert(member.to_owned(), by);
    Value::Object(object)
}

fn without(value: &Value, member: &str) -> Value {
    let mut object: Map<String, Value> = value.as_object().unwrap().clone();
    object.remove(member).unwrap();
    Value::Object(object)
}

/// A value of another JSON type.
fn other_type(value: &Value) -> Value {
    match value {
        Value::String(_) => json!(7),
        Value::Number(_) => json!("7"),
        Value::Array(_) => json!({"0": "x"}),
        _ => json!(["x"]),
    }
}

/// Each required member absent and null, each member of a wrong type.
fn members(all: &mut Vec<Bad>, kind: &str, required: &[&str], data: &Value) {
    for member in required {
        let word = format!("data.{member}");
        all.push(bad(record(kind, without(data, member)).to_string(), "missing_member", &word));
        all.push(bad(record(kind, replaced(data, member, Value::Null)).to_string(), "missing_member", &word));
    }
    for (member, value) in data.as_object().unwrap() {
        let word = format!("data.{member}");
        let line = record(kind, replaced(data, member, other_type(value))).to_string();
        all.push(bad(line, "wrong_type", &word));
    }
}

fn envelope(all: &mut Vec<Bad>) {
    let good = record("case.closed", json!({}));
    for member in ["specversion", "id", "source", "type", "subject", "time", "data"] {
        all.push(bad(without(&good, member).to_string(), "missing_member", member));
        all.push(bad(replaced(&good, member, json!(7)).to_string(), "wrong_type", member));
    }
    let with = |member: &str, value: Value| replaced(&good, member, value).to_string();
    all.push(bad(with("recordedtime", json!(7)), "wrong_type", "recordedtime"));
    all.push(bad(with("specversion", json!("0.3")), "unsupported_version", "specversion"));
    all.push(bad(with("type", json!("case.reopened")), "unknown_type", "case.reopened"));
    all.push(bad(with("id", json!("x".repeat(129))), "invalid_value", "id"));
    all.push(bad(with("subject", json!("")), "invalid_value", "subject"));
    all.push(bad(with("subject", json!("a\u{7}b")), "invalid_value", "subject"));
    // Not in NFC: an e and an accent.
    all.push(bad(with("subject", json!("caffe\u{301}")), "invalid_value", "subject"));
    all.push(bad(with("time", json!("2025-03-03")), "invalid_value", "time"));
    all.push(bad(with("time", json!("2025-03-03T09:00:00")), "invalid_value", "time"));
    all.push(bad(with("time", json!("2025-02-30T09:00:00+08:00")), "invalid_value", "time"));
    // The first reason of the contract's order is given.
    let two = without(&replaced(&good, "time", json!(7)), "subject");
    all.push(bad(two.to_string(), "missing_member", "subject"));
}

fn nested(all: &mut Vec<Bad>) {
    let evidence =
        |piece: Value| record("evidence.uploaded", json!({"step": "s", "evidence": [piece]})).to_string();
    all.push(bad(evidence(json!({"kind": "photo"})), "missing_member", "data.evidence[0].id"));
    all.push(bad(evidence(json!({"id": "e-1"})), "missing_member", "data.evidence[0].kind"));
    all.push(bad(evidence(json!("e-1")), "wrong_type", "data.evidence[0]"));
    let voucher = record("penalty.executed", json!({"fine_fen": 1, "vouchers": [{}]})).to_string();
    all.push(bad(voucher, "missing_member", "data.vouchers[0].id"));
    let officers = record("officers.authorized", json!({"step": "s", "officers": ["a", 7]})).to_string();
    all.push(bad(officers, "wrong_type", "data.officers[1]"));
}

fn amounts(all: &mut Vec<Bad>) {
    let charge = |amount: &str| {
        record("charge.added", json!({"amount_fen": 0}))
            .to_string()
            .replace("\"amount_fen\":0", &format!("\"amount_fen\":{amount}"))
    };
    for amount in ["NaN", "Infinity", "-Infinity", "1_000", "0x10", "01"] {
        all.push(bad(charge(amount), "invalid_json", "JSON"));
    }
    for amount in ["\"NaN\"", "\"100\"", "1.0", "1e3", "12.5", "true"] {
        all.push(bad(charge(amount), "wrong_type", "data.amount_fen"));
    }
    for amount in ["-1", "1000000000000001", "9223372036854775808"] {
        all.push(bad(charge(amount), "invalid_value", "data.amount_fen"));
    }
    let days = |days: Value| record("limit.extended", json!({"scope": "total", "days": days})).to_string();
    all.push(bad(days(json!(0)), "invalid_value", "data.days"));
    all.push(bad(days(json!(3_661)), "invalid_value", "data.days"));
    all.push(bad(days(json!(1.5)), "wrong_type", "data.days"));
}

fn times(all: &mut Vec<Bad>) {
    let good = record("case.closed", json!({}));
    for time in ["9999-12-31T23:59:59+08:00", "2999-01-01T00:00:00Z", "1989-12-31T23:59:59Z"] {
        all.push(bad(replaced(&good, "time", json!(time)).to_string(), "time_out_of_range", "time"));
        let recorded = replaced(&good, "recordedtime", json!(time)).to_string();
        all.push(bad(recorded, "time_out_of_range", "recordedtime"));
    }
    let due = json!({"item": ITEM, "org": ORG, "due": {"total": "9999-12-31T23:59:59+08:00"}});
    all.push(bad(record("case.accepted", due).to_string(), "time_out_of_range", "data.due.total"));
}

fn sizes(all: &mut Vec<Bad>) {
    let title = |length: usize| {
        let data = json!({"item": ITEM, "org": ORG, "title": "x".repeat(length)});
        record("case.accepted", data).to_string()
    };
    let one_too_long = 256 * 1024 + 1 - title(0).len();
    all.push(bad(title(one_too_long), "oversize", "262145 bytes"));
    all.push(bad(title(900_000), "oversize", "bytes"));
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let data = |depth: usize| {
        record("case.closed", json!({"x": 0})).to_string().replace(":0}", &format!(":{}}}", nested(depth)))
    };
    // The record is 1 deep, its data 2.
    all.push(bad(data(31), "too_deep", "32"));
    all.push(bad("[".repeat(200_000), "too_deep", "32"));
    all.push(bad("{\"a\":".repeat(50_000), "too_deep", "32"));
}

fn not_json(all: &mut Vec<Bad>) {
    let good = record("case.closed", json!({"outcome": "@"})).to_string();
    let at = good.find('@').unwrap();
    for bytes in [&b"\xff\xfe"[..], b"\xc0\x80", b"\xed\xa0\x80", b"\xe4\xb8"] {
        let line = [&good.as_bytes()[..at], bytes, &good.as_bytes()[at + 1..]].concat();
        all.push(bad(line, "invalid_utf8", &format!("byte {at}")));
    }
    all.push(bad(&good[..good.len() - 2], "invalid_json", "JSON"));
    all.push(bad(format!("{good}{good}"), "invalid_json", "JSON"));
    all.push(bad(good.replace('@', "\u{1}"), "invalid_json", "JSON"));
    all.push(bad("specversion,id,source", "invalid_json", "JSON"));
    for line in ["[]", "42", "null", "\"case.closed\""] {
        all.push(bad(line, "not_an_object", "object"));
    }
}

fn sources(all: &mut Vec<Bad>) {
    let accepted = record("case.accepted", json!({"item": ITEM, "org": ORG}));
    // Of another department, of none, and an organisation that nobody has registered.
    for source in
        ["urn:cn-org:119901002600015952:enforcement", "urn:cn-org:119901002600008594", "urn:stranger"]
    {
        let line = replaced(&accepted, "source", json!(source)).to_string();
        all.push(bad(line, "source_not_authorised", source));
    }
    let closed = replaced(&record("case.closed", json!({})), "source", json!("urn:stranger"));
    all.push(bad(closed.to_string(), "source_not_authorised", "urn:stranger"));
    let nobody = record("case.accepted", json!({"item": ITEM, "org": "nobody"})).to_string();
    all.push(bad(nobody, "source_not_authorised", "nobody"));
}
