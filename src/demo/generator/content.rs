//! What is wrong with a case apart from time: its officers, evidence, decision, money. Each change is made to a case that
//! was clean, at the item's own supervision points.

use model::catalogue::{RequiredEvidence, Rule, Standing};
use model::finding::{Code, Kind};
use model::time::{MS_PER_HOUR, MS_PER_MINUTE};
use serde_json::json;

use super::World;
use super::draft::{Draft, Expected, Payment, find_point};
use super::random::Random;
use super::recipe::{Change, PLAIN, Recipe};

const fn any(change: Change) -> Recipe {
    Recipe { change, ..PLAIN }
}

const fn fined(change: Change) -> Recipe {
    Recipe {
        items: &["9901-CF-0042", "9901-CF-0107", "9901-CF-0211", "9901-CF-0330", "9901-CF-0042"],
        change,
        ..PLAIN
    }
}

pub(super) const OFFICERS: &[Recipe] = &[
    any(|draft, world, random| add_officer(draft, world, random, Standing::NotRegistered)),
    any(|draft, world, random| add_officer(draft, world, random, Standing::Expired)),
    any(|draft, world, random| add_officer(draft, world, random, Standing::NotYetValid)),
    any(too_few),
    any(|draft, world, random| swap_officer(draft, world, random, Standing::Expired)),
    any(|draft, world, random| swap_officer(draft, world, random, Standing::NotRegistered)),
];

pub(super) const EVIDENCE: &[Recipe] =
    &[any(evidence_missing), any(evidence_late), any(evidence_reduced), any(evidence_missing)];

pub(super) const DECISIONS: &[Recipe] = &[any(no_basis), any(blank_reason), any(blank_field), any(negative)];

pub(super) const DISCRETION: &[Recipe] =
    &[fined(unknown_tier), fined(no_discretion), fined(out_of_tier), fined(tier_mismatch)];

pub(super) const EXECUTION: &[Recipe] = &[
    Recipe { items: &["9901-CF-0042", "9901-CF-0107", "9901-CF-0211"], change: no_voucher, ..PLAIN },
    fined(over_executed),
    fined(under_executed),
    fined(charge_unpaid),
    fined(executed_undecided),
];

/// Plants a violation of another kind into a case that has one, where there is a place for it.
pub(super) fn plant_second(
    draft: &mut Draft<'_>,
    world: &World<'_>,
    random: &mut Random,
    expected: &mut Vec<Expected>,
) {
    let kinds: [(Kind, Change); 2] =
        [(Kind::OfficerQualification, too_few), (Kind::Evidence, evidence_missing)];
    let (kind, change) = *random.pick(&kinds);
    // An item that nobody knows has no supervision points.
    if expected.iter().any(|e| e.kind == kind || e.kind == Kind::DataQuality) {
        return;
    }
    expected.extend(change(draft, world, random).unwrap_or_default());
}

/// The point and its step, if the step was visited once and completed.
fn officer_point(draft: &Draft<'_>) -> Option<(String, String, u32)> {
    let item = draft.item;
    let (point, (step, min)) = find_point(item, |rule| match rule {
        Rule::OfficerQualification { step, min_officers, .. } => {
            let step = item.steps[*step].id.as_str();
            (draft.visits_of(step) == 1).then_some((step, *min_officers))
        }
        _ => None,
    })?;
    Some((point.to_owned(), step.to_owned(), min))
}

fn add_officer(
    draft: &mut Draft<'_>,
    world: &World<'_>,
    random: &mut Random,
    standing: Standing,
) -> Option<Vec<Expected>> {
    let (point, step, _) = officer_point(draft)?;
    let desk = draft.desk;
    let visit = draft.completed(&step)?;
    let officer = world.officer_of(desk, world.days.day_of(visit.end?), standing, random)?;
    visit.officers.push(officer);
    Some(vec![Expected::red(&point, Code::UnqualifiedOfficer)])
}

/// One fewer than the point asks for.
fn too_few(draft: &mut Draft<'_>, _: &World<'_>, _: &mut Random) -> Option<Vec<Expected>> {
    let (point, step, min) = officer_point(draft)?;
    draft.completed(&step)?.officers.truncate(min as usize - 1);
    Some(vec![Expected::red(&point, Code::TooFewOfficers)])
}

fn swap_officer(
    draft: &mut Draft<'_>,
    world: &World<'_>,
    random: &mut Random,
    standing: Standing,
) -> Option<Vec<Expected>> {
    let mut expected = add_officer(draft, world, random, standing)?;
    let (point, step, _) = officer_point(draft)?;
    draft.completed(&step)?.officers.remove(0);
    expected.push(Expected::red(&point, Code::TooFewOfficers));
    Some(expected)
}

