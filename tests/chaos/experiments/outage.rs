//! A source goes silent while deadlines of its cases run, and another one goes on. Its silence is told once, and no deadline
//! is called overdue on its account; when it speaks again, what it did in time stays so, and the others fall due.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::config::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde_json::json;
use system_tests::timetable::rest_until;
use system_tests::{events, programs};

use super::silence::{ITEM, LIMIT_MS, ORG, SOURCE as SILENT, event, publish};
use crate::check::{self, Verdict, number};
use crate::cluster::{Cluster, Layout, catalogue};
use crate::experiments::Experiment;
use crate::observer::LOOK_EVERY;
use crate::options::Options;
use crate::run::Outcome;
use crate::settle::{Goal, settle};
use crate::stream::{Stream, now_ms};

/// A sign of life goes out within a quarter of it.
const SILENT_AFTER_S: i64 = 20;
/// Cases of each source. Their deadlines lie evenly between these instants, when the one source is silent for certain.
const CASES: i64 = 1_000;
const FIRST_DUE_MS: i64 = 32_000;
const LAST_DUE_MS: i64 = 52_000;
/// What has not come by then does not come.
const GIVE_UP_MS: i64 = 60_000;
const HEARTBEAT_EVERY: Duration = Duration::from_secs(2);
/// A broker on a busy machine takes its time.
const BROKER_PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn run(experiment: &Experiment, options: &Options) -> Result<Outcome, String> {
    let began = Instant::now();
    let folder = system_tests::site::Scratch::new("T4-catalogue");
    let watched = folder.0.join("catalogue");
    watch_source(&watched);
    let mut cluster = Cluster::start(
        experiment.id,
        &Layout { catalogue: Some(watched), ..Layout::default() },
        str::to_owned,
    );
    let (other, rate) = (events::SOURCE, options.rate);
    // What is long overdue, of either source: every part has been at work before the silence.
    let warm_up = now_ms() - 3 * LIMIT_MS;
    let mut lines =
        [cases("warm", SILENT, ORG, warm_up), cases("warm-o", other, events::ORG, warm_up)].concat();
    let heartbeats = Heartbeats::start(&cluster.kafka);
    publish(&cluster, &lines, options);
    settle(&mut cluster, Goal { records: 0, facts: lines.len() as u64, letters: 0 }, || 0)?;
    await_overdue(&mut cluster, "warm", 2 * CASES as u64)?;
    heartbeats.stop();

    let now = now_ms();
    let open = [cases("quiet", SILENT, ORG, now), cases("other", other, events::ORG, now)].concat();
    // All at once: the silence begins now.
    publish(&cluster, &open, &Options { rate: rate.max(20_000), ..options.clone() });
    lines.extend(open);
    await_overdue(&mut cluster, "other", CASES as u64)?;
    wait_until(&mut cluster, now + LAST_DUE_MS + 3_000);
    let mut verdict = Verdict::default();
    in_silence(&cluster, &mut verdict);

    let spoken = completions(now);
    publish(&cluster, &spoken, options);
    lines.extend(spoken);
    let heartbeats = Heartbeats::start(&cluster.kafka);
    await_overdue(&mut cluster, "quiet", CASES as u64 / 2)?;
    let (delivered, whole) = (lines.len() as u64, Stream::of(&cluster.scratch, lines));
    settle(&mut cluster, Goal::of(&whole.records), || delivered)?;
    let Verdict { wrong, remarks, .. } = verdict;
    let mut verdict = check::judge(&cluster, &whole);
    verdict.wrong += wrong;
    verdict.remarks.extend(remarks);
    after_it(&cluster, &mut verdict);
    heartbeats.stop();
    let notes = vec![format!(
        "one source silent for {} s with {CASES} open deadlines: 1 alarm, none of them overdue; {} overdue when it spoke again",
        (LAST_DUE_MS + 3_000) / 1_000,
        CASES / 2
    )];
    let (events, seconds) = (whole.records.len() as u64, began.elapsed().as_secs());
    Ok(Outcome { verdict, events, notes, seconds, ..Outcome::default() })
}

fn expect(verdict: &mut Verdict, found: u64, wanted: u64, what: &str) {
    if found != wanted {
        verdict.wrong += 1;
        verdict.remarks.push(format!("wrong 1: {found} {what}; {wanted} are right"));
    }
}

fn in_silence(cluster: &Cluster, verdict: &mut Verdict) {
    let count = |what: &str| {
        number(&cluster.clickhouse, &format!("SELECT count() FROM xiezhi.findings WHERE {what}"))
    };
    // What fell due before the silence is told: the source vouched for it.
    let began = "(SELECT max(violated_at) FROM xiezhi.findings WHERE code = 'source_silent')";
    let told = count(&format!("startsWith(case_id, 'quiet-') AND violated_at > {began}"));
    expect(verdict, told, 0, "deadlines of a silent source told");
    let silences = count(&format!("code = 'source_silent' AND case_id = '{SILENT}' AND org = '{ORG}'"));
    expect(verdict, silences, 1, "source_silent raised");
    expect(verdict, count("code = 'source_silent'"), 1, "revisions of source_silent");
}

