//! An owner of a partition: the production actor, kept going as the worker's keeper does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use ledger::actor::{Actor, Limits, Report, Settings};
use ledger::clock::ClockMode;
use ledger::log::LogError;
use model::{Catalogue, Instant};

use crate::broker::Topic;
use crate::log::SimLog;
use crate::mutant::Mutant;
use crate::world::{Crash, Lot, Process, Sim, died};

/// Small, so that batches, full entries and full pipelines happen with few facts.
const LIMITS: Limits = Limits {
    batch_records: 4,
    batch_wait_ms: 20,
    entry_findings: 3,
    entry_bytes: 4_000,
    entry_timers: 3,
    unconfirmed_entries: 3,
    checkpoint_records: 9,
    checkpoint_entries: 6,
    checkpoint_stretch: 1,
    segment_record_bytes: 400,
};
const TURN: Duration = Duration::from_millis(50);

pub struct Owner {
    rules: Arc<Catalogue>,
    partition: usize,
    number: usize,
    actor: Option<Actor<SimLog>>,
    lives: usize,
}

impl Owner {
    pub fn new(rules: Arc<Catalogue>, partition: usize, number: usize) -> Self {
        Self { rules, partition, number, actor: None, lives: 0 }
    }

    fn name(&self) -> String {
        format!("owner {}.{} (life {})", self.partition, self.number, self.lives)
    }

    fn start(&mut self, sim: &Rc<Sim>) -> Actor<SimLog> {
        self.lives += 1;
        let settings = Settings {
            partition: self.partition as i32,
            rules: Arc::clone(&self.rules),
            clock: ClockMode::Wall,
            limits: self.limits(sim),
        };
        Actor::new(settings, SimLog::open(sim, self.partition, self.name()))
    }

    /// Where a mutant changes what readers make of entries, all of them are read: a checkpoint would hide the difference.
    fn limits(&self, sim: &Rc<Sim>) -> Limits {
        let whole = sim.world.borrow().mutant.is_some_and(Mutant::reads_whole_ledger);
        let never = Limits { checkpoint_records: u64::MAX, checkpoint_entries: u64::MAX, ..LIMITS };
        if whole { never } else { LIMITS }
    }

    /// What the keeper makes of a turn; `false` drops the actor.
    fn judge(&self, sim: &Rc<Sim>, outcome: Result<Option<Report>, LogError>) -> bool {
        let mut world = sim.world.borrow_mut();
        match outcome {
            Ok(Some(Report::Following(restored))) => {
                world.note(|| format!("{} follows: {restored:?}", self.name()));
                if !restored.digest_agrees {
                    world.fail(|| format!("{}: the state followed is not the one recorded", self.name()));
                }
                true
            }
            Ok(Some(Report::Acquired(restored))) => {
                world.note(|| format!("{} acquired: {restored:?}", self.name()));
                if !restored.digest_agrees {
                    world.fail(|| format!("{}: the restored state is not the one recorded", self.name()));
                }
                world.watches[self.partition].halted = None;
                true
            }
            Ok(Some(Report::Lost { reason })) => {
                world.note(|| format!("{} drops its state: {reason}", self.name()));
                false
            }
            Ok(_) => true,
            Err(LogError::Halted(incident)) => {
                world.note(|| format!("{} halts: {}", self.name(), incident.explanation.en));
                let facts = world.broker.partition(Topic::CaseEvents, self.partition);
                let (low, high) = (facts.low, facts.high());
                if let Err(violation) = world.watches[self.partition].halts(&incident, (low, high)) {
                    world.fail(|| format!("{}: {violation}", self.name()));
                }
                false
            }
            Err(error) => {
                world.note(|| format!("{} begins again: {error}", self.name()));
                false
            }
        }
    }
}

impl Process for Owner {
    fn act(&mut self, sim: &Rc<Sim>) {
        let (lot, wall) = {
            let mut world = sim.world.borrow_mut();
            let lot = world.lots[self.partition][self.number];
            if lot.paused_until > world.now && !world.quiet {
                return;
            }
            let lot = Lot { follows: lot.follows && !world.quiet, ..lot };
            (lot, world.wall(self.partition, self.number))
        };
        let mut actor = match self.actor.take() {
            Some(actor) => actor,
            None if !lot.assigned && !lot.follows => return,
            None => self.start(sim),
        };
        // A leaving owner waits for its own entries, so that the next one finds them there.
        let owns = lot.assigned || actor.position().is_some_and(|(_, confirmed)| !confirmed);
        if !owns && !lot.follows {
            return;
        }
        let turn = || if owns { actor.turn(Instant(wall), TURN) } else { actor.follow(Instant(wall), TURN) };
        match catch_unwind(AssertUnwindSafe(turn)) {
            Ok(outcome) => {
                if matches!(outcome, Ok(Some(Report::Acquired(_)))) {
                    actor.log_mut().acquired();
                }
                for incident in actor.take_incidents() {
                    sim.world.borrow().note(|| format!("{}: {}", self.name(), incident.explanation.en));
                }
                self.actor = self.judge(sim, outcome).then_some(actor);
            }
            Err(payload) if payload.is::<Crash>() => {}
            Err(payload) => died(sim, &self.name(), payload.as_ref()),
        }
    }

    fn is_idle(&self) -> bool {
        self.actor.as_ref().is_none_or(|actor| actor.position().is_some_and(|(_, confirmed)| confirmed))
    }
}
