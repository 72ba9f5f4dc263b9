//! What the sink says about itself.

use prometheus::{
    GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry,
};

use crate::kind::Kind;
use crate::watch::Standing;

/// Seconds; from one small insert to an outage's end.
const BUCKETS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.5, 5.0, 15.0, 60.0];

/// What a repair may find rows missing of. Told from the start: a counter that comes with its first row has not risen.
const REPAIRED: [&str; 5] =
    ["findings_log", "alarms_current", "case_events_log", "ledger_progress_log", "case_events_progress_log"];

/// Of all topics.
#[derive(Debug, Clone)]
pub struct Metrics {
    records: IntCounterVec,
    rows: IntCounterVec,
    insert_seconds: HistogramVec,
    stored_seconds: HistogramVec,
    clock_alarms: Histogram,
    oldest: IntGaugeVec,
    pending: IntGaugeVec,
    lag: IntGaugeVec,
    halted: IntGaugeVec,
    retries: IntCounterVec,
    failing: IntGaugeVec,
    rejected: IntCounterVec,
    misfits: IntCounterVec,
    completeness: IntGaugeVec,
    complete: IntGaugeVec,
    oldest_unstored: GaugeVec,
    checked: IntGauge,
    missing: IntCounterVec,
    repaired: IntGauge,
}

impl Metrics {
    /// Registers them: once a registry.
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let counter = |name: &str, help: &str, labels: &[&str]| {
            let metric = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(metric.clone()))?;
            Ok::<_, prometheus::Error>(metric)
        };
        let gauge = |name: &str, help: &str, labels: &[&str]| {
            let metric = IntGaugeVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(metric.clone()))?;
            Ok::<_, prometheus::Error>(metric)
        };
        let histogram = |name: &str, help: &str, labels: &[&str]| {
            let metric = HistogramVec::new(HistogramOpts::new(name, help).buckets(BUCKETS.to_vec()), labels)?;
            registry.register(Box::new(metric.clone()))?;
            Ok::<_, prometheus::Error>(metric)
        };
        Ok(Self {
            records: counter("xiezhi_sink_records_total", "Records stored", &["topic"])?,
            rows: counter("xiezhi_sink_rows_total", "Rows stored", &["table"])?,
            insert_seconds: histogram("xiezhi_sink_insert_seconds", "Successful inserts", &["table"])?,
            stored_seconds: histogram(
                "xiezhi_sink_record_stored_seconds",
                "From the timestamp of a batch's oldest record until the batch is stored",
                &["topic"],
            )?,
            clock_alarms: {
                let name = "xiezhi_sink_clock_alarm_seconds";
                let help = "From the instant due until the alarm that no event raised is stored";
                let metric = Histogram::with_opts(HistogramOpts::new(name, help).buckets(BUCKETS.to_vec()))?;
                registry.register(Box::new(metric.clone()))?;
                metric
            },
            oldest: gauge(
                "xiezhi_sink_oldest_unstored_timestamp_ms",
                "Timestamp of the oldest record in hand that is not stored; 0 if there is none",
                &["topic"],
            )?,
            pending: gauge(
                "xiezhi_sink_pending_records",
                "Records of the range that is announced and not yet stored",
                &["topic"],
            )?,
            lag: gauge("xiezhi_sink_lag_records", "Records not yet stored", &["topic", "partition"])?,
            halted: gauge(
                "xiezhi_sink_halted",
                "1 where records are missing from the log and an operator must look",
                &["topic", "partition"],
            )?,
            retries: counter("xiezhi_sink_retries_total", "Attempts that failed", &["topic", "operation"])?,
            failing: gauge("xiezhi_sink_failing", "1 while an operation fails", &["topic", "operation"])?,
            rejected: counter("xiezhi_sink_rejected_rows_total", "Rows kept as dead letters", &["topic"])?,
            misfits: counter("xiezhi_sink_misfits_total", "Ledger records passed over", &["reason"])?,
            completeness: gauge(
                "xiezhi_sink_completeness_offset",
                "How far case-events is published, processed and stored",
                &["partition", "stage"],
            )?,
            complete: gauge("xiezhi_sink_complete", "1 where these are equal", &["partition"])?,
            oldest_unstored: {
                let name = "xiezhi_sink_oldest_unstored_seconds";
                let help = "Age of the oldest record that is not processed and stored; 0 if there is none";
                let metric = GaugeVec::new(Opts::new(name, help), &["partition"])?;
                registry.register(Box::new(metric.clone()))?;
                metric
            },
            missing: {
                let name = "xiezhi_sink_missing_rows_total";
                let missing =
                    counter(name, "Rows that a repair found missing and inserted again", &["table"])?;
                for table in REPAIRED {
                    missing.with_label_values(&[table]).inc_by(0);
                }
                missing
            },
            repaired: {
                let name = "xiezhi_sink_repair_timestamp_ms";
                let metric = IntGauge::new(name, "When the last comparison ended; 0 if none did")?;
                registry.register(Box::new(metric.clone()))?;
                metric
            },
            checked: {
                let name = "xiezhi_sink_completeness_checked_timestamp_ms";
                let metric = IntGauge::new(name, "When completeness was last looked at; 0 if never")?;
                registry.register(Box::new(metric.clone()))?;
                metric
            },
        })
    }

    pub(crate) fn compared(&self, found: &crate::repair::Found, now: model::Instant) {
        for (table, rows) in &found.missing {
            self.missing.with_label_values(&[*table]).inc_by(*rows);
        }
        self.repaired.set(now.0);
    }

    /// What a look at a partition came to.
    pub(crate) fn standing(&self, standing: &Standing, now: model::Instant) {
        let partition = standing.partition.to_string();
        let stages = [
            ("published", standing.published_to),
            ("processed", standing.processed_to),
            ("stored", standing.stored_to),
        ];
        for (stage, offset) in stages {
            self.completeness.with_label_values(&[partition.as_str(), stage]).set(offset);
        }
        self.complete.with_label_values(&[&partition]).set(i64::from(standing.is_complete()));
        let age_ms = standing.oldest_ms.map_or(0, |oldest| (now.0 - oldest).max(0));
        self.oldest_unstored.with_label_values(&[&partition]).set(age_ms as f64 / 1_000.0);
        self.checked.set(now.0);
    }

    pub(crate) fn of(&self, kind: Kind) -> TopicMetrics {
        TopicMetrics { all: self.clone(), topic: kind.name() }
    }
}

