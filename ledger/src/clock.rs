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

/// How far the wall clock may be from the broker's before it has to be borne out by it, ms.
pub const MAX_APART_MS: i64 = 30_000;
/// Between two entries that do nothing but ask the broker for the time, ms.
const ASK_EVERY_MS: i64 = 1_000;

/// The wall clock, held against the broker's: its timestamps on one's own entries. A wall clock that has jumped, in either
/// direction, is not believed; the broker's last word is, and what has passed since.
#[derive(Debug, Clone, Copy, Default)]
pub struct Witness {
    broker: Broker,
    /// The latest wall clock seen, and whether it went back since the broker was heard.
    latest: Option<Instant>,
    went_back: bool,
    /// The entry that asked, and when.
    asked: Option<(u64, Instant)>,
    is_waiting: bool,
    /// Answers in a row that did not bear out the wall clock. One alone may just have come late.
    doubts: u32,
    /// What a wall clock that is wrong is corrected by, ms.
    offset_ms: i64,
}

#[derive(Debug, Clone, Copy, Default)]
enum Broker {
    #[default]
    Unheard,
    /// It puts no time on records.
    Clockless,
    Said(Instant),
}

impl Witness {
    /// The time, as far as it is borne out; `None` before the broker was heard.
    pub fn believed(&self, wall: Instant) -> Option<Instant> {
        match self.broker {
            Broker::Unheard => None,
            Broker::Clockless => Some(wall),
            Broker::Said(at) if are_apart(self.corrected(wall), at) => Some(at),
            Broker::Said(_) => Some(self.corrected(wall)),
        }
    }

    fn corrected(&self, wall: Instant) -> Instant {
        wall.plus_ms(self.offset_ms)
    }

    /// The wall clock says so now.
    pub fn see(&mut self, wall: Instant) {
        self.went_back =
            self.went_back || self.latest.is_some_and(|latest| wall < latest && are_apart(wall, latest));
        self.latest = Some(wall);
    }

    /// Whether an entry should be appended for no other reason than to hear the time: something may be due.
    pub fn must_ask(&self, wall: Instant, wake: Option<Instant>) -> bool {
        let asked_lately = self.asked.is_some_and(|(_, at)| (wall.0 - at.0).abs() < ASK_EVERY_MS);
        let (Some(wake), false, false) = (wake, self.is_waiting, asked_lately) else { return false };
        match self.broker {
            Broker::Clockless => false,
            Broker::Unheard => true,
            Broker::Said(at) => {
                let wall = self.corrected(wall);
                self.went_back || self.doubts == 1 || (are_apart(wall, at) && wake <= wall)
            }
        }
    }

    pub fn ask(&mut self, seq: u64, wall: Instant) {
        (self.asked, self.is_waiting) = (Some((seq, wall)), true);
    }

    /// An entry of one's own was read back with the broker's time on it. Returns the broker's and the wall's time if they are
    /// found to be apart.
    pub fn hear(&mut self, seq: u64, stamp: Instant, wall: Instant) -> Option<(Instant, Instant)> {
        let answers = self.asked.is_some_and(|(asked, _)| asked == seq);
        self.is_waiting = self.is_waiting && !answers;
        if stamp.0 <= 0 {
            self.broker = Broker::Clockless;
            return None;
        }
        self.broker = Broker::Said(stamp);
        self.went_back = false;
        if !are_apart(wall, stamp) {
            (self.doubts, self.offset_ms) = (0, 0);
        } else if answers {
            self.doubts += 1;
            if self.doubts > 1 {
                self.offset_ms = stamp.0 - wall.0;
            }
        }
        (answers && self.doubts == 2).then_some((stamp, wall))
    }
}

fn are_apart(a: Instant, b: Instant) -> bool {
    (a.0 - b.0).abs() > MAX_APART_MS
}

/// What the clock knows when a batch is closed.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    /// The wall clock, as far as it is borne out; `None`: not at all.
    pub believed: Option<Instant>,
    pub wall: Instant,
    /// Nothing is left to read.
    pub caught_up: bool,
    /// Of the records of the batch: the log's own timestamp, and the event time.
    pub last_timestamp: Option<Instant>,
    pub latest_event: Option<Instant>,
}

/// The next value of the clock after `now`.
pub fn next(mode: ClockMode, now: Instant, reading: Reading) -> Instant {
    let by_records = || reading.last_timestamp.map(|t| t.min(reading.believed.unwrap_or(reading.wall)));
    let candidate = match mode {
        ClockMode::Until(at) => Some(at),
        ClockMode::EventTime => reading.latest_event,
        ClockMode::Wall if reading.caught_up => reading.believed.or_else(by_records),
        ClockMode::Wall => by_records(),
    };
    candidate.map_or(now, |c| c.max(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_follows_the_records_until_it_has_caught_up() {
        let at = |caught_up, last| Reading {
            believed: Some(Instant(1_000)),
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

    #[test]
    fn a_clock_that_jumps_is_not_believed_until_the_broker_says_so() {
        let mut witness = Witness::default();
        let (start, hour) = (Instant(1_000_000_000), 3_600_000);
        assert_eq!(witness.believed(start), None);
        assert_eq!(witness.hear(0, start, start), None);
        let idle = start.plus_ms(10_000);
        assert_eq!(witness.believed(idle), Some(idle));
        for jump in [hour, -hour, 365 * 24 * hour] {
            let wall = start.plus_ms(jump);
            assert_eq!(witness.believed(wall), Some(start), "a jump by {jump} ms");
            assert!(!witness.must_ask(wall, None), "nothing can be due");
            assert!(witness.must_ask(wall, Some(wall)), "something may be due");
        }
        let (mut back, never) = (witness, Instant(i64::MAX));
        back.see(start.plus_ms(10_000));
        back.see(start.plus_ms(9_000));
        assert!(!back.must_ask(start.plus_ms(9_000), Some(never)), "a clock that is set right by a second");
        back.see(start.plus_ms(-hour));
        assert!(back.must_ask(start.plus_ms(-hour), Some(never)));
        // Two answers in a row say that the wall clock is wrong; then it is corrected.
        let wall = start.plus_ms(hour);
        for (n, is_told) in [(1, false), (2, true)] {
            let (wall, stamp) = (wall.plus_ms(n * 1_000), start.plus_ms(n * 1_000));
            assert!(witness.must_ask(wall, Some(wall)));
            witness.ask(n as u64, wall);
            assert!(!witness.must_ask(wall, Some(wall)), "one question at a time");
            assert_eq!(witness.hear(n as u64, stamp, wall).is_some(), is_told);
            assert_eq!(witness.believed(wall), Some(stamp));
        }
        assert_eq!(witness.believed(wall.plus_ms(20_000)), Some(start.plus_ms(20_000)));
        // It was the broker's time that had passed after all.
        let later = wall.plus_ms(9_000);
        witness.ask(9, later);
        assert_eq!(witness.hear(9, later, later), None);
        assert_eq!(witness.believed(later), Some(later));
    }
}
