//! Migrations: from one version to the next with data, and two sinks that start at the same time.

use crate::engine::Engine;
use crate::kafka::{Brokers, Ledger, event};
use crate::store::{Sink, Store};

#[test]
fn what_an_older_version_stored_is_there_after_the_next_migration() {
    let engine = Engine::start();
    let store = Store::new(engine.url());
    assert_eq!(store.migrate_to(2), 2);
    for table in ["findings_log", "alarms_current"] {
        store.run(&format!(
            "INSERT INTO {table} (finding_id, revision, state, case_id) VALUES ('old', 1, 'raised', 'c0')"
        ));
    }
    store.run("INSERT INTO case_events_progress_log (partition, to, records) VALUES (0, 0, 0)");
    let latest = store.migrate();
    assert!(latest >= 2);
    assert_eq!(store.migrate(), 0, "applied once");
    assert_eq!(store.number("SELECT count() FROM alarms"), 1);

    let brokers = Brokers::start();
    let mut ledger = Ledger::new(0);
    brokers.ledger(&[ledger.entry(&["c1"], 1)]);
    let sink = Sink::start(engine.url(), &brokers);
    brokers.until("ledger", |offset, _| offset == 1);
    sink.stop();
    assert_eq!(store.number("SELECT count() FROM alarms"), 2, "the old one and the new one");
    assert_eq!(store.number("SELECT count() FROM findings"), 2);
}

#[test]
fn two_sinks_that_start_at_once_make_the_tables_and_store_everything_once() {
    let engine = Engine::start();
    let store = Store::new(engine.url());
    let brokers = Brokers::start();
    let mut ledger = Ledger::new(0);
    brokers.events(&(0..200).map(|n| event("c1", &format!("e{n}"))).collect::<Vec<_>>());
    brokers.ledger(&[ledger.entry(&["c1", "c2"], 1), ledger.entry(&["c1"], 2)]);
    let sinks = [Sink::start(engine.url(), &brokers), Sink::start(engine.url(), &brokers)];
    brokers.until("case-events", |offset, _| offset == 200);
    brokers.until("ledger", |offset, _| offset == 2);
    sinks.into_iter().for_each(Sink::stop);
    assert_eq!(store.number("SELECT count() FROM case_events"), 200);
    assert_eq!(store.number("SELECT count() FROM findings"), 3);
    assert_eq!(store.number("SELECT count() FROM alarms"), 2);
    assert_eq!(store.migrate(), 0);
}
