//! How telling goes, by recipient.

use prometheus::{IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

#[derive(Clone)]
pub(super) struct Metrics {
    told: IntCounterVec,
    refused: IntCounterVec,
    failures: IntCounterVec,
    failing: IntGaugeVec,
    standing: IntGaugeVec,
}

impl Metrics {
    pub(super) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let counter = |name: &str, help: &str| {
            let counter = IntCounterVec::new(Opts::new(name, help), &["recipient"])?;
            registry.register(Box::new(counter.clone()))?;
            Ok::<_, prometheus::Error>(counter)
        };
        let gauge = |name: &str, help: &str| {
            let gauge = IntGaugeVec::new(Opts::new(name, help), &["recipient"])?;
            registry.register(Box::new(gauge.clone()))?;
            Ok::<_, prometheus::Error>(gauge)
        };
        Ok(Self {
            told: counter("xiezhi_notify_told_total", "Notifications that were taken.")?,
            refused: counter(
                "xiezhi_notify_refused_total",
                "Notifications that their recipient will not take.",
            )?,
            failures: counter("xiezhi_notify_failures_total", "Attempts after which it is told again.")?,
            failing: gauge("xiezhi_notify_failing", "1 while a recipient does not take what he is told.")?,
            standing: gauge(
                "xiezhi_notify_standing_alarms",
                "Alarms that stand, as an Alertmanager is told.",
            )?,
        })
    }

    pub(super) fn of(&self, recipient: &str) -> Of {
        let labels = [recipient];
        Of {
            told: self.told.with_label_values(&labels),
            refused: self.refused.with_label_values(&labels),
            failures: self.failures.with_label_values(&labels),
            failing: self.failing.with_label_values(&labels),
            standing: self.standing.with_label_values(&labels),
        }
    }
}

/// Of one recipient.
pub(super) struct Of {
    told: IntCounter,
    refused: IntCounter,
    failures: IntCounter,
    failing: IntGauge,
    standing: IntGauge,
}

impl Of {
    pub(super) fn took(&self) {
        self.told.inc();
        self.failing.set(0);
    }

    pub(super) fn refused(&self) {
        self.refused.inc();
        self.failing.set(0);
    }

    pub(super) fn failed(&self) {
        self.failures.inc();
        self.failing.set(1);
    }

    pub(super) fn standing(&self, number: usize) {
        self.standing.set(i64::try_from(number).unwrap_or(i64::MAX));
    }
}
