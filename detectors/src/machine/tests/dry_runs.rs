//! What a dry run says is what happens: the draft is published, the same facts come live, and what stands differs as was said.
//! Over random histories, random drafts and random rules before them.

use std::collections::BTreeMap;

use model::catalogue::{Edition, Shelf};
use model::dry_run::Direction;

use super::*;
use crate::dry_run::{Answer, Difference, Tally, Trial, compare};

/// Files of a catalogue.
#[derive(Debug, Clone)]
struct Files(BTreeMap<String, String>);

impl Files {
    fn catalogue(&self) -> Catalogue {
        Catalogue::from_files(self.0.clone()).unwrap_or_else(|problems| panic!("{problems:?}"))
    }

    fn same_registers(&self, other: &Self) -> bool {
        ["officers.csv", "calendar/2026.yaml"].iter().all(|file| self.0.get(*file) == other.0.get(*file))
    }

    fn named(&self, version: &str) -> Self {
        let mut files = self.0.clone();
        files.insert("catalogue.yaml".into(), format!("version: {version}\n"));
        Self(files)
    }
}

/// The item, with limits, points and registers of its own choosing.
fn rules() -> impl Strategy<Value = Files> {
    // A point wants two officers: fewer certificates are no catalogue that could be published.
    let certified = prop::sample::subsequence(vec!["o1,n,o,1,,", "o2,n,o,2,,", "ghost,n,o,3,,"], 2..=3);
    let choices = (3u32..7, 1u32..21, certified, 0u8..8, any::<bool>(), 0u8..3);
    choices.prop_map(|(days, hours, certified, off, migrates, gone)| {
        let mut item = ITEM
            .replace("days: 5,", &format!("days: {days},"))
            .replace("warn_days: 2", &format!("warn_days: {}", days - 1))
            .replace("hours: 20", &format!("hours: {hours}"));
        for (bit, point) in ["id: p8", "id: p11", "id: p7"].iter().enumerate() {
            if off >> bit & 1 == 1 {
                item = item.replace(point, &point.replace('p', "q"));
            }
        }
        if migrates {
            item = item.replace("category: penalty", "category: levy\nin_flight: migrate");
        }
        let officers = certified.join("\n");
        let mut files = BTreeMap::from([
            ("items/i.yaml".to_owned(), item),
            (
                "officers.csv".to_owned(),
                format!("officer_id,name,org,certificate_no,valid_from,valid_to\n{officers}\n"),
            ),
        ]);
        if gone == 0 {
            let holidays = "year: 2026\nholidays: [2026-03-03, 2026-03-06]\nworkdays: [2026-03-07]\n";
            files.insert("calendar/2026.yaml".into(), holidays.into());
        }
        Files(files)
    })
}

