//! The sink against a real ClickHouse engine (embedded) and librdkafka's mock brokers, through its public face only.
//!
//! What fails in between is a proxy that withholds ClickHouse's replies or refuses its connections: the same faults that
//! a crash of the sink between two steps leaves behind.

mod engine;
mod faults;
mod incidents;
mod kafka;
mod proxy;
mod repair;
mod store;
mod upgrade;

use engine::Engine;
use kafka::{Brokers, Ledger, TRIAL, accepted, event};
use proxy::{Mode, Proxy};
use store::{Sink, Store};

#[test]
fn what_is_published_is_seen_once_and_whole() {
    let engine = Engine::start();
    let store = Store::new(engine.url());
    assert_eq!(store.migrate(), 5);
    assert_eq!(store.migrate(), 0, "applied once");

    let brokers = Brokers::start();
    brokers.events(&[accepted("c1", "a"), event("c1", "b"), event("c1", "b"), "not json".to_owned()]);
    let mut ledger = Ledger::new(0);
    brokers.ledger(&[ledger.entry(&["c1", "c2", TRIAL], 1), ledger.stale(), ledger.entry(&["c1"], 2)]);
    brokers.letter(
        &[0xff, 0x00],
        &[("reason", "too_large"), ("topic", "inbound.x"), ("partition", "1"), ("offset", "8")],
    );

    let sink = Sink::start(engine.url(), &brokers);
    store.until("SELECT max(last_seq) FROM ledger_progress", 1);
    store.until("SELECT max(stored_to) FROM completeness", 4);
    store.until("SELECT count() FROM dead_letters", 2);
    // Both partitions, of which the second never had a record.
    store.until("SELECT sum(complete) FROM completeness", 2);
    sink.stop();

    assert_eq!(store.number("SELECT count() FROM findings"), 4, "every revision");
    assert_eq!(store.number("SELECT count() FROM alarms"), 2, "every finding that is no shadow");
    assert_eq!(store.text("SELECT toString(groupArray(case_id)) FROM shadow_alarms"), "['trial']");
    assert_eq!(store.number("SELECT sum(alarms) FROM alarm_counts"), 2);
    assert_eq!(store.number("SELECT revision FROM alarms WHERE case_id = 'c1'"), 2);
    assert_eq!(
        store.text("SELECT toString(tuple(item, region, step, due)) FROM alarms WHERE case_id = 'c2'"),
        "('item-1','','',NULL)"
    );
    assert_eq!(store.number("SELECT count() FROM case_events"), 2, "the copy is dropped");
    assert_eq!(
        store.number("SELECT max(offset) FROM case_events WHERE event_id = 'b'"),
        1,
        "the first stands"
    );
    assert_eq!(
        store.text(
            "SELECT concat(item, '/', org, '/', title, '/', toString(events)) FROM cases WHERE case_id = 'c1'"
        ),
        "item-1/org-1/占道经营/2"
    );
    assert_eq!(
        store.text("SELECT data FROM case_events WHERE event_id = 'a'"),
        accepted("c1", "a"),
        "byte for byte"
    );
    assert_eq!(
        store
            .text("SELECT hex(payload) FROM dead_letters WHERE reason = 'too_large' AND topic = 'inbound.x'"),
        "FF00"
    );
    assert_eq!(
        store.text("SELECT payload FROM dead_letters WHERE reason = 'row_rejected' AND offset = 3"),
        "not json"
    );
}

