//! Facts of a few cases over four days, and when each reaches the log.

use std::sync::Arc;

use model::catalogue::{Edition, Shelf};
use model::{Catalogue, Instant};

use crate::chance::Chance;
use crate::faults::{Fault, Rates, Struck};

const ITEM: &str = r#"
code: i
name: {zh: 事项, en: item}
category: penalty
steps:
  - {id: a, name: a, next: [b]}
  - {id: b, name: b, next: [a]}
limits:
  - {id: total, scope: case, days: 2, unit: calendar_day, warn_days: 1}
  - {id: a, scope: {step: a}, hours: 5, unit: hour}
  - {id: b, scope: {step: b}, hours: 9, unit: working_hour}
points:
  - {id: p1, kind: time_limit, limit: total}
  - {id: p2, kind: time_limit, limit: a}
  - {id: p3, kind: time_limit, limit: b}
  - {id: p4, kind: evidence, step: a, required: [{kind: photo, min: 1}]}
  - {id: p5, kind: step_rollback, step: b}
  - {id: p6, kind: decision_basis, step: b, required_fields: [reason]}
  - {id: p7, kind: penalty_execution, step: b}
"#;

pub const HOUR: i64 = 3_600_000;
/// Facts happen within so many hours of the start.
pub const SPAN: i64 = 90 * HOUR;

/// The catalogue that every seed uses.
pub fn catalogue() -> Arc<Catalogue> {
    let files = [("items/i.yaml".to_owned(), ITEM.to_owned())];
    Arc::new(Catalogue::from_files(files).expect("the catalogue above is sound"))
}

/// What is published while the facts come: shorter limits and a further point for cases to come, the same for all cases, a
/// calendar with days off; some in force at once, some later.
pub fn editions() -> Vec<Arc<Edition>> {
    let shorter = ITEM.replace("hours: 5", "hours: 3").replace("days: 2", "days: 1");
    let stricter = shorter
        .replace("category: penalty", "category: penalty\nin_flight: migrate")
        .replace("id: p4", "id: q4");
    let holiday = "year: 2026\nholidays: [2026-03-03, 2026-03-05]\n";
    let versions: [(i64, &str, &str); 4] =
        [(20, &shorter, ""), (45, &stricter, ""), (45, &stricter, holiday), (70, &shorter, holiday)];
    let mut shelf = Shelf::default();
    for (n, (hour, item, calendar)) in versions.into_iter().enumerate() {
        let mut files =
            vec![("catalogue.yaml", format!("version: \"v{n}\"\n")), ("items/i.yaml", item.to_owned())];
        files.extend((!calendar.is_empty()).then(|| ("calendar/2026.yaml", calendar.to_owned())));
        let files = files.into_iter().map(|(path, text)| (path.to_owned(), text)).collect();
        let record = shelf.propose(&files, Some(Instant(START + hour * HOUR)), (Instant(START), "simulator"));
        let record = record.unwrap_or_else(|refused| panic!("{refused}"));
        shelf.take(&record.encode()).unwrap_or_else(|unreadable| panic!("{unreadable}"));
    }
    shelf.editions().to_vec()
}

/// 2026-03-02 08:00 in Jinan, a Monday.
pub const START: i64 = 1_772_409_600_000;

/// A record on its way to `case-events`.
#[derive(Debug)]
pub struct Fact {
    /// When its producer sends it, ms.
    pub sent: i64,
    pub partition: usize,
    /// Which of ingest's producers sends it: two of facts, one of dead letters.
    pub producer: usize,
    pub bytes: Vec<u8>,
}

/// The facts of one seed, the next one to be sent last.
pub fn facts(chance: &mut Chance, rates: &Rates, struck: &mut Struck, partitions: usize) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut strikes = |chance: &mut Chance, fault| {
        let struck_now = chance.of_ten_thousand(rates.rate(fault));
        if struck_now {
            struck.count(fault);
        }
        struck_now
    };
    for partition in 0..partitions {
        let cases = 1 + chance.below(4);
        for n in 0..8 + chance.below(28) {
            let case = chance.below(cases);
            let happened = START + chance.between(0, SPAN);
            // The first fact of each case is mostly its acceptance.
            let kind = if n < cases { 0 } else { chance.below(16) };
            let case = if n < cases { n } else { case };
            let late = if strikes(chance, Fault::LateFact) {
                chance.between(0, 40 * HOUR)
            } else {
                chance.between(0, 60_000)
            };
            let sent = happened + late;
            let mut bytes = event(partition, case, n, kind, happened);
            let poison = strikes(chance, Fault::PoisonFact);
            if poison {
                bytes.truncate(bytes.len() / 2);
            }
            // Mostly ingest notices and makes a dead letter of it.
            let producer = if poison && chance.coin() { 2 } else { chance.below(2) };
            let copies = if strikes(chance, Fault::RepeatedFact) { 1 + chance.below(2) } else { 0 };
            for copy in 0..=copies {
                let again = if copy == 0 { 0 } else { chance.between(0, 20 * HOUR) };
                facts.push(Fact { sent: sent + again, partition, producer, bytes: bytes.clone() });
            }
        }
    }
    facts.sort_by_key(|fact| std::cmp::Reverse(fact.sent));
    for at in 1..facts.len() {
        if strikes(chance, Fault::ShuffledFact) {
            let (a, b) = (facts[at - 1].sent, facts[at].sent);
            facts.swap(at - 1, at);
            (facts[at - 1].sent, facts[at].sent) = (a, b);
        }
    }
    facts
}

fn event(partition: usize, case: usize, n: usize, kind: usize, at: i64) -> Vec<u8> {
    let (kind, data) = match kind {
        0 => ("case.accepted", r#"{"item":"i","org":"o"}"#),
        1 | 2 => ("step.started", r#"{"step":"a"}"#),
        3 => ("step.started", r#"{"step":"b"}"#),
        4 | 5 => ("step.completed", r#"{"step":"a"}"#),
        6 => ("step.completed", r#"{"step":"b"}"#),
        7 => ("evidence.uploaded", r#"{"step":"a","evidence":[{"id":"x","kind":"photo"}]}"#),
        8 => ("evidence.removed", r#"{"step":"a","ids":["x"]}"#),
        9 => ("clock.suspended", r#"{"reason":"r"}"#),
        10 => ("clock.resumed", "{}"),
        11 => ("step.returned", r#"{"from":"b","to":"a"}"#),
        12 => ("decision.made", r#"{"step":"b","decision":"fine","fine_fen":100}"#),
        13 => ("penalty.executed", r#"{"fine_fen":60}"#),
        14 => ("limit.extended", r#"{"scope":"total","days":1}"#),
        _ => ("case.closed", "{}"),
    };
    let time = Instant(at);
    format!(
        r#"{{"specversion":"1.0","id":"e{n}","source":"s","type":"{kind}","subject":"c{partition}-{case}","time":"{time}","data":{data}}}"#
    )
    .into_bytes()
}
