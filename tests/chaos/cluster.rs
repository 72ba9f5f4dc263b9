//! What one experiment runs on: a real Kafka broker and an embedded ClickHouse of its own, and the product's roles as
//! processes of their own, as in an installation.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};

use system_tests::programs;
use system_tests::site::Scratch;

use crate::child::Child;

pub(crate) const PARTITIONS: usize = 4;
/// How long the group waits for a silent member: short, so that takeovers are many.
pub(crate) const SESSION_TIMEOUT_MS: u64 = 3_000;

/// The broker reports to its controller every 30 s and is held for dead after 27 s: for about 3 s of 30 it leads nothing and
/// metadata lists no broker, though every connection stands. An overloaded machine does the same with usual settings.
const FENCED: [&str; 2] = ["broker.heartbeat.interval.ms=30000", "broker.session.timeout.ms=27000"];

/// How a cluster is put together.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// Instances with the role `detectors` from the start on.
    pub(crate) detectors: usize,
    /// Further ones that may come later.
    pub(crate) guests: usize,
    /// Most partitions of others that a detector follows.
    pub(crate) standbys: usize,
    /// The detectors' wall clocks can be set.
    pub(crate) clocks: bool,
    /// The broker's heartbeats are rarer than its controller allows: it is fenced and let in again all the time.
    pub(crate) fenced: bool,
    /// The catalogue of everybody, where it is not the demonstration's.
    pub(crate) catalogue: Option<PathBuf>,
    /// The catalogue of ingest, where it is another than everybody's.
    pub(crate) ingest_catalogue: Option<PathBuf>,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            detectors: 2,
            guests: 0,
            standbys: 0,
            clocks: false,
            fenced: false,
            catalogue: None,
            ingest_catalogue: None,
        }
    }
}

pub(crate) struct Cluster {
    pub(crate) ingest: Child,
    pub(crate) sink: Child,
    pub(crate) detectors: Vec<Child>,
    pub(crate) store: Child,
    pub(crate) broker: Child,
    pub(crate) kafka: String,
    /// Of ClickHouse itself, whatever stands between it and the sink.
    pub(crate) clickhouse: String,
    /// Last, so that nobody works in it any more.
    pub(crate) scratch: Scratch,
}

pub(crate) fn catalogue() -> PathBuf {
    programs::root().join("deploy/catalogues/demo")
}

impl Cluster {
    /// Starts everything. `sink_url` says by which address the sink reaches the ClickHouse at a given one.
    pub(crate) fn start(name: &str, layout: &Layout, sink_url: impl FnOnce(&str) -> String) -> Self {
        let scratch = Scratch::new(name);
        let dir = scratch.0.clone();
        let (mut broker, mut store, clickhouse) = stores(&dir, layout.fenced);
        broker.start();
        store.start();
        store.await_word("listening on ");
        let kafka = broker.await_word("bootstrap=");
        let site = |name: &str, roles: &str, catalogue: &Path, url: &str| {
            let config = config(name, roles, catalogue, (&kafka, layout.standbys), url);
            let path = dir.join(format!("{name}.yaml"));
            std::fs::write(&path, config).expect("a file can be written");
            let recipe = move || {
                let mut command = programs::tied("xiezhi");
                command.arg("run").arg("--config").arg(&path);
                command
            };
            Child::new(name, &dir, recipe)
        };
        let common = layout.catalogue.clone().unwrap_or_else(catalogue);
        let ingest_catalogue = layout.ingest_catalogue.as_deref().unwrap_or(&common);
        let mut ingest = site("ingest", "ingest", ingest_catalogue, &clickhouse);
        let mut sink = site("sink", "sink, feed", &common, &sink_url(&clickhouse));
        let detector = |n| site(&format!("detector-{n}"), "detectors", &common, &clickhouse);
        let mut detectors: Vec<Child> = (0..layout.detectors + layout.guests).map(detector).collect();
        if layout.clocks {
            for (n, child) in detectors.iter_mut().enumerate() {
                let clock = dir.join(format!("clock-{n}"));
                std::fs::write(&clock, "+0\n").expect("a file can be written");
                child.set_env(faketime(&clock));
            }
        }
        ingest.start();
        // Alone until the topics are there: they are made once.
        ingest.await_word("api=");
        sink.start();
        detectors.iter_mut().take(layout.detectors).for_each(Child::start);
        Self { ingest, sink, detectors, store, broker, kafka, clickhouse, scratch }
    }

