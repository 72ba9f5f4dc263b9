//! Civil days, walked one by one: the generator's own reckoning of deadlines, apart from that of the detectors.

use model::calendar::Calendar;
use model::catalogue::{Length, Limit, StageAt};
use model::time::{Day, Instant, MS_PER_MINUTE};

/// Facts are this much older than `now`, ms; only live cases are younger.
const REST_MS: i64 = 10 * MS_PER_MINUTE;

pub(super) struct Days<'c> {
    calendar: &'c Calendar,
    pub(super) now: Instant,
    pub(super) today: Day,
    /// The last moment of everything that is not live.
    pub(super) cutoff: Instant,
}

impl<'c> Days<'c> {
    pub(super) fn new(calendar: &'c Calendar, now: Instant) -> Self {
        Self { calendar, now, today: calendar.day_of(now), cutoff: now.plus_ms(-REST_MS) }
    }

    /// A minute after midnight of a day.
    pub(super) fn at(&self, day: Day, minute: i64) -> Instant {
        self.calendar.start_of(day).plus_ms(minute * MS_PER_MINUTE)
    }

    pub(super) fn day_of(&self, at: Instant) -> Day {
        self.calendar.day_of(at)
    }

    pub(super) fn end_of(&self, day: Day) -> Instant {
        self.calendar.start_of(day.plus(1))
    }

    pub(super) fn text(&self, at: Instant) -> String {
        self.calendar.format(at)
    }

    /// The `n`-th working day after a day; the day itself for 0.
    pub(super) fn working_after(&self, day: Day, n: i32) -> Day {
        self.walk(day, n, 1)
    }

    /// The last working day at or before a day.
    pub(super) fn working_at_or_before(&self, day: Day) -> Day {
        self.walk(day.plus(1), 1, -1)
    }

    /// The `n`-th working day before a day.
    pub(super) fn working_before(&self, day: Day, n: i32) -> Day {
        self.walk(day, n, -1)
    }

    fn walk(&self, mut day: Day, n: i32, step: i32) -> Day {
        let mut left = n;
        while left > 0 {
            day = day.plus(step);
            left -= i32::from(self.calendar.is_working(day));
        }
        day
    }

    /// The last day of a limit that starts at `start` and runs undisturbed.
    pub(super) fn due_day(&self, limit: &Limit, start: Instant) -> Day {
        let first = self.day_of(start);
        match limit.length {
            Length::WorkingDays(days) => self.working_after(first, days as i32),
            Length::CalendarDays { days, roll_forward } => {
                let last = first.plus(days as i32);
                if roll_forward { self.working_after(last.plus(-1), 1) } else { last }
            }
            Length::Elapsed(ms) => self.day_of(start.plus_ms(ms)),
            // Office hours are fewer than the day has: two days for each office day are more than enough.
            Length::OfficeTime(ms) => {
                let office_days = ms / self.calendar.office_day_ms().max(1) + 1;
                self.working_after(first, office_days as i32 + 1)
            }
        }
    }

    /// The day at whose end the first warning of a limit of days comes.
    pub(super) fn warned_day(&self, limit: &Limit, start: Instant) -> Option<Day> {
        let first = self.day_of(start);
        let (days, working) = match limit.length {
            Length::WorkingDays(days) => (i64::from(days), true),
            Length::CalendarDays { days, .. } => (i64::from(days), false),
            Length::Elapsed(_) | Length::OfficeTime(_) => return None,
        };
        let counted = limit.stages.iter().filter_map(|stage| match stage.at {
            StageAt::Before(before) => Some(days - before),
            StageAt::Used(millionths) => Some((days * i64::from(millionths) + 999_999) / 1_000_000),
            StageAt::Late(_) => None,
        });
        let n = counted.min()? as i32;
        Some(if working { self.working_after(first, n) } else { first.plus(n) })
    }
}
