//! The difference between what stands and what the facts now show, as revisions of findings.

use std::hash::{Hash, Hasher};

use model::event::Body;
use model::finding::{Cause, Change, Code, State};
use model::{Finding, FindingId, Instant};

use super::digest::Fnv;
use crate::explain::explain;
use crate::history::History;
use crate::judge::Rules;
use crate::verdict::{DATA_QUALITY, Standing as Shown, Verdict};

/// What a case remembers of a finding it has told: enough to see a difference, not to tell it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) id: FindingId,
    pub(super) revision: u32,
    pub(super) state: State,
    pub(super) raised_at: Instant,
    /// Digest of everything a reader sees.
    pub(super) content: u64,
}

/// What a case's findings once followed from.
pub(super) struct Before<'h> {
    pub(super) history: &'h History<'h>,
    pub(super) rules: Rules<'h>,
    pub(super) verdicts: Vec<Verdict>,
}

/// One comparison of a case.
#[derive(Clone, Copy)]
pub(super) struct Revision<'r> {
    pub(super) rules: Rules<'r>,
    pub(super) case: &'r str,
    pub(super) now: Instant,
    pub(super) cause: Cause,
}

impl Revision<'_> {
    /// Brings `standing` up to `verdicts` and tells each difference. `retell` judges the facts and rules as they were,
    /// for findings that no longer hold.
    pub(super) fn apply<'h>(
        &self,
        history: &History<'_>,
        verdicts: &[Verdict],
        retell: impl FnOnce() -> Vec<Before<'h>>,
        standing: &mut Vec<Standing>,
        out: &mut Vec<Finding>,
    ) {
        if verdicts.is_empty() && standing.is_empty() {
            return;
        }
        let item = history.item_code().unwrap_or_default();
        let shown: Vec<FindingId> = verdicts.iter().map(|v| self.id(item, v)).collect();
        for (verdict, id) in verdicts.iter().zip(&shown) {
            self.show(history, verdict, *id, standing, out);
        }
        let gone = |s: &Standing| s.state != State::Retracted && !shown.contains(&s.id);
        if standing.iter().any(gone) {
            let told = retell();
            for old in standing.iter_mut().filter(|s| gone(s)) {
                self.retract(old, &told, out);
            }
        }
    }

    fn show(
        &self,
        history: &History<'_>,
        verdict: &Verdict,
        id: FindingId,
        standing: &mut Vec<Standing>,
        out: &mut Vec<Finding>,
    ) {
        let (state, content) = (state_of(verdict), content(history, self.rules, verdict));
        let known = standing.iter().position(|s| s.id == id);
        let (slot, change) = match known.map(|i| (i, standing[i])) {
            Some((_, old)) if old.content == content && old.state == state => return,
            Some((i, old)) => (i, change(old.state, state)),
            None => {
                standing.push(Standing { id, revision: 0, state, raised_at: self.now, content });
                let change = if state == State::Cleared { Change::Cleared } else { Change::Raised };
                (standing.len() - 1, change)
            }
        };
        let slot = &mut standing[slot];
        slot.revision += 1;
        slot.state = state;
        slot.content = content;
        out.push(self.finding(history, verdict, slot, change));
    }

    fn retract(&self, old: &mut Standing, told: &[Before<'_>], out: &mut Vec<Finding>) {
        let retold = told.iter().find_map(|before| {
            let then = Revision { rules: before.rules, ..*self };
            let item = before.history.item_code().unwrap_or_default();
            let verdict = before.verdicts.iter().find(|v| then.id(item, v) == old.id)?;
            Some((then, before.history, verdict))
        });
        old.revision += 1;
        old.state = State::Retracted;
        // The facts as they were show it at the same clock, or the clock has moved on and shows it no less.
        let (then, history, verdict) =
            retold.expect("a finding that stands follows from facts and rules as they were");
        out.push(then.finding(history, verdict, old, Change::Retracted));
    }

    fn id(&self, item: &str, verdict: &Verdict) -> FindingId {
        let point = self.point(verdict);
        FindingId::of(
            self.case,
            item,
            point,
            verdict.code,
            verdict.identity_step(),
            verdict.visit,
            &verdict.discriminator,
        )
    }

    fn point(&self, verdict: &Verdict) -> &str {
        let known = verdict.point.and_then(|p| self.rules.item.and_then(|item| item.points.get(p)));
        known.map_or(DATA_QUALITY, |p| p.id.as_str())
    }

    fn finding(&self, history: &History<'_>, verdict: &Verdict, slot: &Standing, change: Change) -> Finding {
        let code = history.item_code().unwrap_or_default();
        let item = self.rules.item;
        let accepted = history.accepted().map(|at| &history.events()[at]);
        let (org, region) = match accepted.map(|a| &a.body) {
            Some(Body::CaseAccepted { org, region, .. }) => {
                (org.to_string(), region.as_ref().map(ToString::to_string))
            }
            _ => (String::new(), None),
        };
        let superseded = verdict.code == Code::DueSoon && verdict.standing == Shown::Superseded;
        Finding {
            finding_id: slot.id,
            revision: slot.revision,
            change,
            cause: if superseded && change == Change::Cleared { Cause::Superseded } else { self.cause },
            state: slot.state,
            case: self.case.to_owned(),
            item: code.to_owned(),
            category: item.map(|i| i.category),
            org,
            region,
            accepted_at: accepted.map_or(Instant(0), |a| a.time),
            point: self.point(verdict).to_owned(),
            kind: verdict.kind,
            code: verdict.code,
            light: verdict.light,
            step: verdict.step.clone(),
            visit: verdict.visit,
            violated_at: verdict.violated_at,
            due: verdict.due,
            late_by_ms: verdict.late_by_ms,
            provisional: verdict.provisional,
            raised_at: slot.raised_at,
            changed_at: self.now,
            detail: verdict.detail.clone(),
            events: verdict.events.iter().map(|at| history.events()[*at].id.to_string()).collect(),
            explanation: explain(verdict, item, self.rules.calendar),
            rules_version: self.rules.version.to_owned(),
            shadow: item
                .and_then(|i| i.trial(verdict.point))
                .is_some_and(|until| verdict.violated_at < until),
        }
    }
}

