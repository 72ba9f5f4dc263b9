//! An object and its versions.

use std::collections::BTreeSet;

use model::Instant;
use model::hash::Hash;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::command::DryRun;

/// What a new version does to cases already accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InFlight {
    /// They keep the version of their acceptance.
    Pin,
    /// They go over to the new one.
    Migrate,
}

/// Where a version is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// 起草
    Draft,
    /// 法制办审核通过
    LegallyPassed,
    /// 送审
    Submitted,
    /// 初审通过
    FirstPassed,
    /// 审定; in force from then on, until a later version is.
    Approved {
        from: Instant,
    },
    /// 退回
    Returned {
        by: String,
        reason: String,
    },
    /// Another draft has taken its place.
    Replaced,
    Withdrawn,
}

impl State {
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::LegallyPassed => "legally_passed",
            Self::Submitted => "submitted",
            Self::FirstPassed => "first_passed",
            Self::Approved { .. } => "approved",
            Self::Returned { .. } => "returned",
            Self::Replaced => "replaced",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Whether somebody has to act on it next before it is in force.
    pub const fn is_under_review(&self) -> bool {
        matches!(self, Self::LegallyPassed | Self::Submitted | Self::FirstPassed)
    }
}

/// Content that never changes, and what was decided about it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Version {
    /// From 1.
    pub number: u32,
    pub content: Value,
    /// SHA-256 of the content's JSON with sorted keys.
    pub hash: Hash,
    pub in_flight: InFlight,
    #[serde(flatten)]
    pub state: State,
    /// Who wrote it, or one of the versions that it goes back to since the last approved one.
    pub authors: BTreeSet<String>,
    pub legally_passed_by: Option<String>,
    pub submitted_by: Option<String>,
    pub first_passed_by: Option<String>,
    pub approved_by: Option<String>,
    /// Days that it is on trial from its beginning, approved with it.
    pub shadow_days: u32,
    pub dry_run: Option<DryRun>,
}

/// What a version is at an instant, apart from people's decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Not approved.
    Open,
    /// Approved, its moment has not come.
    Scheduled,
    InForce,
    Superseded,
}

/// An item, or a supervision point by itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Object {
    /// The organisation whose rule it is.
    pub org: String,
    /// Accepted commands so far; a command names the one it was given on.
    pub revision: u64,
    pub versions: Vec<Version>,
}

impl Object {
    pub fn version(&self, number: u32) -> Option<&Version> {
        self.versions.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    /// The version in force at an instant. Approved versions begin one after another, so there is one at most.
    pub fn in_force(&self, at: Instant) -> Option<&Version> {
        self.versions.iter().rev().find(|v| matches!(v.state, State::Approved { from } if from <= at))
    }

    pub fn phase(&self, number: u32, at: Instant) -> Option<Phase> {
        let version = self.version(number)?;
        let State::Approved { from } = version.state else { return Some(Phase::Open) };
        if from > at {
            return Some(Phase::Scheduled);
        }
        let current = self.in_force(at).is_some_and(|v| v.number == number);
        Some(if current { Phase::InForce } else { Phase::Superseded })
    }

    /// When the last approved version begins.
    pub(crate) fn last_from(&self) -> Option<Instant> {
        self.versions.iter().rev().find_map(|v| match v.state {
            State::Approved { from } => Some(from),
            _ => None,
        })
    }
}

impl Version {
    /// Everybody who took part in it so far.
    pub(crate) fn hands(&self) -> Vec<String> {
        let others = [&self.legally_passed_by, &self.submitted_by, &self.first_passed_by];
        self.authors.iter().chain(others.into_iter().flatten()).cloned().collect()
    }

    /// People who took part in it so far, and as what.
    pub(crate) fn took_part(&self, person: &str) -> Option<&'static str> {
        let is = |who: &Option<String>| who.as_deref() == Some(person);
        if self.authors.contains(person) {
            Some("author")
        } else if is(&self.legally_passed_by) {
            Some("legal_review")
        } else if is(&self.submitted_by) {
            Some("submission")
        } else {
            is(&self.first_passed_by).then_some("first_review")
        }
    }
}
