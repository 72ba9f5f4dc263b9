//! Waivers: warnings that somebody looked at and found to be as they should be, each with the reason.

use super::cursor::{Fields, both};
use super::text::bilingual;
use crate::catalogue::{ProblemCode, Severity, Waiver};

pub(super) fn read(file: &Fields<'_>) -> Vec<Waiver> {
    let list = file.list("waivers");
    list.iter().filter_map(|at| at.fields(&["code", "id", "why"])).filter_map(|f| read_one(&f)).collect()
}

fn read_one(fields: &Fields<'_>) -> Option<Waiver> {
    let code = fields.need("code").and_then(|at| {
        let codes: Vec<(&str, ProblemCode)> = ProblemCode::ALL.iter().map(|c| (c.as_str(), *c)).collect();
        let code = at.word(&codes)?;
        if code.severity() == Severity::Error {
            let message = both!("{code} 是错误，不能豁免", "{code} is an error; only warnings can be waived");
            at.note(ProblemCode::InvalidValue, message);
        }
        Some(code)
    });
    let id = fields.get("id").map(|at| at.id().map(str::to_owned));
    let why = fields.need("why").and_then(|at| bilingual(&at));
    Some(Waiver { code: code?, id: id.unwrap_or_default(), why: why? })
}
