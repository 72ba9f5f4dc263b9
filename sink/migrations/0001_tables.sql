-- The tables of the sink. Nobody reads them but the views of 0002: a ReplacingMergeTree drops repeated rows when it
-- merges, so a count without FINAL may be too high for a while.
--
-- None has PARTITION BY. Replacing never reaches across partitions, and every column that would serve (a case's
-- time, the organisation) may change between two revisions or two copies of a row.

-- Every revision of every finding.
CREATE TABLE IF NOT EXISTS xiezhi.findings_log {on_cluster}
(
    finding_id String,
    revision UInt32,
    change LowCardinality(String),
    cause LowCardinality(String),
    state LowCardinality(String),
    case_id String,
    item LowCardinality(String),
    category LowCardinality(String),
    org LowCardinality(String),
    region LowCardinality(String),
    accepted_at DateTime64(3, 'UTC'),
    point LowCardinality(String),
    kind LowCardinality(String),
    code LowCardinality(String),
    light LowCardinality(String),
    step LowCardinality(String),
    visit UInt32,
    violated_at DateTime64(3, 'UTC'),
    due Nullable(DateTime64(3, 'UTC')),
    late_by_ms Nullable(Int64),
    provisional Bool,
    raised_at DateTime64(3, 'UTC'),
    changed_at DateTime64(3, 'UTC'),
    detail String,
    events Array(String),
    explanation_zh String CODEC(ZSTD(1)),
    explanation_en String CODEC(ZSTD(1)),
    rules_version LowCardinality(String),
    `partition` UInt16,
    seq UInt64,
    `offset` UInt64,
    stored_at DateTime64(3, 'UTC') DEFAULT now64(3),
    INDEX by_case case_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = {engine:ReplacingMergeTree()}
ORDER BY (finding_id, revision)
{settings};

-- The last revision of every finding. The key is the id alone: a late acceptance may change a finding's organisation,
-- and a key with the organisation in it would then keep both rows.
CREATE TABLE IF NOT EXISTS xiezhi.alarms_current {on_cluster}
(
    finding_id String,
    revision UInt32,
    change LowCardinality(String),
    cause LowCardinality(String),
    state LowCardinality(String),
    case_id String,
    item LowCardinality(String),
    category LowCardinality(String),
    org LowCardinality(String),
    region LowCardinality(String),
    accepted_at DateTime64(3, 'UTC'),
    point LowCardinality(String),
    kind LowCardinality(String),
    code LowCardinality(String),
    light LowCardinality(String),
    step LowCardinality(String),
    visit UInt32,
    violated_at DateTime64(3, 'UTC'),
    due Nullable(DateTime64(3, 'UTC')),
    late_by_ms Nullable(Int64),
    provisional Bool,
    raised_at DateTime64(3, 'UTC'),
    changed_at DateTime64(3, 'UTC'),
    detail String,
    events Array(String),
    explanation_zh String CODEC(ZSTD(1)),
    explanation_en String CODEC(ZSTD(1)),
    rules_version LowCardinality(String),
    `partition` UInt16,
    seq UInt64,
    `offset` UInt64,
    stored_at DateTime64(3, 'UTC') DEFAULT now64(3),
    INDEX by_case case_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = {engine:ReplacingMergeTree(revision)}
ORDER BY finding_id
{settings};

-- Case events. Of several copies the first to arrive stands, as it does in the detectors; ReplacingMergeTree keeps the
-- highest version, hence the complement of the offset.
CREATE TABLE IF NOT EXISTS xiezhi.case_events_log {on_cluster}
(
    case_id String,
    source LowCardinality(String),
    event_id String,
    type LowCardinality(String),
    time DateTime64(3, 'UTC'),
    recorded_time Nullable(DateTime64(3, 'UTC')),
    item LowCardinality(String),
    org LowCardinality(String),
    region LowCardinality(String),
    title String CODEC(ZSTD(1)),
    data String CODEC(ZSTD(3)),
    `partition` UInt16,
    `offset` UInt64,
    version UInt64 MATERIALIZED bitNot(`offset`),
    stored_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = {engine:ReplacingMergeTree(version)}
ORDER BY (case_id, source, event_id)
{settings};

-- One row for each range of ledger entries that is in findings_log and alarms_current. Written last.
CREATE TABLE IF NOT EXISTS xiezhi.ledger_progress_log {on_cluster}
(
    `partition` UInt16,
    first_seq UInt64,
    seq UInt64,
    `to` UInt64,
    `now` DateTime64(3, 'UTC'),
    reference UInt64,
    hash String,
    `offset` UInt64,
    findings UInt64,
    stored_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = {engine:ReplacingMergeTree()}
ORDER BY (`partition`, seq)
{settings};

-- How far each partition of case-events is stored. Written last. The greatest offset in case_events_log would not do:
-- a copy of an earlier event, or a record that could not be read, leaves no row there.
CREATE TABLE IF NOT EXISTS xiezhi.case_events_progress_log {on_cluster}
(
    `partition` UInt16,
    `to` UInt64,
    records UInt64,
    stored_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = {engine:ReplacingMergeTree(to)}
ORDER BY `partition`
{settings};

-- Records that could not be taken in. `part` tells rows of one record apart that this table's own writer refused.
CREATE TABLE IF NOT EXISTS xiezhi.dead_letters_log {on_cluster}
(
    topic LowCardinality(String),
    `partition` UInt16,
    `offset` UInt64,
    part UInt32,
    reason LowCardinality(String),
    sentence String,
    org LowCardinality(String),
    record_time DateTime64(3, 'UTC'),
    key String,
    payload String CODEC(ZSTD(3)),
    letter_partition UInt16,
    letter_offset UInt64,
    version UInt64 MATERIALIZED bitNot(letter_offset),
    stored_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = {engine:ReplacingMergeTree(version)}
ORDER BY (topic, `partition`, `offset`, part)
{settings};
