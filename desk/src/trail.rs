//! The audit trail as people read it: who asked for what, when, and what became of it. The topic itself has more, and
//! its chain of hashes is the proof.

use std::collections::VecDeque;

use model::Instant;
use serde::Serialize;
use workflow::supervision::Deed;
use workflow::{Action, Entry, Fit, Hash, Lint, Machine, Outcome, Role};

use crate::MAX_TRAIL;

/// One entry without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrailEntry {
    pub seq: u64,
    pub now: Instant,
    /// Hash of the entry's record; the next one names it.
    pub hash: Hash,
    pub key: String,
    pub object: String,
    pub person: String,
    pub role: Role,
    pub action: &'static str,
    /// The version acted on; absent for a draft.
    pub version: Option<u32>,
    /// The organisation that a draft is for, or that a deed is of.
    pub org: Option<String>,
    /// The order, of either tier, that an accepted deed was done to, or that a changed alarm is under.
    pub order: Option<String>,
    /// The alarms that a deed names.
    pub alarms: Vec<String>,
    /// What lint said at a submission.
    pub lint: Option<Lint>,
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// The last entries, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Trail {
    entries: VecDeque<TrailEntry>,
}

impl Trail {
    /// `machine` is what the entry made of it.
    pub(crate) fn push(&mut self, fit: Fit, machine: &Machine) {
        if self.entries.len() >= MAX_TRAIL {
            self.entries.pop_front();
        }
        let Fit { entry, hash } = fit;
        let order = entry.order().or_else(|| order_of_notice(&entry, machine));
        let alarms = match &entry.command.action {
            Action::Supervise(deed) => deed.facts.alarms.iter().map(|fact| fact.id.clone()).collect(),
            _ => Vec::new(),
        };
        let (org, lint) = match &entry.command.action {
            Action::Draft { org, .. } => (Some(org.clone()), None),
            Action::Submit { lint, .. } => (None, Some(*lint)),
            Action::Supervise(deed) => (deed.org(&entry.command.object), None),
            _ => (None, None),
        };
        self.entries.push_back(TrailEntry {
            seq: entry.seq,
            now: entry.now,
            hash,
            key: entry.command.key,
            object: entry.command.object,
            person: entry.command.actor.person,
            role: entry.command.actor.role,
            action: entry.command.action.name(),
            version: entry.command.action.version(),
            org,
            order,
            alarms,
            lint,
            outcome: entry.outcome,
        });
    }

    /// The entry that answered a key; the newest first, since repetitions come soon.
    pub fn by_key(&self, key: &str) -> Option<&TrailEntry> {
        self.entries.iter().rev().find(|entry| entry.key == key)
    }

    /// The seq of the oldest entry that is still here.
    pub fn first(&self) -> Option<u64> {
        self.entries.front().map(|entry| entry.seq)
    }

    /// Entries from a seq on, of one object or of all, at most `limit`.
    pub fn from<'a>(
        &'a self,
        seq: u64,
        object: Option<&'a str>,
        limit: usize,
    ) -> impl Iterator<Item = &'a TrailEntry> {
        let first = self.entries.partition_point(|entry| entry.seq < seq);
        let of_object = move |entry: &&TrailEntry| object.is_none_or(|object| entry.object == object);
        self.entries.range(first..).filter(of_object).take(limit)
    }
}

/// The order that an alarm is under, of which a later revision was told.
fn order_of_notice(entry: &Entry, machine: &Machine) -> Option<String> {
    let (Action::Supervise(deed), Outcome::Accepted { .. }) = (&entry.command.action, &entry.outcome) else {
        return None;
    };
    let Deed::Notice { alarm, .. } = &deed.asked else { return None };
    machine.supervision().alarm(alarm)?.order.clone()
}