    pub(crate) fn children(&mut self) -> impl Iterator<Item = &mut Child> {
        let Self { ingest, sink, detectors, store, broker, .. } = self;
        [broker, store, ingest, sink].into_iter().chain(detectors)
    }

    /// The wall clock of a detector is wrong by so many seconds from now on.
    pub(crate) fn set_clock(&self, n: usize, seconds: i64) {
        std::fs::write(self.scratch.0.join(format!("clock-{n}")), format!("{seconds:+}\n"))
            .expect("a file can be written");
    }

    /// Copies the logs to where they stay.
    pub(crate) fn keep_logs(&mut self, to: &Path) {
        let copied = std::fs::create_dir_all(to).and_then(|()| {
            for child in self.children() {
                std::fs::copy(&child.log, to.join(child.log.file_name().unwrap_or_default()))?;
            }
            for file in ["events.jsonl", "findings.jsonl"] {
                std::fs::copy(self.scratch.path(file), to.join(file))?;
            }
            Ok(())
        });
        match copied {
            Ok(()) => println!("      its logs and files: {}", to.display()),
            Err(error) => println!("      its logs could not be kept: {error}"),
        }
    }

    pub(crate) fn tend(&mut self) {
        self.children().for_each(Child::tend);
    }
}

fn stores(dir: &Path, fenced: bool) -> (Child, Child, String) {
    let own = std::process::id().to_string();
    let listen = format!("127.0.0.1:{}", free_port());
    let clickhouse = format!("http://{listen}");
    let (kafka_dir, store_dir) = (dir.join("kafka"), dir.join("clickhouse"));
    let pid = own.clone();
    let broker = move || {
        let mut command = Command::new(programs::root().join("deploy/kafka/kafka.sh"));
        command.arg("foreground").arg("--dir").arg(&kafka_dir).args(["--parent-pid", &pid]);
        command.args(["--set", "group.min.session.timeout.ms=1000"]);
        for setting in FENCED.into_iter().filter(|_| fenced) {
            command.args(["--set", setting]);
        }
        command
    };
    let store = move || {
        let mut command = programs::tied("embedded-clickhouse");
        command.arg("--path").arg(&store_dir).args(["--listen", &listen, "--parent-pid", &own]);
        command.env("RUST_LOG", "warn");
        command
    };
    (Child::new("kafka", dir, broker), Child::new("clickhouse", dir, store), clickhouse)
}

fn config(
    name: &str,
    roles: &str,
    catalogue: &Path,
    (kafka, standbys): (&str, usize),
    clickhouse: &str,
) -> String {
    let catalogue = catalogue.display();
    format!(
        "catalogue: {catalogue}\ninstance: {name}\nroles: [{roles}]\n\
         kafka: {{brokers: \"{kafka}\", partitions: {PARTITIONS}, session_timeout_ms: {SESSION_TIMEOUT_MS}, standbys: {standbys}}}\n\
         clickhouse: {{url: \"{clickhouse}\"}}\n\
         listen: {{api: \"127.0.0.1:0\", metrics: \"127.0.0.1:0\"}}\n"
    )
}

/// libfaketime, as Debian has it: the process sees its wall clock through a file. Only the wall clock: time-outs go on.
fn faketime(clock: &Path) -> Vec<(&'static str, PathBuf)> {
    let folders = std::fs::read_dir("/usr/lib").expect("there is /usr/lib").flatten();
    let mut libraries = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    let library = libraries.find(|path| path.is_file()).expect("libfaketime is missing: run deploy/setup.sh");
    vec![
        ("LD_PRELOAD", library),
        ("FAKETIME_TIMESTAMP_FILE", clock.to_path_buf()),
        ("FAKETIME_CACHE_DURATION", "1".into()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
    ]
}

/// Below the range from which the system takes ports for outgoing connections; no two of ours get the same.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = (std::process::id() % 25) as u16 * 100;
    let next = || 30_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 2_500;
    let mut ports = std::iter::repeat_with(next).take(500);
    let is_free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    ports.find(is_free).expect("one of 500 ports is free")
}