fn state_of(verdict: &Verdict) -> State {
    match verdict.standing {
        Shown::Raised => State::Raised,
        Shown::Cleared | Shown::Superseded => State::Cleared,
    }
}

fn change(old: State, new: State) -> Change {
    match (old, new) {
        (State::Retracted | State::Cleared, State::Raised) => Change::Raised,
        (State::Raised | State::Retracted, State::Cleared) => Change::Cleared,
        (State::Raised, State::Raised) | (State::Cleared, State::Cleared) => Change::Updated,
        (_, State::Retracted) => Change::Retracted,
    }
}

/// Digest of what a reader sees of a finding, identity apart.
fn content(history: &History<'_>, rules: Rules<'_>, verdict: &Verdict) -> u64 {
    let mut hash = Fnv::default();
    // A partition without editions keeps the digests that it has.
    if rules.is_edition {
        rules.version.hash(&mut hash);
    }
    (verdict.light, verdict.standing, verdict.violated_at, verdict.due, verdict.late_by_ms).hash(&mut hash);
    (verdict.provisional, &verdict.detail, &verdict.step, &verdict.story).hash(&mut hash);
    // An acceptance that comes late but happened earlier changes the case that every finding names.
    if let Some(accepted) = history.accepted().map(|at| &history.events()[at])
        && let Body::CaseAccepted { org, region, .. } = &accepted.body
    {
        (accepted.time, org, region).hash(&mut hash);
    }
    for at in &verdict.events {
        history.events()[*at].id.hash(&mut hash);
    }
    hash.finish()
}
