//! 执法主体资格确认: the deck's slides 30 and 31, two-officer points where nobody is authorised.

use super::Lint;
use crate::catalogue::{ProblemCode, Rule, both};

pub(super) fn check(lint: &mut Lint<'_>) {
    for (i, point) in lint.item.points.iter().enumerate() {
        if let Rule::OfficerQualification { step, min_officers, classes, in_area } = &point.rule {
            check_authorized(lint, i, *step);
            check_registered(lint, i, *min_officers, (classes, *in_area));
        }
    }
}

/// Only where the catalogue says at all which step authorises the officers of which (环节授权).
fn check_authorized(lint: &mut Lint<'_>, point: usize, step: usize) {
    let steps = &lint.item.steps;
    let somebody = steps.iter().any(|s| !s.authorizes.is_empty());
    if !somebody || steps.iter().any(|s| s.authorizes.contains(&step)) {
        return;
    }
    let id = lint.step_id(step);
    let given_here = &steps[step].authorizes;
    let message = if given_here.is_empty() {
        let duties = lint.step_ids(steps.iter().flat_map(|s| s.authorizes.iter().copied()));
        both!(
            "没有环节为“{id}”授权办件人员，每次都会报 too_few_officers：现有授权的环节为 {duties}；请移动此监察点，或在授权环节的 authorizes 中加入“{id}”",
            "no step authorises officers for \"{id}\", so every case is a too_few_officers; they are authorised for {duties}: move the point, or name \"{id}\" in the `authorizes` of the step that does it"
        )
    } else {
        let duties = lint.step_ids(given_here.iter().copied());
        both!(
            "环节“{id}”的授权是给 {duties} 的：监察点应设在有双人执法义务的环节，而不是授权的环节；请移到 {duties}",
            "the officers authorised at \"{id}\" are those of {duties}: a point stands on the step that has the duty, not on the one before that gives the authorisation; move it to {duties}"
        )
    };
    lint.note(&format!("points[{point}].step"), ProblemCode::OfficersNotAuthorized, message);
}

fn check_registered(
    lint: &mut Lint<'_>,
    point: usize,
    min_officers: u32,
    (classes, in_area): (&[String], bool),
) {
    let certified = lint.catalogue.officers.certified(classes, in_area);
    if certified >= min_officers as usize {
        return;
    }
    let (mut zh, mut en) = (String::new(), String::new());
    if !classes.is_empty() {
        let named = classes.join("、");
        zh.push_str(&format!("（执法类别为 {named}）"));
        en.push_str(&format!(" of the class {named}"));
    }
    if in_area {
        zh.push_str("（执法区域填有区划代码，或 orgs.yaml 中政府的地名）");
        en.push_str(" whose area names a region, by its code or as its government is called in orgs.yaml");
    }
    let message = both!(
        "要求 {min_officers} 名执法人员，而 officers.csv 中持证者{zh}只有 {certified} 名：任何案件都无法满足；请补录证件或减少人数",
        "asks for {min_officers} officers, but only {certified} in officers.csv hold a certificate{en}, so no case can satisfy it: enter the certificates, or ask for fewer"
    );
    lint.note(&format!("points[{point}].min_officers"), ProblemCode::TooFewRegistered, message);
}