/// The metrics of one topic.
#[derive(Debug, Clone)]
pub(crate) struct TopicMetrics {
    all: Metrics,
    topic: &'static str,
}

impl TopicMetrics {
    pub(crate) fn records(&self) -> IntCounter {
        self.all.records.with_label_values(&[self.topic])
    }

    pub(crate) fn rows(&self, table: &str) -> IntCounter {
        self.all.rows.with_label_values(&[table])
    }

    pub(crate) fn insert_seconds(&self, table: &str) -> Histogram {
        self.all.insert_seconds.with_label_values(&[table])
    }

    pub(crate) fn stored_seconds(&self) -> Histogram {
        self.all.stored_seconds.with_label_values(&[self.topic])
    }

    pub(crate) fn clock_alarms(&self) -> &Histogram {
        &self.all.clock_alarms
    }

    pub(crate) fn oldest(&self) -> IntGauge {
        self.all.oldest.with_label_values(&[self.topic])
    }

    pub(crate) fn pending(&self) -> IntGauge {
        self.all.pending.with_label_values(&[self.topic])
    }

    pub(crate) fn lag(&self, partition: i32) -> IntGauge {
        self.all.lag.with_label_values(&[self.topic, &partition.to_string()])
    }

    pub(crate) fn halted(&self, partition: i32) -> IntGauge {
        self.all.halted.with_label_values(&[self.topic, &partition.to_string()])
    }

    pub(crate) fn rejected(&self) -> IntCounter {
        self.all.rejected.with_label_values(&[self.topic])
    }

    pub(crate) fn misfits(&self, reason: &str) -> IntCounter {
        self.all.misfits.with_label_values(&[reason])
    }

    pub(crate) fn failed(&self, operation: &str) {
        self.all.retries.with_label_values(&[self.topic, operation]).inc();
        self.all.failing.with_label_values(&[self.topic, operation]).set(1);
    }

    pub(crate) fn recovered(&self, operation: &str) {
        self.all.failing.with_label_values(&[self.topic, operation]).set(0);
    }
}
