//! Every way in, every way out.

use super::*;
use serde_json::{Value, json};

const CLOCK: &str = "2026-07-01T00:00:00+08:00";

fn clock() -> Instant {
    Instant::parse(CLOCK).expect("clock")
}

pub(in super::super) fn samples() -> Vec<Value> {
    let data = [
        json!({"item": "i", "org": "o", "region": "370100", "title": "t", "applicant": {"a": 1}, "due": {"total": "2026-08-01T00:00:00+08:00"}}),
        json!({"step": "s", "officers": ["a"], "due": "2026-08-01T00:00:00+08:00"}),
        json!({"step": "s", "officers": ["a", "b"]}),
        json!({"step": "s", "officers": ["a"], "fields": {"reason": " \u{3000}", "x": "y"}}),
        json!({"from": "s", "to": "t", "reason": "r"}),
        json!({"step": "s", "evidence": [{"id": "e", "kind": "photo", "name": "n", "sha256": "h"}]}),
        json!({"step": "s", "ids": ["e"], "reason": "r"}),
        json!({"step": "s", "decision": "d", "basis": [{"law": "l", "article": 3}], "reason": "r", "fine_fen": 5,
               "discretion": {"standard": "x", "tier": "y", "circumstances": ["z"]}}),
        json!({"amount_fen": 7, "reason": "r"}),
        json!({"fine_fen": 9, "vouchers": [{"id": "v", "sha256": "h"}]}),
        json!({"reason": "r", "step": "s"}),
        json!({"step": "s"}),
        json!({"scope": "total", "days": 3, "document": "d"}),
        json!({"outcome": "o"}),
        json!({"reason": "r"}),
        json!({"home": true}),
    ];
    let record = |(kind, data): (&str, Value)| {
        json!({"specversion": "1.0", "id": "e1", "source": "urn:x", "type": kind, "subject": "c1",
               "time": "2026-06-30T09:00:00+08:00", "recordedtime": "2026-06-30T09:00:01+08:00", "data": data, "extra": [1]})
    };
    TYPES.into_iter().zip(data).map(record).collect()
}

fn reason(record: &Value) -> Option<Reason> {
    decode(record.to_string().as_bytes(), clock()).err().map(|r| r.reason)
}

#[test]
fn every_type_is_read() {
    for (rank, record) in samples().iter().enumerate() {
        let bytes = record.to_string();
        let event = decode(bytes.as_bytes(), clock()).unwrap_or_else(|r| panic!("{bytes}: {r}"));
        assert_eq!(usize::from(event.body.rank()), rank);
        assert_eq!(event.case, "c1");
    }
}

#[test]
fn blank_fields_and_bases_are_seen() {
    let samples = samples();
    let bytes = samples[3].to_string();
    let Body::StepCompleted { fields, .. } = decode(bytes.as_bytes(), clock()).expect("good").body else {
        panic!("a completion")
    };
    assert_eq!(
        fields.iter().map(|f| (&*f.name, f.blank)).collect::<Vec<_>>(),
        [("reason", true), ("x", false)]
    );
    let mut decision = samples[7].clone();
    decision["data"]["basis"] = json!([{"law": "  "}]);
    let bytes = decision.to_string();
    let Body::DecisionMade(made) = decode(bytes.as_bytes(), clock()).expect("good").body else {
        panic!("a decision")
    };
    assert!(!made.cites_basis && made.has_reason);
}

/// Removes, nulls or spoils every member of every type; the schema and the fast way must agree on each.
#[test]
fn every_required_member_and_every_wrong_type_is_named() {
    let (mut missing, mut wrong) = (0, 0);
    for record in samples() {
        for place in members(&record) {
            let optional = ["extra", "applicant", "article"].iter().any(|o| place.contains(o));
            let mut without = record.clone();
            remove(&mut without, &place);
            match decode(without.to_string().as_bytes(), clock()) {
                Ok(_) => {}
                Err(r) => {
                    missing += 1;
                    assert_eq!(r.reason, Reason::MissingMember, "{place}: {r}");
                    let name = place.rsplit('/').next().expect("name");
                    assert!(r.sentence.contains(name), "{place}: {r}");
                }
            }
            let mut spoilt = record.clone();
            let member = spoilt.pointer_mut(&place).expect("member");
            *member = if member.is_boolean() { json!(1) } else { json!(true) };
            assert_eq!(reason(&spoilt), (!optional).then_some(Reason::WrongType), "{place}");
            wrong += usize::from(!optional);
        }
    }
    assert!(missing > 100 && wrong > 150, "{missing} {wrong}");
}