/// A point, its step and one kind of evidence that it asks for.
fn evidence_point(draft: &Draft<'_>, random: &mut Random) -> Option<(String, String, RequiredEvidence)> {
    let item = draft.item;
    let (point, (step, required)) = find_point(item, |rule| match rule {
        Rule::Evidence { step, required } => {
            let step = item.steps[*step].id.as_str();
            (draft.visits_of(step) == 1 && !required.is_empty()).then_some((step, required))
        }
        _ => None,
    })?;
    Some((point.to_owned(), step.to_owned(), random.pick(required).clone()))
}

fn evidence_missing(draft: &mut Draft<'_>, _: &World<'_>, random: &mut Random) -> Option<Vec<Expected>> {
    let (point, step, need) = evidence_point(draft, random)?;
    let visit = draft.completed(&step)?;
    let mut left = need.min - 1;
    visit.evidence.retain(|piece| {
        let keep = piece.kind != need.kind || left > 0;
        left -= u32::from(keep && piece.kind == need.kind);
        keep
    });
    Some(vec![Expected::red(&point, Code::EvidenceMissing)])
}

/// Missing when the step ended, and handed in afterwards: it was missing all the same.
fn evidence_late(draft: &mut Draft<'_>, _: &World<'_>, random: &mut Random) -> Option<Vec<Expected>> {
    let (point, step, need) = evidence_point(draft, random)?;
    let visit = draft.completed(&step)?;
    let end = visit.end?;
    let late: Vec<_> = visit.evidence.extract_if(.., |piece| piece.kind == need.kind).collect();
    let pieces: Vec<_> = late.iter().map(|p| json!({ "id": p.id, "kind": p.kind, "name": p.name })).collect();
    draft.say(end.plus_ms(MS_PER_MINUTE), "evidence.uploaded", json!({ "step": step, "evidence": pieces }));
    Some(vec![Expected::red(&point, Code::EvidenceMissing)])
}

/// All pieces of a kind taken away at once, after the step was completed.
fn evidence_reduced(draft: &mut Draft<'_>, _: &World<'_>, random: &mut Random) -> Option<Vec<Expected>> {
    let (point, step, need) = evidence_point(draft, random)?;
    let visit = draft.completed(&step)?;
    let end = visit.end?;
    let of_kind = visit.evidence.iter().filter(|piece| piece.kind == need.kind);
    let ids: Vec<String> = of_kind.map(|piece| piece.id.clone()).collect();
    let data = json!({ "step": step, "ids": ids, "reason": "误传" });
    draft.say(end.plus_ms(MS_PER_MINUTE), "evidence.removed", data);
    Some(vec![Expected::red(&point, Code::EvidenceReduced)])
}

/// The point of an item's decision, its negative codes and required fields.
fn decision_point<'c>(draft: &Draft<'c>) -> Option<(&'c str, &'c str, &'c [String], &'c [String])> {
    let item = draft.item;
    let (point, (step, negative, fields)) = find_point(item, |rule| match rule {
        Rule::DecisionBasis { step, negative, required_fields } => {
            Some((item.steps[*step].id.as_str(), negative.as_slice(), required_fields.as_slice()))
        }
        _ => None,
    })?;
    Some((point, step, negative, fields))
}

fn no_basis(draft: &mut Draft<'_>, _: &World<'_>, random: &mut Random) -> Option<Vec<Expected>> {
    let (point, ..) = decision_point(draft)?;
    let decision = draft.decision()?;
    decision.basis.clear();
    if random.chance(50) {
        decision.basis.push((" ".to_owned(), String::new()));
    }
    Some(vec![Expected::red(point, Code::NoBasis)])
}

fn blank_reason(draft: &mut Draft<'_>, _: &World<'_>, random: &mut Random) -> Option<Vec<Expected>> {
    let (point, _, _, fields) = decision_point(draft)?;
    if !fields.iter().any(|field| field == "reason") {
        return None;
    }
    // U+3000 is white space too.
    draft.decision()?.reason = (*random.pick(&["", " ", "\u{3000}\u{3000}"])).to_owned();
    Some(vec![Expected::red(point, Code::BlankField)])
}

fn blank_field(draft: &mut Draft<'_>, _: &World<'_>, random: &mut Random) -> Option<Vec<Expected>> {
    let (point, step, ..) = decision_point(draft)?;
    let visit = draft.completed(step)?;
    let last = visit.fields.last_mut()?;
    if random.chance(50) {
        last.1 = "\u{3000}".to_owned();
    } else {
        visit.fields.pop();
    }
    Some(vec![Expected::red(point, Code::BlankField)])
}

/// Nothing is fined, granted or paid: the steps that would do so are not taken.
fn negative(draft: &mut Draft<'_>, _: &World<'_>, random: &mut Random) -> Option<Vec<Expected>> {
    let (point, _, negative, _) = decision_point(draft)?;
    if negative.is_empty() {
        return None;
    }
    let decision = draft.decision()?;
    decision.code.clone_from(random.pick(negative));
    decision.fine = None;
    decision.discretion = None;
    draft.payments.clear();
    draft.extra.retain(|fact| fact.kind != "charge.added");
    draft.visits.retain(|v| !matches!(v.step, "execution" | "payment" | "payout" | "disbursal" | "refund"));
    Some(vec![Expected::yellow(point, Code::NegativeDecision)])
}

