//! Deadlines that fall due while nothing comes: how late is the alarm in ClickHouse, and how late does the detector's
//! clock say that it was?

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use model::Instant as At;
use serde_json::{Value, json};
use system_tests::http::Poller;
use system_tests::timetable::rest_until;

use crate::check::{self, query};
use crate::cluster::{Cluster, Layout};
use crate::experiments::Experiment;
use crate::measure::percentile;
use crate::observer::LOOK_EVERY;
use crate::options::Options;
use crate::publisher::Publisher;
use crate::run::Outcome;
use crate::settle::{Goal, settle};
use crate::stream::{Stream, now_ms};

pub(super) const ORG: &str = "11990100260005035C";
pub(super) const SOURCE: &str = "urn:cn-org:11990100260005035C:hotline";
/// Its step `dispatch` has one minute.
pub(super) const ITEM: &str = "9901-QT-0012";
pub(super) const LIMIT_MS: i64 = 60_000;
const WARM_UP: u64 = 999;
/// Calls of a round; their deadlines lie evenly between these instants after publishing.
const CALLS: i64 = 150;
const FIRST_DUE_MS: i64 = 20_000;
const LAST_DUE_MS: i64 = 55_000;
/// An alarm that is later than this is lost.
const GIVE_UP_MS: i64 = 30_000;
/// Of the visible alarm behind the deadline, p99.
const LATE_AT_MOST_MS: i64 = 1_000;

pub(super) fn run(experiment: &Experiment, options: &Options) -> Result<Outcome, String> {
    let began = Instant::now();
    let mut cluster = Cluster::start(experiment.id, &Layout::default(), str::to_owned);
    // What is long overdue warms the cluster up: every part has been at work before the first deadline comes.
    let (mut lines, _) = calls(WARM_UP, now_ms() - 2 * LIMIT_MS);
    publish(&cluster, &lines, options);
    let mut late = Vec::new();
    settle(&mut cluster, Goal { records: 0, facts: lines.len() as u64, letters: 0 }, || 0)?;
    for round in 0..options.seconds.div_ceil(60).max(1) {
        let (calls, deadlines) = calls(round, now_ms());
        publish(&cluster, &calls, options);
        lines.extend(calls);
        late.extend(watch(&mut cluster, round, &deadlines)?);
    }
    let delivered = lines.len() as u64;
    let whole = Stream::of(&cluster.scratch, lines);
    settle(&mut cluster, Goal::of(&whole.records), || delivered)?;
    let mut verdict = check::judge(&cluster, &whole);
    late.sort_unstable();
    let p99 = percentile(&late, 99).unwrap_or(i64::MAX);
    if options.punctual && p99 > LATE_AT_MOST_MS {
        verdict.wrong += 1;
        verdict
            .remarks
            .push(format!("wrong 1: p99 of {p99} ms behind the deadline; {LATE_AT_MOST_MS} ms are promised"));
    }
    let note = format!(
        "{} deadlines in silence: alarm in ClickHouse {} ms (median), {p99} ms (p99) behind the deadline; {}",
        late.len(),
        percentile(&late, 50).unwrap_or(0),
        by_its_clock(&cluster)
    );
    let (events, seconds) = (whole.records.len() as u64, began.elapsed().as_secs());
    Ok(Outcome { verdict, events, latencies: late, notes: vec![note], seconds, ..Outcome::default() })
}

pub(super) fn publish(cluster: &Cluster, lines: &[Vec<u8>], options: &Options) {
    let part = Arc::new(Stream::of(&cluster.scratch, lines.to_vec()));
    let publisher = Publisher::start(&cluster.kafka, part, options.rate);
    publisher.go();
    publisher.finish();
}

/// Events of one round, and when each case is due, ms since 1970.
fn calls(round: u64, now: i64) -> (Vec<Vec<u8>>, HashMap<String, i64>) {
    let (mut lines, mut deadlines) = (Vec::new(), HashMap::new());
    for n in 0..CALLS {
        let due = now + FIRST_DUE_MS + (LAST_DUE_MS - FIRST_DUE_MS) * n / CALLS;
        let case = format!("call-{round:03}-{n:04}");
        let started = due - LIMIT_MS;
        let accepted = json!({"item": ITEM, "org": ORG, "title": "路面塌陷"});
        lines.push(event(SOURCE, &case, 1, started - 1_000, "case.accepted", accepted));
        lines.push(event(SOURCE, &case, 2, started, "step.started", json!({"step": "dispatch"})));
        deadlines.insert(case, due);
    }
    (lines, deadlines)
}

pub(super) fn event(source: &str, case: &str, number: u32, at: i64, kind: &str, data: Value) -> Vec<u8> {
    let event = json!({"specversion": "1.0", "id": format!("{case}-{number}"), "source": source, "type": kind,
        "subject": case, "time": At(at).to_string(), "data": data});
    event.to_string().into_bytes()
}

/// Looks until the alarm of each deadline is there; how late each was first seen, ms.
fn watch(cluster: &mut Cluster, round: u64, deadlines: &HashMap<String, i64>) -> Result<Vec<i64>, String> {
    let sql = format!(
        "SELECT case_id FROM xiezhi.alarms WHERE code = 'overdue' AND startsWith(case_id, 'call-{round:03}-') FORMAT TSV"
    );
    let poller = Poller::default();
    let last = deadlines.values().max().copied().unwrap_or(0);
    let mut seen: HashMap<String, i64> = HashMap::new();
    while seen.len() < deadlines.len() {
        let next = Instant::now() + LOOK_EVERY;
        cluster.tend();
        let answer = poller.ask(&cluster.clickhouse, &sql).unwrap_or_default();
        let at = now_ms();
        for case in answer.lines() {
            seen.entry(case.to_owned()).or_insert(at);
        }
        if at > last + GIVE_UP_MS {
            return Err(format!("{} of {} alarms never came", deadlines.len() - seen.len(), deadlines.len()));
        }
        while !rest_until(next) {}
    }
    Ok(deadlines.iter().map(|(case, due)| seen[case] - due).collect())
}

/// How far behind the deadline the detector itself was, as it recorded.
fn by_its_clock(cluster: &Cluster) -> String {
    let sql = "SELECT toString(quantilesExact(0.5, 0.99)(toUnixTimestamp64Milli(raised_at) - toUnixTimestamp64Milli(due))) \
               FROM xiezhi.alarms WHERE code = 'overdue' AND NOT startsWith(case_id, 'call-999-')";
    let ms = query(&cluster.clickhouse, sql);
    format!("decided {} ms (median, p99) behind it by the detector's clock", ms.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_is_due_in_the_future_and_began_in_the_past() {
        let (lines, deadlines) = calls(3, 1_000_000_000_000);
        assert_eq!((lines.len(), deadlines.len()), (2 * CALLS as usize, CALLS as usize));
        assert!(deadlines.values().all(|due| *due > 1_000_000_010_000));
        assert!(deadlines.values().all(|due| *due < 1_000_000_000_000 + LIMIT_MS));
    }
}
