//! 办理时限: steps, stages and the whole case against their limits (contract, section 3 "Clocks", readings 10 to 19).

use model::Instant;
use model::calendar::Calendar;
use model::catalogue::{Item, Limit, Scope, StageAt, Visits};
use model::event::Body;
use model::finding::{Code, Kind, Light};

use super::Wake;
use crate::clock::{Counted, Counting};
use crate::history::{History, Visit};
use crate::suspension::Gaps;
use crate::verdict::{Standing, Story, Verdict};

/// The clocks of one case.
pub(super) struct Clocks<'h, 'a> {
    pub(super) history: &'h History<'a>,
    pub(super) item: &'h Item,
    pub(super) calendar: &'h Calendar,
    /// Suspensions of the whole case.
    pub(super) gaps: &'h Gaps,
}

/// One clock: a limit over a case, a span of steps, or one visit.
struct Clock {
    /// Step and number of the visit, for limits of scope `{step}`.
    visit: Option<(usize, u32)>,
    start: usize,
    /// Where counting starts: with accumulating visits the first visit's start.
    counted_from: Instant,
    end: Option<End>,
    gaps: Gaps,
    carried: Option<(usize, Instant)>,
    extensions: Vec<Extension>,
}

/// A `limit.extended`, and what was said of it at the visit it belongs to, where that is an earlier one.
#[derive(Clone, Copy)]
struct Extension {
    at: usize,
    earlier: Option<Timeliness>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Timeliness {
    InTime,
    Late,
}

#[derive(Clone, Copy)]
struct End {
    at: usize,
    time: Instant,
    /// Done, not merely withdrawn.
    completed: bool,
}

/// What a clock's limit has come to.
struct Due {
    at: Option<Counted>,
    /// Days or ms, extensions included.
    amount: i64,
    extended_days: u32,
    /// Extensions that came in time, and those that came too late with the instant that was due.
    counted: Vec<usize>,
    late_extensions: Vec<(usize, Instant)>,
}

/// How far a clock has come.
struct Reached {
    /// The highest light of its `late` stages.
    late: Option<Light>,
    /// The first of its stages before due, and their highest light.
    soon: Option<(Instant, Light)>,
}

impl Clocks<'_, '_> {
    pub(super) fn judge_limit(&self, limit: usize, wake: &mut Wake, out: &mut Vec<Verdict>) {
        self.each_clock(limit, |clock| self.judge_clock(limit, clock, wake, out));
    }

    /// `late_extension` is about limits, whether or not a point supervises them: the first one of the case is reported.
    pub(super) fn judge_extensions(&self, out: &mut Vec<Verdict>) {
        if self.history.extensions().is_empty() {
            return;
        }
        let mut late: Option<(usize, Instant, usize)> = None;
        for (index, limit) in self.item.limits.iter().enumerate().filter(|(_, l)| !l.open_ended) {
            self.each_clock(index, |clock| {
                for (at, due) in self.due(limit, clock).late_extensions {
                    if late.is_none_or(|(first, ..)| at < first) {
                        late = Some((at, due, index));
                    }
                }
            });
        }
        if let Some((at, due, limit)) = late {
            let story = Story::Extension { limit: self.item.limits[limit].id.clone(), due };
            let time = self.history.time(at);
            let verdict = Verdict::new(Kind::DataQuality, Code::LateExtension, Light::Yellow, time);
            out.push(verdict.resting_on([at]).telling(story));
        }
    }

    fn each_clock(&self, limit: usize, mut each: impl FnMut(&Clock)) {
        let limit = &self.item.limits[limit];
        match limit.scope {
            Scope::Case => {
                self.history.accepted().iter().for_each(|start| each(&self.case_clock(limit, *start)));
            }
            Scope::Span { from, to } => self.span_clock(limit, from, to).iter().for_each(each),
            Scope::Step(step) => self.visit_clocks(limit, step, each),
        }
    }

    fn case_clock(&self, limit: &Limit, start: usize) -> Clock {
        let closed = self.history.closed().map(|at| self.end(at));
        self.whole_clock(limit, start, closed)
    }

    fn span_clock(&self, limit: &Limit, from: usize, to: usize) -> Option<Clock> {
        let (from, to) = (&self.item.steps[from].id, &self.item.steps[to].id);
        let start = self.history.visits(from).first()?.start;
        if self.history.withdrawn().is_some_and(|w| w < start) {
            return None;
        }
        let open = self.history.visits(to).iter().any(|v| v.end.is_none());
        let completed = |(i, body): (usize, &Body<'_>)| match body {
            Body::StepCompleted { step, .. } if step == to => Some(i),
            _ => None,
        };
        let last = self.history.iter().rev().find_map(completed);
        Some(self.whole_clock(limit, start, last.filter(|_| !open).map(|at| self.end(at))))
    }

