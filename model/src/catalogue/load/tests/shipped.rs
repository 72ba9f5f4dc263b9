//! The catalogues, calendars and documents that the project ships.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::super::super::{
    Catalogue, Category, Legal, Length, ProblemCode, Rule, StageAt, Standing, Visits, Wanted,
};
use crate::time::Day;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn demo() -> Catalogue {
    Catalogue::load(&root().join("deploy/catalogues/demo")).expect("demo catalogue")
}

#[test]
fn every_catalogue_loads() {
    for entry in fs::read_dir(root().join("deploy/catalogues")).expect("catalogues") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            let inspection = Catalogue::inspect(&path);
            let errors: Vec<String> =
                inspection.problems.iter().filter(|p| p.is_error()).map(ToString::to_string).collect();
            assert!(inspection.catalogue.is_some(), "{}: {errors:#?}", path.display());
        }
    }
}

#[test]
fn the_demo_has_three_warnings_on_purpose() {
    let problems = Catalogue::inspect(&root().join("deploy/catalogues/demo")).problems;
    let found: Vec<_> = problems.iter().map(|p| (p.code, p.about.as_deref())).collect();
    let expected = [
        (ProblemCode::ItemWithoutLimit, None),
        (ProblemCode::OfficerWithoutCertificate, Some("HB-007")),
        (ProblemCode::OfficerWithoutCertificate, Some("SL-004")),
    ];
    assert_eq!(found, expected, "cases that show not_supervised and not_registered");
}

#[test]
fn the_demo_shows_everything_a_catalogue_can_say() {
    let demo = demo();
    let categories: BTreeSet<Category> = demo.items.values().map(|i| i.category).collect();
    assert_eq!(categories.len(), 10, "{categories:?}");
    let points = || demo.items.values().flat_map(|i| &i.points);
    let kinds: BTreeSet<u8> = points()
        .map(|p| match p.rule {
            Rule::TimeLimit { .. } => 0,
            Rule::OfficerQualification { .. } => 1,
            Rule::StepRollback { .. } => 2,
            Rule::Evidence { .. } => 3,
            Rule::DecisionBasis { .. } => 4,
            Rule::Discretion { .. } => 5,
            Rule::PenaltyExecution { .. } => 6,
        })
        .collect();
    assert_eq!(kinds.len(), 7);
    let limits = || demo.items.values().flat_map(|i| &i.limits);
    assert!(limits().any(|l| l.open_ended) && limits().any(|l| l.visits == Visits::Accumulate));
    assert!(limits().any(|l| l.legal == Legal::Promised));
    let units: BTreeSet<u8> = limits()
        .map(|l| match l.length {
            Length::WorkingDays(_) => 0,
            Length::CalendarDays { roll_forward, .. } => 1 + u8::from(roll_forward),
            Length::Elapsed(_) => 3,
            Length::OfficeTime(_) => 4,
        })
        .collect();
    assert_eq!(units.len(), 5);
    assert!(limits().any(|l| l.stages.iter().filter(|s| matches!(s.at, StageAt::Late(_))).count() > 1));
    assert!(demo.orgs.by_id.len() >= 6);
    assert_eq!(demo.calendar.years().collect::<Vec<_>>(), [2024, 2025, 2026]);
}

#[test]
fn the_demo_has_officers_of_every_standing() {
    let demo = demo();
    let text = fs::read_to_string(root().join("deploy/catalogues/demo/officers.csv")).expect("register");
    let officers: BTreeSet<&str> = text.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    assert!(officers.len() >= 60, "{}", officers.len());
    let day = Day::from_ymd(2026, 6, 30);
    let standings = [Standing::Qualified, Standing::NotRegistered, Standing::NotYetValid, Standing::Expired];
    for standing in standings {
        assert!(
            officers.iter().any(|o| demo.officers.standing(o, day, Wanted::default()) == standing),
            "{standing:?}"
        );
    }
}

#[test]
fn the_demos_calendars_are_the_shipped_ones() {
    for year in 2024..=2026 {
        let read = |path: &str| fs::read_to_string(root().join(path)).expect("calendar");
        let copy = read(&format!("deploy/catalogues/demo/calendar/{year}.yaml"));
        assert_eq!(copy, read(&format!("deploy/calendars/{year}.yaml")), "{year}");
    }
}
