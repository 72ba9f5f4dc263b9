-- What readers see. Each view is right at any moment, merged or not.

CREATE OR REPLACE VIEW xiezhi.findings {on_cluster} AS
SELECT finding_id, revision, change, cause, state, case_id, item, category, org, region, accepted_at, point, kind, code,
    light, step, visit, violated_at, due, late_by_ms, provisional, raised_at, changed_at, detail, events,
    explanation_zh, explanation_en, rules_version, `partition`, seq, `offset`, stored_at
FROM xiezhi.findings_log FINAL;

CREATE OR REPLACE VIEW xiezhi.alarms {on_cluster} AS
SELECT finding_id, revision, change, cause, state, case_id, item, category, org, region, accepted_at, point, kind, code,
    light, step, visit, violated_at, due, late_by_ms, provisional, raised_at, changed_at, detail, events,
    explanation_zh, explanation_en, rules_version, `partition`, seq, `offset`, stored_at
FROM xiezhi.alarms_current FINAL;

CREATE OR REPLACE VIEW xiezhi.alarm_counts {on_cluster} AS
SELECT org, region, item, category, kind, code, light, state, count() AS alarms
FROM xiezhi.alarms_current FINAL
GROUP BY org, region, item, category, kind, code, light, state;

CREATE OR REPLACE VIEW xiezhi.case_events {on_cluster} AS
SELECT case_id, source, event_id, type, time, recorded_time, data, `partition`, `offset`, stored_at
FROM xiezhi.case_events_log FINAL;

-- Where a case was accepted, closed or withdrawn more than once, the first in the canonical order of facts counts.
CREATE OR REPLACE VIEW xiezhi.cases {on_cluster} AS
SELECT
    case_id,
    minOrNullIf(time, type = 'case.accepted') AS accepted_at,
    argMinIf(item, (time, source, event_id), type = 'case.accepted') AS item,
    argMinIf(org, (time, source, event_id), type = 'case.accepted') AS org,
    argMinIf(region, (time, source, event_id), type = 'case.accepted') AS region,
    argMinIf(title, (time, source, event_id), type = 'case.accepted') AS title,
    minOrNullIf(time, type = 'case.closed') AS closed_at,
    minOrNullIf(time, type = 'case.withdrawn') AS withdrawn_at,
    max(time) AS last_event_at,
    count() AS events
FROM xiezhi.case_events_log FINAL
GROUP BY case_id;

CREATE OR REPLACE VIEW xiezhi.dead_letters {on_cluster} AS
SELECT reason, sentence, topic, `partition`, `offset`, part, org, record_time, key, payload, letter_partition,
    letter_offset, stored_at
FROM xiezhi.dead_letters_log FINAL;

CREATE OR REPLACE VIEW xiezhi.ledger_progress {on_cluster} AS
SELECT
    p.`partition` AS `partition`,
    max(p.seq) AS last_seq,
    argMax(p.`to`, p.seq) AS `to`,
    argMax(p.`now`, p.seq) AS `now`,
    argMax(p.reference, p.seq) AS reference,
    argMax(p.hash, p.seq) AS hash,
    argMax(p.`offset`, p.seq) AS `offset`,
    argMax(p.stored_at, p.seq) AS stored_at,
    dateDiff('millisecond', argMax(p.stored_at, p.seq), now64(3)) AS age_ms
FROM xiezhi.ledger_progress_log AS p
GROUP BY p.`partition`;

-- Each partition of case-events: how far the detectors have processed it, how far it is stored.
CREATE OR REPLACE VIEW xiezhi.completeness {on_cluster} AS
SELECT
    `partition`,
    max(p) AS processed_to,
    max(s) AS stored_to,
    max(at) AS progress_at,
    processed_to = stored_to AS complete
FROM
(
    SELECT `partition`, max(`to`) AS p, toUInt64(0) AS s, max(stored_at) AS at
    FROM xiezhi.ledger_progress_log GROUP BY `partition`
    UNION ALL
    SELECT `partition`, toUInt64(0) AS p, max(`to`) AS s, max(stored_at) AS at
    FROM xiezhi.case_events_progress_log GROUP BY `partition`
)
GROUP BY `partition`;
