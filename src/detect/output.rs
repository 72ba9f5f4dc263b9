//! Findings as lines of JSON, in the contract's order and members (section 4).

use std::io::{self, Write};

use model::calendar::Calendar;
use model::catalogue::{Bilingual, Category};
use model::finding::{Code, Kind, Light, State};
use model::{Finding, FindingId, Instant};
use serde::Serialize;

/// Orders the findings of one case: violated_at, point, code, step, visit; null first.
pub(crate) fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| key(a).cmp(&key(b)));
}

fn key(f: &Finding) -> (Instant, &str, &str, Option<&str>, Option<u32>, FindingId) {
    (f.violated_at, &f.point, f.code.as_str(), f.step.as_deref(), f.visit, f.finding_id)
}

/// One line. Instants are RFC 3339 in the catalogue's zone.
#[derive(Serialize)]
struct Line<'f> {
    finding_id: FindingId,
    revision: u32,
    state: State,
    case: &'f str,
    item: &'f str,
    category: Option<Category>,
    org: &'f str,
    region: Option<&'f str>,
    accepted_at: String,
    point: &'f str,
    kind: Kind,
    code: Code,
    light: Light,
    step: Option<&'f str>,
    visit: Option<u32>,
    violated_at: String,
    due: Option<String>,
    late_by_ms: Option<i64>,
    provisional: bool,
    detail: Option<&'f str>,
    events: &'f [String],
    explanation: &'f Bilingual,
    rules_version: &'f str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    shadow: bool,
}

pub(crate) fn write(out: &mut dyn Write, finding: &Finding, calendar: &Calendar) -> io::Result<()> {
    let line = Line {
        finding_id: finding.finding_id,
        revision: finding.revision,
        state: finding.state,
        case: &finding.case,
        item: &finding.item,
        category: finding.category,
        org: &finding.org,
        region: finding.region.as_deref(),
        accepted_at: calendar.format(finding.accepted_at),
        point: &finding.point,
        kind: finding.kind,
        code: finding.code,
        light: finding.light,
        step: finding.step.as_deref(),
        visit: finding.visit,
        violated_at: calendar.format(finding.violated_at),
        due: finding.due.map(|due| calendar.format(due)),
        late_by_ms: finding.late_by_ms,
        provisional: finding.provisional,
        detail: finding.detail.as_deref(),
        events: &finding.events,
        explanation: &finding.explanation,
        rules_version: &finding.rules_version,
        shadow: finding.shadow,
    };
    serde_json::to_writer(&mut *out, &line)?;
    out.write_all(b"\n")
}
