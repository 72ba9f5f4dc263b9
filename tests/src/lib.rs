//! The harness of the whole-system tests: it drives the product as a user would, by its binaries and its ports, and
//! leaves no process and no file behind.
//!
//! A harness that cannot do its work has found a failure, so it panics with the reason.

pub mod events;
pub mod http;
pub mod processes;
pub mod programs;
pub mod rows;
pub mod site;
pub mod timetable;

use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Long enough for a slow machine under load; a test that needs it has failed.
pub const PATIENCE: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(40);

/// A site is heavy (a Java machine, a database): one test at a time. Hold what this returns.
pub fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells what a test has measured. Past the capture of the test runner, which shows nothing of a test that passes.
pub fn say(test: &str, what: &str) {
    writeln!(std::io::stderr(), "{test}: {what}").expect("standard error takes a line");
}

/// Looks until `probe` has an answer.
pub fn wait_for<T>(what: &str, within: Duration, mut probe: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + within;
    loop {
        if let Some(answer) = probe() {
            return answer;
        }
        assert!(Instant::now() < until, "waited {} s in vain: {what}", within.as_secs());
        std::thread::sleep(LOOK_EVERY);
    }
}
