//! Mistakes in the files around the items, and between files.

use super::super::super::{Catalogue, ProblemCode as P, Severity};
use super::*;
use crate::time::Day;

/// Problems of one file beside the contract's item.
fn check(path: &str, rows: &[(&str, &[(P, &str)])]) {
    for (text, expected) in rows {
        let inspection = inspect(&[("items/x.yaml", ITEM), ("calendar/2026.yaml", YEAR), (path, text)]);
        let expected: Vec<_> = expected.iter().map(|(code, place)| (*code, (*place).to_owned())).collect();
        assert_eq!(found(&inspection), expected, "{text}");
        let errors = inspection.problems.iter().any(|p| p.severity == Severity::Error);
        assert_eq!(inspection.catalogue.is_none(), errors, "{text}");
    }
}

#[test]
fn settings() {
    check(
        "catalogue.yaml",
        &[
            ("", &[]),
            ("time_zone: Asia/Peking", &[(P::InvalidValue, "catalogue.yaml:1 time_zone")]),
            ("version: 2026.1", &[(P::WrongType, "catalogue.yaml:1 version")]),
            ("zone: UTC", &[(P::UnknownKey, "catalogue.yaml:1 zone")]),
            ("- a", &[(P::WrongType, "catalogue.yaml:1")]),
            ("a: [", &[(P::Syntax, "catalogue.yaml:1")]),
            ("office_hours: []", &[(P::MissingKey, "catalogue.yaml:1 office_hours")]),
            ("office_hours: ['09:00']", &[(P::WrongType, "catalogue.yaml:1 office_hours[0]")]),
            ("office_hours: [['09:00']]", &[(P::WrongType, "catalogue.yaml:1 office_hours[0]")]),
            (
                "office_hours: [['9:00', '24:01']]",
                &[
                    (P::InvalidValue, "catalogue.yaml:1 office_hours[0][0]"),
                    (P::InvalidValue, "catalogue.yaml:1 office_hours[0][1]"),
                ],
            ),
            ("office_hours: [['12:00', '09:00']]", &[(P::OutOfRange, "catalogue.yaml:1 office_hours[0]")]),
            (
                "office_hours: [['09:00', '12:00'], ['11:00', '24:00']]",
                &[(P::OutOfRange, "catalogue.yaml:1 office_hours[1]")],
            ),
        ],
    );
}

#[test]
fn calendars() {
    check(
        "calendar/2027.yaml",
        &[
            ("year: 2027\nholidays: [2027-01-01]\n", &[]),
            ("year: 1066", &[(P::OutOfRange, "calendar/2027.yaml:1 year")]),
            ("year: 2026", &[(P::DuplicateId, "calendar/2027.yaml:1 year")]),
            ("year: 2028", &[(P::MissingCalendar, "calendar/2027.yaml")]),
            (
                "year: 2027\nholidays:\n  - 2026-12-31\n",
                &[(P::OutOfRange, "calendar/2027.yaml:3 holidays[0]")],
            ),
            ("year: 2027\nholidays: [2027-02-30]", &[(P::InvalidValue, "calendar/2027.yaml:2 holidays[0]")]),
            ("year: 2027\nworkdays: [2027-01-04]", &[(P::NoMakeUpDay, "calendar/2027.yaml:2 workdays[0]")]),
            (
                "year: 2027\nworkdays: [2027-01-02]\nholidays: [2027-01-02]",
                &[(P::NoMakeUpDay, "calendar/2027.yaml:2 workdays[0]")],
            ),
            (
                "year: 2027\nholidays: [2027-01-01, 2027-01-01]",
                &[(P::DuplicateId, "calendar/2027.yaml:2 holidays[1]")],
            ),
        ],
    );
}

#[test]
fn orgs() {
    check(
        "orgs.yaml",
        &[
            ("[]", &[(P::MissingKey, "orgs.yaml:1")]),
            ("id: A", &[(P::WrongType, "orgs.yaml:1")]),
            ("- {id: A}", &[(P::MissingKey, "orgs.yaml:1 [0].name")]),
            ("- {id: A, name: a, parent: B}", &[(P::UnknownOrg, "orgs.yaml:1 [0].parent")]),
            ("- {id: A, name: a}\n- {id: A, name: b}", &[(P::DuplicateId, "orgs.yaml:2 [1].id")]),
            ("- {id: A, name: a, parent: A}", &[(P::OrgCycle, "orgs.yaml:1 [0].parent")]),
            (
                "- {id: A, name: a, parent: B}\n- {id: B, name: b, parent: C}\n- {id: C, name: c, parent: B}",
                &[(P::OrgCycle, "orgs.yaml:2 [1].parent")],
            ),
            ("- {id: A, name: a, region: 3701.5}", &[(P::WrongType, "orgs.yaml:1 [0].region")]),
            (
                "- {id: A, name: a, sources: [x, {uri: x}]}",
                &[(P::DuplicateId, "orgs.yaml:1 [0].sources[1].uri")],
            ),
            (
                "- {id: A, name: a, sources: [{silent_after: {hours: 1}}]}",
                &[(P::MissingKey, "orgs.yaml:1 [0].sources[0].uri")],
            ),
            (
                "- {id: A, name: a, sources: [{uri: x, silent_after: {}}]}",
                &[(P::MissingKey, "orgs.yaml:1 [0].sources[0].silent_after")],
            ),
            (
                "- {id: A, name: a, sources: [{uri: x, silent_after: {hours: 1, days: 1}}]}",
                &[(P::MissingKey, "orgs.yaml:1 [0].sources[0].silent_after")],
            ),
            (
                "- {id: A, name: a, sources: [{uri: x, silent_after: {hours: 0}}]}",
                &[(P::OutOfRange, "orgs.yaml:1 [0].sources[0].silent_after.hours")],
            ),
            (
                "- {id: A, name: a, sources: [{uri: x, silent_after: {weeks: 1}}]}",
                &[
                    (P::MissingKey, "orgs.yaml:1 [0].sources[0].silent_after"),
                    (P::UnknownKey, "orgs.yaml:1 [0].sources[0].silent_after.weeks"),
                ],
            ),
            ("- {id: A, name: a, sources: [x, x]}", &[(P::DuplicateId, "orgs.yaml:1 [0].sources[1]")]),
        ],
    );
}

