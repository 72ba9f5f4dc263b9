//! Warm standbys: a takeover does little again, and what the standby becomes is what the owner was.

use super::*;

/// Facts of a few cases, with an owner at work and a standby that looks after every few of them.
fn followed(facts: usize) -> (Rc<RefCell<Streams>>, Owner, Owner) {
    followed_of(facts, 0)
}

/// The same of another log, whose cases come in another order.
fn followed_of(facts: usize, shift: usize) -> (Rc<RefCell<Streams>>, Owner, Owner) {
    let streams = Rc::new(RefCell::new(Streams::default()));
    let (mut first, mut standby) = (owner(&streams, ClockMode::Wall), owner(&streams, ClockMode::Wall));
    for n in 0..facts {
        let kind = if n < 9 { 0 } else { (n * 5 % 6) as u8 };
        streams
            .borrow_mut()
            .case_events
            .push((start(), record(n, ((n + shift) % 9) as u8, kind, (n % 80) as i64)));
        let wall = start().plus_ms(n as i64 * HOUR / 9);
        for _ in 0..3 {
            first.turn(wall, Duration::ZERO).expect("whole");
        }
        if n % 4 == 0 {
            standby.follow(wall, Duration::ZERO).expect("whole");
        }
    }
    finish(&mut first);
    (streams, first, standby)
}

fn take_over(standby: &mut Owner) -> Restored {
    match standby.turn(end(), Duration::ZERO) {
        Ok(Some(Report::Acquired(restored))) => restored,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_takeover_does_only_the_rest_again() {
    let (_, first, mut standby) = followed(118);
    let found = take_over(&mut standby);
    assert!(found.digest_agrees && found.records <= 4, "{found:?}");
    assert!(found.from_entry + 20 > found.entries, "{found:?}");
    let held = |owner: &Owner| owner.state().map(|(now, cases, _)| (now, cases));
    assert_eq!(held(&standby), held(&first));
    assert!(standby.take_incidents().is_empty());
}

#[test]
fn it_builds_on_what_the_owner_saved_last() {
    let (streams, first, mut standby) = followed(118);
    assert!(first.tally().checkpoints > 6);
    // What the owner does not need any more is gone, the standby's own beginning with it.
    let needed = first.log.reported.expect("reported").segments_from;
    assert!(needed > 0);
    streams.borrow_mut().segments.iter_mut().take(needed as usize).for_each(Vec::clear);
    take_over(&mut standby);
    for n in 118..200 {
        streams.borrow_mut().case_events.push((end(), record(n, (n % 9) as u8, 3, (n % 80) as i64)));
        for _ in 0..3 {
            standby.turn(end(), Duration::ZERO).expect("whole");
        }
    }
    finish(&mut standby);
    assert!(standby.tally().checkpoints > 2);
    let mut next = owner(&streams, ClockMode::Wall);
    let found = take_over(&mut next);
    assert!(found.from_entry > 0 && found.digest_agrees, "{found:?}");
    assert_eq!(next.take_incidents(), []);
}

#[test]
fn another_ledger_of_the_same_name_is_read_from_its_beginning() {
    let (streams, _, mut standby) = followed(40);
    standby.follow(end(), Duration::ZERO).expect("whole");
    let (other, _, _) = followed_of(60, 1);
    *streams.borrow_mut() = Rc::into_inner(other).map(RefCell::into_inner).unwrap_or_default();
    let found = take_over(&mut standby);
    let whole = take_over(&mut owner(&streams, ClockMode::Wall));
    assert_eq!(
        (found.from_entry, found.entries, found.position),
        (whole.from_entry, whole.entries, whole.position)
    );
    assert!(found.digest_agrees, "{found:?}");
}
