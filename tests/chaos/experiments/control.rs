//! Is the check able to see anything? Rows spoiled by hand must be counted one by one, and a system without its
//! safeguard must fail.

use crate::check::{self, query};
use crate::experiments::{Experiment, plain};
use crate::options::Options;
use crate::run::{self, Outcome, Plan};
use crate::stream::detect;

/// Nothing is to be learned from more.
const SECONDS: u64 = 10;
const DELETED: u64 = 5;
const ALTERED: u64 = 3;
const DOUBLED: u64 = 4;
const FORGOTTEN: u64 = 2;

const STANDING: &str = "SELECT finding_id FROM xiezhi.alarms WHERE state = 'raised' ORDER BY finding_id";
const CLOSED: &str =
    "SELECT event_id FROM xiezhi.case_events WHERE type = 'case.closed' ORDER BY source, event_id";

const COLUMNS: &str = "finding_id, revision, change, cause, state, case_id, item, category, org, region, accepted_at, point, kind, \
    code, light, step, visit, violated_at, due, late_by_ms, provisional, raised_at, changed_at, detail, events, \
    explanation_zh, explanation_en, rules_version, `partition`, seq, `offset`, stored_at";

/// The table is read as it is, and nothing in it is dropped for being there twice.
const AS_IT_IS: [&str; 3] = [
    "SYSTEM STOP MERGES xiezhi.findings_log",
    "ALTER TABLE xiezhi.findings_log MODIFY SETTING non_replicated_deduplication_window = 0",
    "CREATE OR REPLACE VIEW xiezhi.findings AS SELECT finding_id, revision, change, cause, state, case_id, item, category, org, \
     region, accepted_at, point, kind, code, light, step, visit, violated_at, due, late_by_ms, provisional, raised_at, \
     changed_at, detail, events, explanation_zh, explanation_en, rules_version, `partition`, seq, `offset`, stored_at \
     FROM xiezhi.findings_log",
];

/// After a run without faults: so many rows deleted, altered and doubled, and exactly as many are found.
pub(super) fn altered_rows(experiment: &Experiment, options: &Options) -> Result<Outcome, String> {
    let options = options.at_most(SECONDS);
    let after = run::run(experiment.id, &plain(), &options)?;
    let clickhouse = &after.cluster.clickhouse;
    // Which ones is asked before anything is changed: a mutation may ask anew for each part of the table.
    let ids = |what: &str, from: u64, many: u64| {
        let ids = query(clickhouse, &format!("{what} LIMIT {from}, {many} FORMAT TSV"));
        format!("('{}')", ids.lines().collect::<Vec<_>>().join("', '"))
    };
    let (deleted, altered) = (ids(STANDING, 0, DELETED), ids(STANDING, DELETED, ALTERED));
    // Doubling an alarm's first revision would bring a deleted one back.
    let doubled = ids(STANDING, DELETED + ALTERED, DOUBLED);
    let forgotten = ids(CLOSED, 0, FORGOTTEN);
    query(clickhouse, &format!("DELETE FROM xiezhi.alarms_current WHERE finding_id IN {deleted}"));
    let update = "ALTER TABLE xiezhi.alarms_current UPDATE explanation_en = 'x' WHERE finding_id IN";
    query(clickhouse, &format!("{update} {altered} SETTINGS mutations_sync = 1"));
    for statement in AS_IT_IS {
        query(clickhouse, statement);
    }
    let double = format!(
        "INSERT INTO xiezhi.findings_log ({COLUMNS}) SELECT {COLUMNS} FROM xiezhi.findings_log FINAL"
    );
    let which = format!("WHERE revision = 1 AND finding_id IN {doubled}");
    query(clickhouse, &format!("{double} {which} SETTINGS insert_deduplicate = 0"));
    query(clickhouse, &format!("DELETE FROM xiezhi.case_events_log WHERE event_id IN {forgotten}"));
    let found = check::stored(clickhouse, &after.stream, &detect(&after.cluster.scratch));
    let seen = (found.lost, found.dup, found.wrong);
    let spoiled = (DELETED + FORGOTTEN, DOUBLED, ALTERED);
    if seen != spoiled {
        return Err(format!(
            "spoiled (lost, dup, wrong) {spoiled:?}, but the check counts {seen:?}: {:?}",
            found.remarks
        ));
    }
    let note = format!(
        "the check counted all that was spoiled by hand: lost/dup/wrong {}/{}/{}",
        seen.0, seen.1, seen.2
    );
    let mut outcome = after.outcome;
    outcome.notes.push(note);
    Ok(outcome)
}

/// The sink repeats an insert whose reply it did not get. Only deduplication makes that harmless.
pub(super) fn no_deduplication(experiment: &Experiment, options: &Options) -> Result<Outcome, String> {
    let plan = Plan { swallow: true, sabotage: &AS_IT_IS, ..plain() };
    let mut outcome = run::run(experiment.id, &plan, options)?.outcome;
    let verdict = &mut outcome.verdict;
    if verdict.dup == 0 {
        return Err(
            "without deduplication nothing was doubled: the check is blind, or no reply was swallowed"
                .to_owned(),
        );
    }
    outcome.notes.push(format!("without deduplication {} rows are doubled, as they must be", verdict.dup));
    // What it was to find it has found; anything else counts.
    verdict.dup = 0;
    verdict.remarks.clear();
    Ok(outcome)
}
