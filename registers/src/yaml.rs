//! Values as the YAML that people read in a catalogue: a key a line, an element of a list a line.

use serde_json::Value;

/// A mapping or a list of mappings. Strings are quoted as JSON has them, which is YAML.
pub(crate) fn document(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::Array(list) if list.iter().any(Value::is_object) => {
                        out.push_str(&format!("{key}:\n"));
                        list.iter().for_each(|one| out.push_str(&format!("  - {one}\n")));
                    }
                    value => out.push_str(&format!("{key}: {value}\n")),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|one| out.push_str(&format!("- {one}\n"))),
        other => out.push_str(&format!("{other}\n")),
    }
    out
}
