//! Tables with the shape of the views that the pipeline's migrations make, filled by arithmetic on row numbers.

use clickhouse::Client;

const TABLES: &str = "
CREATE DATABASE xiezhi ENGINE = Atomic;
CREATE TABLE xiezhi.findings (
    finding_id String, revision UInt32, change LowCardinality(String), cause LowCardinality(String),
    state LowCardinality(String), case_id String, item LowCardinality(String), category LowCardinality(String),
    org LowCardinality(String), region LowCardinality(String), accepted_at DateTime64(3, 'UTC'),
    point LowCardinality(String), kind LowCardinality(String), code LowCardinality(String),
    light LowCardinality(String), step LowCardinality(String), visit UInt32, violated_at DateTime64(3, 'UTC'),
    due Nullable(DateTime64(3, 'UTC')), late_by_ms Nullable(Int64), provisional Bool,
    raised_at DateTime64(3, 'UTC'), changed_at DateTime64(3, 'UTC'), detail String, events Array(String),
    explanation_zh String, explanation_en String, rules_version LowCardinality(String), shadow Bool DEFAULT false, `partition` UInt16,
    seq UInt64, stored_at DateTime64(3, 'UTC')
) ENGINE = MergeTree ORDER BY (finding_id, revision);
CREATE TABLE xiezhi.alarms AS xiezhi.findings ENGINE = MergeTree ORDER BY finding_id;
CREATE TABLE xiezhi.shadow_alarms AS xiezhi.findings ENGINE = MergeTree ORDER BY finding_id;
CREATE TABLE xiezhi.case_events (
    case_id String, source LowCardinality(String), event_id String, type LowCardinality(String),
    time DateTime64(3, 'UTC'), recorded_time Nullable(DateTime64(3, 'UTC')), data String, `partition` UInt16,
    `offset` UInt64, stored_at DateTime64(3, 'UTC')
) ENGINE = MergeTree ORDER BY case_id;
CREATE TABLE xiezhi.cases (
    case_id String, item LowCardinality(String), org LowCardinality(String), region LowCardinality(String),
    title String, accepted_at Nullable(DateTime64(3, 'UTC')), closed_at Nullable(DateTime64(3, 'UTC')),
    withdrawn_at Nullable(DateTime64(3, 'UTC')), last_event_at DateTime64(3, 'UTC'), events UInt64
) ENGINE = MergeTree ORDER BY case_id;
CREATE TABLE xiezhi.dead_letters (
    reason LowCardinality(String), sentence String, topic LowCardinality(String), `partition` UInt16,
    `offset` UInt64, part UInt32, org LowCardinality(String), record_time DateTime64(3, 'UTC'), key String,
    payload String, stored_at DateTime64(3, 'UTC')
) ENGINE = MergeTree ORDER BY (topic, `partition`, `offset`, part);
CREATE TABLE xiezhi.ledger_progress (
    `partition` UInt16, last_seq UInt64, `to` UInt64, `now` DateTime64(3, 'UTC'), stored_at DateTime64(3, 'UTC')
) ENGINE = MergeTree ORDER BY `partition`;
CREATE TABLE xiezhi.completeness (
    `partition` UInt16, published_to UInt64, processed_to UInt64, stored_to UInt64, ledger_lag UInt64, halted Bool,
    checked_at DateTime64(3, 'UTC'), complete UInt8, oldest_at Nullable(DateTime64(3, 'UTC')), oldest_age_ms Int64
) ENGINE = MergeTree ORDER BY `partition`;
CREATE TABLE xiezhi.incidents (
    incident_id String, kind LowCardinality(String), halts Bool, topic LowCardinality(String), `partition` UInt16,
    `from` Nullable(Int64), `to` Nullable(Int64), at DateTime64(3, 'UTC'), detail String, explanation_zh String,
    explanation_en String, stored_at DateTime64(3, 'UTC')
) ENGINE = MergeTree ORDER BY incident_id";

/// Times fall together in tens, so that pages end inside equal times; days change at 16:00 UTC.
const ALARMS: &str = "
INSERT INTO xiezhi.alarms SELECT
    lower(hex(MD5(toString(number)))), 1, 'raised', 'fact', ['raised', 'cleared', 'retracted'][number % 3 + 1],
    concat('case-', toString(number % 20)), concat('item-', toString(number % 4)),
    ['penalty', 'licence', ''][number % 3 + 1], concat('org-', toString(number % 5)),
    ['370102', '370000', '110000', ''][number % 4 + 1], at, 'p1', ['evidence', 'time_limit'][number % 2 + 1],
    ['evidence_missing', 'overdue'][number % 2 + 1], ['red', 'yellow'][number % 7 % 2 + 1],
    ['', 'review'][number % 2 + 1], number % 3, at + 1, if(number % 2 = 0, NULL, at), if(number % 2 = 0, NULL, -5),
    number % 2, at, at + number, '', ['e1'], '解释', 'words', 'v1', false, 1, number, at
FROM (SELECT number, toDateTime64('2026-03-01 00:00:00', 3, 'UTC') + intDiv(number, 10) * 7200 AS at FROM numbers({count}))";

pub(crate) struct Store {
    pub(crate) client: Client,
}

impl Store {
    pub(crate) async fn new(url: &str) -> Self {
        let store = Self { client: Client::default().with_url(url) };
        for statement in TABLES.split(';') {
            store.run(statement).await;
        }
        store
    }

    pub(crate) async fn run(&self, statement: &str) {
        let done = self.client.query_raw(statement).execute().await;
        done.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }

    /// Alarms 0 to `count`, a third of them retracted.
    pub(crate) async fn add_alarms(&self, count: u32) {
        self.run(&ALARMS.replace("{count}", &count.to_string())).await;
    }
}
