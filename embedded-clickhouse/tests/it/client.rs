//! The official Rust client, as the application uses it.

use std::time::Duration;

use clickhouse::error::Error;
use clickhouse::{Client, Row};
use serde::{Deserialize, Serialize};

use crate::support::shared_with;

#[derive(Debug, Clone, PartialEq, Row, Serialize, Deserialize)]
struct Alarm {
    id: u64,
    revision: u32,
    region: String,
    score: f64,
    tags: Vec<String>,
    note: Option<String>,
}

fn alarm(id: u64, revision: u32) -> Alarm {
    Alarm {
        id,
        revision,
        region: format!("区域 {}\n\n{id}", id % 7),
        score: id as f64 / 8.0,
        tags: vec!["逾期".to_owned(); (id % 3) as usize],
        note: id.is_multiple_of(2).then(|| "n".to_owned()),
    }
}

async fn client_with_table(database: &str, settings: &str) -> Client {
    let client = shared_with(database).client().with_database(database);
    let create = format!(
        "CREATE TABLE alarms (id UInt64, revision UInt32, region String, score Float64, tags Array(String), \
         note Nullable(String)) ENGINE = ReplacingMergeTree(revision) ORDER BY id {settings}"
    );
    client.query(&create).execute().await.expect("the table is made");
    client
}

async fn insert(client: &Client, rows: &[Alarm], token: Option<&str>) -> Result<(), Error> {
    let mut insert = client.insert::<Alarm>("alarms").await?;
    if let Some(token) = token {
        insert = insert.with_setting("insert_deduplication_token", token);
    }
    for row in rows {
        insert.write(row).await?;
    }
    insert.end().await
}

async fn count(client: &Client) -> u64 {
    client.query("SELECT count() FROM alarms").fetch_one().await.expect("a count")
}

#[tokio::test]
async fn rows_come_back_as_they_went_in() {
    let client = client_with_table("client_round_trip", "").await;
    let rows: Vec<Alarm> = (0..10_000).map(|id| alarm(id, 1)).collect();
    insert(&client, &rows, None).await.expect("inserted");
    let read =
        client.query("SELECT ?fields FROM alarms ORDER BY id").fetch_all::<Alarm>().await.expect("rows");
    assert!(read == rows);
    let some = client.query("SELECT ?fields FROM alarms WHERE id = ?").bind(42).fetch_one::<Alarm>().await;
    assert_eq!(some.expect("a row"), alarm(42, 1));
    let with_param = client.query("SELECT region FROM alarms WHERE id = {id:UInt64}").param("id", 43);
    assert_eq!(with_param.fetch_one::<String>().await.expect("a row"), alarm(43, 1).region);
}

#[tokio::test]
async fn a_struct_that_does_not_fit_the_table_is_refused_by_validation() {
    #[derive(Debug, Row, Serialize, Deserialize)]
    struct Wrong {
        id: u64,
        revision: String,
    }
    let client = client_with_table("client_validation", "").await;
    insert(&client, &[alarm(1, 1)], None).await.expect("inserted");
    let read = client.query("SELECT id, revision FROM alarms").fetch_all::<Wrong>().await;
    assert!(matches!(read, Err(Error::SchemaMismatch(_))), "{read:?}");
}

#[tokio::test]
async fn errors_keep_the_engines_number_and_text() {
    let client = shared_with("client_errors").client();
    for (sql, code, word) in [
        ("SELECT * FROM client_errors.nothing", "Code: 60", "UNKNOWN_TABLE"),
        ("SELECT nonsense", "Code: 47", "UNKNOWN_IDENTIFIER"),
        ("SELEC 1", "Code: 62", "SYNTAX_ERROR"),
    ] {
        let Err(Error::BadResponse(text)) = client.query(sql).execute().await else {
            panic!("{sql} did not fail")
        };
        assert!(text.contains(code) && text.contains(word), "{sql}: {text}");
    }
}

#[tokio::test]
async fn the_same_token_inserts_once() {
    let client = client_with_table("client_tokens", "").await;
    let rows: Vec<Alarm> = (0..100).map(|id| alarm(id, 1)).collect();
    for _ in 0..3 {
        insert(&client, &rows, Some("partition 0, 0..100")).await.expect("accepted each time");
    }
    assert_eq!(count(&client).await, 100);
    insert(&client, &rows, Some("partition 0, 100..200")).await.expect("inserted");
    assert_eq!(count(&client).await, 200);
}

#[tokio::test]
async fn final_shows_the_last_revision_only() {
    let client = client_with_table("client_final", "").await;
    for revision in [1, 3, 2] {
        insert(&client, &[alarm(5, revision)], None).await.expect("inserted");
    }
    let revisions = client.query("SELECT revision FROM alarms FINAL").fetch_all::<u32>().await;
    assert_eq!(revisions.expect("rows"), [3]);
}

#[tokio::test]
async fn an_early_insert_error_reaches_a_client_that_is_still_sending() {
    let client = client_with_table("client_insert_error", "").await.with_validation(false);
    client.query("ALTER TABLE alarms ADD CONSTRAINT c CHECK id < 10").execute().await.expect("altered");
    let rows: Vec<Alarm> = (0..200_000).map(|id| alarm(id, 1)).collect();
    let Err(error) = insert(&client, &rows, None).await else { panic!("the constraint held nothing back") };
    assert!(error.to_string().contains("VIOLATED_CONSTRAINT"), "{error}");
    assert_eq!(count(&client).await, 0);
}

#[tokio::test]
async fn an_error_after_the_first_rows_is_an_error_not_an_end() {
    let client = shared_with("client_midstream").client();
    let sql = "SELECT throwIf(number = 3000000) AS failed, number FROM system.numbers LIMIT 4000000";
    let mut rows = client.query(sql).fetch::<(u8, u64)>().expect("begins");
    let mut read = 0u64;
    let error = loop {
        match rows.next().await {
            Ok(Some(_)) => read += 1,
            Ok(None) => panic!("ended well after {read} rows"),
            Err(error) => break error,
        }
    };
    assert!(error.to_string().contains("Code: 395"), "{error}");
    assert!(read > 0);
}

#[tokio::test]
async fn a_million_rows_stream_through_bounded_memory() {
    let gateway = shared_with("client_stream");
    let sql = "SELECT number, repeat('x', 200) FROM system.numbers LIMIT 1000000";
    let mut rows = gateway.client().query(sql).fetch::<(u64, String)>().expect("begins");
    let mut next = 0u64;
    while let Some((number, _)) = rows.next().await.expect("sound") {
        assert_eq!(number, next);
        next += 1;
    }
    assert_eq!(next, 1_000_000);
    assert!(resident_mib(gateway.child.id()) < 1024);
}

fn resident_mib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("running");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a size");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).expect("a number") / 1024
}

#[tokio::test]
async fn a_reading_statement_ends_when_its_client_goes() {
    let gateway = shared_with("client_gone");
    let sql = "SELECT count() FROM system.numbers WHERE sipHash64(number, 'client_gone') = 1";
    let client = gateway.client();
    let query = client.query(sql).fetch_one::<u64>();
    assert!(tokio::time::timeout(Duration::from_millis(500), query).await.is_err());
    let running = "SELECT count() FROM system.processes WHERE query LIKE '%client_gone%' \
                   AND query NOT LIKE '%processes%' AND is_cancelled = 0";
    let ended =
        async { while gateway.client().query(running).fetch_one::<u64>().await.expect("a count") > 0 {} };
    tokio::time::timeout(Duration::from_secs(10), ended).await.expect("killed");
}
