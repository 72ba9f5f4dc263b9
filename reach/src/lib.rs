//! Whether a Kafka client can still find its brokers, or has forgotten all of them; and whether a group's partitions all
//! have an owner ([`Orphans`]).
//!
//! A cluster whose only broker is fenced for a moment (its heartbeat to the controller came too late: an overloaded machine
//! is enough, a restart too) answers questions for metadata with *no* brokers. librdkafka since 2.10 then drops every broker
//! that it knows, those of `bootstrap.servers` included, and has nobody left to ask again: the client says once that all
//! brokers are down, and is silent for ever (its issue 5301, open). Nothing else tells this from an outage, after which a
//! client does go on. So whoever holds a client for long has a [`Reach`] beside it, and makes the client anew when that says
//! so (ADR 31).

mod commits;
mod herald;
mod orphans;
mod outage;

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::client::{Client, ClientContext};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

pub use commits::{CLOSES_WITHIN, Committer, let_go};
pub use herald::{Herald, WAITING};
pub use orphans::{Orphans, Partition};
use outage::Outage;

/// How long the client and a fresh one beside it have to answer, while it may be an outage like any other.
const QUICK_ANSWER: Duration = Duration::from_secs(2);
/// How long the client has when a fresh one was answered, beyond its longest pause between attempts to connect.
const LAST_ANSWER: Duration = Duration::from_secs(2);
/// The longest pause of a client that is not told otherwise: librdkafka's default of `reconnect.backoff.max.ms`.
const USUAL_PAUSE_MS: u64 = 10_000;

/// Beside one client. Errors go in; out comes whether the client has to be made anew.
pub struct Reach {
    base: ClientConfig,
    topic: String,
    outage: Mutex<Outage>,
    last_answer: Duration,
}

impl Reach {
    /// `base` has the brokers and what it takes to be let in; `topic` is one that the client may ask about.
    pub fn new(base: &ClientConfig, topic: &str) -> Self {
        let pause = base.get("reconnect.backoff.max.ms").and_then(|ms| ms.parse().ok());
        let last_answer = LAST_ANSWER + Duration::from_millis(pause.unwrap_or(USUAL_PAUSE_MS));
        Self { base: base.clone(), topic: topic.to_owned(), outage: Mutex::default(), last_answer }
    }

    /// To be given every error that the client tells, in whichever way.
    pub fn note(&self, error: &KafkaError) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown) {
            self.doubt();
        }
    }

    /// To be told of anything else that may be the end: a client that is not polled does not tell its errors.
    pub fn doubt(&self) {
        self.outage().begin(Instant::now());
    }

    /// Whether `client` has lost its brokers for good: it does not find one that a fresh client finds.
    ///
    /// Free unless the client has told an outage. Then it asks the brokers every 2 s until one answers, and may wait for
    /// that, 4 s while nobody answers. The caller drops a client that is stranded, and this with it.
    pub fn is_stranded<C: ClientContext>(&self, client: &Client<C>) -> bool {
        let own = |patience| client.fetch_metadata(Some(&self.topic), patience).is_ok();
        let fresh = || self.fresh_client_finds_brokers();
        let stranded = self.outage().is_for_good(Instant::now(), self.last_answer, own, fresh);
        if stranded {
            tracing::warn!(
                topic = self.topic,
                "a Kafka client has lost its brokers for good; it is made anew"
            );
        }
        stranded
    }

    fn fresh_client_finds_brokers(&self) -> bool {
        let mut config = self.base.clone();
        // As a member of a group it would be somebody.
        config.remove("group.id");
        config.remove("group.instance.id");
        let answer = config
            .create::<BaseConsumer>()
            .and_then(|client| client.fetch_metadata(Some(&self.topic), QUICK_ANSWER));
        answer.is_ok_and(|metadata| !metadata.brokers().is_empty())
    }

    fn outage(&self) -> std::sync::MutexGuard<'_, Outage> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
