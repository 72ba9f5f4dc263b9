//! How long a limit can be at least and at most, whatever the instant it starts, so that limits of different units can
//! be compared without doubt.

use super::Lint;
use crate::calendar::Calendar;
use crate::catalogue::Length;
use crate::time::Day;

/// Measures lengths over every start in the years that have a calendar; in today's year where none has.
pub(super) struct Measure<'a> {
    calendar: &'a Calendar,
    starts: Vec<Day>,
}

impl<'a> Measure<'a> {
    pub(super) fn new(lint: &Lint<'a>) -> Self {
        Self::over(&lint.catalogue.calendar, lint.today)
    }

    pub(super) fn over(calendar: &'a Calendar, today: Day) -> Self {
        let mut years: Vec<i32> = calendar.years().collect();
        if years.is_empty() {
            years.push(today.ymd().0);
        }
        let days = |year: i32| {
            let first = Day::from_ymd(year, 1, 1);
            let last = Day::from_ymd(year, 12, 31);
            (first.0..=last.0).map(Day)
        };
        Self { calendar, starts: years.into_iter().flat_map(days).collect() }
    }

    /// Ms from the start to due that there are at least: a start in the last instant of its day.
    pub(super) fn shortest(&self, length: Length) -> i64 {
        match length {
            Length::Elapsed(ms) | Length::OfficeTime(ms) => ms,
            Length::WorkingDays(_) | Length::CalendarDays { .. } => {
                let span = |day: &Day| Some(self.due_after(*day, length)? - self.calendar.end_of(*day).0);
                self.starts.iter().filter_map(span).min().unwrap_or(0)
            }
        }
    }

    /// Ms from the start to due that there are at most: a start in the first instant of its day.
    pub(super) fn longest(&self, length: Length) -> i64 {
        if let Length::Elapsed(ms) = length {
            return ms;
        }
        let span = |day: &Day| Some(self.due_after(*day, length)? - self.calendar.start_of(*day).0);
        self.starts.iter().filter_map(span).max().unwrap_or(i64::MAX)
    }

    /// Latest due instant, ms, of a limit that starts on a day. `None` outside the calendar's table.
    fn due_after(&self, day: Day, length: Length) -> Option<i64> {
        let last = match length {
            Length::WorkingDays(n) => self.calendar.nth_working_after(day, n)?,
            Length::CalendarDays { days, roll_forward } => {
                self.rolled(day.plus(i32::try_from(days).ok()?), roll_forward)
            }
            // What is left of the first day may be nothing, so one office day more than the hours fill.
            Length::OfficeTime(ms) => {
                let full = ms.checked_div(self.calendar.office_day_ms())?;
                self.calendar.nth_working_after(day, u32::try_from(full).ok()?.checked_add(1)?)?
            }
            Length::Elapsed(ms) => return Some(self.calendar.end_of(day).0 + ms),
        };
        Some(self.calendar.end_of(last).0)
    }

    fn rolled(&self, mut day: Day, roll_forward: bool) -> Day {
        // No notice of holidays gives a month in a row; the bound keeps a mistaken calendar from being walked for ever.
        for _ in 0..31 {
            if !roll_forward || self.calendar.is_working(day) {
                break;
            }
            day = day.plus(1);
        }
        day
    }
}
