//! Publishes the generated records as the departments would: each into its org's inbound topic.

use std::time::Duration;

use anyhow::bail;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rdkafka::config::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer};
use rdkafka::types::RDKafkaErrorCode;

use super::generator::Record;

const FLUSH_WITHIN: Duration = Duration::from_secs(60);

pub(super) fn publish(client: &ClientConfig, records: &[Record]) -> anyhow::Result<()> {
    let mut client = client.clone();
    // Departments publish what they like: one of the bad records is larger than the contract allows.
    client.set("enable.idempotence", "true").set("linger.ms", "5").set("message.max.bytes", "2000000");
    // Of more the first might be passed over and told as landed (ADR 24).
    client.set("max.in.flight.requests.per.connection", "1");
    let producer: BaseProducer<DefaultProducerContext> = client.create()?;
    let style = ProgressStyle::with_template("Publishing {bar:40} {pos}/{len} records, {per_sec}")?;
    let bar = ProgressBar::with_draw_target(Some(records.len() as u64), ProgressDrawTarget::stderr());
    let bar = bar.with_style(style);
    for record in records {
        let topic = ingest::topics::inbound(&record.org)?;
        // One partition a department here, so its records keep their order.
        while let Err((error, _)) = producer.send(BaseRecord::<(), [u8]>::to(&topic).payload(&record.bytes)) {
            if error.rdkafka_error_code() != Some(RDKafkaErrorCode::QueueFull) {
                bail!("{topic}: {error}");
            }
            producer.poll(Duration::from_millis(20));
        }
        bar.inc(1);
    }
    producer.flush(FLUSH_WITHIN)?;
    bar.finish_and_clear();
    Ok(())
}
