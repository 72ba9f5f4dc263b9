//! The wait for the end: everything published, judged and stored; or the diagnosis of what stands still.

use std::fmt::Write;
use std::time::{Duration, Instant};

use system_tests::http::Poller;
use system_tests::timetable::rest_until;

use crate::cluster::Cluster;
use crate::positions::Positions;
use crate::stream::{self, Record};

/// Without any progress for so long, an experiment has stalled.
const STALLS_AFTER: Duration = Duration::from_secs(300);
/// Timers that are left over come in the very next entries: a ledger that has been quiet for so long is done.
const QUIET: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(200);

const STATE: &str = "SELECT (SELECT count() FROM xiezhi.case_events), \
    (SELECT toString(groupArray((partition, processed_to, stored_to))) FROM (SELECT * FROM xiezhi.completeness ORDER BY partition)), \
    (SELECT toString(groupArray(offset)) FROM (SELECT * FROM xiezhi.ledger_progress ORDER BY partition)), \
    (SELECT count() FROM xiezhi.dead_letters), (SELECT countIf(NOT complete) FROM xiezhi.completeness) FORMAT TabSeparated";

#[derive(Debug, Default, Clone, PartialEq)]
struct State {
    delivered: u64,
    /// Row of [`STATE`]: events, positions, ledger, letters, incomplete partitions.
    stored: Vec<String>,
    case_events: Vec<i64>,
    ledger: Vec<i64>,
    /// How far the sink says that it has come in the ledger.
    sink: Vec<i64>,
    /// How far the feed says so.
    feed: Vec<i64>,
}

/// What must be there in the end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Goal {
    pub(crate) records: u64,
    pub(crate) facts: u64,
    pub(crate) letters: u64,
}

impl Goal {
    /// All these are there: as facts, or as dead letters.
    pub(crate) fn of(records: &[Record]) -> Self {
        let letters = records.iter().filter(|record| record.fact.is_none()).count() as u64;
        Self { records: records.len() as u64, facts: stream::facts(records), letters }
    }
}

impl State {
    fn of(delivered: u64, positions: &Positions, poller: &Poller, clickhouse: &str) -> Self {
        let row = poller.ask(clickhouse, STATE).unwrap_or_default();
        Self {
            delivered,
            stored: row.trim_end().split('\t').map(str::to_owned).collect(),
            case_events: positions.ends("case-events").unwrap_or_default(),
            ledger: positions.ends("ledger").unwrap_or_default(),
            sink: positions.stored("ledger").unwrap_or_default(),
            feed: positions.fed().unwrap_or_default(),
        }
    }

    /// Whether Kafka has answered all questions.
    fn is_known(&self) -> bool {
        [&self.case_events, &self.ledger, &self.sink, &self.feed].iter().all(|answer| !answer.is_empty())
    }

    fn meets(&self, goal: Goal) -> bool {
        let [events, positions, ledger, letters, incomplete] = self.stored.as_slice() else { return false };
        let numbers = |text: &str, step: usize| -> Vec<i64> {
            let all = text.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok());
            all.skip(step - 1).step_by(step).filter(|n| step == 1 || *n > 0).collect()
        };
        let ends = |ends: &[i64]| ends.iter().copied().filter(|end| *end > 0).collect::<Vec<i64>>();
        self.delivered == goal.records
            && events.parse() == Ok(goal.facts)
            && letters.parse() == Ok(goal.letters)
            && incomplete == "0"
            && numbers(positions, 3) == ends(&self.case_events)
            && self.ledger_is_stored(&numbers(ledger, 1))
            && ends(&self.feed) == ends(&self.ledger)
    }
}

impl State {
    /// What the sink has stored, or has passed over as not valid, reaches the ledger's end.
    fn ledger_is_stored(&self, stored: &[i64]) -> bool {
        let used: Vec<i64> = self.ledger.iter().copied().filter(|end| *end > 0).collect();
        let passed: Vec<i64> = self.sink.iter().copied().filter(|at| *at > 0).collect();
        stored.iter().map(|at| at + 1).eq(used.iter().copied()) || (passed == used && !used.is_empty())
    }
}

/// Waits until the goal is met and the ledger is quiet, tending the cluster meanwhile.
///
/// # Errors
/// The diagnosis, if nothing moves any more.
pub(crate) fn settle(cluster: &mut Cluster, goal: Goal, delivered: impl Fn() -> u64) -> Result<(), String> {
    let (mut positions, poller) = (Positions::new(&cluster.kafka), Poller::default());
    let (mut last, mut since) = (State::default(), Instant::now());
    loop {
        let next = Instant::now() + LOOK_EVERY;
        cluster.tend();
        let state = State::of(delivered(), &positions, &poller, &cluster.clickhouse);
        if !state.is_known() {
            // These clients may be the ones that have lost their brokers for good (ADR 31).
            positions = Positions::new(&cluster.kafka);
        }
        if state != last {
            (last, since) = (state, Instant::now());
        } else if last.meets(goal) && since.elapsed() >= QUIET {
            return Ok(());
        } else if since.elapsed() >= STALLS_AFTER {
            return Err(diagnosis(cluster, &positions, goal, &last));
        }
        while !rest_until(next) {}
    }
}

fn diagnosis(cluster: &mut Cluster, positions: &Positions, goal: Goal, state: &State) -> String {
    let mut text = format!("nothing has moved for {} s\n", STALLS_AFTER.as_secs());
    let mut line = |what: &str, value: String| writeln!(text, "  {what:<34} {value}").expect("a text grows");
    let Goal { records, facts, letters } = goal;
    line("wanted", format!("{records} records, {facts} facts, {letters} dead letters"));
    line("acknowledged to the publisher", state.delivered.to_string());
    let name =
        ["facts stored", "(partition, processed, stored)", "ledger stored", "dead letters", "incomplete"];
    for (name, value) in name.iter().zip(&state.stored) {
        line(name, value.clone());
    }
    line("ends of case-events", format!("{:?}", state.case_events));
    line("  judged, by their own word", format!("{:?}", positions.judged("case-events")));
    line("  stored, by the sink's word", format!("{:?}", positions.stored("case-events")));
    line("ends of ledger", format!("{:?}", state.ledger));
    line("  stored, by the sink's word", format!("{:?}", state.sink));
    line("  told, by the feed's word", format!("{:?}", state.feed));
    for child in cluster.children() {
        line(&child.name, format!("ended by itself {} times; its last words:", child.own_ends));
        for said in child.last_words().lines() {
            line("", said.chars().take(300).collect());
        }
    }
    text
}
