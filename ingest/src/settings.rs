//! The Kafka client settings on which the guarantees rest: set last, and refused where an operator gives them.

use rdkafka::config::ClientConfig;

use crate::config::IngestConfig;
use crate::error::IngestError;

/// Largest value that the topics take (`max.message.bytes`), apart from `dead-letters`.
pub const MAX_RECORD_BYTES: usize = 2 * 1024 * 1024;
/// A dead letter carries an inbound record whole, and its headers.
pub const MAX_LETTER_BYTES: usize = MAX_RECORD_BYTES + 64 * 1024;

/// Every name under which librdkafka knows a reserved setting.
const RESERVED: [&str; 35] = [
    "acks",
    "allow.auto.create.topics",
    "auto.commit.enable",
    "auto.commit.interval.ms",
    "auto.offset.reset",
    "check.crcs",
    "delivery.report.only.error",
    "delivery.timeout.ms",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.gapless.guarantee",
    "enable.idempotence",
    "enable.partition.eof",
    "group.id",
    "group.instance.id",
    "group.protocol",
    "group.remote.assignor",
    "heartbeat.interval.ms",
    "isolation.level",
    "max.in.flight",
    "max.in.flight.requests.per.connection",
    "max.poll.interval.ms",
    "message.max.bytes",
    "message.send.max.retries",
    "message.timeout.ms",
    "partition.assignment.strategy",
    "partitioner",
    "queue.buffering.max.kbytes",
    "queue.buffering.max.messages",
    "queuing.strategy",
    "request.required.acks",
    "retries",
    "session.timeout.ms",
    "topic.metadata.refresh.interval.ms",
    "transactional.id",
];

/// The first key that an operator must not set, if there is one.
pub fn reserved<'a>(keys: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    keys.into_iter().find(|key| RESERVED.binary_search(key).is_ok())
}

pub(crate) fn refuse_reserved(base: &ClientConfig) -> Result<(), IngestError> {
    match reserved(base.config_map().into_keys()) {
        Some(key) => Err(IngestError::Reserved { key: key.into() }),
        None => Ok(()),
    }
}

/// The inbound consumer.
pub(crate) fn consumer(base: &ClientConfig, config: &IngestConfig) -> ClientConfig {
    let mut client = tuned(base);
    // Memory: the default lets every partition prefetch 64 MiB. The back-off is how long a full queue rests, 1 s by default.
    default_to(&mut client, "queued.max.messages.kbytes", "4096");
    default_to(&mut client, "fetch.queue.backoff.ms", "20");
    // A broker that answers each record at once does nothing else.
    default_to(&mut client, "fetch.min.bytes", "65536");
    default_to(&mut client, "fetch.wait.max.ms", "20");
    client
        // Classic protocol: under KIP-848 a static member that was killed is locked out until its session has ended.
        .set("group.protocol", "classic")
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("group.id", &config.group)
        .set("group.instance.id", &config.instance)
        .set("session.timeout.ms", ms(config.session_timeout))
        .set("heartbeat.interval.ms", (config.session_timeout.as_millis() / 4).min(3_000).to_string())
        .set("max.poll.interval.ms", "300000")
        // A topic that was never read is read from its beginning: a department may publish before it is discovered. The
        // detectors do the opposite (`error`), since their place is in the ledger; the inbound side has no other record of
        // its place, and reading too much is absorbed downstream by (source, id).
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("isolation.level", "read_committed")
        .set("check.crcs", "true")
        .set("allow.auto.create.topics", "false")
        .set("topic.metadata.refresh.interval.ms", ms(config.find_topics_every));
    client
}

/// The producer to `case-events` and `dead-letters`. Its queue is larger than what may be in flight, so it cannot fill up.
pub(crate) fn forwarder(base: &ClientConfig, config: &IngestConfig) -> ClientConfig {
    let mut client = producer(base, MAX_LETTER_BYTES);
    let kbytes = (config.max_in_flight_bytes + 2 * MAX_LETTER_BYTES) / 1024;
    client
        // No limit: a broker that is away is waited for, however long. Back-pressure and metrics show it.
        .set("message.timeout.ms", "0")
        .set("queue.buffering.max.messages", (config.max_in_flight_records + 1_000).to_string())
        .set("queue.buffering.max.kbytes", kbytes.to_string());
    client
}