fn after_it(cluster: &Cluster, verdict: &mut Verdict) {
    let cleared =
        "SELECT countIf(state = 'cleared') * 1000 + count() FROM xiezhi.alarms WHERE code = 'source_silent'";
    expect(verdict, number(&cluster.clickhouse, cleared), 1_001, "source_silent (cleared * 1000 + all)");
    let doubted =
        "SELECT count() FROM xiezhi.findings WHERE change = 'retracted' AND startsWith(case_id, 'quiet-')";
    expect(verdict, number(&cluster.clickhouse, doubted), 0, "findings of the silent source taken back");
}

fn due(n: i64) -> i64 {
    FIRST_DUE_MS + (LAST_DUE_MS - FIRST_DUE_MS) * n / CASES
}

/// Cases of a source with a step of one minute that has nearly run out.
fn cases(name: &str, source: &str, org: &str, now: i64) -> Vec<Vec<u8>> {
    let of = |n: i64| {
        let (case, started) = (format!("{name}-{n:04}"), now + due(n) - LIMIT_MS);
        let accepted = json!({"item": ITEM, "org": org, "title": "路面塌陷"});
        [
            event(source, &case, 1, started - 1_000, "case.accepted", accepted),
            event(source, &case, 2, started, "step.started", json!({"step": "dispatch"})),
        ]
    };
    (0..CASES).flat_map(of).collect()
}

/// Of every other case: its step was done in time, as is told only now.
fn completions(now: i64) -> Vec<Vec<u8>> {
    let of = |n: i64| {
        let case = format!("quiet-{n:04}");
        event(SILENT, &case, 3, now + due(n) - 1_000, "step.completed", json!({"step": "dispatch"}))
    };
    (0..CASES).step_by(2).map(of).collect()
}

fn await_overdue(cluster: &mut Cluster, name: &str, wanted: u64) -> Result<(), String> {
    let sql =
        format!("SELECT count() FROM xiezhi.alarms WHERE code = 'overdue' AND startsWith(case_id, '{name}')");
    let until = now_ms() + LAST_DUE_MS + GIVE_UP_MS;
    loop {
        let next = Instant::now() + LOOK_EVERY;
        let found = number(&cluster.clickhouse, &sql);
        if found >= wanted {
            return Ok(());
        }
        if now_ms() > until {
            return Err(format!("{found} of {wanted} cases named {name} are overdue"));
        }
        cluster.tend();
        while !rest_until(next) {}
    }
}

fn wait_until(cluster: &mut Cluster, at: i64) {
    let end = Instant::now() + Duration::from_millis((at - now_ms()).max(0) as u64);
    while !rest_until(end) {
        cluster.tend();
    }
}

/// The catalogue of everybody, in which the silence of one source counts.
fn watch_source(to: &Path) {
    let mut copy = std::process::Command::new("cp");
    programs::well(copy.arg("-r").arg(catalogue()).arg(to));
    let orgs = to.join("orgs.yaml");
    let text = std::fs::read_to_string(&orgs).expect("the catalogue has organisations");
    let watched = text.replace(
        &format!("\"{SILENT}\""),
        &format!("{{uri: \"{SILENT}\", silent_after: {{seconds: {SILENT_AFTER_S}}}}}"),
    );
    assert_ne!(watched, text, "{SILENT} is not where it was");
    std::fs::write(&orgs, watched).expect("a file can be written");
}

/// The source has nothing to say, and says so: otherwise it would be silent before and after it is meant to be.
struct Heartbeats {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Heartbeats {
    fn start(kafka: &str) -> Self {
        let mut client = ClientConfig::new();
        let producer: BaseProducer =
            client.set("bootstrap.servers", kafka).create().expect("a producer can be made");
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let topic = format!("inbound.{ORG}");
            while !stopped.load(Ordering::Relaxed) {
                let (at, next) = (now_ms(), Instant::now() + HEARTBEAT_EVERY);
                let beat = event(SILENT, SILENT, 0, at, "source.heartbeat", json!({}));
                let record = BaseRecord::<(), [u8]>::to(&topic).payload(&beat);
                producer.send(record).expect("there is room for a heartbeat");
                producer.flush(BROKER_PATIENCE).expect("the broker takes it");
                while !rest_until(next) {}
            }
        });
        Self { stop, thread }
    }

    fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the source has no reason to end by itself");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_other_case_is_done_in_time() {
        let (cases, done) = (cases("quiet", SILENT, ORG, 1_000_000_000_000), completions(1_000_000_000_000));
        assert_eq!((cases.len(), done.len()), (2 * CASES as usize, CASES as usize / 2));
        assert!(due(CASES - 1) < LAST_DUE_MS && due(0) - SILENT_AFTER_S * 1_000 * 5 / 4 > 5_000);
    }
}
