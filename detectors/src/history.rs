//! A case's facts in canonical order, and what follows from the order alone: visits, acceptance, the end.

use model::Instant;
use model::event::{Body, Event};

/// All facts of one case, in canonical order, no two of one (source, id).
#[derive(Debug)]
pub struct History<'a> {
    events: Vec<Event<'a>>,
    visits: Vec<StepVisits>,
    missing_starts: Vec<usize>,
    /// Kinds of facts that most cases have none of, so that nobody looks for them in vain.
    rare: Rare,
    accepted: Option<usize>,
    closed: Option<usize>,
    withdrawn: Option<usize>,
}

/// Places of facts, in canonical order.
#[derive(Debug, Default)]
struct Rare {
    returns: Vec<usize>,
    removals: Vec<usize>,
    suspensions: Vec<usize>,
    extensions: Vec<usize>,
}

/// The visits of one step. Numbers count from 1, indexes from 0.
#[derive(Debug)]
struct StepVisits {
    /// A fact that names the step.
    named_at: usize,
    visits: Vec<Visit>,
}

/// From a `step.started` to the first `step.completed` or `step.returned` of the step that follows. Members are
/// places in the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    pub start: usize,
    pub end: Option<VisitEnd>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VisitEnd {
    pub at: usize,
    pub completed: bool,
}

impl<'a> History<'a> {
    /// Takes facts in any order; of several with one (source, id) the first is kept.
    pub fn of(facts: impl IntoIterator<Item = Event<'a>>) -> Self {
        let mut events: Vec<Event<'a>> = Vec::new();
        for fact in facts {
            if !events.iter().any(|e| e.id == fact.id && e.source == fact.source) {
                events.push(fact);
            }
        }
        events.sort_by(Event::canonical_cmp);
        Self::of_canonical(events)
    }

    /// Takes facts that are already in canonical order and distinct.
    pub fn of_canonical(events: Vec<Event<'a>>) -> Self {
        let mut history = Self {
            events: Vec::new(),
            visits: Vec::new(),
            missing_starts: Vec::new(),
            rare: Rare::default(),
            accepted: None,
            closed: None,
            withdrawn: None,
        };
        for (i, event) in events.iter().enumerate() {
            history.note(&events, i, &event.body);
        }
        history.events = events;
        history
    }

    fn note(&mut self, events: &[Event<'_>], i: usize, body: &Body<'_>) {
        match body {
            Body::CaseAccepted { .. } => {
                self.accepted.get_or_insert(i);
            }
            Body::CaseClosed => {
                self.closed.get_or_insert(i);
            }
            Body::CaseWithdrawn => {
                self.withdrawn.get_or_insert(i);
            }
            Body::StepStarted { step, .. } => {
                let visit = Visit { start: i, end: None };
                match self.visits.iter_mut().find(|v| started_step(&events[v.named_at]) == Some(step)) {
                    Some(known) => known.visits.push(visit),
                    None => self.visits.push(StepVisits { named_at: i, visits: vec![visit] }),
                }
            }
            Body::StepCompleted { step, .. } => {
                if !self.end_visits(events, step, VisitEnd { at: i, completed: true }) {
                    self.missing_starts.push(i);
                }
            }
            Body::StepReturned { from, .. } => {
                self.rare.returns.push(i);
                self.end_visits(events, from, VisitEnd { at: i, completed: false });
            }
            Body::EvidenceRemoved { .. } => self.rare.removals.push(i),
            Body::ClockSuspended { .. } | Body::ClockResumed { .. } => self.rare.suspensions.push(i),
            Body::LimitExtended { .. } => self.rare.extensions.push(i),
            Body::OfficersAuthorized { .. }
            | Body::EvidenceUploaded { .. }
            | Body::DecisionMade(_)
            | Body::ChargeAdded { .. }
            | Body::PenaltyExecuted { .. }
            | Body::SourceHeartbeat { .. } => {}
        }
    }

    /// Ends every open visit of a step; says whether there was one.
    fn end_visits(&mut self, events: &[Event<'_>], step: &str, end: VisitEnd) -> bool {
        let mut ended = false;
        for visits in &mut self.visits {
            if started_step(&events[visits.named_at]).is_some_and(|s| s == step) {
                for visit in visits.visits.iter_mut().rev().take_while(|v| v.end.is_none()) {
                    visit.end = Some(end);
                    ended = true;
                }
            }
        }
        ended
    }

    /// Where the case is, if it says so.
    pub fn region(&self) -> Option<&str> {
        match &self.events[self.accepted?].body {
            Body::CaseAccepted { region, .. } => region.as_deref().filter(|region| !region.trim().is_empty()),
            _ => None,
        }
    }

    pub fn events(&self) -> &[Event<'a>] {
        &self.events
    }

    pub fn time(&self, at: usize) -> Instant {
        self.events[at].time
    }

    /// The visits of a step, in order.
    pub fn visits(&self, step: &str) -> &[Visit] {
        let of_step =
            self.visits.iter().find(|v| started_step(&self.events[v.named_at]).is_some_and(|s| s == step));
        of_step.map_or(&[], |v| &v.visits)
    }

    /// Number of the visit of a step last started before a place in the history.
    pub fn visit_before(&self, step: &str, at: usize) -> Option<u32> {
        let before = self.visits(step).iter().take_while(|v| v.start < at).count();
        (before > 0).then_some(before as u32)
    }

    /// Completions that end no visit.
    pub fn missing_starts(&self) -> &[usize] {
        &self.missing_starts
    }

    /// Every `step.returned`.
    pub fn returns(&self) -> &[usize] {
        &self.rare.returns
    }

    /// Every `evidence.removed`.
    pub fn removals(&self) -> &[usize] {
        &self.rare.removals
    }

    /// Every `clock.suspended` and `clock.resumed`.
    pub fn suspensions(&self) -> &[usize] {
        &self.rare.suspensions
    }

    /// Every `limit.extended`.
    pub fn extensions(&self) -> &[usize] {
        &self.rare.extensions
    }

    /// The acceptance that governs: the first.
    pub fn accepted(&self) -> Option<usize> {
        self.accepted
    }

    pub fn closed(&self) -> Option<usize> {
        self.closed
    }

    pub fn withdrawn(&self) -> Option<usize> {
        self.withdrawn
    }

    /// The item code under which the case was accepted.
    pub fn item_code(&self) -> Option<&str> {
        match &self.events[self.accepted?].body {
            Body::CaseAccepted { item, .. } => Some(item),
            _ => None,
        }
    }

    /// Places and bodies, in canonical order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (usize, &Body<'a>)> {
        self.events.iter().enumerate().map(|(i, e)| (i, &e.body))
    }
}

fn started_step<'e>(event: &'e Event<'_>) -> Option<&'e std::borrow::Cow<'e, str>> {
    match &event.body {
        Body::StepStarted { step, .. } => Some(step),
        _ => None,
    }
}
