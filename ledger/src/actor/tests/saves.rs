//! Checkpoints: a start from one equals a replay from the beginning; what cannot be used is passed over, and said.

use super::*;
use crate::incident::Kind;

/// Facts of many cases, and an owner that has processed them all.
fn processed(facts: usize) -> (Rc<RefCell<Streams>>, Owner) {
    let streams = Rc::new(RefCell::new(Streams::default()));
    let mut owner = owner(&streams, ClockMode::Wall);
    for n in 0..facts {
        let kind = if n < 9 { 0 } else { (n * 5 % 6) as u8 };
        streams.borrow_mut().case_events.push((start(), record(n, (n % 9) as u8, kind, (n % 80) as i64)));
        for _ in 0..3 {
            owner.turn(start().plus_ms(n as i64 * HOUR / 9), Duration::ZERO).expect("whole");
        }
    }
    finish(&mut owner);
    (streams, owner)
}

/// Acquires anew.
fn acquired(streams: &Rc<RefCell<Streams>>) -> (Owner, Restored) {
    let mut owner = owner(streams, ClockMode::Wall);
    match owner.turn(end(), Duration::ZERO) {
        Ok(Some(Report::Acquired(restored))) => (owner, restored),
        other => panic!("{other:?}"),
    }
}

fn bytes_of(owner: &Owner) -> Option<(Instant, usize)> {
    owner.state().map(|(now, cases, _)| (now, cases))
}

#[test]
fn a_start_from_a_checkpoint_does_little_again_and_ends_the_same() {
    let (streams, mut first) = processed(120);
    assert!(first.tally().checkpoints > 3);
    let (restored, found) = acquired(&streams);
    assert!(found.from_entry > 0 && found.records <= 2 * LIMITS.checkpoint_records + 3, "{found:?}");
    assert!(found.digest_agrees);
    assert_eq!(bytes_of(&restored), bytes_of(&first));
    // The same ledger without its segments is replayed from the beginning.
    streams.borrow_mut().segments.clear();
    let (mut replayed, found) = acquired(&streams);
    assert_eq!((found.from_entry, found.records, found.digest_agrees), (0, 120, true));
    assert!(replayed.take_incidents().iter().all(|i| i.kind == Kind::CheckpointUnusable));
    assert_eq!(bytes_of(&replayed), bytes_of(&first));
    assert!(first.take_incidents().is_empty());
}

#[test]
fn a_damaged_segment_leads_to_an_older_checkpoint() {
    let (streams, _) = processed(120);
    let newest = acquired(&streams).1.from_entry;
    let named = streams
        .borrow()
        .ledger
        .iter()
        .rev()
        .find_map(|bytes| crate::record::Entry::decode(bytes).ok()?.checkpoint);
    let (first, _) = named.expect("a checkpoint").segments.last().expect("a segment").runs[0];
    streams.borrow_mut().segments[first as usize][10] ^= 1;
    let (mut owner, found) = acquired(&streams);
    assert!(found.from_entry < newest && found.digest_agrees, "{found:?}");
    assert_eq!(owner.take_incidents().first().map(|i| i.kind), Some(Kind::CheckpointUnusable));
}

#[test]
fn segments_that_no_checkpoint_needs_are_named() {
    let (streams, mut owner) = processed(200);
    let from = owner.log_mut().reported.expect("reported").segments_from;
    assert!(from > 0);
    // What is before may be deleted, and nothing changes.
    streams.borrow_mut().segments.iter_mut().take(from as usize).for_each(Vec::clear);
    let (_, found) = acquired(&streams);
    assert!(found.from_entry > 0 && found.digest_agrees, "{found:?}");
}

#[test]
fn under_other_rules_a_checkpoint_is_not_begun_from() {
    let (streams, _) = processed(60);
    let mut settings = settings(ClockMode::Wall, LIMITS);
    let mut rules = Catalogue::clone(&settings.rules);
    let rules_of_then = rules.version.clone();
    rules.version = "other".to_owned();
    settings.rules = Arc::new(rules);
    let mut owner = Actor::new(settings.clone(), MemoryLog::new(Rc::clone(&streams)));
    let report = owner.turn(end(), Duration::ZERO).expect("replayed");
    assert!(matches!(report, Some(Report::Acquired(found)) if found.from_entry == 0), "{report:?}");
    // Nor if only the content is another, under the same version.
    let files = [("items/i.yaml".to_owned(), format!("{ITEM}\n# looked through"))];
    let changed = Catalogue::from_files(files).unwrap_or_else(|problems| panic!("{problems:?}"));
    settings.rules = Arc::new(Catalogue { version: rules_of_then, ..changed });
    let mut owner = Actor::new(settings, MemoryLog::new(streams));
    let report = owner.turn(end(), Duration::ZERO).expect("replayed");
    assert!(matches!(report, Some(Report::Acquired(found)) if found.from_entry == 0), "{report:?}");
    assert!(owner.take_incidents().iter().any(|i| i.kind == Kind::CheckpointUnusable));
}
