//! The experiments by name. What each injects and checks stands in docs/reliability.md.

mod control;
mod outage;
mod redrive;
mod silence;

use crate::cluster::Layout;
use crate::fault;
use crate::measure;
use crate::options::Options;
use crate::run::{self, Outcome, Plan};
use crate::stream;

/// p99 from the publisher into ClickHouse, with everything on one machine.
const IN_TIME_MS: i64 = 1_000;

/// Runs to an outcome, or to the reason why there is none.
type Body = fn(&Experiment, &Options) -> Result<Outcome, String>;

pub(crate) struct Experiment {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    body: Body,
}

impl Experiment {
    pub(crate) fn run(&self, options: &Options) -> Result<Outcome, String> {
        (self.body)(self, options)
    }
}

pub(crate) const ALL: &[Experiment] = &[
    Experiment {
        id: "C1",
        name: "kill9-detector",
        what: "kill -9 one of two detectors every 2 s",
        body: |e, o| faults(e, o, Plan { timetable: fault::kill_detectors, ..plain() }),
    },
    Experiment {
        id: "C3",
        name: "kill9-all",
        what: "kill -9 every process every 10 s, Kafka and ClickHouse too",
        body: |e, o| faults(e, o, Plan { timetable: fault::kill_all, layout: warm(), ..plain() }),
    },
    Experiment {
        id: "D3",
        name: "reply-dropped",
        what: "a proxy swallows ClickHouse's reply to every seventh insert",
        body: |e, o| faults(e, o, Plan { swallow: true, ..plain() }),
    },
    Experiment {
        id: "T3",
        name: "late-flood",
        what: "20 % of the records late, 10 % doubled, the rest shuffled",
        body: |e, o| faults(e, o, Plan { shape: stream::flood, ..plain() }),
    },
    Experiment {
        id: "C2",
        name: "kill9-sink",
        what: "kill -9 the sink every 2 s",
        body: |e, o| faults(e, o, Plan { timetable: fault::kill_sink, ..plain() }),
    },
    Experiment {
        id: "C4",
        name: "zombies",
        what: "SIGSTOP a detector past its session, SIGCONT when another has taken over",
        body: |e, o| faults(e, o, Plan { timetable: fault::zombies, layout: warm(), ..plain() }),
    },
    Experiment {
        id: "C5",
        name: "rebalance-storm",
        what: "a detector joins or leaves every 5 s",
        body: |e, o| {
            let layout = Layout { guests: 2, ..warm() };
            faults(e, o, Plan { timetable: fault::storm, layout, ..plain() })
        },
    },
    Experiment {
        id: "C7",
        name: "broker-bounced",
        what: "the broker is killed or restarted every 20 s",
        body: |e, o| faults(e, o, Plan { timetable: fault::bounce_broker, ..plain() }),
    },
    Experiment {
        id: "C8",
        name: "broker-away",
        what: "the broker is away for a third of the time",
        body: |e, o| faults(e, o, Plan { timetable: fault::broker_away, ..plain() }),
    },
    Experiment {
        id: "C9",
        name: "broker-fenced",
        what: "the only broker is fenced for 3 s of 30, so that metadata lists none",
        body: |e, o| {
            let layout = Layout { fenced: true, ..Layout::default() };
            faults(e, o, Plan { layout, ..plain() })
        },
    },
    Experiment {
        id: "I1",
        name: "kill9-ingest",
        what: "kill -9 ingest every 5 s",
        body: |e, o| faults(e, o, Plan { timetable: fault::kill_ingest, ..plain() }),
    },
    Experiment {
        id: "D1",
        name: "clickhouse-away",
        what: "ClickHouse is away for half of the time",
        body: |e, o| faults(e, o, Plan { timetable: fault::store_away, ..plain() }),
    },
    Experiment {
        id: "D2",
        name: "clickhouse-kill9",
        what: "kill -9 ClickHouse every 5 s, in the middle of inserts",
        body: |e, o| faults(e, o, Plan { timetable: fault::kill_store, ..plain() }),
    },
    Experiment {
        id: "T2",
        name: "clock-jump",
        what: "a detector's wall clock jumps by +1 h, -1 h, +1 year, and back",
        body: |e, o| {
            let layout = Layout { clocks: true, ..Layout::default() };
            faults(e, o, Plan { timetable: fault::jumps, layout, ..plain() })
        },
    },
    Experiment {
        id: "T7",
        name: "poison",
        what: "1 % of all kinds of malformed records, nesting bombs, binary, oversize",
        body: |e, o| faults(e, o, Plan { shape: stream::poison, ..plain() }),
    },
    Experiment {
        id: "T1",
        name: "silence",
        what: "nothing comes any more, and deadlines fall due: each by itself, in time",
        body: silence::run,
    },
    Experiment {
        id: "T4",
        name: "source-outage",
        what: "a source is silent while its deadlines run: one alarm, and no false overdue",
        body: outage::run,
    },
    Experiment {
        id: "T8",
        name: "redrive",
        what: "a source is not authorised at first; its dead letters are driven back",
        body: redrive::run,
    },
    Experiment {
        id: "P2",
        name: "pace",
        what: "nothing is done to it: from the publisher into ClickHouse in time",
        body: pace,
    },
    Experiment {
        id: "K1",
        name: "control-rows",
        what: "rows deleted, doubled and altered by hand: the check must count each of them",
        body: control::altered_rows,
    },
    Experiment {
        id: "K2",
        name: "control-tokens",
        what: "D3 without deduplication in ClickHouse: the check must see doubles",
        body: control::no_deduplication,
    },
];

/// Each detector follows what it does not own.
fn warm() -> Layout {
    Layout { standbys: crate::cluster::PARTITIONS, ..Layout::default() }
}

pub(crate) fn plain() -> Plan {
    Plan {
        layout: Layout::default(),
        shape: stream::as_generated,
        timetable: fault::none,
        swallow: false,
        sabotage: &[],
        second_half: false,
    }
}

fn faults(experiment: &Experiment, options: &Options, plan: Plan) -> Result<Outcome, String> {
    run::run(experiment.id, &plan, options).map(|after| after.outcome)
}

/// Without faults: what is promised of latency is counted where it may be.
fn pace(experiment: &Experiment, options: &Options) -> Result<Outcome, String> {
    let mut outcome =
        faults(experiment, options, Plan { shape: stream::live, second_half: true, ..plain() })?;
    let p99 = measure::percentile(&outcome.latencies, 99).unwrap_or(i64::MAX);
    if options.punctual && p99 > IN_TIME_MS {
        outcome.verdict.wrong += 1;
        outcome.verdict.remarks.push(format!("wrong 1: {p99} ms (p99) from the publisher into ClickHouse"));
    }
    Ok(outcome)
}
