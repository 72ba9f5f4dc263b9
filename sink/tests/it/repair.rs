//! Rows that vanish from ClickHouse, found and filled.

use std::collections::BTreeMap;

use sink::{Missing, Scope};

use crate::engine::Engine;
use crate::kafka::{Brokers, Ledger, accepted, event};
use crate::store::{Sink, Store, config};

const CASES: usize = 60;

/// One number that changes with any row of the views that readers see.
fn digest(store: &Store) -> [String; 4] {
    [
        "SELECT sum(cityHash64(finding_id, revision, state, case_id, changed_at, seq, offset)) FROM findings",
        "SELECT sum(cityHash64(finding_id, revision, state, case_id, changed_at, seq, offset)) FROM alarms",
        "SELECT sum(cityHash64(case_id, source, event_id, time, data, offset)) FROM case_events",
        "SELECT sum(cityHash64(partition, last_seq, hash)) FROM ledger_progress",
    ]
    .map(|sql| store.text(sql))
}

#[test]
fn rows_that_vanish_are_found_and_filled_and_nothing_else_is_touched() {
    let engine = Engine::start();
    let store = Store::new(engine.url());
    let brokers = Brokers::start();
    let names: Vec<String> = (0..CASES).map(|n| format!("c{n}")).collect();
    let mut ledger = Ledger::new(0);
    let mut entries = Vec::new();
    for (n, name) in names.iter().enumerate() {
        // An acceptance, an event, and a copy of it that is rightly not stored.
        brokers.events(&[
            accepted(name, &format!("a{n}")),
            event(name, &format!("e{n}")),
            event(name, &format!("e{n}")),
        ]);
        entries.extend([ledger.entry(&[name, "shared"], 1 + n as u32), ledger.stale()]);
    }
    brokers.events(&["not json".to_owned()]);
    brokers.ledger(&entries);
    let sink = Sink::start(engine.url(), &brokers);
    brokers.until("case-events", |offset, _| offset == 3 * CASES as i64 + 1);
    brokers.until("ledger", |offset, _| offset == 2 * CASES as i64);
    sink.stop();
    let before = digest(&store);
    let repair = |dry_run| {
        sink::repair(&config(engine.url()), &brokers.config(), Scope { newest: None, dry_run })
            .expect("a repair")
    };
    let records = 5 * CASES as u64 + 1;
    assert_eq!(repair(false), Missing { records, ..Missing::default() }, "nothing is missing");

    for delete in [
        "ALTER TABLE findings_log DELETE WHERE cityHash64(finding_id, revision) % 5 = 0",
        "ALTER TABLE alarms_current DELETE WHERE cityHash64(finding_id) % 3 = 0",
        "ALTER TABLE case_events_log DELETE WHERE cityHash64(event_id) % 4 = 0",
        "ALTER TABLE ledger_progress_log DELETE WHERE 1",
        "ALTER TABLE dead_letters_log DELETE WHERE 1",
    ] {
        store.run(&format!("{delete} SETTINGS mutations_sync = 2"));
    }
    let damaged = digest(&store);
    (0..4).for_each(|n| assert_ne!(before[n], damaged[n], "view {n} is damaged"));
    let found = repair(true);
    assert_eq!(digest(&store), damaged, "a dry run only looks");
    let tables: Vec<&str> = found.missing.keys().copied().collect();
    assert_eq!(
        tables,
        ["alarms_current", "case_events_log", "dead_letters_log", "findings_log", "ledger_progress_log"]
    );
    assert!(!found.gaps.is_empty());
    let mended = repair(false);
    let without_alarms = |mut missing: BTreeMap<&'static str, u64>| {
        missing.remove("alarms_current");
        missing
    };
    // Findings that come again bring their alarms along, so fewer of these are left to mend.
    assert_eq!(without_alarms(mended.missing), without_alarms(found.missing));
    assert_eq!(digest(&store), before, "as it was");
    assert_eq!(store.text("SELECT payload FROM dead_letters WHERE reason = 'row_rejected'"), "not json");
    assert_eq!(repair(false), Missing { records, ..Missing::default() }, "nothing is left");
    let newest = Scope { newest: Some(40), dry_run: true };
    let few = sink::repair(&config(engine.url()), &brokers.config(), newest).expect("a repair");
    assert!(few.missing.is_empty() && few.records < records, "{few:?}");
}
