//! A reader of ClickHouse that looks many times a second how far it is complete.
//!
//! A fact counts as arrived when a reader could see it and all that follows from it: when both `processed_to` and
//! `stored_to` of `xiezhi.completeness` are behind it. The instant is that of the look's end, so up to a look's distance
//! too late and never too early.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use system_tests::http::Poller;
use system_tests::timetable::rest_until;

use crate::stream::now_ms;

pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(200);
const POSITIONS: &str =
    "SELECT partition, least(processed_to, stored_to) FROM xiezhi.completeness FORMAT TabSeparated";

/// At `at_ms` everything before `to` had arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrival {
    pub(crate) at_ms: i64,
    pub(crate) partition: usize,
    pub(crate) to: u64,
}

pub(crate) struct Observer {
    stop: Arc<AtomicBool>,
    seen: Arc<Mutex<Vec<Arrival>>>,
    thread: JoinHandle<()>,
}

impl Observer {
    pub(crate) fn start(clickhouse: &str) -> Self {
        let (stop, seen) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (url, flag, list) = (clickhouse.to_owned(), Arc::clone(&stop), Arc::clone(&seen));
        let thread = std::thread::spawn(move || look(&url, &flag, &list));
        Self { stop, seen, thread }
    }

    pub(crate) fn finish(self) -> Vec<Arrival> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the observer only looks");
        std::mem::take(&mut self.seen.lock().expect("no panic"))
    }
}

fn look(url: &str, stop: &AtomicBool, seen: &Mutex<Vec<Arrival>>) {
    let poller = Poller::default();
    let mut last: Vec<u64> = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let next = Instant::now() + LOOK_EVERY;
        let answer = poller.ask(url, POSITIONS).unwrap_or_default();
        let at_ms = now_ms();
        for (partition, to) in answer.lines().filter_map(position) {
            last.resize(last.len().max(partition + 1), 0);
            if to > last[partition] {
                last[partition] = to;
                seen.lock().expect("no panic").push(Arrival { at_ms, partition, to });
            }
        }
        while !rest_until(next) {}
    }
}

fn position(line: &str) -> Option<(usize, u64)> {
    let (partition, to) = line.split_once('\t')?;
    Some((partition.parse().ok()?, to.parse().ok()?))
}
