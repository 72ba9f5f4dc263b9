//! 环节回退: the deck's slide 34, a rollback point on a branch of the flow.

use super::Lint;
use crate::catalogue::{ProblemCode, Rule, both};

pub(super) fn check(lint: &mut Lint<'_>) {
    for (i, point) in lint.item.points.iter().enumerate() {
        if let Rule::StepRollback { step } = point.rule {
            check_point(lint, i, step);
        }
    }
}

/// A return to a step in `next` is no finding. What is left for the point are the other steps before its own.
fn check_point(lint: &mut Lint<'_>, point: usize, step: usize) {
    let path = format!("points[{point}].step");
    let next = &lint.item.steps[step].next;
    let designed: Vec<usize> = next.iter().copied().filter(|n| *n < step).collect();
    let id = lint.step_id(step);
    if designed.len() == step {
        let message = both!(
            "此监察点永远不会报警：环节“{id}”之前没有环节，或退回都是流程设计的；请取消此监察点",
            "can never find anything: no step stands before \"{id}\", or every return from it is designed; remove the point"
        );
        lint.note(&path, ProblemCode::RollbackNeverSeen, message);
    } else if !designed.is_empty() {
        let back = lint.step_ids(designed.iter().copied());
        let rest = lint.step_ids((0..step).filter(|s| !designed.contains(s)));
        let message = both!(
            "环节“{id}”有设计的退回分支（{back}），退回到那里不报警，此监察点只看退回到 {rest}：否则请取消此监察点；若本意如此，请写入 waivers",
            "\"{id}\" has a designed way back to {back}, which is no finding: the point sees returns to {rest} only. Remove it if those are not meant, or waive this"
        );
        lint.note(&path, ProblemCode::RollbackOnWayBack, message);
    }
}
