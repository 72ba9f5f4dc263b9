//! Questions to ClickHouse, and the sink under test.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use clickhouse::Client;
use prometheus::Registry;
use sink::{Form, SinkConfig};
use tokio::runtime::{Builder, Runtime};

use crate::kafka::Brokers;

const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Store {
    client: Client,
    runtime: Runtime,
}

impl Store {
    pub(crate) fn new(url: &str) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        Self { client: Client::default().with_url(url).with_database("xiezhi"), runtime }
    }

    pub(crate) fn migrate(&self) -> usize {
        self.runtime.block_on(sink::migrate(&self.client, &Form::Embedded)).expect("migrations apply")
    }

    pub(crate) fn migrate_to(&self, last: u32) -> usize {
        let migrated = sink::migrate_to(&self.client, &Form::Embedded, last);
        self.runtime.block_on(migrated).expect("migrations apply")
    }

    pub(crate) fn run(&self, sql: &str) {
        self.runtime.block_on(self.client.query_raw(sql).execute()).expect("it runs");
    }

    pub(crate) fn text(&self, sql: &str) -> String {
        let sql = sql.replacen("SELECT ", "SELECT toString(", 1).replacen(" FROM", ") FROM", 1);
        self.ask(&sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    pub(crate) fn number(&self, sql: &str) -> u64 {
        self.text(sql).parse().expect("a number")
    }

    /// Waits until the answer is at least this number.
    pub(crate) fn until(&self, sql: &str, least: u64) {
        let asked = sql.replacen("SELECT ", "SELECT toString(", 1).replacen(" FROM", ") FROM", 1);
        let mut last = String::new();
        wait(|| {
            // The tables may not be there yet.
            last = self.ask(&asked).unwrap_or_else(|error| error.to_string());
            last.parse::<u64>().is_ok_and(|number| number >= least)
        })
        .unwrap_or_else(|()| panic!("{sql}: {last}, expected at least {least}"));
    }

    fn ask(&self, sql: &str) -> Result<String, clickhouse::error::Error> {
        self.runtime.block_on(self.client.query_raw(sql).fetch_one())
    }
}

/// The sink's, with short waits.
pub(crate) fn config(url: &str) -> SinkConfig {
    SinkConfig {
        clickhouse_url: url.to_owned(),
        batch_wait_ms: 300,
        insert_timeout_ms: 1_000,
        retry_max_ms: 200,
        watch_ms: 200,
        ..SinkConfig::default()
    }
}

pub(crate) struct Sink {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<(), sink::Error>>,
}

impl Sink {
    pub(crate) fn start(url: &str, brokers: &Brokers) -> Self {
        let config = config(url);
        let stop = Arc::new(AtomicBool::new(false));
        let (flag, kafka) = (stop.clone(), brokers.config());
        let thread = thread::spawn(move || sink::run(&config, &kafka, &Registry::new(), flag));
        Self { stop, thread }
    }

    pub(crate) fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("no panic").expect("a clean end");
    }
}

/// Asks again and again, within bounds. Each question is a round trip to another process, which sets the pace.
pub(crate) fn wait(mut done: impl FnMut() -> bool) -> Result<(), ()> {
    let end = Instant::now() + PATIENCE;
    while !done() {
        if Instant::now() > end {
            return Err(());
        }
    }
    Ok(())
}