/// Facts one by one with the clock beside them, up to an instant.
fn live(machine: &mut CaseMachine, events: &[Event<'_>], at: Instant, told: &mut Vec<Finding>) {
    for event in events {
        machine.step(Input::Fact(event), told);
        machine.step(Input::Clock(event.time.min(at)), told);
    }
    machine.step(Input::Clock(at), told);
}

/// What stands in the end, as a judgement of that moment says it.
fn stands(told: &[Finding], at: Instant) -> Vec<Finding> {
    let mut last = BTreeMap::new();
    told.iter().for_each(|finding| drop(last.insert(finding.finding_id, finding.clone())));
    last.retain(|_, finding| finding.state != State::Retracted);
    let neutral = |f: Finding| Finding {
        revision: 1,
        change: if f.state == State::Cleared { Change::Cleared } else { Change::Raised },
        cause: model::finding::Cause::Fact,
        raised_at: at,
        changed_at: at,
        ..f
    };
    last.into_values().map(neutral).collect()
}

/// What a dry run over all cases of a machine says.
fn dry_run(trial: &Trial, machine: &CaseMachine) -> Answer {
    let mut whole = Answer::default();
    for number in 0..machine.cases() as u32 {
        let answer = trial.ask(machine, number);
        whole.before += answer.before;
        whole.after += answer.after;
        whole.renamed += answer.renamed;
        whole.differences.extend(answer.differences);
    }
    whole.differences.sort_by_key(|difference| difference.finding.finding_id);
    whole
}

/// Of one cause or another: a finding that is cleared because a later one stands says so only live.
fn told_apart(answer: Answer) -> (usize, usize, usize, Vec<Difference>) {
    let plain = |f: Finding| Finding { cause: model::finding::Cause::Fact, ..f };
    let plain = |d: Difference| Difference { finding: plain(d.finding), was: d.was.map(plain), ..d };
    let differences = answer.differences.into_iter().map(plain).collect();
    (answer.before, answer.after, answer.renamed, differences)
}

fn absorbed(rules: Catalogue, events: &[Event<'_>]) -> CaseMachine {
    let mut machine = CaseMachine::new(Arc::new(rules));
    events.iter().for_each(|event| machine.absorb(event));
    machine
}

fn published(shelf: &mut Shelf, files: &Files, from: Instant) -> Arc<Edition> {
    let record = shelf.propose(&files.0, Some(from), (from, "wu")).unwrap_or_else(|e| panic!("{e}"));
    shelf.take(&record.encode()).unwrap_or_else(|e| panic!("{e}")).expect("it counts")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn had_it_been_in_force_is_what_a_site_with_it_comes_to(
        events in events(), current in rules(), draft in rules(), hour in 1i64..12 * 24,
    ) {
        let at = start().plus_ms(hour * MS_PER_HOUR);
        let (current, draft) = (current.named("current"), draft.named("i/2"));
        let events: Vec<Event<'_>> = events.into_iter().filter(|event| event.time <= at).collect();
        let run = |files: &Files| {
            let (mut machine, mut told) = (CaseMachine::new(Arc::new(files.catalogue())), Vec::new());
            live(&mut machine, &events, at, &mut told);
            stands(&told, at)
        };
        let trial = Trial::history(Arc::new(current.catalogue()), Arc::new(draft.catalogue()), at);
        let said = dry_run(&trial, &absorbed(current.catalogue(), &events));
        prop_assert_eq!(told_apart(compare(run(&current), run(&draft))), told_apart(said));
    }

    #[test]
    fn at_the_switch_is_what_the_edition_brings_live(
        events in events(), base in rules(), earlier in rules(), draft in rules(), hour in 1i64..12 * 24, first in 0i64..12 * 24,
    ) {
        // No case is accepted at that very moment.
        let at = start().plus_ms(hour * MS_PER_HOUR + 1);
        let began = start().plus_ms(first * MS_PER_HOUR).min(at);
        let (base, earlier, draft) = (base.named("base"), earlier.named("i/1"), draft.named("i/2"));
        let events: Vec<Event<'_>> = events.into_iter().filter(|event| event.time <= at).collect();
        let mut shelf = Shelf::default();
        let edition = published(&mut shelf, &earlier, began);
        let (mut machine, mut told) = (CaseMachine::new(Arc::new(base.catalogue())), Vec::new());
        machine.step(Input::Edition(&edition), &mut told);
        live(&mut machine, &events, at, &mut told);
        let before = stands(&told, at);
        let switched = published(&mut shelf, &draft, at);
        machine.step(Input::Edition(&switched), &mut told);
        machine.step(Input::Clock(at), &mut told);
        let after = stands(&told, at);
        let live = compare(before, after);
        match Trial::switch(Arc::new(base.catalogue()), &[edition], draft.catalogue(), at) {
            Some(trial) => {
                let said = dry_run(&trial, &absorbed(base.catalogue(), &events));
                prop_assert_eq!(told_apart(live), told_apart(said));
            }
            // Registers and calendars are of no draft of a rule, and take effect without a switch.
            None if earlier.same_registers(&draft) => prop_assert_eq!((live.differences, live.renamed), (vec![], 0)),
            None => {}
        }
    }

    #[test]
    fn a_tally_is_the_same_however_its_cases_are_dealt(
        events in events(), current in rules(), draft in rules(), dealt in prop::collection::vec(any::<bool>(), 2),
    ) {
        let trial = Trial::history(Arc::new(current.catalogue()), Arc::new(draft.catalogue()), end());
        let machine = absorbed(current.catalogue(), &events);
        let calendar = current.catalogue().calendar;
        let (mut whole, mut parts) = (Tally::default(), [Tally::default(), Tally::default()]);
        for number in 0..machine.cases() as u32 {
            whole.add(trial.ask(&machine, number), &calendar);
            let part = usize::from(dealt[number as usize % dealt.len()]);
            parts[part].add(trial.ask(&machine, number), &calendar);
        }
        let [mut one, other] = parts;
        one.merge(other);
        prop_assert_eq!(one.cases, whole.cases);
        let whole = whole.into_part();
        prop_assert_eq!(one.into_part(), whole.clone());
        let added = |part: &model::dry_run::Part| part.groups.iter().map(|g| g.counts.added).sum::<u64>();
        prop_assert_eq!(added(&whole), whole.counts.added);
        prop_assert_eq!(
            whole.alarms_before + whole.counts.added, whole.alarms_after + whole.counts.removed
        );
    }
}

#[test]
fn a_dry_run_tells_the_three_directions_and_a_mere_new_name() {
    let finding = |id: u8, version: &str| {
        let files = Files([("items/i.yaml".to_owned(), ITEM.to_owned())].into()).named(version);
        let event = Event {
            id: "e".into(),
            source: "s".into(),
            case: format!("c{id}").into(),
            time: start(),
            recorded: None,
            body: body(0, 0),
        };
        absorbed(files.catalogue(), &[event]).findings(0, end()).remove(0)
    };
    let other = Finding { detail: Some("other".into()), ..finding(3, "new") };
    let old = vec![finding(1, "old"), finding(2, "old"), finding(3, "old")];
    let answer = compare(old, vec![finding(2, "new"), other, finding(4, "new")]);
    let directions: Vec<Direction> = answer.differences.iter().map(|d| d.direction).collect();
    assert_eq!((answer.before, answer.after, answer.renamed), (3, 3, 1));
    let count = |direction| directions.iter().filter(|d| **d == direction).count();
    assert_eq!([Direction::Added, Direction::Removed, Direction::Changed].map(count), [1, 1, 1]);
}
