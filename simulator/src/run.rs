//! One seed: a story with faults, then peace, then judgement.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use ::sink::{Kind, Metrics};
use model::Catalogue;
use model::catalogue::Edition;

use crate::broker::Topic;
use crate::control::{self, AtLeastOnce};
use crate::faults::Struck;
use crate::judge;
use crate::mutant::Mutant;
use crate::owner::Owner;
use crate::pumps::Sink;
use crate::story;
use crate::workload::{self, HOUR, START};
use crate::world::{OWNERS, Process, Sim, World};

/// When every deadline of every case has passed.
const END: i64 = START + 240 * HOUR;
/// In peace all must have settled after so many rounds.
const ROUNDS: usize = 400;
/// Rounds without any change that count as settled.
const STILL: usize = 5;

/// What came of a seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub failure: Option<String>,
    pub struck: Struck,
    pub entries: u64,
    pub findings: u64,
    pub calls: u64,
    /// Where chance has come to: two runs that differ anywhere differ here.
    pub chance: u64,
}

/// What every seed shares and none changes.
pub struct Parts {
    pub rules: Arc<Catalogue>,
    pub editions: Vec<Arc<Edition>>,
    pub metrics: Metrics,
}

impl Default for Parts {
    fn default() -> Self {
        Self::new()
    }
}

impl Parts {
    pub fn new() -> Self {
        let metrics = Metrics::new(&prometheus::Registry::new()).expect("a new registry has no names yet");
        Self { rules: workload::catalogue(), editions: workload::editions(), metrics }
    }
}

/// How a seed is run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Plan {
    pub mutant: Option<Mutant>,
    /// Plain at-least-once in the engine's place.
    pub control: bool,
    pub traced: bool,
}

pub fn run(seed: u64, plan: Plan, parts: &Parts) -> Outcome {
    let sim = Sim::new(World::new(seed, plan.mutant, plan.traced));
    if !plan.control {
        sim.world.borrow_mut().publish(&parts.editions);
    }
    populate(&sim, plan, parts);
    let steps = sim.world.borrow_mut().chance.between(150, 500);
    for _ in 0..steps {
        if sim.failed() {
            break;
        }
        story::step(&sim);
    }
    settle(&sim);
    if !sim.failed() {
        let mut world = sim.world.borrow_mut();
        let judge = if plan.control { control::judge } else { judge::judge };
        judge(&mut world, &parts.rules);
    }
    // The processes hold the world and the world the processes.
    sim.processes.borrow_mut().clear();
    let world = sim.world.borrow();
    let findings = world.watches.iter().map(|watch| watch.stands.len() as u64).sum();
    Outcome {
        failure: world.failure.clone(),
        struck: world.struck.clone(),
        entries: world.watches.iter().map(|watch| watch.entries).sum(),
        findings,
        calls: world.calls,
        chance: world.chance.clone().draw(),
    }
}

/// Who lives in this world.
fn populate(sim: &Rc<Sim>, plan: Plan, parts: &Parts) {
    let mut processes: Vec<Rc<RefCell<dyn Process>>> = Vec::new();
    for partition in 0..sim.world.borrow().partitions() {
        for number in 0..OWNERS {
            let rules = Arc::clone(&parts.rules);
            processes.push(if plan.control {
                Rc::new(RefCell::new(AtLeastOnce::new(rules, partition, number)))
            } else {
                Rc::new(RefCell::new(Owner::new(rules, partition, number)))
            });
        }
    }
    for kind in Kind::ALL.into_iter().filter(|_| !plan.control) {
        processes.push(Rc::new(RefCell::new(Sink::new(kind, parts.metrics.clone()))));
    }
    *sim.processes.borrow_mut() = processes;
}

/// The faults end. Zombies say what they have to say, one owner is left for each partition, time goes on to its end.
fn settle(sim: &Rc<Sim>) {
    {
        let mut world = sim.world.borrow_mut();
        world.note(|| "peace".to_owned());
        world.quiet = true;
        world.send_due_facts();
    }
    (0..3).for_each(|_| round(sim));
    {
        let mut world = sim.world.borrow_mut();
        for partition in 0..world.partitions() {
            let left = world.chance.below(OWNERS);
            world.lots[partition].iter_mut().enumerate().for_each(|(n, lot)| lot.assigned = n == left);
        }
    }
    while sim.world.borrow().now < END && !sim.failed() {
        round(sim);
        let mut world = sim.world.borrow_mut();
        world.now = END.min(world.now + 6 * HOUR);
    }
    if !comes_to_rest(sim) && !sim.failed() {
        sim.world.borrow_mut().fail(|| format!("not settled after {ROUNDS} rounds without faults"));
    }
}

fn round(sim: &Rc<Sim>) {
    let processes = sim.processes.borrow().len();
    for process in 0..processes {
        while !sim.world.borrow().broker.busy_sessions().is_empty() {
            sim.world.borrow_mut().deliver();
        }
        sim.act(process);
    }
}

fn comes_to_rest(sim: &Rc<Sim>) -> bool {
    let heights = || {
        let world = sim.world.borrow();
        let high = |p| world.broker.partition(Topic::Ledger, p).high();
        (0..world.partitions()).map(high).collect::<Vec<_>>()
    };
    let mut still = 0;
    for _ in 0..ROUNDS {
        let before = heights();
        round(sim);
        let idle = sim.processes.borrow().iter().all(|process| process.borrow().is_idle());
        still = if idle && before == heights() { still + 1 } else { 0 };
        if still >= STILL || sim.failed() {
            return true;
        }
        sim.world.borrow_mut().now += 1_000;
    }
    false
}
