//! The one world of a seed: broker, true time, chance, and who takes the next step.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use model::catalogue::Edition;

use crate::broker::{Broker, Topic};
use crate::chance::Chance;
use crate::faults::{Fault, Rates, Struck};
use crate::mutant::Mutant;
use crate::store::Tables;
use crate::watch::Watch;
use crate::workload::{self, Fact, START};

/// How deep one process may be interrupted by another.
const DEEPEST: usize = 2;
/// Owners that a partition may have.
pub const OWNERS: usize = 3;

/// Without these, clocks and ends of partitions are told truly and at once, and a backlog is never judged by a later clock.
const HONEST: [Fault; 3] = [Fault::ClockSkew, Fault::ClockForward, Fault::EarlyEnd];

/// What dies in a simulated crash; it is thrown through the production code, so nothing there can handle it.
pub struct Crash;

/// Something that takes turns: an owner of a partition, a sink.
pub trait Process {
    fn act(&mut self, sim: &Rc<Sim>);
    /// Nothing is left to do, as far as it knows.
    fn is_idle(&self) -> bool;
}

/// What the seed's owners are told, by partition and owner.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lot {
    pub assigned: bool,
    /// Is a warm standby while it is not assigned.
    pub follows: bool,
    /// Stands still until then, ms.
    pub paused_until: i64,
    /// Its wall clock is so far ahead of the true time, ms.
    pub offset: i64,
    pub skew: i64,
}

pub struct World {
    pub chance: Chance,
    pub rates: Rates,
    pub struck: Struck,
    /// True time, ms.
    pub now: i64,
    /// The faults are over.
    pub quiet: bool,
    pub broker: Broker,
    /// To be sent, the next one last.
    pub facts: Vec<Fact>,
    /// By partition: the two producers of ingest, and the one of dead letters.
    producers: Vec<[usize; 3]>,
    /// What the sinks' group remembers.
    pub marks: BTreeMap<(Topic, usize), sink::Mark>,
    pub tables: Tables,
    /// By partition: facts below were deleted before they were stored, or could be.
    pub unstored: Vec<i64>,
    pub lots: Vec<[Lot; OWNERS]>,
    /// By partition: what the consumer group remembers.
    pub group: Vec<i64>,
    /// By partition: a consumer of the ledger that sees every record as it lands.
    pub watches: Vec<Watch>,
    /// Of the rules, and when each is published, ms: in the order of both.
    pub editions: Vec<(i64, Arc<Edition>)>,
    /// Of its own, so that a seed without editions is what it was before there were any.
    rules_chance: Chance,
    pub mutant: Option<Mutant>,
    pub traced: bool,
    /// The first thing that must never be and was.
    pub failure: Option<String>,
    pub calls: u64,
}

impl World {
    pub fn new(seed: u64, mutant: Option<Mutant>, traced: bool) -> Self {
        let mut chance = Chance::new(seed);
        let partitions = 1 + chance.below(2);
        let mut rates = Rates::of(&mut chance);
        if mutant == Some(Mutant::LagIgnored) {
            rates = rates.without(&HONEST);
        }
        let mut struck = Struck::default();
        let facts = workload::facts(&mut chance, &rates, &mut struck, partitions);
        let mut broker = Broker::new(partitions);
        let to = [Topic::CaseEvents, Topic::CaseEvents, Topic::DeadLetters];
        let producers = (0..partitions).map(|p| to.map(|topic| broker.open(topic, p))).collect();
        let mut world = Self {
            lots: vec![[Lot::default(); OWNERS]; partitions],
            group: vec![0; partitions],
            marks: BTreeMap::new(),
            tables: Tables::default(),
            unstored: vec![0; partitions],
            watches: (0..partitions).map(|p| Watch::new(p, mutant)).collect(),
            now: START,
            quiet: false,
            failure: None,
            calls: 0,
            chance,
            rates,
            struck,
            broker,
            facts,
            producers,
            editions: Vec::new(),
            rules_chance: Chance::new(seed.wrapping_mul(31).wrapping_add(17)),
            mutant,
            traced,
        };
        world.set_up_owners();
        world.set_up_store();
        world
    }

    /// In half of the seeds some of these are published, in their order, at any time.
    pub fn publish(&mut self, editions: &[Arc<Edition>]) {
        let chance = &mut self.rules_chance;
        let many = if chance.coin() { chance.below(editions.len() + 1) } else { 0 };
        let mut at: Vec<i64> = (0..many).map(|_| START + chance.between(0, workload::SPAN)).collect();
        at.sort_unstable();
        self.editions = at.into_iter().zip(editions.iter().cloned()).collect();
    }

    /// An edition that an owner asks for: it may not have heard of it yet.
    pub fn edition(&mut self, number: usize) -> Option<Arc<Edition>> {
        let (at, edition) = self.editions.get(number)?;
        let is_known = self.quiet || (*at <= self.now && self.rules_chance.below(4) > 0);
        is_known.then(|| Arc::clone(edition))
    }

