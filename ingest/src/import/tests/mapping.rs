//! Mapping errors: file, line, column, key, and what would be right.

use super::{mapping_errors, parse};

const GOOD: &str = r#"format: csv
source: urn:x
case: "{a}"
activity: "{act}"
time: {column: t, format: iso, zone: Asia/Shanghai}
id: "{case}-{row:08}"
events:
  - on: X
    type: case.closed
"#;

#[test]
fn a_good_mapping_parses() {
    parse(GOOD).unwrap();
}

#[test]
fn every_error_names_its_place() {
    let table = [
        (
            "format: csv",
            "format: cvs",
            "m.yaml:1:9: format: \"cvs\" is not known; use one of: csv, jsonl, xes",
        ),
        (
            "source: urn:x",
            "sauce: urn:x",
            "m.yaml:1:1: source: is missing; a text, with columns in braces, e.g. \"{案件编号}\"",
        ),
        (
            "zone: Asia/Shanghai",
            "zone: Asia/Peking",
            "m.yaml:5:38: time.zone: \"Asia/Peking\" is no time zone; use a name such as Asia/Shanghai",
        ),
        (
            ", zone: Asia/Shanghai",
            "",
            "m.yaml:5:7: time: its times may have no offset: say their `zone`, e.g. Asia/Shanghai",
        ),
        (
            "format: iso",
            "format: isoo",
            "m.yaml:5:27: time.format: \"isoo\" is no time format; use rfc3339, iso, epoch_s, epoch_ms or a pattern such as \"%Y-%m-%d %H:%M\"",
        ),
        (
            "{case}-{row:08}",
            "{case}",
            "m.yaml:6:5: id: is the same for all rows of a case; add {row:08} or a column such as a record number",
        ),
        (
            "{row:08}",
            "{row}",
            "m.yaml:6:5: id: has {row}; write its width, {row:08}, so that ids keep the order of the file",
        ),
        (
            "case: \"{a}\"",
            "case: \"{a\"",
            "m.yaml:3:7: case: has a { on its own; a brace as text is written {{",
        ),
        (
            "case: \"{a}\"",
            "case: \"{case}\"",
            "m.yaml:3:7: case: {case} cannot be used to say what the case is",
        ),
        (
            "case.closed",
            "case.close",
            "m.yaml:9:11: events[1].type: \"case.close\" is no event type; the types are: case.accepted, step.started, officers.authorized, step.completed, step.returned, evidence.uploaded, evidence.removed, decision.made, charge.added, penalty.executed, clock.suspended, clock.resumed, limit.extended, case.closed, case.withdrawn",
        ),
        (
            "case.closed",
            "step.completed",
            "m.yaml:8:5: events[1].data.step: is missing; the contract requires it",
        ),
        (
            "case.closed",
            "case.closed\n    data: {outcom: x}",
            "m.yaml:10:12: events[1].data.outcom: unknown key; known here: outcome",
        ),
        (
            "case.closed",
            "case.closed\n    data: {outcome: 5}",
            "m.yaml:10:21: events[1].data.outcome: is a number; a text is wanted, so put it in quotes",
        ),
        (
            "case.closed",
            "case.closed\n    data: {outcome: {colum: x, map: {}}}",
            "m.yaml:10:22: events[1].data.outcome.colum: unknown key; known here: column, text, const, default, map, otherwise, money, thousands, format, zone, list, each",
        ),
        (
            "case.closed",
            "case.closed\n    data: {outcome: {column: x, money: 元}}",
            "m.yaml:10:21: events[1].data.outcome: `money` has no meaning for this member",
        ),
        (
            "case.closed",
            "case.closed\n    extra: {outcome: x}",
            "m.yaml:10:12: events[1].extra: `outcome` is a member of case.closed and belongs into `data`",
        ),
        (
            "case.closed",
            "charge.added\n    data: {amount_fen: \"{f}\"}",
            "m.yaml:10:24: events[1].data.amount_fen: an amount needs its unit, e.g. {column: 罚款金额, money: 元}; units: fen, 分, cent, jiao, 角, yuan, 元, euro, 千元, wan_yuan, 万元, 百万元, 亿元",
        ),
        (
            "case.closed",
            "charge.added\n    data: {amount_fen: -1}",
            "m.yaml:10:24: events[1].data.amount_fen: is out of range: 0 to 10^15 fen",
        ),
        (
            "case.closed",
            "charge.added\n    data: {amount_fen: {const: 1.5}}",
            "m.yaml:10:32: events[1].data.amount_fen: is a number; a text is wanted, so put it in quotes",
        ),
        (
            "case.closed",
            "penalty.executed\n    data: {fine_fen: 1, vouchers: {id: x}}",
            "m.yaml:10:35: events[1].data.vouchers: is one object; a list is wanted: put it in [ ]",
        ),
        (
            "case.closed",
            "evidence.uploaded\n    data: {step: s, evidence: [{id: x}]}",
            "m.yaml:10:32: events[1].data.evidence[1].kind: is missing; the contract requires it",
        ),
        (
            "case.closed",
            "step.started\n    data: {step: \"{step}\"}",
            "m.yaml:10:18: events[1].data.step: {step} needs an `on` that maps activities to steps",
        ),
        (
            "case.closed",
            "step.started\n    data: {step: \"{item}\"}",
            "m.yaml:10:18: events[1].data.step: {item} has a meaning only inside `each`",
        ),
        (
            "case.closed",
            "step.started\n    data: {step: s, due: \"not a time\"}",
            "m.yaml:10:26: events[1].data.due: \"not a time\" is no RFC 3339 time with an offset",
        ),
        (
            "on: X",
            "when: {column: x, equal: y}",
            "m.yaml:8:23: events[1].when.equal: unknown key; known here: column, equals, in, present, absent, matches",
        ),
        (
            "on: X",
            "when: {column: x, equals: y, in: [z]}",
            "m.yaml:8:11: events[1].when: needs one of equals, in, present, absent, matches, and only one",
        ),
        (
            "on: X",
            "when: {column: x, present: \"yes\"}",
            "m.yaml:8:32: events[1].when.present: is a text; true or false is wanted",
        ),
        (
            "activity: \"{act}\"\n",
            "",
            "m.yaml:7:9: events[1].on: needs the key `activity` at the top of the mapping",
        ),
        ("on: X", "on: [X, X]", "m.yaml:8:9: events[1].on: names \"X\" twice"),
        (
            "on: X",
            "on: X\n    per: case",
            "m.yaml:8:9: events[1].on: goes with rows, not with `per: case`; use `when`",
        ),
    ];
    let mut wrong = Vec::new();
    for (old, new, want) in table {
        assert!(GOOD.contains(old), "{old}");
        let errors = mapping_errors(&GOOD.replacen(old, new, 1));
        if !errors.iter().any(|error| error.starts_with(want)) {
            wrong.push(format!("wanted {want}\n   got {}", errors.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn all_errors_are_told_at_once_in_the_order_of_the_lines() {
    let errors = mapping_errors("format: csv\nbogus: 1\nsource: 5\nevents: []\n");
    let keys: Vec<_> = errors.iter().map(|error| error.split(": ").nth(1).unwrap().to_owned()).collect();
    assert_eq!(keys, ["case", "id", "bogus", "source", "events"]);
    assert_eq!(mapping_errors("").len(), 1);
}

#[test]
fn broken_yaml_and_doubled_keys_are_named() {
    assert!(mapping_errors("format: csv\nformat: xes\n")[0].starts_with("m.yaml:2:1: "));
    assert!(mapping_errors("format: [csv\n")[0].starts_with("m.yaml:"));
}
