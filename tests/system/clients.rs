//! The embedded ClickHouse of a site through curl, through the official Python client and through the official Rust
//! client: as the writer, and as the user `reader`, who may only read.

use std::process::Command;

use clickhouse::{Client, Row};
use serde::Deserialize;
use system_tests::site::Site;
use system_tests::{programs, say};

const COUNT: &str = "SELECT count() FROM xiezhi.alarms WHERE state = 'raised'";
const WRITE: &str = "INSERT INTO xiezhi.dead_letters_log (reason) VALUES ('mine')";

pub(crate) fn check(site: &Site) {
    let alarms = site.number(COUNT);
    assert!(alarms > 0, "nothing to read");
    curl(site, alarms);
    python(site, alarms);
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(rust(site, alarms));
    assert_eq!(site.number("SELECT count() FROM xiezhi.dead_letters"), 0, "a reader has written");
    say("clients", &format!("curl, Python and Rust read the same {alarms} alarms, as writer and as reader"));
}

fn curl(site: &Site, alarms: u64) {
    let ask = |user: &[&str], sql: &str| {
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--write-out", "%{http_code}"]).args(user);
        let output = programs::well(command.args(["--data-binary", sql, &site.clickhouse]));
        programs::text(&output.stdout)
    };
    let reader = ["--user", "reader:"];
    assert_eq!(ask(&[], COUNT), format!("{alarms}\n200"));
    assert_eq!(ask(&reader, COUNT), format!("{alarms}\n200"));
    for sql in [WRITE, "DROP VIEW xiezhi.alarms", "CREATE TABLE xiezhi.mine (a Int8) ENGINE = Memory"] {
        let refused = ask(&reader, sql);
        assert!(refused.contains("Exception") && !refused.ends_with("200"), "{sql}: {refused}");
    }
    let header = ask(&reader, "SELECT code, light FROM xiezhi.alarms LIMIT 1 FORMAT CSVWithNames");
    assert!(header.starts_with("\"code\",\"light\"\n"), "{header}");
}

fn python(site: &Site, alarms: u64) {
    // Its own checks: inserts, compression, parameters, sessions, streams, errors, the reader.
    let script = "embedded-clickhouse/tests/clients/check_connect.py";
    programs::well(programs::python().args([script, &site.clickhouse]));
    let ours = "import sys, clickhouse_connect, urllib.parse
url = urllib.parse.urlsplit(sys.argv[1])
reader = clickhouse_connect.get_client(host=url.hostname, port=url.port, username='reader', database='xiezhi')
frame = reader.query('SELECT case_id, events, due, explanation_zh FROM alarms WHERE state = {s:String}', parameters={'s': 'raised'})
assert all(isinstance(events, list) and events and text for _, events, _, text in frame.result_rows)
print(len(frame.result_rows))
try:
    reader.command(sys.argv[2])
except clickhouse_connect.driver.exceptions.DatabaseError:
    print('refused')";
    let output = programs::well(programs::python().args(["-c", ours, &site.clickhouse, WRITE]));
    assert_eq!(programs::text(&output.stdout), format!("{alarms}\nrefused\n"));
}

#[derive(Debug, Row, Deserialize)]
struct Alarm {
    finding_id: String,
    revision: u32,
    light: String,
    events: Vec<String>,
    late_by_ms: Option<i64>,
    provisional: bool,
}

async fn rust(site: &Site, alarms: u64) {
    let reader = Client::default().with_url(&site.clickhouse).with_user("reader").with_database("xiezhi");
    let sql = "SELECT ?fields FROM alarms WHERE state = ? ORDER BY finding_id";
    let rows: Vec<Alarm> = reader.query(sql).bind("raised").fetch_all().await.unwrap();
    assert_eq!(rows.len() as u64, alarms);
    for row in &rows {
        assert!(row.finding_id.len() == 32 && row.revision >= 1 && !row.events.is_empty(), "{row:?}");
        assert!(["red", "yellow"].contains(&row.light.as_str()) && !row.provisional, "{row:?}");
    }
    assert!(rows.iter().any(|row| row.late_by_ms.is_some()), "no alarm is late");
    let refused = reader.query(WRITE).execute().await.unwrap_err().to_string();
    assert!(refused.contains("DB::Exception"), "{refused}");
}
