//! A YAML document as a tree that knows where each of its nodes stands.
//!
//! Serde's derived forms stop at the first mistake. A tree is read in one go, and whoever walks it can go on after a
//! mistake, so that all of a file's problems are told at once.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use serde_saphyr::{Location, Spanned};

use crate::catalogue::Bilingual;

/// Line and column, both counted from 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: u32,
    pub(super) column: u32,
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) place: Place,
}

#[derive(Debug)]
pub(super) enum Value {
    Null,
    Bool(bool),
    /// With its decimal text: ids and codes may be all digits.
    Int(i128, String),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    /// In the order of the file, repeated keys included.
    Map(Vec<(Key, Node)>),
}

#[derive(Debug)]
pub(super) struct Key {
    pub(super) text: String,
    pub(super) place: Place,
}

/// The text is not YAML, or more of it than a catalogue can mean.
#[derive(Debug)]
pub(super) struct NotYaml {
    pub(super) place: Option<Place>,
    pub(super) message: Bilingual,
}

/// Reads one document. An empty text is [`Value::Null`].
pub(super) fn parse(text: &str) -> Result<Node, NotYaml> {
    let options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::Error,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
        budget: serde_saphyr::budget! { max_nodes: 4_000_000, max_events: 16_000_000 },
    };
    serde_saphyr::from_str_with_options::<Node>(text, options).map_err(|error| {
        let place = error.location().map(Place::from);
        let sentence = error.to_string();
        let message = Bilingual {
            zh: format!("无法按 YAML 解析：{sentence}"),
            en: format!("cannot be read as YAML: {sentence}"),
        };
        NotYaml { place, message }
    })
}

impl From<Location> for Place {
    fn from(location: Location) -> Self {
        let narrow = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        Self { line: narrow(location.line()), column: narrow(location.column()) }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        Ok(Self { value: spanned.value, place: spanned.referenced.into() })
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        let text = match spanned.value {
            Value::Text(text) => text,
            Value::Null => "null".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Int(_, text) => text.clone(),
            Value::Float(value) => value.to_string(),
            Value::List(_) => "[…]".to_owned(),
            Value::Map(_) => "{…}".to_owned(),
        };
        Ok(Self { text, place: spanned.referenced.into() })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Int(value.into(), value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Int(value.into(), value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(node) = sequence.next_element()? {
            list.push(node);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Value::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(text: &str) -> Vec<(Key, Node)> {
        match parse(text).expect("YAML").value {
            Value::Map(entries) => entries,
            other => panic!("no map: {other:?}"),
        }
    }

    #[test]
    fn nodes_and_keys_know_their_places() {
        let found = entries("a: 1\nb:\n  - x: [yes, 0.8, '7', 007, 2026-01-01]\nb: {c: ~}\n");
        let places: Vec<_> =
            found.iter().map(|(k, n)| (k.text.as_str(), k.place.line, n.place.line)).collect();
        assert_eq!(places, [("a", 1, 1), ("b", 2, 3), ("b", 4, 4)]);
        let Value::List(list) = &found[1].1.value else { panic!("no list") };
        let Value::Map(inner) = &list[0].value else { panic!("no map") };
        assert_eq!((inner[0].0.place.line, inner[0].0.place.column), (3, 5));
        assert_eq!(inner[0].1.place.column, 8);
        let Value::List(scalars) = &inner[0].1.value else { panic!("no list") };
        let shown: Vec<_> = scalars.iter().map(|n| format!("{:?}", n.value)).collect();
        let expected = ["Bool(true)", "Float(0.8)", "Text(\"7\")", "Text(\"007\")", "Text(\"2026-01-01\")"];
        assert_eq!(shown, expected);
    }

    #[test]
    fn an_empty_text_is_null_and_a_broken_one_says_where() {
        for empty in ["", "\n", "# only a comment\n", "~"] {
            assert!(matches!(parse(empty).expect("YAML").value, Value::Null), "{empty:?}");
        }
        let broken = parse("a: 1\nb: [1, 2\nc: 3\n").expect_err("broken");
        assert!(broken.place.expect("place").line >= 2);
        let bomb = "[".repeat(5_000);
        assert!(parse(&bomb).is_err());
        assert!(parse("a: 1\n---\nb: 2\n").is_err());
    }
}
