//! A process's share of the partitions: membership in the group, one thread and one actor for each partition held.
//!
//! The group's consumer reads nothing; it only says which partitions are ours. If it says so to two processes at once,
//! the ledger's rule keeps one of them from counting.

mod membership;
mod metrics;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use model::{Catalogue, Instant};
use rdkafka::config::ClientConfig;

use crate::actor::{Actor, Limits, Report, Settings};
use crate::clock::ClockMode;
use crate::kafka::{KafkaLog, Topics};
use crate::log::LogError;
use membership::{Change, Membership};
pub use metrics::Metrics;

/// Longest wait of an actor for input.
const TURN: Duration = Duration::from_millis(50);
/// Between two attempts to take a partition over, after a failure; doubles up to the second.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// How this process takes part.
#[derive(Clone)]
pub struct WorkerConfig {
    /// Base settings of every client; reserved ones are set over them.
    pub client: ClientConfig,
    pub topics: Topics,
    pub group: String,
    /// Static member id: a restart takes its partitions back without a rebalance.
    pub instance: String,
    /// How long this process may be silent before its partitions go to others.
    pub session_timeout: Duration,
    pub rules: Arc<Catalogue>,
    pub clock: ClockMode,
    pub limits: Limits,
    /// The wall clock.
    pub wall: fn() -> Instant,
}

/// What stops a worker.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    #[error("group membership failed: {0}")]
    Membership(String),
}

struct Held {
    stop: Arc<AtomicBool>,
    position: Arc<AtomicI64>,
    thread: JoinHandle<()>,
}

/// Runs until `stop` is set; then every actor finishes its batch and the group is left.
///
/// # Errors
/// What the group's consumer cannot go on from.
pub fn run(config: &WorkerConfig, metrics: &Metrics, stop: &AtomicBool) -> Result<(), WorkerError> {
    let (changes, changed) = mpsc::sync_channel(64);
    let membership = Membership::join(config, changes)?;
    let mut held: HashMap<i32, Held> = HashMap::new();
    while !stop.load(Ordering::Relaxed) {
        membership.poll(Duration::from_millis(100))?;
        while let Ok(change) = changed.try_recv() {
            match change {
                Change::Assigned(partition) => {
                    held.entry(partition).or_insert_with(|| hold(config, metrics, partition));
                }
                Change::Revoked(partition) => held.remove(&partition).into_iter().for_each(release),
            }
        }
        metrics.partitions.set(held.len() as i64);
        let positions = held.iter().map(|(p, h)| (*p, h.position.load(Ordering::Relaxed)));
        membership.commit(positions.filter(|(_, position)| *position >= 0));
    }
    held.into_values().for_each(release);
    membership.leave();
    Ok(())
}

fn hold(config: &WorkerConfig, metrics: &Metrics, partition: i32) -> Held {
    let (stop, position) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicI64::new(-1)));
    let keeper = Keeper {
        config: config.clone(),
        metrics: metrics.clone(),
        partition,
        stop: Arc::clone(&stop),
        position: Arc::clone(&position),
    };
    let thread = std::thread::Builder::new().name(format!("actor-{partition}"));
    let thread = thread.spawn(move || keeper.run()).expect("a thread can be started");
    Held { stop, position, thread }
}

fn release(held: Held) {
    held.stop.store(true, Ordering::Relaxed);
    if held.thread.join().is_err() {
        tracing::error!("an actor panicked; its partition is acquired anew by its next owner");
    }
}

/// Keeps one partition's actor going.
struct Keeper {
    config: WorkerConfig,
    metrics: Metrics,
    partition: i32,
    stop: Arc<AtomicBool>,
    position: Arc<AtomicI64>,
}

impl Keeper {
    fn run(&self) {
        let mut pause = RETRY.0;
        while !self.stop.load(Ordering::Relaxed) {
            match self.serve() {
                Ok(()) => pause = RETRY.0,
                Err(error) => {
                    tracing::error!(partition = self.partition, %error, "a partition could not be served");
                    self.metrics.failures.inc();
                    self.rest(pause);
                    pause = (pause * 2).min(RETRY.1);
                }
            }
        }
    }

    /// From one acquisition to the loss of the partition, or to the end.
    fn serve(&self) -> Result<(), LogError> {
        let log = KafkaLog::new(
            &self.config.client,
            &self.config.topics,
            self.partition,
            Arc::clone(&self.position),
        )?;
        let settings = Settings {
            partition: self.partition,
            rules: Arc::clone(&self.config.rules),
            clock: self.config.clock,
            limits: self.config.limits,
        };
        let mut actor = Actor::new(settings, log);
        let mut told = crate::actor::Tally::default();
        loop {
            let stopping = self.stop.load(Ordering::Relaxed);
            // A leaving owner waits for its own entries, so that the next one finds them there.
            if stopping && actor.position().is_none_or(|(_, confirmed)| confirmed) {
                return Ok(());
            }
            let report = actor.turn((self.config.wall)(), TURN)?;
            self.metrics.observe(self.partition, &actor.tally(), &mut told, actor.state(), actor.position());
            match report {
                Some(Report::Acquired(restored)) => {
                    let partition = self.partition;
                    tracing::info!(partition, ?restored, "partition acquired");
                    if !restored.digest_agrees {
                        self.metrics.divergences.inc();
                        tracing::error!(
                            partition,
                            "the replayed state differs from the one the ledger recorded"
                        );
                    }
                }
                Some(Report::Lost { reason }) => {
                    tracing::warn!(partition = self.partition, reason, "partition lost; acquiring it anew");
                    self.metrics.losses.inc();
                    return Ok(());
                }
                Some(Report::Confirmed { .. }) | None => {}
            }
        }
    }

    /// Waits, but not past the stop.
    fn rest(&self, pause: Duration) {
        let until = std::time::Instant::now() + pause;
        while std::time::Instant::now() < until && !self.stop.load(Ordering::Relaxed) {
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }
}
