-- What the sink sees in Kafka beside its own progress, and incidents.

-- How complete each partition of case-events is, as of the last look. A partition without a record has a row too.
CREATE TABLE IF NOT EXISTS xiezhi.standings_log {on_cluster}
(
    `partition` UInt16,
    published_to UInt64,
    stored_to UInt64,
    processed_to UInt64,
    ledger_lag UInt64,
    oldest_at Nullable(DateTime64(3, 'UTC')),
    halted Bool,
    checked_at DateTime64(3, 'UTC')
)
ENGINE = {engine:ReplacingMergeTree(checked_at)}
ORDER BY `partition`
{settings};

-- Told again after a restart, an incident has the same id; the first telling stands.
CREATE TABLE IF NOT EXISTS xiezhi.incidents_log {on_cluster}
(
    incident_id String,
    kind LowCardinality(String),
    halts Bool,
    topic LowCardinality(String),
    `partition` UInt16,
    `from` Nullable(Int64),
    `to` Nullable(Int64),
    at DateTime64(3, 'UTC'),
    detail String,
    explanation_zh String,
    explanation_en String,
    `offset` UInt64,
    version UInt64 MATERIALIZED bitNot(`offset`),
    stored_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = {engine:ReplacingMergeTree(version)}
ORDER BY incident_id
{settings};

CREATE OR REPLACE VIEW xiezhi.incidents {on_cluster} AS
SELECT incident_id, kind, halts, topic, `partition`, `from`, `to`, at, detail, explanation_zh, explanation_en, `offset`,
    stored_at
FROM xiezhi.incidents_log FINAL;

-- Read = processed = stored, for each partition of case-events. What is stored and processed is as of now, what is published
-- as of the last look; where nobody has looked for a minute, nothing is said to be complete.
CREATE OR REPLACE VIEW xiezhi.completeness {on_cluster} AS
SELECT
    c.`partition` AS `partition`,
    greatest(max(c.e), max(c.s), max(c.p)) AS published_to,
    max(c.p) AS processed_to,
    max(c.s) AS stored_to,
    max(c.lag) AS ledger_lag,
    max(c.h) AS halted,
    max(c.progressed) AS progress_at,
    max(c.checked) AS checked_at,
    checked_at > now64(3) - INTERVAL 60 SECOND AS is_known,
    toUInt8(is_known AND NOT halted AND ledger_lag = 0 AND processed_to = published_to AND stored_to = published_to)
        AS complete,
    max(c.oldest) AS oldest_at,
    if(complete, 0, greatest(0, dateDiff('millisecond', ifNull(oldest_at, checked_at), now64(3)))) AS oldest_age_ms
FROM
(
    SELECT `partition`, published_to AS e, processed_to AS p, stored_to AS s, ledger_lag AS lag, halted AS h,
        toDateTime64(0, 3, 'UTC') AS progressed, checked_at AS checked, oldest_at AS oldest
    FROM xiezhi.standings_log FINAL
    UNION ALL
    SELECT `partition`, toUInt64(0), max(`to`), toUInt64(0), toUInt64(0), false,
        max(stored_at), toDateTime64(0, 3, 'UTC'), CAST(NULL, 'Nullable(DateTime64(3, \'UTC\'))')
    FROM xiezhi.ledger_progress_log GROUP BY `partition`
    UNION ALL
    SELECT `partition`, toUInt64(0), toUInt64(0), max(`to`), toUInt64(0), false,
        max(stored_at), toDateTime64(0, 3, 'UTC'), CAST(NULL, 'Nullable(DateTime64(3, \'UTC\'))')
    FROM xiezhi.case_events_progress_log GROUP BY `partition`
) AS c
GROUP BY c.`partition`;
