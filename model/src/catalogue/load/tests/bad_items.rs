//! One mistake in the contract's item at a time: which problem it makes, and where.

use super::super::super::ProblemCode as P;
use super::*;

/// What is replaced, by what; the code, line and path of the one problem that follows; a piece of its message.
type Row = (&'static str, &'static str, P, u32, &'static str, &'static str);

fn check(rows: &[Row]) {
    for (from, to, code, line, path, piece) in rows {
        let inspection = inspect_item(&item_with(from, to));
        let shown: Vec<String> = inspection.problems.iter().map(|p| format!("{} {p}", p.code)).collect();
        let [problem] = inspection.problems.as_slice() else {
            panic!("{from} -> {to}: not one problem: {shown:#?}");
        };
        assert_eq!((problem.code, problem.path.as_str()), (*code, *path), "{from} -> {to}: {shown:?}");
        assert_eq!(problem.line, Some(*line), "{from} -> {to}: {shown:?}");
        assert!(problem.message.en.contains(piece), "{from} -> {to}: {shown:?}");
        assert_eq!(inspection.catalogue.is_none(), problem.is_error());
    }
}

#[test]
fn the_shape_of_an_item() {
    check(&[
        (
            "category:",
            "catagory: x\ncategory:",
            P::UnknownKey,
            3,
            "catagory",
            "keys are: code, name, category",
        ),
        ("category: penalty", "category: fine", P::InvalidValue, 3, "category", "licence, penalty"),
        ("category: penalty\n", "", P::MissingKey, 1, "category", "is required"),
        ("\"3701-CF-0042\"", "37.01", P::WrongType, 1, "code", "put it in quotes"),
        ("\"3701-CF-0042\"", "' '", P::InvalidValue, 1, "code", "blank"),
        ("\"3701-CF-0042\"", "\"a\\tb\"", P::InvalidValue, 1, "code", "no id"),
        ("en: Street trading without permit", "de: Street trading", P::UnknownKey, 2, "name.de", "zh, en"),
        ("article: \"36\"", "article: 36.5", P::WrongType, 4, "legal_basis[0].article", "number 36.5"),
        ("category: penalty", "category: penalty\ncategory: levy", P::DuplicateKey, 4, "category", "line 3"),
        ("redress: [", "in_flight: freeze\nredress: [", P::InvalidValue, 32, "in_flight", "pin, migrate"),
        (
            "redress: [",
            "max_entry_lag_hours: -1\nredress: [",
            P::OutOfRange,
            32,
            "max_entry_lag_hours",
            "0 to",
        ),
        (
            "within: {days: 60",
            "within: {days: 1.5",
            P::WrongType,
            32,
            "redress[0].within.days",
            "whole number",
        ),
        ("redress: [", "shadow_until: soon\nredress: [", P::InvalidValue, 32, "shadow_until", "RFC 3339"),
        (
            "redress: [",
            "in_flight: migrate\nshadow_until: 2026-07-01T00:00:00+08:00\nredress: [",
            P::InvalidValue,
            33,
            "shadow_until",
            "vanish",
        ),
        ("grade: high", "grade: gross", P::InvalidValue, 31, "risk_points[0].grade", "high, medium, low"),
        (
            "{id: r1, step: decision",
            "{id: r1, step: x",
            P::UnknownStep,
            31,
            "risk_points[0].step",
            "no step \"x\"",
        ),
    ]);
}

#[test]
fn steps() {
    check(&[
        ("next: [review]", "next: [revue]", P::UnknownStep, 7, "steps[1].next[0]", "steps are: filing, inv"),
        (
            "next: [decision, inv",
            "next: [decision, decision, inv",
            P::DuplicateId,
            8,
            "steps[2].next[1]",
            "twice",
        ),
        (
            "next: [review]",
            "next: review",
            P::WrongType,
            7,
            "steps[1].next",
            "wants a list, but this is text",
        ),
        ("next: []}", "next: [], note: 1}", P::UnknownKey, 10, "steps[4].note", "id, name, next"),
        (
            "{id: execution,     name: {zh: 执行}, next: []}",
            "{id: execution, next: []}\n  - {id: lost}",
            P::UnreachableStep,
            11,
            "steps[5]",
            "\"lost\"",
        ),
    ]);
}