/// A derived reader takes the values alone for a struct; the contract has objects.
#[test]
fn an_array_is_no_object() {
    let mut spoilt = 0;
    let values = |object: &Value| Value::from_iter(object.as_object().expect("object").values().cloned());
    for record in samples() {
        for place in members(&record) {
            let mut array = record.clone();
            let value = array.pointer_mut(&place).expect("member");
            if !value.is_object() || place.ends_with("applicant") {
                continue;
            }
            *value = values(value);
            assert_eq!(reason(&array), Some(Reason::WrongType), "{place}");
            spoilt += 1;
        }
        for list in ["/data/evidence/0", "/data/basis/0", "/data/vouchers/0"] {
            let mut array = record.clone();
            let Some(value) = array.pointer_mut(list) else { continue };
            *value = match value["id"].as_str() {
                Some(_) => json!(["e1", "photo", "n", "h"]),
                None => json!(["l"]),
            };
            assert_eq!(reason(&array), Some(Reason::WrongType), "{list}");
            assert!(read_record(&array.to_string()).is_err(), "{list}: serde itself refuses");
            spoilt += 1;
        }
    }
    assert!(spoilt >= 15 + 4, "{spoilt}");
    let data = json!({"reason": "r"}).to_string();
    let record =
        format!(r#"["1.0","e1","urn:x","case.closed","c1","2026-06-30T09:00:00+08:00",null,{data}]"#);
    assert!(read_record(&record).is_err());
    assert_eq!(decode(record.as_bytes(), clock()).map_err(|r| r.reason), Err(Reason::NotAnObject));
}

fn members(record: &Value) -> Vec<String> {
    fn walk(value: &Value, path: &str, out: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                for (k, v) in map {
                    let path = format!("{path}/{k}");
                    if !["/data/applicant/a"].contains(&path.as_str()) {
                        out.push(path.clone());
                    }
                    walk(v, &path, out);
                }
            }
            Value::Array(list) => {
                list.iter().enumerate().for_each(|(i, v)| walk(v, &format!("{path}/{i}"), out))
            }
            _ => {}
        }
    }
    let mut out = Vec::new();
    walk(record, "", &mut out);
    out
}

fn remove(record: &mut Value, pointer: &str) {
    let (parent, name) = pointer.rsplit_once('/').expect("pointer");
    if let Some(Value::Object(map)) = record.pointer_mut(parent) {
        map.remove(name);
    }
}

#[test]
fn the_exact_reason() {
    let good = samples().remove(8);
    let with = |pointer: &str, value: Value| {
        let mut record = good.clone();
        *record.pointer_mut(pointer).expect("member") = value;
        reason(&record)
    };
    assert_eq!(with("/specversion", json!("0.3")), Some(Reason::UnsupportedVersion));
    assert_eq!(with("/type", json!("case.opened")), Some(Reason::UnknownType));
    assert_eq!(with("/id", json!("")), Some(Reason::InvalidValue));
    assert_eq!(with("/id", json!("x".repeat(129))), Some(Reason::InvalidValue));
    assert_eq!(with("/subject", json!("a\u{7}b")), Some(Reason::InvalidValue));
    assert_eq!(with("/subject", json!("e\u{301}")), Some(Reason::InvalidValue), "not NFC");
    assert_eq!(with("/subject", json!("案件-1")), None);
    assert_eq!(with("/time", json!("2026-06-30")), Some(Reason::InvalidValue));
    assert_eq!(with("/time", json!("9999-01-01T00:00:00Z")), Some(Reason::TimeOutOfRange));
    assert_eq!(with("/time", json!("1989-12-31T23:59:59Z")), Some(Reason::TimeOutOfRange));
    assert_eq!(with("/time", json!("2026-07-02T00:00:00+08:00")), None, "a day ahead");
    assert_eq!(with("/time", json!("2026-07-02T00:00:00.001+08:00")), Some(Reason::TimeOutOfRange));
    assert_eq!(with("/data/amount_fen", json!(1.0)), Some(Reason::WrongType));
    assert_eq!(with("/data/amount_fen", json!("100")), Some(Reason::WrongType));
    assert_eq!(with("/data/amount_fen", json!(-1)), Some(Reason::InvalidValue));
    assert_eq!(with("/data/amount_fen", json!(u64::MAX)), Some(Reason::InvalidValue));
    assert_eq!(with("/data", json!([])), Some(Reason::WrongType));
    assert_eq!(with("/data", json!(null)), Some(Reason::MissingMember));
}

#[test]
fn bytes_that_are_no_record() {
    let says = |bytes: &[u8]| decode(bytes, clock()).map(|_| ()).map_err(|r| r.reason);
    assert_eq!(says(b""), Err(Reason::InvalidJson));
    assert_eq!(says(b"{\"amount_fen\": NaN}"), Err(Reason::InvalidJson));
    assert_eq!(says(b"[1]"), Err(Reason::NotAnObject));
    assert_eq!(says(b"{}"), Err(Reason::MissingMember));
    assert_eq!(says(b"{\"id\": \"\xff\"}"), Err(Reason::InvalidUtf8));
    assert_eq!(says("[".repeat(100_000).as_bytes()), Err(Reason::TooDeep));
    let bomb = format!("{}1{}", "[".repeat(33), "]".repeat(33));
    assert_eq!(says(bomb.as_bytes()), Err(Reason::TooDeep));
    let brackets_in_text = format!("{{\"id\": \"{}\"}}", "[".repeat(100));
    assert_eq!(says(brackets_in_text.as_bytes()), Err(Reason::MissingMember));
    assert_eq!(says(&vec![b' '; MAX_EVENT_BYTES + 1]), Err(Reason::Oversize));
    let twice = samples()[13].to_string().replacen("\"id\"", "\"id\":\"z\",\"id\"", 1);
    assert_eq!(says(twice.as_bytes()), Err(Reason::InvalidJson));
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_taken_or_refused(bytes: Vec<u8>) {
        drop(decode(&bytes, clock()));
    }

    /// A byte changed anywhere in a good record: the two ways in never contradict one another into a panic.
    #[test]
    fn a_changed_byte_is_survived(which in 0usize..15, at in 0usize..500, to: u8) {
        let mut bytes = samples()[which].to_string().into_bytes();
        let at = at % bytes.len();
        bytes[at] = to;
        drop(decode(&bytes, clock()));
    }
}
