//! CSV: quoting, line numbers, encodings, columns, cases over several rows and files.

use super::{fatal, import, import_files};

const CASES: &str = r#"
format: csv
source: urn:x
case: "{案件编号}"
activity: "{环节}"
time: {column: 时间, format: "%Y-%m-%d %H:%M", zone: Asia/Shanghai}
id: "{case}-{row:04}"
events:
  - on: 立案
    type: case.accepted
    data: {item: "3701-CF-0042", org: 11370100MB2858001A, applicant: "{当事人}"}
  - on: {立案: filing, 决定: decision}
    type: [step.started, step.completed]
    data: {step: "{step}"}
"#;

const ROWS: &str = "案件编号,环节,时间,当事人\n\
    A1,立案,2026-03-02 09:30,\"张三\n(个体)\"\n\
    A1,决定,2026-03-09 16:00,\n";

#[test]
fn a_row_becomes_the_events_of_its_activity() {
    let imported = import(CASES, ROWS);
    assert_eq!(
        imported.events(),
        [
            r#"A1-0001-01 case.accepted A1 2026-03-02T09:30:00+08:00 {"applicant":"张三\n(个体)","item":"3701-CF-0042","org":"11370100MB2858001A"}"#,
            r#"A1-0001-02 step.started A1 2026-03-02T09:30:00+08:00 {"step":"filing"}"#,
            r#"A1-0001-03 step.completed A1 2026-03-02T09:30:00+08:00 {"step":"filing"}"#,
            r#"A1-0002-02 step.started A1 2026-03-09T16:00:00+08:00 {"step":"decision"}"#,
            r#"A1-0002-03 step.completed A1 2026-03-09T16:00:00+08:00 {"step":"decision"}"#,
        ]
    );
    assert_eq!((imported.report.rows, imported.report.events), (2, 5));
    assert_eq!(
        imported.lines[1],
        r#"{"specversion":"1.0","id":"A1-0001-02","source":"urn:x","type":"step.started","subject":"A1","time":"2026-03-02T09:30:00+08:00","data":{"step":"filing"}}"#
    );
}

#[test]
fn the_same_input_gives_the_same_bytes_in_any_encoding() {
    let plain = import(CASES, ROWS).lines;
    assert_eq!(import(CASES, ROWS).lines, plain);
    assert_eq!(import(CASES, format!("\u{feff}{ROWS}")).lines, plain, "with a byte order mark");
    let (gb, _, _) = encoding_rs::GB18030.encode(ROWS);
    assert_eq!(import(&format!("encoding: gb18030{CASES}"), gb).lines, plain, "GB18030");
    assert_eq!(import(CASES, ROWS.replace('\n', "\r\n").replace("三\r\n", "三\n")).lines, plain, "CR LF");
}

#[test]
fn a_long_gb18030_file_decodes_across_chunks() {
    let mut rows = "案件编号,环节,时间,当事人\n".to_owned();
    for at in 0..9_000 {
        rows.push_str(&format!("案{at},立案,2026-03-02 09:30,𠮷野家{at}\n"));
    }
    let (gb, _, _) = encoding_rs::GB18030.encode(&rows);
    let imported = import(&format!("encoding: gb18030{CASES}"), gb);
    assert_eq!(imported.lines, import(CASES, &rows).lines);
    assert_eq!(imported.report.events, 27_000);
}

#[test]
fn a_bad_row_is_named_and_the_rest_goes_on() {
    let rows = "案件编号,环节,时间,当事人\n\
        A1,立案,2026-03-02 09:30,\"a\nb\nc\"\n\
        A1,决定,2026-02-30 09:30,x\n\
        A2,决定,2026-03-02\n\
        ,决定,2026-03-02 09:30,\n\
        A3,抽查,2026-03-02 09:30,\n\
        A4,决定,2026-03-02 09:30,\n";
    let imported = import(CASES, rows);
    assert_eq!(
        imported.errors,
        [
            r#"dir/in.csv:5: column 3 "时间": "2026-02-30 09:30" does not fit "%Y-%m-%d %H:%M""#,
            "dir/in.csv:6: has 3 columns; 4 are declared",
            r#"dir/in.csv:7: column 1 "案件编号": is absent, and the case is made of it"#,
            r#"dir/in.csv:8: column 2 "环节": no rule for the activity "抽查"; see `unmapped`"#,
        ]
    );
    let report = imported.report;
    assert_eq!((report.rows, report.events, report.rejected, report.skipped), (6, 5, 4, 0));
}

