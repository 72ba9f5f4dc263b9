//! The oracle: all facts of a partition in one go give what must stand.

use std::collections::BTreeMap;
use std::sync::Arc;

use detectors::machine::{CaseMachine, Input};
use ledger::record::{Entry, Hash};
use model::finding::{Cause, Change, State};
use model::{Catalogue, Finding, FindingId, Instant};

use crate::broker::{Partition, Topic};
use crate::judge_store;
use crate::watch::Watch;
use crate::world::World;

/// Checks everything that must be true when all has settled.
pub fn judge(world: &mut World, rules: &Arc<Catalogue>) {
    for partition in 0..world.partitions() {
        if let Err(violation) = judge_partition(world, partition, rules) {
            world.fail(|| format!("partition {partition}: {violation}"));
        }
    }
    // What readers without a check make of the ledger is not what the sink, which has them all, makes of it.
    let sink_sees_the_same = world.mutant.is_none_or(|mutant| !mutant.reads_whole_ledger());
    if sink_sees_the_same && let Err(violation) = judge_store::judge(world) {
        world.fail(|| violation);
    }
}

fn judge_partition(world: &World, partition: usize, rules: &Arc<Catalogue>) -> Result<(), String> {
    let watch = &world.watches[partition];
    let facts = world.broker.partition(Topic::CaseEvents, partition);
    if world.mutant.is_none() {
        same_rule(world.broker.partition(Topic::Ledger, partition), watch)?;
    }
    if watch.halted.is_some() {
        // Facts are gone before they were judged: the partition has stopped and said so, and nothing else is promised.
        return Ok(());
    }
    let unread = facts.next(watch.chain.position);
    if let Some((offset, _)) = unread {
        return Err(format!("the fact at {offset} was never processed; the log ends at {}", facts.high()));
    }
    let taken = watch.chain.reference;
    if taken != world.editions.len() as i64 {
        return Err(format!("{taken} of {} editions were taken over", world.editions.len()));
    }
    let mut machine = CaseMachine::new(Arc::clone(rules));
    for (_, edition) in &world.editions {
        machine.step(Input::Edition(edition), &mut Vec::new());
    }
    compare(&settled(machine, facts, watch.first.unwrap_or(0), watch.chain.now), &told(watch))
}

/// The rule once more, in other words than the engine's: what counts is one chain without a gap.
fn same_rule(ledger: &Partition, watch: &Watch) -> Result<(), String> {
    let (mut seq, mut position, mut prev, mut now) = (0, None, Hash::ZERO, i64::MIN);
    for (_, record) in ledger.records() {
        let Ok(entry) = Entry::decode(&record.value) else { continue };
        let follows = position.is_none_or(|p: i64| p == entry.from) && entry.from <= entry.to;
        if entry.seq == seq && entry.prev == prev && follows && entry.now.0 >= now {
            (seq, position, prev, now) = (seq + 1, Some(entry.to), Hash::of(&record.value), entry.now.0);
        }
    }
    let same = seq == watch.chain.next_seq && prev == watch.chain.prev;
    if same {
        Ok(())
    } else {
        Err(format!("the rule told again ends at {seq}, the engine's at {}", watch.chain.next_seq))
    }
}

type Findings = BTreeMap<FindingId, Finding>;

/// What stands after one batch computation of all facts from an offset on.
pub fn expected(facts: &Partition, from: i64, now: Instant, rules: &Arc<Catalogue>) -> Findings {
    settled(CaseMachine::new(Arc::clone(rules)), facts, from, now)
}

fn settled(mut machine: CaseMachine, facts: &Partition, from: i64, now: Instant) -> Findings {
    for (_, record) in facts.records().filter(|(offset, _)| *offset >= from) {
        if let Ok(event) = model::event::decode(&record.value, Instant::LATEST) {
            machine.absorb(&event);
        }
    }
    let mut all = BTreeMap::new();
    machine.settle(now, |findings| all.extend(findings.into_iter().map(neutral)));
    all
}

fn told(watch: &Watch) -> Findings {
    let standing = watch.stands.values().filter(|f| f.state != State::Retracted);
    standing.cloned().map(neutral).collect()
}

/// Without what depends on when it was said.
pub fn neutral(finding: Finding) -> (FindingId, Finding) {
    let moment = Instant(0);
    let (change, cause) = (Change::Raised, Cause::Fact);
    let finding = Finding { revision: 1, change, cause, raised_at: moment, changed_at: moment, ..finding };
    (finding.finding_id, finding)
}

/// How what was told differs from what must stand: lost, false, wrong, and the first of them by name.
pub fn compare(expected: &Findings, told: &Findings) -> Result<(), String> {
    let lost = expected.values().filter(|f| !told.contains_key(&f.finding_id));
    let wrong = expected.values().filter(|f| told.get(&f.finding_id).is_some_and(|t| t != *f));
    let untrue = told.values().filter(|f| !expected.contains_key(&f.finding_id));
    let (lost, wrong, untrue): (Vec<_>, Vec<_>, Vec<_>) = (lost.collect(), wrong.collect(), untrue.collect());
    let Some(first) = lost.iter().chain(&wrong).chain(&untrue).next() else { return Ok(()) };
    let counts = format!("{} lost, {} false, {} wrong", lost.len(), untrue.len(), wrong.len());
    let name = format!("{} {} {:?} at {}", first.case, first.code, first.state, first.violated_at);
    Err(format!("{counts} of {} findings; the first is {name}", expected.len()))
}
