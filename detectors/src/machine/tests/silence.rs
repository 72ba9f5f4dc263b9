//! Sources that fall silent: nothing is told for which they do not vouch, and nothing is lost by it.

use model::finding::Code;

use super::*;

const ORGS: &str = "- {id: o, name: o, sources: [{uri: s, silent_after: {hours: 6}}, t]}";
const SILENT_AFTER: i64 = 6 * MS_PER_HOUR;

fn watched() -> Arc<Catalogue> {
    let files = [("items/i.yaml", ITEM), ("orgs.yaml", ORGS)];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
    Arc::new(Catalogue::from_files(files).unwrap_or_else(|problems| panic!("{problems:?}")))
}

#[derive(Debug, Clone)]
enum Happening {
    Fact(prop::sample::Index),
    Heard(i64),
    Clock(i64),
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = prop_oneof![
        any::<prop::sample::Index>().prop_map(Happening::Fact),
        (0i64..12 * 24).prop_map(Happening::Heard),
        (0i64..12 * 24).prop_map(Happening::Clock),
    ];
    prop::collection::vec(one, 0..60)
}

/// Half of the cases are the silent source's, the others are of one that nobody waits for.
fn of_two_sources(mut events: Vec<Event<'static>>) -> Vec<Event<'static>> {
    events.iter_mut().filter(|e| e.case == "c1").for_each(|e| e.source = "t".into());
    events
}

fn at(hour: i64) -> Instant {
    start().plus_ms(hour * MS_PER_HOUR)
}

/// A machine under test, what it told, and for what the source vouches.
struct Run {
    machine: CaseMachine,
    told: Vec<Finding>,
    until: Instant,
}

impl Run {
    fn new() -> Self {
        Self { machine: CaseMachine::watching(watched()), told: Vec::new(), until: Instant(i64::MIN) }
    }

    fn happen(&mut self, happening: &Happening, events: &[Event<'_>]) {
        let before = self.told.len();
        match happening {
            Happening::Fact(which) => self.machine.step(Input::Fact(which.get(events)), &mut self.told),
            Happening::Heard(hour) => self.hear(at(*hour)),
            Happening::Clock(hour) => self.machine.step(Input::Clock(at(*hour).min(end())), &mut self.told),
        }
        for finding in &self.told[before..] {
            let is_open = finding.code == Code::Overdue && finding.late_by_ms.is_none();
            let is_held = finding.case == "c0" && is_open && finding.violated_at > self.until;
            assert!(!is_held || finding.state == State::Retracted, "told in a silence: {finding:?}");
        }
    }

    fn hear(&mut self, at: Instant) {
        self.machine.step(Input::Heard { source: "s", at, home: true }, &mut self.told);
        self.until = self.until.max(at.plus_ms(SILENT_AFTER));
    }

    fn finish(mut self, events: &[Event<'_>]) -> (BTreeMap<FindingId, Finding>, Vec<Finding>) {
        for event in events {
            self.machine.step(Input::Fact(event), &mut self.told);
        }
        self.hear(end());
        self.machine.step(Input::Clock(end()), &mut self.told);
        let (silences, told) = self.told.into_iter().partition(|f| f.code == Code::SourceSilent);
        (standing(told), silences)
    }
}

fn plain(findings: BTreeMap<FindingId, Finding>) -> BTreeMap<FindingId, Finding> {
    findings.into_iter().map(|(id, f)| (id, Finding { revision: 1, ..f })).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn once_the_source_has_spoken_last_it_is_as_if_it_had_never_been_silent(
        events in events().prop_map(of_two_sources), happenings in happenings(),
    ) {
        let mut run = Run::new();
        happenings.iter().for_each(|happening| run.happen(happening, &events));
        let (stand, silences) = run.finish(&events);
        let mut whole = CaseMachine::new(watched());
        events.iter().for_each(|event| whole.absorb(event));
        let mut told = Vec::new();
        whole.settle(end(), |findings| told.extend(findings));
        prop_assert_eq!(plain(standing(told)), plain(stand));
        for pair in silences.chunks(2) {
            prop_assert_eq!(pair[0].change, Change::Raised);
            prop_assert_eq!(pair.get(1).map(|f| (f.finding_id, f.change)), Some((pair[0].finding_id, Change::Cleared)));
        }
    }

    #[test]
    fn signs_are_part_of_what_is_saved(
        events in events().prop_map(of_two_sources), happenings in happenings(), cut in any::<prop::sample::Index>(),
    ) {
        let (before, after) = happenings.split_at(cut.index(happenings.len() + 1));
        let mut first = Run::new();
        before.iter().for_each(|happening| first.happen(happening, &events));
        let mut bytes = Vec::new();
        first.machine.begin_save(0, 0, &mut bytes);
        first.machine.save(usize::MAX, &mut bytes);
        let mut restorer = Restorer::new(CaseMachine::watching(watched()), first.machine.cases());
        restorer.feed(&bytes).expect("whole");
        let machine = restorer.finish().expect("whole");
        prop_assert_eq!(machine.digest(), first.machine.digest());
        prop_assert_eq!(machine.next_wake(), first.machine.next_wake());
        let mut second = Run { machine, told: Vec::new(), until: first.until };
        first.told.clear();
        for happening in after {
            first.happen(happening, &events);
            second.happen(happening, &events);
        }
        prop_assert_eq!(&first.told, &second.told);
        prop_assert_eq!(first.machine.digest(), second.machine.digest());
    }
}

fn fact(id: &str, hour: i64, body: Body<'static>) -> Event<'static> {
    let (id, time) = (id.to_owned().into(), at(hour));
    Event { id, source: "s".into(), case: "c0".into(), time, recorded: None, body }
}

#[test]
fn one_silence_is_one_alarm_and_its_deadlines_wait_for_what_comes_after_it() {
    let mut run = Run::new();
    let step = || "b".into();
    run.machine.step(Input::Fact(&fact("1", 0, body(0, 0))), &mut run.told);
    run.machine.step(
        Input::Fact(&fact("2", 0, Body::StepStarted { step: step(), officers: vec![], due: None })),
        &mut run.told,
    );
    run.hear(at(1));
    run.machine.step(Input::Clock(at(6)), &mut run.told);
    assert_eq!(run.told, []);
    run.machine.step(Input::Clock(at(30)), &mut run.told);
    let silence = run.told.pop().expect("the silence");
    assert_eq!(run.told, [], "the step's twenty hours are over, but who knows?");
    assert_eq!((silence.code, silence.case.as_str(), silence.org.as_str()), (Code::SourceSilent, "s", "o"));
    assert_eq!((silence.accepted_at, silence.violated_at, silence.raised_at), (at(1), at(7), at(30)));
    assert!(silence.explanation.en.contains("\"s\" of org o") && silence.explanation.zh.contains("1件案件"));
    assert_eq!((run.machine.held(), run.machine.next_wake()), (1, None));
    run.machine.step(Input::Clock(at(40)), &mut run.told);
    assert_eq!(run.told, [], "it is told once");
    let completed = Body::StepCompleted { step: step(), officers: vec![], fields: vec![] };
    run.machine.step(Input::Fact(&fact("3", 19, completed)), &mut run.told);
    run.hear(at(41));
    run.machine.step(Input::Clock(at(41)), &mut run.told);
    assert!(run.told.iter().all(|f| f.code != Code::Overdue), "it was done in time: {:?}", run.told);
    let ended = run.told.iter().find(|f| f.code == Code::SourceSilent).expect("its end");
    assert_eq!((ended.finding_id, ended.revision, ended.change), (silence.finding_id, 2, Change::Cleared));
    run.hear(at(20));
    assert_eq!(run.machine.held(), 0, "an old sign that comes again changes nothing");
}

#[test]
fn what_is_told_before_the_clock_has_moved_has_a_time() {
    let mut machine = CaseMachine::new(watched());
    let mut told = Vec::new();
    let unknown = Body::StepStarted { step: "nowhere".into(), officers: vec![], due: None };
    machine.step(Input::Fact(&fact("1", 0, body(0, 0))), &mut told);
    machine.step(Input::Fact(&fact("2", 3, unknown)), &mut told);
    let times: Vec<_> = told.iter().map(|f| (f.code, f.raised_at, f.changed_at)).collect();
    assert_eq!(times, [(Code::UnknownStep, at(3), at(3))]);
}
