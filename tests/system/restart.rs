//! Killed in the middle, twice, with all its parts: nothing is lost, nothing is doubled, the ledger is whole.

use std::time::{Duration, Instant};

use system_tests::events::{self, ORG, UNTIL};
use system_tests::site::Site;
use system_tests::{PATIENCE, alone, programs, rows, say, wait_for};

const TEST: &str = "restart";
const CASES: u32 = 2_400;
const PARTS: usize = 3;

#[test]
fn restart() {
    let _alone = alone();
    let catalogue = programs::root().join("deploy/catalogues/demo");
    let mut site = Site::start(TEST, &catalogue, &format!("{{until: \"{UNTIL}\"}}"));
    let lines = events::stream(CASES);
    for (n, part) in lines.chunks(lines.len().div_ceil(PARTS)).enumerate() {
        let file = site.scratch.lines(&format!("part-{n}.jsonl"), part);
        site.publish(["--org", ORG], &file);
        if n + 1 < PARTS {
            // In the middle of this part.
            let middle = (part.len() * n + part.len() / 3) as u64;
            let at =
                wait_for("the site is at work", PATIENCE, || Some(judged(&site)).filter(|at| *at > middle));
            let gone = site.kill9();
            let again = site.start_again();
            say(
                TEST,
                &format!(
                    "killed with {at} of {} events judged; the parts were gone after {:.1} s, ready again after {:.1} s",
                    part.len() * (n + 1),
                    gone.as_secs_f64(),
                    again.as_secs_f64()
                ),
            );
        }
    }
    let began = Instant::now();
    site.await_settled(lines.len() as u64, PATIENCE);
    say(
        TEST,
        &format!(
            "{} events settled {:.1} s after the last was published",
            lines.len(),
            began.elapsed().as_secs_f64()
        ),
    );
    let findings = detect(&site, &lines, &catalogue);
    let alarms = rows::assert_same(&site, &findings);
    assert_each_revision_once(&site);
    assert_chains_whole(&site);
    say(TEST, &format!("{alarms} alarms equal to detect's, row for row; all chains are whole"));
    site.stop();
}

/// What the detectors have judged, as they say themselves: 0 until they say anything.
fn judged(site: &Site) -> u64 {
    site.metric("xiezhi_detect_position") as u64
}

fn detect(site: &Site, lines: &[String], catalogue: &std::path::Path) -> String {
    let (events, findings) = (site.scratch.lines("all.jsonl", lines), site.scratch.path("findings.jsonl"));
    let mut detect = programs::xiezhi(["detect", "--until", UNTIL, "--out", &findings, "--catalogue"]);
    programs::well(detect.arg(catalogue).arg(&events));
    findings
}

fn assert_each_revision_once(site: &Site) {
    let revisions = site.number("SELECT count() FROM xiezhi.findings");
    assert_eq!(site.number("SELECT uniqExact(finding_id, revision) FROM xiezhi.findings"), revisions);
    // From 1, without a gap.
    let gaps = "SELECT count() FROM (SELECT finding_id FROM xiezhi.findings GROUP BY finding_id \
                HAVING max(revision) != count() OR min(revision) != 1)";
    assert_eq!(site.number(gaps), 0);
    let twice = "SELECT count() - uniqExact(case_id, source, event_id) FROM xiezhi.case_events";
    assert_eq!(site.number(twice), 0);
}

/// `xiezhi verify` walks every partition, and counts what ClickHouse has.
fn assert_chains_whole(site: &Site) {
    let output = programs::well(&mut programs::xiezhi(["verify", "--brokers", &site.kafka]));
    let said = programs::text(&output.stdout);
    assert!(!said.contains("breaks"), "{said}");
    let count = |line: &str| {
        line.split([',', ':']).find_map(|part| part.trim().strip_suffix(" findings")?.parse().ok())
    };
    let counts: Vec<u64> = said.lines().filter_map(count).collect();
    assert_eq!(counts.len(), 4, "{said}");
    let stored = || site.number("SELECT count() FROM xiezhi.findings");
    wait_for("ClickHouse has what the ledger has", Duration::from_secs(20), || {
        (stored() == counts.iter().sum::<u64>()).then_some(())
    });
}
