//! A simulated Kafka: partitions with offsets, and producers whose records are on the wire for a while.
//!
//! What it keeps of the real one: a partition is one order for all; the records of one idempotent producer land in
//! their order or not at all; a producer that is told "unknown" learns nothing; what a dead producer had on the wire may
//! still land, a prefix of it, at any later time.

use std::collections::VecDeque;
use std::rc::Rc;

/// The topics, each with the same number of partitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    CaseEvents,
    Ledger,
    Segments,
    DeadLetters,
    Incidents,
}

impl Topic {
    pub const ALL: [Self; 5] =
        [Self::CaseEvents, Self::Ledger, Self::Segments, Self::DeadLetters, Self::Incidents];

    pub const fn name(self) -> &'static str {
        match self {
            Self::CaseEvents => "case-events",
            Self::Ledger => "ledger",
            Self::Segments => "segments",
            Self::DeadLetters => "dead-letters",
            Self::Incidents => "incidents",
        }
    }
}

/// A record in the log. `timestamp` is the broker's, ms.
#[derive(Debug, Clone)]
pub struct Record {
    pub timestamp: i64,
    pub value: Rc<[u8]>,
}

/// One partition: offset = place in `slots`; a slot without a record is a gap.
#[derive(Debug, Default)]
pub struct Partition {
    /// The first offset kept. What lies before is kept here all the same, for the judge alone.
    pub low: i64,
    slots: Vec<Option<Record>>,
}

impl Partition {
    pub fn high(&self) -> i64 {
        self.slots.len() as i64
    }

    pub fn push(&mut self, record: Option<Record>) -> i64 {
        self.slots.push(record);
        self.high() - 1
    }

    /// The first record at `offset` or behind it, and its offset.
    pub fn next(&self, offset: i64) -> Option<(i64, &Record)> {
        let from = usize::try_from(offset).ok()?;
        let found =
            self.slots.get(from..)?.iter().enumerate().find_map(|(n, slot)| Some((n, slot.as_ref()?)));
        found.map(|(n, record)| (offset + n as i64, record))
    }

    /// Every record that ever was, with its offset.
    pub fn records(&self) -> impl Iterator<Item = (i64, &Record)> {
        self.slots.iter().enumerate().filter_map(|(n, slot)| Some((n as i64, slot.as_ref()?)))
    }
}

/// A producer to one partition.
#[derive(Debug)]
pub struct Session {
    pub topic: Topic,
    pub partition: usize,
    /// On the wire, in their order.
    pub flights: VecDeque<Rc<[u8]>>,
    /// Appends whose outcome the producer has not yet been told is unknown.
    pub unknown: VecDeque<Rc<[u8]>>,
    /// Its process holds it.
    pub open: bool,
}

#[derive(Debug)]
pub struct Broker {
    topics: Vec<Vec<Partition>>,
    pub sessions: Vec<Session>,
    /// Nothing is served before then, ms.
    pub down_until: i64,
}

impl Broker {
    pub fn new(partitions: usize) -> Self {
        let topic = || std::iter::repeat_with(Partition::default).take(partitions).collect();
        Self { topics: Topic::ALL.map(|_| topic()).into(), sessions: Vec::new(), down_until: i64::MIN }
    }

    pub fn partition(&self, topic: Topic, partition: usize) -> &Partition {
        &self.topics[topic as usize][partition]
    }

    pub fn partition_mut(&mut self, topic: Topic, partition: usize) -> &mut Partition {
        &mut self.topics[topic as usize][partition]
    }

    /// A new producer; returns its number.
    pub fn open(&mut self, topic: Topic, partition: usize) -> usize {
        let (flights, unknown) = (VecDeque::new(), VecDeque::new());
        self.sessions.push(Session { topic, partition, flights, unknown, open: true });
        self.sessions.len() - 1
    }

    /// Its process is gone. `kept` records are on the wire and may land at any time; the others were not sent.
    pub fn close(&mut self, session: usize, kept: usize) {
        let session = &mut self.sessions[session];
        session.open = false;
        session.flights.truncate(kept);
        session.unknown.clear();
    }

    pub fn busy_sessions(&self) -> Vec<usize> {
        let busy = |(n, session): (usize, &Session)| (!session.flights.is_empty()).then_some(n);
        self.sessions.iter().enumerate().filter_map(busy).collect()
    }
}
