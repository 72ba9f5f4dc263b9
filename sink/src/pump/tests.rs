//! The pump on a log and a store in memory, both of which may fail and survive the pump.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

use prometheus::Registry;

use super::*;
use crate::record::Record;
use crate::row::Rows;
use crate::source::{Found, Mark, Polled};

#[derive(Default)]
struct World {
    /// Of each partition, its first offset and its records.
    log: BTreeMap<i32, (i64, Vec<Vec<u8>>)>,
    marks: BTreeMap<i32, Mark>,
    tokens: BTreeSet<String>,
    /// How often each row was really inserted: (partition, offset) of events, and letters by offset.
    events: BTreeMap<(u16, u64), u32>,
    letters: BTreeMap<u64, u32>,
    stored_to: BTreeMap<u16, u64>,
    /// Turns so far, of ten milliseconds each.
    ticks: u32,
    /// Calls that still work; then every call fails after it has had its effect.
    calls: usize,
}

type Shared = Rc<RefCell<World>>;

struct Log(Shared, BTreeMap<i32, i64>);

struct Tables(Shared);

impl World {
    fn new(partitions: &[(i32, usize)]) -> Shared {
        let record = |partition, offset| {
            format!(
                r#"{{"id":"{partition}/{offset}","source":"s","type":"t","subject":"c","time":"2026-01-01T00:00:00Z"}}"#
            )
            .into_bytes()
        };
        let log = |&(partition, count): &(i32, usize)| {
            (partition, (0, (0..count).map(|offset| record(partition, offset)).collect()))
        };
        let log = partitions.iter().map(log).collect();
        Rc::new(RefCell::new(Self { log, calls: usize::MAX, ..Self::default() }))
    }

    fn works(&mut self) -> Result<(), Trouble> {
        if self.calls == 0 {
            return Err(Trouble("away".to_owned()));
        }
        self.calls -= 1;
        Ok(())
    }
}

impl Source for Log {
    fn find(&mut self) -> Result<Vec<Found>, Trouble> {
        let mut world = self.0.borrow_mut();
        world.works()?;
        let found = |(&partition, (low, records)): (&i32, &(i64, Vec<Vec<u8>>))| Found {
            partition,
            low: *low,
            high: low + records.len() as i64,
            committed: world.marks.get(&partition).cloned(),
        };
        Ok(world.log.iter().map(found).collect())
    }

    fn ends(&mut self) -> Result<BTreeMap<i32, i64>, Trouble> {
        let mut world = self.0.borrow_mut();
        world.works()?;
        Ok(world.log.iter().map(|(p, (low, records))| (*p, low + records.len() as i64)).collect())
    }

    fn assign(&mut self, positions: &BTreeMap<i32, i64>) -> Result<(), Trouble> {
        self.1.clone_from(positions);
        self.0.borrow_mut().works()
    }

    fn poll(&mut self, _patience: Duration) -> Polled {
        let world = self.0.borrow();
        for (partition, next) in &mut self.1 {
            let (low, records) = &world.log[partition];
            if next < &mut low.clone() {
                return Polled::Lost(Trouble("out of range".to_owned()));
            }
            if let Some(value) = usize::try_from(*next - low).ok().and_then(|at| records.get(at)) {
                *next += 1;
                let value = value.clone();
                return Polled::Record(Record {
                    partition: *partition,
                    offset: *next - 1,
                    value,
                    ..Record::default()
                });
            }
        }
        Polled::Nothing
    }

    fn commit(&mut self, marks: &BTreeMap<i32, Mark>) -> Result<(), Trouble> {
        let mut world = self.0.borrow_mut();
        world.marks.extend(marks.iter().map(|(partition, mark)| (*partition, mark.clone())));
        world.works()
    }
}

impl Store for Tables {
    fn insert(&mut self, rows: &Rows, range: Range<usize>, token: &str) -> Outcome {
        let mut world = self.0.borrow_mut();
        // Offset 3 of partition 0 cannot be stored.
        if let Rows::CaseEvents(rows) = rows
            && rows[range.clone()].iter().any(|row| (row.partition, row.offset) == (0, 3))
        {
            return Outcome::Refused("bad".to_owned());
        }
        if world.tokens.insert(token.to_owned() + rows.table()) {
            match rows {
                Rows::CaseEvents(rows) => rows[range]
                    .iter()
                    .for_each(|row| *world.events.entry((row.partition, row.offset)).or_default() += 1),
                Rows::DeadLetters(rows) => {
                    rows[range].iter().for_each(|row| *world.letters.entry(row.offset).or_default() += 1);
                }
                Rows::EventsProgress(rows) => rows.iter().for_each(|row| {
                    let to = world.stored_to.entry(row.partition).or_default();
                    *to = row.to.max(*to);
                }),
                _ => unreachable!("these are no case events"),
            }
        }
        match world.works() {
            Ok(()) => Outcome::Stored,
            Err(trouble) => Outcome::Failed(trouble.0),
        }
    }
}

