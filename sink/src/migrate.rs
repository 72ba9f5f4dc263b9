//! Numbered SQL files, applied once each, in order. One set serves every form of ClickHouse by placeholders.
//!
//! A statement may be repeated without harm: a crash between the last statement of a file and the record that it is
//! applied repeats the file.

use std::collections::BTreeMap;
use std::time::Duration;

use clickhouse::{Client, Row};
use ledger::record::Hash;
use serde::{Deserialize, Serialize};

use crate::config::Form;
use crate::error::Error;

pub(crate) const DATABASE: &str = "xiezhi";

const BOOTSTRAP: &str = include_str!("../migrations/0000_bootstrap.sql");
const MIGRATIONS: [Migration; 5] = [
    Migration { number: 1, name: "tables", sql: include_str!("../migrations/0001_tables.sql") },
    Migration { number: 2, name: "views", sql: include_str!("../migrations/0002_views.sql") },
    Migration {
        number: 3,
        name: "alarms_from_findings",
        sql: include_str!("../migrations/0003_alarms_from_findings.sql"),
    },
    Migration {
        number: 4,
        name: "standings_incidents",
        sql: include_str!("../migrations/0004_standings_incidents.sql"),
    },
    Migration { number: 5, name: "shadow", sql: include_str!("../migrations/0005_shadow.sql") },
];

/// Windows: a token is remembered for so many inserts. Synced to disk: an insert that was acknowledged outlives a power
/// failure.
const SETTINGS: &str = "SETTINGS non_replicated_deduplication_window = 10000, \
    replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1";

const STATEMENT_TIMEOUT: Duration = Duration::from_secs(120);

struct Migration {
    number: u32,
    name: &'static str,
    sql: &'static str,
}

#[derive(Row, Serialize, Deserialize)]
struct Applied {
    number: u32,
    name: String,
    hash: String,
}

/// Brings the database up to date; returns how many migrations were applied now. Two sinks may do so at the same time: each
/// statement may be repeated, and so may the record that it was applied.
pub async fn migrate(client: &Client, form: &Form) -> Result<usize, Error> {
    migrate_to(client, form, u32::MAX).await
}

/// The same, up to the migration of this number.
pub async fn migrate_to(client: &Client, form: &Form, last: u32) -> Result<usize, Error> {
    // The connection's own database may not exist yet.
    let client = client.clone().with_database("default");
    run(&client, form, BOOTSTRAP).await?;
    let applied = applied(&client).await?;
    let mut count = 0;
    for migration in MIGRATIONS.iter().filter(|migration| migration.number <= last) {
        let hash = Hash::of(migration.sql.as_bytes()).to_string();
        match applied.get(&migration.number) {
            Some(known) if *known == hash => {}
            Some(_) => {
                let (number, name) = (migration.number, migration.name);
                return Err(Error::MigrationChanged { number, name });
            }
            None => {
                run(&client, form, migration.sql).await?;
                record(&client, migration, hash).await?;
                count += 1;
            }
        }
    }
    Ok(count)
}

async fn applied(client: &Client) -> Result<BTreeMap<u32, String>, Error> {
    let sql = format!("SELECT number, name, hash FROM {DATABASE}.migrations FINAL ORDER BY number");
    let rows: Vec<Applied> = client.query_raw(&sql).fetch_all().await?;
    Ok(rows.into_iter().map(|row| (row.number, row.hash)).collect())
}

async fn record(client: &Client, migration: &Migration, hash: String) -> Result<(), Error> {
    let row = Applied { number: migration.number, name: migration.name.to_owned(), hash };
    let client = client.clone().with_database(DATABASE);
    let insert = client.insert::<Applied>("migrations").await?;
    let mut insert = insert
        .with_setting("async_insert", "0")
        .with_timeouts(Some(STATEMENT_TIMEOUT), Some(STATEMENT_TIMEOUT));
    insert.write(&row).await?;
    Ok(insert.end().await?)
}

async fn run(client: &Client, form: &Form, sql: &str) -> Result<(), Error> {
    for statement in statements(&fill(sql, form)) {
        tokio::time::timeout(STATEMENT_TIMEOUT, client.query_raw(&statement).execute())
            .await
            .map_err(|_| clickhouse::error::Error::TimedOut)??;
    }
    Ok(())
}

/// Replaces `{on_cluster}`, `{settings}` and `{engine:X(..)}`.
fn fill(sql: &str, form: &Form) -> String {
    let (on_cluster, engine) = match form {
        Form::Embedded | Form::Single => (String::new(), ""),
        Form::Replicated { cluster } => (format!("ON CLUSTER `{}`", cluster.replace('`', "")), "Replicated"),
    };
    let mut filled = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some((before, placeholder, after)) = next_placeholder(rest) {
        filled.push_str(before);
        match placeholder.split_once(':') {
            Some(("engine", name)) => filled.extend([engine, name]),
            _ if placeholder == "on_cluster" => filled.push_str(&on_cluster),
            _ if placeholder == "settings" => filled.push_str(SETTINGS),
            _ => unreachable!("a migration names an unknown placeholder: {placeholder}"),
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

fn next_placeholder(sql: &str) -> Option<(&str, &str, &str)> {
    let (before, from) = sql.split_once('{')?;
    let (placeholder, after) = from.split_once('}')?;
    Some((before, placeholder, after))
}

/// Splits at semicolons that end a line; drops comment lines.
fn statements(sql: &str) -> Vec<String> {
    let lines: Vec<&str> = sql.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
    let text = lines.join("\n") + "\n";
    text.split(";\n").map(str::trim).filter(|s| !s.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_numbered_in_order_and_every_placeholder_is_known() {
        for (index, migration) in MIGRATIONS.iter().enumerate() {
            assert_eq!(migration.number as usize, index + 1);
        }
        for sql in MIGRATIONS.iter().map(|m| m.sql).chain([BOOTSTRAP]) {
            for form in [Form::Embedded, Form::Replicated { cluster: "c".to_owned() }] {
                let filled = fill(sql, &form);
                assert!(!filled.contains('{'), "{filled}");
                for statement in statements(&filled) {
                    assert!(is_repeatable(&statement), "may be repeated: {statement}");
                    assert!(!statement.contains(';'));
                }
            }
        }
    }

    /// Done again after a migration that ended in the middle, it changes nothing and fails at nothing.
    fn is_repeatable(statement: &str) -> bool {
        statement.starts_with("CREATE ")
            || statement.contains(" ADD COLUMN IF NOT EXISTS ")
            || statement.contains(" MODIFY QUERY")
    }

    #[test]
    fn one_text_serves_both_forms() {
        let sql = "CREATE TABLE t {on_cluster} (a Int8) ENGINE = {engine:ReplacingMergeTree(a)} ORDER BY a";
        let single = fill(sql, &Form::Single);
        assert_eq!(single, "CREATE TABLE t  (a Int8) ENGINE = ReplacingMergeTree(a) ORDER BY a");
        let replicated = fill(sql, &Form::Replicated { cluster: "c".to_owned() });
        assert!(
            replicated.contains("ON CLUSTER `c`") && replicated.contains("= ReplicatedReplacingMergeTree(a)")
        );
    }
}
