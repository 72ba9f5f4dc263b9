//! The arithmetic of limits: from a start and an amount to the instant at which it has been counted.

use model::calendar::Calendar;
use model::catalogue::Length;
use model::time::{Day, Instant};

use crate::suspension::Gaps;

/// Days after which a search for a counted day is given up: a limit nobody will live to see.
const HORIZON_DAYS: i32 = 100 * 366;

/// An instant that was counted, and whether a year without calendar lay on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) at: Instant,
    pub(crate) provisional: bool,
}

/// One limit's way of counting from one start.
pub(crate) struct Counting<'c> {
    pub(crate) calendar: &'c Calendar,
    pub(crate) gaps: &'c Gaps,
    pub(crate) length: Length,
    pub(crate) start: Instant,
}

/// A day that was counted to.
#[derive(Clone, Copy)]
struct CountedDay {
    day: Day,
    provisional: bool,
}

impl Counting<'_> {
    /// Whether amounts are days (else ms).
    pub(crate) fn in_days(&self) -> bool {
        matches!(self.length, Length::WorkingDays(_) | Length::CalendarDays { .. })
    }

    /// The limit's own amount: days or ms.
    pub(crate) fn amount(&self) -> i64 {
        match self.length {
            Length::WorkingDays(days) | Length::CalendarDays { days, .. } => i64::from(days),
            Length::Elapsed(ms) | Length::OfficeTime(ms) => ms,
        }
    }

    /// What `days` more days of an extension amount to.
    pub(crate) fn extension(&self, days: u32) -> i64 {
        match self.length {
            Length::WorkingDays(_) | Length::CalendarDays { .. } => i64::from(days),
            Length::Elapsed(_) => i64::from(days) * model::time::MS_PER_DAY,
            Length::OfficeTime(_) => i64::from(days) * self.calendar.office_day_ms(),
        }
    }

    /// The instant due after `amount`, rolled forward where the limit says so. `None`: the clock stands.
    pub(crate) fn due(&self, amount: i64) -> Option<Counted> {
        if !self.in_days() {
            return self.time_after(self.start, amount);
        }
        let last = self.last_day(amount)?;
        Some(Counted { at: self.calendar.end_of(last.day), provisional: last.provisional })
    }

    /// The end of the `amount`-th counted day after the start's (never rolled), or the instant for hour units.
    pub(crate) fn reached(&self, amount: i64) -> Option<Counted> {
        let amount = amount.max(0);
        if !self.in_days() {
            return self.time_after(self.start, amount);
        }
        let day = self.day_after(self.start_day(), amount)?;
        Some(Counted { at: self.calendar.end_of(day.day), provisional: day.provisional })
    }

    /// `late` counted days (or ms) after the instant due of `amount`.
    pub(crate) fn late(&self, amount: i64, late: i64) -> Option<Counted> {
        if late == 0 {
            return self.due(amount);
        }
        if !self.in_days() {
            return self.time_after(self.due(amount)?.at, late);
        }
        let day = self.day_after(self.last_day(amount)?.day, late)?;
        Some(Counted { at: self.calendar.end_of(day.day), provisional: day.provisional })
    }

    fn start_day(&self) -> Day {
        self.calendar.day_of(self.start)
    }

    /// The last day of the limit, rolled.
    fn last_day(&self, amount: i64) -> Option<CountedDay> {
        let mut last = self.day_after(self.start_day(), amount)?;
        let Length::CalendarDays { roll_forward: true, .. } = self.length else { return Some(last) };
        last.provisional = !self.calendar.covers(last.day);
        let open_from = self.gaps.open_from();
        // A limit of no days cannot be; still, the start's own day is not rolled over for being suspended.
        while !self.calendar.is_working(last.day) || self.gaps.covers_day(last.day) {
            last.day = last.day.plus(1);
            last.provisional |= !self.calendar.covers(last.day);
            if open_from.is_some_and(|from| last.day > from) {
                return None;
            }
        }
        Some(last)
    }

    /// The n-th counted day after a day.
    fn day_after(&self, from: Day, n: i64) -> Option<CountedDay> {
        if self.gaps.is_empty()
            && let Some(day) = self.day_after_undisturbed(from, n)
        {
            return Some(day);
        }
        let open_from = self.gaps.open_from();
        let (mut day, mut left) = (from, n);
        while left > 0 {
            day = day.plus(1);
            if open_from.is_some_and(|open| day > open) || day.0 - from.0 > HORIZON_DAYS {
                return None;
            }
            left -= i64::from(self.counts(day));
        }
        Some(CountedDay { day, provisional: self.walked_uncovered(from, day) })
    }

    fn day_after_undisturbed(&self, from: Day, n: i64) -> Option<CountedDay> {
        let day = match self.length {
            Length::WorkingDays(_) => self.calendar.nth_working_after(from, u32::try_from(n).ok()?)?,
            _ => from.plus(i32::try_from(n).ok()?),
        };
        Some(CountedDay { day, provisional: self.walked_uncovered(from, day) })
    }

    /// Working days consult the calendar of every day on the way.
    fn walked_uncovered(&self, from: Day, to: Day) -> bool {
        let Length::WorkingDays(_) = self.length else { return false };
        from < to && !self.calendar.covers_all(from.plus(1), to)
    }

    fn counts(&self, day: Day) -> bool {
        let of_unit = !matches!(self.length, Length::WorkingDays(_)) || self.calendar.is_working(day);
        of_unit && !self.gaps.covers_day(day)
    }

    /// The instant at which `ms` of counted time have passed since `from`.
    fn time_after(&self, from: Instant, ms: i64) -> Option<Counted> {
        match self.length {
            Length::OfficeTime(_) => self.office_time_after(from, ms),
            _ => self.elapsed_after(from, ms),
        }
    }

    fn elapsed_after(&self, from: Instant, ms: i64) -> Option<Counted> {
        let mut left = ms;
        let mut at = from;
        for gap in self.gaps.iter() {
            if gap.from > at {
                let span = gap.from.0 - at.0;
                if left <= span {
                    break;
                }
                left -= span;
            }
            at = at.max(gap.to.filter(|_| left > 0).map_or(at, |to| to));
            if gap.to.is_none() && left > 0 {
                return None;
            }
        }
        Some(Counted { at: at.plus_ms(left), provisional: false })
    }

    fn office_time_after(&self, from: Instant, ms: i64) -> Option<Counted> {
        if ms == 0 {
            return Some(Counted { at: from, provisional: false });
        }
        let first = self.calendar.day_of(from);
        let open_from = self.gaps.open_from();
        let (mut day, mut left, mut provisional) = (first, ms, false);
        loop {
            provisional |= !self.calendar.covers(day);
            for (open, close) in self.calendar.office_spans(day) {
                for (begin, end) in self.gaps.counted_parts(open.max(from), close) {
                    let span = end.0 - begin.0;
                    if left <= span {
                        return Some(Counted { at: begin.plus_ms(left), provisional });
                    }
                    left -= span;
                }
            }
            if open_from.is_some_and(|open| day > open) || day.0 - first.0 > HORIZON_DAYS {
                return None;
            }
            day = day.plus(1);
        }
    }

    /// Counted days (or ms) from the start to a carried due: its stages are counted in these.
    fn amount_until(&self, due: Instant) -> i64 {
        let total =
            |parts: Vec<(Instant, Instant)>| parts.iter().map(|(from, to)| to.0 - from.0).sum::<i64>();
        let last = self.due_day(due).min(self.start_day().plus(HORIZON_DAYS));
        let days = (self.start_day().0..=last.0).map(Day);
        match self.length {
            Length::Elapsed(_) => total(self.gaps.counted_parts(self.start, due)),
            Length::OfficeTime(_) => {
                let spans = days.flat_map(|day| self.calendar.office_spans(day));
                spans
                    .map(|(open, close)| total(self.gaps.counted_parts(open.max(self.start), close.min(due))))
                    .sum()
            }
            Length::WorkingDays(_) | Length::CalendarDays { .. } => {
                days.skip(1).filter(|day| self.counts(*day)).count() as i64
            }
        }
    }

    fn due_day(&self, due: Instant) -> Day {
        self.calendar.day_of(due.plus_ms(-1))
    }

    /// The end of the ⌈u·n⌉-th counted day (hours: exactly u·n) of `amount`; `millionths` is u.
    pub(crate) fn share(&self, amount: i64, millionths: u32) -> i64 {
        let scaled = i128::from(amount) * i128::from(millionths);
        let share = if self.in_days() { (scaled + 999_999) / 1_000_000 } else { scaled / 1_000_000 };
        share as i64
    }

    /// The stage `used` of a carried due.
    pub(crate) fn carried_used(&self, due: Instant, millionths: u32) -> Option<Instant> {
        let share = self.share(self.amount_until(due), millionths);
        self.reached(share).map(|c| c.at)
    }

    /// The stage `before` of a carried due.
    pub(crate) fn carried_before(&self, due: Instant, before: i64) -> Option<Instant> {
        match self.length {
            Length::Elapsed(_) | Length::OfficeTime(_) => {
                self.reached(self.amount_until(due) - before).map(|c| c.at)
            }
            Length::WorkingDays(_) | Length::CalendarDays { .. } => {
                let (mut day, mut left) = (self.due_day(due), before);
                let first = self.start_day();
                while left > 0 && day > first {
                    day = day.plus(-1);
                    left -= i64::from(self.counts(day));
                }
                Some(self.calendar.end_of(day.max(first)))
            }
        }
    }

    /// The stage `late` of a carried due.
    pub(crate) fn carried_late(&self, due: Instant, late: i64) -> Option<Instant> {
        if late == 0 {
            return Some(due);
        }
        match self.length {
            Length::Elapsed(_) | Length::OfficeTime(_) => self.time_after(due, late).map(|c| c.at),
            Length::WorkingDays(_) | Length::CalendarDays { .. } => {
                let day = self.day_after(self.due_day(due), late)?;
                Some(self.calendar.end_of(day.day))
            }
        }
    }
}
