//! What an operator may set. Every quantity has its unit in its name.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use crate::batch::Limits;
use crate::migrate::DATABASE;
use crate::pump::Settings;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SinkConfig {
    pub clickhouse_url: String,
    pub clickhouse_user: String,
    pub clickhouse_password: Secret,
    pub form: Form,
    pub topics: Topics,
    /// The group that holds the offsets. No member ever joins it: partitions are assigned by hand.
    pub group: String,
    /// A batch is written when it has this many records,
    pub batch_records: usize,
    /// or this many bytes,
    pub batch_bytes: usize,
    /// or when nothing more is at hand and the batch before was written so long ago.
    pub batch_wait_ms: u64,
    /// One attempt at an insert.
    pub insert_timeout_ms: u64,
    pub kafka_timeout_ms: u64,
    /// The first and the longest pause between attempts.
    pub retry_min_ms: u64,
    pub retry_max_ms: u64,
    /// How often new partitions are looked for and lag is measured.
    pub recheck_ms: u64,
    /// How often it is looked at how complete the store is.
    pub watch_ms: u64,
    /// How often the newest records are compared with what is stored, and what is missing is inserted again; 0: never.
    pub repair_every_ms: u64,
    /// How many records of each partition that are.
    pub repair_newest: i64,
    /// Seed of the jitter in retries; give each process another one.
    pub seed: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Topics {
    pub case_events: String,
    pub ledger: String,
    pub dead_letters: String,
    pub incidents: String,
}

/// What kind of ClickHouse the tables are made for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    #[default]
    Embedded,
    Single,
    /// One shard with replicas. The servers' `default_replica_path` and macros place the tables in Keeper.
    Replicated {
        cluster: String,
    },
}

/// A password: it never shows in a log.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Default for SinkConfig {
    fn default() -> Self {
        Self {
            clickhouse_url: "http://127.0.0.1:8123".to_owned(),
            clickhouse_user: "default".to_owned(),
            clickhouse_password: Secret::default(),
            form: Form::default(),
            topics: Topics::default(),
            group: "xiezhi-sink".to_owned(),
            batch_records: 10_000,
            batch_bytes: 16 << 20,
            batch_wait_ms: 300,
            insert_timeout_ms: 30_000,
            kafka_timeout_ms: 10_000,
            retry_min_ms: 100,
            retry_max_ms: 10_000,
            recheck_ms: 10_000,
            watch_ms: 1_000,
            repair_every_ms: 300_000,
            repair_newest: 100_000,
            seed: 0,
        }
    }
}

impl Default for Topics {
    fn default() -> Self {
        Self {
            case_events: "case-events".to_owned(),
            ledger: "ledger".to_owned(),
            dead_letters: "dead-letters".to_owned(),
            incidents: "incidents".to_owned(),
        }
    }
}

impl SinkConfig {
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            limits: Limits {
                records: self.batch_records.max(1),
                bytes: self.batch_bytes.max(1),
                wait: Duration::from_millis(self.batch_wait_ms),
            },
            recheck: Duration::from_millis(self.recheck_ms.max(100)),
            retry_min: Duration::from_millis(self.retry_min_ms),
            retry_max: Duration::from_millis(self.retry_max_ms),
            seed: self.seed,
        }
    }

    pub(crate) fn client(&self) -> clickhouse::Client {
        let client = clickhouse::Client::default()
            .with_url(&self.clickhouse_url)
            .with_user(&self.clickhouse_user)
            .with_database(DATABASE);
        // Without a password the header is left out: a server may refuse an empty one.
        match self.clickhouse_password.0.as_str() {
            "" => client,
            password => client.with_password(password),
        }
    }
}
