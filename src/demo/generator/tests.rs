//! The truth is held against the detectors, for many seeds and at many hours: two reckonings made apart, finding by
//! finding. It is also held against itself: same seed, same stream.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use detectors::machine::{CaseMachine, Input};
use model::Finding;
use model::event::decode;
use model::finding::State;
use model::time::MS_PER_MINUTE;

use super::*;

const CASES: u32 = 400;
const YEARS: [&str; 2] = ["2025-01-01T00:00:00+08:00", "2026-12-31T23:59:59+08:00"];

/// The example catalogue, and an item that nobody supervises.
fn catalogue() -> Arc<Catalogue> {
    static READ: OnceLock<Arc<Catalogue>> = OnceLock::new();
    let read = || {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/catalogues/demo");
        let mut files: BTreeMap<String, String> = BTreeMap::new();
        let mut folders = vec![dir.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("catalogue") {
                let path = entry.expect("entry").path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let name = path.strip_prefix(&dir).expect("inside").to_string_lossy().into_owned();
                files.insert(name, std::fs::read_to_string(path).expect("text"));
            }
        }
        Arc::new(Catalogue::from_files(files).expect("a catalogue without errors"))
    };
    Arc::clone(READ.get_or_init(read))
}

fn at(text: &str) -> Instant {
    Instant::parse(text).expect("instant")
}

/// The hours that are worth a look, and others at random.
fn moments(random: &mut Random, many: usize) -> Vec<Instant> {
    let mut moments: Vec<Instant> = [
        YEARS[0],
        "2025-01-26T09:00:00+08:00",
        "2025-02-04T23:59:30+08:00",
        "2025-02-09T11:00:00+08:00",
        "2025-05-01T00:00:10+08:00",
        "2025-10-01T00:00:00+08:00",
        "2025-10-08T23:59:00+08:00",
        "2025-12-31T23:59:20+08:00",
        "2026-01-01T00:00:30+08:00",
        "2026-02-23T12:00:00+08:00",
        "2026-02-28T17:29:00+08:00",
        "2026-04-20T23:59:59+08:00",
        "2026-06-30T09:00:05+08:00",
        "2026-09-01T00:00:01+08:00",
        YEARS[1],
    ]
    .into_iter()
    .map(at)
    .collect();
    moments.extend((0..many).map(|_| Instant(random.between(at(YEARS[0]).0, at(YEARS[1]).0))));
    moments
}

/// What the detectors say of the valid records; also counts what they were fed.
fn detect(generated: &Generated, catalogue: &Arc<Catalogue>, until: Instant, now: Instant) -> Vec<Finding> {
    let mut machine = CaseMachine::new(Arc::clone(catalogue));
    let mut rejected: BTreeMap<Reason, u64> = BTreeMap::new();
    for record in &generated.records {
        match decode(&record.bytes, now).and_then(|e| catalogue.orgs.authorise(&e).map(|()| e)) {
            Ok(event) => machine.absorb(&event),
            Err(rejection) => *rejected.entry(rejection.reason).or_default() += 1,
        }
    }
    assert_eq!(rejected, generated.truth.rejected);
    assert_eq!(machine.counts().facts, generated.truth.valid);
    assert_eq!(machine.counts().duplicates, generated.truth.duplicates);
    assert_eq!(machine.cases(), generated.truth.cases.len());
    let mut findings = Vec::new();
    machine.settle(until, |of_case| findings.extend(of_case));
    findings
}

/// Case by case, as the truth has them.
fn by_case(findings: impl IntoIterator<Item = Finding>) -> BTreeMap<String, Vec<Expected>> {
    let mut cases: BTreeMap<String, Vec<Expected>> = BTreeMap::new();
    for f in findings {
        let Finding { point, kind, code, light, state, .. } = f;
        cases.entry(f.case).or_default().push(Expected { point, kind, code, light, state });
    }
    cases.values_mut().for_each(|of_case| of_case.sort());
    cases
}

