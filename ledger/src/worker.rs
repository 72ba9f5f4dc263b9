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
use std::sync::{Arc, OnceLock, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use model::{Catalogue, Instant};
use rdkafka::config::ClientConfig;

use crate::actor::{Actor, Limits, Report, Settings};
use crate::clock::ClockMode;
use crate::kafka::{KafkaLog, Shared, Topics};
use crate::log::LogError;
use crate::reference::{self, Editions};
use cleaner::Cleaner;
use incidents::Incidents;
use membership::{Change, Membership};
pub use metrics::Metrics;
use metrics::Waiting;

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
    #[error("librdkafka {name} is too old; 2.6.1 is the oldest that keeps its promises")]
    TooOld { name: String },
    #[error(transparent)]
    Log(#[from] LogError),
}

/// The thread that reads the editions of the rules, for all partitions.
struct Rules {
    editions: Arc<Editions>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Rules {
    /// Returns once what was published before is known.
    fn follow(config: &WorkerConfig) -> Self {
        let (editions, stop) = (Arc::<Editions>::default(), Arc::<AtomicBool>::default());
        let (client, topic) = (config.client.clone(), config.topics.reference.clone());
        let (known, stopped) = (Arc::clone(&editions), Arc::clone(&stop));
        let thread = std::thread::Builder::new().name("reference".to_owned());
        let thread = thread.spawn(move || reference::follow(&client, &topic, &known, &stopped));
        editions.await_read(EDITIONS_WAIT);
        Self { editions, stop, thread: Some(thread.expect("a thread can be started")) }
    }
}

impl Drop for Rules {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that reads the editions of the rules panicked");
        }
    }
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

/// Longest wait at the start for the editions of the rules that were published before.
const EDITIONS_WAIT: Duration = Duration::from_secs(30);

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
    let rules = Rules::follow(config);
    let editions = Arc::clone(&rules.editions);
    let mut worker = Worker { config, metrics, stop, incidents, cleaner, editions };
    let mut pause = RETRY.0;
    while !stop.load(Ordering::Relaxed) {
        let began = std::time::Instant::now();
        match worker.take_part() {
            Err(error @ WorkerError::Fenced(_)) => {
                tracing::error!(%error, instance = config.instance, "joining the group anew");
                metrics.failures.inc();
                if began.elapsed() > RETRY.1 {
                    pause = RETRY.0;
                }
                rest(pause, stop);
                pause = (pause * 2).min(RETRY.1);
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
        let membership = Membership::join(self.config, changes)?;
        let mut held = HashMap::new();
        let ended = self.keep(&membership, &changed, &mut held);
        held.into_values().for_each(release);
        self.metrics.partitions.set(0);
        self.metrics.standbys.set(0);
        membership.leave();
        ended
    }

    /// Holds what the group says is ours.
    fn keep(
        &mut self,
        membership: &Membership,
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

/// Keeps one partition's actor going.
struct Keeper {
    config: WorkerConfig,
    metrics: Metrics,
    incidents: Arc<Incidents>,
    editions: Arc<Editions>,
    partition: i32,
    assigned: Assignment,
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
                    rest(pause, &self.stop);
                    pause = (pause * 2).min(RETRY.1);
                }
                // It is looked at again and again, so that it goes on by itself once an operator has acted.
                Err(LogError::Halted(incident)) => {
                    if told.as_ref() != Some(&incident.incident_id) {
                        self.incidents.tell(&incident);
                        told = Some(incident.incident_id);
                    }
                    pause = RETRY.1;
                    rest(pause, &self.stop);
                }
                Err(error) => {
                    tracing::error!(partition = self.partition, %error, "a partition could not be served");
                    self.metrics.failures.inc();
                    rest(pause, &self.stop);
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
        )?
        .with_editions(Arc::clone(&self.editions));
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
            let wall = (self.config.wall)();
            let report = match self.assigned.get() {
                Some(_) => actor.turn(wall, TURN)?,
                None => actor.follow(wall, TURN)?,
            };
            let (state, position) = (actor.state(), actor.position());
            self.metrics
                .observe(self.partition, &actor.tally(), &mut told, state, position, || Waiting::of(&actor));
            actor.take_incidents().iter().for_each(|incident| self.incidents.tell(incident));
            match report {
                Some(Report::Acquired(restored)) => {
                    tracing::info!(partition = self.partition, ?restored, "partition acquired");
                    self.check_committed(&actor)?;
                    self.metrics.halted.with_label_values(&[&self.partition.to_string()]).set(0);
                    self.metrics.divergences.inc_by(u64::from(!restored.digest_agrees));
                }
                Some(Report::Following(restored)) => {
                    tracing::info!(partition = self.partition, ?restored, "partition followed");
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
        let committed = self.assigned.get().and_then(Option::as_ref);
        let (Some((offset, note)), Some(chain)) = (committed, actor.chain()) else { return Ok(()) };
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
}

/// Waits, but not past the stop.
fn rest(pause: Duration, stop: &AtomicBool) {
    let until = std::time::Instant::now() + pause;
    while std::time::Instant::now() < until && !stop.load(Ordering::Relaxed) {
        std::thread::park_timeout(Duration::from_millis(20));
    }
}
