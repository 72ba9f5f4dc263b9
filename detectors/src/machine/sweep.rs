//! A change of the rules: the new ones are taken over at once, and every case is looked at again, one after the other, as
//! due timers are: so many an entry. Facts that come meanwhile are judged by the new rules.

use std::sync::Arc;

use model::Finding;
use model::catalogue::Edition;
use model::finding::Cause;

use super::{CaseMachine, Timer};
use crate::rulebook::Rulebook;

/// A pass over all cases.
#[derive(Debug)]
pub(super) struct Sweep {
    /// The rules as they were: what stands of a case that has not been reached follows from them, or, if a fact has come since,
    /// from the new ones.
    pub(super) before: Rulebook,
    next: u32,
    /// Cases from here on came later.
    end: u32,
    /// Other sources are waited for than before: timers may have to wait elsewhere.
    sources_changed: bool,
}

impl CaseMachine {
    /// Editions of the rules taken over.
    pub fn editions(&self) -> usize {
        self.rules.len()
    }

    /// A name for the rules as the first `editions` make them, that no other rules have.
    pub fn rules_identity(&self, editions: usize) -> String {
        self.rules.identity(editions)
    }

    /// Cases that have not been looked at since the rules changed; a further edition waits for them.
    pub fn to_sweep(&self) -> usize {
        self.sweep.as_ref().map_or(0, |sweep| (sweep.end - sweep.next) as usize)
    }

    pub(super) fn adopt(&mut self, edition: &Arc<Edition>, out: &mut Vec<Finding>) {
        // A case follows from the rules before or from those now; there is no third.
        while self.sweep_on(out) {}
        let before = self.rules.clone();
        self.rules.push(Arc::clone(edition));
        let sources_changed = self.follow_sources(out);
        self.come_to_now();
        if edition.from > self.now && edition.migrates_any() {
            self.timers.insert((edition.from, Timer::Edition));
        }
        self.begin(before, sources_changed);
    }

    pub(super) fn come_into_force(&mut self) {
        let before = self.rules.clone();
        self.come_to_now();
        self.begin(before, false);
    }

    /// A timer stands for each edition that is still to come into force, and for no other: so a restore knows them.
    fn come_to_now(&mut self) {
        let due = self.rules.coming().take_while(|at| *at <= self.now);
        for at in due {
            self.timers.remove(&(at, Timer::Edition));
        }
        self.rules.come_to(self.now);
    }

    fn begin(&mut self, before: Rulebook, sources_changed: bool) {
        let end = self.cases.len() as u32;
        self.sweep = (end > 0).then_some(Sweep { before, next: 0, end, sources_changed });
    }

    /// Looks at the next case; `false`: there is none.
    pub(super) fn sweep_on(&mut self, out: &mut Vec<Finding>) -> bool {
        let Some((number, sources_changed)) = self.sweep.as_ref().map(|s| (s.next, s.sources_changed)) else {
            return false;
        };
        self.look_again(number, Cause::Rules, out);
        if sources_changed {
            self.place_again(number);
        }
        self.sweep.as_mut().into_iter().for_each(|sweep| sweep.next += 1);
        self.sweep.take_if(|sweep| sweep.next == sweep.end);
        true
    }
}