#[test]
fn a_batch_whose_acknowledgement_is_lost_is_not_doubled() {
    let engine = Engine::start();
    let store = Store::new(engine.url());
    let brokers = Brokers::start();
    let proxy = Proxy::start(engine.url());
    let mut ledger = Ledger::new(0);
    brokers.events(&[event("c1", "a")]);
    brokers.ledger(&[ledger.entry(&["c1"], 1)]);
    let sink = Sink::start(&proxy.url(), &brokers);
    // A row is seen before the reply to its insert has come back: only the commit says that the sink knows.
    brokers.until("case-events", |offset, _| offset == 1);
    brokers.until("ledger", |offset, _| offset == 1);

    // The insert reaches ClickHouse, its reply never comes, and the sink ends.
    proxy.set(Mode::Mute);
    let many: Vec<String> = (0..500).map(|n| event("c2", &format!("e{n}"))).collect();
    brokers.events(&many);
    brokers.ledger(&[ledger.entry(&["c1", "c2"], 2), ledger.entry(&["c3"], 1)]);
    // Whether this is one batch or several, the first of them is as far as a sink without replies can come.
    store.until("SELECT count() FROM case_events_log", 2);
    store.until("SELECT count() FROM findings_log", 2);
    sink.stop();

    // Another sink repeats what was announced; ClickHouse knows the tokens.
    let sink = Sink::start(engine.url(), &brokers);
    store.until("SELECT max(last_seq) FROM ledger_progress", 2);
    brokers.events(&[event("c9", "z")]);
    store.until("SELECT count() FROM case_events WHERE case_id = 'c9'", 1);
    sink.stop();
    assert_eq!(store.number("SELECT count() FROM case_events_log"), 502, "not even before merging");
    assert_eq!(store.number("SELECT count() FROM findings_log"), 4);
    assert_eq!(store.number("SELECT count() FROM alarms_current"), 4, "the copies are not doubled either");
    assert_eq!(store.number("SELECT count() FROM findings"), 4);
    assert_eq!(store.number("SELECT count() FROM alarms"), 3);
}

#[test]
fn an_announced_batch_that_never_reached_clickhouse_is_stored_by_the_next_sink() {
    let engine = Engine::start();
    let store = Store::new(engine.url());
    let brokers = Brokers::start();
    let proxy = Proxy::start(engine.url());
    let mut ledger = Ledger::new(0);
    brokers.ledger(&[ledger.entry(&["c1"], 1)]);
    let sink = Sink::start(&proxy.url(), &brokers);
    brokers.until("ledger", |offset, _| offset == 1);

    proxy.set(Mode::Refuse);
    brokers.events(&(0..50).map(|n| event("c1", &format!("e{n}"))).collect::<Vec<_>>());
    brokers.ledger(&[ledger.entry(&["c1", "c2"], 2)]);
    brokers.until("case-events", |_, metadata| metadata.contains(" pending 0-"));
    brokers.until("ledger", |_, metadata| metadata.contains(" pending 1-"));
    sink.stop();
    assert_eq!(store.number("SELECT count() FROM case_events_log"), 0);

    // More arrives meanwhile; the announced range is stored as it was, then the rest.
    brokers.events(&[event("c1", "late")]);
    let sink = Sink::start(&proxy.url(), &brokers);
    proxy.set(Mode::Pass);
    store.until("SELECT count() FROM case_events", 51);
    store.until("SELECT max(last_seq) FROM ledger_progress", 1);
    brokers.until("case-events", |offset, _| offset == 51);
    sink.stop();
    assert_eq!(store.number("SELECT count() FROM case_events_log"), 51);
    assert_eq!(store.number("SELECT count() FROM findings_log"), 3);
}

#[test]
fn a_row_that_clickhouse_refuses_becomes_a_dead_letter_and_the_rest_is_stored() {
    let engine = Engine::start();
    let store = Store::new(engine.url());
    store.migrate();
    store.run("ALTER TABLE case_events_log ADD CONSTRAINT poison CHECK event_id != 'e7'");
    let brokers = Brokers::start();
    brokers.events(&(0..10).map(|n| event("c1", &format!("e{n}"))).collect::<Vec<_>>());
    let sink = Sink::start(engine.url(), &brokers);
    store.until("SELECT max(stored_to) FROM completeness", 10);
    sink.stop();
    assert_eq!(store.number("SELECT count() FROM case_events"), 9);
    assert_eq!(
        store.text("SELECT payload FROM dead_letters WHERE reason = 'row_rejected'"),
        event("c1", "e7")
    );
    assert_eq!(store.number("SELECT offset FROM dead_letters"), 7);
}
