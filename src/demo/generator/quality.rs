//! Data that cannot be right, or that nobody supervises: kept, and said so.

use model::catalogue::Rule;
use model::finding::Code;
use model::time::{MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE};
use serde_json::json;

use super::World;
use super::draft::{Draft, Expected};
use super::profiles::UNSUPERVISED;
use super::random::Random;
use super::recipe::{Change, PLAIN, Recipe, When};

/// Days that a case must have been over for, so that what comes long after it still lies in the past.
const SETTLED_DAYS: i32 = 8;

const fn settled(change: Change) -> Recipe {
    Recipe { when: When::Done(SETTLED_DAYS), change, ..PLAIN }
}

pub(super) const QUALITY: &[Recipe] = &[
    settled(unknown_item),
    settled(unknown_step),
    settled(unknown_evidence),
    settled(after_close),
    settled(missing_start),
    settled(entry_lag),
    Recipe { items: &[UNSUPERVISED], change: |_, _, _| one(Code::NotSupervised), ..PLAIN },
];

fn one(code: Code) -> Option<Vec<Expected>> {
    Some(vec![Expected::quality(code)])
}

fn unknown_item(draft: &mut Draft<'_>, _: &World<'_>, random: &mut Random) -> Option<Vec<Expected>> {
    draft.code = format!("9901-XX-{:04}", random.between(1, 9_999));
    one(Code::UnknownItem)
}

/// A step of the department's own system that the catalogue does not have.
fn unknown_step(draft: &mut Draft<'_>, _: &World<'_>, _: &mut Random) -> Option<Vec<Expected>> {
    let closed = draft.closed?;
    let at = |minutes: i64| closed.plus_ms(-minutes * MS_PER_MINUTE);
    draft.say(at(5), "step.started", json!({ "step": "archive" }));
    draft.say(at(3), "step.completed", json!({ "step": "archive" }));
    one(Code::UnknownStep)
}

fn unknown_evidence(draft: &mut Draft<'_>, _: &World<'_>, _: &mut Random) -> Option<Vec<Expected>> {
    let visit = draft.visits.iter().find(|v| v.completed())?;
    let (step, end) = (visit.step, visit.end?);
    let ids = [format!("{}-lost", draft.case)];
    draft.say(end.plus_ms(-MS_PER_MINUTE), "evidence.removed", json!({ "step": step, "ids": ids }));
    one(Code::UnknownEvidence)
}

fn after_close(draft: &mut Draft<'_>, _: &World<'_>, random: &mut Random) -> Option<Vec<Expected>> {
    let at = draft.closed?.plus_ms(random.between(1, 5) * MS_PER_DAY);
    let step = draft.visits.last()?.step;
    let piece = json!({ "id": format!("{}-late", draft.case), "kind": "document", "name": "补充材料.pdf" });
    draft.say(at, "evidence.uploaded", json!({ "step": step, "evidence": [piece] }));
    one(Code::AfterClose)
}

/// A completion with no start, of a step that nothing else hangs on.
fn missing_start(draft: &mut Draft<'_>, _: &World<'_>, random: &mut Random) -> Option<Vec<Expected>> {
    let decides = |step: &str| {
        draft.item.points.iter().any(|point| match point.rule {
            Rule::DecisionBasis { step: of, .. } => draft.item.steps[of].id == step,
            _ => false,
        })
    };
    let able: Vec<usize> = (0..draft.visits.len())
        .filter(|i| draft.visits[*i].completed() && !decides(draft.visits[*i].step))
        .collect();
    if able.is_empty() {
        return None;
    }
    let visit = *random.pick(&able);
    draft.visits[visit].start = None;
    one(Code::MissingStart)
}

/// Written down days later than the item allows.
fn entry_lag(draft: &mut Draft<'_>, _: &World<'_>, random: &mut Random) -> Option<Vec<Expected>> {
    let allowed = i64::from(draft.item.max_entry_lag_hours?);
    draft.entry_lag = Some((allowed + random.between(12, 72)) * MS_PER_HOUR);
    one(Code::EntryLag)
}
