//! From dates to a whole clean case: people, evidence, decisions and money, as the item's own rules ask for them.

use model::catalogue::{Item, Rule, Standing, Tier};
use model::time::{Day, Instant, MS_PER_HOUR};

use super::World;
use super::draft::{Decision, Discretion, Draft, Payment, Piece, Visit};
use super::profiles::{Desk, Profile};
use super::random::Random;
use super::schedule::{Laid, Slot};
use super::words;

/// The lowest fine where the standard names none, fen.
const LOWEST_FINE: i64 = 5_000;

pub(super) fn dress<'c>(
    world: &World<'c>,
    item: &'c Item,
    profile: &'static Profile,
    laid: &Laid,
    number: u32,
    random: &mut Random,
) -> Draft<'c> {
    let desk = random.pick(profile.desks);
    let year = world.days.day_of(laid.accepted).year();
    let tail = profile.code.trim_start_matches("9901-").replace('-', "");
    let case = format!("YZ-{tail}-{year}-{number:06}");
    let applicant = if profile.business { words::business(random) } else { words::person(random) };
    let mut draft = Draft {
        title: format!("{applicant}{}（{}）", item.name.zh, words::place(random)),
        case,
        item,
        code: profile.code.to_owned(),
        profile,
        desk,
        region: world.catalogue.orgs.by_id.get(desk.org).and_then(|org| org.region.clone()),
        applicant,
        channel: words::channel(random),
        accepted: laid.accepted,
        visits: Vec::new(),
        payments: Vec::new(),
        closed: laid.closed,
        extra: Vec::new(),
        entry_lag: None,
    };
    for slot in &laid.slots {
        let mut visit = visit(world, &draft, slot, random);
        // An authorisation holds for later visits too, a certificate perhaps not: only where there is one visit.
        let once = laid.slots.iter().filter(|other| other.step == slot.step).count() == 1;
        visit.authorised = once && visit.officers.len() > 1 && random.chance(40);
        draft.visits.push(visit);
    }
    pay(&mut draft, random);
    draft
}

fn visit(world: &World<'_>, draft: &Draft<'_>, slot: &Slot, random: &mut Random) -> Visit {
    // All that happens in a visit happens in its last hour, in office hours if it ends in them.
    let end = slot.end.unwrap_or(slot.start.plus_ms(MS_PER_HOUR));
    let last = (end.0 - slot.start.0).min(MS_PER_HOUR);
    let before_end = |tenths: i64| end.plus_ms(-last * tenths / 10);
    let completed = slot.end.is_some() && slot.returned_to.is_none();
    let (mut evidence, mut fields, mut decision) = (Vec::new(), Vec::new(), None);
    let needed = officers_needed(draft.item, slot.step);
    for point in &draft.item.points {
        match &point.rule {
            Rule::Evidence { step, required } if is(draft.item, *step, slot) && completed => {
                for need in required {
                    let pieces = need.min + u32::from(random.chance(30));
                    evidence.extend((0..pieces).map(|_| need.kind.clone()));
                }
            }
            Rule::DecisionBasis { step, required_fields, .. } if is(draft.item, *step, slot) && completed => {
                let names = required_fields.iter().filter(|name| *name != "reason");
                fields.extend(names.map(|name| (name.clone(), words::reason(random).to_owned())));
                decision = Some(decide(draft, before_end(3), random));
            }
            _ => {}
        }
    }
    let on = world.days.day_of(end);
    let officers = officers(world, draft.desk, on, needed.unwrap_or(1) as usize, random);
    Visit {
        step: slot.step,
        start: Some(slot.start),
        end: slot.end,
        returned_to: slot.returned_to,
        suspended: slot.suspended,
        suspends_step: false,
        due: None,
        officers,
        authorised: false,
        uploaded: before_end(6),
        evidence: name_pieces(draft, slot.step, evidence, random),
        decision,
        fields,
    }
}

fn is(item: &Item, step: usize, slot: &Slot) -> bool {
    item.steps[step].id == slot.step
}

fn officers_needed(item: &Item, step: &str) -> Option<u32> {
    item.points.iter().find_map(|point| match point.rule {
        Rule::OfficerQualification { step: of, min_officers, .. } if item.steps[of].id == step => {
            Some(min_officers)
        }
        _ => None,
    })
}

/// Officers of the desk with a certificate valid on a day.
fn officers(world: &World<'_>, desk: &Desk, on: Day, many: usize, random: &mut Random) -> Vec<String> {
    let mut able: Vec<String> =
        desk.officer_ids().filter(|id| world.standing(id, on) == Standing::Qualified).collect();
    random.shuffle(&mut able);
    able.truncate(many);
    able
}

fn name_pieces(draft: &Draft<'_>, step: &str, kinds: Vec<String>, random: &mut Random) -> Vec<Piece> {
    // A second visit of a step brings new pieces.
    let before: usize = draft.visits.iter().filter(|v| v.step == step).map(|v| v.evidence.len()).sum();
    let piece = |(number, kind): (usize, String)| Piece {
        id: format!("{}-{step}-{}", draft.case, before + number + 1),
        name: words::piece(&kind, before + number + 1),
        kind,
        sha256: random.digest(),
    };
    kinds.into_iter().enumerate().map(piece).collect()
}

fn decide(draft: &Draft<'_>, at: Instant, random: &mut Random) -> Decision {
    let basis = draft.item.legal_basis.iter().map(|b| (b.law.clone(), b.article.clone())).collect();
    let mut decision = Decision {
        at,
        code: draft.profile.decision.to_owned(),
        basis,
        reason: words::reason(random).to_owned(),
        fine: None,
        discretion: None,
    };
    if !draft.item.discretion.is_empty() {
        let standard = random.pick(&draft.item.discretion);
        let tier = random.pick(&standard.tiers);
        decision.fine = Some(fine(tier, random));
        decision.discretion = Some(Discretion {
            standard: standard.id.clone(),
            tier: tier.id.clone(),
            circumstances: tier.circumstances.first().cloned().into_iter().collect(),
        });
    }
    decision
}

/// A fine inside a tier, in whole yuan.
fn fine(tier: &Tier, random: &mut Random) -> i64 {
    let (low, high) = (tier.fine_fen.0.unwrap_or(LOWEST_FINE), tier.fine_fen.1.unwrap_or(LOWEST_FINE * 10));
    let yuan = random.between((low + 99) / 100, high / 100);
    (yuan * 100).clamp(low, high)
}

/// The fine is paid in the step of execution; sometimes in two parts, sometimes late and with a surcharge.
fn pay(draft: &mut Draft<'_>, random: &mut Random) {
    let Some(fine) = draft.fine() else { return };
    let Some(visit) = draft.completed("execution") else { return };
    let (Some(start), Some(end)) = (visit.start, visit.end) else { return };
    let hour = (end.0 - start.0).min(MS_PER_HOUR);
    let at = |tenths: i64| end.plus_ms(-hour * tenths / 10);
    let payment = |at, fen| Payment { at, fen, voucher: true };
    match random.below(10) {
        0 => {
            let first = fine / 200 * 100;
            draft.payments.extend([payment(at(8), first), payment(at(2), fine - first)]);
        }
        1 => {
            let surcharge = (fine * 3 / 100).max(1);
            let data = serde_json::json!({ "amount_fen": surcharge, "reason": "逾期加处罚款" });
            draft.say(at(7), "charge.added", data);
            draft.payments.push(payment(at(2), fine + surcharge));
        }
        _ => draft.payments.push(payment(at(5), fine)),
    }
}
