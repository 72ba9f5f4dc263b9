//! Rules on their way: objects, versions, differences, lint, the audit trail.

use desk::TrailEntry;
use model::Instant;
use model::catalogue::{Bilingual, Problem as Finding, Severity};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use workflow::{Change, InFlight, Object, Outcome, Phase, State, Version};

use super::alarm::Explanation;
use super::dry_run::DryRunHead;
use super::{Time, segment};

pub(crate) fn rule_link(id: &str) -> String {
    format!("/api/v1/rules/{}", segment(id))
}

/// An item of the catalogue, or a supervision point by itself, with its newest version.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleHead {
    /// The item's code, or `<code>#<point id>`.
    id: String,
    org: String,
    /// Accepted commands so far: what a command's `expected` names.
    revision: u64,
    /// Number of the version in force now.
    in_force: Option<u32>,
    newest: VersionHead,
    link: String,
}

/// An item or a point with all its versions, without their contents.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Rule {
    id: String,
    org: String,
    revision: u64,
    in_force: Option<u32>,
    versions: Vec<VersionHead>,
}

/// A version without its content.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VersionHead {
    number: u32,
    /// draft, legally_passed, submitted, first_passed, approved, returned, replaced, withdrawn
    #[schema(example = "submitted")]
    state: &'static str,
    /// open, scheduled, in_force, superseded: what it is now, apart from people's decisions
    #[schema(example = "open")]
    phase: &'static str,
    /// From when it is in force, if it is approved.
    from: Option<Time>,
    /// Days from then on in which it raises shadow alarms only.
    shadow_days: u32,
    /// What it does to cases already accepted: pin or migrate.
    in_flight: &'static str,
    /// SHA-256 of the content's JSON with sorted keys.
    hash: String,
    authors: Vec<String>,
    legally_passed_by: Option<String>,
    submitted_by: Option<String>,
    first_passed_by: Option<String>,
    approved_by: Option<String>,
    returned_by: Option<String>,
    return_reason: Option<String>,
    dry_run: Option<DryRunHead>,
}

/// A version with its content.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VersionDetail {
    rule: String,
    org: String,
    revision: u64,
    version: VersionHead,
    #[schema(value_type = Object)]
    content: Value,
}

/// A page of rules, by id.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleList {
    pub(crate) rules: Vec<RuleHead>,
    /// Where the next page is; null on the last one.
    pub(crate) next: Option<String>,
    pub(crate) next_cursor: Option<String>,
}

/// What differs between two versions, key by key.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Differences {
    pub(crate) rule: String,
    /// The older one; null where there is none before, and all of the version is new.
    pub(crate) against: Option<u32>,
    pub(crate) version: u32,
    pub(crate) changes: Vec<Difference>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Difference {
    /// Such as `points[p2].min_officers`.
    path: String,
    #[schema(value_type = Value)]
    old: Option<Value>,
    #[schema(value_type = Value)]
    new: Option<Value>,
    message: Explanation,
}

/// What lint says of a version (docs/lint.md).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LintReport {
    rule: String,
    version: u32,
    /// With errors it is not taken for review.
    errors: usize,
    warnings: usize,
    findings: Vec<LintFinding>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LintFinding {
    code: String,
    severity: &'static str,
    /// Such as `points[2].step`.
    path: String,
    /// Id of the element that it is about.
    about: Option<String>,
    message: Explanation,
}

/// A page of the audit trail, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditList {
    pub(crate) entries: Vec<AuditEntry>,
    /// Entries of the log that count, for who sees all of them.
    pub(crate) total: Option<u64>,
    /// Hash of the last of them, likewise: who has the same has the same log.
    pub(crate) head: Option<String>,
    /// Where the next page is; null at the present end.
    pub(crate) next: Option<String>,
}

/// Who asked for what, when, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditEntry {
    seq: u64,
    at: Time,
    /// Of the entry's record; the next entry names it.
    hash: String,
    key: String,
    /// The object: a rule's id, the number of an order (1), or the register that a new order's number is of.
    rule: String,
    /// The order that an accepted command was done to, or that an alarm is under that changed.
    order: Option<String>,
    person: String,
    role: &'static str,
    action: &'static str,
    version: Option<u32>,
    /// accepted or refused
    outcome: &'static str,
    /// The object's revision since then, if it was accepted.
    revision: Option<u64>,
    /// Why it was refused (docs/workflow.md).
    reason: Option<&'static str>,
    message: Option<Explanation>,
}

