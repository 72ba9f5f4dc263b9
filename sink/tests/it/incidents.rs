//! What operators must see: incidents, and partitions of which the store is not complete.

use crate::engine::Engine;
use crate::kafka::{Brokers, event};
use crate::store::{Sink, Store};

#[test]
fn an_incident_is_shown_once_in_both_languages() {
    let engine = Engine::start();
    let store = Store::new(engine.url());
    let brokers = Brokers::start();
    let told = r#"{"v":1,"incident_id":"0123","kind":"facts_lost","halts":true,"partition":3,"from":5,"to":9,
        "at":1772000000000,"detail":"d","explanation":{"zh":"丢失","en":"lost"}}"#;
    brokers.incident(told);
    brokers.incident(told);
    brokers.incident("{}");
    let sink = Sink::start(engine.url(), &brokers);
    brokers.until("incidents", |offset, _| offset == 3);
    sink.stop();
    assert_eq!(
        store.text(
            "SELECT (kind, halts, topic, partition, from, to, explanation_zh, explanation_en) FROM incidents"
        ),
        "('facts_lost',true,'case-events',3,5,9,'丢失','lost')"
    );
    assert_eq!(store.number("SELECT count() FROM dead_letters WHERE topic = 'incidents'"), 1);
}

#[test]
fn a_partition_that_the_sink_halts_is_an_incident_with_its_range_and_never_complete() {
    let engine = Engine::start();
    let store = Store::new(engine.url());
    let brokers = Brokers::start();
    brokers.events(&[event("c1", "a"), event("c1", "b")]);
    // Somebody says that more is stored than there is: so it looks when a log was cut or made anew.
    brokers.set_offset("case-events", 50);
    let sink = Sink::start(engine.url(), &brokers);
    store.until("SELECT count() FROM incidents", 1);
    assert_eq!(
        store.text("SELECT (kind, halts, topic, partition, from, to) FROM incidents"),
        "('store_log_cut',true,'case-events',0,2,50)"
    );
    store.until("SELECT toUInt8(halted) FROM completeness WHERE partition = 0", 1);
    assert_eq!(store.number("SELECT complete FROM completeness WHERE partition = 0"), 0);
    store.until("SELECT complete FROM completeness WHERE partition = 1", 1);
    sink.stop();
}

#[test]
fn completeness_says_which_leg_lags_and_since_when() {
    let engine = Engine::start();
    let store = Store::new(engine.url());
    let brokers = Brokers::start();
    brokers.events(&[event("c1", "a")]);
    let sink = Sink::start(engine.url(), &brokers);
    // Stored, and not processed: the detectors are away.
    store.until("SELECT stored_to FROM completeness WHERE partition = 0", 1);
    store.until("SELECT oldest_age_ms > 300 FROM completeness WHERE partition = 0", 1);
    assert_eq!(
        store.text(
            "SELECT (published_to, processed_to, stored_to, complete) FROM completeness WHERE partition = 0"
        ),
        "(1,0,1,0)"
    );
    sink.stop();
}
