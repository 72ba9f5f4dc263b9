//! Pauses between attempts, and the signal that ends them all.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How soon a stop is noticed.
const TICK: Duration = Duration::from_millis(50);

/// The operator wants the sink to end. Whatever was under way is repeated by the next start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stopped;

#[derive(Debug, Clone)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    pub(crate) const fn new(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }

    pub(crate) fn check(&self) -> Result<(), Stopped> {
        if self.0.load(Ordering::Relaxed) { Err(Stopped) } else { Ok(()) }
    }

    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Returns when the signal is given.
    pub(crate) async fn given(&self) -> Stopped {
        while self.check().is_ok() {
            tokio::time::sleep(TICK).await;
        }
        Stopped
    }

    pub(crate) async fn pause(&self, pause: Duration) -> Result<(), Stopped> {
        tokio::select! {
            stopped = self.given() => Err(stopped),
            () = tokio::time::sleep(pause) => Ok(()),
        }
    }

    pub(crate) fn pause_blocking(&self, pause: Duration) -> Result<(), Stopped> {
        let end = Instant::now() + pause;
        loop {
            self.check()?;
            match end.checked_duration_since(Instant::now()) {
                Some(left) if !left.is_zero() => std::thread::sleep(left.min(TICK)),
                _ => return Ok(()),
            }
        }
    }
}

/// Exponential, capped, with jitter: the n-th pause lies between half and the whole of `min · 2ⁿ`, at most `max`.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    min: Duration,
    max: Duration,
    attempt: u32,
    random: u64,
}

impl Backoff {
    pub(crate) fn new(min: Duration, max: Duration, seed: u64) -> Self {
        let min = min.max(Duration::from_millis(1));
        Self { min, max: max.max(min), attempt: 0, random: seed }
    }

    pub(crate) fn next(&mut self) -> Duration {
        let whole = self.min.saturating_mul(1 << self.attempt.min(20)).min(self.max);
        self.attempt = self.attempt.saturating_add(1);
        let half = whole / 2;
        let spread = u64::try_from(half.as_micros()).unwrap_or(u64::MAX);
        half + Duration::from_micros(self.draw() % (spread + 1))
    }

    pub(crate) const fn reset(&mut self) {
        self.attempt = 0;
    }

    /// SplitMix64.
    const fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_cap_and_stay_there() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1), 7);
        for whole in [100, 200, 400, 800, 1_000, 1_000, 1_000] {
            let pause = backoff.next();
            let whole = Duration::from_millis(whole);
            assert!(pause >= whole / 2 && pause <= whole, "{pause:?} of {whole:?}");
        }
        (0..100).for_each(|_| assert!(backoff.next() <= Duration::from_secs(1), "no overflow"));
        backoff.reset();
        assert!(backoff.next() <= Duration::from_millis(100));
    }

    #[test]
    fn two_seeds_do_not_retry_in_step() {
        let pauses = |seed| {
            let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60), seed);
            std::iter::repeat_with(|| backoff.next()).take(4).collect::<Vec<_>>()
        };
        assert_ne!(pauses(1), pauses(2));
        assert_eq!(pauses(1), pauses(1), "a seed makes a run repeatable");
    }

    #[test]
    fn a_stop_ends_a_long_pause() {
        let stop = Stop::new(Arc::new(AtomicBool::new(true)));
        assert_eq!(stop.pause_blocking(Duration::from_secs(3_600)), Err(Stopped));
    }
}
