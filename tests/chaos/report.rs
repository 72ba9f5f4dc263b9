//! What was found, as a line while it runs, as a table in the end, and as JSON for whoever comes later.

use serde_json::{Value, json};

use crate::experiments::Experiment;
use crate::measure::percentile;
use crate::options::Options;
use crate::run::Outcome;

/// An experiment and how it ended: with an outcome, or with the reason why there is none.
pub(crate) type Done = (&'static Experiment, Result<Outcome, String>);

pub(crate) fn is_well(done: &Done) -> bool {
    done.1.as_ref().is_ok_and(|outcome| outcome.verdict.is_clean())
}

/// One line, and below it whatever is not as it should be.
pub(crate) fn line((experiment, result): &Done) -> String {
    let name = format!("{:<3} {:<17}", experiment.id, experiment.name);
    let outcome = match result {
        Ok(outcome) => outcome,
        Err(reason) => return format!("{name} FAILED without a verdict: {reason}"),
    };
    let Outcome { verdict, events, faults, .. } = outcome;
    let mut text = format!(
        "{name} {events} records, lost/dup/wrong {}/{}/{}, {faults} faults, recovery median {} longest {}, \
         latency p50 {} p99 {}, {} findings ({} confirmed by the second oracle), {} s",
        verdict.lost,
        verdict.dup,
        verdict.wrong,
        seconds(percentile(&outcome.recoveries, 50)),
        seconds(percentile(&outcome.recoveries, 100)),
        seconds(percentile(&outcome.latencies, 50)),
        seconds(percentile(&outcome.latencies, 99)),
        verdict.findings,
        verdict.sampled,
        outcome.seconds,
    );
    for note in outcome.notes.iter().chain(&verdict.remarks) {
        text.push_str("\n      ");
        text.push_str(note);
    }
    text
}

fn seconds(ms: Option<i64>) -> String {
    ms.map_or_else(|| "-".to_owned(), |ms| format!("{:.2} s", ms as f64 / 1_000.0))
}

/// A table in Markdown, as it stands in docs/reliability.md.
pub(crate) fn table(all: &[Done]) -> String {
    let mut text = String::from(
        "| experiment | records | findings | revisions | lost/dup/wrong | faults | recovery median | longest | latency p50 | p99 |\n\
         |---|---|---|---|---|---|---|---|---|---|\n",
    );
    for (experiment, result) in all {
        let row = match result {
            Err(_) => "no verdict | | | | | | | | |".to_owned(),
            Ok(outcome) => {
                let Outcome { verdict, events, faults, recoveries, latencies, .. } = outcome;
                let of = |values: &[i64], percent| seconds(percentile(values, percent));
                format!(
                    "{events} | {} | {} | {}/{}/{} | {faults} | {} | {} | {} | {} |",
                    verdict.findings,
                    verdict.revisions,
                    verdict.lost,
                    verdict.dup,
                    verdict.wrong,
                    of(recoveries, 50),
                    of(recoveries, 100),
                    of(latencies, 50),
                    of(latencies, 99)
                )
            }
        };
        text.push_str(&format!("| {} {} | {row}\n", experiment.id, experiment.name));
    }
    text
}

pub(crate) fn to_json(all: &[Done], options: &Options) -> Value {
    let experiments: Vec<Value> = all.iter().map(one).collect();
    json!({
        "seconds": options.seconds, "rate": options.rate, "seed": options.seed, "lanes": options.lanes,
        "experiments": experiments,
    })
}

fn one((experiment, result): &Done) -> Value {
    let head = json!({"id": experiment.id, "name": experiment.name});
    let body = match result {
        Err(reason) => json!({"failed": reason}),
        Ok(outcome) => {
            let Outcome { verdict, events, faults, recoveries, latencies, notes, seconds } = outcome;
            let of = |values: &[i64]| json!({"p50": percentile(values, 50), "p99": percentile(values, 99), "max": percentile(values, 100)});
            json!({
                "records": events, "findings": verdict.findings, "sampled": verdict.sampled,
                "revisions": verdict.revisions, "ledger_entries": verdict.ledger_entries,
                "passed_over": verdict.passed_over, "lost": verdict.lost, "dup": verdict.dup, "wrong": verdict.wrong,
                "faults": faults, "recovery_ms": of(recoveries), "latency_ms": of(latencies),
                "notes": notes, "remarks": verdict.remarks, "seconds": seconds,
            })
        }
    };
    json!({"experiment": head, "result": body})
}
