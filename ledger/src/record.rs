//! The ledger entry: one Kafka record, so findings and progress move together or not at all (docs/architecture.md).

pub use model::hash::Hash;
use model::{Finding, Instant};
use serde::{Deserialize, Serialize};

use crate::chain::Chain;
use crate::checkpoint::Checkpoint;

/// Version of the record format.
pub const FORMAT: u32 = 1;

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
    /// Editions of the rules that had been taken over before the first of these facts was.
    pub reference: i64,
    pub findings: Vec<Finding>,
    /// Findings that the entry had no room for: told by the machine, they come in the entries after it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left: u32,
    /// Digest of the partition's state after the batch.
    pub digest: Hash,
    /// The last record of `case-events` consumed so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<Anchor>,
    /// A saved state that may be begun from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Checkpoint>,
    /// Facts that are gone and that detection goes on without. Only such an entry may go back in `case-events` and in
    /// the rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<Loss>,
    /// Hash of the entry before; all zero for the first.
    pub prev: Hash,
}

/// A record of `case-events` that was consumed: a topic that was rewritten or made anew has another one in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anchor {
    pub offset: i64,
    pub hash: Hash,
}

/// An operator's word that facts are gone, `[from, to)` of the entry or a whole topic, and that detection goes on at `to`
/// with the state that the entry's checkpoint names, or with none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loss {
    /// Who says so, and why.
    pub by: String,
    pub reason: String,
    /// Wall clock.
    pub at: Instant,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_zero(n: &u32) -> bool {
    *n == 0
}

impl Entry {
    /// An entry that extends a chain and says nothing yet.
    pub fn extending(chain: &Chain) -> Self {
        Self {
            v: FORMAT,
            partition: chain.partition,
            seq: chain.next_seq,
            from: chain.position,
            to: chain.position,
            now: chain.now,
            timers: 0,
            reference: chain.reference,
            findings: Vec::new(),
            left: 0,
            digest: Hash::ZERO,
            anchor: None,
            checkpoint: None,
            loss: None,
            prev: chain.prev,
        }
    }

    /// The record's bytes.
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("an entry is plain data")
    }

    /// Reads a record of any origin.
    pub fn decode(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }
}
