//! Tests of the loader: what a good catalogue becomes, and what is said of bad ones.

mod bad_files;
mod bad_items;
mod golden_dates;
mod good;
mod mutations;
mod shipped;

use crate::catalogue::{Catalogue, Inspection, Item, ProblemCode};

/// The item of the contract, with the points that its other limits need.
const ITEM: &str = r#"code: "3701-CF-0042"
name: {zh: 占道经营处罚, en: Street trading without permit}
category: penalty
legal_basis: [{law: 城市市容和环境卫生管理条例, article: "36"}]
steps:
  - {id: filing,        name: {zh: 立案}, next: [investigation]}
  - {id: investigation, name: {zh: 调查取证}, next: [review]}
  - {id: review,        name: {zh: 审查}, next: [decision, investigation]}
  - {id: decision,      name: {zh: 决定}, next: [execution]}
  - {id: execution,     name: {zh: 执行}, next: []}
limits:
  - {id: total,   scope: case,                       days: 90, unit: calendar_day}
  - {id: inquiry, scope: {from: filing, to: review}, days: 30, unit: working_day, warn_days: 3}
  - {id: filing,  scope: {step: filing},             days: 7,  unit: working_day, warn_days: 1}
points:
  - {id: p1, kind: time_limit, limit: filing}
  - {id: p2, kind: officer_qualification, step: investigation, min_officers: 2}
  - {id: p3, kind: step_rollback, step: decision}
  - {id: p4, kind: evidence, step: investigation, required: [{kind: photo, min: 1}, {kind: document, min: 1}]}
  - {id: p5, kind: decision_basis, step: decision, negative: [not_filed, no_penalty], required_fields: [reason]}
  - {id: p6, kind: discretion, step: decision}
  - {id: p7, kind: penalty_execution, step: execution}
  - {id: p8, kind: time_limit, limit: total}
  - {id: p9, kind: time_limit, limit: inquiry}
discretion:
  - id: std-1
    tiers:
      - {id: light, circumstances: [first_offence, corrected_at_once], fine_fen: {min: 5000, max: 20000}}
      - {id: heavy, circumstances: [repeat_offence], fine_fen: {min: 20001, max: 100000}}
risk_points:
  - {id: r1, step: decision, grade: high, risk: {zh: 以罚代管}, measures: {zh: 集体讨论}}
redress: [{kind: reconsideration, body: 市人民政府, within: {days: 60, unit: calendar_day}}]
"#;

const YEAR: &str = "year: 2026\nholidays: [2026-01-01, 2026-01-02]\nworkdays: [2026-01-04]\n";

fn inspect(files: &[(&str, &str)]) -> Inspection {
    Catalogue::inspect_files(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())))
}

/// The contract's item with one part replaced.
fn item_with(from: &str, to: &str) -> String {
    assert!(ITEM.contains(from), "{from} does not stand in the item");
    ITEM.replacen(from, to, 1)
}

fn inspect_item(text: &str) -> Inspection {
    inspect(&[("items/x.yaml", text), ("calendar/2026.yaml", YEAR)])
}

fn item(text: &str) -> Item {
    let inspection = inspect_item(text);
    let problems: Vec<String> = inspection.problems.iter().map(ToString::to_string).collect();
    let catalogue = inspection.catalogue.unwrap_or_else(|| panic!("not loaded: {problems:#?}"));
    let (_, item) = catalogue.items.into_iter().next().expect("one item");
    (*item).clone()
}

/// `code file:line: path` of each problem.
fn found(inspection: &Inspection) -> Vec<(ProblemCode, String)> {
    let place = |p: &crate::catalogue::Problem| {
        let line = p.line.map(|l| format!(":{l}")).unwrap_or_default();
        let path = if p.path.is_empty() { String::new() } else { format!(" {}", p.path) };
        format!("{}{line}{path}", p.file)
    };
    inspection.problems.iter().map(|p| (p.code, place(p))).collect()
}
