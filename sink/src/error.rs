//! What ends the sink. Anything that may pass by itself is retried where it happens and never gets here.

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("ClickHouse: {0}")]
    ClickHouse(#[from] clickhouse::error::Error),
    #[error("Kafka: {0}")]
    Kafka(#[from] rdkafka::error::KafkaError),
    #[error("migration {number} ({name}) was changed after it had been applied to this ClickHouse")]
    MigrationChanged { number: u32, name: &'static str },
    #[error("ClickHouse {version} lacks settings on which the promise rests: {missing}; use 26.2 or later")]
    Unsupported { version: String, missing: String },
    #[error("the repair cannot go on: {0}")]
    Repair(String),
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
    #[error("cannot start a thread: {0}")]
    Thread(#[from] std::io::Error),
    #[error("the sink of {0} panicked")]
    Panicked(&'static str),
}