#[test]
fn officers() {
    let header = "officer_id,name,org,certificate_no,valid_from,valid_to\n";
    let rows = |rows: &str| format!("{header}{rows}");
    let cases = [
        (rows("o1,a,B,c,2024-1-1,\n"), vec![(P::InvalidValue, "officers.csv:2 valid_from")]),
        (rows("o1,a,B,c,2024-02-01,2024-01-01\n"), vec![(P::OutOfRange, "officers.csv:2 valid_to")]),
        (rows(",a,B,c,,\n"), vec![(P::InvalidValue, "officers.csv:2 officer_id")]),
        (rows("o1,a,B,c,\n"), vec![(P::Syntax, "officers.csv:2")]),
        (rows("o1,a,B,c,,\no1,a,B,c,,\n"), vec![(P::DuplicateRow, "officers.csv:3")]),
        (rows("o1,a,B,c,,\no1,a,B,d,,x\n"), vec![(P::InvalidValue, "officers.csv:3 valid_to")]),
        (
            "officer_id,name,org,certificate_no,valid_from,phone\n".to_owned(),
            vec![(P::MissingKey, "officers.csv:1 valid_to"), (P::UnknownKey, "officers.csv:1 phone")],
        ),
        (
            "officer_id,name,name,org,certificate_no,valid_from,valid_to\n".to_owned(),
            vec![(P::DuplicateKey, "officers.csv:1 name")],
        ),
    ];
    for (text, expected) in &cases {
        check("officers.csv", &[(text, expected)]);
    }
    let orgs = ("orgs.yaml", "- {id: A, name: a}");
    let officers = rows("o1,a,B,c,,\n");
    let files =
        [("items/x.yaml", ITEM), ("calendar/2026.yaml", YEAR), orgs, ("officers.csv", officers.as_str())];
    assert_eq!(found(&inspect(&files)), [(P::StrayOfficer, "officers.csv:2 org".to_owned())]);
}

#[test]
fn between_files() {
    let no_items = inspect(&[("calendar/2026.yaml", YEAR)]);
    assert_eq!(found(&no_items), [(P::NoItems, "items/".to_owned())]);
    let twice = inspect(&[("items/a.yaml", ITEM), ("items/b.yaml", ITEM), ("calendar/2026.yaml", YEAR)]);
    assert_eq!(found(&twice), [(P::DuplicateId, "items/b.yaml:1 code".to_owned())]);
    assert!(twice.problems[0].to_string().contains("stands already in items/a.yaml"));
    let without = inspect(&[("items/a.yaml", ITEM)]);
    assert_eq!(found(&without), [(P::MissingCalendar, "calendar/".to_owned())]);
    assert!(without.catalogue.is_some());
    check("items/y.yml", &[("", &[(P::IgnoredFile, "items/y.yml")])]);
    check("items/deep/y.yaml", &[("", &[(P::IgnoredFile, "items/deep/y.yaml")])]);
    check("items/y.yaml", &[("", &[(P::WrongType, "items/y.yaml:1")])]);
}

#[test]
fn years_that_todays_deadlines_need() {
    let catalogue = inspect_item(ITEM).catalogue.expect("catalogue");
    let files = |day: &str| {
        let problems = catalogue.missing_calendars(Day::parse(day).expect("day"));
        problems.into_iter().map(|p| p.file).collect::<Vec<_>>()
    };
    assert_eq!(files("2026-10-31"), Vec::<String>::new());
    assert_eq!(files("2026-11-01"), ["calendar/2027.yaml"]);
    assert_eq!(files("2028-01-01"), ["calendar/2028.yaml"]);
}

#[test]
fn a_directory_that_is_not_there_or_not_text() {
    let absent = Catalogue::load(std::path::Path::new("/nowhere/at/all")).expect_err("absent");
    assert_eq!(
        (absent.len(), absent[0].code, absent[0].file.as_str()),
        (1, P::Unreadable, "/nowhere/at/all")
    );
    let dir = std::env::temp_dir().join(format!("catalogue-{}", std::process::id()));
    std::fs::create_dir_all(dir.join("items")).expect("directory");
    std::fs::write(dir.join("items/x.yaml"), b"code: a\nname: \xb4\xf3\n").expect("file");
    let problems = Catalogue::load(&dir).expect_err("not UTF-8");
    std::fs::remove_dir_all(&dir).expect("removed");
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!((problems[0].code, problems[0].line, problems[0].column), (P::NotUtf8, Some(2), Some(7)));
}

#[test]
fn a_problem_reads_as_one_line_and_as_json() {
    let inspection = inspect_item(&item_with("step_rollback, step: decision", "step_rollback, step: foo"));
    let steps = "filing, investigation, review, decision, execution";
    let expected = format!("items/x.yaml:18: points[2].step: no step \"foo\"; steps are: {steps}");
    assert_eq!(inspection.problems[0].to_string(), expected);
    let json = serde_json::to_value(&inspection.problems[0]).expect("JSON");
    assert_eq!((&json["code"], &json["severity"]), (&"unknown_step".into(), &"error".into()));
    assert_eq!(json["message"]["zh"], format!("没有环节“foo”：现有 {steps}"));
}
