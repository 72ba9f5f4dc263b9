//! What is wrong, or looks wrong, in the files of a catalogue: where it stands, what it is, what would be right.
//!
//! The codes are closed; `docs/catalogue.md` explains each of them, and a test holds the two together.

use std::fmt;

use serde::Serialize;

use super::Bilingual;

/// Whether a catalogue with this problem can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The catalogue is usable, yet perhaps not what its author meant.
    Warning,
    /// The catalogue cannot be used.
    Error,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $variant:ident = $word:literal $severity:ident,)*) => {
        /// Kinds of problem. The severity goes with the code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
        pub enum ProblemCode {
            $($(#[doc = $doc])* #[serde(rename = $word)] $variant,)*
        }

        impl ProblemCode {
            /// Every code, errors first.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code as users see it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// Whether it stops the catalogue from being used.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }
        }
    };
}

codes! {
    /// A file or directory cannot be read.
    Unreadable = "unreadable" Error,
    /// A file is not UTF-8.
    NotUtf8 = "not_utf8" Error,
    /// A file is not YAML, or not CSV.
    Syntax = "syntax" Error,
    /// `items/` is missing or holds no item.
    NoItems = "no_items" Error,
    /// A key (or column) that nobody reads.
    UnknownKey = "unknown_key" Error,
    /// A key (or column) written twice.
    DuplicateKey = "duplicate_key" Error,
    /// A required key (or column) is absent or empty.
    MissingKey = "missing_key" Error,
    /// Text where a number is wanted, and the like.
    WrongType = "wrong_type" Error,
    /// The right type, but none of the values that are understood.
    InvalidValue = "invalid_value" Error,
    /// A number or date outside its range.
    OutOfRange = "out_of_range" Error,
    /// Keys that exclude each other, or of which one is needed.
    ConflictingKeys = "conflicting_keys" Error,
    /// An id or entry that stands twice.
    DuplicateId = "duplicate_id" Error,
    /// No step of the item has this id.
    UnknownStep = "unknown_step" Error,
    /// No limit of the item has this id.
    UnknownLimit = "unknown_limit" Error,
    /// No org of `orgs.yaml` has this id.
    UnknownOrg = "unknown_org" Error,
    /// An org is its own ancestor.
    OrgCycle = "org_cycle" Error,
    /// A make-up workday that is no weekend day, or also a holiday.
    NoMakeUpDay = "no_make_up_day" Error,
    /// An officer point on a step for which no step authorises officers.
    OfficersNotAuthorized = "officers_not_authorized" Error,
    /// An officer point asks for more officers than hold a certificate.
    TooFewRegistered = "too_few_registered" Error,
    /// A required field that the step's form does not have.
    FieldNotOnForm = "field_not_on_form" Error,
    /// The steps' own limits add up to more than a limit over them.
    LimitCannotBeMet = "limit_cannot_be_met" Error,
    /// No way leads from a limit's `from` to its `to`.
    SpanNeverEnds = "span_never_ends" Error,

    /// A file of the catalogue that is not read.
    IgnoredFile = "ignored_file" Warning,
    /// A key that has no effect where it stands.
    IgnoredKey = "ignored_key" Warning,
    /// An item without any limit: its cases are not supervised for time.
    ItemWithoutLimit = "item_without_limit" Warning,
    /// A limit that no `time_limit` point names: it is never judged.
    LimitWithoutPoint = "limit_without_point" Warning,
    /// Two points of one kind on the same step or limit.
    DuplicatePoint = "duplicate_point" Warning,
    /// A warning that is due from the first day on.
    WarnedFromStart = "warned_from_start" Warning,
    /// A stage that can never be shown.
    StageNeverShown = "stage_never_shown" Warning,
    /// A promised limit that is longer than the statutory one of the same scope.
    PromiseExceedsLaw = "promise_exceeds_law" Warning,
    /// No way leads from the first step to this one.
    UnreachableStep = "unreachable_step" Warning,
    /// A point, limit or risk point on a step that nobody reaches.
    WatchedButUnreachable = "watched_but_unreachable" Warning,
    /// A step from which no last step can be reached.
    StepWithoutEnd = "step_without_end" Warning,
    /// A rollback point on a step with a designed way back: that return is none of its findings.
    RollbackOnWayBack = "rollback_on_way_back" Warning,
    /// A rollback point that can never find anything.
    RollbackNeverSeen = "rollback_never_seen" Warning,
    /// Two limits of one sort over the same scope.
    DuplicateLimit = "duplicate_limit" Warning,
    /// An item without supervision points: nothing is judged.
    ItemWithoutPoint = "item_without_point" Warning,
    /// An item without legal basis: its alarms cannot name one.
    ItemWithoutLegalBasis = "item_without_legal_basis" Warning,
    /// Two tiers of a standard that fit the same circumstances and the same fine.
    TiersOverlap = "tiers_overlap" Warning,
    /// Fines between two tiers of a standard that no tier allows.
    TiersGap = "tiers_gap" Warning,
    /// Discretion standards, but no discretion point.
    StandardsWithoutPoint = "standards_without_point" Warning,
    /// A discretion point in an item without discretion standards.
    NoStandards = "no_standards" Warning,
    /// An officer whose org does not stand in `orgs.yaml`.
    StrayOfficer = "stray_officer" Warning,
    /// An officer in the register without any certificate.
    OfficerWithoutCertificate = "officer_without_certificate" Warning,
    /// The same row of `officers.csv` twice.
    DuplicateRow = "duplicate_row" Warning,
    /// A year has no calendar: Monday to Friday is assumed, and deadlines are provisional.
    MissingCalendar = "missing_calendar" Warning,
    /// A waiver of something that is not found.
    IdleWaiver = "idle_waiver" Warning,
}

impl fmt::Display for ProblemCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One problem. `Display` gives `items/x.yaml:12: points[2].step: no step "foo"; steps are: a, b`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Relative to the catalogue's directory, with `/`.
    pub file: String,
    /// Counted from 1; `None` where the whole file is meant.
    pub line: Option<u32>,
    /// Counted from 1: characters in YAML, fields in CSV.
    pub column: Option<u32>,
    /// Path of the key, such as `points[2].step`; the column's name in CSV; empty where the whole file is meant.
    pub path: String,
    /// Id of the innermost element that it concerns: a step, a limit, a point, a tier; the officer in `officers.csv`.
    pub about: Option<String>,
    /// What kind of problem it is.
    pub code: ProblemCode,
    /// Error or warning; follows from the code.
    pub severity: Severity,
    /// What is wrong and what would be right.
    pub message: Bilingual,
}

impl Problem {
    /// Whether the catalogue cannot be used because of it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.path.is_empty() {
            write!(f, ": {}", self.path)?;
        }
        write!(f, ": {}", self.message.en)
    }
}
