//! `alarm-feed`: what the ledger says, one JSON record a revision, for systems that would rather subscribe than query.
//! At least once; whoever reads it keeps the highest revision of each finding id.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant as Wall};

use rdkafka::config::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::types::RDKafkaErrorCode;

use crate::follow::Follower;
use crate::kafka::{Failures, Topics, broken, writer};
use crate::log::LogError;
use crate::record::Entry;

/// Nobody waits for a revision as for an entry, and a broker takes a few large requests more easily than many small ones.
const LINGER: Duration = Duration::from_millis(50);
const GROUP: &str = "xiezhi-alarm-feed";
const TIMEOUT: Duration = Duration::from_secs(10);
/// Between two commits of how far the feed has come.
const COMMIT_EVERY: Duration = Duration::from_secs(1);
/// Between two attempts while Kafka is in trouble.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// Runs until `stop` is set. A broker that has just come back refuses for a while what it will soon do, and the feed is
/// no reason to stop a site: after an error it begins again from the last commit.
///
/// # Errors
/// Of the last commit, when it was told to stop.
pub fn run(base: &ClientConfig, topics: &Topics, stop: &AtomicBool) -> Result<(), LogError> {
    loop {
        match serve(base, topics, stop) {
            Err(error) if !stop.load(Ordering::Relaxed) => {
                tracing::warn!(%error, "the feed is in trouble; trying again");
                std::thread::sleep(AGAIN_AFTER);
            }
            ended => return ended,
        }
    }
}

fn serve(base: &ClientConfig, topics: &Topics, stop: &AtomicBool) -> Result<(), LogError> {
    let mut feed = Feed::open(base, topics)?;
    while !stop.load(Ordering::Relaxed) {
        feed.turn()?;
    }
    feed.commit()
}

struct Feed {
    topics: Topics,
    follower: Follower,
    producer: BaseProducer<Failures>,
    failures: Failures,
    committed: Wall,
}

impl Feed {
    fn open(base: &ClientConfig, topics: &Topics) -> Result<Self, LogError> {
        let failures = Failures::default();
        let follower = Follower::open(base, &topics.ledger, GROUP, LINGER)?;
        let mut producer = writer(base);
        producer.set("linger.ms", LINGER.as_millis().to_string());
        let producer = producer.create_with_context(failures.clone()).map_err(broken)?;
        Ok(Self { topics: topics.clone(), follower, producer, failures, committed: Wall::now() })
    }

    fn turn(&mut self) -> Result<(), LogError> {
        self.producer.poll(Duration::ZERO);
        if let Some(reason) = self.failures.take() {
            return Err(LogError::Broken(format!("{}: {reason}", self.topics.alarm_feed)));
        }
        if let Some(entry) = self.follower.poll(Duration::from_millis(100))? {
            self.publish(&entry)?;
        }
        if self.committed.elapsed() >= COMMIT_EVERY {
            self.commit()?;
        }
        Ok(())
    }

    fn publish(&self, entry: &Entry) -> Result<(), LogError> {
        for finding in &entry.findings {
            let key = finding.finding_id.to_string();
            let body = serde_json::to_vec(finding).map_err(|e| LogError::Broken(e.to_string()))?;
            loop {
                match self.producer.send(BaseRecord::to(&self.topics.alarm_feed).key(&key).payload(&body)) {
                    Ok(()) => break,
                    Err((error, _)) if error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull) => {
                        self.producer.poll(Duration::from_millis(50));
                    }
                    Err((error, _)) => return Err(broken(error)),
                }
            }
        }
        Ok(())
    }

    /// Everything sent is there before the place is written down.
    fn commit(&mut self) -> Result<(), LogError> {
        self.producer.flush(TIMEOUT).map_err(broken)?;
        if let Some(reason) = self.failures.take() {
            return Err(LogError::Broken(format!("{}: {reason}", self.topics.alarm_feed)));
        }
        self.committed = Wall::now();
        self.follower.commit()
    }
}
