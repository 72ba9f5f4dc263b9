//! A site in a directory of its own: `xiezhi run` with its local Kafka and embedded ClickHouse, started, killed, started
//! again and stopped from outside.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::http::{self, Answer};
use crate::{PATIENCE, processes, programs, wait_for};

/// As the configuration has it by default.
const PARTITIONS: f64 = 4.0;
/// How long after the main process its parts may still be there.
const PARTS_GONE_WITHIN: Duration = Duration::from_secs(30);

/// A directory that goes with its owner.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("xiezhi-system-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a directory can be made");
        Self(path)
    }

    pub fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    /// A file with these lines.
    pub fn lines<L: AsRef<[u8]>>(&self, name: &str, lines: impl IntoIterator<Item = L>) -> String {
        let path = self.path(name);
        let mut file = std::io::BufWriter::new(File::create(&path).expect("a file can be made"));
        for line in lines {
            file.write_all(line.as_ref())
                .and_then(|()| file.write_all(b"\n"))
                .expect("a line can be written");
        }
        file.flush().expect("the disk takes it");
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            crate::say("harness", &format!("{} is left behind: {error}", self.0.display()));
        }
    }
}

pub struct Site {
    pub scratch: Scratch,
    child: Option<Running>,
    pub kafka: String,
    pub clickhouse: String,
    pub api: String,
    pub metrics: String,
}

struct Running {
    child: Child,
    /// Kept open: a closed pipe would be an error for the other side.
    _said: BufReader<ChildStdout>,
}

impl Site {
    /// `clock` as the configuration has it: `wall`, `event_time`, `{until: "…"}`. The thread that starts a site must outlive it.
    pub fn start(name: &str, catalogue: &Path, clock: &str) -> Self {
        Self::configured(name, catalogue, &format!("clock: {clock}\n"))
    }

    /// `more` is the rest of the configuration.
    pub fn configured(name: &str, catalogue: &Path, more: &str) -> Self {
        let scratch = Scratch::new(name);
        let (catalogue, data) = (catalogue.display(), scratch.path("data"));
        let config = format!(
            "catalogue: {catalogue}\ndata: {data}\n\
             listen: {{api: \"127.0.0.1:0\", metrics: \"127.0.0.1:0\"}}\n{more}"
        );
        std::fs::write(scratch.0.join("site.yaml"), config).expect("a file can be written");
        let [kafka, clickhouse, api, metrics] = [const { String::new() }; 4];
        let mut site = Self { scratch, child: None, kafka, clickhouse, api, metrics };
        site.start_again();
        site
    }

    /// Returns when the site says that it is ready; the time it took.
    pub fn start_again(&mut self) -> Duration {
        assert!(self.child.is_none(), "the site runs already");
        let began = Instant::now();
        let log = File::options().create(true).append(true).open(self.log()).expect("the log can be opened");
        let mut child = programs::tied("xiezhi")
            .args(["run", "--config", &self.scratch.path("site.yaml")])
            .env("NO_COLOR", "1")
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("it starts");
        let mut said = BufReader::new(child.stdout.take().expect("it has an output"));
        let ready = self.hear(&mut said);
        self.child = Some(Running { child, _said: said });
        assert!(ready, "the site ended before it was ready");
        began.elapsed()
    }

    fn hear(&mut self, said: &mut impl BufRead) -> bool {
        for line in said.lines().map_while(Result::ok) {
            match line.split_once('=') {
                Some(("kafka", address)) => self.kafka = address.to_owned(),
                Some(("clickhouse", address)) => self.clickhouse = address.to_owned(),
                Some(("metrics", address)) => self.metrics = address.to_owned(),
                Some(("api", address)) => {
                    self.api = address.to_owned();
                    return true;
                }
                _ => panic!("unexpected on standard output: {line}"),
            }
        }
        false
    }

    /// What it has logged so far.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }

    fn log(&self) -> PathBuf {
        self.scratch.0.join("xiezhi.log")
    }

    /// As a power cut would, for the main process; its parts must notice by themselves. The time until they were gone.
    pub fn kill9(&mut self) -> Duration {
        let mut running = self.child.take().expect("the site runs");
        let killed = Instant::now();
        running.child.kill().expect("it can be killed");
        running.child.wait().expect("it can be waited for");
        self.await_parts_gone();
        killed.elapsed()
    }

    /// In order, by SIGTERM. It must end well, and nothing of it may be left.
    pub fn stop(mut self) -> Duration {
        let mut running = self.child.take().expect("the site runs");
        let asked = Instant::now();
        processes::signal(running.child.id(), "TERM");
        let status = wait_for("the site stops", PATIENCE, || running.child.try_wait().expect("it is ours"));
        let (took, left) = (asked.elapsed(), processes::of(&self.scratch.0));
        assert!(status.success(), "the site ended with {status}:\n{}", self.last_words());
        assert!(left.is_empty(), "left running: {left:?}");
        took
    }

