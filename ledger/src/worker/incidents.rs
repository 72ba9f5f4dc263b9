//! Telling operators: an error in the log, a count, and a record on the topic `incidents`.

use rdkafka::config::ClientConfig;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, ThreadedProducer};

use super::Metrics;
use crate::incident::Incident;
use crate::kafka::{Topics, broken, writer};
use crate::log::LogError;

pub(super) struct Incidents {
    producer: ThreadedProducer<DefaultProducerContext>,
    topic: String,
    metrics: Metrics,
}

impl Incidents {
    pub(super) fn new(base: &ClientConfig, topics: &Topics, metrics: &Metrics) -> Result<Self, LogError> {
        // It waits for a broker that is away, however long: whoever reads the topic shall find it there.
        let producer = writer(base).set("message.timeout.ms", "0").create().map_err(broken)?;
        Ok(Self { producer, topic: topics.incidents.clone(), metrics: metrics.clone() })
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
        let (key, body) = (partition.to_string(), incident.encode());
        if let Err((error, _)) = self.producer.send(BaseRecord::to(&self.topic).key(&key).payload(&body)) {
            tracing::error!(%error, kind, partition, "an incident was not put on its topic");
        }
    }
}
