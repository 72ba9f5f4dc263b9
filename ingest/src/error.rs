//! What can stop the inbound side. Every variant names its subject; all of them are fatal: what has been committed is
//! right, what has not is read again after a restart.

use rdkafka::error::KafkaError;

#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    #[error("Kafka client setting {key:?} is reserved: the guarantees of ingest depend on it. Remove it")]
    Reserved { key: String },

    #[error("ingest configuration: {0}")]
    Config(String),

    #[error("Kafka {client} cannot be made: {error}")]
    Client { client: &'static str, error: KafkaError },

    #[error("subscription to {pattern:?} failed: {error}")]
    Subscribe { pattern: &'static str, error: KafkaError },

    #[error(
        "this process is no valid member of consumer group {group:?} any more: {error}. Is another process running \
         with the same instance id?"
    )]
    Consumer { group: String, error: KafkaError },

    #[error(
        "topic {topic:?} took no record of {from}: {error}. Nothing was skipped; it is read again after a restart"
    )]
    Refused { topic: String, from: String, error: Box<KafkaError> },

    #[error("partitions of inbound topics are nobody's")]
    Orphaned,

    #[error("the Kafka {client} has lost its brokers for good")]
    Stranded { client: &'static str },

    #[error("metric: {0}")]
    Metric(#[from] prometheus::Error),
}
