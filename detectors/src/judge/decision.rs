//! 决定依据 and 自由裁量: the decision that stands, its basis, its form, and its place in the discretion standard.

use model::catalogue::{Item, Tier};
use model::event::{Body, Decision};
use model::finding::{Code, Kind, Light};

use crate::history::History;
use crate::verdict::{Story, Verdict};

/// The decision that stands, if it was made at `step`: a later one replaces the earlier, whatever its step.
fn standing<'h>(history: &'h History<'_>, step: &str) -> Option<(usize, &'h Decision<'h>)> {
    let last = history.iter().rev().find_map(|(i, body)| match body {
        Body::DecisionMade(decision) => Some((i, decision)),
        _ => None,
    });
    last.filter(|(_, d)| d.step == step)
}

fn verdict(history: &History<'_>, step: &str, at: usize, kind: Kind, code: Code, light: Light) -> Verdict {
    Verdict::new(kind, code, light, history.time(at))
        .at_step(step, history.visit_before(step, at))
        .resting_on([at])
}

pub(super) fn judge_basis(
    history: &History<'_>,
    step: &str,
    negative: &[String],
    required_fields: &[String],
    out: &mut Vec<Verdict>,
) {
    let Some((at, decision)) = standing(history, step) else { return };
    let verdict = |code, light| verdict(history, step, at, Kind::DecisionBasis, code, light);
    if !decision.cites_basis {
        let story = Story::Decision { decision: decision.decision.to_string() };
        out.push(verdict(Code::NoBasis, Light::Red).telling(story));
    }
    for field in required_fields {
        let blank_at = match field.as_str() {
            "reason" => (!decision.has_reason).then_some(at),
            name => blank_field(history, step, name),
        };
        if let Some(completion) = blank_at {
            let story = Story::Field { name: field.clone() };
            let blank = verdict(Code::BlankField, Light::Red).resting_on([at, completion]);
            out.push(blank.told_apart_by(field).detailed(field).telling(story));
        }
    }
    if negative.iter().any(|n| *n == decision.decision) {
        let story = Story::Decision { decision: decision.decision.to_string() };
        out.push(verdict(Code::NegativeDecision, Light::Yellow).telling(story));
    }
}

/// The completion of the step that shows a field blank; `None` while the step has not been completed.
fn blank_field(history: &History<'_>, step: &str, name: &str) -> Option<usize> {
    let mut last_completion = None;
    for (i, body) in history.iter().rev() {
        let Body::StepCompleted { step: of, fields, .. } = body else { continue };
        if of != step {
            continue;
        }
        last_completion.get_or_insert(i);
        // Of two members of one name the last is meant, as JSON readers take it.
        if let Some(field) = fields.iter().rev().find(|f| f.name == name) {
            return field.blank.then_some(i);
        }
    }
    last_completion
}

pub(super) fn judge_discretion(history: &History<'_>, item: &Item, step: &str, out: &mut Vec<Verdict>) {
    let Some((at, decision)) = standing(history, step) else { return };
    let discretion = decision.discretion.as_ref();
    let named = |member: Option<&model::event::Text<'_>>| member.map(ToString::to_string).unwrap_or_default();
    let standard = named(discretion.and_then(|d| d.standard.as_ref()));
    let tier_id = named(discretion.and_then(|d| d.tier.as_ref()));
    let tier = tier(item, &standard, &tier_id);
    let fine = decision.fine_fen;
    let claimed = discretion.map_or(&[][..], |d| &d.circumstances);
    let mut say = |code| {
        let story = Story::Discretion {
            standard: standard.clone(),
            tier: tier_id.clone(),
            fine,
            range: tier.map_or((None, None), |t| t.fine_fen),
            circumstances: tier.map_or_else(Vec::new, |t| t.circumstances.clone()),
        };
        out.push(verdict(history, step, at, Kind::Discretion, code, Light::Red).telling(story));
    };
    match tier {
        None if fine.is_some_and(|f| f > 0) => say(Code::UnknownTier),
        None => {}
        Some(tier) => {
            let (min, max) = tier.fine_fen;
            if fine.is_some_and(|f| min.is_some_and(|min| f < min) || max.is_some_and(|max| f > max)) {
                say(Code::OutOfTier);
            }
            let matches = claimed.iter().any(|c| tier.circumstances.iter().any(|t| *t == **c));
            if !tier.circumstances.is_empty() && !matches {
                say(Code::TierMismatch);
            }
        }
    }
}

fn tier<'i>(item: &'i Item, standard: &str, tier: &str) -> Option<&'i Tier> {
    item.discretion.iter().find(|s| s.id == standard)?.tiers.iter().find(|t| t.id == tier)
}