    fn set_up_store(&mut self) {
        let short = self.strikes(Fault::ShortMemory) || self.mutant == Some(Mutant::ViewDoubles);
        self.tables.window = if short { 1 + self.chance.below(2) } else { usize::MAX };
        self.tables.has_poison = self.rates.rate(Fault::PoisonRow) > 0;
    }

    fn set_up_owners(&mut self) {
        for partition in 0..self.partitions() {
            for owner in 0..OWNERS {
                let skewed = self.strikes(Fault::ClockSkew);
                let skew = if skewed { self.chance.between(-90_000, 90_000) } else { 0 };
                let follows = self.chance.coin();
                let lot = &mut self.lots[partition][owner];
                lot.follows = follows;
                (lot.skew, lot.offset, lot.assigned) = (skew, skew, owner == 0);
            }
        }
    }

    pub fn partitions(&self) -> usize {
        self.lots.len()
    }

    /// Whether a fault strikes here and now.
    pub fn strikes(&mut self, fault: Fault) -> bool {
        let rate = self.rates.rate(fault);
        if self.quiet || rate == 0 || !self.chance.of_ten_thousand(rate) {
            return false;
        }
        self.struck.count(fault);
        self.note(|| format!("fault: {}", fault.word()));
        true
    }

    pub fn note(&self, what: impl FnOnce() -> String) {
        if self.traced {
            println!("{:>12.3} s  {}", (self.now - START) as f64 / 1_000.0, what());
        }
    }

    /// Keeps the first failure.
    pub fn fail(&mut self, what: impl FnOnce() -> String) {
        if self.failure.is_none() {
            let what = what();
            self.note(|| format!("VIOLATION: {what}"));
            self.failure = Some(what);
        }
    }

    pub fn is_down(&self) -> bool {
        !self.quiet && self.now < self.broker.down_until
    }

    /// The wall clock of an owner.
    pub fn wall(&mut self, partition: usize, owner: usize) -> i64 {
        if self.strikes(Fault::ClockForward) {
            let jump = *self.chance.pick(&[60_000, 3_600_000, 86_400_000, 365 * 86_400_000]);
            self.lots[partition][owner].offset += jump;
        } else if self.strikes(Fault::ClockBack) {
            self.lots[partition][owner].offset -= self.chance.between(1_000, 7_200_000);
        } else if self.chance.of_ten_thousand(2_000) {
            // A time server sets it right again.
            self.lots[partition][owner].offset = self.lots[partition][owner].skew;
        }
        if self.quiet { self.now } else { self.now + self.lots[partition][owner].offset }
    }

    /// Facts that are due go on the wire.
    pub fn send_due_facts(&mut self) {
        while let Some(fact) = self.facts.pop_if(|fact| self.quiet || fact.sent <= self.now) {
            let session = self.producers[fact.partition][fact.producer];
            self.broker.sessions[session].flights.push_back(fact.bytes.into());
        }
    }

    /// Lets one record on the wire arrive, or not.
    pub fn deliver(&mut self) {
        if self.is_down() {
            return;
        }
        let busy = self.broker.busy_sessions();
        if !busy.is_empty() {
            let session = *self.chance.pick(&busy);
            self.deliver_of(session);
        }
    }

    fn deliver_of(&mut self, session: usize) {
        let Some(bytes) = self.broker.sessions[session].flights.pop_front() else { return };
        let open = self.broker.sessions[session].open;
        if open && self.strikes(Fault::UnknownLate) {
            self.unknown(session, &bytes);
            self.broker.sessions[session].flights.push_front(bytes);
        } else if open && self.strikes(Fault::UnknownLost) {
            self.unknown(session, &bytes);
        } else if self.passes_over(session) {
            self.note(|| format!("passed over: {}", Brief(&bytes)));
        } else {
            self.land(session, &bytes);
            if open && self.strikes(Fault::UnknownLanded) {
                self.unknown(session, &bytes);
            }
            if self.strikes(Fault::Duplicate) {
                self.land(session, &bytes);
            }
        }
    }

    /// An owner's producer alone: ingest keeps one request on the wire, so nothing can overtake.
    fn passes_over(&mut self, session: usize) -> bool {
        let of = &self.broker.sessions[session];
        let overtaken =
            of.open && !of.flights.is_empty() && matches!(of.topic, Topic::Ledger | Topic::Segments);
        overtaken && self.strikes(Fault::PassedOver)
    }

    /// An owner will be told; ingest, which is not simulated, sends the fact again as it would.
    fn unknown(&mut self, session: usize, bytes: &Rc<[u8]>) {
        let session = &mut self.broker.sessions[session];
        match session.topic {
            Topic::CaseEvents | Topic::DeadLetters | Topic::Incidents => {
                session.flights.push_back(Rc::clone(bytes))
            }
            Topic::Ledger | Topic::Segments => session.unknown.push_back(Rc::clone(bytes)),
        }
    }