    fn await_parts_gone(&self) {
        wait_for("the parts of the site are gone", PARTS_GONE_WITHIN, || {
            processes::of(&self.scratch.0).is_empty().then_some(())
        });
    }

    fn last_words(&self) -> String {
        let log = std::fs::read(self.log()).unwrap_or_default();
        let log = programs::text(&log);
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// Sends events as `xiezhi publish` does; `route` is `--org ORG` or `--catalogue DIR`.
    pub fn publish(&mut self, route: [&str; 2], file: &str) {
        let kafka = self.kafka.clone();
        let arguments = ["publish", "--brokers", &kafka, route[0], route[1], file];
        let said = File::create(self.scratch.path("publish.log")).expect("a file can be made");
        let mut publisher = programs::xiezhi(arguments).stderr(said).spawn().expect("it starts");
        let status = wait_for("all is published", PATIENCE, || {
            if !self.is_alive() {
                publisher.kill().expect("it can be killed");
            }
            publisher.try_wait().expect("it is ours")
        });
        assert!(self.is_alive(), "the site has ended by itself");
        let said = || std::fs::read_to_string(self.scratch.path("publish.log")).unwrap_or_default();
        assert!(status.success(), "{arguments:?}: {status}\n{}", said());
    }

    fn is_alive(&mut self) -> bool {
        self.child.as_mut().is_some_and(|running| matches!(running.child.try_wait(), Ok(None)))
    }

    /// Rows of a query on the views.
    pub fn select(&self, sql: &str) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut row = |line: &str| rows.push(serde_json::from_str(line).expect("a row is JSON"));
        http::post_lines(&self.clickhouse, &format!("{sql} FORMAT JSONEachRow"), &mut row);
        rows
    }

    /// The one number that a query gives.
    pub fn number(&self, sql: &str) -> u64 {
        let answer = self.query(sql);
        answer.trim().parse().unwrap_or_else(|_| panic!("{sql}: no number: {answer}"))
    }

    /// A query's answer as it comes.
    pub fn query(&self, sql: &str) -> String {
        let answer = http::post(&self.clickhouse, sql).unwrap_or_else(|e| panic!("{sql}: {e}"));
        assert_eq!(answer.status, 200, "{sql}: {}", answer.text());
        answer.text()
    }

    /// An address of the API.
    pub fn get(&self, path: &str) -> Answer {
        http::get(&format!("{}{path}", self.api)).unwrap_or_else(|e| panic!("{path}: {e}"))
    }

    /// Waits until every partition has taken over so many editions of the rules and looked at every case again.
    pub fn await_editions(&self, editions: u32) {
        wait_for(&format!("{editions} editions are taken over"), PATIENCE, || {
            let taken = self.metric("xiezhi_detect_editions") == f64::from(editions) * PARTITIONS;
            (taken && self.metric("xiezhi_detect_cases_to_sweep") == 0.0).then_some(())
        });
    }

    /// Waits until `events` distinct events are stored, judged, and their findings are in ClickHouse.
    pub fn await_settled(&self, events: u64, within: Duration) {
        wait_for(&format!("{events} events are settled"), within, || self.is_settled(events).then_some(()));
    }

    fn is_settled(&self, events: u64) -> bool {
        let open = "SELECT countIf(complete = 0) FROM xiezhi.completeness";
        // A sink that has only just been started may not have made it yet.
        let made = "SELECT count() FROM system.tables WHERE database = 'xiezhi' AND name = 'completeness'";
        // The count is last: it is the dearer one.
        self.number(made) == 1
            && self.number("SELECT toUInt64(sum(stored_to)) FROM xiezhi.completeness") >= events
            && self.number(open) == 0
            && self.number("SELECT count() FROM xiezhi.case_events") == events
    }

    /// The sum of a metric over its labels.
    pub fn metric(&self, name: &str) -> f64 {
        let text = http::get(&format!("{}/metrics", self.metrics)).expect("metrics are served").text();
        let values = text.lines().filter(|line| line.split(['{', ' ']).next() == Some(name));
        values.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if std::thread::panicking() {
            crate::say("harness", &format!("the site's last words:\n{}", self.last_words()));
        }
        if let Some(Running { mut child, .. }) = self.child.take()
            && (child.kill().is_err() || child.wait().is_err())
        {
            crate::say("harness", "the site could not be killed");
        }
        let until = Instant::now() + PARTS_GONE_WITHIN;
        while !processes::of(&self.scratch.0).is_empty() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(50));
        }
        for id in processes::of(&self.scratch.0) {
            processes::signal(id, "KILL");
        }
    }
}
