//! Waiting between attempts, never past the stop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const FIRST: Duration = Duration::from_millis(100);
const LAST: Duration = Duration::from_secs(5);

/// Waits, but not past the stop.
pub fn rest(pause: Duration, stop: &AtomicBool) {
    let until = Instant::now() + pause;
    while Instant::now() < until && !stop.load(Ordering::Relaxed) {
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// The wait between two attempts to take something over; doubles up to the longest.
pub(crate) struct Pause(Duration);

impl Pause {
    pub(crate) const fn new() -> Self {
        Self(FIRST)
    }

    pub(crate) fn wait(&mut self, stop: &AtomicBool) {
        rest(self.0, stop);
        self.0 = (self.0 * 2).min(LAST);
    }

    /// What was held since `began` is lost: the first wait again, if that was longer than the longest.
    pub(crate) fn wait_after(&mut self, began: Instant, stop: &AtomicBool) {
        if began.elapsed() > LAST {
            self.0 = FIRST;
        }
        self.wait(stop);
    }

    /// The longest wait, and so the next ones.
    pub(crate) fn wait_long(&mut self, stop: &AtomicBool) {
        self.0 = LAST;
        self.wait(stop);
    }
}
