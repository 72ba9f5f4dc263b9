//! Words that recur in every case (sources, steps, items, orgs), kept once a partition.

use std::collections::HashMap;

/// Most words kept; what comes after is written out in full. A hostile source cannot fill memory with names.
pub const MAX_SYMBOLS: usize = 1 << 16;

/// Numbers for words. Only grows, so numbers stay good.
#[derive(Debug, Default, Clone)]
pub struct Symbols {
    words: Vec<Box<str>>,
    numbers: HashMap<Box<str>, u32>,
}

impl Symbols {
    /// The number of a word, given to it now if there is room.
    pub fn number(&mut self, word: &str) -> Option<u32> {
        if let Some(number) = self.numbers.get(word) {
            return Some(*number);
        }
        if self.words.len() == MAX_SYMBOLS {
            return None;
        }
        let number = self.words.len() as u32;
        self.words.push(word.into());
        self.numbers.insert(word.into(), number);
        Some(number)
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
