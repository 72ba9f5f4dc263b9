//! What an item carries besides its rules: legal bases, risk points, ways of redress.

use super::cursor::Fields;
use super::limits::MAX_DAYS;
use super::text::{Index, bilingual};
use crate::catalogue::{LegalBasis, ProblemCode, Redress, RiskPoint};

pub(super) fn legal_basis(item: &Fields<'_>) -> Vec<LegalBasis> {
    let list = item.list("legal_basis");
    let read = |fields: Fields<'_>| {
        let law = fields.need("law").and_then(|at| at.text().map(str::to_owned));
        let article = fields.get("article").and_then(|at| at.text().map(str::to_owned));
        Some(LegalBasis { law: law?, article: article.unwrap_or_default() })
    };
    list.iter().filter_map(|at| at.fields(&["law", "article"])).filter_map(read).collect()
}

pub(super) fn risk_points(item: &Fields<'_>, steps: &Index<'_>) -> Vec<RiskPoint> {
    let keys = ["id", "step", "grade", "risk", "measures"];
    let elements: Vec<_> = item.list("risk_points").iter().map(|at| at.fields(&keys)).collect();
    let index = Index::read(ProblemCode::InvalidValue, ("风险点", "risk point"), &elements);
    let read =
        |(i, fields): (usize, &Option<Fields<'_>>)| read_risk_point(fields.as_ref()?, index.id(i), steps);
    elements.iter().enumerate().filter_map(read).collect()
}

fn read_risk_point(fields: &Fields<'_>, id: String, steps: &Index<'_>) -> Option<RiskPoint> {
    const GRADES: [(&str, &str); 3] = [("high", "high"), ("medium", "medium"), ("low", "low")];
    let step = fields.need("step").and_then(|at| steps.find(&at));
    let grade = fields.need("grade").and_then(|at| at.word(&GRADES));
    let risk = fields.need("risk").and_then(|at| bilingual(&at));
    let measures = fields.get("measures").and_then(|at| bilingual(&at)).unwrap_or_default();
    Some(RiskPoint { id, step: step?, grade: grade?.to_owned(), risk: risk?, measures })
}

pub(super) fn redress(item: &Fields<'_>) -> Vec<Redress> {
    let list = item.list("redress");
    let read = |fields: Fields<'_>| {
        let kind = fields.need("kind").and_then(|at| at.id().map(str::to_owned));
        let body = fields.need("body").and_then(|at| at.text().map(str::to_owned));
        let within = read_within(&fields);
        Some(Redress { kind: kind?, body: body?, within })
    };
    list.iter().filter_map(|at| at.fields(&["kind", "body", "within"])).filter_map(read).collect()
}

fn read_within(redress: &Fields<'_>) -> Option<(u32, String)> {
    const UNITS: [(&str, &str); 2] = [("working_day", "working_day"), ("calendar_day", "calendar_day")];
    let fields = redress.get("within")?.fields(&["days", "unit"])?;
    let days = fields.need("days").and_then(|at| at.int(1..=MAX_DAYS));
    let unit = fields.need("unit").and_then(|at| at.word(&UNITS));
    Some((u32::try_from(days?).ok()?, unit?.to_owned()))
}