impl From<Bilingual> for Explanation {
    fn from(Bilingual { zh, en }: Bilingual) -> Self {
        Self { zh, en }
    }
}

impl RuleHead {
    /// Every object has a version: it begins with a draft.
    pub(crate) fn new(id: &str, object: &Object, now: Instant) -> Option<Self> {
        Some(Self {
            id: id.to_owned(),
            org: object.org.clone(),
            revision: object.revision,
            in_force: object.in_force(now).map(|version| version.number),
            newest: VersionHead::new(object, object.versions.last()?, now),
            link: rule_link(id),
        })
    }
}

impl Rule {
    pub(crate) fn new(id: &str, object: &Object, now: Instant) -> Self {
        Self {
            id: id.to_owned(),
            org: object.org.clone(),
            revision: object.revision,
            in_force: object.in_force(now).map(|version| version.number),
            versions: object.versions.iter().map(|version| VersionHead::new(object, version, now)).collect(),
        }
    }
}

impl VersionDetail {
    pub(crate) fn new(id: &str, object: &Object, version: &Version, now: Instant) -> Self {
        Self {
            rule: id.to_owned(),
            org: object.org.clone(),
            revision: object.revision,
            version: VersionHead::new(object, version, now),
            content: version.content.clone(),
        }
    }
}

impl VersionHead {
    fn new(object: &Object, version: &Version, now: Instant) -> Self {
        let from = match version.state {
            State::Approved { from } => Some(Time(from.0)),
            _ => None,
        };
        let (returned_by, return_reason) = match &version.state {
            State::Returned { by, reason } => (Some(by.clone()), Some(reason.clone())),
            _ => (None, None),
        };
        Self {
            number: version.number,
            state: version.state.as_str(),
            phase: phase(object.phase(version.number, now).unwrap_or(Phase::Open)),
            from,
            shadow_days: version.shadow_days,
            in_flight: in_flight(version.in_flight),
            hash: version.hash.to_string(),
            authors: version.authors.iter().cloned().collect(),
            legally_passed_by: version.legally_passed_by.clone(),
            submitted_by: version.submitted_by.clone(),
            first_passed_by: version.first_passed_by.clone(),
            approved_by: version.approved_by.clone(),
            returned_by,
            return_reason,
            dry_run: version.dry_run.as_ref().map(DryRunHead::from),
        }
    }
}

const fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Open => "open",
        Phase::Scheduled => "scheduled",
        Phase::InForce => "in_force",
        Phase::Superseded => "superseded",
    }
}

const fn in_flight(in_flight: InFlight) -> &'static str {
    match in_flight {
        InFlight::Pin => "pin",
        InFlight::Migrate => "migrate",
    }
}

impl From<Change> for Difference {
    fn from(Change { path, old, new, message }: Change) -> Self {
        Self { path, old, new, message: message.into() }
    }
}

impl LintReport {
    pub(crate) fn new(rule: String, version: u32, findings: Vec<Finding>) -> Self {
        let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        let warnings = findings.len() - errors;
        let findings = findings.into_iter().map(LintFinding::from).collect();
        Self { rule, version, errors, warnings, findings }
    }
}

impl From<Finding> for LintFinding {
    fn from(finding: Finding) -> Self {
        let severity = if finding.severity == Severity::Error { "error" } else { "warning" };
        Self {
            code: finding.code.to_string(),
            severity,
            path: finding.path,
            about: finding.about,
            message: finding.message.into(),
        }
    }
}

impl From<&TrailEntry> for AuditEntry {
    fn from(entry: &TrailEntry) -> Self {
        let (outcome, revision, refusal) = match &entry.outcome {
            Outcome::Accepted { revision, .. } => ("accepted", Some(*revision), None),
            Outcome::Refused(reason) => ("refused", None, Some(reason.refusal())),
        };
        Self {
            seq: entry.seq,
            at: Time(entry.now.0),
            hash: entry.hash.to_string(),
            key: entry.key.clone(),
            rule: entry.object.clone(),
            order: entry.order.clone(),
            person: entry.person.clone(),
            role: entry.role.as_str(),
            action: entry.action,
            version: entry.version,
            outcome,
            revision,
            reason: refusal.as_ref().map(|refusal| refusal.code),
            message: refusal.map(|refusal| refusal.message.into()),
        }
    }
}
