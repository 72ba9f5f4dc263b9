//! A wall clock that jumps raises nothing that is not due, and holds up nothing that is.

use super::*;
use crate::incident::Kind;

/// An owner of one case with a step that must be done within five hours; the broker's clock is right.
fn waiting() -> (Rc<RefCell<Streams>>, Owner) {
    let streams = Rc::new(RefCell::new(Streams { clock: start(), ..Streams::default() }));
    for (n, kind) in [0, 1].into_iter().enumerate() {
        streams.borrow_mut().case_events.push((start(), record(n, 0, kind, 0)));
    }
    let mut owner = owner(&streams, ClockMode::Wall);
    for ms in 0..20 {
        owner.turn(start().plus_ms(ms), Duration::ZERO).expect("whole");
    }
    (streams, owner)
}

/// Turns for some seconds of true time, with a wall clock that is wrong by `jump` ms.
fn pass(streams: &Rc<RefCell<Streams>>, owner: &mut Owner, from_ms: i64, jump: i64) {
    for second in 0..10 {
        let now = start().plus_ms(from_ms + second * 1_000);
        streams.borrow_mut().clock = now;
        for ms in 0..3 {
            owner.turn(now.plus_ms(jump + ms), Duration::ZERO).expect("whole");
        }
    }
}

#[test]
fn a_jump_raises_nothing_that_is_not_due_and_holds_up_nothing_that_is() {
    for jump in [HOUR, -HOUR, 24 * HOUR, 365 * 24 * HOUR, -24 * HOUR] {
        let (streams, mut owner) = waiting();
        pass(&streams, &mut owner, 30 * 60_000, 0);
        pass(&streams, &mut owner, HOUR, jump);
        pass(&streams, &mut owner, 4 * HOUR + 59 * 60_000, jump);
        assert_eq!(owner.tally().findings, 0, "nothing is due with a jump of {jump} ms");
        let told: Vec<_> = owner.take_incidents().into_iter().map(|incident| incident.kind).collect();
        assert_eq!(told.len(), 1, "{told:?} at a jump of {jump} ms");
        assert_eq!(told[0], Kind::ClockSuspect);
        pass(&streams, &mut owner, 5 * HOUR, jump);
        assert_eq!(owner.tally().findings, 1, "the step is due at a jump of {jump} ms");
    }
}

#[test]
fn a_clock_that_is_right_after_a_long_silence_is_believed() {
    let (streams, mut owner) = waiting();
    pass(&streams, &mut owner, 5 * HOUR, 0);
    assert_eq!(owner.tally().findings, 1);
    assert!(owner.take_incidents().is_empty());
}

#[test]
fn a_deadline_waits_for_facts_that_are_there_and_not_fetched_yet() {
    let told_at_the_end = |is_completed: bool| {
        let streams = Rc::new(RefCell::new(Streams::default()));
        let facts = [record(0, 0, 0, 0), record(1, 0, 1, 0)];
        streams.borrow_mut().case_events.extend(facts.map(|fact| (start(), fact)));
        let mut owner = owner(&streams, ClockMode::Wall);
        for _ in 0..8 {
            owner.turn(start(), Duration::ZERO).expect("a log that works");
        }
        let before = streams.borrow().ledger.len();
        streams.borrow_mut().slow = true;
        if is_completed {
            streams.borrow_mut().case_events.push((start(), record(2, 0, 2, 1)));
        }
        owner.turn(end(), Duration::ZERO).expect("a log that works");
        streams.borrow().ledger.len() > before
    };
    assert!(told_at_the_end(false), "in silence the deadline is told");
    assert!(!told_at_the_end(true), "its completion is in the log: nothing is said before it is read");
}
