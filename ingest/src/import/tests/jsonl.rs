//! JSON lines: members of members, lists, exact numbers, bad lines.

use serde_json::json;

use super::import;

const MAPPING: &str = r#"
format: jsonl
source: urn:x
case: "{no}"
time: {column: at, format: epoch_ms, zone: Asia/Shanghai}
id: "{case}-{row:04}"
events:
  - type: decision.made
    data:
      step: decision
      decision: "{decision.code}"
      fine_fen: {column: decision.fine, money: 元}
      discretion: {standard: s, tier: "{decision.tier}", circumstances: {column: facts, list: "、"}}
"#;

#[test]
fn members_of_members_are_columns() {
    let rows = concat!(
        r#"{"no":"A1","at":1772000000123,"decision":{"code":"fine","fine":35.10,"x":[{}]},"other":{"a":[1,{"b":2}]}}"#,
        "\n\n",
        r#"{"no":7,"at":"1772000000000","decision.code":"quo\"ted","decision":{"fine":1e2,"tier":"t"},"facts":["首次","改正、及时"]}"#,
        "\n",
    );
    let imported = import(MAPPING, rows);
    assert_eq!(imported.errors, [""; 0]);
    assert_eq!(
        imported.events(),
        [
            r#"A1-0001-01 decision.made A1 2026-02-25T14:13:20.123+08:00 {"decision":"fine","fine_fen":3510,"step":"decision"}"#,
            r#"7-0002-01 decision.made 7 2026-02-25T14:13:20+08:00 {"decision":"quo\"ted","discretion":{"circumstances":["首次","改正","及时"],"standard":"s","tier":"t"},"fine_fen":10000,"step":"decision"}"#,
        ]
    );
}

#[test]
fn an_amount_is_read_as_it_is_written() {
    let row =
        |fine: &str| format!(r#"{{"no":"A","at":1772000000000,"decision":{{"code":"f","fine":{fine}}}}}"#);
    let rows = ["0.29", "9007199254740993.00e-3", "1.15", "9999999999999.99"].map(row).join("\n");
    let imported = import(MAPPING, rows);
    assert_eq!(
        imported.errors,
        ["dir/in.csv:2: \"decision.fine\": \"9007199254740993.00e-3\" has more decimals than fen can hold"]
    );
    assert_eq!(imported.data("fine_fen"), [json!(29), json!(115), json!(999_999_999_999_999_u64)]);
}

#[test]
fn a_bad_line_is_named_and_the_rest_goes_on() {
    let rows = concat!(
        "{\"no\":\"A\"\n",
        "[1]\n",
        "{\"no\":{\"a\":1},\"at\":1}\n",
        "{\"no\":\"A\",\"no\":\"B\"}\n",
        "{\"no\":[\"A\",\"B\"],\"at\":1772000000000}\n",
        "{\"no\":null,\"at\":1772000000000}\n",
        "{\"no\":\"A\",\"at\":1772000000000,\"decision\":{\"code\":true},\"facts\":[[1]]}\n",
        "{\"no\":\"A\",\"at\":1772000000000,\"decision\":{\"code\":true}}\n",
    );
    let imported = import(MAPPING, rows);
    assert_eq!(
        imported.errors,
        [
            "dir/in.csv:1: is no JSON object: EOF while parsing an object at line 2 column 0",
            "dir/in.csv:2: is no JSON object: invalid type: sequence, expected an object at column 0",
            "dir/in.csv:3: \"no\": is an object; name one of its members, as in `applicant.name`",
            "dir/in.csv:4: \"no\": is given twice",
            "dir/in.csv:5: \"no\": is an id with a control character in it",
            "dir/in.csv:6: \"no\": is absent, and the case is made of it",
            "dir/in.csv:7: \"facts\": is a list of lists or objects; only lists of single values can be mapped",
        ]
    );
    assert_eq!(imported.report.events, 1);
    assert_eq!(imported.data("decision"), [json!("true")]);
}
