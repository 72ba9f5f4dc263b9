//! Rules on trial judge as any rules; what they find to be violated before the trial is over is marked, for good.

use super::*;

fn on_trial(hour: i64) -> Arc<Catalogue> {
    let until = start().plus_ms(hour * MS_PER_HOUR);
    let item = format!("{ITEM}shadow_until: \"{until}\"\n");
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
    fn a_trial_marks_findings_and_changes_nothing_else(events in events(), hour in -24i64..13 * 24) {
        let (plain, trial) = (stands_under(catalogue(), &events), stands_under(on_trial(hour), &events));
        let until = start().plus_ms(hour * MS_PER_HOUR);
        for finding in &trial {
            let is_of_the_item = finding.item == "i";
            prop_assert_eq!(finding.shadow, is_of_the_item && finding.violated_at < until, "{:?}", finding);
        }
        let unmarked: Vec<Finding> = trial.into_iter().map(|f| Finding { shadow: false, ..f }).collect();
        prop_assert_eq!(plain, unmarked);
    }
}

#[test]
fn what_is_no_shadow_is_written_as_ever() {
    let events = [Event {
        id: "e".into(),
        source: "s".into(),
        case: "c".into(),
        time: start(),
        recorded: None,
        body: body(0, 0),
    }];
    let plain = stands_under(catalogue(), &events).remove(0);
    let json = serde_json::to_value(&plain).expect("JSON");
    assert_eq!(json.get("shadow"), None, "old ledgers and new ones have one form");
    assert_eq!(serde_json::from_value::<Finding>(json).expect("a finding"), plain);
    let trial = stands_under(on_trial(13 * 24), &events).remove(0);
    assert_eq!(serde_json::to_value(&trial).expect("JSON")["shadow"], true);
}
