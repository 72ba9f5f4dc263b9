//! Waivers leave out what somebody has looked at, and are told when they waive nothing.

use crate::catalogue::{Inspection, Problem, ProblemCode, Waiver, both};

pub(super) fn apply(inspection: &Inspection, found: Vec<Problem>) -> Vec<Problem> {
    let mut left = found;
    let mut idle = Vec::new();
    for source in &inspection.sources {
        for (i, waiver) in source.item.waivers.iter().enumerate() {
            let before = left.len();
            left.retain(|p| p.file != source.file || !fits(waiver, p));
            if left.len() == before {
                idle.push(source.problem(
                    &format!("waivers[{i}]"),
                    ProblemCode::IdleWaiver,
                    idle_message(waiver),
                ));
            }
        }
    }
    for waiver in &inspection.waivers {
        let before = left.len();
        left.retain(|p| p.file.starts_with("items/") || !fits(waiver, p));
        if left.len() == before {
            idle.push(idle_in_settings(waiver));
        }
    }
    left.extend(idle);
    left
}

fn fits(waiver: &Waiver, problem: &Problem) -> bool {
    waiver.code == problem.code && waiver.id == problem.about
}

fn idle_message(waiver: &Waiver) -> crate::catalogue::Bilingual {
    let code = waiver.code;
    let about = waiver.id.as_deref().unwrap_or("-");
    both!(
        "没有可豁免的 {code}（{about}）：请更正或删除此豁免",
        "there is no {code} (id {about}) to waive: correct the waiver, or remove it"
    )
}

fn idle_in_settings(waiver: &Waiver) -> Problem {
    let code = ProblemCode::IdleWaiver;
    Problem {
        file: "catalogue.yaml".to_owned(),
        line: None,
        column: None,
        path: "waivers".to_owned(),
        about: waiver.id.clone(),
        code,
        severity: code.severity(),
        message: idle_message(waiver),
    }
}
