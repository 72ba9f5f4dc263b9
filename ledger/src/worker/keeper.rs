//! One partition in this process: its actor, from one acquisition to the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::incidents::Incidents;
use super::metrics::{Metrics, Waiting};
use super::{Assignment, WorkerConfig, commits};
use crate::actor::{Actor, Report, Settings};
use crate::kafka::{KafkaLog, Shared};
use crate::log::LogError;
use crate::pause::Pause;
use crate::reference::Editions;

/// Longest wait of an actor for input.
const TURN: Duration = Duration::from_millis(50);

/// Keeps one partition's actor going.
pub(super) struct Keeper {
    pub(super) config: WorkerConfig,
    pub(super) metrics: Metrics,
    pub(super) incidents: Arc<Incidents>,
    pub(super) editions: Arc<Editions>,
    pub(super) partition: i32,
    pub(super) assigned: Assignment,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) shared: Arc<Shared>,
}

impl Keeper {
    pub(super) fn run(&self) {
        let mut pause = Pause::new();
        let mut told = None;
        let halted = self.metrics.halted.with_label_values(&[&self.partition.to_string()]);
        while !self.stop.load(Ordering::Relaxed) {
            let began = std::time::Instant::now();
            let served = self.serve();
            halted.set(i64::from(matches!(served, Err(LogError::Halted(_)))));
            match served {
                // Two that both hold themselves for the owner would hinder each other for ever, if neither stood back.
                Ok(()) => pause.wait_after(began, &self.stop),
                // It is looked at again and again, so that it goes on by itself once an operator has acted.
                Err(LogError::Halted(incident)) => {
                    if told.as_ref() != Some(&incident.incident_id) {
                        self.incidents.tell(&incident);
                        told = Some(incident.incident_id);
                    }
                    pause.wait_long(&self.stop);
                }
                Err(error) => {
                    tracing::error!(partition = self.partition, %error, "a partition could not be served");
                    self.metrics.failures.inc();
                    pause.wait(&self.stop);
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
