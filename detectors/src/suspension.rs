//! Time that does not count: suspensions of a case or a step, and the gaps between accumulating visits.

use model::calendar::Calendar;
use model::event::Body;
use model::time::{Day, Instant};

use crate::history::History;

/// An interval that does not count; `to` is `None` while it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gap {
    pub(crate) from: Instant,
    pub(crate) to: Option<Instant>,
    pub(crate) from_day: Day,
    pub(crate) to_day: Option<Day>,
    /// The facts that made it; gaps between visits have none of their own.
    pub(crate) facts: (Option<usize>, Option<usize>),
}

/// All gaps that act on one clock.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gaps {
    gaps: Vec<Gap>,
}

impl Gaps {
    /// Suspensions of the whole case, and those of `step` if one is given.
    pub(crate) fn of(history: &History<'_>, step: Option<&str>, calendar: &Calendar) -> Self {
        let mut gaps = Vec::new();
        let scopes = [Some(None), step.map(Some)];
        for scope in scopes.into_iter().flatten() {
            let mut open: Option<usize> = None;
            for &i in history.suspensions() {
                match &history.events()[i].body {
                    Body::ClockSuspended { step } if step.as_deref() == scope => {
                        open.get_or_insert(i);
                    }
                    Body::ClockResumed { step } if step.as_deref() == scope => {
                        if let Some(from) = open.take() {
                            gaps.push(between(history, calendar, from, Some(i)));
                        }
                    }
                    _ => {}
                }
            }
            gaps.extend(open.map(|from| between(history, calendar, from, None)));
        }
        gaps.sort_by_key(|g| (g.from, g.to.unwrap_or(Instant(i64::MAX))));
        Self { gaps }
    }

    /// The same with further gaps, from the end of one visit to the start of the next.
    pub(crate) fn with_pauses(
        &self,
        pauses: impl Iterator<Item = (Instant, Instant)>,
        calendar: &Calendar,
    ) -> Self {
        let mut all = self.clone();
        for (from, to) in pauses.filter(|(from, to)| from < to) {
            let (from_day, to_day) = (calendar.day_of(from), Some(calendar.day_of(to)));
            all.gaps.push(Gap { from, to: Some(to), from_day, to_day, facts: (None, None) });
        }
        all.gaps.sort_by_key(|g| (g.from, g.to.unwrap_or(Instant(i64::MAX))));
        all
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.gaps.is_empty()
    }

    /// Whether a day is not counted: s < d <= r for one of the gaps.
    pub(crate) fn covers_day(&self, day: Day) -> bool {
        self.gaps.iter().any(|g| g.from_day < day && g.to_day.is_none_or(|to| day <= to))
    }

    /// The day after which nothing is counted any more.
    pub(crate) fn open_from(&self) -> Option<Day> {
        self.gaps.iter().filter(|g| g.to.is_none()).map(|g| g.from_day).min()
    }

    /// Sorted by start.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Gap> {
        self.gaps.iter()
    }

    /// Suspensions that began before an instant and ended after another.
    pub(crate) fn touching(&self, start: Instant, end: Option<Instant>) -> impl Iterator<Item = &Gap> {
        let inside = move |g: &&Gap| g.to.is_none_or(|to| start <= to) && end.is_none_or(|end| g.from <= end);
        self.gaps.iter().filter(inside).filter(|g| g.facts.0.is_some())
    }

    /// The parts of `[from, to)` that count.
    pub(crate) fn counted_parts(&self, from: Instant, to: Instant) -> Vec<(Instant, Instant)> {
        let mut parts = Vec::new();
        let mut at = from;
        for gap in &self.gaps {
            if at < gap.from && at < to {
                parts.push((at, gap.from.min(to)));
            }
            at = at.max(gap.to.unwrap_or(Instant(i64::MAX)));
        }
        if at < to {
            parts.push((at, to));
        }
        parts
    }
}

fn between(history: &History<'_>, calendar: &Calendar, from: usize, to: Option<usize>) -> Gap {
    let (from_time, to_time) = (history.time(from), to.map(|to| history.time(to)));
    Gap {
        from: from_time,
        to: to_time,
        from_day: calendar.day_of(from_time),
        to_day: to_time.map(|to| calendar.day_of(to)),
        facts: (Some(from), to),
    }
}
