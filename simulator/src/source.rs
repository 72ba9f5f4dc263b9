//! The production [`Source`] on the simulated broker: what one topic's sink reads, and where it keeps its marks.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use sink::{Found, Kind, Mark, Polled, Record, Source, Trouble};

use crate::broker::Topic;
use crate::faults::Fault;
use crate::mutant::Mutant;
use crate::world::{Sim, World};

pub struct SimSource {
    sim: Rc<Sim>,
    topic: Topic,
    positions: BTreeMap<i32, i64>,
}

pub const fn topic(kind: Kind) -> Topic {
    match kind {
        Kind::CaseEvents => Topic::CaseEvents,
        Kind::Ledger => Topic::Ledger,
        Kind::DeadLetters => Topic::DeadLetters,
        Kind::Incidents => Topic::Incidents,
    }
}

impl SimSource {
    pub fn new(sim: &Rc<Sim>, kind: Kind) -> Self {
        Self { sim: Rc::clone(sim), topic: topic(kind), positions: BTreeMap::new() }
    }

    fn ask<T>(&self, answer: impl FnOnce(&World) -> T) -> Result<T, Trouble> {
        self.sim.call("asking");
        let mut world = self.sim.world.borrow_mut();
        if world.is_down() || world.strikes(Fault::AskFailed) {
            return Err(Trouble("simulated: not answered".to_owned()));
        }
        Ok(answer(&world))
    }
}

impl Source for SimSource {
    fn find(&mut self) -> Result<Vec<Found>, Trouble> {
        self.ask(|world| {
            let found = |partition: usize| {
                let log = world.broker.partition(self.topic, partition);
                let committed = world.marks.get(&(self.topic, partition)).cloned();
                Found { partition: partition as i32, low: log.low, high: log.high(), committed }
            };
            (0..world.partitions()).map(found).collect()
        })
    }

    fn ends(&mut self) -> Result<BTreeMap<i32, i64>, Trouble> {
        self.ask(|world| {
            let end =
                |partition: usize| (partition as i32, world.broker.partition(self.topic, partition).high());
            (0..world.partitions()).map(end).collect()
        })
    }

    fn assign(&mut self, positions: &BTreeMap<i32, i64>) -> Result<(), Trouble> {
        self.sim.call("assign");
        self.positions.clone_from(positions);
        Ok(())
    }

    fn poll(&mut self, _patience: Duration) -> Polled {
        self.sim.call("poll");
        let mut world = self.sim.world.borrow_mut();
        if world.is_down() {
            return Polled::Hiccup(Trouble("simulated: all brokers down".to_owned()));
        }
        if self.positions.is_empty() || world.strikes(Fault::SlowPoll) {
            return Polled::Nothing;
        }
        // Fetches of several partitions come in any order.
        let turn = world.chance.below(self.positions.len());
        let order = self.positions.iter_mut();
        let mut order: Vec<_> = order.collect();
        order.rotate_left(turn);
        for (partition, next) in order {
            let log = world.broker.partition(self.topic, *partition as usize);
            if *next < log.low {
                return Polled::Lost(Trouble("simulated: offset out of range".to_owned()));
            }
            if let Some((offset, record)) = log.next(*next) {
                *next = offset + 1;
                return Polled::Record(Record {
                    partition: *partition,
                    offset,
                    timestamp_ms: record.timestamp,
                    value: record.value.to_vec(),
                    ..Record::default()
                });
            }
        }
        Polled::Nothing
    }

    fn commit(&mut self, marks: &BTreeMap<i32, Mark>) -> Result<(), Trouble> {
        self.sim.call("commit");
        let mut world = self.sim.world.borrow_mut();
        if world.is_down() || world.strikes(Fault::CommitLost) {
            return Err(Trouble("simulated: not committed".to_owned()));
        }
        for (partition, mark) in marks {
            let mark = misled(world.mutant, mark);
            world.note(|| {
                format!("sink commits {}[{partition}] {} {}", self.topic.name(), mark.offset, mark.metadata)
            });
            world.marks.insert((self.topic, *partition as usize), mark);
        }
        if world.strikes(Fault::CommitReplyLost) {
            return Err(Trouble("simulated: the reply to a commit was lost".to_owned()));
        }
        Ok(())
    }
}

/// The mark as it is kept under a mutant.
fn misled(mutant: Option<Mutant>, mark: &Mark) -> Mark {
    let words: Vec<&str> = mark.metadata.split(' ').collect();
    let Some(at) = words.iter().position(|word| *word == "pending") else { return mark.clone() };
    // `pending from-to records crc token`
    let without = || [&words[..at], &words[at + 5..]].concat().join(" ");
    let to = || words[at + 1].split_once('-').and_then(|(_, to)| to.parse().ok());
    match mutant {
        Some(Mutant::PendingUnrecorded) => Mark { metadata: without(), ..*mark },
        Some(Mutant::CommitBeforeInsert) => Mark { offset: to().unwrap_or(mark.offset), metadata: without() },
        _ => mark.clone(),
    }
}
