//! A process's share of the partitions: membership in the group, one thread and one actor for each partition held.
//!
//! The group's consumer reads nothing; it only says which partitions are ours. If it says so to two processes at once,
//! the ledger's rule keeps one of them from counting.

mod cleaner;
mod commits;
mod incidents;
mod keeper;
mod membership;
mod metrics;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use model::{Catalogue, Instant};
use rdkafka::config::ClientConfig;

use crate::actor::Limits;
use crate::clock::ClockMode;
use crate::kafka::{Shared, Topics};
use crate::log::LogError;
use crate::pause::Pause;
use crate::reference::{Editions, READ_WAIT};
use cleaner::Cleaner;
use incidents::Incidents;
use keeper::Keeper;
use membership::{Change, Membership};
pub use metrics::Metrics;

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
    /// What has been published since; whoever made it [follows](crate::reference::follow) the topic.
    pub editions: Arc<Editions>,
    pub clock: ClockMode,
    pub limits: Limits,
    /// Most partitions of others that are followed, so that a takeover is a matter of moments. Each costs what it costs its
    /// owner to detect, and as much memory.
    pub standbys: usize,
    /// The wall clock.
    pub wall: fn() -> Instant,
}

/// What stops a worker.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    #[error("group membership failed: {0}")]
    Membership(String),
    #[error("the group's consumer has ended: {0}; does another process run under the same instance id?")]
    Fenced(String),
    #[error("the group's consumer has lost its brokers for good")]
    Stranded,
    #[error("partitions are nobody's")]
    Orphaned,
    #[error("librdkafka {name} is too old; 2.6.1 is the oldest that keeps its promises")]
    TooOld { name: String },
    #[error(transparent)]
    Log(#[from] LogError),
}

/// A partition with an actor: our own, or another's that we follow.
struct Held {
    stop: Arc<AtomicBool>,
    shared: Arc<Shared>,
    assigned: Assignment,
    thread: JoinHandle<()>,
}

/// Empty as long as the partition is only followed; then what the group had committed when it was assigned.
type Assignment = Arc<OnceLock<Option<(i64, String)>>>;

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
    let incidents = Arc::new(Incidents::new(&config.client, &config.topics, metrics)?);
    let cleaner = Cleaner::new(&config.client, &config.topics.segments)?;
    config.editions.await_read(READ_WAIT);
    let editions = Arc::clone(&config.editions);
    let mut worker = Worker { config, metrics, stop, incidents, cleaner, editions };
    let mut pause = Pause::new();
    while !stop.load(Ordering::Relaxed) {
        let began = std::time::Instant::now();
        match worker.take_part() {
            Err(error @ (WorkerError::Fenced(_) | WorkerError::Stranded | WorkerError::Orphaned)) => {
                tracing::error!(%error, instance = config.instance, "joining the group anew");
                metrics.failures.inc();
                pause.wait_after(began, stop);
            }
            ended => return ended,
        }
    }
    Ok(())
}

struct Worker<'a> {
    config: &'a WorkerConfig,
    metrics: &'a Metrics,
    stop: &'a AtomicBool,
    incidents: Arc<Incidents>,
    cleaner: Cleaner,
    editions: Arc<Editions>,
}