fn pump(world: &Shared) -> Pump<Log, Tables> {
    let settings = Settings {
        limits: Limits { records: 5, bytes: 1 << 20, wait: Duration::from_millis(200) },
        recheck: Duration::from_secs(1),
        retry_min: Duration::from_millis(100),
        retry_max: Duration::from_secs(1),
        seed: 1,
    };
    let metrics = Metrics::new(&Registry::new()).expect("metrics");
    let log = Log(world.clone(), BTreeMap::new());
    Pump::new(Kind::CaseEvents, log, Tables(world.clone()), settings, &metrics)
}

fn turns(pump: &mut Pump<Log, Tables>, turns: u32) {
    for _ in 0..turns {
        let ticks = pump.source().0.borrow().ticks;
        pump.turn(Now { elapsed: Duration::from_millis(10) * ticks, wall: model::Instant(0) });
        pump.source().0.borrow_mut().ticks += 1;
    }
}

fn offset(world: &Shared, partition: i32) -> i64 {
    world.borrow().marks[&partition].offset
}

#[test]
fn everything_is_stored_once_and_the_poison_is_a_letter() {
    let world = World::new(&[(0, 7), (1, 4)]);
    turns(&mut pump(&world), 120);
    assert_eq!((offset(&world, 0), offset(&world, 1)), (7, 4));
    let world = world.borrow();
    assert_eq!(world.events.len(), 10);
    assert!(world.events.values().all(|times| *times == 1));
    assert_eq!(world.letters, BTreeMap::from([(3, 1)]));
    assert_eq!(world.stored_to, BTreeMap::from([(0, 7), (1, 4)]));
}

#[test]
fn a_crash_after_any_turn_and_any_lost_reply_doubles_nothing() {
    for crash in 1..120 {
        for calls in [usize::MAX, 3, 4, 5, 6, 7] {
            let world = World::new(&[(0, 7), (1, 4)]);
            world.borrow_mut().calls = calls;
            turns(&mut pump(&world), crash);
            world.borrow_mut().calls = usize::MAX;
            turns(&mut pump(&world), 200);
            assert_eq!((offset(&world, 0), offset(&world, 1)), (7, 4), "crash at turn {crash}");
            let world = world.borrow();
            assert!(
                world.events.len() == 10 && world.events.values().all(|times| *times == 1),
                "turn {crash}"
            );
            assert_eq!(world.letters, BTreeMap::from([(3, 1)]), "crash at turn {crash}");
        }
    }
}

#[test]
fn a_range_that_retention_took_halts_its_partition_and_no_other() {
    let world = World::new(&[(0, 3), (1, 3)]);
    let mut running = pump(&world);
    turns(&mut running, 40);
    let more = world.borrow().log[&1].1.clone();
    for partition in [0, 1] {
        world.borrow_mut().log.entry(partition).or_default().1.extend(more.clone());
    }
    // The next two records of partition 0 are deleted before they are read.
    world.borrow_mut().log.insert(0, (5, more[..1].to_vec()));
    turns(&mut running, 200);
    assert_eq!(running.halted(), &BTreeMap::from([(0, Halt::Lost { from: 3, to: 5 })]));
    assert_eq!((offset(&world, 0), offset(&world, 1)), (3, 6));
}

#[test]
fn an_announced_range_that_reads_otherwise_now_is_not_inserted() {
    let world = World::new(&[(0, 3), (1, 2)]);
    let mut before = pump(&world);
    while world.borrow().marks.is_empty() {
        turns(&mut before, 1);
    }
    assert!(world.borrow().events.is_empty() && world.borrow().marks[&0].metadata.contains(" pending 0-3 "));
    world.borrow_mut().log.entry(0).or_default().1[1].push(b' ');
    let mut after = pump(&world);
    turns(&mut after, 60);
    assert_eq!(after.halted(), &BTreeMap::from([(0, Halt::Changed { from: 0, to: 3 })]));
    assert_eq!(world.borrow().events.keys().copied().collect::<Vec<_>>(), [(1, 0), (1, 1)]);
}

#[test]
fn a_log_that_ends_before_what_is_stored_and_a_new_partition_are_noticed() {
    let world = World::new(&[(0, 3)]);
    let mut running = pump(&world);
    turns(&mut running, 40);
    world.borrow_mut().log.entry(1).or_default().1.push(b"{}".to_vec());
    turns(&mut running, 200);
    assert_eq!(offset(&world, 1), 1, "the new partition is read");
    world.borrow_mut().log.insert(0, (0, Vec::new()));
    turns(&mut running, 200);
    assert_eq!(running.halted(), &BTreeMap::from([(0, Halt::Cut { stored: 3, end: 0 })]));
}
