//! 证据固化: main evidence missing at a step's completion, or reduced after it.

use model::catalogue::RequiredEvidence;
use model::event::{Body, Text};
use model::finding::{Code, Kind, Light};

use crate::history::History;
use crate::verdict::{Story, Verdict};

/// Pieces of evidence of a step that stand, by id.
#[derive(Default)]
struct Shelf<'h> {
    pieces: Vec<(&'h Text<'h>, &'h Text<'h>)>,
}

impl<'h> Shelf<'h> {
    fn put(&mut self, id: &'h Text<'h>, kind: &'h Text<'h>) {
        self.pieces.retain(|(known, _)| *known != id);
        self.pieces.push((id, kind));
    }

    /// Takes a piece away; says of which kind it was.
    fn take(&mut self, id: &str) -> Option<&'h str> {
        let at = self.pieces.iter().position(|(known, _)| *known == id)?;
        Some(self.pieces.remove(at).1)
    }

    fn count(&self, kind: &str) -> u32 {
        self.pieces.iter().filter(|(_, k)| *k == kind).count() as u32
    }
}

pub(super) fn judge(
    history: &History<'_>,
    step: &str,
    required: &[RequiredEvidence],
    out: &mut Vec<Verdict>,
) {
    let visits = history.visits(step);
    let mut shelf = Shelf::default();
    let mut last_completed: Option<(u32, usize)> = None;
    for (i, body) in history.iter() {
        match body {
            Body::EvidenceUploaded { step: of, pieces } if of == step => {
                pieces.iter().for_each(|p| shelf.put(&p.id, &p.kind));
            }
            Body::EvidenceRemoved { step: of, ids } if of == step => {
                let taken: Vec<&str> = ids.iter().filter_map(|id| shelf.take(id)).collect();
                if let Some(completed) = last_completed {
                    judge_removal(history, step, required, &shelf, &taken, i, completed, out);
                }
            }
            Body::StepCompleted { step: of, .. } if of == step => {
                for (number, _) in (1..).zip(visits).filter(|(_, v)| v.end.is_some_and(|e| e.at == i)) {
                    judge_completion(history, step, required, &shelf, i, number, out);
                    last_completed = Some((number, i));
                }
            }
            _ => {}
        }
    }
}

fn judge_completion(
    history: &History<'_>,
    step: &str,
    required: &[RequiredEvidence],
    shelf: &Shelf<'_>,
    at: usize,
    number: u32,
    out: &mut Vec<Verdict>,
) {
    for need in required {
        let found = shelf.count(&need.kind);
        if found >= need.min {
            continue;
        }
        let later_upload = later_upload(history, step, &need.kind, at);
        let story = Story::Evidence { kind: need.kind.clone(), found, needed: need.min, later_upload };
        let verdict = Verdict::new(Kind::Evidence, Code::EvidenceMissing, Light::Red, history.time(at))
            .at_step(step, Some(number))
            .told_apart_by(&need.kind)
            .detailed(&need.kind)
            .resting_on([at])
            .telling(story);
        out.push(verdict);
    }
}

/// A later upload does not undo the finding, but is noted.
fn later_upload(history: &History<'_>, step: &str, kind: &str, after: usize) -> Option<model::Instant> {
    let later = history.iter().skip(after + 1).find(|(_, body)| match body {
        Body::EvidenceUploaded { step: of, pieces } => of == step && pieces.iter().any(|p| p.kind == kind),
        _ => false,
    });
    later.map(|(i, _)| history.time(i))
}

#[expect(clippy::too_many_arguments, reason = "one call; a struct would only rename them")]
fn judge_removal(
    history: &History<'_>,
    step: &str,
    required: &[RequiredEvidence],
    shelf: &Shelf<'_>,
    taken: &[&str],
    at: usize,
    (number, completion): (u32, usize),
    out: &mut Vec<Verdict>,
) {
    let event = &history.events()[at];
    for need in required {
        let found = shelf.count(&need.kind);
        if found >= need.min || !taken.contains(&need.kind.as_str()) {
            continue;
        }
        let story = Story::Evidence { kind: need.kind.clone(), found, needed: need.min, later_upload: None };
        let verdict = Verdict::new(Kind::Evidence, Code::EvidenceReduced, Light::Red, event.time)
            .at_step(step, Some(number))
            .told_apart_by(format!("{}\n{}\n{}", need.kind, event.source, event.id))
            .detailed(&need.kind)
            .resting_on([completion, at])
            .telling(story);
        out.push(verdict);
    }
}