impl Worker<'_> {
    /// One membership of the group: until it is time to stop, or the group's consumer has ended.
    fn take_part(&mut self) -> Result<(), WorkerError> {
        // Filled and emptied by one thread, so it must never be full; it holds the changes of one poll.
        let (changes, changed) = mpsc::channel();
        let mut membership = Membership::join(self.config, changes)?;
        let mut held = HashMap::new();
        let ended = self.keep(&mut membership, &changed, &mut held);
        held.into_values().for_each(release);
        self.metrics.partitions.set(0);
        self.metrics.standbys.set(0);
        if matches!(ended, Err(WorkerError::Orphaned)) {
            membership.leave_for_good();
        } else {
            membership.leave();
        }
        ended
    }

    /// Holds what the group says is ours.
    fn keep(
        &mut self,
        membership: &mut Membership,
        changed: &mpsc::Receiver<Change>,
        held: &mut HashMap<i32, Held>,
    ) -> Result<(), WorkerError> {
        let Self { config, metrics, .. } = *self;
        let (incidents, editions) = (Arc::clone(&self.incidents), Arc::clone(&self.editions));
        let hold = |partition, assigned| hold(config, metrics, &incidents, (partition, &editions), assigned);
        // Before the group has spoken, what is followed would soon be one's own; a mere standby is never given anything.
        let mut followed_from = std::time::Instant::now() + config.session_timeout;
        while !self.stop.load(Ordering::Relaxed) {
            membership.poll(Duration::from_millis(100))?;
            while let Ok(change) = changed.try_recv() {
                match change {
                    Change::Assigned(partition) => {
                        let committed = membership.committed(partition);
                        let own =
                            held.entry(partition).or_insert_with(|| hold(partition, Assignment::default()));
                        // Assigned twice in a row, it is still the same assignment.
                        own.assigned.get_or_init(|| committed);
                        followed_from = std::time::Instant::now();
                    }
                    Change::Revoked(partition) => held.remove(&partition).into_iter().for_each(release),
                }
            }
            if std::time::Instant::now() >= followed_from {
                follow_others(held, config.standbys, membership, hold);
            }
            revive(held, hold);
            let own = held.values().filter(|held| held.is_own()).count();
            metrics.partitions.set(own as i64);
            metrics.standbys.set((held.len() - own) as i64);
            let progress = || held.values().filter(|held| held.is_own()).filter_map(|held| held.shared.get());
            membership.commit(progress().map(|p| p.confirmed));
            self.cleaner.tidy(progress());
        }
        Ok(())
    }
}

fn hold(
    config: &WorkerConfig,
    metrics: &Metrics,
    incidents: &Arc<Incidents>,
    (partition, editions): (i32, &Arc<Editions>),
    assigned: Assignment,
) -> Held {
    let (stop, shared) = (Arc::new(AtomicBool::new(false)), Arc::new(Shared::default()));
    let keeper = Keeper {
        config: config.clone(),
        metrics: metrics.clone(),
        incidents: Arc::clone(incidents),
        editions: Arc::clone(editions),
        partition,
        assigned: Arc::clone(&assigned),
        stop: Arc::clone(&stop),
        shared: Arc::clone(&shared),
    };
    let thread = std::thread::Builder::new().name(format!("actor-{partition}"));
    let thread = thread.spawn(move || keeper.run()).expect("a thread can be started");
    Held { stop, shared, assigned, thread }
}

/// Starts actors again that ended by themselves: only a panic ends one, and nobody else would notice.
fn revive(held: &mut HashMap<i32, Held>, again: impl Fn(i32, Assignment) -> Held) {
    for (partition, held) in held.iter_mut().filter(|(_, held)| held.thread.is_finished()) {
        tracing::error!(partition, "an actor panicked; its partition is read anew");
        *held = again(*partition, Arc::clone(&held.assigned));
    }
}

/// Follows partitions of others, as far as there is room.
fn follow_others(
    held: &mut HashMap<i32, Held>,
    most: usize,
    membership: &Membership,
    hold: impl Fn(i32, Assignment) -> Held,
) {
    let followed = held.values().filter(|held| !held.is_own()).count();
    if followed >= most {
        return;
    }
    let others: Vec<i32> = membership.partitions().filter(|p| !held.contains_key(p)).collect();
    for partition in others.into_iter().take(most - followed) {
        held.insert(partition, hold(partition, Assignment::default()));
    }
}

impl Held {
    fn is_own(&self) -> bool {
        self.assigned.get().is_some()
    }
}

fn release(held: Held) {
    held.stop.store(true, Ordering::Relaxed);
    if held.thread.join().is_err() {
        tracing::error!("an actor panicked; its partition is acquired anew by its next owner");
    }
}
