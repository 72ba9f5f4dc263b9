//! The judgement: what stands in ClickHouse, in the ledger and in the feed, against what the batch oracles say.
//!
//! - *lost*: a finding, a fact, a dead letter or a revision that should be there and is not;
//! - *dup*: a row more than once as a consumer sees it, by the views;
//! - *wrong*: a finding that says something else, or that no oracle knows; a broken chain; a feed that contradicts itself.

use std::collections::BTreeMap;

use system_tests::http;
use system_tests::{programs, rows};

use crate::cluster::{Cluster, catalogue};
use crate::feed;
use crate::stream::{Stream, detect, now_ms};

/// Cases for the second oracle: it is naive on purpose, and slow.
const SAMPLE_CASES: u64 = 250;

#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) lost: u64,
    pub(crate) dup: u64,
    pub(crate) wrong: u64,
    /// Findings compared row for row, and those of the sample that the second oracle confirmed.
    pub(crate) findings: u64,
    pub(crate) sampled: u64,
    pub(crate) revisions: u64,
    pub(crate) ledger_entries: u64,
    /// Ledger records that did not count: of late owners and of retries.
    pub(crate) passed_over: u64,
    /// What is not as it should be, for people.
    pub(crate) remarks: Vec<String>,
}

impl Verdict {
    pub(crate) fn is_clean(&self) -> bool {
        (self.lost, self.dup, self.wrong) == (0, 0, 0)
    }

    fn lost(&mut self, many: u64, what: &str) {
        self.lost += many;
        self.remark(many, "lost", what);
    }

    fn dup(&mut self, many: u64, what: &str) {
        self.dup += many;
        self.remark(many, "dup", what);
    }

    fn wrong(&mut self, many: u64, what: &str) {
        self.wrong += many;
        self.remark(many, "wrong", what);
    }

    fn remark(&mut self, many: u64, kind: &str, what: &str) {
        if many > 0 {
            self.remarks.push(format!("{kind} {many}: {what}"));
        }
    }
}

/// Judges a cluster that has settled.
pub(crate) fn judge(cluster: &Cluster, stream: &Stream) -> Verdict {
    let mut verdict = stored(&cluster.clickhouse, stream, &detect(&cluster.scratch));
    second_oracle(&mut verdict, cluster, stream);
    ledger(&mut verdict, cluster);
    subscriber(&mut verdict, cluster);
    verdict
}

/// What readers of ClickHouse see, against the findings in a file.
pub(crate) fn stored(clickhouse: &str, stream: &Stream, findings: &str) -> Verdict {
    let mut verdict = Verdict::default();
    let number = |sql: &str| number(clickhouse, sql);
    let found = rows::differences(clickhouse, findings);
    verdict.findings = found.rows as u64;
    verdict.lost(found.missing.len() as u64, "findings are no alarm");
    verdict.wrong((found.different.len() + found.surplus.len()) as u64, "alarms differ or are no finding");
    verdict.remarks.extend(found.tell(findings));
    verdict.dup(found.doubled as u64, "alarms twice in the view");

    let facts = "SELECT uniqExact(source, event_id) FROM xiezhi.case_events";
    verdict.lost(stream.facts().saturating_sub(number(facts)), "facts are not in case_events");
    let twice = "SELECT count() - uniqExact(source, event_id) FROM xiezhi.case_events";
    verdict.dup(number(twice), "facts twice in case_events");

    verdict.revisions = number("SELECT uniqExact(finding_id, revision) FROM xiezhi.findings");
    let twice = "SELECT count() - uniqExact(finding_id, revision) FROM xiezhi.findings";
    verdict.dup(number(twice), "revisions twice in findings");
    let gaps = "SELECT sum(toUInt64(last) - many) FROM (SELECT max(revision) AS last, uniqExact(revision) AS many \
                FROM xiezhi.findings GROUP BY finding_id)";
    verdict.lost(number(gaps), "revisions between others are missing");
    let behind = "SELECT count() FROM (SELECT finding_id, max(revision) AS last FROM xiezhi.findings GROUP BY finding_id) AS f \
                  INNER JOIN xiezhi.alarms AS a ON f.finding_id = a.finding_id WHERE f.last != a.revision";
    verdict.wrong(number(behind), "alarms are not the last revision of their finding");
    letters(&mut verdict, clickhouse, stream);
    verdict
}

