//! A case on paper: everything that will be said of it, as values that a plant can still change before it is written
//! down as events.

use model::catalogue::{Item, Rule};
use model::finding::{Code, Kind, Light, State};
use model::time::Instant;
use serde_json::{Value, json};

use super::profiles::{Desk, Profile};

/// What must stand for a case, known from what was planted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Expected {
    /// Id of the supervision point; `data_quality` for that kind.
    pub(crate) point: String,
    pub(crate) kind: Kind,
    pub(crate) code: Code,
    pub(crate) light: Light,
    pub(crate) state: State,
}

impl Expected {
    pub(super) fn new(point: &str, code: Code, light: Light, state: State) -> Self {
        Self { point: point.to_owned(), kind: kind_of(code), code, light, state }
    }

    pub(super) fn red(point: &str, code: Code) -> Self {
        Self::new(point, code, Light::Red, State::Raised)
    }

    pub(super) fn yellow(point: &str, code: Code) -> Self {
        Self::new(point, code, Light::Yellow, State::Raised)
    }

    pub(super) fn quality(code: Code) -> Self {
        Self::yellow(Kind::DataQuality.as_str(), code)
    }
}

const fn kind_of(code: Code) -> Kind {
    match code {
        Code::Overdue | Code::DueSoon => Kind::TimeLimit,
        Code::TooFewOfficers | Code::UnqualifiedOfficer => Kind::OfficerQualification,
        Code::Rollback | Code::RepeatedRollback | Code::ImplicitRollback => Kind::StepRollback,
        Code::EvidenceMissing | Code::EvidenceReduced => Kind::Evidence,
        Code::NoBasis | Code::BlankField | Code::NegativeDecision => Kind::DecisionBasis,
        Code::UnknownTier | Code::OutOfTier | Code::TierMismatch => Kind::Discretion,
        Code::NoVoucher | Code::OverExecuted | Code::UnderExecuted | Code::ExecutedUndecided => {
            Kind::PenaltyExecution
        }
        Code::UnknownItem
        | Code::UnknownStep
        | Code::UnknownEvidence
        | Code::AfterClose
        | Code::LateExtension
        | Code::MissingStart
        | Code::EntryLag
        | Code::NotSupervised
        | Code::SourceSilent => Kind::DataQuality,
    }
}

/// One event to be.
#[derive(Debug, Clone)]
pub(super) struct Fact {
    pub(super) at: Instant,
    pub(super) kind: &'static str,
    pub(super) data: Value,
}

impl Fact {
    pub(super) fn new(at: Instant, kind: &'static str, data: Value) -> Self {
        Self { at, kind, data }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) sha256: String,
}

#[derive(Debug, Clone)]
pub(super) struct Decision {
    pub(super) at: Instant,
    pub(super) code: String,
    /// Law and article.
    pub(super) basis: Vec<(String, String)>,
    pub(super) reason: String,
    pub(super) fine: Option<i64>,
    pub(super) discretion: Option<Discretion>,
}

#[derive(Debug, Clone)]
pub(super) struct Discretion {
    pub(super) standard: String,
    pub(super) tier: String,
    pub(super) circumstances: Vec<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Payment {
    pub(super) at: Instant,
    pub(super) fen: i64,
    pub(super) voucher: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Visit {
    pub(super) step: &'static str,
    /// `None`: nobody said so.
    pub(super) start: Option<Instant>,
    pub(super) end: Option<Instant>,
    pub(super) returned_to: Option<&'static str>,
    pub(super) suspended: Option<(Instant, Option<Instant>)>,
    /// A suspension of this step alone.
    pub(super) suspends_step: bool,
    pub(super) due: Option<Instant>,
    pub(super) officers: Vec<String>,
    /// The officers are named in `officers.authorized` instead of at the start.
    pub(super) authorised: bool,
    pub(super) uploaded: Instant,
    pub(super) evidence: Vec<Piece>,
    pub(super) decision: Option<Decision>,
    pub(super) fields: Vec<(String, String)>,
}

impl Visit {
    pub(super) fn completed(&self) -> bool {
        self.end.is_some() && self.returned_to.is_none()
    }
}

#[derive(Debug, Clone)]
pub(super) struct Draft<'c> {
    pub(super) case: String,
    pub(super) item: &'c Item,
    /// The item's code as the publisher writes it.
    pub(super) code: String,
    pub(super) profile: &'static Profile,
    pub(super) desk: &'static Desk,
    pub(super) region: Option<String>,
    pub(super) title: String,
    pub(super) applicant: String,
    pub(super) channel: &'static str,
    pub(super) accepted: Instant,
    pub(super) visits: Vec<Visit>,
    pub(super) payments: Vec<Payment>,
    pub(super) closed: Option<Instant>,
    pub(super) extra: Vec<Fact>,
    /// The acceptance was recorded this much later, ms.
    pub(super) entry_lag: Option<i64>,
}

impl Draft<'_> {
    /// The last visit of a step, if it was completed.
    pub(super) fn completed(&mut self, step: &str) -> Option<&mut Visit> {
        self.visits.iter_mut().rev().find(|v| v.step == step).filter(|v| v.completed())
    }

    pub(super) fn visits_of(&self, step: &str) -> usize {
        self.visits.iter().filter(|v| v.step == step).count()
    }

    /// The decision that stands.
    pub(super) fn decision(&mut self) -> Option<&mut Decision> {
        self.visits.iter_mut().rev().find_map(|v| v.decision.as_mut())
    }

    pub(super) fn fine(&mut self) -> Option<i64> {
        self.decision().and_then(|d| d.fine)
    }

    pub(super) fn say(&mut self, at: Instant, kind: &'static str, data: Value) {
        self.extra.push(Fact::new(at, kind, data));
    }

    pub(super) fn extend(&mut self, at: Instant, limit: &str, days: u32) {
        let document = format!("{}-YQ", self.case);
        self.say(at, "limit.extended", json!({ "scope": limit, "days": days, "document": document }));
    }
}

/// The first point of an item that a question has an answer for, with the answer.
pub(super) fn find_point<'i, T>(item: &'i Item, ask: impl Fn(&'i Rule) -> Option<T>) -> Option<(&'i str, T)> {
    item.points.iter().find_map(|point| ask(&point.rule).map(|answer| (point.id.as_str(), answer)))
}
