//! Editions of the rules: whenever they are taken over, between whichever facts, the same findings stand in the end as if each
//! case had been judged from the beginning by the rules that govern it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use model::catalogue::{Edition, Shelf};

use super::*;

const FEWER: &str = "officer_id,name,org,certificate_no,valid_from,valid_to\no1,n,o,1,,\no3,n,o,3,,\n";
const OFFICERS: &str = "officer_id,name,org,certificate_no,valid_from,valid_to\no1,n,o,1,,\nghost,n,o,2,,\n";
const HOLIDAYS: &str = "year: 2026\nholidays: [2026-03-03, 2026-03-06, 2026-03-09]\nworkdays: [2026-03-07]\n";

/// From which day on, and with which files beside the catalogue's name.
fn published() -> Vec<(i64, Vec<(&'static str, String)>)> {
    let shorter = ITEM.replace("days: 5", "days: 3").replace("hours: 20", "hours: 7");
    let migrating = shorter
        .replace("category: penalty", "category: levy\nin_flight: migrate")
        .replace("id: p8", "id: q8")
        .replace("days: 3", "days: 4");
    let last = migrating.replace("in_flight: migrate", "").replace("id: p2", "id: q2");
    vec![
        (2, vec![("items/i.yaml", shorter), ("officers.csv", FEWER.into())]),
        (4, vec![("items/i.yaml", migrating.clone()), ("officers.csv", OFFICERS.into())]),
        (
            4,
            vec![
                ("items/i.yaml", migrating),
                ("officers.csv", OFFICERS.into()),
                ("calendar/2026.yaml", HOLIDAYS.into()),
            ],
        ),
        (
            8,
            vec![
                ("items/i.yaml", last),
                ("officers.csv", FEWER.into()),
                ("calendar/2026.yaml", HOLIDAYS.into()),
            ],
        ),
    ]
}

fn from(day: i64) -> Instant {
    start().plus_ms(day * MS_PER_DAY)
}

/// Made once: a calendar's tables take their time.
static EDITIONS: LazyLock<Vec<Arc<Edition>>> = LazyLock::new(publish);
static BASE: LazyLock<Arc<Catalogue>> = LazyLock::new(catalogue);

fn publish() -> Vec<Arc<Edition>> {
    let mut shelf = Shelf::default();
    for (n, (day, files)) in published().into_iter().enumerate() {
        let mut files: BTreeMap<String, String> =
            files.into_iter().map(|(path, text)| (path.to_owned(), text)).collect();
        files.insert("catalogue.yaml".into(), format!("version: \"v{n}\"\n"));
        let record =
            shelf.propose(&files, Some(from(day)), (start(), "li")).unwrap_or_else(|e| panic!("{e}"));
        shelf.take(&record.encode()).unwrap_or_else(|e| panic!("{e}"));
    }
    shelf.editions().to_vec()
}

/// Told apart by hand: the catalogue that a case accepted at an instant is judged by, once everything is published.
fn governing(accepted: Option<Instant>) -> Arc<Catalogue> {
    let (base, editions) = (&**BASE, &*EDITIONS);
    let newest = &editions.last().expect("some").catalogue;
    // The second is the only one that changes the item and migrates.
    let chosen = match accepted {
        Some(at) if at >= from(8) => Some(3),
        Some(at) if at >= from(4) => Some(2),
        Some(_) => Some(1),
        None => None,
    };
    let items = chosen.map_or(base, |n: usize| &editions[n].catalogue);
    let (calendar, officers) = (newest.calendar.clone(), newest.officers.clone());
    Arc::new(Catalogue { calendar, officers, ..items.clone() })
}

fn case_by_case(events: &[Event<'_>]) -> BTreeMap<FindingId, Finding> {
    let mut all = BTreeMap::new();
    for case in ["c0", "c1"] {
        let own: Vec<&Event<'_>> = events.iter().filter(|event| event.case == case).collect();
        let acceptances = own.iter().filter(|e| matches!(e.body, Body::CaseAccepted { .. }));
        let accepted = acceptances.min_by(|a, b| a.canonical_cmp(b)).map(|event| event.time);
        let mut machine = CaseMachine::new(governing(accepted));
        own.into_iter().for_each(|event| machine.absorb(event));
        let mut told = Vec::new();
        machine.settle(end(), |findings| told.extend(findings));
        all.extend(standing(told).into_iter().map(|(id, f)| (id, Finding { revision: 1, ..f })));
    }
    all
}

/// What happens to a machine.
#[derive(Debug, Clone)]
enum Step {
    Fact(prop::sample::Index),
    Clock(i64),
    /// The next edition is taken over.
    Edition,
    /// A few cases are looked at, or timers fired, at the hour that it is.
    Some(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => any::<prop::sample::Index>().prop_map(Step::Fact),
        3 => (-24i64..15 * 24).prop_map(Step::Clock),
        1 => Just(Step::Edition),
        2 => (0u32..3).prop_map(Step::Some),
    ];
    prop::collection::vec(step, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whenever_rules_change_each_case_ends_under_those_that_govern_it(events in events(), steps in steps()) {
        let mut machine = CaseMachine::new(Arc::clone(&BASE));
        let (editions, mut told) = (&*EDITIONS, Vec::new());
        let mut to_come = editions.iter();
        for step in &steps {
            match step {
                Step::Fact(which) => machine.step(Input::Fact(which.get(&events)), &mut told),
                Step::Clock(hour) => {
                    machine.step(Input::Clock(start().plus_ms(hour * MS_PER_HOUR).min(end())), &mut told);
                }
                Step::Edition => to_come.next().into_iter().for_each(|e| machine.step(Input::Edition(e), &mut told)),
                Step::Some(most) => {
                    machine.fire(machine.now(), *most, usize::MAX, &mut told);
                }
            }
        }
        for event in &events {
            machine.step(Input::Fact(event), &mut told);
        }
        to_come.for_each(|e| machine.step(Input::Edition(e), &mut told));
        machine.step(Input::Clock(end()), &mut told);
        prop_assert_eq!(machine.to_sweep(), 0);
        let stand: BTreeMap<_, _> =
            standing(told).into_iter().map(|(id, f)| (id, Finding { revision: 1, ..f })).collect();
        prop_assert_eq!(case_by_case(&events), stand);
        // The batch computation says the same.
        let mut batch = CaseMachine::new(Arc::clone(&BASE));
        editions.iter().for_each(|e| batch.step(Input::Edition(e), &mut Vec::new()));
        events.iter().for_each(|e| batch.absorb(e));
        let mut told = Vec::new();
        batch.settle(end(), |findings| told.extend(findings));
        prop_assert_eq!(case_by_case(&events), standing(told).into_iter().map(|(id, f)| (id, Finding { revision: 1, ..f })).collect());
    }
}

fn accepted(case: &str, day: i64) -> Event<'static> {
    let body = Body::CaseAccepted { item: "i".into(), org: "o".into(), region: None, due: vec![] };
    Event {
        id: format!("{case}-accepted").into(),
        source: "s".into(),
        case: case.to_owned().into(),
        time: from(day),
        recorded: None,
        body,
    }
}

#[test]
fn a_reissued_calendar_takes_back_what_it_makes_untrue() {
    let item = "code: i\nname: item\ncategory: other\nsteps: [{id: a}]\nlimits: [{id: t, scope: case, days: 3, unit: working_day}]\n\
                points: [{id: p, kind: time_limit, limit: t}]\n";
    let files = |calendar: &str| -> BTreeMap<String, String> {
        let version = format!("version: \"{}\"\n", calendar.len());
        [("items/i.yaml", item), ("calendar/2026.yaml", calendar), ("catalogue.yaml", &version)]
            .map(|(path, text)| (path.to_owned(), text.to_owned()))
            .into()
    };
    let mut shelf = Shelf::default();
    let record = shelf.propose(&files(HOLIDAYS), None, (from(5), "li")).unwrap_or_else(|e| panic!("{e}"));
    let edition = shelf.take(&record.encode()).expect("readable").expect("it counts");
    let base = Catalogue::from_files(files("year: 2026\n")).unwrap_or_else(|problems| panic!("{problems:?}"));
    let mut machine = CaseMachine::new(Arc::new(base));
    let mut told = Vec::new();
    machine.step(Input::Fact(&accepted("c0", 0)), &mut told);
    machine.step(Input::Clock(from(5)), &mut told);
    assert_eq!(
        told.last().map(|f| (f.change, f.cause)),
        Some((Change::Raised, model::finding::Cause::Clock))
    );
    let due = machine.next_wake();
    machine.step(Input::Edition(&edition), &mut told);
    assert_eq!((machine.to_sweep(), machine.is_settled()), (1, false));
    assert_eq!(machine.fire(from(5), 1, 9, &mut told), 1);
    assert!(machine.is_settled() && machine.next_wake() > due.max(Some(from(5))));
    let last = told.last().expect("told");
    assert_eq!((last.change, last.cause, told.len()), (Change::Retracted, model::finding::Cause::Rules, 2));
    machine.step(Input::Clock(from(9)), &mut told);
    assert_eq!(told.last().map(|f| (f.change, f.revision)), Some((Change::Raised, 3)));
}

/// A new machine with these editions and what another one saves now.
fn restored(machine: &mut CaseMachine, editions: &[Arc<Edition>]) -> CaseMachine {
    assert!(machine.is_settled());
    let (mut bytes, cases) = (Vec::new(), machine.cases());
    machine.begin_save(0, cases as u32, &mut bytes);
    while !machine.save(usize::MAX, &mut bytes) {}
    let mut new = CaseMachine::new(Arc::clone(&BASE));
    editions.iter().for_each(|e| new.step(Input::Edition(e), &mut Vec::new()));
    let mut restorer = Restorer::new(new, cases);
    restorer.feed(&bytes).and_then(|()| restorer.end_save()).expect("whole");
    restorer.finish().expect("whole")
}

#[test]
fn a_machine_restored_under_its_editions_goes_on_as_the_one_that_was_saved() {
    let mut first = CaseMachine::new(Arc::clone(&BASE));
    let mut told = Vec::new();
    (0..9).for_each(|n| first.step(Input::Fact(&accepted(&format!("c{n}"), n)), &mut told));
    first.step(Input::Clock(from(3)), &mut told);
    // All are published before the migrating one comes into force, on the fourth day.
    EDITIONS.iter().for_each(|e| first.step(Input::Edition(e), &mut told));
    first.step(Input::Clock(from(3)), &mut told);
    let mut second = restored(&mut first, &EDITIONS);
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for hour in (3 * 24..12 * 24).step_by(5) {
        let now = start().plus_ms(hour * MS_PER_HOUR);
        first.step(Input::Clock(now), &mut a);
        second.step(Input::Clock(now), &mut b);
        assert_eq!((&a, first.digest()), (&b, second.digest()));
    }
    assert!(a.iter().any(|f| f.cause == model::finding::Cause::Rules), "some were migrated");
}

#[test]
fn an_edition_that_came_into_force_with_a_later_one_has_no_timer_left() {
    let mut first = CaseMachine::new(Arc::clone(&BASE));
    let mut told = Vec::new();
    (0..3).for_each(|n| first.step(Input::Fact(&accepted(&format!("c{n}"), n)), &mut told));
    first.step(Input::Clock(from(3)), &mut told);
    EDITIONS[..2].iter().for_each(|e| first.step(Input::Edition(e), &mut told));
    while first.to_sweep() > 0 {
        first.fire(from(3), 1, usize::MAX, &mut told);
    }
    // The second is due, but the entry is full; then the third comes.
    first.fire(from(5), 0, usize::MAX, &mut told);
    assert!(!first.is_settled());
    first.step(Input::Edition(&EDITIONS[2]), &mut told);
    while first.to_sweep() > 0 {
        first.fire(from(5), 1, usize::MAX, &mut told);
    }
    let mut second = restored(&mut first, &EDITIONS[..3]);
    let mut fired = |machine: &mut CaseMachine| machine.fire(from(9), u32::MAX, usize::MAX, &mut told);
    assert_eq!(fired(&mut first), fired(&mut second), "a replay fires as many");
    assert_eq!(first.digest(), second.digest());
}
