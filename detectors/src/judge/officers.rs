//! 执法主体资格确认: at a visit's completion, enough officers with a certificate valid that day (penalty law, art. 42), of
//! the class and for the area that the point asks for.

use std::borrow::Cow;

use model::catalogue::{Standing, Wanted};
use model::event::{Body, Text};
use model::finding::{Code, Kind, Light};

use super::Rules;
use crate::history::History;
use crate::verdict::{Story, Verdict};

pub(super) fn judge(
    history: &History<'_>,
    rules: Rules<'_>,
    (step, min_officers, wanted): (&str, u32, Wanted<'_>),
    out: &mut Vec<Verdict>,
) {
    for (i, visit) in history.visits(step).iter().enumerate() {
        let Some(end) = visit.end.filter(|e| e.completed) else { continue };
        let number = Some(i as u32 + 1);
        let (officers, facts) = named(history, step, visit.start, end.at);
        let at = history.time(end.at);
        let day = rules.calendar.day_of(at);
        let verdict = |code| {
            let verdict = Verdict::new(Kind::OfficerQualification, code, Light::Red, at);
            verdict.at_step(step, number).resting_on(facts.iter().copied())
        };
        let mut qualified = 0;
        for officer in &officers {
            let detail = match rules.officers.standing(officer, day, wanted) {
                Standing::Qualified => {
                    qualified += 1;
                    continue;
                }
                Standing::NotRegistered => "not_registered",
                Standing::NotYetValid => "not_yet_valid",
                Standing::Expired => "expired",
                Standing::OtherClass => "other_class",
                Standing::OtherArea => "other_area",
            };
            let story = Story::Officer { officer: officer.to_string() };
            let mut unqualified =
                verdict(Code::UnqualifiedOfficer).told_apart_by(officer.as_ref()).telling(story);
            unqualified.detail = Some(detail.to_owned());
            out.push(unqualified);
        }
        if qualified < min_officers {
            let named = officers.iter().map(ToString::to_string).collect();
            let story = Story::Officers { qualified, needed: min_officers, named };
            out.push(verdict(Code::TooFewOfficers).telling(story));
        }
    }
}

/// The distinct officers of a visit, in the order of the facts that name them, and those facts.
fn named<'h>(
    history: &'h History<'_>,
    step: &str,
    start: usize,
    end: usize,
) -> (Vec<&'h Text<'h>>, Vec<usize>) {
    let mut officers: Vec<&Text<'_>> = Vec::new();
    let mut facts = vec![start, end];
    for (i, body) in history.iter().take(end + 1) {
        let list = match body {
            Body::StepStarted { officers, .. } if i == start => officers,
            Body::StepCompleted { officers, .. } if i == end => officers,
            Body::OfficersAuthorized { step: of, officers } if of == step => {
                facts.push(i);
                officers
            }
            _ => continue,
        };
        for officer in list {
            if !officers.contains(&officer) {
                officers.push(officer);
            }
        }
    }
    let officers = officers.into_iter().map(|o| -> &Cow<'_, str> { o }).collect();
    (officers, facts)
}
