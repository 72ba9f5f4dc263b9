//! One experiment from the start of its cluster to its outcome.

use std::sync::Arc;
use std::time::{Duration, Instant};

use system_tests::timetable::rest_until;

use crate::check::{self, Verdict, query};
use crate::cluster::{Cluster, Layout};
use crate::fault::{Action, Step};
use crate::measure::{self, Places, Way};
use crate::observer::Observer;
use crate::options::Options;
use crate::proxy::Proxy;
use crate::publisher::Publisher;
use crate::random::Random;
use crate::settle::{Goal, settle};
use crate::stream::{Fact, Shape, Stream, now_ms};

/// An experiment that publishes a stream while faults come by a timetable.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) layout: Layout,
    pub(crate) shape: Shape,
    pub(crate) timetable: fn(Duration, &mut Random) -> Vec<Step>,
    /// A proxy between sink and ClickHouse swallows replies.
    pub(crate) swallow: bool,
    /// Statements for ClickHouse before the faults begin: the control takes a safeguard away.
    pub(crate) sabotage: &'static [&'static str],
    /// Latencies are those of what is published in the second half: in the first a broker's virtual machine compiles.
    pub(crate) second_half: bool,
}

/// What an experiment found.
#[derive(Debug, Default, Clone)]
pub(crate) struct Outcome {
    pub(crate) verdict: Verdict,
    pub(crate) events: u64,
    pub(crate) faults: u64,
    /// Sorted, ms.
    pub(crate) recoveries: Vec<i64>,
    pub(crate) latencies: Vec<i64>,
    /// What else there is to say.
    pub(crate) notes: Vec<String>,
    pub(crate) seconds: u64,
}

/// A cluster that has lived through its experiment, for whoever wants to look further.
pub(crate) struct Aftermath {
    pub(crate) cluster: Cluster,
    pub(crate) stream: Arc<Stream>,
    pub(crate) outcome: Outcome,
}

/// # Errors
/// Why there is no verdict: a diagnosis.
pub(crate) fn run(id: &str, plan: &Plan, options: &Options) -> Result<Aftermath, String> {
    let began = Instant::now();
    let mut proxy = None;
    let mut cluster = Cluster::start(id, &plan.layout, |clickhouse| {
        let through = plan.swallow.then(|| Proxy::start(clickhouse, Random::new(options.seed, "proxy")));
        proxy = through;
        proxy.as_ref().map_or_else(|| clickhouse.to_owned(), |proxy| proxy.url.clone())
    });
    let (within, rate) = (options.duration(), options.rate);
    let records = rate * within.as_secs() as u32;
    let stream = Arc::new(Stream::generate(&cluster.scratch, options.seed, records, plan.shape));
    let observer = Observer::start(&cluster.clickhouse);
    let steps = (plan.timetable)(within, &mut Random::new(options.seed, id));
    let publisher = Publisher::start(&cluster.kafka, Arc::clone(&stream), rate);
    settle(&mut cluster, Goal::of(&stream.records[..stream.warm_up()]), || publisher.delivered())?;
    for statement in plan.sabotage {
        query(&cluster.clickhouse, statement);
    }
    let warm = began.elapsed();
    publisher.go();
    let mut faults = keep(&mut cluster, &steps, within);
    let mut notes = Vec::new();
    if let Some(proxy) = &proxy {
        let (swallowed, inserts) = proxy.calm();
        notes.push(format!("{} of {inserts} replies to inserts swallowed", swallowed.len()));
        faults.extend(swallowed);
    }
    let faulty = began.elapsed();
    let settled = settle(&mut cluster, Goal::of(&stream.records), || publisher.delivered());
    let settling = began.elapsed() - faulty;
    let arrivals = observer.finish();
    if let Err(diagnosis) = settled {
        cluster.keep_logs(&options.out.join(id));
        return Err(diagnosis);
    }
    let published = publisher.finish();
    let ways = measure::ways(&published, &places(&cluster), &arrivals);
    let mut verdict = check::judge(&cluster, &stream);
    notes.push(format!(
        "ready after {} s, settled {} s after the last fault's time",
        warm.as_secs(),
        settling.as_secs()
    ));
    if !verdict.is_clean() && plan.sabotage.is_empty() {
        cluster.keep_logs(&options.out.join(id));
    }
    let ended = cluster.children().map(|child| child.own_ends).sum::<u32>();
    if ended > 0 {
        notes.push(format!("{ended} processes ended by themselves and were started again"));
    }
    if (faults.is_empty() && !steps.is_empty()) || ways.is_empty() {
        verdict.remarks.push("nothing happened: the experiment was too short".to_owned());
        verdict.wrong += 1;
    }
    let counted = if plan.second_half { &ways[ways.len() / 2..] } else { &ways[..] };
    let outcome = summary(verdict, &stream, &faults, counted, notes, began);
    Ok(Aftermath { cluster, stream, outcome })
}

fn summary(
    verdict: Verdict,
    stream: &Stream,
    faults: &[i64],
    ways: &[Way],
    notes: Vec<String>,
    began: Instant,
) -> Outcome {
    Outcome {
        verdict,
        events: stream.records.len() as u64,
        faults: faults.len() as u64,
        recoveries: measure::recoveries(faults, ways),
        latencies: measure::latencies(ways),
        notes,
        seconds: began.elapsed().as_secs(),
    }
}

/// Tends the cluster for so long, doing what the timetable says; in the end all is mended. When the faults were.
fn keep(cluster: &mut Cluster, steps: &[Step], within: Duration) -> Vec<i64> {
    let began = Instant::now();
    let mut faults = Vec::new();
    let mut apply = |cluster: &mut Cluster, action: Action| {
        if action.is_fault() {
            faults.push(now_ms());
        }
        action.apply(cluster);
    };
    for (at, action) in steps {
        while !rest_until(began + *at) {
            cluster.tend();
        }
        apply(cluster, *action);
    }
    while !rest_until(began + within) {
        cluster.tend();
    }
    faults
}

/// Where every fact stands in `case-events`.
fn places(cluster: &Cluster) -> Places {
    let sql = "SELECT source, event_id, partition, offset FROM xiezhi.case_events FORMAT TabSeparatedRaw";
    let rows = query(&cluster.clickhouse, sql);
    let place = |line: &str| {
        let mut columns = line.split('\t');
        let fact = Fact::new(columns.next()?, columns.next()?);
        Some((fact, (columns.next()?.parse().ok()?, columns.next()?.parse().ok()?)))
    };
    rows.lines().filter_map(place).collect()
}