    /// A clock that is not about a visit.
    fn whole_clock(&self, limit: &Limit, start: usize, end: Option<End>) -> Clock {
        Clock {
            visit: None,
            start,
            counted_from: self.history.time(start),
            end: self.withdrawn_or(end),
            gaps: self.gaps.clone(),
            carried: self.accepted_due(limit),
            extensions: self.extensions(limit),
        }
    }

    fn visit_clocks(&self, limit: &Limit, step: usize, mut each: impl FnMut(&Clock)) {
        let id = &self.item.steps[step].id;
        let visits = self.history.visits(id);
        if visits.is_empty() {
            return;
        }
        let gaps = Gaps::of(self.history, Some(id), self.calendar);
        let accumulate = limit.visits == Visits::Accumulate;
        let gaps = if accumulate { self.pauses(&gaps, visits) } else { gaps };
        let extensions = self.extensions(limit);
        let mut settled: Vec<Extension> = Vec::new();
        for (i, visit) in visits.iter().enumerate() {
            if self.history.withdrawn().is_some_and(|w| w < visit.start) {
                break;
            }
            let own = |e: &&Extension| visits.iter().rposition(|v| v.start < e.at).unwrap_or(0) == i;
            let own: Vec<Extension> = extensions.iter().filter(own).copied().collect();
            let end = visit.end.map(|e| self.end(e.at));
            let clock = Clock {
                visit: Some((step, i as u32 + 1)),
                start: visit.start,
                counted_from: self.history.time(if accumulate { visits[0].start } else { visit.start }),
                end: self.withdrawn_or(end),
                gaps: gaps.clone(),
                carried: self.started_due(visit).or_else(|| self.accepted_due(limit)),
                extensions: settled.iter().chain(&own).copied().collect(),
            };
            if accumulate && !own.is_empty() {
                let late = self.due(limit, &clock).late_extensions;
                settled.extend(own.iter().map(|e| {
                    let is_late = late.iter().any(|(at, _)| *at == e.at);
                    let earlier = Some(if is_late { Timeliness::Late } else { Timeliness::InTime });
                    Extension { at: e.at, earlier }
                }));
            }
            each(&clock);
        }
    }

    /// The gaps between visits do not count for accumulating ones.
    fn pauses(&self, gaps: &Gaps, visits: &[Visit]) -> Gaps {
        let pauses = visits.windows(2).filter_map(|pair| {
            let end = pair[0].end?;
            Some((self.history.time(end.at), self.history.time(pair[1].start)))
        });
        gaps.with_pauses(pauses, self.calendar)
    }

    fn end(&self, at: usize) -> End {
        End { at, time: self.history.time(at), completed: true }
    }

    /// `case.withdrawn` ends every clock that still runs.
    fn withdrawn_or(&self, end: Option<End>) -> Option<End> {
        let withdrawn = self.history.withdrawn().map(|at| End { completed: false, ..self.end(at) });
        match (end, withdrawn) {
            (Some(end), Some(withdrawn)) if withdrawn.at < end.at => Some(withdrawn),
            (Some(end), _) => Some(end),
            (None, withdrawn) => withdrawn,
        }
    }

    fn accepted_due(&self, limit: &Limit) -> Option<(usize, Instant)> {
        let at = self.history.accepted()?;
        match &self.history.events()[at].body {
            Body::CaseAccepted { due, .. } => {
                due.iter().find(|(id, _)| *id == limit.id.as_str()).map(|(_, due)| (at, *due))
            }
            _ => None,
        }
    }

    fn started_due(&self, visit: &Visit) -> Option<(usize, Instant)> {
        match &self.history.events()[visit.start].body {
            Body::StepStarted { due, .. } => due.map(|due| (visit.start, due)),
            _ => None,
        }
    }

    fn extensions(&self, limit: &Limit) -> Vec<Extension> {
        let of_limit = |at: &usize| match &self.history.events()[*at].body {
            Body::LimitExtended { limit: id, .. } => *id == limit.id.as_str(),
            _ => false,
        };
        let own = self.history.extensions().iter().copied().filter(of_limit);
        own.map(|at| Extension { at, earlier: None }).collect()
    }

    fn counting<'c>(&'c self, limit: &Limit, clock: &'c Clock) -> Counting<'c> {
        Counting {
            calendar: self.calendar,
            gaps: &clock.gaps,
            length: limit.length,
            start: clock.counted_from,
        }
    }

