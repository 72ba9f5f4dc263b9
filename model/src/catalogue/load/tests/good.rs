//! What good files become.

use super::*;
use crate::catalogue::{InFlight, Legal, Length, Rule, Scope, Stage, StageAt, Visits};
use crate::finding::Light;
use crate::time::{MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE};

const RED_AT_DUE: Stage = Stage { at: StageAt::Late(0), light: Light::Red };

fn yellow(at: StageAt) -> Stage {
    Stage { at, light: Light::Yellow }
}

/// The stages and length of the contract's `inquiry`, with everything after its scope replaced.
fn inquiry(rest: &str) -> crate::catalogue::Limit {
    item(&item_with("days: 30, unit: working_day, warn_days: 3", rest)).limits[1].clone()
}

#[test]
fn the_item_of_the_contract() {
    assert_eq!(found(&inspect_item(ITEM)), []);
    let item = item(ITEM);
    assert_eq!(
        (item.code.as_str(), item.name.en.as_str()),
        ("3701-CF-0042", "Street trading without permit")
    );
    assert_eq!(item.steps[0].name.en, "立案");
    assert_eq!(item.steps[2].next, [3, 1]);
    assert_eq!(item.limits[0].scope, Scope::Case);
    assert_eq!(item.limits[0].length, Length::CalendarDays { days: 90, roll_forward: true });
    assert_eq!(item.limits[1].scope, Scope::Span { from: 0, to: 2 });
    assert_eq!(item.limits[2].scope, Scope::Step(0));
    assert_eq!(item.limits[2].stages, [yellow(StageAt::Before(1)), RED_AT_DUE]);
    assert_eq!((item.limits[2].legal, item.limits[2].visits), (Legal::Statutory, Visits::Restart));
    assert!(matches!(item.points[0].rule, Rule::TimeLimit { limit: 2 }));
    assert!(matches!(item.points[1].rule, Rule::OfficerQualification { step: 1, min_officers: 2, .. }));
    assert!(matches!(item.points[6].rule, Rule::PenaltyExecution { step: 4, require_voucher: true }));
    assert_eq!(item.discretion[0].tiers[1].fine_fen, (Some(20_001), Some(100_000)));
    assert_eq!(item.redress[0].within, Some((60, "calendar_day".to_owned())));
    assert_eq!((item.max_entry_lag_hours, item.in_flight), (None, InFlight::Pin));
}

#[test]
fn a_minimal_item() {
    let item = item("code: a\nname: b\ncategory: other\nsteps: [{id: c}]\nlimits:\n");
    assert_eq!((item.name.zh.as_str(), item.name.en.as_str()), ("b", "b"));
    assert_eq!((item.steps[0].name.zh.as_str(), item.steps[0].next.len()), ("c", 0));
    assert!(item.limits.is_empty() && item.points.is_empty());
}

#[test]
fn day_limits_and_their_stages() {
    let limit = inquiry("days: 20, unit: calendar_day, roll_forward: false, legal: promised");
    assert_eq!(limit.length, Length::CalendarDays { days: 20, roll_forward: false });
    assert_eq!((limit.legal, limit.stages), (Legal::Promised, vec![RED_AT_DUE]));
    let limit = inquiry("days: 20, unit: working_day, warn_days: 2, stages: [{used: 0.29, light: yellow}]");
    // Where there are stages they say all there is to say.
    let expected = [yellow(StageAt::Used(290_000)), RED_AT_DUE];
    assert_eq!(limit.stages, expected);
    let limit =
        inquiry("days: 20, unit: working_day, stages: [{late: 0, light: yellow}, {late: 2, light: red}]");
    let expected = [yellow(StageAt::Late(0)), Stage { at: StageAt::Late(2), light: Light::Red }];
    assert_eq!(limit.stages, expected);
}

#[test]
fn hour_limits_count_stages_in_their_own_member() {
    let limit = inquiry("minutes: 90, unit: hour, stages: [{before: 30, light: yellow}]");
    assert_eq!(limit.length, Length::Elapsed(90 * MS_PER_MINUTE));
    assert_eq!(limit.stages, [yellow(StageAt::Before(30 * MS_PER_MINUTE)), RED_AT_DUE]);
    let limit = inquiry("hours: 14, unit: working_hour, stages: [{late: 2, light: red}]");
    assert_eq!(limit.length, Length::OfficeTime(14 * MS_PER_HOUR));
    assert_eq!(limit.stages, [Stage { at: StageAt::Late(2 * MS_PER_HOUR), light: Light::Red }]);
}