#[test]
fn limits() {
    check(&[
        ("{step: filing}", "{step: fling}", P::UnknownStep, 14, "limits[2].scope.step", "no step \"fling\""),
        ("to: review}", "to: reviews}", P::UnknownStep, 13, "limits[1].scope.to", "no step \"reviews\""),
        ("{from: filing, to: review}", "{from: filing}", P::MissingKey, 13, "limits[1].scope.to", "required"),
        ("{step: filing}", "{step: filing, to: review}", P::ConflictingKeys, 14, "limits[2].scope", "either"),
        ("scope: case", "scope: whole", P::InvalidValue, 12, "limits[0].scope", "case, {step: …}"),
        ("days: 90", "days: 0", P::OutOfRange, 12, "limits[0].days", "1 to 3660"),
        ("days: 90", "days: '90'", P::WrongType, 12, "limits[0].days", "wants a whole number"),
        (
            "days: 90, unit: calendar_day",
            "days: 90, unit: month",
            P::InvalidValue,
            12,
            "limits[0].unit",
            "working_hour",
        ),
        ("days: 90", "hours: 90", P::ConflictingKeys, 12, "limits[0]", "exactly one of `days`; found: hours"),
        ("days: 90", "days: 90, hours: 2", P::ConflictingKeys, 12, "limits[0]", "found: days, hours"),
        (
            "days: 90, unit: calendar_day",
            "days: 9, unit: hour",
            P::ConflictingKeys,
            12,
            "limits[0]",
            "`hours` or",
        ),
        ("days: 90, ", "", P::ConflictingKeys, 12, "limits[0]", "found: (none)"),
        ("days: 90, unit: calendar_day", "days: 90", P::MissingKey, 12, "limits[0].unit", "required"),
        ("warn_days: 3", "warn_days: 30", P::WarnedFromStart, 13, "limits[1].warn_days", "30 days"),
        ("warn_days: 3", "warn_days: 0", P::StageNeverShown, 13, "limits[1].warn_days", "never shown"),
        ("warn_days: 3", "warn_days: -1", P::OutOfRange, 13, "limits[1].warn_days", "0 to"),
        ("warn_days: 3", "open_ended: yes please", P::WrongType, 13, "limits[1].open_ended", "true or false"),
        (
            "warn_days: 3",
            "warn_days: 3, open_ended: true",
            P::StageNeverShown,
            13,
            "limits[1].warn_days",
            "window",
        ),
        ("warn_days: 3", "legal: 承诺", P::InvalidValue, 13, "limits[1].legal", "statutory, promised"),
        ("warn_days: 3", "visits: keep", P::InvalidValue, 13, "limits[1].visits", "restart, accumulate"),
        ("warn_days: 3", "visits: accumulate", P::IgnoredKey, 13, "limits[1].visits", "{step}"),
        ("warn_days: 3", "roll_forward: false", P::IgnoredKey, 13, "limits[1].roll_forward", "calendar_day"),
    ]);
}

#[test]
fn stages() {
    let row = |to: &'static str, code, path, piece| ("warn_days: 3", to, code, 13, path, piece);
    check(&[
        row("stages: [{light: red}]", P::ConflictingKeys, "limits[1].stages[0]", "found: (none)"),
        row(
            "stages: [{late: 1, used: 0.5, light: red}]",
            P::ConflictingKeys,
            "limits[1].stages[0]",
            "used, late",
        ),
        row("stages: [{before: 1}]", P::MissingKey, "limits[1].stages[0].light", "required"),
        row(
            "stages: [{before: 1, light: green}]",
            P::InvalidValue,
            "limits[1].stages[0].light",
            "yellow, red",
        ),
        row("stages: [{used: 0, light: red}]", P::OutOfRange, "limits[1].stages[0].used", "above 0"),
        row("stages: [{used: 1.01, light: red}]", P::OutOfRange, "limits[1].stages[0].used", "at most 1"),
        row("stages: [{used: 80%, light: red}]", P::WrongType, "limits[1].stages[0].used", "wants a number"),
        row("stages: [{used: 1.0, light: red}]", P::StageNeverShown, "limits[1].stages[0]", "never shown"),
        row("stages: [{before: 31, light: red}]", P::WarnedFromStart, "limits[1].stages[0]", "first day"),
        row(
            "stages: [{late: 0, light: red}, {late: 2, light: yellow}]",
            P::StageNeverShown,
            "limits[1].stages[1]",
            "never falls",
        ),
        row("stages: {before: 1, light: red}", P::WrongType, "limits[1].stages", "wants a list"),
    ]);
}

