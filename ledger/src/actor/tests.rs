//! Owners that crash, stall and overlap, appends that are lost or unknown: what counts in the ledger equals one
//! undisturbed run.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::OnceLock;

use detectors::machine::{CaseMachine, Input};
use model::catalogue::{Edition, Shelf};
use model::finding::{Cause, Change, State};
use model::{Finding, FindingId};
use proptest::prelude::*;

use super::*;
use crate::chain::Chain;
use crate::memory::{MemoryLog, Outcome, Streams};
use crate::record::{Entry, Hash};

mod follows;
mod jumps;
mod losses;
mod saves;
mod silences;

const ITEM: &str = "
code: i
name: item
category: penalty
steps: [{id: a, name: a, next: [b]}, {id: b, name: b}]
limits:
  - {id: total, scope: case, days: 2, unit: calendar_day, warn_days: 1}
  - {id: a, scope: {step: a}, hours: 5, unit: hour}
points:
  - {id: p1, kind: time_limit, limit: total}
  - {id: p2, kind: time_limit, limit: a}
  - {id: p3, kind: evidence, step: a, required: [{kind: photo, min: 1}]}
";

const HOUR: i64 = 3_600_000;

fn rules() -> Arc<Catalogue> {
    let files = [("items/i.yaml".to_owned(), ITEM.to_owned())];
    Arc::new(Catalogue::from_files(files).unwrap_or_else(|problems| panic!("{problems:?}")))
}

fn start() -> Instant {
    Instant::parse("2026-03-02T08:00:00+08:00").expect("instant")
}

fn end() -> Instant {
    start().plus_ms(100 * HOUR)
}

