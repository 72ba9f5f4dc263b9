//! Words that recur in every case (sources, steps, items, orgs), kept once a partition.

use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;

/// Most words kept; what comes after is written out in full. A hostile source cannot fill memory with names.
pub const MAX_SYMBOLS: usize = 1 << 16;

/// Numbers for words. Only grows, so numbers stay good.
#[derive(Debug, Default, Clone)]
pub struct Symbols {
    words: Vec<Box<str>>,
    /// Of each word, found by its hash.
    numbers: HashTable<u32>,
    hasher: DefaultHashBuilder,
    /// Where a fact is written before its length is known.
    scratch: Vec<u8>,
}

impl Symbols {
    /// The number of a word, given to it now if there is room.
    pub fn number(&mut self, word: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(word);
        if let Some(number) = self.numbers.find(hash, |n| *self.words[*n as usize] == *word) {
            return Some(*number);
        }
        if self.words.len() == MAX_SYMBOLS {
            return None;
        }
        let number = self.words.len() as u32;
        self.words.push(word.into());
        let hash_of = |n: &u32| self.hasher.hash_one(&*self.words[*n as usize]);
        self.numbers.insert_unique(hash, number, hash_of);
        Some(number)
    }

    pub(crate) fn lend_scratch(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.scratch)
    }

    pub(crate) fn take_scratch(&mut self, mut scratch: Vec<u8>) {
        scratch.clear();
        self.scratch = scratch;
    }

    pub fn word(&self, number: u32) -> Option<&str> {
        self.words.get(number as usize).map(AsRef::as_ref)
    }

    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(AsRef::as_ref)
    }

    pub fn len(&self) -> usize {
        self.words.len()
    }

    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }
}
