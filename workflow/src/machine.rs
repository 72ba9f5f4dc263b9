//! The state of all objects, and how an accepted command changes it.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use model::Instant;
use model::hash::Hash;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::command::{Action, Command};
use crate::judge::judge;
use crate::object::{Object, State, Version};
use crate::reason::Reason;
use crate::supervision::Supervision;
use crate::{MAX_OBJECTS, REMEMBERED_KEYS};

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It had its effect: on this version, and the object is at this revision now. Of a deed: the serial of the order that it
    /// was done to, and the revision of its order (1); 0 where there is none.
    Accepted { version: u32, revision: u64 },
    /// It changed nothing.
    Refused(Reason),
}

/// All objects and orders of one log.
#[derive(Debug, Clone, Default)]
pub struct Machine {
    objects: BTreeMap<String, Object>,
    supervision: Supervision,
    answers: HashMap<String, (Hash, Outcome)>,
    /// Keys of `answers`, oldest first.
    keys: VecDeque<String>,
}

impl Machine {
    pub fn object(&self, id: &str) -> Option<&Object> {
        self.objects.get(id)
    }

    /// All objects by id.
    pub fn objects(&self) -> impl Iterator<Item = (&str, &Object)> {
        self.objects.iter().map(|(id, object)| (id.as_str(), object))
    }

    /// Orders, the alarms under them, follows.
    pub const fn supervision(&self) -> &Supervision {
        &self.supervision
    }

    /// The outcome of a command that was given before under the same key, or why the key cannot be used.
    pub fn answered(&self, command: &Command) -> Option<Outcome> {
        let (hash, outcome) = self.answers.get(&command.key)?;
        Some(if *hash == command.hash() { outcome.clone() } else { Outcome::Refused(Reason::KeyReused) })
    }

    /// What the outcome would be now. Changes nothing.
    pub fn judge(&self, command: &Command, now: Instant) -> Outcome {
        if let Some(outcome) = self.answered(command) {
            return outcome;
        }
        if let Action::Supervise(deed) = &command.action {
            return match self.supervision.judge(command, deed) {
                Err(reason) => Outcome::Refused(reason),
                Ok((version, revision)) => Outcome::Accepted { version, revision },
            };
        }
        let object = self.objects.get(&command.object);
        let judged = judge(command, object, now).and_then(|()| {
            let full = object.is_none() && self.objects.len() >= MAX_OBJECTS;
            if full { Err(Reason::TooMany) } else { Ok(()) }
        });
        match judged {
            Err(reason) => Outcome::Refused(reason),
            Ok(()) => {
                let next = object.map_or(1, |o| o.versions.len() as u32 + 1);
                let version = command.action.version().unwrap_or(next);
                Outcome::Accepted { version, revision: object.map_or(0, |o| o.revision) + 1 }
            }
        }
    }

    /// Judges a command and gives it its effect. A repeated key has none.
    pub fn step(&mut self, command: &Command, now: Instant) -> Outcome {
        if let Some(outcome) = self.answered(command) {
            return outcome;
        }
        let outcome = self.judge(command, now);
        if let Outcome::Accepted { revision, .. } = outcome {
            match &command.action {
                Action::Supervise(deed) => self.supervision.apply(command, deed, now),
                _ => self.apply(command, revision),
            }
        }
        self.remember(command, &outcome);
        outcome
    }

    fn remember(&mut self, command: &Command, outcome: &Outcome) {
        if self.keys.len() >= REMEMBERED_KEYS
            && let Some(oldest) = self.keys.pop_front()
        {
            self.answers.remove(&oldest);
        }
        self.keys.push_back(command.key.clone());
        self.answers.insert(command.key.clone(), (command.hash(), outcome.clone()));
    }

    fn apply(&mut self, command: &Command, revision: u64) {
        let object = self.objects.entry(command.object.clone()).or_insert_with(|| Object {
            org: match &command.action {
                Action::Draft { org, .. } => org.clone(),
                _ => String::new(),
            },
            revision: 0,
            versions: Vec::new(),
        });
        object.revision = revision;
        match command.action.version() {
            None => draft(object, command),
            Some(number) => {
                let place = (number as usize).checked_sub(1);
                if let Some(version) = place.and_then(|place| object.versions.get_mut(place)) {
                    change(version, command);
                }
            }
        }
    }
}

/// Bytes of a value's JSON, and their hash. Keys are sorted, so equal contents have one hash.
pub(crate) fn hash_of(content: &Value) -> (usize, Hash) {
    let bytes = content.to_string();
    (bytes.len(), Hash::of(bytes.as_bytes()))
}

fn draft(object: &mut Object, command: &Command) {
    let Action::Draft { content, in_flight, .. } = &command.action else { return };
    let mut authors = BTreeSet::from([command.actor.person.clone()]);
    if let Some(last) = object.versions.last_mut()
        && matches!(last.state, State::Draft | State::Returned { .. })
    {
        authors.extend(last.authors.iter().cloned());
        if last.state == State::Draft {
            last.state = State::Replaced;
        }
    }
    object.versions.push(Version {
        number: object.versions.len() as u32 + 1,
        content: content.clone(),
        hash: hash_of(content).1,
        in_flight: *in_flight,
        state: State::Draft,
        authors,
        legally_passed_by: None,
        submitted_by: None,
        first_passed_by: None,
        approved_by: None,
        shadow_days: 0,
        dry_run: None,
    });
}

fn change(version: &mut Version, command: &Command) {
    let person = Some(command.actor.person.clone());
    match &command.action {
        Action::Draft { .. } | Action::Supervise(_) => {}
        Action::PassLegally { .. } => {
            version.legally_passed_by = person;
            version.state = State::LegallyPassed;
        }
        Action::AttachDryRun { report, .. } => version.dry_run = Some(report.clone()),
        Action::Submit { .. } => {
            version.submitted_by = person;
            version.state = State::Submitted;
        }
        Action::PassFirst { .. } => {
            version.first_passed_by = person;
            version.state = State::FirstPassed;
        }
        Action::PassFinal { from, shadow_days, .. } => {
            version.approved_by = person;
            version.shadow_days = *shadow_days;
            version.state = State::Approved { from: *from };
        }
        Action::Return { reason, .. } => {
            version.state = State::Returned { by: command.actor.person.clone(), reason: reason.clone() };
        }
        Action::Withdraw { .. } => version.state = State::Withdrawn,
    }
}
