//! The sink of one topic: the production pump, started again whenever it has died.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

use model::Instant;
use sink::{Halt, Kind, Limits, Metrics, Now, Pump, Settings};

use crate::source::{SimSource, topic};
use crate::store::SimStore;
use crate::workload::START;
use crate::world::{Crash, Process, Sim, died};

/// Small, so that many batches come of few records.
const LIMITS: Limits = Limits { records: 5, bytes: 1 << 20, wait: Duration::from_millis(200) };
/// A turn takes so long, ms.
const TURN: i64 = 10;

pub struct Sink {
    kind: Kind,
    metrics: Metrics,
    pump: Option<Pump<SimSource, SimStore>>,
    /// Its own clock, ms: true time and the turns it has taken.
    turns: i64,
    rests_until: i64,
    idle: bool,
}

impl Sink {
    pub const fn new(kind: Kind, metrics: Metrics) -> Self {
        Self { kind, metrics, pump: None, turns: 0, rests_until: 0, idle: false }
    }

    fn start(&self, sim: &Rc<Sim>) -> Pump<SimSource, SimStore> {
        let settings = Settings {
            limits: LIMITS,
            recheck: Duration::from_secs(60),
            retry_min: Duration::from_millis(100),
            retry_max: Duration::from_secs(10),
            seed: 1,
        };
        Pump::new(
            self.kind,
            SimSource::new(sim, self.kind),
            SimStore(Rc::clone(sim)),
            settings,
            &self.metrics,
        )
    }

    /// One turn; `false` if it died.
    fn turn(&mut self, sim: &Rc<Sim>) -> bool {
        let now = sim.world.borrow().now;
        let elapsed = now - START + self.turns * TURN;
        if elapsed < self.rests_until && !sim.world.borrow().quiet {
            return true;
        }
        self.turns += 1;
        let mut pump = self.pump.take().unwrap_or_else(|| self.start(sim));
        let time = Now { elapsed: Duration::from_millis(elapsed as u64), wall: Instant(now) };
        match catch_unwind(AssertUnwindSafe(|| pump.turn(time))) {
            Ok(pause) => {
                self.rests_until = elapsed + pause.as_millis() as i64;
                let halted = pump.halted().clone();
                self.pump = Some(pump);
                halted.into_iter().for_each(|(partition, halt)| self.halts(sim, partition as usize, halt));
                true
            }
            Err(payload) => {
                if !payload.is::<Crash>() {
                    died(sim, &format!("the sink of {}", self.kind_name()), payload.as_ref());
                }
                false
            }
        }
    }

    const fn kind_name(&self) -> &'static str {
        topic(self.kind).name()
    }

    /// A partition is not read any more: only because of records that are really gone.
    fn halts(&self, sim: &Rc<Sim>, partition: usize, halt: Halt) {
        let mut world = sim.world.borrow_mut();
        let low = world.broker.partition(topic(self.kind), partition).low;
        match halt {
            Halt::Lost { from, to } if from < to && to <= low => {}
            halt => world.fail(|| format!("the sink of {}[{partition}] halts: {halt}", self.kind_name())),
        }
    }

    fn has_stored_all(&self, sim: &Rc<Sim>) -> bool {
        let world = sim.world.borrow();
        let halted =
            |p: usize| self.pump.as_ref().is_some_and(|pump| pump.halted().contains_key(&(p as i32)));
        let done = |p: usize| {
            let mark = world.marks.get(&(topic(self.kind), p));
            let next = world.broker.partition(topic(self.kind), p).next(mark.map_or(0, |mark| mark.offset));
            next.is_none() && mark.is_none_or(|mark| !mark.metadata.contains("pending"))
        };
        (0..world.partitions()).all(|p| halted(p) || done(p))
    }
}

impl Process for Sink {
    fn act(&mut self, sim: &Rc<Sim>) {
        let quiet = sim.world.borrow().quiet;
        let turns = if quiet { 40 } else { sim.world.borrow_mut().chance.below(12) };
        for _ in 0..turns {
            let dead = !self.turn(sim);
            self.idle = quiet && self.has_stored_all(sim);
            if dead || self.idle {
                break;
            }
        }
    }

    fn is_idle(&self) -> bool {
        self.idle
    }
}
