//! What a desk counts.

use prometheus::{IntCounter, IntCounterVec, IntGauge, Opts, Registry};
use workflow::{Misfit, Outcome};

/// Handles, made once and passed in.
#[derive(Clone)]
pub struct Metrics {
    outcomes: IntCounterVec,
    misfits: IntCounterVec,
    pub(crate) proposals: IntCounter,
    pub(crate) failures: IntCounter,
    pub(crate) waiting: IntGauge,
    pub(crate) entries: IntGauge,
}

impl Metrics {
    /// # Errors
    /// A name that the registry already has.
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let vec = |name: &str, help: &str, label: &str| -> Result<IntCounterVec, prometheus::Error> {
            let counters = IntCounterVec::new(Opts::new(name, help), &[label])?;
            registry.register(Box::new(counters.clone()))?;
            Ok(counters)
        };
        let counter = |name: &str, help: &str| -> Result<IntCounter, prometheus::Error> {
            let counter = IntCounter::new(name, help)?;
            registry.register(Box::new(counter.clone()))?;
            Ok(counter)
        };
        let gauge = |name: &str, help: &str| -> Result<IntGauge, prometheus::Error> {
            let gauge = IntGauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok(gauge)
        };
        Ok(Self {
            outcomes: vec(
                "xiezhi_workflow_outcomes_total",
                "Entries of the workflow log by outcome",
                "outcome",
            )?,
            misfits: vec(
                "xiezhi_workflow_misfits_total",
                "Records of the workflow log that do not count",
                "why",
            )?,
            proposals: counter("xiezhi_workflow_proposals_total", "Entries that this process appended")?,
            failures: counter(
                "xiezhi_workflow_failures_total",
                "Times the workflow log failed and was read anew",
            )?,
            waiting: gauge("xiezhi_workflow_waiting", "Commands that wait for their turn")?,
            entries: gauge("xiezhi_workflow_entries", "Entries of the workflow log that count")?,
        })
    }

    pub(crate) fn count_outcome(&self, outcome: &Outcome) {
        let word = match outcome {
            Outcome::Accepted { .. } => "accepted",
            Outcome::Refused(reason) => reason.code(),
        };
        self.outcomes.with_label_values(&[word]).inc();
    }

    pub(crate) fn count_misfit(&self, misfit: Misfit) {
        self.misfits.with_label_values(&[misfit.as_str()]).inc();
    }
}
