//! Case events (in): what a departmental system says happened, reduced to what the detectors look at. The publisher's
//! bytes themselves are kept elsewhere, unchanged.

mod decode;
mod rejection;
mod scan;
mod wire;

pub use decode::decode;
pub use rejection::{Reason, Rejection};

use std::borrow::Cow;

use crate::time::Instant;

/// Longest record, bytes.
pub const MAX_EVENT_BYTES: usize = 256 * 1024;
/// Deepest nesting of arrays and objects, the record itself being 1.
pub const MAX_DEPTH: usize = 32;
/// Longest id, bytes of UTF-8.
pub const MAX_ID_BYTES: usize = 128;
/// Largest amount of money, fen.
pub const MAX_FEN: i64 = 1_000_000_000_000_000;
/// Longest extension of a limit, days.
pub const MAX_EXTENSION_DAYS: u32 = 3_660;
/// How far ahead of the clock a record's `time` may be, ms.
pub const MAX_AHEAD_MS: i64 = 24 * 60 * 60 * 1_000;

pub type Text<'a> = Cow<'a, str>;

/// One case event. Borrows from the bytes it was read from.
#[derive(Debug, Clone, PartialEq)]
pub struct Event<'a> {
    pub id: Text<'a>,
    pub source: Text<'a>,
    /// The case id, CloudEvents `subject`.
    pub case: Text<'a>,
    pub time: Instant,
    pub recorded: Option<Instant>,
    pub body: Body<'a>,
}

/// What happened. The order of the variants is the rank of contract section 1: it breaks ties in time.
///
/// A heartbeat is no fact of a case: the source, which is the subject, is there; `home` says that its silence is told in this
/// partition.
#[derive(Debug, Clone, PartialEq)]
pub enum Body<'a> {
    CaseAccepted { item: Text<'a>, org: Text<'a>, region: Option<Text<'a>>, due: Vec<(Text<'a>, Instant)> },
    StepStarted { step: Text<'a>, officers: Vec<Text<'a>>, due: Option<Instant> },
    OfficersAuthorized { step: Text<'a>, officers: Vec<Text<'a>> },
    StepCompleted { step: Text<'a>, officers: Vec<Text<'a>>, fields: Vec<Field<'a>> },
    StepReturned { from: Text<'a>, to: Text<'a> },
    EvidenceUploaded { step: Text<'a>, pieces: Vec<Piece<'a>> },
    EvidenceRemoved { step: Text<'a>, ids: Vec<Text<'a>> },
    DecisionMade(Decision<'a>),
    ChargeAdded { fen: i64 },
    PenaltyExecuted { fen: i64, has_voucher: bool },
    ClockSuspended { step: Option<Text<'a>> },
    ClockResumed { step: Option<Text<'a>> },
    LimitExtended { limit: Text<'a>, days: u32 },
    CaseClosed,
    CaseWithdrawn,
    SourceHeartbeat { home: bool },
}

/// A form field of a completed step: its name, and whether it was left blank.
#[derive(Debug, Clone, PartialEq)]
pub struct Field<'a> {
    pub name: Text<'a>,
    pub blank: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Piece<'a> {
    pub id: Text<'a>,
    pub kind: Text<'a>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Decision<'a> {
    pub step: Text<'a>,
    pub decision: Text<'a>,
    /// At least one basis names a law.
    pub cites_basis: bool,
    pub has_reason: bool,
    pub fine_fen: Option<i64>,
    pub discretion: Option<Discretion<'a>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Discretion<'a> {
    pub standard: Option<Text<'a>>,
    pub tier: Option<Text<'a>>,
    pub circumstances: Vec<Text<'a>>,
}

/// CloudEvents `type` values, by rank.
pub const TYPES: [&str; 16] = [
    "case.accepted",
    "step.started",
    "officers.authorized",
    "step.completed",
    "step.returned",
    "evidence.uploaded",
    "evidence.removed",
    "decision.made",
    "charge.added",
    "penalty.executed",
    "clock.suspended",
    "clock.resumed",
    "limit.extended",
    "case.closed",
    "case.withdrawn",
    "source.heartbeat",
];

impl Body<'_> {
    /// Place in [`TYPES`].
    pub const fn rank(&self) -> u8 {
        match self {
            Self::CaseAccepted { .. } => 0,
            Self::StepStarted { .. } => 1,
            Self::OfficersAuthorized { .. } => 2,
            Self::StepCompleted { .. } => 3,
            Self::StepReturned { .. } => 4,
            Self::EvidenceUploaded { .. } => 5,
            Self::EvidenceRemoved { .. } => 6,
            Self::DecisionMade(_) => 7,
            Self::ChargeAdded { .. } => 8,
            Self::PenaltyExecuted { .. } => 9,
            Self::ClockSuspended { .. } => 10,
            Self::ClockResumed { .. } => 11,
            Self::LimitExtended { .. } => 12,
            Self::CaseClosed => 13,
            Self::CaseWithdrawn => 14,
            Self::SourceHeartbeat { .. } => 15,
        }
    }
}

impl Event<'_> {
    /// The canonical order of a case's facts: time, rank of type, source, id.
    pub fn canonical_cmp(&self, other: &Event<'_>) -> std::cmp::Ordering {
        self.time
            .cmp(&other.time)
            .then_with(|| self.body.rank().cmp(&other.body.rank()))
            .then_with(|| self.source.cmp(&other.source))
            .then_with(|| self.id.cmp(&other.id))
    }

    /// Whether it is no fact of a case, only a sign that its source is there.
    pub const fn is_heartbeat(&self) -> bool {
        matches!(self.body, Body::SourceHeartbeat { .. })
    }

    /// The organisation that the event speaks for, where it names one.
    pub fn org(&self) -> Option<&str> {
        match &self.body {
            Body::CaseAccepted { org, .. } => Some(org),
            Body::StepStarted { .. }
            | Body::OfficersAuthorized { .. }
            | Body::StepCompleted { .. }
            | Body::StepReturned { .. }
            | Body::EvidenceUploaded { .. }
            | Body::EvidenceRemoved { .. }
            | Body::DecisionMade(_)
            | Body::ChargeAdded { .. }
            | Body::PenaltyExecuted { .. }
            | Body::ClockSuspended { .. }
            | Body::ClockResumed { .. }
            | Body::LimitExtended { .. }
            | Body::CaseClosed
            | Body::CaseWithdrawn
            | Body::SourceHeartbeat { .. } => None,
        }
    }
}
