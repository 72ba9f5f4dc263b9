//! What is refused, in which words; what is let through.

use model::time::Instant;

use super::declared::{AlarmListParams, DeadLetterParams, NoParams, StatsParams};
use super::*;
use crate::question::Field;

fn complaint(query: &str) -> (String, String) {
    let refused = |params: Params<AlarmListParams>| {
        params
            .filter()
            .map(drop)
            .and(params.limit().map(drop))
            .and(params.after::<(i64, String)>(&[]).map(drop))
    };
    let problem = Params::<AlarmListParams>::parse(query).and_then(refused).unwrap_err();
    (problem.parameter.unwrap(), problem.detail)
}

#[track_caller]
fn check_complaint(query: &str, parameter: &str, words: &str) {
    let (named, detail) = complaint(query);
    assert_eq!(named, parameter, "{query}: {detail}");
    assert!(detail.contains(words), "{query}: {detail}");
}

#[test]
fn a_complaint_names_the_parameter_and_what_would_be_right() {
    check_complaint("orgg=1", "orgg", "this address takes: org, region, region_is, item");
    check_complaint("kind=deadline", "kind", "one of: time_limit, officer_qualification");
    check_complaint("light=green", "light", "one of: yellow, red");
    check_complaint("state=open", "state", "one of: raised, cleared, retracted");
    check_complaint("category=fine", "category", "one of: licence, penalty");
    check_complaint("org=", "org", "empty");
    check_complaint("axis=time", "axis", "one of: accepted, violated, raised, changed");
    check_complaint("axis=raised&axis=raised", "axis", "once");
    check_complaint("from=yesterday", "from", "2026-03-02T09:00:00+08:00");
    check_complaint("from=2026-03-02", "from", "RFC 3339");
    check_complaint("to=9999-01-01T00:00:00Z", "to", "1900 to 2299");
    check_complaint("from=2026-03-02T00:00:00Z&to=2026-03-02T00:00:00Z", "to", "after from");
    check_complaint("limit=0", "limit", "1 to 500");
    check_complaint("limit=501", "limit", "1 to 500");
    check_complaint("limit=ten", "limit", "whole number");
    check_complaint("cursor=abc", "cursor", "next_cursor");
    check_complaint(&"org=1&".repeat(101), "org", "at most 100 times");
    check_complaint(&format!("org={}", "1".repeat(1025)), "org", "at most 1024 bytes");
}

#[test]
fn repeated_values_are_any_of_them_and_empty_ones_ask_for_none() {
    let params = Params::<AlarmListParams>::parse("org=a&org=b&step=&region=%E5%8C%BA").unwrap();
    let filter = params.filter().unwrap();
    assert_eq!(filter.fields[&Field::Org], ["a", "b"]);
    assert_eq!(filter.fields[&Field::Step], [""]);
    assert_eq!(filter.fields[&Field::Region], ["区"]);
}

#[test]
fn a_plus_that_was_not_encoded_is_understood() {
    let at = Instant::parse("2026-03-02T09:00:00+08:00");
    for query in ["from=2026-03-02T09:00:00+08:00", "from=2026-03-02T09:00:00%2B08:00"] {
        assert_eq!(Params::<AlarmListParams>::parse(query).unwrap().filter().unwrap().from, at);
    }
}

#[test]
fn an_address_without_parameters_takes_none() {
    let problem = Params::<NoParams>::parse("a=1").err().unwrap();
    assert!(problem.detail.ends_with("takes: none"), "{}", problem.detail);
}

#[test]
fn groups_are_named_once_and_zones_are_known() {
    let params = |query| Params::<StatsParams>::parse(query).unwrap();
    assert!(params("by=day&by=kind").groups().is_ok());
    assert!(params("by=kind&by=kind").groups().unwrap_err().detail.contains("twice"));
    assert!(params("by=year").groups().unwrap_err().detail.contains("one of: day, hour, org"));
    assert_eq!(params("").zone().unwrap().0, "Asia/Shanghai");
    assert_eq!(params("zone=asia/shanghai").zone().unwrap().0, "Asia/Shanghai");
    assert!(params("zone=Beijing").zone().unwrap_err().detail.contains("IANA"));
}

#[test]
fn dead_letters_have_their_own_words() {
    let params = |query| Params::<DeadLetterParams>::parse(query).unwrap();
    assert_eq!(params("reason=oversize&org=").dead_letters().unwrap().fields.len(), 2);
    assert!(params("reason=").dead_letters().unwrap_err().detail.contains("empty"));
}
