//! A process's share of the partitions: membership in the group, one thread and one actor for each partition held.
//!
//! The group's consumer reads nothing; it only says which partitions are ours. If it says so to two processes at once,
//! the ledger's rule keeps one of them from counting.

mod cleaner;
mod commits;
mod incidents;
mod membership;
mod metrics;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use model::{Catalogue, Instant};
use rdkafka::config::ClientConfig;

use crate::actor::{Actor, Limits, Report, Settings};
use crate::clock::ClockMode;
use crate::kafka::{KafkaLog, Shared, Topics};
use crate::log::LogError;
use cleaner::Cleaner;
use incidents::Incidents;
use membership::{Change, Membership};
pub use metrics::Metrics;

/// Longest wait of an actor for input.
const TURN: Duration = Duration::from_millis(50);
/// Between two attempts to take a partition over, after a failure or a loss; doubles up to the second, and is the first
/// again after a partition has been held for longer than that.
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
    #[error("librdkafka {name} is too old; 2.6.1 is the oldest that keeps its promises")]
    TooOld { name: String },
    #[error(transparent)]
    Log(#[from] LogError),
}

struct Held {
    stop: Arc<AtomicBool>,
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
}

/// Oldest librdkafka that keeps what is promised: before it, cooperative rebalances could go round for ever.
const OLDEST_LIBRDKAFKA: i32 = 0x0206_01ff;

/// Runs until `stop` is set; then every actor finishes its batch and the group is left.
///
/// # Errors
/// What the group's consumer cannot go on from.
pub fn run(config: &WorkerConfig, metrics: &Metrics, stop: &AtomicBool) -> Result<(), WorkerError> {
    let (version, name) = rdkafka::util::get_rdkafka_version();
    if version < OLDEST_LIBRDKAFKA {
        return Err(WorkerError::TooOld { name });
    }
    let (changes, changed) = mpsc::sync_channel(64);
    let membership = Membership::join(config, changes)?;
    let incidents = Arc::new(Incidents::new(&config.client, &config.topics, metrics)?);
    let mut cleaner = Cleaner::new(&config.client, &config.topics.segments)?;
    let mut held: HashMap<i32, Held> = HashMap::new();
    while !stop.load(Ordering::Relaxed) {
        membership.poll(Duration::from_millis(100))?;
        while let Ok(change) = changed.try_recv() {
            match change {
                Change::Assigned(partition) => {
                    let committed = membership.committed(partition);
                    held.entry(partition)
                        .or_insert_with(|| hold(config, metrics, &incidents, partition, committed));
                }
                Change::Revoked(partition) => held.remove(&partition).into_iter().for_each(release),
            }
        }
        revive(&mut held, |partition| hold(config, metrics, &incidents, partition, None));
        metrics.partitions.set(held.len() as i64);
        let progress = || held.values().filter_map(|h| h.shared.get());
        membership.commit(progress().map(|p| p.confirmed));
        cleaner.tidy(progress());
    }
    held.into_values().for_each(release);
    membership.leave();
    Ok(())
}

fn hold(
    config: &WorkerConfig,
    metrics: &Metrics,
    incidents: &Arc<Incidents>,
    partition: i32,
    committed: Option<(i64, String)>,
) -> Held {
    let (stop, shared) = (Arc::new(AtomicBool::new(false)), Arc::new(Shared::default()));
    let keeper = Keeper {
        config: config.clone(),
        metrics: metrics.clone(),
        incidents: Arc::clone(incidents),
        partition,
        committed,
        stop: Arc::clone(&stop),
        shared: Arc::clone(&shared),
    };
    let thread = std::thread::Builder::new().name(format!("actor-{partition}"));
    let thread = thread.spawn(move || keeper.run()).expect("a thread can be started");
    Held { stop, shared, thread }
}

/// Starts actors again that ended by themselves: only a panic ends one, and nobody else would notice.
fn revive(held: &mut HashMap<i32, Held>, again: impl Fn(i32) -> Held) {
    for (partition, held) in held.iter_mut().filter(|(_, held)| held.thread.is_finished()) {
        tracing::error!(partition, "an actor panicked; its partition is acquired anew");
        *held = again(*partition);
    }
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
    incidents: Arc<Incidents>,
    partition: i32,
    /// As the group had it when the partition was assigned.
    committed: Option<(i64, String)>,
    stop: Arc<AtomicBool>,
    shared: Arc<Shared>,
}

impl Keeper {
    fn run(&self) {
        let mut pause = RETRY.0;
        let mut told = None;
        let halted = self.metrics.halted.with_label_values(&[&self.partition.to_string()]);
        while !self.stop.load(Ordering::Relaxed) {
            let began = std::time::Instant::now();
            let served = self.serve();
            halted.set(i64::from(matches!(served, Err(LogError::Halted(_)))));
            match served {
                // Two that both hold themselves for the owner would hinder each other for ever, if neither stood back.
                Ok(()) => {
                    if began.elapsed() > RETRY.1 {
                        pause = RETRY.0;
                    }
                    self.rest(pause);
                    pause = (pause * 2).min(RETRY.1);
                }
                // It is looked at again and again, so that it goes on by itself once an operator has acted.
                Err(LogError::Halted(incident)) => {
                    if told.as_ref() != Some(&incident.incident_id) {
                        self.incidents.tell(&incident);
                        told = Some(incident.incident_id);
                    }
                    pause = RETRY.1;
                    self.rest(pause);
                }
                Err(error) => {
                    tracing::error!(partition = self.partition, %error, "a partition could not be served");
                    self.metrics.failures.inc();
                    self.rest(pause);
                    pause = (pause * 2).min(RETRY.1);
                }
            }
        }
        halted.set(0);
    }

    /// From one acquisition to the loss of the partition, or to the end.
    fn serve(&self) -> Result<(), LogError> {
        let log = KafkaLog::new(
            &self.config.client,
            &self.config.topics,
            self.partition,
            Arc::clone(&self.shared),
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
            let (state, position) = (actor.state(), actor.position());
            self.metrics.observe(self.partition, &actor.tally(), &mut told, state, position, || actor.held());
            actor.take_incidents().iter().for_each(|incident| self.incidents.tell(incident));
            match report {
                Some(Report::Acquired(restored)) => {
                    tracing::info!(partition = self.partition, ?restored, "partition acquired");
                    self.check_committed(&actor)?;
                    self.metrics.halted.with_label_values(&[&self.partition.to_string()]).set(0);
                    self.metrics.divergences.inc_by(u64::from(!restored.digest_agrees));
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

    /// Holds what the group has committed against the ledger: neither may have been moved or cut behind our back.
    fn check_committed(&self, actor: &Actor<KafkaLog>) -> Result<(), LogError> {
        let (Some((offset, note)), Some(chain)) = (&self.committed, actor.chain()) else { return Ok(()) };
        match commits::judge(&chain, *offset, note, (self.config.wall)()) {
            Some(incident) if incident.halts && !actor.accepted_loss() => {
                Err(LogError::Halted(Box::new(incident)))
            }
            Some(incident) if !incident.halts => {
                self.incidents.tell(&incident);
                Ok(())
            }
            _ => Ok(()),
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
