//! One command and its outcome as a record of the log, and the chain that says which records count: the same rule as
//! the ledger's, so that several writers need no lock and an altered, dropped or moved record is seen.

use model::Instant;
use model::hash::Hash;
use serde::{Deserialize, Serialize};

use crate::command::{Action, Command};
use crate::machine::{Machine, Outcome};

/// Version of the record's form and of the machine's judgement: whoever changes what is accepted counts it up.
pub const FORMAT: u32 = 2;
/// The oldest form that is still read: it knows no deeds (orders, alarms).
const OLDEST_FORMAT: u32 = 1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// [`FORMAT`] of whoever wrote it.
    pub v: u32,
    /// Counts up from 0.
    pub seq: u64,
    /// When it was decided, ms; never less than in the entry before.
    pub now: Instant,
    pub command: Command,
    pub outcome: Outcome,
    /// Hash of the entry before; all zero for the first.
    pub prev: Hash,
}

impl Entry {
    /// The number of the order that an accepted deed was done to, if it was an order.
    pub fn order(&self) -> Option<String> {
        let (Action::Supervise(deed), Outcome::Accepted { version, .. }) =
            (&self.command.action, &self.outcome)
        else {
            return None;
        };
        deed.order(&self.command.object, *version)
    }

    /// The record's bytes.
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("an entry is plain data")
    }
}

/// Whether its form knows what it says.
fn is_known(entry: &Entry) -> bool {
    let deed = matches!(entry.command.action, Action::Supervise(_));
    (OLDEST_FORMAT..=FORMAT).contains(&entry.v) && (!deed || entry.v > OLDEST_FORMAT)
}

/// A record that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fit {
    pub entry: Entry,
    pub hash: Hash,
}

/// Why a record does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misfit {
    NotAnEntry,
    OtherFormat,
    /// Another writer was first, or a producer's retry.
    Behind,
    Ahead,
    PrevHash,
    Clock,
    /// Its key was answered before.
    Repeated,
    /// The outcome is not what the machine comes to.
    Outcome,
}

impl Misfit {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotAnEntry => "not_an_entry",
            Self::OtherFormat => "other_format",
            Self::Behind => "behind",
            Self::Ahead => "ahead",
            Self::PrevHash => "prev_hash",
            Self::Clock => "clock",
            Self::Repeated => "repeated",
            Self::Outcome => "outcome",
        }
    }
}

/// The log folded so far.
#[derive(Debug, Clone)]
pub struct Chain {
    machine: Machine,
    next_seq: u64,
    now: Instant,
    prev: Hash,
}

impl Default for Chain {
    fn default() -> Self {
        Self { machine: Machine::default(), next_seq: 0, now: Instant(i64::MIN), prev: Hash::ZERO }
    }
}

impl Chain {
    pub const fn machine(&self) -> &Machine {
        &self.machine
    }

    /// Entries that count so far.
    pub const fn len(&self) -> u64 {
        self.next_seq
    }

    pub const fn is_empty(&self) -> bool {
        self.next_seq == 0
    }

    /// Hash of the last entry: two readers that agree in it agree in everything before.
    pub const fn head(&self) -> Hash {
        self.prev
    }

    /// The entry that a command would be here. `now` is the writer's clock; the log's does not go back.
    pub fn propose(&self, command: Command, now: Instant) -> Entry {
        let now = now.max(self.now);
        let outcome = self.machine.judge(&command, now);
        Entry { v: FORMAT, seq: self.next_seq, now, command, outcome, prev: self.prev }
    }

    /// Folds one record. One that does not count changes nothing.
    pub fn accept(&mut self, bytes: &[u8]) -> Result<Fit, Misfit> {
        let entry: Entry = serde_json::from_slice(bytes).map_err(|_| Misfit::NotAnEntry)?;
        match &entry {
            e if !is_known(e) => return Err(Misfit::OtherFormat),
            e if e.seq < self.next_seq => return Err(Misfit::Behind),
            e if e.seq > self.next_seq => return Err(Misfit::Ahead),
            e if e.prev != self.prev => return Err(Misfit::PrevHash),
            e if e.now < self.now => return Err(Misfit::Clock),
            e if self.machine.answered(&e.command).is_some() => return Err(Misfit::Repeated),
            e if self.machine.judge(&e.command, e.now) != e.outcome => return Err(Misfit::Outcome),
            _ => {}
        }
        self.machine.step(&entry.command, entry.now);
        self.next_seq += 1;
        self.now = entry.now;
        self.prev = Hash::of(bytes);
        Ok(Fit { entry, hash: self.prev })
    }
}
