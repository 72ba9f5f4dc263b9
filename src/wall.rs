//! The machine's clock. The only place that reads it; everything below takes instants as arguments.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use model::Instant;

/// librdkafka waits by the wall clock: set back, each of its waits grows by as much, and nothing that is called can cut it
/// short. Up to this is a hiccup; beyond it the session would be lost and its loss not noticed.
const BEARABLE: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(500);
/// `EX_TEMPFAIL`: to be started again.
const AGAIN: i32 = 75;

pub(crate) fn now() -> Instant {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Instant(since.map_or(0, |d| d.as_millis() as i64))
}

/// The wall's time and the monotonic one, at once.
#[derive(Debug, Clone, Copy)]
struct Reading {
    wall: SystemTime,
    monotonic: std::time::Instant,
}

impl Reading {
    fn take() -> Self {
        Self { wall: SystemTime::now(), monotonic: std::time::Instant::now() }
    }

    /// By how much the wall clock was set back between this reading and a later one.
    fn set_back_until(&self, later: &Self) -> Duration {
        let gone = later.monotonic - self.monotonic;
        (self.wall + gone).duration_since(later.wall).unwrap_or_default()
    }
}

/// Ends the process when the wall clock is set back: its supervisor starts it again, and it resumes where the ledger says.
/// An orderly stop would wait for threads that cannot wake.
pub(crate) fn end_when_set_back(stop: &Arc<AtomicBool>) -> std::io::Result<()> {
    let stop = Arc::clone(stop);
    let watch = move || {
        let mut last = Reading::take();
        while !stop.load(Ordering::Relaxed) {
            std::thread::sleep(LOOK);
            let reading = Reading::take();
            let set_back = last.set_back_until(&reading);
            if set_back > BEARABLE {
                tracing::error!(
                    ?set_back,
                    "the wall clock was set back, and Kafka's client waits by it; ending to be started again"
                );
                std::process::exit(AGAIN);
            }
            last = reading;
        }
    };
    std::thread::Builder::new().name("clock".to_owned()).spawn(watch).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_step_back_counts() {
        let first = Reading::take();
        let later = |wall: i64, gone: u64| {
            let wall = if wall < 0 {
                first.wall - Duration::from_secs(wall.unsigned_abs())
            } else {
                first.wall + Duration::from_secs(wall.unsigned_abs())
            };
            first.set_back_until(&Reading { wall, monotonic: first.monotonic + Duration::from_secs(gone) })
        };
        assert_eq!(later(10, 10), Duration::ZERO, "time goes by");
        assert_eq!(later(3_610, 10), Duration::ZERO, "set forward, or asleep");
        assert_eq!(later(-3_590, 10), Duration::from_secs(3_600), "set back");
        assert_eq!(later(4, 10), Duration::from_secs(6));
    }
}
