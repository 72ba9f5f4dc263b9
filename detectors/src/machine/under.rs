//! A case judged by rules that need not be the machine's own.

use model::finding::Cause;
use model::{Finding, Instant};

use super::{CaseMachine, revise};
use crate::judge::judge;
use crate::rulebook::Rulebook;

impl CaseMachine {
    /// The findings of one case at `now` by these rules, which have come to `now`, as if nothing had been told of it yet.
    pub fn findings_under(&self, rulebook: &Rulebook, number: u32, now: Instant) -> Vec<Finding> {
        let case = self.cases.get(number);
        let history = case.facts.history(&self.symbols);
        let rules = rulebook.governing(&history);
        let judged = judge(&history, rules, now);
        let revision = revise::Revision { rules, case: &case.id, now, cause: Cause::Fact };
        let (mut standing, mut out) = (Vec::new(), Vec::new());
        revision.apply(&history, &judged.verdicts, Vec::new, &mut standing, &mut out);
        out
    }

    /// Whether the case is of an item that `is_meant` names; one without acceptance is of none.
    pub fn is_of_item(&self, number: u32, is_meant: impl FnOnce(&str) -> bool) -> bool {
        let history = self.cases.get(number).facts.history(&self.symbols);
        history.item_code().is_some_and(is_meant)
    }
}
