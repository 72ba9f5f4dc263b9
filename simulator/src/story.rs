//! What happens while faults last, step by step.

use std::rc::Rc;

use crate::broker::Topic;
use crate::faults::Fault;
use crate::world::{OWNERS, Sim, World};

/// One step of anybody: time, network, group, or a process.
pub fn step(sim: &Rc<Sim>) {
    let choice = sim.world.borrow_mut().chance.below(100);
    match choice {
        0..50 => {
            let processes = sim.processes.borrow().len();
            let process = sim.world.borrow_mut().chance.below(processes);
            sim.act(process);
        }
        50..75 => sim.world.borrow_mut().deliver(),
        _ => {
            let mut world = sim.world.borrow_mut();
            pass_time(&mut world);
            world.send_due_facts();
            disturb(&mut world);
        }
    }
}

fn pass_time(world: &mut World) {
    world.now += match world.chance.below(10) {
        0..4 => world.chance.between(0, 60),
        4..8 => world.chance.between(0, 120_000),
        _ => world.chance.between(0, 6 * 3_600_000),
    };
}

fn disturb(world: &mut World) {
    let partition = world.chance.below(world.partitions());
    let owner = world.chance.below(OWNERS);
    if world.strikes(Fault::Rebalance) {
        world.lots[partition].iter_mut().for_each(|lot| lot.assigned = false);
        world.lots[partition][owner].assigned = true;
    }
    if world.strikes(Fault::Overlap) {
        world.lots[partition][owner].assigned = true;
    }
    if world.strikes(Fault::Pause) {
        let until = world.now + world.chance.between(10_000, 10 * 3_600_000);
        world.lots[partition][owner].paused_until = until;
    }
    if world.strikes(Fault::BrokerDown) {
        world.broker.down_until = world.now + world.chance.between(1_000, 3_600_000);
    }
    if world.strikes(Fault::CoveredRetention)
        && let Some(checkpoint) = &world.watches[partition].checkpoint
    {
        let stored = world.marks.get(&(Topic::CaseEvents, partition)).map_or(0, |mark| mark.offset);
        let covered = checkpoint.at.position.min(stored);
        world.delete_facts(partition, covered);
    }
    if world.strikes(Fault::Retention) {
        let log = world.broker.partition(Topic::CaseEvents, partition);
        let (low, high) = (log.low, log.high());
        let keep = world.chance.below((high - low) as usize + 1) as i64;
        world.delete_facts(partition, high - keep);
    }
}
