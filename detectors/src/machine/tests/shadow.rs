//! Rules on trial judge as any rules; what they find to be violated before the trial is over is marked, for good.

use model::dry_run::Direction;

use super::*;
use crate::dry_run::Trial as Dry;

/// Instants counted from the start, h.
#[derive(Debug, Clone, Copy)]
enum Trial {
    Item(i64),
    /// Of the points p1 and p8.
    Points(i64),
}

impl Trial {
    fn until(self) -> Instant {
        let (Self::Item(hour) | Self::Points(hour)) = self;
        start().plus_ms(hour * MS_PER_HOUR)
    }

    fn covers(self, finding: &Finding) -> bool {
        let is_of_it = match self {
            Self::Item(_) => finding.item == "i",
            Self::Points(_) => ["p1", "p8"].contains(&finding.point.as_str()),
        };
        is_of_it && finding.violated_at < self.until()
    }

    fn any() -> impl Strategy<Value = Self> {
        let hour = -24i64..13 * 24;
        prop_oneof![hour.clone().prop_map(Self::Item), hour.prop_map(Self::Points)]
    }
}

fn on_trial(trial: Trial) -> Arc<Catalogue> {
    let until = trial.until();
    let item = match trial {
        Trial::Item(_) => format!("{ITEM}shadow_until: \"{until}\"\n"),
        Trial::Points(_) => ["{id: p1,", "{id: p8,"].iter().fold(ITEM.to_owned(), |item, point| {
            item.replace(point, &format!("{point} shadow_until: \"{until}\","))
        }),
    };
    let files = [
        ("items/i.yaml", item.as_str()),
        ("officers.csv", "officer_id,name,org,certificate_no,valid_from,valid_to\no1,n,o,1,,\n"),
    ];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
    Arc::new(Catalogue::from_files(files).unwrap_or_else(|problems| panic!("{problems:?}")))
}

fn stands_under(rules: Arc<Catalogue>, events: &[Event<'_>]) -> Vec<Finding> {
    let version = rules.version.clone();
    let (mut machine, mut told) = (CaseMachine::new(rules), Vec::new());
    for event in events {
        machine.step(Input::Fact(event), &mut told);
        machine.step(Input::Clock(event.time.min(end())), &mut told);
    }
    machine.step(Input::Clock(end()), &mut told);
    assert!(told.iter().all(|finding| finding.rules_version == version));
    standing(told).into_values().map(|f| Finding { rules_version: String::new(), ..f }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_trial_marks_findings_and_changes_nothing_else(events in events(), trial in Trial::any()) {
        let (plain, marked) = (stands_under(catalogue(), &events), stands_under(on_trial(trial), &events));
        for finding in &marked {
            prop_assert_eq!(finding.shadow, trial.covers(finding), "{:?}", finding);
        }
        let unmarked: Vec<Finding> = marked.into_iter().map(|f| Finding { shadow: false, ..f }).collect();
        prop_assert_eq!(plain, unmarked);
    }
}

fn first_event() -> Event<'static> {
    Event {
        id: "e".into(),
        source: "s".into(),
        case: "c".into(),
        time: start(),
        recorded: None,
        body: body(0, 0),
    }
}

#[test]
fn what_is_no_shadow_is_written_as_ever() {
    let events = [first_event()];
    let plain = stands_under(catalogue(), &events).remove(0);
    let json = serde_json::to_value(&plain).expect("JSON");
    assert_eq!(json.get("shadow"), None, "old ledgers and new ones have one form");
    assert_eq!(serde_json::from_value::<Finding>(json).expect("a finding"), plain);
    let trial = stands_under(on_trial(Trial::Item(13 * 24)), &events).remove(0);
    assert_eq!(serde_json::to_value(&trial).expect("JSON")["shadow"], true);
}

/// A version that takes over the cases of a trial makes alarms of what was found in it, and a dry run says so. Of history it
/// tells what the rules find, tried or not.
#[test]
fn a_dry_run_knows_what_is_an_alarm() {
    let events = [first_event()];
    let (trial, over) = (on_trial(Trial::Item(13 * 24)), format!("{ITEM}in_flight: migrate\n"));
    let over = || {
        let files = [("items/i.yaml".to_owned(), over.clone())];
        Catalogue::from_files(files).unwrap_or_else(|problems| panic!("{problems:?}"))
    };
    let mut machine = CaseMachine::new(Arc::clone(&trial));
    events.iter().for_each(|event| machine.absorb(event));
    let switch = Dry::switch(Arc::clone(&trial), &[], over(), end()).expect("cases go over");
    let answer = switch.ask(&machine, 0);
    assert_eq!(answer.before, 0);
    assert!(answer.after > 0);
    assert!(answer.differences.iter().all(|difference| difference.direction == Direction::Added));
    let history = Dry::history(trial, Arc::new(over()), end()).ask(&machine, 0);
    assert_eq!(
        (history.before, history.after, history.differences),
        (answer.after, answer.after, Vec::new())
    );
}
