//! The cases of a partition, compact, and which of them changed since they were last saved.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};
use model::Instant;

use super::revise::Standing;
use crate::facts::Facts;

/// No timer.
const NEVER: Instant = Instant(i64::MAX);

/// One case: 56 bytes, and what it holds on the heap.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) id: Box<str>,
    pub(super) facts: Facts,
    pub(super) standing: Box<[Standing]>,
    /// `NEVER` is none.
    wake: Instant,
}

impl Case {
    pub(super) fn new(id: Box<str>, facts: Facts, standing: Box<[Standing]>, wake: Option<Instant>) -> Self {
        Self { id, facts, standing, wake: wake.unwrap_or(NEVER) }
    }

    pub(super) fn wake(&self) -> Option<Instant> {
        (self.wake != NEVER).then_some(self.wake)
    }

    /// Sets the timer; returns the one before.
    pub(super) fn set_wake(&mut self, wake: Option<Instant>) -> Option<Instant> {
        let before = self.wake();
        self.wake = wake.unwrap_or(NEVER);
        before
    }

    /// Bytes held beside the case itself.
    pub(super) fn heap_bytes(&self) -> usize {
        self.id.len() + self.facts.heap_bytes() + size_of_val(&*self.standing)
    }
}

/// Changed since it was last saved.
const CHANGED: u8 = 1;
/// Part of the save under way, and not written yet.
const PENDING: u8 = 2;

/// Cases by number. Numbers are given in the order of first sight and stay; a replay gives the same.
#[derive(Debug, Default)]
pub(super) struct Store {
    cases: Vec<Case>,
    index: HashTable<u32>,
    hasher: DefaultHashBuilder,
    /// [`CHANGED`], [`PENDING`], of each case.
    marks: Vec<u8>,
    changed: Vec<u32>,
    /// The save under way: cases still to be looked at, and what was written because it was about to change.
    pending: Vec<u32>,
    written: Vec<u8>,
}

impl Store {
    /// Takes over cases that were saved, none of them changed since.
    pub(super) fn of(cases: Vec<Case>) -> Self {
        let mut store = Self { marks: vec![0; cases.len()], cases, ..Self::default() };
        let Self { cases, index, hasher, .. } = &mut store;
        index.reserve(cases.len(), |n| hasher.hash_one(&*cases[*n as usize].id));
        for (number, case) in (0..).zip(&*cases) {
            index.insert_unique(hasher.hash_one(&*case.id), number, |n| {
                hasher.hash_one(&*cases[*n as usize].id)
            });
        }
        store
    }

    pub(super) fn len(&self) -> usize {
        self.cases.len()
    }

    pub(super) fn get(&self, number: u32) -> &Case {
        &self.cases[number as usize]
    }

    /// A case that is about to change.
    pub(super) fn touch(&mut self, number: u32) -> &mut Case {
        let case = &mut self.cases[number as usize];
        let mark = &mut self.marks[number as usize];
        if *mark & PENDING != 0 {
            super::snapshot::write_case(number, case, &mut self.written);
        }
        if *mark & CHANGED == 0 {
            self.changed.push(number);
        }
        *mark = CHANGED;
        case
    }

    pub(super) fn find(&self, id: &str) -> Option<u32> {
        self.index.find(self.hasher.hash_one(id), |n| *self.cases[*n as usize].id == *id).copied()
    }

    /// Gives a new case the next number.
    pub(super) fn push(&mut self, id: &str) -> u32 {
        let number = u32::try_from(self.cases.len()).expect("fewer than 2^32 cases a partition");
        self.cases.push(Case::new(id.into(), Facts::default(), Box::default(), None));
        self.marks.push(CHANGED);
        self.changed.push(number);
        let Self { cases, index, hasher, .. } = self;
        index.insert_unique(hasher.hash_one(id), number, |n| hasher.hash_one(&*cases[*n as usize].id));
        number
    }

    /// Cases that changed since the last save began.
    pub(super) fn changed(&self) -> usize {
        self.changed.len()
    }

    /// Begins to save the changed cases and those numbered `from..to`, as they are now; says how many they are.
    pub(super) fn begin_save(&mut self, from: u32, to: u32) -> usize {
        self.pending = std::mem::take(&mut self.changed);
        self.pending.retain(|number| !(from..to).contains(number));
        self.pending.extend(from..to);
        for number in &self.pending {
            self.marks[*number as usize] = PENDING;
        }
        self.pending.len()
    }

    /// Appends what is still to be saved to `out` until that holds `enough` bytes; `true` once all is written.
    pub(super) fn save(&mut self, enough: usize, out: &mut Vec<u8>) -> bool {
        out.append(&mut self.written);
        while out.len() < enough
            && let Some(number) = self.pending.pop()
        {
            let mark = &mut self.marks[number as usize];
            if *mark & PENDING != 0 {
                *mark &= !PENDING;
                super::snapshot::write_case(number, &self.cases[number as usize], out);
            }
        }
        self.pending.is_empty()
    }

    /// Bytes of a store of so many cases, apart from what each holds.
    pub(super) fn frame_bytes(&self) -> usize {
        self.cases.len() * (size_of::<Case>() + 1) + self.index.allocation_size()
    }
}
