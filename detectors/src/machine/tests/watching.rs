//! Editions that change whose silence counts: whenever they are taken over, nothing is lost or held for ever by it, and what is
//! saved in between goes on the same.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use model::catalogue::{Edition, Shelf};
use model::finding::Code;

use super::*;

/// The organisations before the first edition, and of each.
const ORGS: [&str; 5] = [
    "- {id: o, name: o, sources: [s, t]}",
    "- {id: o, name: o, sources: [{uri: s, silent_after: {hours: 6}}, t]}",
    "- {id: o, name: o, sources: [{uri: s, silent_after: {hours: 2}}, {uri: t, silent_after: {hours: 30}}]}",
    "- {id: o, name: o, sources: [s, {uri: t, silent_after: {hours: 3}}]}",
    "- {id: o, name: o, sources: [{uri: s, silent_after: {hours: 48}}, t]}",
];

fn files(orgs: &str, version: &str) -> BTreeMap<String, String> {
    let version = format!("version: \"{version}\"\n");
    let officers = "officer_id,name,org,certificate_no,valid_from,valid_to\no1,n,o,1,,\no2,n,o,2,,\n";
    let files = [
        ("items/i.yaml", ITEM),
        ("orgs.yaml", orgs),
        ("officers.csv", officers),
        ("catalogue.yaml", &version),
    ];
    files.map(|(path, text)| (path.to_owned(), text.to_owned())).into()
}

static BASE: LazyLock<Arc<Catalogue>> = LazyLock::new(|| {
    Arc::new(Catalogue::from_files(files(ORGS[0], "0")).unwrap_or_else(|problems| panic!("{problems:?}")))
});

/// Of items nothing changes: they are in force after the end.
static EDITIONS: LazyLock<Vec<Arc<Edition>>> = LazyLock::new(|| {
    let mut shelf = Shelf::default();
    for (n, orgs) in ORGS.iter().enumerate().skip(1) {
        let from = Some(end().plus_ms(MS_PER_DAY));
        let record = shelf.propose(&files(orgs, &n.to_string()), from, (start(), "li"));
        shelf.take(&record.unwrap_or_else(|e| panic!("{e}")).encode()).unwrap_or_else(|e| panic!("{e}"));
    }
    shelf.editions().to_vec()
});

#[derive(Debug, Clone)]
enum Happening {
    Fact(prop::sample::Index),
    Heard(bool, i64),
    Clock(i64),
    Edition,
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = prop_oneof![
        4 => any::<prop::sample::Index>().prop_map(Happening::Fact),
        3 => (any::<bool>(), 0i64..4).prop_map(|(s, lag)| Happening::Heard(s, lag)),
        4 => (0i64..12 * 24).prop_map(Happening::Clock),
        1 => Just(Happening::Edition),
    ];
    prop::collection::vec(one, 0..60)
}

fn at(hour: i64) -> Instant {
    start().plus_ms(hour * MS_PER_HOUR)
}

struct Run {
    machine: CaseMachine,
    told: Vec<Finding>,
}

impl Run {
    fn happen(&mut self, happening: &Happening, events: &[Event<'_>]) {
        match happening {
            Happening::Fact(which) => self.machine.step(Input::Fact(which.get(events)), &mut self.told),
            Happening::Heard(is_s, lag) => {
                let now = self.machine.now().max(start());
                self.hear(if *is_s { "s" } else { "t" }, now.plus_ms(-lag * MS_PER_HOUR));
            }
            Happening::Clock(hour) => self.machine.step(Input::Clock(at(*hour).min(end())), &mut self.told),
            Happening::Edition => {
                if let Some(edition) = EDITIONS.get(self.machine.editions()) {
                    self.machine.step(Input::Edition(edition), &mut self.told);
                }
            }
        }
    }

    fn hear(&mut self, source: &str, at: Instant) {
        self.machine.step(Input::Heard { source, at, home: true }, &mut self.told);
    }
}

fn of_two_sources(mut events: Vec<Event<'static>>) -> Vec<Event<'static>> {
    events.iter_mut().for_each(|e| e.source = if e.case == "c1" { "t".into() } else { "s".into() });
    events
}

fn plain(findings: BTreeMap<FindingId, Finding>) -> BTreeMap<FindingId, Finding> {
    findings.into_iter().map(|(id, f)| (id, Finding { revision: 1, ..f })).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whoever_is_waited_for_and_when_the_same_stands_in_the_end(
        events in events().prop_map(of_two_sources), happenings in happenings(),
    ) {
        let mut run = Run { machine: CaseMachine::watching(BASE.clone()), told: Vec::new() };
        happenings.iter().for_each(|happening| run.happen(happening, &events));
        events.iter().for_each(|event| run.machine.step(Input::Fact(event), &mut run.told));
        run.hear("s", end());
        run.hear("t", end());
        run.machine.step(Input::Clock(end()), &mut run.told);
        let (silences, told): (Vec<_>, Vec<_>) = run.told.into_iter().partition(|f| f.code == Code::SourceSilent);
        let mut whole = CaseMachine::new(BASE.clone());
        for edition in EDITIONS.iter().take(run.machine.editions()) {
            whole.step(Input::Edition(edition), &mut Vec::new());
        }
        events.iter().for_each(|event| whole.absorb(event));
        let mut expected = Vec::new();
        whole.settle(end(), |findings| expected.extend(findings));
        prop_assert_eq!(plain(standing(expected)), plain(standing(told)));
        // No silence is left standing of a source that has spoken, or that nobody waits for.
        let open = standing(silences).into_values().filter(|finding| finding.state == State::Raised).count();
        prop_assert_eq!(open, 0);
    }

    #[test]
    fn what_is_saved_goes_on_the_same(
        events in events().prop_map(of_two_sources), happenings in happenings(), cut in any::<prop::sample::Index>(),
    ) {
        let (before, after) = happenings.split_at(cut.index(happenings.len() + 1));
        let mut first = Run { machine: CaseMachine::watching(BASE.clone()), told: Vec::new() };
        before.iter().for_each(|happening| first.happen(happening, &events));
        let now = first.machine.now();
        first.machine.fire(now, u32::MAX, usize::MAX, &mut first.told);
        let mut bytes = Vec::new();
        first.machine.begin_save(0, 0, &mut bytes);
        first.machine.save(usize::MAX, &mut bytes);
        let mut machine = CaseMachine::watching(BASE.clone());
        for edition in EDITIONS.iter().take(first.machine.editions()) {
            machine.step(Input::Edition(edition), &mut Vec::new());
        }
        let mut restorer = Restorer::new(machine, first.machine.cases());
        restorer.feed(&bytes).expect("whole");
        let machine = restorer.finish().expect("whole");
        prop_assert_eq!(machine.digest(), first.machine.digest());
        prop_assert_eq!(machine.next_wake(), first.machine.next_wake());
        let mut second = Run { machine, told: Vec::new() };
        first.told.clear();
        for happening in after {
            first.happen(happening, &events);
            second.happen(happening, &events);
        }
        prop_assert_eq!(&first.told, &second.told);
        prop_assert_eq!(first.machine.digest(), second.machine.digest());
    }
}
