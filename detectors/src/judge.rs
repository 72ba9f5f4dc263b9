//! Recomputes a case: all facts in, all verdicts out. What the engine says is always the difference between two of
//! these answers.

mod decision;
mod evidence;
mod execution;
mod officers;
mod quality;
mod rollback;
mod time_limit;

use model::calendar::Calendar;
use model::catalogue::{Item, Officers, Point, Rule, Wanted};
use model::time::Instant;

use crate::history::History;
use crate::suspension::Gaps;
use crate::verdict::Verdict;

/// Everything but the facts: what a verdict depends on.
#[derive(Clone, Copy)]
pub struct Rules<'r> {
    /// The item that governs the case; `None` where the catalogue does not have it.
    pub item: Option<&'r Item>,
    /// Of the catalogue that the item is from.
    pub version: &'r str,
    /// That catalogue was published to a log at work, and findings are told again when a case comes under it.
    pub is_edition: bool,
    pub calendar: &'r Calendar,
    pub officers: &'r Officers,
}

/// The answer for one case at one instant.
#[derive(Debug, Default, PartialEq)]
pub struct Judgement {
    pub verdicts: Vec<Verdict>,
    /// The next instant at which the answer may change without a new fact.
    pub wake: Option<Instant>,
}

/// Judges all supervision points of a case. A case not yet accepted has no verdicts.
pub fn judge(history: &History<'_>, rules: Rules<'_>, now: Instant) -> Judgement {
    let mut judgement = Judgement::default();
    if history.accepted().is_none() {
        return judgement;
    }
    let out = &mut judgement.verdicts;
    quality::judge(history, rules, out);
    let Some(item) = rules.item else { return judgement };
    let gaps = Gaps::of(history, None, rules.calendar);
    let mut wake = Wake { now, at: None };
    let clocks = time_limit::Clocks { history, item, calendar: rules.calendar, gaps: &gaps };
    clocks.judge_extensions(out);
    for (index, point) in item.points.iter().enumerate() {
        let first = out.len();
        judge_point(history, rules, &clocks, item, point, &mut wake, out);
        out[first..].iter_mut().for_each(|v| v.point = Some(index));
    }
    judgement.wake = wake.at;
    judgement
}

fn judge_point(
    history: &History<'_>,
    rules: Rules<'_>,
    clocks: &time_limit::Clocks<'_, '_>,
    item: &Item,
    point: &Point,
    wake: &mut Wake,
    out: &mut Vec<Verdict>,
) {
    match &point.rule {
        Rule::TimeLimit { limit } => clocks.judge_limit(*limit, wake, out),
        Rule::OfficerQualification { step, min_officers, classes, in_area } => {
            let region = history.region().filter(|_| *in_area);
            let wanted = Wanted { classes, region };
            officers::judge(history, rules, (&item.steps[*step].id, *min_officers, wanted), out);
        }
        Rule::StepRollback { step } => rollback::judge(history, item, *step, out),
        Rule::Evidence { step, required } => evidence::judge(history, &item.steps[*step].id, required, out),
        Rule::DecisionBasis { step, negative, required_fields } => {
            decision::judge_basis(history, &item.steps[*step].id, negative, required_fields, out);
        }
        Rule::Discretion { step } => decision::judge_discretion(history, item, &item.steps[*step].id, out),
        Rule::PenaltyExecution { require_voucher, .. } => execution::judge(history, *require_voucher, out),
    }
}

/// Collects the earliest instant still to come.
pub(crate) struct Wake {
    pub(crate) now: Instant,
    pub(crate) at: Option<Instant>,
}

impl Wake {
    pub(crate) fn at(&mut self, at: Instant) {
        if at > self.now && self.at.is_none_or(|earliest| at < earliest) {
            self.at = Some(at);
        }
    }
}
