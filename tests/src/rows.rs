//! Findings of `xiezhi detect` and alarms in ClickHouse in one form, to be compared row for row.
//!
//! Compared is all that is a judgement. Left out is the history of its making, which depends on when what arrived:
//! `revision`, `change`, `cause`, `raised_at`, `changed_at`, and the place in the ledger.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader};

use model::Instant;
use serde_json::{Value, json};

use crate::http;
use crate::site::Site;

/// A retracted alarm says that it never held: offline there is no such row. Nor does a file fall silent.
const ALARMS: &str = "SELECT finding_id, state, case_id AS case, item, category, org, region, \
    toUnixTimestamp64Milli(accepted_at) AS accepted, point, kind, code, light, step, visit, \
    toUnixTimestamp64Milli(violated_at) AS violated, toUnixTimestamp64Milli(due) AS due_ms, late_by_ms, provisional, \
    detail, events, explanation_zh AS zh, explanation_en AS en, rules_version \
    FROM xiezhi.alarms WHERE state != 'retracted' AND code != 'source_silent' FORMAT JSONEachRow";

/// The findings of a file, each read once.
pub fn each_finding(path: &str, mut finding: impl FnMut(&Value)) {
    let file = std::fs::File::open(path).unwrap_or_else(|e| panic!("{path}: {e}"));
    for line in BufReader::new(file).lines() {
        let line = line.expect("the file can be read");
        finding(&serde_json::from_str(&line).expect("a finding is JSON"));
    }
}

/// How the alarms of a site differ from the findings of a file.
#[derive(Debug, Default)]
pub struct Differences {
    /// Findings in the file.
    pub rows: usize,
    /// Ids of findings that are no alarm.
    pub missing: Vec<String>,
    /// Alarms that say something else than the finding of their id: the id, and the alarm.
    pub different: Vec<(String, String)>,
    /// Alarms that are no finding.
    pub surplus: Vec<String>,
    /// Alarms that a reader sees more than once.
    pub doubled: usize,
}

/// Compares the findings of a file with the alarms that stand in the ClickHouse at an address.
pub fn differences(clickhouse: &str, path: &str) -> Differences {
    let mut expected: HashMap<String, u64> = HashMap::new();
    each_finding(path, |row| {
        let twice = expected.insert(id(row), digest(&offline(row)));
        assert!(twice.is_none(), "{} was found twice", id(row));
    });
    let mut found = Differences { rows: expected.len(), ..Differences::default() };
    let mut seen = HashSet::new();
    http::post_lines(clickhouse, ALARMS, |line| {
        let row: Value = serde_json::from_str(line).expect("a row is JSON");
        let form = live(&row);
        if !seen.insert(id(&row)) {
            found.doubled += 1;
            return;
        }
        match expected.remove(&id(&row)) {
            None => found.surplus.push(form),
            Some(digest_of_file) if digest_of_file != digest(&form) => found.different.push((id(&row), form)),
            Some(_) => {}
        }
    });
    found.missing = expected.into_keys().collect();
    found
}

/// Compares the findings of a file with the alarms of a site; panics on the first differences. Returns how many rows.
pub fn assert_same(site: &Site, path: &str) -> usize {
    let found = differences(&site.clickhouse, path);
    assert_eq!(found.doubled, 0, "alarms are there twice");
    if let Some(told) = found.tell(path) {
        panic!("{told}");
    }
    found.rows
}

impl Differences {
    /// The first differences of each kind, for people; `None` where there are none.
    pub fn tell(&self, path: &str) -> Option<String> {
        let Self { missing, different, surplus, .. } = self;
        let none = missing.is_empty() && different.is_empty() && surplus.is_empty();
        (!none).then(|| report(path, missing, different, surplus))
    }
}

fn report(path: &str, missing: &[String], different: &[(String, String)], surplus: &[String]) -> String {
    let mut wanted = HashMap::new();
    let shown = missing.iter().chain(different.iter().map(|(id, _)| id));
    let shown: Vec<&String> = shown.take(6).collect();
    each_finding(path, |row| {
        if shown.contains(&&id(row)) {
            wanted.insert(id(row), offline(row));
        }
    });
    let absent: Vec<_> = missing.iter().filter_map(|id| wanted.get(id)).take(3).collect();
    let pairs: Vec<_> =
        different.iter().filter_map(|(id, live)| Some((wanted.get(id)?, live))).take(3).collect();
    let extra: Vec<_> = surplus.iter().take(3).collect();
    format!(
        "{} findings are no alarm: {absent:#?}\n{} alarms differ (finding, alarm): {pairs:#?}\n\
         {} alarms are no finding: {extra:#?}",
        missing.len(),
        different.len(),
        surplus.len()
    )
}

fn id(row: &Value) -> String {
    row["finding_id"].as_str().expect("every row has an id").to_owned()
}

fn digest(form: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    form.hash(&mut hasher);
    hasher.finish()
}

/// Absent text is empty in the views, an absent visit 0.
fn offline(row: &Value) -> String {
    let text = |member: &str| row[member].as_str().unwrap_or_default().to_owned();
    let at = |member: &str| row[member].as_str().map(|at| Instant::parse(at).expect("an instant").0);
    json!([
        [text("finding_id"), text("state"), text("case"), text("item"), text("category"), text("org")],
        [
            text("region"),
            text("point"),
            text("kind"),
            text("code"),
            text("light"),
            text("step"),
            text("detail")
        ],
        [at("accepted_at"), at("violated_at"), at("due"), row["late_by_ms"].as_i64()],
        [Value::from(row["visit"].as_u64().unwrap_or(0)), row["provisional"].clone(), row["events"].clone()],
        [&row["explanation"]["zh"], &row["explanation"]["en"], &row["rules_version"]],
    ])
    .to_string()
}

fn live(row: &Value) -> String {
    let text = |member: &str| row[member].as_str().expect("a text").to_owned();
    let at = |member: &str| row[member].as_i64();
    json!([
        [text("finding_id"), text("state"), text("case"), text("item"), text("category"), text("org")],
        [
            text("region"),
            text("point"),
            text("kind"),
            text("code"),
            text("light"),
            text("step"),
            text("detail")
        ],
        [at("accepted"), at("violated"), at("due_ms"), at("late_by_ms")],
        [row["visit"].clone(), row["provisional"].clone(), row["events"].clone()],
        [&row["zh"], &row["en"], &row["rules_version"]],
    ])
    .to_string()
}