fn letters(verdict: &mut Verdict, clickhouse: &str, stream: &Stream) {
    let text =
        query(clickhouse, "SELECT reason, count() FROM xiezhi.dead_letters GROUP BY reason FORMAT TSV");
    let pair = |line: &str| {
        let (reason, many) = line.split_once('\t').expect("two columns");
        (reason.to_owned(), many.parse::<u64>().expect("a number"))
    };
    let stands: BTreeMap<String, u64> = text.lines().map(pair).collect();
    for reason in stands.keys().chain(stream.rejected.keys()).collect::<std::collections::BTreeSet<_>>() {
        let of = |map: &BTreeMap<String, u64>| map.get(reason).copied().unwrap_or(0);
        let (wanted, got) = (of(&stream.rejected), of(&stands));
        verdict.lost(wanted.saturating_sub(got), &format!("dead letters with reason {reason}"));
        verdict.dup(got.saturating_sub(wanted), &format!("dead letters with reason {reason}"));
    }
}

/// Recomputes some cases in another language and compares them with what `detect` has found; and that has been compared
/// with the alarms row for row.
fn second_oracle(verdict: &mut Verdict, cluster: &Cluster, stream: &Stream) {
    let one_in = (stream.facts() / 13 / SAMPLE_CASES).max(1).to_string();
    let path = |name: &str| cluster.scratch.path(name);
    let now = model::Instant(now_ms()).to_string();
    let mut sample = programs::python();
    sample
        .args(["tests/oracle/sample.py", "--until", &now, "--one-in", &one_in, "--catalogue"])
        .arg(catalogue());
    sample.args(["--events", &path("events.jsonl"), "--rejects", &path("rejects.jsonl")]);
    sample.args(["--findings", &path("findings.jsonl")]);
    let output = sample.output().expect("Python starts");
    let said = programs::text(&output.stdout);
    let count = |what: &str| {
        let last = said.lines().last()?;
        last.split(", ").find_map(|part| part.strip_suffix(what)?.trim().parse::<u64>().ok())
    };
    let (Some(passed), Some(failed)) = (count("passed"), count("failed")) else {
        panic!("the second oracle failed: {said}{}", programs::text(&output.stderr));
    };
    verdict.sampled = passed;
    verdict.wrong(failed, &format!("findings of which the second oracle says otherwise:\n{said}"));
}

/// `xiezhi verify` walks every chain, and counts the findings that ClickHouse must have.
fn ledger(verdict: &mut Verdict, cluster: &Cluster) {
    let output = programs::xiezhi(["verify", "--brokers", &cluster.kafka]).output().expect("it starts");
    let said = programs::text(&output.stdout);
    let sum = |what: &str| -> u64 {
        let parts = said.split([',', ':', '\n']);
        parts.filter_map(|part| part.trim().strip_suffix(what)?.trim().parse::<u64>().ok()).sum()
    };
    verdict.ledger_entries = sum("entries");
    verdict.passed_over = sum("passed over");
    let broken = said.lines().filter(|line| line.contains("breaks the chain")).count() as u64;
    let unsaid = u64::from(!output.status.success() && broken == 0);
    verdict.wrong(broken + unsaid, &format!("chains are broken: {said}{}", programs::text(&output.stderr)));
    let revisions = verdict.revisions;
    verdict.lost(sum("findings").saturating_sub(revisions), "findings of the ledger are not in ClickHouse");
    verdict.wrong(revisions.saturating_sub(sum("findings")), "findings in ClickHouse that no ledger has");
}

/// A subscriber may get a revision again, but none may be missing, and each says the same every time.
fn subscriber(verdict: &mut Verdict, cluster: &Cluster) {
    let feed = feed::read(&cluster.kafka);
    let missing = verdict.revisions.saturating_sub(feed.bodies.len() as u64);
    verdict.lost(missing, "revisions are not in alarm-feed");
    let surplus = (feed.bodies.len() as u64).saturating_sub(verdict.revisions);
    verdict.wrong(surplus, "revisions in alarm-feed that ClickHouse does not have");
    verdict.wrong(feed.contradictions() as u64, "revisions of which alarm-feed says different things");
}

pub(crate) fn query(clickhouse: &str, sql: &str) -> String {
    let answer = http::post(clickhouse, sql).unwrap_or_else(|e| panic!("{sql}: {e}"));
    assert_eq!(answer.status, 200, "{sql}: {}", answer.text());
    answer.text()
}

pub(crate) fn number(clickhouse: &str, sql: &str) -> u64 {
    let answer = query(clickhouse, sql);
    answer.trim().parse().unwrap_or_else(|_| panic!("{sql}: no number: {answer}"))
}
