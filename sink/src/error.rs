//! What ends the sink. Anything that may pass by itself is retried where it happens and never gets here.

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("ClickHouse: {0}")]
    ClickHouse(#[from] clickhouse::error::Error),
    #[error("Kafka: {0}")]
    Kafka(#[from] rdkafka::error::KafkaError),
    #[error("migration {number} ({name}) was changed after it had been applied to this ClickHouse")]
    MigrationChanged { number: u32, name: &'static str },
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
    #[error("cannot start a thread: {0}")]
    Thread(#[from] std::io::Error),
    #[error("the sink of {0} panicked")]
    Panicked(&'static str),
}
