//! Registers on the wire: officers, organisations, calendars, editions, and reports of uploads.

use model::Day;
use model::catalogue::{Catalogue, Certificate, Edition, Org};
use registers::{Change, FieldChange, Ignored, Place, Refusal, Report};
use serde::Serialize;
use utoipa::ToSchema;

use super::alarm::Explanation;
use super::mask::MASK;
use super::{Time, present};
use crate::limits::MAX_REPORTED;

/// What the registers hold, as far as the asker's grants reach, and who has published what.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Overview {
    /// Editions so far: what an upload's `expected` names.
    pub(crate) editions: usize,
    /// Name of the version that stands.
    pub(crate) version: String,
    /// Officers in the register.
    pub(crate) officers: usize,
    /// Of these: whose last certificate ends within 30 days, today included.
    pub(crate) expiring: usize,
    /// Of these: whose last certificate is over.
    pub(crate) expired: usize,
    pub(crate) orgs: usize,
    /// Last day of the last year, from this one on, that has a calendar.
    pub(crate) calendar_until: Option<String>,
    /// The newest 50, newest first.
    pub(crate) published: Vec<EditionBody>,
}

/// A published version of the catalogue.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EditionBody {
    /// From 0.
    seq: u64,
    version: String,
    from: Time,
    at: Time,
    by: String,
    /// Files of the catalogue that it changed.
    files: Vec<String>,
}

impl From<&Edition> for EditionBody {
    fn from(edition: &Edition) -> Self {
        Self {
            seq: edition.seq,
            version: edition.catalogue.version.clone(),
            from: Time(edition.from.0),
            at: Time(edition.at.0),
            by: edition.by.clone(),
            files: edition.files.clone(),
        }
    }
}

/// A certificate of an officer. To who has no need of personal data, name and certificate are `***`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Officer {
    officer_id: String,
    name: String,
    org: String,
    /// Null: no certificate.
    certificate_no: Option<String>,
    valid_from: Option<String>,
    valid_to: Option<String>,
    area: Option<String>,
    class: Option<String>,
    /// Until `valid_to`; 0 is its last day, negative is over, null is open.
    days_left: Option<i32>,
    masked: bool,
}

impl Officer {
    pub(crate) fn new(id: &str, held: &Certificate, today: Day, personal: bool) -> Self {
        let shown = |text: &str| if personal { text.to_owned() } else { MASK.to_owned() };
        Self {
            officer_id: id.to_owned(),
            name: shown(&held.name),
            org: held.org.clone(),
            certificate_no: held.is_held().then(|| shown(&held.number)),
            valid_from: held.valid_from.map(|day| day.to_string()),
            valid_to: held.valid_to.map(|day| day.to_string()),
            area: present(held.area.clone()),
            class: present(held.class.clone()),
            days_left: held.valid_to.map(|day| day.0 - today.0),
            masked: !personal,
        }
    }
}

/// A page of certificates, by officer; or by what is left of them, if only those are asked for that end soon.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OfficerList {
    pub(crate) editions: usize,
    pub(crate) officers: Vec<Officer>,
    pub(crate) next: Option<String>,
    pub(crate) next_cursor: Option<String>,
}

/// An organisation of the tree.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrgBody {
    id: String,
    name: String,
    parent: Option<String>,
    region: Option<String>,
    sources: Vec<SourceBody>,
}

/// A system that may publish its cases.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceBody {
    uri: String,
    /// After how many seconds without a sign it is taken to be silent; null: never.
    silent_after_seconds: Option<i64>,
}

impl From<&Org> for OrgBody {
    fn from(org: &Org) -> Self {
        let source = |uri: &String| SourceBody {
            uri: uri.clone(),
            silent_after_seconds: org.silent_after.get(uri).map(|ms| ms / 1_000),
        };
        let mut sources: Vec<SourceBody> = org.sources.iter().map(source).collect();
        sources.sort_by(|a, b| a.uri.cmp(&b.uri));
        let (parent, region) = (org.parent.clone(), org.region.clone());
        Self { id: org.id.clone(), name: org.name.clone(), parent, region, sources }
    }
}

/// A page of organisations, by id.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrgList {
    pub(crate) editions: usize,
    pub(crate) orgs: Vec<OrgBody>,
    pub(crate) next: Option<String>,
    pub(crate) next_cursor: Option<String>,
}

