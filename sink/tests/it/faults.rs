//! Replies that lie, and a store that has forgotten what it was given.

use crate::engine::Engine;
use crate::kafka::{Brokers, Ledger, event};
use crate::proxy::{Mode, Proxy};
use crate::store::{Sink, Store, wait};

/// What a sink may hear of an insert that was made: refusals of every class, exceptions behind a status of 200 in both
/// formats and in pieces, and replies that break off.
const REPLIES: [&str; 11] = [
    "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 403 Forbidden\r\nContent-Length: 35\r\n\r\nCode: 497. DB::Exception: no access\n",
    "HTTP/1.1 500 Oh\r\nContent-Length: 36\r\n\r\nCode: 241. DB::Exception: no memory.\n",
    "HTTP/1.1 500 Oh\r\nContent-Length: 34\r\n\r\nCode: 243. DB::Exception: no space\n",
    "HTTP/1.1 500 Oh\r\nContent-Length: 37\r\n\r\nCode: 252. DB::Exception: many parts.\n",
    "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\nhuh\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 63\r\n\r\nCode: 241. DB::Exception: no (version 24.8.1 (official build))\n",
    "HTTP/1.1 200 OK\r\nX-ClickHouse-Exception-Tag: rnywyenlaeqynhmu\r\nTransfer-Encoding: chunked\r\n\r\n\
     1C\r\n\r\n__exception__\r\nrnywyenlaeq\r\n2F\r\nynhmu\r\nCode: 241. DB::Exception: no (version 26)\n\r\n\
     24\r\n45 rnywyenlaeqynhmu\r\n__exception__\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nab",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    "",
];

#[test]
fn no_reply_but_a_good_one_is_believed() {
    let engine = Engine::start();
    let store = Store::new(engine.url());
    let brokers = Brokers::start();
    let proxy = Proxy::start(engine.url());
    let sink = Sink::start(&proxy.url(), &brokers);
    store.until("SELECT count() FROM migrations", 5);
    for (number, reply) in REPLIES.iter().enumerate() {
        proxy.set(Mode::Answer(reply));
        let before = proxy.answers();
        brokers.events(&[event("c", &format!("e{number}"))]);
        // The rows are in ClickHouse after the first of them; that it is tried again says that the reply was not believed.
        wait(|| proxy.answers() > before + 2).unwrap_or_else(|()| panic!("{reply} was believed"));
        let stored = number as i64;
        brokers.until("case-events", |offset, metadata| offset <= stored && metadata.contains(" pending "));
        proxy.set(Mode::Pass);
        brokers.until("case-events", |offset, _| offset == stored + 1);
    }
    sink.stop();
    let count = REPLIES.len() as u64;
    assert_eq!(store.number("SELECT count() FROM case_events_log"), count, "the repetitions are dropped");
    assert_eq!(store.number("SELECT count() FROM dead_letters"), 0);
}

#[test]
fn views_are_right_when_the_store_has_forgotten_the_tokens() {
    let engine = Engine::start();
    let store = Store::new(engine.url());
    let brokers = Brokers::start();
    let proxy = Proxy::start(engine.url());
    store.migrate();
    for table in ["findings_log", "alarms_current", "case_events_log"] {
        store.run(&format!("ALTER TABLE {table} MODIFY SETTING non_replicated_deduplication_window = 10"));
        store.run(&format!("SYSTEM STOP MERGES {table}"));
    }
    let mut ledger = Ledger::new(0);
    brokers.events(&[event("c1", "a"), event("c1", "b")]);
    brokers.ledger(&[ledger.entry(&["c1", "c2"], 1), ledger.entry(&["c1"], 2)]);
    proxy.set(Mode::Mute);
    let sink = Sink::start(&proxy.url(), &brokers);
    store.until("SELECT count() FROM findings_log", 3);
    store.until("SELECT count() FROM case_events_log", 2);
    sink.stop();
    let counts =
        store.text("SELECT groupArray((state, alarms)) FROM (SELECT * FROM alarm_counts ORDER BY state)");

    for other in 0..20 {
        store.run(&format!(
            "INSERT INTO findings_log (finding_id, revision, state) VALUES ('x', {other}, 'other')"
        ));
        store.run(&format!(
            "INSERT INTO case_events_log (case_id, source, event_id) VALUES ('x', 's', '{other}')"
        ));
    }
    let sink = Sink::start(engine.url(), &brokers);
    brokers.until("case-events", |offset, _| offset == 2);
    brokers.until("ledger", |offset, _| offset == 2);
    sink.stop();
    assert_eq!(
        store.number("SELECT count() FROM findings_log WHERE state != 'other'"),
        6,
        "really doubled below"
    );
    assert_eq!(
        store.number("SELECT count() FROM case_events_log WHERE case_id != 'x'"),
        4,
        "really doubled below"
    );
    assert_eq!(store.number("SELECT count() FROM findings WHERE state != 'other'"), 3);
    assert_eq!(store.number("SELECT count() FROM alarms WHERE state != 'other'"), 2);
    assert_eq!(store.number("SELECT count() FROM case_events WHERE case_id != 'x'"), 2);
    assert_eq!(store.number("SELECT events FROM cases WHERE case_id = 'c1'"), 2);
    let after = "SELECT groupArray((state, alarms)) FROM (SELECT * FROM alarm_counts WHERE state != 'other' ORDER BY state)";
    assert_eq!(store.text(after), counts);
}