fn record(n: usize, case: u8, kind: u8, hour: i64) -> Vec<u8> {
    let (kind, data) = match kind {
        0 => ("case.accepted", r#"{"item":"i","org":"o"}"#),
        1 => ("step.started", r#"{"step":"a"}"#),
        2 => ("step.completed", r#"{"step":"a"}"#),
        3 => ("evidence.uploaded", r#"{"step":"a","evidence":[{"id":"x","kind":"photo"}]}"#),
        4 => ("clock.suspended", r#"{"reason":"r"}"#),
        _ => ("case.closed", "{}"),
    };
    let time = start().plus_ms(hour * HOUR);
    format!(
        r#"{{"specversion":"1.0","id":"e{n}","source":"s","type":"{kind}","subject":"c{case}","time":"{time}","data":{data}}}"#
    )
    .into_bytes()
}

const LIMITS: Limits = Limits {
    batch_records: 3,
    batch_wait_ms: 10,
    entry_findings: 2,
    entry_bytes: 4_000,
    entry_timers: 3,
    unconfirmed_entries: 3,
    checkpoint_records: 8,
    checkpoint_entries: 3,
    checkpoint_stretch: 1,
    segment_record_bytes: 150,
};

fn settings(clock: ClockMode, limits: Limits) -> Settings {
    Settings { partition: 0, rules: rules(), clock, limits }
}

/// Checkpoints seldom or often, of few cases or many, in records of any size.
fn limits() -> impl Strategy<Value = Limits> {
    (1u64..12, 1u64..8, 1usize..4, 20usize..400).prop_map(|(records, entries, stretch, bytes)| Limits {
        checkpoint_records: records,
        checkpoint_entries: entries,
        checkpoint_stretch: stretch,
        segment_record_bytes: bytes,
        ..LIMITS
    })
}

/// Rules that change while the facts come: shorter limits for cases to come, another point for all, a day off.
fn editions() -> Vec<Arc<Edition>> {
    static MADE_ONCE: OnceLock<Vec<Arc<Edition>>> = OnceLock::new();
    MADE_ONCE.get_or_init(make_editions).clone()
}

fn make_editions() -> Vec<Arc<Edition>> {
    let shorter = ITEM.replace("hours: 5", "hours: 3");
    let migrating =
        shorter.replace("category: penalty", "category: penalty\nin_flight: migrate").replace("p3", "q3");
    let holiday = "year: 2026\nholidays: [2026-03-04]\n";
    let mut shelf = Shelf::default();
    for (n, (hour, item, calendar)) in
        [(9, &shorter, None), (30, &migrating, None), (30, &migrating, Some(holiday))].into_iter().enumerate()
    {
        let mut files: BTreeMap<String, String> = [("items/i.yaml".to_owned(), item.clone())].into();
        files.insert("catalogue.yaml".to_owned(), format!("version: \"v{n}\"\n"));
        files.extend(calendar.map(|text| ("calendar/2026.yaml".to_owned(), text.to_owned())));
        let from = Some(start().plus_ms(hour * HOUR));
        let record = shelf.propose(&files, from, (start(), "li")).unwrap_or_else(|e| panic!("{e}"));
        shelf.take(&record.encode()).unwrap_or_else(|e| panic!("{e}"));
    }
    shelf.editions().to_vec()
}

/// What the entries that count say, folded to what stands; checks the chain and the revisions on the way.
fn counted(streams: &Streams) -> BTreeMap<FindingId, Finding> {
    let mut chain = Chain::new(0);
    let mut stand: BTreeMap<FindingId, Finding> = BTreeMap::new();
    for bytes in &streams.ledger {
        let Ok(entry) = chain.accept(bytes) else { continue };
        for finding in entry.findings {
            let last = stand.get(&finding.finding_id).map_or(0, |f| f.revision);
            assert_eq!(finding.revision, last + 1, "told once, in order");
            stand.insert(finding.finding_id, finding);
        }
    }
    assert_eq!(chain.position, streams.case_events.len() as i64, "every fact was processed");
    assert_eq!(chain.reference, streams.editions.len() as i64, "every edition was taken over");
    stand.retain(|_, f| f.state != State::Retracted);
    stand.into_values().map(neutral).map(|f| (f.finding_id, f)).collect()
}

/// Without what depends on when it was said.
fn neutral(finding: Finding) -> Finding {
    Finding {
        revision: 1,
        change: Change::Raised,
        cause: Cause::Fact,
        raised_at: end(),
        changed_at: end(),
        ..finding
    }
}

fn undisturbed(streams: &Streams) -> BTreeMap<FindingId, Finding> {
    let mut machine = CaseMachine::new(rules());
    for edition in &streams.editions {
        machine.step(Input::Edition(edition), &mut Vec::new());
    }
    for (_, bytes) in &streams.case_events {
        machine.absorb(&model::event::decode(bytes, Instant::LATEST).expect("good"));
    }
    let mut all = BTreeMap::new();
    machine
        .settle(end(), |findings| all.extend(findings.into_iter().map(neutral).map(|f| (f.finding_id, f))));
    all
}

/// What befalls the owners, turn by turn.
#[derive(Debug, Clone)]
enum Fate {
    /// The owner of this number takes a turn.
    Turn(usize),
    /// It takes one as a standby.
    Follow(usize),
    /// It dies and starts again with nothing.
    Crash(usize),
    /// The outcome of its next append is unknown to it.
    Unknown(usize, Outcome),
    /// What was on its way arrives.
    Land,
    /// Facts arrive.
    Arrive(usize),
    /// An edition of the rules is published.
    Publish,
}

fn fates() -> impl Strategy<Value = Vec<Fate>> {
    let owner = 0usize..2;
    prop::collection::vec(
        prop_oneof![
            8 => owner.clone().prop_map(Fate::Turn),
            3 => owner.clone().prop_map(Fate::Follow),
            1 => owner.clone().prop_map(Fate::Crash),
            1 => (owner, prop::sample::select(vec![Outcome::Lands, Outcome::Lost, Outcome::Late, Outcome::PassedOver]))
                .prop_map(|(o, outcome)| Fate::Unknown(o, outcome)),
            1 => Just(Fate::Land),
            3 => (1usize..6).prop_map(Fate::Arrive),
            1 => Just(Fate::Publish),
        ],
        0..120,
    )
}

type Owner = Actor<MemoryLog>;

fn owner(streams: &Rc<RefCell<Streams>>, clock: ClockMode) -> Owner {
    owner_of(streams, clock, LIMITS)
}

fn owner_of(streams: &Rc<RefCell<Streams>>, clock: ClockMode, limits: Limits) -> Owner {
    Actor::new(settings(clock, limits), MemoryLog::new(Rc::clone(streams)))
}

/// Turns one owner until it has nothing left to do at the end of time.
fn finish(owner: &mut Owner) {
    let mut quiet = 0;
    while quiet < 4 {
        let before = owner.tally();
        let report = owner.turn(end(), Duration::ZERO).expect("the log is whole");
        let idle = report.is_none() && owner.tally() == before && owner.position().is_some_and(|(_, c)| c);
        quiet = if idle { quiet + 1 } else { 0 };
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn crashes_zombies_and_unknown_appends_lose_and_double_nothing(
        facts in prop::collection::vec((0u8..4, 0u8..6, 0i64..80), 1..40),
        fates in fates(),
        limits in limits(),
    ) {
        let streams = Rc::new(RefCell::new(Streams::default()));
        let mut to_publish = editions().into_iter();
        let mut to_come = facts.iter().enumerate().map(|(n, (case, kind, hour))| record(n, *case, if n < 4 { 0 } else { *kind }, *hour));
        let new = || owner_of(&streams, ClockMode::Wall, limits);
        let mut owners = [new(), new()];
        let mut wall = start();
        for fate in fates {
            wall = wall.plus_ms(HOUR / 2);
            match fate {
                Fate::Turn(o) => {
                    owners[o].turn(wall, Duration::ZERO).expect("the log is whole");
                }
                Fate::Follow(o) => {
                    owners[o].follow(wall, Duration::ZERO).expect("the log is whole");
                }
                Fate::Crash(o) => owners[o] = new(),
                Fate::Unknown(o, outcome) => owners[o].log_mut().unknown_appends.push(outcome),
                Fate::Land => streams.borrow_mut().land(),
                Fate::Publish => streams.borrow_mut().editions.extend(to_publish.next()),
                Fate::Arrive(n) => streams.borrow_mut().case_events.extend(to_come.by_ref().take(n).map(|r| (wall, r))),
            }
        }
        streams.borrow_mut().case_events.extend(to_come.map(|r| (wall, r)));
        // Both go on to the end, one after the other: the zombie may still say what it has to say, and so may the dead.
        for owner in &mut owners {
            owner.log_mut().unknown_appends.clear();
            finish(owner);
            streams.borrow_mut().land();
        }
        finish(&mut owners[0]);
        let mut next = new();
        finish(&mut next);
        prop_assert_eq!(next.take_incidents(), [], "whatever an owner named can be begun from");
        let streams = streams.borrow();
        prop_assert_eq!(undisturbed(&streams), counted(&streams));
    }
}

#[test]
fn a_deadline_falls_due_in_silence() {
    let streams = Rc::new(RefCell::new(Streams::default()));
    for (n, kind) in [0, 1].into_iter().enumerate() {
        streams.borrow_mut().case_events.push((start(), record(n, 0, kind, 0)));
    }
    let mut owner = owner(&streams, ClockMode::Wall);
    let wall = |ms| start().plus_ms(ms);
    for ms in [0, 1, 20, 40, 60] {
        owner.turn(wall(ms), Duration::ZERO).expect("whole");
    }
    assert_eq!(owner.tally().findings, 0);
    for _ in 0..3 {
        owner.turn(wall(5 * HOUR), Duration::ZERO).expect("whole");
    }
    assert_eq!(owner.tally().findings, 1, "the step's five hours are over and nobody said a word");
}

#[test]
fn a_backlog_does_not_raise_what_its_unread_part_takes_back() {
    let streams = Rc::new(RefCell::new(Streams::default()));
    // Four records an hour apart: started at 0, done at 1; the batch holds three.
    for (n, (kind, hour)) in [(0, 0), (1, 0), (3, 0), (2, 1)].into_iter().enumerate() {
        streams.borrow_mut().case_events.push((start().plus_ms(hour * HOUR), record(n, 0, kind, hour)));
    }
    let mut owner = owner(&streams, ClockMode::Wall);
    for _ in 0..6 {
        owner.turn(start().plus_ms(20 * HOUR), Duration::ZERO).expect("whole");
    }
    let told: Vec<_> = counted(&streams.borrow()).into_values().map(|f| f.code).collect();
    assert!(told.is_empty(), "{told:?}");
    assert_eq!(owner.tally().findings, 0);
}

#[test]
fn an_append_that_was_passed_over_is_noticed_by_the_next_or_in_time() {
    for (facts, patience) in [(6, 0), (1, 61_000)] {
        let streams = Rc::new(RefCell::new(Streams::default()));
        let all = (0..facts).map(|n| (start(), record(n, n as u8, 0, 0)));
        streams.borrow_mut().case_events.extend(all);
        let mut owner = owner(&streams, ClockMode::Until(end()));
        owner.log_mut().unknown_appends.push(Outcome::PassedOver);
        let mut turns = |ms| {
            for _ in 0..20 {
                owner.turn(start().plus_ms(ms), Duration::ZERO).expect("whole");
            }
        };
        turns(0);
        turns(patience);
        assert_eq!(owner.position(), Some((facts as i64, true)));
    }
}

#[test]
fn an_entry_that_follows_a_lost_one_does_not_begin_the_ledger() {
    let streams = Rc::new(RefCell::new(Streams::default()));
    // Of two appends the first was lost and the second landed.
    let orphan = Entry { seq: 1, prev: Hash::of(b"lost"), ..Entry::extending(&Chain::new(0)) };
    streams.borrow_mut().ledger.push(orphan.encode());
    streams.borrow_mut().case_events.push((start(), record(0, 0, 0, 0)));
    let mut owner = owner(&streams, ClockMode::Until(end()));
    finish(&mut owner);
    assert_eq!(owner.position(), Some((1, true)));
}
