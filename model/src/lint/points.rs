//! What an item lacks as a whole, and what stands on steps that nobody reaches.

use super::Lint;
use crate::catalogue::{ProblemCode, Rule, Scope, both};

pub(super) fn check(lint: &mut Lint<'_>) {
    if lint.item.points.is_empty() {
        let message = both!(
            "该事项没有监察点，任何办理行为都不受监察：请至少为其时限设一个监察点",
            "the item has no supervision points, so nothing in its cases is judged: set at least one on a limit"
        );
        lint.note("", ProblemCode::ItemWithoutPoint, message);
    }
    if lint.item.legal_basis.is_empty() {
        let message = both!(
            "该事项没有法律依据，其报警无法说明依据：请填写 legal_basis",
            "the item has no `legal_basis`, so its alarms cannot name one: add the law and the article"
        );
        lint.note("", ProblemCode::ItemWithoutLegalBasis, message);
    }
    let judged = lint.item.points.iter().any(|p| matches!(p.rule, Rule::Discretion { .. }));
    if !lint.item.discretion.is_empty() && !judged {
        let message = both!(
            "有裁量标准而无 discretion 监察点，裁量不受监察：请在作出决定的环节设点",
            "there are standards but no discretion point, so no fine is held to them: set a point on the deciding step"
        );
        lint.note("discretion", ProblemCode::StandardsWithoutPoint, message);
    }
    check_reached(lint);
}

fn check_reached(lint: &mut Lint<'_>) {
    let reached = lint.flow.reached_from(0);
    let item = lint.item;
    let points = item
        .points
        .iter()
        .enumerate()
        .filter_map(|(i, p)| Some((format!("points[{i}].step"), step_of(&p.rule)?)));
    let limits = item.limits.iter().enumerate().filter_map(|(i, l)| match l.scope {
        Scope::Case => None,
        Scope::Step(step) => Some((format!("limits[{i}].scope.step"), step)),
        Scope::Span { from, .. } => Some((format!("limits[{i}].scope.from"), from)),
    });
    let risks = item.risk_points.iter().enumerate().map(|(i, r)| (format!("risk_points[{i}].step"), r.step));
    let lost: Vec<(String, usize)> =
        points.chain(limits).chain(risks).filter(|(_, step)| !reached[*step]).collect();
    for (path, step) in lost {
        let id = lint.step_id(step);
        let message = both!(
            "没有案件会到达环节“{id}”：请修正流程的 next，或移走此项",
            "no case reaches the step \"{id}\": mend the flow's `next`, or move this to another step"
        );
        lint.note(&path, ProblemCode::WatchedButUnreachable, message);
    }
}

/// The step that a rule watches; of a limit's, the limit says.
const fn step_of(rule: &Rule) -> Option<usize> {
    match rule {
        Rule::TimeLimit { .. } => None,
        Rule::OfficerQualification { step, .. }
        | Rule::StepRollback { step }
        | Rule::Evidence { step, .. }
        | Rule::DecisionBasis { step, .. }
        | Rule::Discretion { step }
        | Rule::PenaltyExecution { step, .. } => Some(*step),
    }
}
