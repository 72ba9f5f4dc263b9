//! Personal data and free text, left out for those who do not need them. What is not known to be harmless is masked.

use serde_json::{Map, Value};

/// What stands in the place of what is not shown.
pub(crate) const MASK: &str = "***";

/// Attributes of a record, and members of its data (contract, section 1), that say nothing of an applicant.
const SHOWN: [&str; 44] = [
    "specversion",
    "id",
    "source",
    "type",
    "subject",
    "time",
    "recordedtime",
    "datacontenttype",
    "dataschema",
    "data",
    "item",
    "org",
    "region",
    "channel",
    "due",
    "step",
    "officers",
    "from",
    "to",
    "evidence",
    "kind",
    "sha256",
    "ids",
    "decision",
    "basis",
    "law",
    "article",
    "fine_fen",
    "discretion",
    "standard",
    "tier",
    "circumstances",
    "amount_fen",
    "vouchers",
    "scope",
    "days",
    "hours",
    "minutes",
    "outcome",
    "required",
    "min",
    "limit",
    "visit",
    "paragraph",
];

/// A record without its titles, applicants and free text; text that is no JSON is masked whole.
pub(crate) fn record(text: &str) -> String {
    let masked = serde_json::from_str::<Value>(text).map(|value| shown(&value));
    masked.unwrap_or_else(|_| MASK.into()).to_string()
}

fn shown(value: &Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(members.iter().map(member).collect::<Map<_, _>>()),
        Value::Array(elements) => elements.iter().map(shown).collect(),
        value => value.clone(),
    }
}

fn member((name, value): (&String, &Value)) -> (String, Value) {
    let value = match (name.as_str(), value) {
        // Instants by the limits' ids, which are the catalogue's.
        ("due", Value::Object(_)) => value.clone(),
        // The form's fields have the catalogue's names and anybody's contents.
        ("fields", Value::Object(fields)) => {
            Value::Object(fields.keys().map(|field| (field.clone(), MASK.into())).collect())
        }
        (name, value) if SHOWN.contains(&name) => shown(value),
        _ => MASK.into(),
    };
    (name.clone(), value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_known_to_be_harmless_is_masked() {
        let event = json!({
            "specversion": "1.0", "id": "e1", "source": "urn:s", "type": "case.accepted", "subject": "c1",
            "time": "2026-03-02T09:00:00+08:00", "note": "张三",
            "data": {"item": "i", "org": "o", "title": "张三占道", "applicant": {"id": "370102199001011234"},
                "due": {"total": "2026-04-01T00:00:00+08:00"}, "unknown": ["张三"],
                "fields": {"reason": "张三说"}, "evidence": [{"id": "v1", "kind": "photo", "name": "张三.jpg"}]},
        });
        let masked: Value = serde_json::from_str(&record(&event.to_string())).unwrap();
        assert!(!masked.to_string().contains("张三") && !masked.to_string().contains("1990"), "{masked}");
        assert_eq!(masked["data"]["due"], event["data"]["due"]);
        assert_eq!(masked["data"]["fields"], json!({"reason": MASK}));
        assert_eq!(masked["data"]["evidence"], json!([{"id": "v1", "kind": "photo", "name": MASK}]));
        assert_eq!((&masked["subject"], &masked["note"]), (&json!("c1"), &json!(MASK)));
        assert_eq!(record("张三"), "\"***\"");
    }
}