    fn land(&mut self, session: usize, bytes: &Rc<[u8]>) {
        let (topic, partition) =
            (self.broker.sessions[session].topic, self.broker.sessions[session].partition);
        // A segment is named by offsets, so a gap inside one cannot be; and nothing that compacts or transacts writes there.
        if topic != Topic::Segments && self.strikes(Fault::Gap) {
            self.broker.partition_mut(topic, partition).push(None);
        }
        let record = crate::broker::Record { timestamp: self.now, value: Rc::clone(bytes) };
        let offset = self.broker.partition_mut(topic, partition).push(Some(record));
        self.note(|| format!("lands in {}[{partition}] at {offset}: {}", topic.name(), Brief(bytes)));
        if topic == Topic::Ledger {
            self.watch(partition, bytes);
        }
    }

    fn watch(&mut self, partition: usize, bytes: &[u8]) {
        let honest = HONEST.iter().all(|fault| self.rates.rate(*fault) == 0);
        let facts = honest.then(|| self.broker.partition(Topic::CaseEvents, partition));
        if let Err(violation) = self.watches[partition].see(bytes, self.now, facts) {
            self.fail(|| format!("partition {partition}: {violation}"));
        }
        self.check_segments(partition);
    }

    /// Deletes facts before `to`.
    pub fn delete_facts(&mut self, partition: usize, to: i64) {
        let stored = self.marks.get(&(Topic::CaseEvents, partition)).map_or(0, |mark| mark.offset);
        let log = self.broker.partition_mut(Topic::CaseEvents, partition);
        log.low = log.low.max(to);
        if stored < to {
            self.unstored[partition] = self.unstored[partition].max(to);
        }
        self.note(|| format!("case-events[{partition}] begins at {to} now"));
    }

    fn check_segments(&mut self, partition: usize) {
        let segments = self.broker.partition(Topic::Segments, partition);
        if let Err(violation) = self.watches[partition].needs(segments) {
            self.fail(|| format!("partition {partition}: {violation}"));
        }
    }

    /// Deletes segments before `from`, as the worker of an owner asks for it now and then.
    pub fn clean_segments(&mut self, partition: usize, from: i64) {
        let log = self.broker.partition(Topic::Segments, partition);
        if from > log.low && self.strikes(Fault::Cleaning) {
            let log = self.broker.partition_mut(Topic::Segments, partition);
            log.low = from.min(log.high());
            self.check_segments(partition);
        }
    }
}

/// A process has died of something that is not simulated.
pub fn died(sim: &Rc<Sim>, who: &str, payload: &(dyn Any + Send)) {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message");
    sim.world.borrow_mut().fail(|| format!("{who} panicked: {text}"));
}

/// A record's beginning, for the trace.
struct Brief<'a>(&'a [u8]);

impl std::fmt::Display for Brief<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = String::from_utf8_lossy(&self.0[..self.0.len().min(160)]);
        f.write_str(&text)
    }
}

/// World and processes. Processes are borrowed while they act, so one that is inside a call cannot be entered again.
pub struct Sim {
    pub world: RefCell<World>,
    pub processes: RefCell<Vec<Rc<RefCell<dyn Process>>>>,
    depth: Cell<usize>,
}

impl Sim {
    pub fn new(world: World) -> Rc<Self> {
        Rc::new(Self { world: RefCell::new(world), processes: RefCell::default(), depth: Cell::new(0) })
    }

    /// Every call that a process makes to log, store or clock comes by here: it may die in it, and others may act.
    pub fn call(self: &Rc<Self>, what: &str) {
        let (dies, interrupted) = {
            let mut world = self.world.borrow_mut();
            world.calls += 1;
            let dies = world.strikes(Fault::Crash);
            if dies {
                world.note(|| format!("dies in {what}"));
            }
            (dies, self.depth.get() < DEEPEST && world.strikes(Fault::Interlude))
        };
        if dies {
            std::panic::resume_unwind(Box::new(Crash));
        }
        if interrupted {
            self.depth.set(self.depth.get() + 1);
            let steps = self.world.borrow_mut().chance.below(12);
            for _ in 0..steps {
                crate::story::step(self);
            }
            self.depth.set(self.depth.get() - 1);
        }
    }

    /// Lets a process act, unless it is inside a call.
    pub fn act(self: &Rc<Self>, process: usize) {
        let process = self.processes.borrow().get(process).map(Rc::clone);
        if let Some(process) = process
            && let Ok(mut process) = process.try_borrow_mut()
        {
            process.act(self);
        }
    }

    pub fn failed(&self) -> bool {
        self.world.borrow().failure.is_some()
    }
}
