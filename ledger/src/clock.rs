//! The logical clock of a partition. It never goes back, and it is in every entry, so a replay sees the same time.

use model::Instant;

/// What moves the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClockMode {
    /// The wall clock once the partition has caught up; the log's own timestamps while it lags, so that a backlog
    /// does not raise deadlines whose completion is still unread.
    #[default]
    Wall,
    /// The largest event time read: replays of history.
    EventTime,
    /// One instant from the first entry on: audits of a closed log "as of" then.
    Until(Instant),
}

/// What the clock knows when a batch is closed.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    pub wall: Instant,
    /// Nothing is left to read.
    pub caught_up: bool,
    /// Of the records of the batch: the log's own timestamp, and the event time.
    pub last_timestamp: Option<Instant>,
    pub latest_event: Option<Instant>,
}

/// The next value of the clock after `now`.
pub fn next(mode: ClockMode, now: Instant, reading: Reading) -> Instant {
    let candidate = match mode {
        ClockMode::Until(at) => Some(at),
        ClockMode::EventTime => reading.latest_event,
        ClockMode::Wall if reading.caught_up => Some(reading.wall),
        ClockMode::Wall => reading.last_timestamp.map(|t| t.min(reading.wall)),
    };
    candidate.map_or(now, |c| c.max(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_follows_the_records_until_it_has_caught_up() {
        let at = |caught_up, last| Reading {
            wall: Instant(1_000),
            caught_up,
            last_timestamp: Some(Instant(last)),
            latest_event: Some(Instant(77)),
        };
        let next = |now, reading| next(ClockMode::Wall, Instant(now), reading).0;
        assert_eq!(next(0, at(false, 500)), 500);
        assert_eq!(next(600, at(false, 500)), 600, "never back");
        assert_eq!(next(0, at(false, 5_000)), 1_000, "a broker's clock ahead of ours is not believed");
        assert_eq!(next(0, at(true, 500)), 1_000);
        assert_eq!(super::next(ClockMode::EventTime, Instant(0), at(true, 500)).0, 77);
        assert_eq!(super::next(ClockMode::Until(Instant(9)), Instant(0), at(true, 500)).0, 9);
    }
}
