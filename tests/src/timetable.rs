//! Time as a part of an experiment: a fault comes two seconds after the one before whatever the system does meanwhile, and
//! events are published at a rate. These waits are not for something to happen, so no event could end them; they are here
//! and nowhere else.

use std::time::{Duration, Instant};

/// Longest rest before the caller has another look at what goes on.
const REST: Duration = Duration::from_millis(50);

/// Rests until `at`, but no longer than a moment; whether `at` has come.
pub fn rest_until(at: Instant) -> bool {
    let left = at.saturating_duration_since(Instant::now());
    if !left.is_zero() {
        std::thread::sleep(left.min(REST));
    }
    Instant::now() >= at
}

/// So many events a second, evenly; what was missed while the caller was held up is caught up.
pub struct Pace {
    began: Instant,
    gap: Duration,
    done: u32,
}

impl Pace {
    pub fn new(per_second: u32) -> Self {
        Self { began: Instant::now(), gap: Duration::from_secs(1) / per_second.max(1), done: 0 }
    }

    /// Returns when the next event is due.
    pub fn next(&mut self) {
        let at = self.began + self.gap * self.done;
        self.done += 1;
        // Below a millisecond a rest costs more than it gives.
        if at > Instant::now() + Duration::from_millis(1) {
            while !rest_until(at) {}
        }
    }
}