fn assert_truth(truth: &Truth, found: &BTreeMap<String, Vec<Expected>>, of: &str) {
    for (case, expected) in &truth.cases {
        let found = found.get(case).map_or(&[][..], Vec::as_slice);
        assert_eq!(found, expected.as_slice(), "{of}: case {case} (found, expected)");
    }
}

#[test]
fn the_detectors_find_what_was_planted_and_nothing_else() {
    let catalogue = catalogue();
    let mut random = Random::new(7);
    for (seed, now) in (1..).zip(moments(&mut random, 15)) {
        let generated = generate(&Plan { seed, cases: CASES, now }, &catalogue);
        let settles_at = generated.truth.settles_at;
        for until in [settles_at, settles_at.plus_ms(MS_PER_MINUTE)] {
            let found = by_case(detect(&generated, &catalogue, until, now));
            assert_truth(&generated.truth, &found, &format!("seed {seed}, now {now}, until {until}"));
        }
    }
}

/// As the pipeline meets them: one after another in the order of publishing, at a clock that stands at the present.
#[test]
fn a_machine_that_judges_every_record_comes_to_the_same() {
    let catalogue = catalogue();
    let now = at("2026-03-02T23:59:40+08:00");
    let generated = generate(&Plan { seed: 11, cases: 300, now }, &catalogue);
    let mut machine = CaseMachine::new(Arc::clone(&catalogue));
    let mut out = Vec::new();
    machine.step(Input::Clock(now), &mut out);
    for record in &generated.records {
        if let Ok(event) = decode(&record.bytes, now)
            && catalogue.orgs.authorise(&event).is_ok()
        {
            machine.step(Input::Fact(&event), &mut out);
        }
    }
    let live =
        |out: &[Finding]| out.iter().filter(|f| f.code == Code::Overdue && f.point == "t-dispatch").count();
    let before = live(&out);
    machine.step(Input::Clock(generated.truth.settles_at), &mut out);
    assert_eq!(live(&out), before + live::CASES as usize, "they fall due in silence");
    let mut standing: BTreeMap<_, Finding> = BTreeMap::new();
    for finding in out {
        standing.insert(finding.finding_id, finding);
    }
    let stands = standing.into_values().filter(|f| f.state != State::Retracted);
    assert_truth(&generated.truth, &by_case(stands), "record by record");
}

#[test]
fn every_code_light_and_state_occurs() {
    let catalogue = catalogue();
    for (seed, now) in (1..).zip(moments(&mut Random::new(3), 6)) {
        let truth = generate(&Plan { seed, cases: 2_000, now }, &catalogue).truth;
        let codes: BTreeSet<Code> = truth.findings.keys().map(|(_, code, ..)| *code).collect();
        // A silence is no matter of facts.
        let of_cases = Code::ALL.iter().filter(|code| **code != Code::SourceSilent);
        let missing: Vec<_> = of_cases.filter(|code| !codes.contains(code)).collect();
        assert!(missing.is_empty(), "now {now}: {missing:?}");
        let has = |code, light, state| {
            let kind = Kind::TimeLimit;
            assert!(
                truth.findings.contains_key(&(kind, code, light, state)),
                "{now} {code} {light:?} {state}"
            );
        };
        has(Code::DueSoon, Light::Yellow, State::Raised);
        has(Code::DueSoon, Light::Yellow, State::Cleared);
        has(Code::Overdue, Light::Yellow, State::Raised);
        has(Code::Overdue, Light::Red, State::Raised);
        assert_eq!(truth.rejected.keys().copied().collect::<Vec<_>>(), Reason::ALL);
        let total: u64 = truth.findings.values().sum();
        assert_eq!(total, truth.cases.values().map(|found| found.len() as u64).sum::<u64>());
    }
}