    /// Takes the extensions one by one: each counts if it came before the instant then due.
    fn due(&self, limit: &Limit, clock: &Clock) -> Due {
        let counting = self.counting(limit, clock);
        let mut due = Due {
            at: None,
            amount: counting.amount(),
            extended_days: 0,
            counted: Vec::new(),
            late_extensions: Vec::new(),
        };
        let carried = clock.carried.map(|(_, at)| Counted { at, provisional: false });
        due.at = carried.or_else(|| counting.due(due.amount));
        for extension in &clock.extensions {
            let Body::LimitExtended { days, .. } = &self.history.events()[extension.at].body else {
                continue;
            };
            let late = due.at.filter(|then| !limit.open_ended && self.history.time(extension.at) >= then.at);
            match (extension.earlier, late) {
                (Some(Timeliness::Late), _) => continue,
                (None, Some(then)) => {
                    due.late_extensions.push((extension.at, then.at));
                    continue;
                }
                (Some(Timeliness::InTime), _) | (None, None) => {}
            }
            due.counted.push(extension.at);
            if carried.is_none() {
                due.extended_days += days;
                due.amount += counting.extension(*days);
                due.at = counting.due(due.amount);
            }
        }
        due
    }

    fn judge_clock(&self, limit_index: usize, clock: &Clock, wake: &mut Wake, out: &mut Vec<Verdict>) {
        let limit = &self.item.limits[limit_index];
        let due = self.due(limit, clock);
        let reached = self.stages_reached(limit, clock, &due, wake);
        if let Some(light) = reached.late
            && let Some(at) = due.at
        {
            let mut verdict = self.verdict(limit_index, clock, &due, Code::Overdue, light, at.at);
            verdict.late_by_ms = clock.end.map(|end| end.time.0 - at.at.0);
            if let Some(end) = clock.end {
                verdict.events.push(end.at);
                verdict.events.sort_unstable();
            }
            out.push(verdict);
        }
        if let Some((first, light)) = reached.soon.filter(|_| !limit.open_ended) {
            let mut verdict = self.verdict(limit_index, clock, &due, Code::DueSoon, light, first);
            verdict.standing = match (reached.late, clock.end) {
                (Some(_), _) => Standing::Superseded,
                (None, Some(_)) => Standing::Cleared,
                (None, None) => Standing::Raised,
            };
            out.push(verdict);
        }
    }

    fn stages_reached(&self, limit: &Limit, clock: &Clock, due: &Due, wake: &mut Wake) -> Reached {
        let counting = self.counting(limit, clock);
        let mut reached = Reached { late: None, soon: None };
        for stage in &limit.stages {
            let Some(at) = self.stage_at(&counting, clock, due, stage.at) else { continue };
            if clock.end.is_none() && !limit.open_ended {
                wake.at(at);
            }
            let is_reached = match clock.end {
                Some(end) => end.time >= at && (!limit.open_ended || end.completed),
                None => !limit.open_ended && wake.now >= at,
            };
            match stage.at {
                _ if !is_reached => {}
                StageAt::Late(_) => reached.late = reached.late.max(Some(stage.light)),
                StageAt::Before(_) | StageAt::Used(_) if due.at.is_none_or(|due| at < due.at) => {
                    let (first, light) = reached.soon.unwrap_or((at, stage.light));
                    reached.soon = Some((first.min(at), light.max(stage.light)));
                }
                StageAt::Before(_) | StageAt::Used(_) => {}
            }
        }
        reached
    }

    fn stage_at(&self, counting: &Counting<'_>, clock: &Clock, due: &Due, at: StageAt) -> Option<Instant> {
        if let Some((_, carried)) = clock.carried {
            return match at {
                StageAt::Before(before) => counting.carried_before(carried, before),
                StageAt::Used(share) => counting.carried_used(carried, share),
                StageAt::Late(late) => counting.carried_late(carried, late),
            };
        }
        let counted = match at {
            StageAt::Before(before) => counting.reached(due.amount - before),
            StageAt::Used(share) => counting.reached(counting.share(due.amount, share)),
            StageAt::Late(late) => counting.late(due.amount, late),
        };
        counted.map(|c| c.at)
    }

    fn verdict(
        &self,
        limit_index: usize,
        clock: &Clock,
        due: &Due,
        code: Code,
        light: Light,
        violated_at: Instant,
    ) -> Verdict {
        let start = self.history.time(clock.start);
        let gaps: Vec<_> = clock.gaps.touching(start, clock.end.map(|e| e.time)).collect();
        let mut verdict = Verdict::new(Kind::TimeLimit, code, light, violated_at);
        if let Some((step, number)) = clock.visit {
            verdict = verdict.at_step(&self.item.steps[step].id, Some(number));
        }
        verdict.due = due.at.map(|d| d.at);
        verdict.provisional = due.at.is_some_and(|d| d.provisional);
        let story = Story::Limit {
            limit: limit_index,
            start,
            end: clock.end.map(|e| e.time),
            extended_days: due.extended_days,
            suspensions: if clock.carried.is_some() { 0 } else { gaps.len() as u32 },
            carried: clock.carried.is_some(),
        };
        let mut events = vec![clock.start];
        match clock.carried {
            Some((at, _)) => events.push(at),
            None => {
                events.extend(gaps.iter().flat_map(|g| [g.facts.0, g.facts.1]).flatten());
                events.extend(&due.counted);
            }
        }
        verdict.resting_on(events).telling(story)
    }
}
