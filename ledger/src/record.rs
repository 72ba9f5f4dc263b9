//! The ledger entry: one Kafka record, so findings and progress move together or not at all (docs/architecture.md).

use std::fmt;

use model::{Finding, Instant};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Version of the record format.
pub const FORMAT: u32 = 1;

/// SHA-256 of a record's bytes, or of a state.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

/// What one batch of inputs did. Valid only if it extends the last valid entry exactly ([`crate::chain::Chain`]).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// [`FORMAT`].
    pub v: u32,
    pub partition: i32,
    /// Counts up from 0.
    pub seq: u64,
    /// Offsets of `case-events` that this entry consumed: `[from, to)`.
    pub from: i64,
    pub to: i64,
    /// Logical clock after the batch, ms; never less than in the entry before.
    pub now: Instant,
    /// Timers that fired when the clock came to `now`, in their order: a burst of deadlines is spread over entries.
    pub timers: u32,
    /// Offset of `reference` up to which rules had been read.
    pub reference: i64,
    pub findings: Vec<Finding>,
    /// Digest of the partition's state after the batch.
    pub digest: Hash,
    /// Hash of the entry before; all zero for the first.
    pub prev: Hash,
}

impl Entry {
    /// The record's bytes.
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("an entry is plain data")
    }

    /// Reads a record of any origin.
    pub fn decode(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }
}

impl Hash {
    pub const ZERO: Self = Self([0; 32]);

    pub fn of(bytes: &[u8]) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(&Sha256::digest(bytes));
        Self(hash)
    }

    pub fn parse(hex: &str) -> Option<Self> {
        let mut hash = [0; 32];
        if hex.len() != 64 || !hex.is_ascii() {
            return None;
        }
        for (byte, pair) in hash.iter_mut().zip(hex.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(hash))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("a hash is 64 hex digits"))
    }
}
