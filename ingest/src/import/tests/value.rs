//! Members: templates, lists, maps, defaults, objects, ids.

use serde_json::{Value, json};

use super::import;

/// The data of one event of this type made of one row `a,b,c` of a CSV file.
fn data(event: &str, data: &str, row: &str) -> Result<Value, String> {
    let mapping = format!(
        "format: csv\nsource: urn:x\ncase: c\nid: \"{{row:04}}\"\ntime: {{text: \"2026-01-05\", format: iso, zone: Asia/Shanghai}}\n\
         events:\n  - type: {event}\n    {data}\n"
    );
    let imported = import(&mapping, format!("a,b,c\n{row}\n"));
    match imported.lines.first() {
        Some(line) => Ok(serde_json::from_str::<Value>(line).unwrap()["data"].take()),
        None => Err(imported.errors.join("; ")),
    }
}

#[test]
fn values_of_every_kind() {
    let started = "data: {step: \"{a}\", officers: {column: b, list: \"、\"}, due: {column: c, format: \"%Y/%m/%d %H\", zone: Asia/Shanghai}}";
    let evidence =
        "data: {step: s, evidence: {column: a, list: \";\", each: {id: \"{item}\", kind: \"{b}\"}}}";
    let table = [
        ("step.started", started, "s,,", json!({"step": "s"})),
        (
            "step.started",
            started,
            "s, x 、、y,2026/1/6 17",
            json!({"step": "s", "officers": ["x", "y"], "due": "2026-01-06T17:00:00+08:00"}),
        ),
        (
            "evidence.uploaded",
            evidence,
            "e1; e2,photo,",
            json!({"step": "s", "evidence": [{"id": "e1", "kind": "photo"}, {"id": "e2", "kind": "photo"}]}),
        ),
        (
            "step.completed",
            "data: {step: s, fields: {结论: \"{a}\", 说明: \"{b}/{c}\"}}",
            "x,y,",
            json!({"step": "s", "fields": {"结论": "x"}}),
        ),
        (
            "limit.extended",
            "data: {scope: total, days: {column: a}, document: \"{{{b}}}\"}",
            " 30 ,d,",
            json!({"scope": "total", "days": 30, "document": "{d}"}),
        ),
        ("charge.added", "data: {amount_fen: 100}", "x,,", json!({"amount_fen": 100})),
        (
            "charge.added",
            "data: {amount_fen: {column: a, default: \"1.5\", money: 元}}",
            ",,",
            json!({"amount_fen": 150}),
        ),
        (
            "penalty.executed",
            "data: {fine_fen: {column: a, money: 万元, thousands: \",\"}, vouchers: [{id: \"{b}\", sha256: \"{c}\"}]}",
            "\"1,000.5\",v,",
            json!({"fine_fen": 1_000_500_000, "vouchers": [{"id": "v"}]}),
        ),
        (
            "case.closed",
            "data: {outcome: {column: a, map: {\"1\": granted, \"2\": refused}, otherwise: other}}",
            "2,,",
            json!({"outcome": "refused"}),
        ),
        (
            "case.closed",
            "data: {outcome: {column: a, map: {\"1\": granted}, otherwise: other}}",
            "9,,",
            json!({"outcome": "other"}),
        ),
        (
            "case.closed",
            "extra: {n: 1, on: true, t: {const: \"{a}\"}, o: {x: \"{a}\", y: [\"{b}\", \"{c}\"]}, p: {k: fixed, m: \"{c}\"}}",
            "x,y,",
            json!({"n": 1, "on": true, "t": "{a}", "o": {"x": "x", "y": ["y"]}}),
        ),
        (
            "decision.made",
            "data: {step: s, decision: d, basis: [{law: L, article: \"{a}\"}, {law: M}]}",
            ",,",
            json!({"step": "s", "decision": "d", "basis": [{"law": "M"}]}),
        ),
    ];
    for (event, mapping, row, want) in table {
        assert_eq!(data(event, mapping, row), Ok(want), "{mapping} {row}");
    }
}

#[test]
fn values_that_cannot_be_made() {
    let long = "x".repeat(129);
    let table = [
        (
            "step.started",
            "data: {step: \"{a}\"}",
            ",,",
            "column 1 \"a\": is absent, and `step` must be there",
        ),
        (
            "step.started",
            "data: {step: \"{a}\"}",
            "\"x\u{7}\",,",
            "column 1 \"a\": \"x\\u{7}\" is an id with a control character in it",
        ),
        (
            "step.started",
            "data: {step: \"{a}\"}",
            long.as_str(),
            "column 1 \"a\": \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"… is an id of 129 bytes; 128 are allowed",
        ),
        (
            "case.closed",
            "data: {outcome: {column: a, map: {\"1\": granted}}}",
            "9,,",
            "column 1 \"a\": \"9\" is not in the mapping's `map`, which has no `otherwise`",
        ),
        (
            "limit.extended",
            "data: {scope: s, days: \"{a}\"}",
            "1.5,,",
            "column 1 \"a\": \"1.5\" is no whole number of days from 1 to 3660",
        ),
        (
            "penalty.executed",
            "data: {fine_fen: 1, vouchers: [{id: \"{a}\", sha256: \"{b}\"}]}",
            ",h,",
            "column 1 \"a\": is absent, and `id` must be there",
        ),
        (
            "evidence.uploaded",
            "data: {step: s, evidence: {column: a, list: \";\", each: {id: \"{item}\", kind: \"{b}\"}}}",
            "e1,,",
            "column 2 \"b\": is absent, and `kind` must be there",
        ),
        (
            "charge.added",
            "data: {amount_fen: {column: c, money: 元}}",
            ",,0.001",
            "column 3 \"c\": \"0.001\" has more decimals than fen can hold",
        ),
    ];
    for (event, mapping, row, want) in table {
        let row = format!("{row}{}", ",".repeat(2 - row.matches(',').count()));
        assert_eq!(data(event, mapping, &row), Err(format!("dir/in.csv:2: {want}")), "{mapping} {row}");
    }
}

#[test]
fn ids_are_in_their_normal_form_and_texts_are_left_alone() {
    let made =
        data("step.completed", "data: {step: \"{a}\", fields: {n: \"{b}\"}}", "e\u{301},e\u{301},").unwrap();
    assert_eq!(made, json!({"step": "\u{e9}", "fields": {"n": "e\u{301}"}}));
}

#[test]
fn an_event_too_large_for_the_contract_is_refused() {
    let error =
        data("case.closed", "data: {outcome: \"{a}\"}", &format!("{},,", "x".repeat(300_000))).unwrap_err();
    assert!(error.ends_with("262144 are allowed"), "{error}");
}
