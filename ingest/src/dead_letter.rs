//! Dead letters: a rejected record whole, why it was rejected, and where it came from.
//!
//! The value is the publisher's bytes, the key `topic/partition/offset` of the inbound record; the rest is in headers. A
//! record that is too large for the topic even so (publishers may compress hundreds of megabytes into one record) is cut
//! to its first 64 KiB and marked `truncated=true`: the record itself stays where its coordinates say.

use std::fmt;

use model::event::{Reason, Rejection};
use model::time::Instant;
use rdkafka::message::{Header, Headers, OwnedHeaders};

use crate::topics;

/// What is kept of a record that the broker takes in no other way.
pub const TRUNCATED_BYTES: usize = 64 * 1024;
/// The sentence quotes publishers' text, so it is bounded.
const MAX_SENTENCE_BYTES: usize = 1024;
/// An inbound key up to this length is kept.
const MAX_KEY_BYTES: usize = 1024;

/// Where a record was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Coordinates {
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
}

impl fmt::Display for Coordinates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.topic, self.partition, self.offset)
    }
}

/// Everything about a dead letter but the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub reason: Reason,
    pub sentence: String,
    pub from: Coordinates,
    /// Kafka's timestamp of the inbound record.
    pub at: Option<Instant>,
    /// The key under which it was published, unless that was very long.
    pub key: Option<Vec<u8>>,
    pub truncated: bool,
}

impl Letter {
    pub(crate) fn new(
        rejection: Rejection,
        from: Coordinates,
        at: Option<Instant>,
        key: Option<&[u8]>,
    ) -> Self {
        let mut sentence = rejection.sentence;
        sentence.truncate(char_boundary(&sentence, MAX_SENTENCE_BYTES));
        let key = key.filter(|k| k.len() <= MAX_KEY_BYTES).map(<[u8]>::to_vec);
        Self { reason: rejection.reason, sentence, from, at, key, truncated: false }
    }

    /// The organisation in whose topic it was published, which is proven by the topic's access list; what the record
    /// says of itself is not.
    pub fn org(&self) -> &str {
        topics::org_of(&self.from.topic).unwrap_or_default()
    }

    pub(crate) fn headers(&self) -> OwnedHeaders {
        let Coordinates { topic, partition, offset } = &self.from;
        let mut headers = OwnedHeaders::new_with_capacity(10)
            .insert(text("reason", self.reason.as_str()))
            .insert(text("sentence", &self.sentence))
            .insert(text("topic", topic))
            .insert(text("partition", &partition.to_string()))
            .insert(text("offset", &offset.to_string()))
            .insert(text("org", self.org()));
        if let Some(at) = self.at {
            headers = headers.insert(text("timestamp_ms", &at.0.to_string()));
        }
        if let Some(key) = &self.key {
            headers = headers.insert(Header { key: "key", value: Some(key) });
        }
        if self.truncated {
            headers = headers.insert(text("truncated", "true"));
        }
        headers
    }

    /// Reads a letter back. The error names the header that is missing or wrong.
    pub fn from_headers(headers: Option<&impl Headers>) -> Result<Self, String> {
        let headers = headers.ok_or("the record has no headers")?;
        let bytes = |name: &str| headers.iter().find(|h| h.key == name).and_then(|h| h.value);
        let text = |name: &str| {
            let bytes = bytes(name).ok_or_else(|| format!("header {name:?} is missing"))?;
            str::from_utf8(bytes).map_err(|_| format!("header {name:?} is no UTF-8"))
        };
        let code = text("reason")?;
        let reason = Reason::ALL.into_iter().find(|r| r.as_str() == code);
        let at = match bytes("timestamp_ms") {
            Some(_) => Some(Instant(number("timestamp_ms", text("timestamp_ms")?)?)),
            None => None,
        };
        Ok(Self {
            reason: reason.ok_or_else(|| format!("header \"reason\": {code:?} is no reason code"))?,
            sentence: text("sentence")?.into(),
            from: Coordinates {
                topic: text("topic")?.into(),
                partition: number("partition", text("partition")?)?,
                offset: number("offset", text("offset")?)?,
            },
            at,
            key: bytes("key").map(<[u8]>::to_vec),
            truncated: bytes("truncated") == Some(b"true"),
        })
    }
}

/// The last place at or before `at` where `text` can be cut.
fn char_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0)
}

pub(crate) fn text<'a>(key: &'a str, value: &'a str) -> Header<'a, &'a str> {
    Header { key, value: Some(value) }
}

fn number<N: std::str::FromStr>(name: &str, value: &str) -> Result<N, String> {
    value.parse().map_err(|_| format!("header {name:?}: {value:?} is no number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(sentence: &str) -> Letter {
        let from = Coordinates { topic: "inbound.3701".into(), partition: 2, offset: 77 };
        let rejection = Rejection::new(Reason::MissingMember, sentence);
        Letter::new(rejection, from, Some(Instant(1_000)), Some(b"\xffkey"))
    }

    #[test]
    fn a_letter_survives_its_headers() {
        let mut letter = letter("member \"subject\" is missing: 案号");
        assert_eq!(Letter::from_headers(Some(&letter.headers())), Ok(letter.clone()));
        assert_eq!(letter.org(), "3701");
        letter.truncated = true;
        letter.at = None;
        letter.key = None;
        assert_eq!(Letter::from_headers(Some(&letter.headers())), Ok(letter));
    }

    #[test]
    fn the_sentence_is_bounded_at_a_character() {
        let letter = letter(&"案".repeat(1_000));
        assert_eq!(letter.sentence.len(), 1_023);
    }

    #[test]
    fn what_is_no_letter_says_why() {
        let error = |headers: &OwnedHeaders| Letter::from_headers(Some(headers)).expect_err("no letter");
        assert_eq!(Letter::from_headers(None::<&OwnedHeaders>), Err("the record has no headers".into()));
        assert_eq!(error(&OwnedHeaders::new()), "header \"reason\" is missing");
        let odd = OwnedHeaders::new().insert(text("reason", "bored"));
        assert_eq!(error(&odd), "header \"reason\": \"bored\" is no reason code");
    }
}
