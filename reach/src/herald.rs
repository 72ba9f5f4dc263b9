//! Few records that must arrive, however long the brokers are away and whatever became of the client meanwhile.

use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};

/// So many records may wait for their brokers.
pub const WAITING: usize = 1_000;
/// How long one client has to deliver one record. Then a fresh one tries, so none needs to be held for stranded.
const ATTEMPT: Duration = Duration::from_secs(30);
/// Between two attempts.
const PAUSE: Duration = Duration::from_secs(1);

/// Writes to one topic, in the order of [`tell`](Self::tell), each record until it has arrived. One whose acknowledgement
/// was lost arrives twice: readers know it by what is in it.
#[derive(Clone)]
pub struct Herald {
    queue: SyncSender<Told>,
    /// Held by no one else: with the last herald its thread ends.
    _alive: Arc<()>,
}

enum Told {
    Record {
        key: String,
        payload: Vec<u8>,
    },
    /// All that was told before has arrived when this is answered.
    End(SyncSender<()>),
}

impl Herald {
    /// `base` has the brokers and what it takes to be let in.
    ///
    /// # Errors
    /// Settings that librdkafka refuses; no further thread.
    pub fn new(base: &ClientConfig, topic: &str) -> KafkaResult<Self> {
        let mut config = base.clone();
        config.set("acks", "all").set("enable.idempotence", "true").set("linger.ms", "0");
        // Of more the first might be passed over and told as landed (ADR 24).
        config.set("max.in.flight.requests.per.connection", "1");
        config.set("message.timeout.ms", ATTEMPT.as_millis().to_string());
        let (queue, told) = mpsc::sync_channel(WAITING);
        let alive = Arc::new(());
        let mut voice = Voice { producer: Some(producer(&config)?), config, topic: topic.to_owned() };
        let herald = Arc::downgrade(&alive);
        let spawned =
            thread::Builder::new().name("herald".to_owned()).spawn(move || voice.run(&told, &herald));
        spawned.map_err(|error| KafkaError::ClientCreation(error.to_string()))?;
        Ok(Self { queue, _alive: alive })
    }

    /// Does not wait. `false`: [`WAITING`] records wait already, and this one is not written.
    pub fn tell(&self, key: &str, payload: Vec<u8>) -> bool {
        let told = self.queue.try_send(Told::Record { key: key.to_owned(), payload });
        !matches!(told, Err(TrySendError::Full(_) | TrySendError::Disconnected(_)))
    }

    /// Waits so long at most for the arrival of all that was told. Whether it has arrived.
    pub fn flush(&self, patience: Duration) -> bool {
        let (answer, arrived) = mpsc::sync_channel(1);
        self.queue.try_send(Told::End(answer)).is_ok() && arrived.recv_timeout(patience).is_ok()
    }
}

struct Voice {
    config: ClientConfig,
    topic: String,
    producer: Option<BaseProducer<Receipt>>,
}

impl Voice {
    fn run(&mut self, told: &Receiver<Told>, herald: &Weak<()>) {
        for told in told {
            match told {
                Told::Record { key, payload } => {
                    while let Err(error) = self.deliver(&key, &payload) {
                        tracing::warn!(topic = self.topic, key, %error, "a record did not arrive; trying again");
                        self.producer = None;
                        if herald.strong_count() == 0 {
                            return;
                        }
                        thread::sleep(PAUSE);
                    }
                }
                // Who asked may have lost patience.
                Told::End(answer) => drop(answer.try_send(())),
            }
        }
    }

    fn deliver(&mut self, key: &str, payload: &[u8]) -> KafkaResult<()> {
        let producer = match self.producer.take() {
            Some(producer) => producer,
            None => producer(&self.config)?,
        };
        let producer = self.producer.insert(producer);
        let record = BaseRecord::to(&self.topic).key(key).payload(payload);
        let sent = producer.send(record).map_err(|(error, _)| error);
        let outcome = sent.and_then(|()| {
            producer.flush(ATTEMPT + PAUSE)?;
            producer.context().outcome().unwrap_or(Err(KafkaError::Canceled))
        });
        match outcome {
            Err(error) if error.rdkafka_error_code() == Some(RDKafkaErrorCode::MessageSizeTooLarge) => {
                tracing::error!(topic = self.topic, key, bytes = payload.len(), %error, "a record is dropped");
                Ok(())
            }
            outcome => outcome,
        }
    }
}

fn producer(config: &ClientConfig) -> KafkaResult<BaseProducer<Receipt>> {
    config.create_with_context(Receipt::default())
}

/// What became of the record under way.
#[derive(Default)]
struct Receipt(Mutex<Option<KafkaResult<()>>>);

impl Receipt {
    fn outcome(&self) -> Option<KafkaResult<()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl ClientContext for Receipt {}

impl ProducerContext for Receipt {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let outcome = result.as_ref().map(|_| ()).map_err(|(error, _)| error.clone());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::Message;
    use rdkafka::consumer::{BaseConsumer, Consumer};
    use rdkafka::mocking::MockCluster;
    use rdkafka::types::RDKafkaApiKey;
    use rdkafka::{Offset, TopicPartitionList};

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    fn read(config: &ClientConfig, count: usize) -> Vec<String> {
        let consumer: BaseConsumer = config.clone().set("group.id", "any").create().expect("a consumer");
        let mut list = TopicPartitionList::new();
        list.add_partition_offset("incidents", 0, Offset::Beginning).expect("an offset");
        consumer.assign(&list).expect("assigned");
        let next = || {
            let message = consumer.poll(LONG).expect("a record in time").expect("no error");
            String::from_utf8_lossy(message.payload().unwrap_or_default()).into_owned()
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn a_record_that_its_client_could_not_deliver_is_delivered_by_another() {
        let cluster = MockCluster::new(1).expect("mock brokers");
        cluster.create_topic("incidents", 1, 1).expect("a topic");
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", cluster.bootstrap_servers());
        let herald = Herald::new(&config, "incidents").expect("a herald");
        // Not to be tried again by the same client.
        let refusal = rdkafka::types::RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
        cluster.request_errors(RDKafkaApiKey::Produce, &[refusal, refusal]);
        assert!(herald.tell("a", b"first".to_vec()));
        assert!(herald.tell("b", b"second".to_vec()));
        assert!(herald.flush(LONG));
        assert_eq!(read(&config, 2), ["first", "second"]);
    }

    #[test]
    fn telling_never_waits_and_more_than_the_limit_is_refused() {
        let mut config = ClientConfig::new();
        // Nobody listens there.
        config.set("bootstrap.servers", "127.0.0.1:1");
        let herald = Herald::new(&config, "incidents").expect("a herald");
        let told = (0..WAITING + 2).filter(|number| herald.tell(&number.to_string(), Vec::new())).count();
        assert!((WAITING..=WAITING + 1).contains(&told), "{told}: those in the queue and the one under way");
        assert!(!herald.flush(Duration::ZERO));
    }
}
