-- Findings of rules on trial: in both tables and in every revision, but no alarm. What stood before is none of them.

ALTER TABLE xiezhi.findings_log {on_cluster} ADD COLUMN IF NOT EXISTS shadow Bool DEFAULT false;

ALTER TABLE xiezhi.alarms_current {on_cluster} ADD COLUMN IF NOT EXISTS shadow Bool DEFAULT false;

ALTER TABLE xiezhi.alarms_from_findings {on_cluster} MODIFY QUERY
SELECT finding_id, revision, change, cause, state, case_id, item, category, org, region, accepted_at, point, kind, code,
    light, step, visit, violated_at, due, late_by_ms, provisional, raised_at, changed_at, detail, events,
    explanation_zh, explanation_en, rules_version, `partition`, seq, `offset`, stored_at, shadow
FROM xiezhi.findings_log;

CREATE OR REPLACE VIEW xiezhi.findings {on_cluster} AS
SELECT finding_id, revision, change, cause, state, case_id, item, category, org, region, accepted_at, point, kind, code,
    light, step, visit, violated_at, due, late_by_ms, provisional, raised_at, changed_at, detail, events,
    explanation_zh, explanation_en, rules_version, `partition`, seq, `offset`, stored_at, shadow
FROM xiezhi.findings_log FINAL;

CREATE OR REPLACE VIEW xiezhi.alarms {on_cluster} AS
SELECT finding_id, revision, change, cause, state, case_id, item, category, org, region, accepted_at, point, kind, code,
    light, step, visit, violated_at, due, late_by_ms, provisional, raised_at, changed_at, detail, events,
    explanation_zh, explanation_en, rules_version, `partition`, seq, `offset`, stored_at, shadow
FROM xiezhi.alarms_current FINAL
WHERE NOT shadow;

CREATE OR REPLACE VIEW xiezhi.shadow_alarms {on_cluster} AS
SELECT finding_id, revision, change, cause, state, case_id, item, category, org, region, accepted_at, point, kind, code,
    light, step, visit, violated_at, due, late_by_ms, provisional, raised_at, changed_at, detail, events,
    explanation_zh, explanation_en, rules_version, `partition`, seq, `offset`, stored_at, shadow
FROM xiezhi.alarms_current FINAL
WHERE shadow;

CREATE OR REPLACE VIEW xiezhi.alarm_counts {on_cluster} AS
SELECT org, region, item, category, kind, code, light, state, count() AS alarms
FROM xiezhi.alarms_current FINAL
WHERE NOT shadow
GROUP BY org, region, item, category, kind, code, light, state;