/// What every producer of records has in common: nothing is lost, doubled or reordered. `max_record_bytes` bounds a record.
pub fn producer(base: &ClientConfig, max_record_bytes: usize) -> ClientConfig {
    let mut client = tuned(base);
    default_to(&mut client, "linger.ms", "20");
    default_to(&mut client, "compression.type", "lz4");
    client
        .set("enable.idempotence", "true")
        // More of them, and the first record of a producer may be acknowledged without being there (ADR 24).
        .set("max.in.flight.requests.per.connection", "1")
        .set("acks", "all")
        // The default of Java clients, so that whoever writes a case's events finds the same partition.
        .set("partitioner", "murmur2_random")
        .set("message.max.bytes", max_record_bytes.to_string())
        .set("allow.auto.create.topics", "false");
    client
}

/// A consumer that assigns itself: no group membership, no commits. librdkafka wants a group name all the same.
pub fn reader(base: &ClientConfig, name: &str) -> ClientConfig {
    let mut client = tuned(base);
    client
        .set("group.id", name)
        .set("auto.offset.reset", "error")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("check.crcs", "true")
        .set("allow.auto.create.topics", "false");
    client
}

/// Back within a second when a broker is: the default waits up to 10 s between attempts, most of a session.
fn tuned(base: &ClientConfig) -> ClientConfig {
    let mut client = base.clone();
    default_to(&mut client, "reconnect.backoff.max.ms", "1000");
    client
}

fn default_to(client: &mut ClientConfig, key: &str, value: &str) {
    if client.get(key).is_none() {
        client.set(key, value);
    }
}

fn ms(duration: std::time::Duration) -> String {
    duration.as_millis().to_string()
}

#[cfg(test)]
mod tests {
    use rdkafka::consumer::{BaseConsumer, DefaultConsumerContext};
    use rdkafka::producer::BaseProducer;

    use super::*;

    #[test]
    fn the_list_is_sorted_for_the_search() {
        assert!(RESERVED.is_sorted());
    }

    #[test]
    fn the_offending_key_is_named() {
        assert_eq!(reserved(["bootstrap.servers", "acks", "retries"]), Some("acks"));
        assert_eq!(reserved(["bootstrap.servers", "sasl.username", "linger.ms"]), None);
        let mut base = ClientConfig::new();
        base.set("enable.auto.commit", "true");
        let error = refuse_reserved(&base).expect_err("reserved");
        assert!(error.to_string().contains("enable.auto.commit"), "{error}");
    }

    #[test]
    fn whatever_is_set_for_safety_is_reserved() {
        let config = IngestConfig::new("i");
        let tuning = [
            "queued.max.messages.kbytes",
            "fetch.queue.backoff.ms",
            "fetch.min.bytes",
            "fetch.wait.max.ms",
            "linger.ms",
            "compression.type",
            "reconnect.backoff.max.ms",
        ];
        let base = ClientConfig::new();
        for client in [consumer(&base, &config), forwarder(&base, &config), reader(&base, "r")] {
            for key in client.config_map().into_keys().filter(|k| !tuning.contains(k)) {
                assert_eq!(reserved([key]), Some(key));
            }
        }
    }

    #[test]
    fn librdkafka_knows_every_setting() {
        let config = IngestConfig::new("i");
        let mut base = ClientConfig::new();
        base.set("bootstrap.servers", "127.0.0.1:1");
        consumer(&base, &config)
            .create_with_context::<_, BaseConsumer<_>>(DefaultConsumerContext)
            .expect("consumer settings");
        forwarder(&base, &config).create::<BaseProducer>().expect("producer settings");
    }

    #[test]
    fn what_the_operator_tunes_stays() {
        let mut base = ClientConfig::new();
        base.set("linger.ms", "50");
        assert_eq!(producer(&base, 1).get("linger.ms"), Some("50"));
    }
}
