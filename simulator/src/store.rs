//! A simulated ClickHouse: tables that drop a repeated token as long as they remember it, and refuse, fail, or fail after
//! they have done it.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::rc::Rc;

use sink::{CaseEventRow, DeadLetterRow, FindingRow, Outcome, Rows, Store};

use crate::faults::Fault;
use crate::mutant::Mutant;
use crate::world::{Sim, World};

/// Errors that say nothing about the rows: outages, all of them.
const FAILURES: [&str; 6] = [
    "Code: 516. DB::Exception: Authentication failed",
    "Code: 241. DB::Exception: Memory limit exceeded",
    "Code: 243. DB::Exception: Cannot reserve space, not enough space",
    "Code: 252. DB::Exception: Too many parts",
    "Code: 60. DB::Exception: Unknown table",
    "error sending request: connection refused",
];

/// Times that rows are refused under one token though they are good. A sink believes the third refusal in a row, and what
/// it believes becomes dead letters: that is what it promises, and no fault.
const UNJUST: u32 = 2;

/// A row by what it was made from; a row that stands twice under one key was inserted twice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Event { partition: u16, offset: u64 },
    Finding { id: String, revision: u32 },
    Letter { topic: String, partition: u16, offset: u64, part: u32 },
    Progress { partition: u16, seq: u64 },
    EventsProgress { partition: u16, to: u64 },
}

/// What the judge looks at in a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Row {
    Event(CaseEventRow),
    Finding(Box<FindingRow>),
    Letter(DeadLetterRow),
    Progress,
}

#[derive(Debug, Default)]
pub struct Tables {
    /// How often each row was inserted, and the row.
    pub rows: BTreeMap<Key, (u32, Row)>,
    /// Tokens that each table remembers, oldest first.
    tokens: BTreeMap<&'static str, VecDeque<String>>,
    /// How many a table remembers.
    pub window: usize,
    /// Some rows can never be stored.
    pub has_poison: bool,
    /// Refusals that the rows were not to blame for, by token; fewer for each than a sink believes.
    unjust: BTreeMap<String, u32>,
    attempts: u64,
    /// Two copies of one row that differ.
    pub clash: Option<String>,
}

impl Tables {
    /// `false` if the token is known and nothing was done.
    fn take(&mut self, rows: &Rows, range: Range<usize>, token: &str) -> bool {
        let known = self.tokens.entry(rows.table()).or_default();
        if known.iter().any(|t| t == token) {
            return false;
        }
        known.push_back(token.to_owned());
        while known.len() > self.window {
            known.pop_front();
        }
        for (key, row) in split(rows, range) {
            let held = self.rows.entry(key.clone()).or_insert_with(|| (0, row.clone()));
            held.0 += 1;
            if held.1 != row {
                self.clash = Some(format!("{key:?} was inserted in two forms"));
            }
        }
        true
    }
}

fn split(rows: &Rows, range: Range<usize>) -> Vec<(Key, Row)> {
    match rows {
        Rows::CaseEvents(rows) => {
            let key = |r: &CaseEventRow| Key::Event { partition: r.partition, offset: r.offset };
            rows[range].iter().map(|r| (key(r), Row::Event(r.clone()))).collect()
        }
        Rows::Findings(rows) => {
            let key = |r: &FindingRow| Key::Finding { id: r.finding_id.clone(), revision: r.revision };
            rows[range].iter().map(|r| (key(r), Row::Finding(Box::new(r.clone())))).collect()
        }
        Rows::DeadLetters(rows) => rows[range].iter().map(|r| (letter(r), Row::Letter(r.clone()))).collect(),
        Rows::Progress(rows) => {
            let key = |r: &sink::ProgressRow| Key::Progress { partition: r.partition, seq: r.seq };
            rows[range].iter().map(|r| (key(r), Row::Progress)).collect()
        }
        Rows::EventsProgress(rows) => {
            let key = |r: &sink::EventsProgressRow| Key::EventsProgress { partition: r.partition, to: r.to };
            rows[range].iter().map(|r| (key(r), Row::Progress)).collect()
        }
        // Nobody writes incidents here, and where things stand is asked by the clock, not by a pump.
        Rows::Incidents(_) | Rows::Standings(_) => Vec::new(),
    }
}

fn letter(row: &DeadLetterRow) -> Key {
    let topic = row.topic.clone();
    Key::Letter { topic, partition: row.partition, offset: row.offset, part: row.part }
}

/// Whether the store can never take a row.
pub fn is_poison(key: &Key) -> bool {
    match key {
        Key::Event { offset, .. } => offset % 11 == 5,
        Key::Finding { id, .. } => id.starts_with('7'),
        Key::Letter { .. } | Key::Progress { .. } | Key::EventsProgress { .. } => false,
    }
}

/// A sink's hands on the tables.
pub struct SimStore(pub Rc<Sim>);

impl Store for SimStore {
    fn insert(&mut self, rows: &Rows, range: Range<usize>, token: &str) -> Outcome {
        self.0.call("insert");
        let outcome = attempt(&mut self.0.world.borrow_mut(), rows, range.clone(), token);
        self.0
            .world
            .borrow()
            .note(|| format!("sink inserts {range:?} of {} {token}: {outcome:?}", rows.table()));
        outcome
    }
}

fn attempt(world: &mut World, rows: &Rows, range: Range<usize>, token: &str) -> Outcome {
    world.tables.attempts += 1;
    let token = match world.mutant {
        Some(Mutant::TokenUnstable) => format!("{token} {}", world.tables.attempts),
        _ => token.to_owned(),
    };
    if world.strikes(Fault::StoreFailed) {
        let failure = *world.chance.pick(&FAILURES);
        let dropped = world.mutant == Some(Mutant::RetryDrops) && failure == FAILURES[0];
        return if dropped { Outcome::Stored } else { Outcome::Failed(failure.to_owned()) };
    }
    let unjust = world.tables.unjust.get(&token).copied().unwrap_or(0);
    if unjust < UNJUST && world.strikes(Fault::StoreRefusedUnjustly) {
        world.tables.unjust.insert(token, unjust + 1);
        return Outcome::Refused("Code: 117. DB::Exception: Incorrect data".to_owned());
    }
    if world.tables.has_poison && split(rows, range.clone()).iter().any(|(key, _)| is_poison(key)) {
        world.struck.count(Fault::PoisonRow);
        return Outcome::Refused("Code: 469. DB::Exception: Violated constraint".to_owned());
    }
    if !world.tables.take(rows, range, &token) {
        world.note(|| "the token is known".to_owned());
    }
    if world.strikes(Fault::StoreReplyLost) {
        Outcome::Failed("timed out".to_owned())
    } else {
        Outcome::Stored
    }
}
