//! Telling operators: an error in the log, a count, and a record on the topic `incidents`.

use rdkafka::config::ClientConfig;
use reach::Herald;

use super::Metrics;
use crate::incident::Incident;
use crate::kafka::{Topics, broken};
use crate::log::LogError;

pub(super) struct Incidents {
    herald: Herald,
    metrics: Metrics,
}

impl Incidents {
    pub(super) fn new(base: &ClientConfig, topics: &Topics, metrics: &Metrics) -> Result<Self, LogError> {
        let herald = Herald::new(base, &topics.incidents).map_err(broken)?;
        Ok(Self { herald, metrics: metrics.clone() })
    }

    pub(super) fn tell(&self, incident: &Incident) {
        let (kind, partition) = (incident.kind.as_str(), incident.partition);
        let Incident { detail, explanation, .. } = incident;
        tracing::error!(
            kind,
            partition,
            from = incident.from,
            to = incident.to,
            detail,
            zh = explanation.zh,
            "{}",
            explanation.en
        );
        self.metrics.incidents.with_label_values(&[kind]).inc();
        if !self.herald.tell(&partition.to_string(), incident.encode()) {
            let limit = reach::WAITING;
            tracing::error!(limit, kind, partition, "too many incidents wait to be put on their topic");
        }
    }
}
