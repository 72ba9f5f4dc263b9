//! XES: trace and event attributes, events once a case, what is passed over.

use super::{fatal, import};

const MAPPING: &str = r#"
format: xes
source: urn:x
id: "{case}-{row:04}"
unmapped: skip
when: {column: lifecycle:transition, equals: complete}
events:
  - per: case
    type: case.accepted
    time: "{case:start}"
    data: {item: i, org: o, due: {total: "{case:deadline}"}}
  - per: case
    when: {column: case:end, present: true}
    type: case.closed
    time: "{case:end}"
  - on: {A & B: a, C: c}
    type: step.completed
    data: {step: "{step}", officers: ["{org:resource}"]}
"#;

const LOG: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1.0">
  <global scope="event"><string key="org:resource" value="UNKNOWN"/></global>
  <string key="concept:name" value="the log"/>
  <trace>
    <string key="concept:name" value="c1"/>
    <date key="start" value="2026-01-05T09:00:00.000+08:00"/>
    <date key="end" value="2026-01-09T09:00:00.000+08:00"/>
    <event>
      <string key="concept:name" value="A &amp; B"><string key="org:resource" value="nested"/></string>
      <string key="lifecycle:transition" value="complete"/>
      <date key="time:timestamp" value="2026-01-06T09:00:00+08:00"/>
    </event>
    <event>
      <string key="concept:name" value="C"/>
      <string key="lifecycle:transition" value="start"/>
      <date key="time:timestamp" value="2026-01-07T09:00:00+08:00"/>
    </event>
    <event>
      <string key="concept:name" value="Z"/>
      <string key="lifecycle:transition" value="complete"/>
      <date key="time:timestamp" value="2026-01-08T09:00:00+08:00"/>
    </event>
  </trace>
  <trace>
    <string key="concept:name" value="c2"/>
    <date key="start" value="2026-01-05T09:00:00.000+08:00"/>
    <date key="deadline" value="2026-02-05T09:00:00Z"/>
  </trace>
  <trace>
    <string key="concept:name" value="c3"/>
    <event>
      <string key="concept:name" value="C"/>
      <string key="lifecycle:transition" value="complete"/>
      <string key="org:resource" value="r1"/>
    </event>
    <string key="end" value="2026-01-05T09:00:00Z"/>
    <event>
      <string key="concept:name" value="C"/>
      <string key="lifecycle:transition" value="complete"/>
      <string key="org:resource" value="r1"/>
      <date key="time:timestamp" value="2026-01-08T09:00:00Z"/>
    </event>
  </trace>
  <event/>
</log>
"#;

#[test]
fn traces_are_cases_and_events_are_rows() {
    let imported = import(MAPPING, LOG);
    assert_eq!(
        imported.events(),
        [
            r#"c1-case-01 case.accepted c1 2026-01-05T09:00:00.000+08:00 {"item":"i","org":"o"}"#,
            r#"c1-case-02 case.closed c1 2026-01-09T09:00:00.000+08:00 {}"#,
            r#"c1-0001-03 step.completed c1 2026-01-06T09:00:00+08:00 {"step":"a"}"#,
            r#"c2-case-01 case.accepted c2 2026-01-05T09:00:00.000+08:00 {"due":{"total":"2026-02-05T09:00:00Z"},"item":"i","org":"o"}"#,
            r#"c3-0005-03 step.completed c3 2026-01-08T09:00:00Z {"officers":["r1"],"step":"c"}"#,
        ]
    );
    assert_eq!(
        imported.errors,
        [
            r#"dir/in.csv:32: "case:start": is absent, and an event needs its time"#,
            r#"dir/in.csv:32: "time:timestamp": is absent, and an event needs its time"#,
            r#"dir/in.csv:37: "case:end": is a trace's attribute after its first event; the standard has them before"#,
            "dir/in.csv:45: stands outside of a trace, so its case is not known",
        ]
    );
    let report = imported.report;
    assert_eq!((report.rows, report.events, report.rejected, report.skipped), (6, 5, 4, 2));
}

#[test]
fn what_is_no_whole_log_ends_the_import() {
    assert_eq!(fatal(MAPPING, "<logs>\n</logs>"), "in: line 1: <logs> is no XES log");
    assert_eq!(fatal(MAPPING, ""), "in: line 1: the file has no <log>");
    let cut = &LOG[..LOG.find("<trace>").unwrap()];
    assert_eq!(fatal(MAPPING, cut), "in: line 5: the file ends inside of the log");
    assert!(fatal(MAPPING, LOG.replace("</event>", "</evnt>")).starts_with("in: line 1"));
}
