//! When to ask, and what the answers mean.

use std::time::{Duration, Instant};

use crate::QUICK_ANSWER;

/// From the beginning of an outage to the first question, and between two.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// `None`: all is well, as far as is known. Otherwise when to ask next.
#[derive(Debug, Default)]
pub(crate) struct Outage(Option<Instant>);

impl Outage {
    /// One that is under way goes on.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.0.get_or_insert(now + ASK_EVERY);
    }

    /// `own` asks through the client, waiting at most so long; `fresh` through another one. When that one was answered the
    /// client has `last_answer`.
    pub(crate) fn is_for_good(
        &mut self,
        now: Instant,
        last_answer: Duration,
        own: impl Fn(Duration) -> bool,
        fresh: impl FnOnce() -> bool,
    ) -> bool {
        if self.0.is_none_or(|ask| now < ask) {
            return false;
        }
        if own(QUICK_ANSWER) {
            self.0 = None;
            return false;
        }
        if !fresh() {
            self.0 = Some(now + ASK_EVERY);
            return false;
        }
        // The brokers may have come back between the two questions.
        let late = own(last_answer);
        self.0 = None;
        !late
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAST: Duration = Duration::from_secs(3);
    const NOBODY: fn() -> bool = || unreachable!("nobody is asked");

    #[test]
    fn nobody_is_asked_without_an_outage_nor_in_its_first_seconds() {
        let (mut outage, now) = (Outage::default(), Instant::now());
        assert!(!outage.is_for_good(now, LAST, |_| NOBODY(), NOBODY));
        outage.begin(now);
        outage.begin(now + ASK_EVERY / 2);
        assert!(!outage.is_for_good(now + ASK_EVERY * 9 / 10, LAST, |_| NOBODY(), NOBODY));
        assert!(outage.is_for_good(now + ASK_EVERY, LAST, |_| false, || true));
    }

    #[test]
    fn an_outage_ends_when_the_client_is_answered() {
        let (mut outage, now) = (Outage::default(), Instant::now());
        outage.begin(now);
        assert!(!outage.is_for_good(now + ASK_EVERY, LAST, |_| true, NOBODY));
        assert!(!outage.is_for_good(now + ASK_EVERY * 5, LAST, |_| NOBODY(), NOBODY));
    }

    #[test]
    fn while_nobody_is_answered_it_is_an_outage_like_any_other() {
        let (mut outage, now) = (Outage::default(), Instant::now());
        outage.begin(now);
        for round in 1..100 {
            assert!(!outage.is_for_good(now + ASK_EVERY * round, LAST, |_| false, || false));
            assert!(!outage.is_for_good(now + ASK_EVERY * round + ASK_EVERY / 2, LAST, |_| NOBODY(), NOBODY));
        }
        assert!(outage.is_for_good(now + ASK_EVERY * 100, LAST, |_| false, || true));
    }

    #[test]
    fn brokers_that_came_back_just_now_are_given_time() {
        let (mut outage, now) = (Outage::default(), Instant::now());
        outage.begin(now);
        assert!(!outage.is_for_good(now + ASK_EVERY, LAST, |patience| patience == LAST, || true));
        assert!(!outage.is_for_good(now + ASK_EVERY * 3, LAST, |_| NOBODY(), NOBODY));
    }
}
