//! What the inbound side counts. Labels come from closed sets only: neither org nor topic, which publishers name.

use model::event::Reason;
use prometheus::{Counter, Gauge, IntCounter, IntCounterVec, IntGauge, Opts, Registry};

#[derive(Clone)]
pub(crate) struct Metrics {
    pub(crate) accepted: IntCounter,
    pub(crate) rejected: IntCounter,
    by_reason: [IntCounter; Reason::ALL.len()],
    pub(crate) truncated: IntCounter,
    pub(crate) in_flight_records: IntGauge,
    pub(crate) in_flight_bytes: IntGauge,
    pub(crate) lag_seconds: Gauge,
    pub(crate) commits: IntCounter,
    pub(crate) commit_errors: IntCounter,
    pub(crate) client_errors: IntCounter,
    pub(crate) throttled_seconds: Counter,
    pub(crate) partitions: IntGauge,
    pub(crate) lost: IntCounter,
    pub(crate) rewinds: IntCounter,
    pub(crate) sessions_lost: IntCounter,
    pub(crate) rejoins: IntCounter,
    pub(crate) signs: IntCounter,
}

impl Metrics {
    pub(crate) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let records = IntCounterVec::new(
            Opts::new(
                "xiezhi_ingest_records_total",
                "Inbound records that reached case-events or dead-letters",
            ),
            &["outcome"],
        )?;
        registry.register(Box::new(records.clone()))?;
        let rejected = IntCounterVec::new(
            Opts::new("xiezhi_ingest_rejected_total", "Records that reached dead-letters, by reason"),
            &["reason"],
        )?;
        registry.register(Box::new(rejected.clone()))?;
        let counter = |name: &str, help: &str| registered(registry, IntCounter::new(name, help)?);
        let gauge = |name: &str, help: &str| registered(registry, IntGauge::new(name, help)?);
        Ok(Self {
            accepted: records.with_label_values(&["accepted"]),
            rejected: records.with_label_values(&["rejected"]),
            by_reason: Reason::ALL.map(|reason| rejected.with_label_values(&[reason.as_str()])),
            truncated: counter(
                "xiezhi_ingest_truncated_letters_total",
                "Dead letters cut to fit the broker's limit",
            )?,
            in_flight_records: gauge(
                "xiezhi_ingest_in_flight_records",
                "Records forwarded, not yet acknowledged",
            )?,
            in_flight_bytes: gauge("xiezhi_ingest_in_flight_bytes", "Bytes forwarded, not yet acknowledged")?,
            lag_seconds: registered(
                registry,
                Gauge::new(
                    "xiezhi_ingest_lag_seconds",
                    "Age of the inbound record read last, when it was read",
                )?,
            )?,
            commits: counter("xiezhi_ingest_commits_total", "Offset commits sent")?,
            commit_errors: counter(
                "xiezhi_ingest_commit_errors_total",
                "Offset commits that are known to have failed; tried again",
            )?,
            client_errors: counter(
                "xiezhi_ingest_client_errors_total",
                "Errors that the Kafka consumer reported",
            )?,
            throttled_seconds: registered(
                registry,
                Counter::new(
                    "xiezhi_ingest_throttled_seconds_total",
                    "Time during which nothing was read because too much was in flight",
                )?,
            )?,
            partitions: gauge(
                "xiezhi_ingest_assigned_partitions",
                "Inbound partitions held by this process",
            )?,
            lost: counter(
                "xiezhi_ingest_lost_records_total",
                "Offsets that retention removed before they were read",
            )?,
            sessions_lost: counter(
                "xiezhi_ingest_sessions_lost_total",
                "Times that the group gave partitions away without asking: an outage outlasted the session",
            )?,
            rejoins: counter(
                "xiezhi_ingest_rejoins_total",
                "Times that the group was joined anew after an outage",
            )?,
            signs: counter(
                "xiezhi_ingest_signs_of_life_total",
                "Signs of life of sources, told to every partition of case-events",
            )?,
            rewinds: counter(
                "xiezhi_ingest_rewinds_total",
                "Partitions found shorter than what had been read",
            )?,
        })
    }

    pub(crate) fn settled_letter(&self, reason: Reason) {
        self.rejected.inc();
        // `Reason::ALL` is in the order of the variants, which a test holds.
        self.by_reason[reason as usize].inc();
    }
}

fn registered<M: prometheus::core::Collector + Clone + 'static>(
    registry: &Registry,
    metric: M,
) -> Result<M, prometheus::Error> {
    registry.register(Box::new(metric.clone()))?;
    Ok(metric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_counts_under_its_own_label() {
        let registry = Registry::new();
        let metrics = Metrics::new(&registry).expect("registers once");
        for (times, reason) in Reason::ALL.into_iter().enumerate() {
            for _ in 0..times {
                metrics.settled_letter(reason);
            }
        }
        let families = registry.gather();
        let family =
            families.iter().find(|f| f.name() == "xiezhi_ingest_rejected_total").expect("registered");
        for metric in family.get_metric() {
            let label = metric.get_label()[0].value();
            let times = Reason::ALL.iter().position(|r| r.as_str() == label).expect("closed set");
            assert_eq!(metric.get_counter().get_value(), times as f64, "{label}");
        }
    }
}
