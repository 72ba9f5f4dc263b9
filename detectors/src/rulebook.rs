//! Which rules judge a case: the catalogue that a partition began with, and the editions published since, as far as they
//! have been taken over. A pure function of the case's facts and of that; nothing is noted with a case.

use std::sync::Arc;

use model::catalogue::Edition;
use model::hash::Hash;
use model::{Catalogue, Instant};

use crate::history::History;
use crate::judge::Rules;

/// - The *item* is that of the edition in force when the case was accepted (before the first edition: of the base), or that of
///   the last edition since that changed the item and says `in_flight: migrate`, once that one is in force.
/// - *Calendar and officers* are always the newest: what they say is dated in itself.
#[derive(Debug, Clone)]
pub struct Rulebook {
    base: Arc<Catalogue>,
    /// In the order of their `from`.
    editions: Vec<Arc<Edition>>,
    /// So many of them are in force for the cases that they migrate.
    in_force: usize,
}

impl Rulebook {
    pub fn of(base: Arc<Catalogue>) -> Self {
        Self { base, editions: Vec::new(), in_force: 0 }
    }

    pub fn base(&self) -> &Catalogue {
        &self.base
    }

    /// The catalogue of the last edition.
    pub fn newest(&self) -> &Catalogue {
        self.catalogue(self.editions.len())
    }

    /// Editions taken over.
    pub fn len(&self) -> usize {
        self.editions.len()
    }

    pub fn is_empty(&self) -> bool {
        self.editions.is_empty()
    }

    /// Takes over the next edition, which is not yet in force for the cases that it migrates.
    pub fn push(&mut self, edition: Arc<Edition>) {
        self.editions.push(edition);
    }

    /// It has become so late.
    pub fn come_to(&mut self, now: Instant) {
        self.in_force = self.in_force.max(self.editions.partition_point(|edition| edition.from <= now));
    }

    /// When editions that migrate cases come into force that are not yet.
    pub fn coming(&self) -> impl Iterator<Item = Instant> {
        self.editions.iter().skip(self.in_force).filter(|e| e.migrates_any()).map(|e| e.from)
    }

    /// A name for the first `editions` of it that no other content has.
    pub fn identity(&self, editions: usize) -> String {
        let base = format!("{} {}", self.base.version, self.base.fingerprint);
        match self.editions.iter().take(editions).next_back() {
            None => base,
            Some(last) => {
                format!("edition {} {}", last.seq, Hash::of(format!("{base} {}", last.hash).as_bytes()))
            }
        }
    }

    fn catalogue(&self, editions: usize) -> &Catalogue {
        editions.checked_sub(1).map_or(&self.base, |last| &self.editions[last].catalogue)
    }

    /// What judges a case.
    pub fn governing(&self, history: &History<'_>) -> Rules<'_> {
        let (accepted, code) = (history.accepted().map(|at| history.time(at)), history.item_code());
        let since = self.editions.partition_point(|edition| Some(edition.from) <= accepted);
        let migrates = |n: &usize| code.is_some_and(|code| self.editions[*n].migrates(code));
        let edition = (since..self.in_force).rev().find(migrates).map_or(since, |n| n + 1);
        let (governing, newest) = (self.catalogue(edition), self.newest());
        Rules {
            item: code.and_then(|code| governing.items.get(code)).map(AsRef::as_ref),
            version: &governing.version,
            is_edition: edition > 0,
            calendar: &newest.calendar,
            officers: &newest.officers,
        }
    }
}
