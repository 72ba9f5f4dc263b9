//! A source that has gone silent, as an owner sees it: held, told once, and the same after a restart.

use model::finding::Code;

use super::*;

fn watching() -> Settings {
    let orgs = "- {id: o, name: o, sources: [{uri: s, silent_after: {hours: 2}}]}";
    let files = [("items/i.yaml", ITEM), ("orgs.yaml", orgs)];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
    let rules = Arc::new(Catalogue::from_files(files).unwrap_or_else(|problems| panic!("{problems:?}")));
    Settings { rules, ..settings(ClockMode::Wall, LIMITS) }
}

fn sign(hour: i64) -> (Instant, Vec<u8>) {
    let at = start().plus_ms(hour * HOUR);
    let record = format!(
        r#"{{"specversion":"1.0","id":"h{hour}","source":"s","type":"source.heartbeat","subject":"s","time":"{at}","data":{{"home":true}}}}"#
    );
    (at, record.into_bytes())
}

/// What the ledger says, in order: code and change.
fn told(streams: &Streams) -> Vec<(Code, Change)> {
    findings(streams).into_iter().map(|f| (f.code, f.change)).collect()
}

fn turn(streams: &Rc<RefCell<Streams>>, owner: &mut Owner, hour: i64) {
    let wall = start().plus_ms(hour * HOUR);
    streams.borrow_mut().clock = wall;
    for ms in 0..12 {
        owner.turn(wall.plus_ms(ms * 20), Duration::ZERO).expect("whole");
    }
}

#[test]
fn deadlines_of_a_silent_source_wait_and_its_silence_is_told_once_whoever_owns_the_partition() {
    let streams = Rc::new(RefCell::new(Streams { clock: start(), ..Streams::default() }));
    for (n, kind) in [0, 1].into_iter().enumerate() {
        streams.borrow_mut().case_events.push((start(), record(n, 0, kind, 0)));
    }
    streams.borrow_mut().case_events.push(sign(0));
    let new = || Actor::new(watching(), MemoryLog::new(Rc::clone(&streams)));
    let mut first = new();
    turn(&streams, &mut first, 0);
    assert_eq!(told(&streams.borrow()), []);
    turn(&streams, &mut first, 9);
    assert_eq!(told(&streams.borrow()), [(Code::SourceSilent, Change::Raised)]);
    assert_eq!(first.held(), 1);
    let mut next = new();
    turn(&streams, &mut next, 10);
    assert_eq!(told(&streams.borrow()).len(), 1, "a successor does not tell it again");
    assert_eq!((next.held(), next.take_incidents()), (1, vec![]));
    streams.borrow_mut().case_events.push(sign(11));
    turn(&streams, &mut next, 11);
    let found = told(&streams.borrow());
    assert!(found.contains(&(Code::SourceSilent, Change::Cleared)), "{found:?}");
    assert!(found.contains(&(Code::Overdue, Change::Raised)), "the step's five hours are over: {found:?}");
    assert_eq!(next.held(), 0);
}

#[test]
fn what_the_first_batch_tells_has_a_time() {
    let streams = Rc::new(RefCell::new(Streams { clock: start(), ..Streams::default() }));
    for (n, kind) in [0, 2].into_iter().enumerate() {
        streams.borrow_mut().case_events.push((start(), record(n, 0, kind, n as i64)));
    }
    let mut owner = owner(&streams, ClockMode::Wall);
    turn(&streams, &mut owner, 1);
    let found = findings(&streams.borrow());
    assert!(!found.is_empty());
    assert!(found.iter().all(|f| f.raised_at >= start() && f.changed_at <= end()), "{found:?}");
}

fn findings(streams: &Streams) -> Vec<Finding> {
    let mut chain = Chain::new(0);
    let entries = streams.ledger.iter().filter_map(|bytes| chain.accept(bytes).ok());
    entries.flat_map(|entry| entry.findings).collect()
}