#[test]
fn points() {
    check(&[
        (
            "{id: p3, kind: step_rollback, step: decision}",
            "{id: p3, kind: step_rollback, step: foo}",
            P::UnknownStep,
            18,
            "points[2].step",
            "no step \"foo\"; steps are: filing, investigation",
        ),
        (
            "{id: p3, kind: step_rollback",
            "{id: p3, kind: rollback",
            P::InvalidValue,
            18,
            "points[2].kind",
            "step_rollback",
        ),
        (
            "kind: step_rollback, step: decision",
            "kind: step_rollback",
            P::MissingKey,
            18,
            "points[2].step",
            "required",
        ),
        (
            "kind: step_rollback, step",
            "kind: step_rollback, limit: x, step",
            P::UnknownKey,
            18,
            "points[2].limit",
            "id, kind, step",
        ),
        ("{id: p3", "{id: p2", P::DuplicateId, 18, "points[2].id", "line 17"),
        ("{id: p3", "{id: data_quality", P::InvalidValue, 18, "points[2].id", "data-quality"),
        ("min_officers: 2", "min_officers: 0", P::OutOfRange, 17, "points[1].min_officers", "1 to 100"),
        (
            "{kind: photo, min: 1}",
            "{kind: smell, min: 1}",
            P::InvalidValue,
            19,
            "points[3].required[0].kind",
            "video, audio",
        ),
        (
            "{kind: photo, min: 1}",
            "{kind: document}",
            P::DuplicateId,
            19,
            "points[3].required[1].kind",
            "twice",
        ),
        (
            "[{kind: photo, min: 1}, {kind: document, min: 1}]",
            "[]",
            P::MissingKey,
            19,
            "points[3].required",
            "at least one",
        ),
        (
            "{id: p7, kind: penalty_execution, step: execution}",
            "{id: p7, kind: penalty_execution, step: execution, require_voucher: 1}",
            P::WrongType,
            22,
            "points[6].require_voucher",
            "true or false",
        ),
        (
            "{id: p9, kind: time_limit, limit: inquiry}",
            "{id: p9, kind: step_rollback, step: filing}",
            P::LimitWithoutPoint,
            13,
            "limits[1]",
            "\"inquiry\"",
        ),
        (
            "{id: p9, kind: time_limit, limit: inquiry}",
            "{id: p9, kind: time_limit, limit: inquiry}\n  - {id: p10, kind: discretion, step: decision}",
            P::DuplicatePoint,
            25,
            "points[9]",
            "\"p6\"",
        ),
    ]);
}

#[test]
fn discretion() {
    check(&[
        (
            "{min: 5000, max: 20000}",
            "{min: 5000, max: 200}",
            P::OutOfRange,
            28,
            "discretion[0].tiers[0].fine_fen",
            "above",
        ),
        (
            "{min: 5000, max: 20000}",
            "{min: 50.5}",
            P::WrongType,
            28,
            "discretion[0].tiers[0].fine_fen.min",
            "whole",
        ),
        ("{id: heavy", "{id: light", P::DuplicateId, 29, "discretion[0].tiers[1].id", "line 28"),
        (
            "[repeat_offence]",
            "[again, again]",
            P::DuplicateId,
            29,
            "discretion[0].tiers[1].circumstances[1]",
            "twice",
        ),
    ]);
}

#[test]
fn a_promise_may_not_exceed_the_law() {
    let promise = "days: 90, unit: calendar_day}\n  - {id: soon, scope: case, days: 91, unit: calendar_day, legal: promised}";
    let text = item_with("days: 90, unit: calendar_day}", promise)
        .replace("{id: p9,", "{id: p10, kind: time_limit, limit: soon}\n  - {id: p9,");
    let inspection = inspect_item(&text);
    assert_eq!(found(&inspection), [(P::PromiseExceedsLaw, "items/x.yaml:13 limits[1]".to_owned())]);
}

#[test]
fn all_problems_of_a_file_are_told() {
    let text = item_with("category: penalty", "category: fine")
        .replace("next: [review]", "next: [revue]")
        .replace("days: 90", "days: ninety")
        .replace("grade: high", "grad: high");
    let expected = [
        (P::InvalidValue, "items/x.yaml:3 category"),
        (P::UnknownStep, "items/x.yaml:7 steps[1].next[0]"),
        (P::WrongType, "items/x.yaml:12 limits[0].days"),
        (P::MissingKey, "items/x.yaml:31 risk_points[0].grade"),
        (P::UnknownKey, "items/x.yaml:31 risk_points[0].grad"),
    ];
    let inspection = inspect_item(&text);
    let errors: Vec<_> = found(&inspection).into_iter().filter(|(c, _)| *c != P::UnreachableStep).collect();
    assert_eq!(errors, expected.map(|(code, place)| (code, place.to_owned())));
}
