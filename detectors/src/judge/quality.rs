//! Data quality, always on: what the facts say that cannot be, or that nobody supervises.

use model::event::{Body, Event};
use model::finding::{Code, Kind, Light};
use model::time::MS_PER_HOUR;

use super::Rules;
use crate::history::History;
use crate::verdict::{Story, Verdict};

pub(super) fn judge(history: &History<'_>, rules: Rules<'_>, out: &mut Vec<Verdict>) {
    missing_starts(history, out);
    after_close(history, out);
    unknown_evidence(history, out);
    let Some(item) = rules.item else { return unknown_item(history, out) };
    if item.limits.is_empty()
        && let Some(at) = history.accepted()
    {
        out.push(verdict(history, Code::NotSupervised, at));
    }
    unknown_steps(history, item, out);
    if let Some(allowed) = item.max_entry_lag_hours {
        entry_lag(history, allowed, out);
    }
}

fn verdict(history: &History<'_>, code: Code, at: usize) -> Verdict {
    Verdict::new(Kind::DataQuality, code, Light::Yellow, history.time(at)).resting_on([at])
}

fn named(history: &History<'_>, code: Code, at: usize, name: &str) -> Verdict {
    let detail = Some(name.to_owned());
    Verdict { detail, ..verdict(history, code, at).told_apart_by(name) }
}

fn unknown_item(history: &History<'_>, out: &mut Vec<Verdict>) {
    if let (Some(at), Some(item)) = (history.accepted(), history.item_code()) {
        out.push(named(history, Code::UnknownItem, at, item));
    }
}

fn missing_starts(history: &History<'_>, out: &mut Vec<Verdict>) {
    let Some(&at) = history.missing_starts().first() else { return };
    if let Body::StepCompleted { step, .. } = &history.events()[at].body {
        out.push(verdict(history, Code::MissingStart, at).at_step(step, None));
    }
}

fn after_close(history: &History<'_>, out: &mut Vec<Verdict>) {
    let Some(closed) = history.closed() else { return };
    let end = history.time(closed);
    if let Some((at, _)) = history.iter().find(|(i, _)| history.time(*i) > end) {
        out.push(verdict(history, Code::AfterClose, at));
    }
}

fn unknown_evidence(history: &History<'_>, out: &mut Vec<Verdict>) {
    let mut seen: Vec<&str> = Vec::new();
    for &i in history.removals() {
        let Body::EvidenceRemoved { step, ids } = &history.events()[i].body else { continue };
        for id in ids {
            let uploaded = history.iter().take(i).any(|(_, body)| match body {
                Body::EvidenceUploaded { step: of, pieces } => {
                    of == step && pieces.iter().any(|p| p.id == *id)
                }
                _ => false,
            });
            if !uploaded && !seen.contains(&id.as_ref()) {
                seen.push(id);
                out.push(named(history, Code::UnknownEvidence, i, id));
            }
        }
    }
}

fn unknown_steps(history: &History<'_>, item: &model::catalogue::Item, out: &mut Vec<Verdict>) {
    let mut seen: Vec<&str> = Vec::new();
    for (i, event) in history.events().iter().enumerate() {
        for step in steps_named(event).into_iter().flatten() {
            if item.step(step).is_none() && !seen.contains(&step) {
                seen.push(step);
                out.push(named(history, Code::UnknownStep, i, step).at_step(step, None));
            }
        }
    }
}

fn steps_named<'e>(event: &'e Event<'_>) -> [Option<&'e str>; 2] {
    match &event.body {
        Body::StepStarted { step, .. }
        | Body::OfficersAuthorized { step, .. }
        | Body::StepCompleted { step, .. }
        | Body::EvidenceUploaded { step, .. }
        | Body::EvidenceRemoved { step, .. } => [Some(step), None],
        Body::DecisionMade(decision) => [Some(&decision.step), None],
        Body::StepReturned { from, to } => [Some(from), Some(to)],
        Body::ClockSuspended { step } | Body::ClockResumed { step } => [step.as_deref(), None],
        Body::CaseAccepted { .. }
        | Body::ChargeAdded { .. }
        | Body::PenaltyExecuted { .. }
        | Body::LimitExtended { .. }
        | Body::CaseClosed
        | Body::CaseWithdrawn
        | Body::SourceHeartbeat { .. } => [None, None],
    }
}

fn entry_lag(history: &History<'_>, allowed: u32, out: &mut Vec<Verdict>) {
    let lag = |event: &Event<'_>| event.recorded.map_or(0, |recorded| recorded.0 - event.time.0);
    let lagging = history.events().iter().position(|e| lag(e) > i64::from(allowed) * MS_PER_HOUR);
    if let Some(at) = lagging {
        let hours = lag(&history.events()[at]) / MS_PER_HOUR;
        out.push(verdict(history, Code::EntryLag, at).telling(Story::Lag { hours, allowed }));
    }
}
