//! Power items, their steps, limits and supervision points, in checked form.

use serde::{Deserialize, Serialize};

use super::ProblemCode;
use crate::finding::Light;
use crate::time::Instant;

/// A text in both languages. Where only one was given, both are that one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Bilingual {
    pub zh: String,
    pub en: String,
}

/// The ten national classes of administrative power (GB/T 39046-2020, table A.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    Licence,
    Penalty,
    Coercion,
    Levy,
    Payment,
    Ruling,
    Confirmation,
    Reward,
    Inspection,
    Other,
}

impl Category {
    /// As it stands in JSON and in ClickHouse.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Licence => "licence",
            Self::Penalty => "penalty",
            Self::Coercion => "coercion",
            Self::Levy => "levy",
            Self::Payment => "payment",
            Self::Ruling => "ruling",
            Self::Confirmation => "confirmation",
            Self::Reward => "reward",
            Self::Inspection => "inspection",
            Self::Other => "other",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegalBasis {
    pub law: String,
    pub article: String,
}

/// A power item, 职权事项.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub code: String,
    pub name: Bilingual,
    pub category: Category,
    pub legal_basis: Vec<LegalBasis>,
    /// In flow order.
    pub steps: Vec<Step>,
    pub limits: Vec<Limit>,
    pub points: Vec<Point>,
    pub discretion: Vec<Standard>,
    pub risk_points: Vec<RiskPoint>,
    pub redress: Vec<Redress>,
    /// Longest lawful distance between an event and its recording, hours; `None`: not judged.
    pub max_entry_lag_hours: Option<u32>,
    pub in_flight: InFlight,
    /// On trial until then: what is violated before raises shadow alarms only.
    pub shadow_until: Option<Instant>,
    /// Warnings of `catalogue check` that are as they should be.
    pub waivers: Vec<Waiver>,
}

impl Item {
    /// The place of a step in flow order.
    pub fn step(&self, id: &str) -> Option<usize> {
        self.steps.iter().position(|s| s.id == id)
    }

    /// Until when it is on trial, or one of its points is.
    pub fn trial(&self, point: Option<usize>) -> Option<Instant> {
        self.shadow_until.max(point.and_then(|point| self.points.get(point)?.shadow_until))
    }
}

/// What a new version of the item does to cases already accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InFlight {
    #[default]
    Pin,
    Migrate,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub id: String,
    pub name: Bilingual,
    /// Indexes into [`Item::steps`].
    pub next: Vec<usize>,
    /// The text fields of the step's form; `None` where the catalogue does not say.
    pub form: Option<Vec<String>>,
    /// The steps whose officers are authorised (环节授权) in this one; indexes into [`Item::steps`].
    pub authorizes: Vec<usize>,
}

/// Why a warning about the catalogue is as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    pub code: ProblemCode,
    /// The element that it concerns ([`Problem::about`](super::Problem::about)); `None`: the file as a whole.
    pub id: Option<String>,
    pub why: Bilingual,
}

/// A limit, 时限.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    pub id: String,
    pub scope: Scope,
    pub length: Length,
    pub legal: Legal,
    pub visits: Visits,
    /// Never empty of `late` stages: `late: 0` red is understood.
    pub stages: Vec<Stage>,
    /// A window, not a duty: nothing falls due, only a completion after it is a finding.
    pub open_ended: bool,
}

/// What a limit spans. Steps are indexes into [`Item::steps`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Case,
    Span { from: usize, to: usize },
    Step(usize),
}

/// How long, in which unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    WorkingDays(u32),
    CalendarDays {
        days: u32,
        roll_forward: bool,
    },
    /// Elapsed time, ms.
    Elapsed(i64),
    /// Time inside office hours of working days, ms.
    OfficeTime(i64),
}

/// 法定 or 承诺.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Legal {
    #[default]
    Statutory,
    Promised,
}

/// What a step entered again does to its clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Visits {
    #[default]
    Restart,
    Accumulate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    pub at: StageAt,
    pub light: Light,
}

/// Where in a limit a stage lies. Amounts are days for day units, ms for hour units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StageAt {
    Before(i64),
    /// Share of the limit used, in millionths.
    Used(u32),
    Late(i64),
}

/// A supervision point, 监察点. Steps and limits are indexes into the item's lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    pub id: String,
    pub rule: Rule,
    /// On trial by itself until then, as [`Item::shadow_until`] of the whole item.
    pub shadow_until: Option<Instant>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    TimeLimit {
        limit: usize,
    },
    OfficerQualification {
        step: usize,
        min_officers: u32,
        /// A certificate is of one of these classes; where there are none, of any.
        classes: Vec<String>,
        /// It is for an area that the case's region lies in.
        in_area: bool,
    },
    StepRollback {
        step: usize,
    },
    Evidence {
        step: usize,
        required: Vec<RequiredEvidence>,
    },
    DecisionBasis {
        step: usize,
        negative: Vec<String>,
        required_fields: Vec<String>,
    },
    Discretion {
        step: usize,
    },
    PenaltyExecution {
        step: usize,
        require_voucher: bool,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequiredEvidence {
    /// `video`, `audio`, `photo` or `document`.
    pub kind: String,
    pub min: u32,
}

/// A discretion standard, 自由裁量标准.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standard {
    pub id: String,
    pub tiers: Vec<Tier>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    pub id: String,
    pub circumstances: Vec<String>,
    /// Lowest and highest lawful fine, fen, both inclusive.
    pub fine_fen: (Option<i64>, Option<i64>),
}

/// A risk point, 风险点.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RiskPoint {
    pub id: String,
    pub step: usize,
    pub grade: String,
    pub risk: Bilingual,
    pub measures: Bilingual,
}

/// A way of redress, 维权渠道.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redress {
    pub kind: String,
    pub body: String,
    pub within: Option<(u32, String)>,
}