#[test]
fn warn_days_of_hour_limits_are_days_of_their_clock() {
    let limit = inquiry("hours: 72, unit: hour, warn_days: 1");
    assert_eq!(limit.stages, [yellow(StageAt::Before(MS_PER_DAY)), RED_AT_DUE]);
    let settings = "office_hours: [[\"08:30\", \"12:00\"], [\"14:00\", \"18:00\"]]\n";
    let text =
        item_with("days: 30, unit: working_day, warn_days: 3", "hours: 20, unit: working_hour, warn_days: 1");
    let files = [("items/x.yaml", text.as_str()), ("calendar/2026.yaml", YEAR), ("catalogue.yaml", settings)];
    let catalogue = inspect(&files).catalogue.expect("catalogue");
    let expected = [yellow(StageAt::Before(7 * MS_PER_HOUR + 30 * MS_PER_MINUTE)), RED_AT_DUE];
    assert_eq!(catalogue.items["3701-CF-0042"].limits[1].stages, expected);
    assert_eq!(catalogue.calendar.office_day_ms(), 7 * MS_PER_HOUR + 30 * MS_PER_MINUTE);
}

#[test]
fn windows_and_accumulating_visits() {
    let text = item_with(
        "days: 7,  unit: working_day, warn_days: 1",
        "days: 7, unit: working_day, open_ended: true, visits: accumulate",
    );
    let limit = item(&text).limits[2].clone();
    assert!(limit.open_ended);
    assert_eq!(limit.visits, Visits::Accumulate);
}

#[test]
fn the_version_is_the_one_given_or_follows_the_files() {
    let version = |files: &[(&str, &str)]| inspect(files).catalogue.expect("catalogue").version;
    let bare = version(&[("items/x.yaml", ITEM), ("calendar/2026.yaml", YEAR)]);
    assert_eq!(bare.len(), 12);
    assert_eq!(bare, version(&[("calendar/2026.yaml", YEAR), ("items/x.yaml", ITEM), ("mapping.yaml", "x")]));
    assert_ne!(bare, version(&[("items/x.yaml", &format!("{ITEM}\n")), ("calendar/2026.yaml", YEAR)]));
    assert_eq!(version(&[("items/x.yaml", ITEM), ("catalogue.yaml", "version: '2026.1'")]), "2026.1");
}

#[test]
fn officers_and_orgs() {
    let orgs =
        "- {id: A, name: 市政府}\n- {id: B, name: 城管局, parent: A, region: '370100', sources: ['urn:x']}\n";
    let officers = "\u{feff}officer_id,name,org,certificate_no,valid_from,valid_to\n\
                    o1,王一,B,C1,2024-01-01,2026-12-31\no1,王一,B,C2,2027-01-01,\no2,\"李,二\",B,,,\n";
    let files = [
        ("items/x.yaml", ITEM),
        ("calendar/2026.yaml", YEAR),
        ("orgs.yaml", orgs),
        ("officers.csv", officers),
    ];
    let inspection = inspect(&files);
    let told = (ProblemCode::OfficerWithoutCertificate, "officers.csv:4 certificate_no".to_owned());
    assert_eq!(found(&inspection), [told], "李,二 has none");
    let catalogue = inspection.catalogue.expect("catalogue");
    assert_eq!(catalogue.officers.len(), 2);
    assert_eq!(catalogue.officers.certificates("o1").len(), 2);
    assert_eq!(catalogue.officers.certificates("o2")[0].name, "李,二");
    assert!(catalogue.orgs.may_speak("urn:x", "B") && !catalogue.orgs.may_speak("urn:x", "A"));
    assert_eq!(catalogue.orgs.by_id["B"].parent.as_deref(), Some("A"));
}

#[test]
fn a_source_whose_silence_counts() {
    let orgs = "- {id: A, name: a, region: r, sources: [{uri: x, silent_after: {hours: 2}}, w, {uri: z}]}\n\
                - {id: B, name: b, sources: [{uri: x, silent_after: {minutes: 90}}]}\n";
    let inspection = inspect(&[("items/x.yaml", ITEM), ("calendar/2026.yaml", YEAR), ("orgs.yaml", orgs)]);
    assert_eq!(found(&inspection), []);
    let orgs = inspection.catalogue.expect("catalogue").orgs;
    assert!(["x", "w", "z"].iter().all(|source| orgs.may_speak(source, "A")));
    let watched = orgs.watched("x").expect("watched");
    assert_eq!((watched.org.as_str(), watched.silent_after), ("A", 90 * MS_PER_MINUTE), "the shortest");
    assert_eq!(orgs.all_watched().count(), 1);
}
