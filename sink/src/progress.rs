//! What is recorded with an offset in Kafka, so that a restart repeats exactly the insert that was under way.
//!
//! The committed offset `a` says that everything before it is stored. Its metadata says which range is being inserted
//! (`pending a-b records crc token`) and, for the ledger, where the chain of entries stands at `a`. Brokers take 4 KiB
//! of metadata by default; ours is at most some 250 bytes, ASCII.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use ledger::chain::Chain;
use ledger::record::Hash;
use model::Instant;
use serde::Deserialize as _;
use serde::de::value::{Error as ValueError, StrDeserializer};

use crate::source::Mark;

const VERSION: &str = "xiezhi1";

/// Where a partition stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Everything before this offset is stored.
    pub(crate) offset: i64,
    pub(crate) pending: Option<(Pending, Token)>,
    /// Of the ledger only: the chain at `offset`.
    pub(crate) chain: Option<Chain>,
}

/// The records at the offsets `[from, to)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pending {
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) records: usize,
    pub(crate) crc: u32,
}

/// Names one batch for ever: a pure function of its ranges and their contents. ClickHouse believes the token and not
/// the rows, so two different batches must never share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Token(u64);

impl Token {
    pub(crate) fn of(topic: &str, ranges: &BTreeMap<i32, Pending>) -> Self {
        let mut text = topic.to_owned();
        for (partition, range) in ranges {
            write!(text, "\n{partition} {range}").expect("writing to a string succeeds");
        }
        let mut first = [0; 8];
        first.copy_from_slice(&Hash::of(text.as_bytes()).0[..8]);
        Self(u64::from_be_bytes(first))
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Display for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{} {} {:08x}", self.from, self.to, self.records, self.crc)
    }
}

impl Progress {
    pub(crate) const fn at(offset: i64, chain: Option<Chain>) -> Self {
        Self { offset, pending: None, chain }
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark { offset: self.offset, metadata: self.metadata() }
    }

    /// The metadata that goes with `offset`.
    pub(crate) fn metadata(&self) -> String {
        let mut text = VERSION.to_owned();
        if let Some((range, token)) = &self.pending {
            write!(text, " pending {range} {token}").expect("writing to a string succeeds");
        }
        if let Some(c) = &self.chain {
            let at = (c.next_seq, c.position, c.now.0, c.reference);
            write!(text, " chain {} {} {} {} {}", at.0, at.1, at.2, at.3, c.prev)
                .expect("writing to a string succeeds");
        }
        text
    }

    /// Reads the metadata of an offset. `None` where it is not ours: somebody set the offset with a tool.
    pub(crate) fn parse(partition: i32, offset: i64, metadata: &str) -> Option<Self> {
        let mut progress = Self::at(offset, None);
        let mut words = metadata.split(' ');
        if words.next() != Some(VERSION) {
            return None;
        }
        while let Some(word) = words.next() {
            match word {
                "pending" => progress.pending = Some(parse_pending(&mut words)?),
                "chain" => progress.chain = Some(parse_chain(partition, &mut words)?),
                _ => return None,
            }
        }
        let fits = progress.pending.is_none_or(|(range, _)| range.from == offset && range.to > offset);
        fits.then_some(progress)
    }
}

fn parse_pending<'a>(words: &mut impl Iterator<Item = &'a str>) -> Option<(Pending, Token)> {
    let (from, to) = words.next()?.split_once('-')?;
    let range = Pending {
        from: from.parse().ok()?,
        to: to.parse().ok()?,
        records: words.next()?.parse().ok()?,
        crc: u32::from_str_radix(words.next()?, 16).ok()?,
    };
    Some((range, Token(u64::from_str_radix(words.next()?, 16).ok()?)))
}

fn parse_chain<'a>(partition: i32, words: &mut impl Iterator<Item = &'a str>) -> Option<Chain> {
    Some(Chain {
        partition,
        next_seq: words.next()?.parse().ok()?,
        position: words.next()?.parse().ok()?,
        now: Instant(words.next()?.parse().ok()?),
        reference: words.next()?.parse().ok()?,
        prev: Hash::deserialize(StrDeserializer::<ValueError>::new(words.next()?)).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANGE: Pending = Pending { from: 100, to: 250, records: 149, crc: 0xab };

    fn chain() -> Chain {
        Chain {
            partition: 3,
            next_seq: u64::MAX,
            position: i64::MAX,
            now: Instant(i64::MIN),
            reference: i64::MAX,
            prev: Hash::of(b"x"),
        }
    }

    #[test]
    fn metadata_goes_there_and_back_and_fits_a_broker() {
        for pending in [None, Some((RANGE, Token(0xbeef)))] {
            for chain in [None, Some(chain())] {
                let progress = Progress { offset: 100, pending, chain };
                let text = progress.metadata();
                assert!(text.is_ascii() && text.len() < 400, "{} bytes", text.len());
                assert_eq!(Progress::parse(3, 100, &text), Some(progress));
            }
        }
    }

    #[test]
    fn foreign_metadata_is_not_taken_for_ours() {
        let good = Progress { offset: 100, pending: Some((RANGE, Token(1))), chain: None }.metadata();
        assert!(Progress::parse(0, 100, &good).is_some());
        assert_eq!(Progress::parse(0, 99, &good), None, "the offset was moved and the metadata left");
        for text in ["", "hello", "xiezhi1 pending 1-2", "xiezhi1 chain 1 2 3 4 zz", "xiezhi1 huh"] {
            assert_eq!(Progress::parse(0, 1, text), None, "{text}");
        }
    }

    #[test]
    fn another_topic_range_or_content_is_another_token() {
        let token = |topic: &str, partition, range| Token::of(topic, &BTreeMap::from([(partition, range)]));
        let base = token("t", 0, RANGE);
        assert_eq!(base, token("t", 0, RANGE));
        for other in [
            token("u", 0, RANGE),
            token("t", 1, RANGE),
            token("t", 0, Pending { from: 99, ..RANGE }),
            token("t", 0, Pending { to: 251, ..RANGE }),
            token("t", 0, Pending { records: 150, ..RANGE }),
            token("t", 0, Pending { crc: 0, ..RANGE }),
        ] {
            assert_ne!(base, other);
        }
    }
}
