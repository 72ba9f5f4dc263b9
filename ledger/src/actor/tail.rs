//! Whether nothing is left to read. That the end was reached is told once; what has been published since, and not fetched yet
//! because the broker or the network is slow, is not. Before time alone raises anything, the broker is asked.

use model::Instant;

use crate::log::{Log, Stream};

/// How long an answer holds, ms: a burst of deadlines is not held up by a question for each entry. Time goes on no further than
/// the answer meanwhile, since a fact may have been published behind it.
const HOLDS_MS: i64 = 100;

/// After so long, ms, in which there should be something and nothing comes, it is read anew: either it comes then, or the end is
/// told again, and what lies between are no records but markers.
const READ_ANEW_AFTER_MS: i64 = 1_000;

#[derive(Debug, Default)]
pub(super) struct Tail {
    /// When the broker last bore out that all is read.
    reached: Option<Instant>,
    /// An end that lies further than what was read.
    beyond: Option<Beyond>,
    /// Before this there are no more records.
    empty_to: i64,
}

#[derive(Debug, Clone, Copy)]
struct Beyond {
    end: i64,
    since: Instant,
    is_read_anew: bool,
}

/// What the broker's word means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// Nothing is left to read.
    Reached,
    /// There is more to come, or the broker does not answer.
    More,
    /// Seek the place again.
    ReadAnew,
}

impl Tail {
    /// Whether there is anything at `next` or behind it.
    pub(super) fn ask(&mut self, next: i64, log: &mut impl Log, wall: Instant) -> Word {
        if self.reached.is_some_and(|at| apart(wall, at) < HOLDS_MS) {
            return Word::Reached;
        }
        let word = self.ask_broker(next, log, wall);
        self.reached = (word == Word::Reached).then_some(wall);
        word
    }

    fn ask_broker(&mut self, next: i64, log: &mut impl Log, wall: Instant) -> Word {
        let Ok((_, end)) = log.bounds(Stream::CaseEvents) else { return Word::More };
        if end <= next.max(self.empty_to) {
            self.beyond = None;
            return Word::Reached;
        }
        match &mut self.beyond {
            Some(beyond) if beyond.end == end => {
                if apart(wall, beyond.since) < READ_ANEW_AFTER_MS {
                    return Word::More;
                }
                (beyond.since, beyond.is_read_anew) = (wall, true);
                Word::ReadAnew
            }
            _ => {
                self.beyond = Some(Beyond { end, since: wall, is_read_anew: false });
                Word::More
            }
        }
    }

    /// Up to when it is known that nothing was left to read.
    pub(super) fn known_to(&self, wall: Instant) -> Instant {
        self.reached.map_or(wall, |at| at.min(wall))
    }

    /// The end was told.
    pub(super) fn end(&mut self) {
        if let Some(beyond) = self.beyond.filter(|beyond| beyond.is_read_anew) {
            self.empty_to = self.empty_to.max(beyond.end);
        }
    }

    /// Whether there is more to come: then deadlines wait for it.
    pub(super) fn is_open(&self) -> bool {
        self.beyond.is_some()
    }
}

fn apart(a: Instant, b: Instant) -> i64 {
    (a.0 - b.0).abs()
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;
    use crate::memory::{MemoryLog, Streams};

    #[test]
    fn the_end_is_asked_for_again_and_a_gap_is_found_by_reading_it_anew() {
        let streams = Rc::new(RefCell::new(Streams::default()));
        let mut log = MemoryLog::new(Rc::clone(&streams));
        let mut tail = Tail::default();
        let mut at = 0;
        let mut ask = |tail: &mut Tail, after_ms: i64| {
            at += after_ms;
            tail.ask(0, &mut log, Instant(at))
        };
        assert_eq!(ask(&mut tail, 0), Word::Reached);
        streams.borrow_mut().case_events.push((Instant(0), Vec::new()));
        assert_eq!(ask(&mut tail, HOLDS_MS - 1), Word::Reached, "an answer holds for a moment");
        assert_eq!(ask(&mut tail, 1), Word::More);
        tail.end();
        assert_eq!(ask(&mut tail, READ_ANEW_AFTER_MS - 1), Word::More, "an end told before says nothing");
        assert_eq!(ask(&mut tail, 1), Word::ReadAnew);
        assert!(tail.is_open());
        tail.end();
        assert_eq!(ask(&mut tail, 1), Word::Reached, "nothing came");
    }
}
