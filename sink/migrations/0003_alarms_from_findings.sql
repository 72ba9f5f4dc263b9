-- The last revisions come from all revisions: ClickHouse copies what is inserted. So a finding crosses the network once.
-- Not a counting view: a row that is copied twice replaces itself.

CREATE MATERIALIZED VIEW IF NOT EXISTS xiezhi.alarms_from_findings {on_cluster} TO xiezhi.alarms_current AS
SELECT finding_id, revision, change, cause, state, case_id, item, category, org, region, accepted_at, point, kind, code,
    light, step, visit, violated_at, due, late_by_ms, provisional, raised_at, changed_at, detail, events,
    explanation_zh, explanation_en, rules_version, `partition`, seq, `offset`, stored_at
FROM xiezhi.findings_log;
