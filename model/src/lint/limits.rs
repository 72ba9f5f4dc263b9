//! Limits by themselves and in pairs.

use super::{Lint, spans};
use crate::catalogue::{Legal, Length, Limit, ProblemCode, Scope, both};

pub(super) fn check(lint: &mut Lint<'_>) {
    let limits = &lint.item.limits;
    for (i, limit) in limits.iter().enumerate() {
        if let Scope::Span { from, to } = limit.scope {
            check_way(lint, i, (from, to));
        }
        if let Some(first) = limits[..i].iter().find(|first| same_duty(first, limit)) {
            let id = &first.id;
            let message = both!(
                "与时限“{id}”范围和性质相同：请留其一，或用 legal 区分法定与承诺",
                "the same scope and sort as the limit \"{id}\": keep one, or tell them apart by `legal`"
            );
            lint.note(&format!("limits[{i}]"), ProblemCode::DuplicateLimit, message);
        }
        check_promise(lint, i, limit);
    }
}

fn check_way(lint: &mut Lint<'_>, limit: usize, (from, to): (usize, usize)) {
    if lint.flow.reached_from(from)[to] {
        return;
    }
    let (from, to) = (lint.step_id(from), lint.step_id(to));
    let message = both!(
        "从环节“{from}”无法到达“{to}”，此时限永远不会完成：请对调 from 与 to，或修正流程的 next",
        "no way leads from \"{from}\" to \"{to}\", so the limit is never completed: swap `from` and `to`, or mend the flow's `next`"
    );
    lint.note(&format!("limits[{limit}].scope"), ProblemCode::SpanNeverEnds, message);
}

fn same_duty(a: &Limit, b: &Limit) -> bool {
    a.scope == b.scope && a.legal == b.legal && a.open_ended == b.open_ended
}

/// Across units; within one unit the loader compares the numbers.
fn check_promise(lint: &mut Lint<'_>, i: usize, promise: &Limit) {
    if promise.legal != Legal::Promised {
        return;
    }
    let measure = spans::Measure::new(lint);
    let shortest = measure.shortest(promise.length);
    let exceeded = |law: &&Limit| {
        law.legal == Legal::Statutory
            && law.scope == promise.scope
            && !same_unit(law.length, promise.length)
            && shortest > measure.longest(law.length)
    };
    let Some(law) = lint.item.limits.iter().find(exceeded) else { return };
    let id = &law.id;
    let message = both!(
        "承诺时限在任何日期起算都长于法定时限“{id}”：请缩短承诺",
        "the promise is longer than the statutory limit \"{id}\" on whatever day it starts: shorten it"
    );
    lint.note(&format!("limits[{i}]"), ProblemCode::PromiseExceedsLaw, message);
}

pub(super) fn same_unit(a: Length, b: Length) -> bool {
    std::mem::discriminant(&a) == std::mem::discriminant(&b)
}
