//! 环节回退: returns that the flow does not foresee, said or silent.

use model::catalogue::Item;
use model::event::Body;
use model::finding::{Code, Kind, Light};

use crate::history::History;
use crate::verdict::{Story, Verdict};

pub(super) fn judge(history: &History<'_>, item: &Item, step: usize, out: &mut Vec<Verdict>) {
    judge_returns(history, item, step, out);
    judge_restarts(history, item, step, out);
}

fn designed(item: &Item, from: usize, to: &str) -> bool {
    item.steps[from].next.iter().any(|next| item.steps[*next].id == to)
}

fn judge_returns(history: &History<'_>, item: &Item, step: usize, out: &mut Vec<Verdict>) {
    let id = item.steps[step].id.as_str();
    let mut facts = Vec::new();
    for &i in history.returns() {
        let event = &history.events()[i];
        let Body::StepReturned { from, to } = &event.body else { continue };
        if from != id || designed(item, step, to) {
            continue;
        }
        facts.push(i);
        let story = Story::Return { to: to.to_string(), times: facts.len() as u32 };
        let verdict = |code, light| {
            Verdict::new(Kind::StepRollback, code, light, event.time)
                .at_step(id, history.visit_before(id, i))
                .told_apart_by(format!("{}\n{}", event.source, event.id))
                .telling(story.clone())
        };
        out.push(verdict(Code::Rollback, Light::Yellow).resting_on([i]));
        if facts.len() > 1 {
            out.push(verdict(Code::RepeatedRollback, Light::Red).resting_on(facts.iter().copied()));
        }
    }
}

/// A step is started that stands before the point's step, which was the one most recently completed.
fn judge_restarts(history: &History<'_>, item: &Item, step: usize, out: &mut Vec<Verdict>) {
    let id = item.steps[step].id.as_str();
    // The completion of the point's step after which nothing else was completed or returned.
    let mut completed: Option<usize> = None;
    for (i, body) in history.iter() {
        match body {
            Body::StepCompleted { step, .. } => completed = (step == id).then_some(i),
            Body::StepReturned { .. } => completed = None,
            Body::StepStarted { step: started, .. } => {
                let Some(completion) = completed else { continue };
                let earlier = item.step(started).is_some_and(|s| s < step);
                if !earlier || designed(item, step, started) {
                    continue;
                }
                let event = &history.events()[i];
                let verdict =
                    Verdict::new(Kind::StepRollback, Code::ImplicitRollback, Light::Yellow, event.time)
                        .at_step(id, visit_ended_at(history, id, completion))
                        .told_apart_by(format!("{}\n{}", event.source, event.id))
                        .resting_on([completion, i])
                        .telling(Story::Restart { step: started.to_string() });
                out.push(verdict);
            }
            _ => {}
        }
    }
}

/// Number of the visit that a completion ended; the highest, if it ended several.
fn visit_ended_at(history: &History<'_>, step: &str, completion: usize) -> Option<u32> {
    let visits = history.visits(step);
    visits.iter().rposition(|v| v.end.is_some_and(|e| e.at == completion)).map(|i| i as u32 + 1)
}
