//! A case's draft as the events that its department publishes.

use model::time::{Instant, MS_PER_SECOND};
use serde_json::{Map, Value, json};

use super::World;
use super::draft::{Draft, Fact, Payment, Visit};

/// The events of a case in the order in which they happened, no two at one instant.
pub(super) fn facts(draft: &Draft<'_>, world: &World<'_>) -> Vec<Fact> {
    let mut facts = vec![accepted(draft)];
    for visit in &draft.visits {
        facts.extend(visit_facts(visit, world));
    }
    let number = |(n, payment)| executed(&draft.case, n, payment);
    facts.extend((1..).zip(&draft.payments).map(number));
    facts.extend(draft.extra.iter().cloned());
    if let Some(at) = draft.closed {
        facts.push(Fact::new(at, "case.closed", json!({ "outcome": draft.profile.decision })));
    }
    facts.sort_by_key(|fact| fact.at);
    let mut last = Instant(i64::MIN);
    for fact in &mut facts {
        fact.at = fact.at.max(last.plus_ms(MS_PER_SECOND));
        last = fact.at;
    }
    facts
}

fn accepted(draft: &Draft<'_>) -> Fact {
    let data = json!({
        "item": draft.code,
        "org": draft.desk.org,
        "region": draft.region,
        "title": draft.title,
        "applicant": draft.applicant,
        "channel": draft.channel,
    });
    Fact::new(draft.accepted, "case.accepted", data)
}

fn visit_facts(visit: &Visit, world: &World<'_>) -> Vec<Fact> {
    let step = visit.step;
    let mut facts = Vec::new();
    if let Some(start) = visit.start {
        facts.push(Fact::new(start, "step.started", started(visit, world)));
        if visit.authorised && !visit.officers.is_empty() {
            let data = json!({ "step": step, "officers": visit.officers });
            facts.push(Fact::new(start.plus_ms(MS_PER_SECOND), "officers.authorized", data));
        }
    }
    if let Some((from, to)) = visit.suspended {
        let scope = visit.suspends_step.then_some(step);
        facts.push(Fact::new(from, "clock.suspended", json!({ "reason": "委托检验鉴定", "step": scope })));
        facts.extend(to.map(|to| Fact::new(to, "clock.resumed", json!({ "step": scope }))));
    }
    if !visit.evidence.is_empty() {
        facts.push(Fact::new(visit.uploaded, "evidence.uploaded", uploaded(visit)));
    }
    if let Some(decision) = &visit.decision {
        facts.push(Fact::new(decision.at, "decision.made", decided(visit)));
    }
    if let Some(end) = visit.end {
        facts.push(match visit.returned_to {
            Some(to) => {
                let data = json!({ "from": step, "to": to, "reason": "退回补充" });
                Fact::new(end, "step.returned", data)
            }
            None => Fact::new(end, "step.completed", completed(visit)),
        });
    }
    facts
}

fn started(visit: &Visit, world: &World<'_>) -> Value {
    let mut data = json!({ "step": visit.step });
    if !visit.authorised && !visit.officers.is_empty() {
        data["officers"] = json!(visit.officers);
    }
    if let Some(due) = visit.due {
        data["due"] = json!(world.days.text(due));
    }
    data
}

fn completed(visit: &Visit) -> Value {
    let mut data = json!({ "step": visit.step });
    if !visit.fields.is_empty() {
        let fields: Map<String, Value> = visit.fields.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
        data["fields"] = Value::Object(fields);
    }
    data
}

fn uploaded(visit: &Visit) -> Value {
    let piece =
        |p: &super::draft::Piece| json!({ "id": p.id, "kind": p.kind, "name": p.name, "sha256": p.sha256 });
    json!({ "step": visit.step, "evidence": visit.evidence.iter().map(piece).collect::<Vec<_>>() })
}

fn decided(visit: &Visit) -> Value {
    let Some(decision) = &visit.decision else { return Value::Null };
    let basis: Vec<Value> =
        decision.basis.iter().map(|(law, article)| json!({ "law": law, "article": article })).collect();
    let mut data = json!({
        "step": visit.step,
        "decision": decision.code,
        "basis": basis,
        "reason": decision.reason,
    });
    if let Some(fine) = decision.fine {
        data["fine_fen"] = json!(fine);
    }
    if let Some(d) = &decision.discretion {
        data["discretion"] =
            json!({ "standard": d.standard, "tier": d.tier, "circumstances": d.circumstances });
    }
    data
}

fn executed(case: &str, number: usize, payment: &Payment) -> Fact {
    let vouchers: Vec<Value> =
        payment.voucher.then(|| json!({ "id": format!("{case}-PJ{number}") })).into_iter().collect();
    Fact::new(payment.at, "penalty.executed", json!({ "fine_fen": payment.fen, "vouchers": vouchers }))
}
