//! Two public logs of real authorities: what is known to be true of them, offline and through the pipeline.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use system_tests::site::{Scratch, Site};
use system_tests::{alone, programs, rows, say, wait_for};

const PIPELINE_WITHIN: Duration = Duration::from_secs(900);

struct Log {
    /// Of the test, and of the folder in the shared data.
    name: &'static str,
    file: &'static str,
    /// Of the catalogue and the mapping.
    rules: &'static str,
    org: &'static str,
    until: &'static str,
}

const ROAD: Log = Log {
    name: "road_traffic_fine",
    file: "Road_Traffic_Fine_Management_Process.xes.gz",
    rules: "road-traffic-fine",
    org: "it-polizia-locale",
    until: "2013-06-18T00:00:00+02:00",
};
const WABO: Log = Log {
    name: "wabo_receipt",
    file: "receipt.xes.gz",
    rules: "wabo-receipt",
    org: "nl-municipality",
    until: "2012-01-23T15:42:54.644+01:00",
};

/// What was found, counted: by point, code, and whether it is an end that came late (else the scope is open, or it is no
/// time limit); and the cases that have the code.
#[derive(Default)]
struct Tally {
    findings: BTreeMap<(String, String, bool), usize>,
    cases: BTreeMap<String, BTreeSet<String>>,
}

impl Tally {
    fn of(path: &str) -> Self {
        let mut tally = Self::default();
        rows::each_finding(path, |row| {
            let text = |member: &str| row[member].as_str().unwrap().to_owned();
            let late = !row["late_by_ms"].is_null();
            *tally.findings.entry((text("point"), text("code"), late)).or_default() += 1;
            tally.cases.entry(text("code")).or_default().insert(text("case"));
        });
        tally
    }

    /// How many ended late, how many are open.
    fn overdue(&self, point: &str) -> (usize, usize) {
        let count = |late| self.findings.get(&(point.into(), "overdue".into(), late)).copied().unwrap_or(0);
        (count(true), count(false))
    }

    fn of_code(&self, code: &str) -> (usize, usize) {
        let findings = self.findings.iter().filter(|((_, c, _), _)| c == code).map(|(_, n)| n).sum();
        (findings, self.cases.get(code).map_or(0, BTreeSet::len))
    }
}

#[test]
fn road_traffic_fine() {
    let _alone = alone();
    let Some(offline) = Offline::run(&ROAD) else { return };
    assert_eq!(offline.rows, 561_470);
    let tally = Tally::of(&offline.findings);
    assert_eq!(tally.overdue("send_in_time"), (49_772, 46_015));
    assert_eq!(tally.overdue("notify_in_time"), (47_593, 69_380));
    assert_eq!(tally.overdue("prefecture_in_time"), (582, 0));
    assert_eq!(tally.overdue("judge_in_time"), (224, 0));
    assert_eq!(tally.overdue("increase_in_time").0, 0);
    assert_eq!(tally.of_code("over_executed"), (1_234, 1_234));
    through_the_pipeline(&ROAD, &offline);
}

#[test]
fn wabo_receipt() {
    let _alone = alone();
    let Some(offline) = Offline::run(&WABO) else { return };
    let tally = Tally::of(&offline.findings);
    assert_eq!(tally.overdue("total_in_time"), (377, 39));
    assert_eq!(tally.of_code("implicit_rollback"), (58, 36));
    assert_eq!(tally.of_code("after_close").1, 131);
    through_the_pipeline(&WABO, &offline);
}

/// `xiezhi import … | xiezhi detect …`, done.
struct Offline {
    _scratch: Scratch,
    findings: String,
    /// Rows of the source.
    rows: u64,
    events: u64,
}

impl Offline {
    /// Nothing where the log is not on this machine.
    fn run(log: &Log) -> Option<Self> {
        let file = programs::root().join("../shared/data").join(log.name).join(log.file);
        if !file.exists() {
            say(log.name, &format!("SKIPPED: {} is not here", file.display()));
            return None;
        }
        let scratch = Scratch::new(&format!("{}-offline", log.name));
        let findings = scratch.path("findings.jsonl");
        let began = Instant::now();
        let mut import = import(log, &file);
        let mut import = import.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut detect =
            programs::xiezhi(["detect", "--until", log.until, "--out", &findings, "--catalogue"]);
        detect.arg(catalogue(log)).arg("-").stdin(import.stdout.take().unwrap());
        programs::well(&mut detect);
        let import = import.wait_with_output().unwrap();
        assert!(import.status.success(), "{}", programs::text(&import.stderr));
        let (rows, events) = counts(&programs::text(&import.stderr));
        let took = began.elapsed().as_secs_f64();
        say(
            log.name,
            &format!("import | detect: {events} events in {took:.1} s, {:.0}/s", events as f64 / took),
        );
        Some(Self { _scratch: scratch, findings, rows, events })
    }
}

fn import(log: &Log, file: &std::path::Path) -> Command {
    let mut command = programs::xiezhi(["import", "--mapping"]);
    command.arg(format!("deploy/mappings/{}.yaml", log.rules)).arg(file);
    command
}

fn catalogue(log: &Log) -> PathBuf {
    programs::root().join("deploy/catalogues").join(log.rules)
}

/// Rows and events, from what `import` says at its end: "561470 rows, 1685128 events, …".
fn counts(said: &str) -> (u64, u64) {
    let last = said.lines().last().unwrap();
    let mut numbers = last.split([' ', ',']).filter_map(|word| word.parse().ok());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

/// The same events by Kafka and ClickHouse, with the same alarms at the end.
fn through_the_pipeline(log: &Log, offline: &Offline) {
    let site = Site::start(log.name, &catalogue(log), &format!("{{until: \"{}\"}}", log.until));
    let file = programs::root().join("../shared/data").join(log.name).join(log.file);
    let began = Instant::now();
    let mut import = import(log, &file);
    let mut import = import.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut publish = programs::xiezhi(["publish", "--brokers", &site.kafka, "--org", log.org, "-"]);
    programs::well(publish.stdin(import.stdout.take().unwrap()));
    assert!(import.wait().unwrap().success());
    let published = began.elapsed().as_secs_f64();
    site.await_settled(offline.events, PIPELINE_WITHIN);
    let took = began.elapsed().as_secs_f64();
    let rows = rows::assert_same(&site, &offline.findings);
    let distinct = site.number("SELECT uniqExact(finding_id, revision) FROM xiezhi.findings");
    assert_eq!(site.number("SELECT count() FROM xiezhi.findings"), distinct, "a revision stands twice");
    wait_for("the metrics agree", Duration::from_secs(10), || {
        (site.metric("xiezhi_detect_records_total") as u64 >= offline.events).then_some(())
    });
    let rate = offline.events as f64 / took;
    say(
        log.name,
        &format!(
            "pipeline: {} events in {took:.1} s ({rate:.0}/s; published after {published:.1} s), \
             {rows} alarms equal to detect's, row for row, out of {distinct} revisions",
            offline.events
        ),
    );
    say(log.name, &format!("stopped in {:.1} s, nothing left", site.stop().as_secs_f64()));
}