fn discretion_point(draft: &Draft<'_>) -> Option<String> {
    let of_kind = |rule: &Rule| matches!(rule, Rule::Discretion { .. }).then_some(());
    find_point(draft.item, of_kind).map(|(point, ())| point.to_owned())
}

fn unknown_tier(draft: &mut Draft<'_>, _: &World<'_>, _: &mut Random) -> Option<Vec<Expected>> {
    let point = discretion_point(draft)?;
    draft.decision()?.discretion.as_mut()?.tier = "extreme".to_owned();
    Some(vec![Expected::red(&point, Code::UnknownTier)])
}

fn no_discretion(draft: &mut Draft<'_>, _: &World<'_>, _: &mut Random) -> Option<Vec<Expected>> {
    let point = discretion_point(draft)?;
    draft.decision()?.discretion = None;
    Some(vec![Expected::red(&point, Code::UnknownTier)])
}

/// Ten times the highest fine of the tier, and paid.
fn out_of_tier(draft: &mut Draft<'_>, _: &World<'_>, _: &mut Random) -> Option<Vec<Expected>> {
    let point = discretion_point(draft)?;
    let item = draft.item;
    let decision = draft.decision()?;
    let discretion = decision.discretion.as_ref()?;
    let standard = item.discretion.iter().find(|s| s.id == discretion.standard)?;
    let highest = standard.tiers.iter().find(|t| t.id == discretion.tier)?.fine_fen.1?;
    let before = decision.fine?;
    decision.fine = Some(highest * 10);
    draft.payments.last_mut()?.fen += highest * 10 - before;
    Some(vec![Expected::red(&point, Code::OutOfTier)])
}

fn tier_mismatch(draft: &mut Draft<'_>, _: &World<'_>, random: &mut Random) -> Option<Vec<Expected>> {
    let point = discretion_point(draft)?;
    let circumstances = if random.chance(50) { Vec::new() } else { vec!["other_circumstances".to_owned()] };
    draft.decision()?.discretion.as_mut()?.circumstances = circumstances;
    Some(vec![Expected::red(&point, Code::TierMismatch)])
}

fn execution_point(draft: &Draft<'_>) -> Option<String> {
    let of_kind = |rule: &Rule| matches!(rule, Rule::PenaltyExecution { .. }).then_some(());
    find_point(draft.item, of_kind).map(|(point, ())| point.to_owned())
}

fn no_voucher(draft: &mut Draft<'_>, _: &World<'_>, _: &mut Random) -> Option<Vec<Expected>> {
    let point = execution_point(draft)?;
    draft.payments.last_mut()?.voucher = false;
    Some(vec![Expected::red(&point, Code::NoVoucher)])
}

fn over_executed(draft: &mut Draft<'_>, _: &World<'_>, random: &mut Random) -> Option<Vec<Expected>> {
    let point = execution_point(draft)?;
    draft.payments.last_mut()?.fen += random.between(1, 50) * 100;
    Some(vec![Expected::red(&point, Code::OverExecuted)])
}

fn under_executed(draft: &mut Draft<'_>, _: &World<'_>, random: &mut Random) -> Option<Vec<Expected>> {
    let point = execution_point(draft)?;
    let last = draft.payments.last_mut()?;
    last.fen = last.fen * random.between(20, 90) / 100;
    Some(vec![Expected::red(&point, Code::UnderExecuted)])
}

/// The fine is paid, the surcharge is not.
fn charge_unpaid(draft: &mut Draft<'_>, _: &World<'_>, _: &mut Random) -> Option<Vec<Expected>> {
    let point = execution_point(draft)?;
    let at = draft.payments.first()?.at;
    let data = json!({ "amount_fen": 3_000, "reason": "逾期加处罚款" });
    draft.say(at.plus_ms(-MS_PER_MINUTE), "charge.added", data);
    Some(vec![Expected::red(&point, Code::UnderExecuted)])
}

/// Collected before anything was decided; so it is also more than what was owed by then.
fn executed_undecided(draft: &mut Draft<'_>, _: &World<'_>, _: &mut Random) -> Option<Vec<Expected>> {
    let point = execution_point(draft)?;
    let fen = draft.payments.iter().map(|p| p.fen).sum();
    let first = draft.visits.first()?;
    let hour = (first.end?.0 - first.start?.0).min(MS_PER_HOUR);
    let at = first.start?.plus_ms(hour / 3);
    draft.payments = vec![Payment { at, fen, voucher: true }];
    Some(vec![Expected::red(&point, Code::ExecutedUndecided), Expected::red(&point, Code::OverExecuted)])
}