/// The years that have a calendar.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Calendars {
    pub(crate) editions: usize,
    pub(crate) years: Vec<YearBody>,
}

/// A year's days off, and the weekend days that are worked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct YearBody {
    pub(crate) year: i32,
    pub(crate) holidays: Vec<String>,
    pub(crate) workdays: Vec<String>,
}

/// What became of an upload.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UploadAnswer {
    /// `looked` at, or `published`.
    #[schema(example = "published")]
    pub(crate) outcome: &'static str,
    /// Editions that stand: what the next upload's `expected` names.
    pub(crate) editions: usize,
    /// The edition that it made; null for one that was only looked at.
    pub(crate) published: Option<EditionBody>,
    /// Null where the same request had been published before.
    pub(crate) report: Option<ReportBody>,
}

/// Every row of an upload.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReportBody {
    /// Whether it can be taken as it is: something changes, and no row is refused, or the others were asked for.
    taken: bool,
    rows: usize,
    accepted: usize,
    unchanged: usize,
    added: usize,
    changed: usize,
    removed: usize,
    /// Number of `refused`, of which at most 1,000 are listed; so of the changes.
    refusals: usize,
    changes: Vec<ChangeBody>,
    refused: Vec<RefusedRow>,
    /// Columns that nobody reads.
    ignored: Vec<String>,
}

/// An entry that is not as it was.
#[derive(Debug, Serialize, ToSchema)]
struct ChangeBody {
    /// added, changed, removed
    #[schema(value_type = String, example = "changed")]
    kind: registers::Kind,
    id: String,
    /// Row of the table; null for what is removed.
    row: Option<u32>,
    fields: Vec<FieldBody>,
}

/// A field before and after.
#[derive(Debug, Serialize, ToSchema)]
struct FieldBody {
    field: String,
    before: Option<String>,
    after: Option<String>,
}

/// A row that is not taken, and why.
#[derive(Debug, Serialize, ToSchema)]
struct RefusedRow {
    sheet: Option<String>,
    row: u32,
    column: Option<String>,
    value: Option<String>,
    /// A reason of docs/registers.md.
    #[schema(example = "bad_date")]
    reason: &'static str,
    message: Explanation,
}

impl ReportBody {
    /// `personal`: whether the personal data of an organisation's officers may be shown.
    pub(crate) fn new(report: &Report, personal: impl Fn(&str) -> bool) -> Self {
        let count = |kind| report.count(kind);
        let change = |change: &Change| {
            let shown = change.org.as_deref().is_none_or(&personal);
            let field = |field: &FieldChange| {
                let is_personal = matches!(field.field.as_str(), "name" | "certificate_no");
                let mask = |side: &Option<String>| {
                    side.clone().map(|text| if is_personal && !shown { MASK.to_owned() } else { text })
                };
                FieldBody {
                    field: field.field.clone(),
                    before: mask(&field.before),
                    after: mask(&field.after),
                }
            };
            ChangeBody {
                kind: change.kind,
                id: change.id.clone(),
                row: change.place.as_ref().map(|place| place.row),
                fields: change.fields.iter().map(field).collect(),
            }
        };
        let refused = |refusal: &Refusal| {
            let Place { sheet, row, .. } = refusal.place.clone();
            let (column, value) = (refusal.column.clone(), refusal.value.clone());
            let message = refusal.message.clone().into();
            RefusedRow { sheet, row, column, value, reason: refusal.reason.name(), message }
        };
        let ignored = |ignored: &Ignored| ignored.column.clone();
        Self {
            taken: report.taken,
            rows: report.rows,
            accepted: report.accepted,
            unchanged: report.unchanged,
            added: count(registers::Kind::Added),
            changed: count(registers::Kind::Changed),
            removed: count(registers::Kind::Removed),
            refusals: report.refused.len(),
            changes: report.changes.iter().take(MAX_REPORTED).map(change).collect(),
            refused: report.refused.iter().take(MAX_REPORTED).map(refused).collect(),
            ignored: report.ignored.iter().map(ignored).collect(),
        }
    }
}

/// The last day that the calendars reach from today's year on, without a gap.
pub(crate) fn calendar_until(catalogue: &Catalogue, today: Day) -> Option<Day> {
    let has = |year: &i32| catalogue.calendar.years().any(|known| known == *year);
    let last = (today.year()..).take_while(has).last()?;
    Some(Day::from_ymd(last, 12, 31))
}