#[test]
fn bytes_that_make_no_sense_cost_their_row_alone() {
    let utf8 = import(CASES, b"\xe6\xa1\x88\xe4\xbb\xb6\xe7\xbc\x96\xe5\x8f\xb7,\xe7\x8e\xaf\xe8\x8a\x82,\xe6\x97\xb6\xe9\x97\xb4,\xe5\xbd\x93\xe4\xba\x8b\xe4\xba\xba\nA1,\xff,x,y\nA2,\xe5\x86\xb3\xe5\xae\x9a,2026-03-02 09:30,y\n");
    assert_eq!(
        utf8.errors,
        [r#"dir/in.csv:2: column 2 "环节": is not UTF-8; declare the file's `encoding`, e.g. gb18030"#]
    );
    assert_eq!(utf8.report.events, 2);
    let (gb, _, _) = encoding_rs::GB18030.encode("案件编号,环节,时间,当事人\nA1,立案,2026-03-02 09:30,?\n");
    let mut gb = gb.into_owned();
    let mark = gb.iter().position(|byte| *byte == b'?').unwrap();
    gb[mark] = 0xff;
    let decoded = import(&format!("encoding: gb18030{CASES}"), gb);
    assert_eq!(
        decoded.errors,
        [r#"dir/in.csv:2: column 4 "当事人": has bytes that the declared encoding does not know"#]
    );
}

#[test]
fn row_numbers_go_on_from_file_to_file() {
    let imported = import_files(CASES, &[("a.csv", ROWS.as_bytes()), ("b.csv", ROWS.as_bytes())]);
    let ids: Vec<_> = imported.events().iter().map(|event| event[..10].to_owned()).collect();
    assert_eq!(ids[5..], ["A1-0003-01", "A1-0003-02", "A1-0003-03", "A1-0004-02", "A1-0004-03"]);
    let mut sorted = ids.clone();
    sorted.sort();
    assert_eq!(sorted, ids);
}

#[test]
fn a_row_number_that_outgrows_its_width_is_refused() {
    let mapping = CASES.replace("{row:04}", "{row:01}");
    let rows = format!("案件编号,环节,时间,当事人\n{}", "A1,决定,2026-03-02 09:30,\n".repeat(10));
    let imported = import(&mapping, rows);
    assert_eq!(imported.errors, ["dir/in.csv:11: row 10 has more than the 1 digits that the id has for it"]);
    assert_eq!(imported.report.events, 18);
}

#[test]
fn delimiters_quotes_and_named_columns() {
    let mapping = "
format: csv
csv: {delimiter: \"\\t\", quote: \"'\", columns: [no, what, at]}
source: urn:x
case: \"{no}\"
time: {column: at, format: epoch_s}
id: \"{file}-{row:04}\"
absent: [\"NULL\"]
events:
  - {type: case.closed, data: {outcome: \"{what}\"}}
";
    let imported = import(mapping, "A1\t'x\ty'\t1772000000\n A2\t\tNULL\nA3\tNULL\t1772000000\n");
    assert_eq!(
        imported.events(),
        [
            r#"in-0001-01 case.closed A1 2026-02-25T06:13:20Z {"outcome":"x\ty"}"#,
            r#"in-0003-01 case.closed A3 2026-02-25T06:13:20Z {}"#,
        ]
    );
    assert_eq!(imported.errors, [r#"dir/in.csv:2: column 3 "at": is absent, and an event needs its time"#]);
}

#[test]
fn events_once_a_case_come_from_the_first_row_of_each_run() {
    let mapping = r#"
format: csv
source: urn:x
case: "{no}"
time: {column: at, format: iso, zone: Asia/Shanghai}
id: "{case}-{row:04}"
events:
  - {per: case, type: case.accepted, data: {item: i, org: "{org}"}}
  - {type: step.completed, data: {step: "{step_no}"}}
"#;
    let rows = "no,at,org,step_no\nA,2026-01-05,o,1\nA,2026-01-06,,2\nB,2026-01-07,,1\nB,2026-01-08,o,2\nA,2026-01-09,o,3\n";
    let imported = import(mapping, rows);
    let ids: Vec<_> =
        imported.events().iter().map(|event| event.split(' ').next().unwrap().to_owned()).collect();
    // A comes back: its acceptance has the id of the first one, so it is the same fact told twice.
    assert_eq!(
        ids,
        ["A-case-01", "A-0001-02", "A-0002-02", "B-0003-02", "B-0004-02", "A-case-01", "A-0005-02"]
    );
    // B's first row has no org: its acceptance is reported, its step is not lost.
    assert_eq!(imported.errors, [r#"dir/in.csv:4: column 3 "org": is absent, and `org` must be there"#]);
}

#[test]
fn a_file_that_is_not_what_the_mapping_says_ends_the_import() {
    assert_eq!(
        fatal(CASES, "案件编号,环节,时间\n"),
        r#"in: the mapping names a column "当事人"; the file has: 案件编号, 环节, 时间"#
    );
    assert_eq!(
        fatal(CASES, "案件编号,环节,时间,当事人,时间\n"),
        r#"in: the file has more than one column "时间""#
    );
}

#[test]
fn a_quote_that_is_never_closed_does_not_eat_the_memory() {
    let mut rows = ROWS.to_owned();
    rows.push_str("A2,决定,\"");
    rows.push_str(&"2026-03-02 09:30\n".repeat(1_200_000));
    let error = fatal(CASES, rows);
    assert_eq!(error, "in: a record is longer than 16 MiB; is a closing quote or a line end missing?");
}
