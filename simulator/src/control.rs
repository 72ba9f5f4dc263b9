//! The control: plain at-least-once, without a ledger. Consume, judge, produce what was found, commit the offset. In the same
//! world it loses or doubles; a simulator that did not show it would prove nothing.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;

use detectors::machine::{CaseMachine, Input};
use model::finding::State;
use model::{Catalogue, Finding, FindingId, Instant};

use crate::broker::Topic;
use crate::judge::{compare, expected, neutral};
use crate::world::{Crash, Process, Sim, World, died};

/// Most records a turn.
const BATCH: usize = 4;

pub struct AtLeastOnce {
    rules: Arc<Catalogue>,
    partition: usize,
    number: usize,
    life: Option<Life>,
    idle: bool,
}

struct Life {
    machine: CaseMachine,
    next: i64,
    session: usize,
}

impl AtLeastOnce {
    pub const fn new(rules: Arc<Catalogue>, partition: usize, number: usize) -> Self {
        Self { rules, partition, number, life: None, idle: false }
    }

    /// From the group's offset, with the state that the facts before it give now.
    fn start(&self, sim: &Rc<Sim>, wall: i64) -> Life {
        sim.call("start");
        let mut world = sim.world.borrow_mut();
        let mut machine = CaseMachine::new(Arc::clone(&self.rules));
        let next = world.group[self.partition];
        for (_, record) in world
            .broker
            .partition(Topic::CaseEvents, self.partition)
            .records()
            .take_while(|(offset, _)| *offset < next)
        {
            if let Ok(event) = model::event::decode(&record.value, Instant::LATEST) {
                machine.step(Input::Fact(&event), &mut Vec::new());
            }
        }
        machine.step(Input::Clock(Instant(wall)), &mut Vec::new());
        let session = world.broker.open(Topic::Ledger, self.partition);
        Life { machine, next, session }
    }

    fn turn(&self, sim: &Rc<Sim>, life: &mut Life, wall: i64) {
        let mut found = Vec::new();
        for _ in 0..BATCH {
            sim.call("poll");
            let world = sim.world.borrow();
            let log = world.broker.partition(Topic::CaseEvents, self.partition);
            let Some((offset, record)) = log.next(life.next) else { break };
            life.next = offset + 1;
            if let Ok(event) = model::event::decode(&record.value, Instant::LATEST) {
                life.machine.step(Input::Fact(&event), &mut found);
            }
        }
        life.machine.step(Input::Clock(Instant(wall)), &mut found);
        for finding in &found {
            sim.call("produce");
            let bytes = serde_json::to_vec(finding).expect("a finding is plain data");
            sim.world.borrow_mut().broker.sessions[life.session].flights.push_back(bytes.into());
        }
        sim.call("commit");
        let mut world = sim.world.borrow_mut();
        // What is unknown is sent again.
        let session = &mut world.broker.sessions[life.session];
        session.flights.extend(session.unknown.drain(..));
        world.group[self.partition] = life.next;
    }

    fn close(sim: &Rc<Sim>, life: &Life) {
        sim.world.borrow_mut().broker.close(life.session, usize::MAX);
    }
}

impl Process for AtLeastOnce {
    fn act(&mut self, sim: &Rc<Sim>) {
        let (lot, wall) = {
            let mut world = sim.world.borrow_mut();
            let lot = world.lots[self.partition][self.number];
            if lot.paused_until > world.now && !world.quiet {
                return;
            }
            (lot, world.wall(self.partition, self.number))
        };
        let life = self.life.take();
        if !lot.assigned {
            self.idle = true;
            return life.iter().for_each(|life| Self::close(sim, life));
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let mut life = life.unwrap_or_else(|| self.start(sim, wall));
            self.turn(sim, &mut life, wall);
            life
        }));
        match outcome {
            Ok(life) => {
                let world = sim.world.borrow();
                self.idle = life.next >= world.broker.partition(Topic::CaseEvents, self.partition).high();
                self.life = Some(life);
            }
            Err(payload) if payload.is::<Crash>() => {}
            Err(payload) => died(sim, "the control", payload.as_ref()),
        }
    }

    fn is_idle(&self) -> bool {
        self.idle
    }
}

/// What a consumer of the control's findings has lost, or was told twice.
pub fn judge(world: &mut World, rules: &Arc<Catalogue>) {
    for partition in 0..world.partitions() {
        if let Err(violation) = judge_partition(world, partition, rules) {
            world.fail(|| format!("partition {partition}: {violation}"));
        }
    }
}

fn judge_partition(world: &World, partition: usize, rules: &Arc<Catalogue>) -> Result<(), String> {
    let mut last: BTreeMap<FindingId, Finding> = BTreeMap::new();
    for (_, record) in world.broker.partition(Topic::Ledger, partition).records() {
        let Ok(finding) = serde_json::from_slice::<Finding>(&record.value) else { continue };
        let held = last.get(&finding.finding_id).map_or(0, |f| f.revision);
        if finding.revision <= held {
            return Err(format!(
                "revision {} of {} was told after {held}",
                finding.revision, finding.finding_id
            ));
        }
        last.insert(finding.finding_id, finding);
    }
    let told = last.into_values().filter(|f| f.state != State::Retracted).map(neutral).collect();
    let facts = world.broker.partition(Topic::CaseEvents, partition);
    compare(&expected(facts, 0, Instant(world.now), rules), &told)
}
