//! What the actors count. Labels are partition numbers and kinds of incidents, nothing else.

use model::Instant;
use prometheus::{IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

use crate::actor::{Actor, Tally};
use crate::log::Log;

/// Handles, made once and passed in.
#[derive(Clone)]
pub struct Metrics {
    pub partitions: IntGauge,
    pub standbys: IntGauge,
    pub failures: IntCounter,
    pub losses: IntCounter,
    pub divergences: IntCounter,
    /// By kind.
    pub incidents: IntCounterVec,
    /// By partition: 1 while it stands still until an operator acts.
    pub halted: IntGaugeVec,
    records: IntCounter,
    findings: IntCounter,
    entries: IntCounter,
    undecodable: IntCounter,
    acquisitions: IntCounter,
    checkpoints: IntCounter,
    clock: IntGaugeVec,
    cases: IntGaugeVec,
    state_bytes: IntGaugeVec,
    position: IntGaugeVec,
    held: IntGaugeVec,
    editions: IntGaugeVec,
    to_sweep: IntGaugeVec,
}

/// What a partition has taken over, and what waits in it.
pub(super) struct Waiting {
    held: usize,
    editions: usize,
    to_sweep: usize,
}

impl Waiting {
    pub(super) fn of<L: Log>(actor: &Actor<L>) -> Self {
        let (editions, to_sweep) = actor.rules();
        Self { held: actor.held(), editions, to_sweep }
    }
}

impl Metrics {
    /// # Errors
    /// A name that the registry already has.
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let counter = |name: &str, help: &str| -> Result<IntCounter, prometheus::Error> {
            let counter = IntCounter::new(name, help)?;
            registry.register(Box::new(counter.clone()))?;
            Ok(counter)
        };
        let gauges = |name: &str, help: &str| -> Result<IntGaugeVec, prometheus::Error> {
            let gauges = IntGaugeVec::new(Opts::new(name, help), &["partition"])?;
            registry.register(Box::new(gauges.clone()))?;
            Ok(gauges)
        };
        let gauge = |name: &str, help: &str| -> Result<IntGauge, prometheus::Error> {
            let gauge = IntGauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok(gauge)
        };
        let incidents = Opts::new("xiezhi_detect_incidents_total", "What an operator must hear of, by kind");
        let incidents = IntCounterVec::new(incidents, &["kind"])?;
        registry.register(Box::new(incidents.clone()))?;
        Ok(Self {
            partitions: gauge("xiezhi_detect_partitions", "Partitions held by this process")?,
            standbys: gauge("xiezhi_detect_standbys", "Partitions of others that this process follows")?,
            failures: counter("xiezhi_detect_failures_total", "Times a partition could not be served")?,
            losses: counter("xiezhi_detect_losses_total", "Times a partition was lost and acquired anew")?,
            divergences: counter(
                "xiezhi_detect_divergences_total",
                "Replays whose state differs from the ledger's",
            )?,
            incidents,
            halted: gauges("xiezhi_detect_halted", "1 while the partition waits for an operator")?,
            records: counter("xiezhi_detect_records_total", "Records of case-events processed")?,
            findings: counter("xiezhi_detect_findings_total", "Revisions of findings appended")?,
            entries: counter("xiezhi_detect_entries_total", "Ledger entries appended")?,
            undecodable: counter(
                "xiezhi_detect_undecodable_total",
                "Records of case-events that are no event",
            )?,
            acquisitions: counter("xiezhi_detect_acquisitions_total", "Partitions acquired")?,
            checkpoints: counter("xiezhi_detect_checkpoints_total", "Checkpoints named by an entry")?,
            clock: gauges("xiezhi_detect_clock_seconds", "Logical clock, seconds since 1970")?,
            cases: gauges("xiezhi_detect_cases", "Cases in memory")?,
            state_bytes: gauges("xiezhi_detect_state_bytes", "Bytes that the cases take, by estimate")?,
            position: gauges("xiezhi_detect_position", "Offset of case-events processed")?,
            held: gauges("xiezhi_detect_held_cases", "Cases with something due whose source is silent")?,
            editions: gauges("xiezhi_detect_editions", "Editions of the rules taken over")?,
            to_sweep: gauges(
                "xiezhi_detect_cases_to_sweep",
                "Cases not yet looked at since the rules changed",
            )?,
        })
    }

    /// Adds what has come since `told`.
    pub(super) fn observe(
        &self,
        partition: i32,
        tally: &Tally,
        told: &mut Tally,
        state: Option<(Instant, usize, usize)>,
        position: Option<(i64, bool)>,
        waiting: impl FnOnce() -> Waiting,
    ) {
        let changed = tally != told;
        self.records.inc_by(tally.records - told.records);
        self.findings.inc_by(tally.findings - told.findings);
        self.entries.inc_by(tally.entries - told.entries);
        self.undecodable.inc_by(tally.undecodable - told.undecodable);
        self.acquisitions.inc_by(tally.acquisitions - told.acquisitions);
        self.checkpoints.inc_by(tally.checkpoints - told.checkpoints);
        *told = *tally;
        let (Some((clock, cases, bytes)), Some((position, _)), true) = (state, position, changed) else {
            return;
        };
        let label = partition.to_string();
        self.clock.with_label_values(&[&label]).set(clock.0 / 1_000);
        self.cases.with_label_values(&[&label]).set(cases as i64);
        self.state_bytes.with_label_values(&[&label]).set(bytes as i64);
        self.position.with_label_values(&[&label]).set(position);
        let Waiting { held, editions, to_sweep } = waiting();
        self.held.with_label_values(&[&label]).set(held as i64);
        self.editions.with_label_values(&[&label]).set(editions as i64);
        self.to_sweep.with_label_values(&[&label]).set(to_sweep as i64);
    }
}