#[test]
fn most_cases_are_clean_and_closed() {
    let catalogue = catalogue();
    let now = at("2026-06-30T15:00:00+08:00");
    let generated = generate(&Plan { seed: 5, cases: 2_000, now }, &catalogue);
    let share = |n: usize, of: usize| n * 100 / of;
    let clean = generated.truth.cases.values().filter(|found| found.is_empty()).count();
    assert_eq!(generated.truth.cases.len(), 2_000);
    assert!((65..=75).contains(&share(clean, 2_000)), "{clean} clean");
    let text = |record: &Record| String::from_utf8_lossy(&record.bytes).into_owned();
    let texts: Vec<String> = generated.records.iter().map(text).collect();
    let closed: BTreeSet<&String> = texts.iter().filter(|t| t.contains("\"case.closed\"")).collect();
    assert!(share(closed.len(), 2_000) >= 75, "{} closed", closed.len());
    let categories: BTreeSet<_> = catalogue.items.values().map(|item| item.category).collect();
    let seen: BTreeSet<_> = catalogue
        .items
        .values()
        .filter(|item| texts.iter().any(|t| t.contains(&format!("\"item\":\"{}\"", item.code))))
        .map(|item| item.category)
        .collect();
    assert_eq!(seen, categories);
    let orgs: BTreeSet<&str> = generated.records.iter().map(|record| record.org.as_str()).collect();
    let speaking = catalogue.orgs.by_id.values().filter(|org| !org.sources.is_empty());
    assert_eq!(orgs, speaking.map(|org| org.id.as_str()).collect());
    let (rejected, all) = (generated.truth.rejected.values().sum::<u64>(), texts.len() as u64);
    assert_eq!(rejected + generated.truth.valid + generated.truth.duplicates, all);
    assert!((80..=120).contains(&(rejected * 10_000 / all)), "{rejected} of {all} rejected");
}

#[test]
fn records_come_in_order_of_publishing_and_out_of_order_of_events() {
    let catalogue = catalogue();
    let now = at("2025-12-31T23:59:50+08:00");
    let generated = generate(&Plan { seed: 9, cases: 400, now }, &catalogue);
    assert!(generated.records.is_sorted_by_key(|record| record.at));
    assert!(generated.records.iter().all(|record| record.at <= now));
    let times: Vec<Instant> =
        generated.records.iter().filter_map(|r| decode(&r.bytes, now).ok().map(|e| e.time)).collect();
    let latest = times.iter().scan(times[0], |latest, time| {
        *latest = (*latest).max(*time);
        Some(latest.0 - time.0)
    });
    let late: Vec<i64> = latest.filter(|ms| *ms > model::time::MS_PER_HOUR).collect();
    assert!(
        late.len() > times.len() / 50 && late.len() < times.len() / 5,
        "{} of {}",
        late.len(),
        times.len()
    );
    assert!(late.iter().any(|ms| *ms > model::time::MS_PER_DAY));
    assert!(times.iter().all(|time| *time <= now));
}

#[test]
fn the_seed_decides() {
    let catalogue = catalogue();
    let now = at("2026-04-01T10:00:00+08:00");
    let texts = |seed| {
        let generated = generate(&Plan { seed, cases: 120, now }, &catalogue);
        generated.records.into_iter().map(|record| (record.org, record.at, record.bytes)).collect::<Vec<_>>()
    };
    assert!(texts(1) == texts(1));
    assert!(texts(1) != texts(2));
}

#[test]
fn every_recipe_has_a_place_nearly_always() {
    let catalogue = catalogue();
    let mut random = Random::new(1);
    for now in moments(&mut random, 10) {
        let world = World::new(&Plan { seed: 1, cases: 0, now }, &catalogue);
        let mut plants = Plants::default();
        plants.next(&mut random);
        let round = plants.round.iter().copied().chain(flow::CONTROLS);
        let mut told =
            |recipe: &&Recipe| (0..TRIES).any(|_| recipe::tell(recipe, &world, 1, &mut random).is_some());
        let placeless: Vec<_> = round.filter(|recipe| !told(recipe)).map(|r| (r.items, r.when)).collect();
        assert!(placeless.len() <= 3, "now {now}: {placeless:?}");
    }
}

#[test]
fn few_cases_or_none_are_no_problem() {
    let catalogue = catalogue();
    let now = at("2026-04-01T10:00:00+08:00");
    for cases in [0, 1, 8, 9, 20] {
        let generated = generate(&Plan { seed: 1, cases, now }, &catalogue);
        assert_eq!(generated.truth.cases.len(), cases as usize);
    }
}
