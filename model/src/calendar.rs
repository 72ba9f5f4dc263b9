//! Civil time: days of a zone, working days with make-up days (调休), office hours.
//!
//! A day is working if it is a Monday to Friday that is no holiday, or a listed make-up day. A year without a
//! calendar counts Monday to Friday, and whoever counted through it is told so ([`Calendar::covers`]).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::time::{Day, Instant, MS_PER_DAY, MS_PER_MINUTE};

/// Days off and make-up workdays of one year, as the State Council's notice gives them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct YearCalendar {
    pub holidays: BTreeSet<Day>,
    pub workdays: BTreeSet<Day>,
}

/// A span of office time in a working day: minutes after midnight, `[open, close)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfficeSpan {
    pub open_minute: u32,
    pub close_minute: u32,
}

/// 09:00-12:00 and 13:30-17:30.
pub const DEFAULT_OFFICE_HOURS: [OfficeSpan; 2] =
    [OfficeSpan { open_minute: 540, close_minute: 720 }, OfficeSpan { open_minute: 810, close_minute: 1050 }];

/// Days 1980-01-01 to 2079-12-31 are looked up, others computed.
const TABLE_START: Day = Day(3_652);
const TABLE_DAYS: usize = 36_525;

/// Shared, immutable; cheap to clone.
#[derive(Debug, Clone)]
pub struct Calendar {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    zone: TimeZone,
    zone_name: String,
    years: BTreeMap<i32, YearCalendar>,
    office_hours: Vec<OfficeSpan>,
    /// Local midnight of each day of the table.
    midnights: Vec<i64>,
    /// Working days of the table in order, and for each day how many lie at or before it.
    working: Vec<Day>,
    rank: Vec<u32>,
    /// First and last day that every year between has a calendar for (the years given, if they are consecutive).
    covered: (Day, Day),
}

/// Why a calendar cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum CalendarError {
    #[error("time zone `{0}` is unknown: give an IANA name such as `Asia/Shanghai`")]
    UnknownZone(String),
}

impl Calendar {
    pub fn new(
        zone_name: &str,
        years: BTreeMap<i32, YearCalendar>,
        office_hours: Vec<OfficeSpan>,
    ) -> Result<Self, CalendarError> {
        let zone = TimeZone::get(zone_name).map_err(|_| CalendarError::UnknownZone(zone_name.to_owned()))?;
        let days = || (0..TABLE_DAYS).map(|i| TABLE_START.plus(i as i32));
        let midnights = days().map(|d| midnight(&zone, d).0).collect();
        let (mut working, mut rank) = (Vec::new(), Vec::with_capacity(TABLE_DAYS));
        for day in days() {
            if is_working(&years, day) {
                working.push(day);
            }
            rank.push(working.len() as u32);
        }
        let covered = covered_span(&years);
        let zone_name = zone_name.to_owned();
        let inner = Inner { zone, zone_name, years, office_hours, midnights, working, rank, covered };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Whether it counts as another one does.
    pub fn is_same(&self, other: &Self) -> bool {
        let parts =
            |c: &Self| (c.inner.zone_name.clone(), c.inner.years.clone(), c.inner.office_hours.clone());
        Arc::ptr_eq(&self.inner, &other.inner) || parts(self) == parts(other)
    }

    pub fn zone_name(&self) -> &str {
        &self.inner.zone_name
    }

    pub fn years(&self) -> impl Iterator<Item = i32> + '_ {
        self.inner.years.keys().copied()
    }

    pub fn office_hours(&self) -> &[OfficeSpan] {
        &self.inner.office_hours
    }

    /// The civil date of an instant.
    pub fn day_of(&self, at: Instant) -> Day {
        let guess = Day(at.0.div_euclid(MS_PER_DAY) as i32);
        // A zone is at most 26 h off UTC, so the date is one of three.
        [guess.plus(1), guess, guess.plus(-1)].into_iter().find(|d| self.start_of(*d) <= at).unwrap_or(guess)
    }

    /// 00:00 of a day, or the first instant after it where the zone skips midnight.
    pub fn start_of(&self, day: Day) -> Instant {
        match usize::try_from(day.0 - TABLE_START.0).ok().and_then(|i| self.inner.midnights.get(i)) {
            Some(ms) => Instant(*ms),
            None => midnight(&self.inner.zone, day),
        }
    }

    /// The end of a day, which is the start of the next.
    pub fn end_of(&self, day: Day) -> Instant {
        self.start_of(day.plus(1))
    }

    pub fn is_working(&self, day: Day) -> bool {
        is_working(&self.inner.years, day)
    }

    /// Whether the year of the day has a calendar.
    pub fn covers(&self, day: Day) -> bool {
        let (first, last) = self.inner.covered;
        (first <= day && day <= last) || self.inner.years.contains_key(&day.year())
    }

    /// Whether all years from that of one day to that of a later one have calendars.
    pub fn covers_all(&self, from: Day, to: Day) -> bool {
        let (first, last) = self.inner.covered;
        (first <= from && to <= last)
            || (from.year()..=to.year()).all(|year| self.inner.years.contains_key(&year))
    }

    /// The n-th working day after `day` (n = 0: the day itself). `None` outside the table.
    pub fn nth_working_after(&self, day: Day, n: u32) -> Option<Day> {
        if n == 0 {
            return Some(day);
        }
        let at = *self.inner.rank.get(usize::try_from(day.0 - TABLE_START.0).ok()?)?;
        self.inner.working.get(at as usize + n as usize - 1).copied()
    }

    /// Office time of a day as instants, in order; empty for a day off.
    pub fn office_spans(&self, day: Day) -> Vec<(Instant, Instant)> {
        if !self.is_working(day) {
            return Vec::new();
        }
        let at = |minute: u32| self.local(day, minute);
        self.inner.office_hours.iter().map(|s| (at(s.open_minute), at(s.close_minute))).collect()
    }

    /// Length of one office day, ms.
    pub fn office_day_ms(&self) -> i64 {
        self.inner
            .office_hours
            .iter()
            .map(|s| i64::from(s.close_minute - s.open_minute) * MS_PER_MINUTE)
            .sum()
    }

    /// RFC 3339 in the calendar's zone, with the offset then valid.
    pub fn format(&self, at: Instant) -> String {
        let Ok(timestamp) = jiff::Timestamp::from_millisecond(at.0) else { return at.to_string() };
        let offset = self.inner.zone.to_offset(timestamp);
        timestamp.display_with_offset(offset).to_string()
    }

    /// `2026-02-13 09:30` in the calendar's zone, for people.
    pub fn format_short(&self, at: Instant) -> String {
        let text = self.format(at);
        format!("{} {}", text.get(..10).unwrap_or(""), text.get(11..16).unwrap_or(""))
    }

    fn local(&self, day: Day, minute: u32) -> Instant {
        let (y, m, d) = day.ymd();
        let date = jiff::civil::date(y as i16, m as i8, d as i8);
        if minute >= 1_440 {
            return self.end_of(day);
        }
        let time = jiff::civil::time((minute / 60) as i8, (minute % 60) as i8, 0, 0);
        resolve(&self.inner.zone, DateTime::from_parts(date, time)).unwrap_or_else(|| self.start_of(day))
    }
}

fn is_working(years: &BTreeMap<i32, YearCalendar>, day: Day) -> bool {
    let weekday = day.weekday() < 5;
    match years.get(&day.year()) {
        Some(year) => (weekday && !year.holidays.contains(&day)) || year.workdays.contains(&day),
        None => weekday,
    }
}

fn covered_span(years: &BTreeMap<i32, YearCalendar>) -> (Day, Day) {
    let (Some((first, _)), Some((last, _))) = (years.first_key_value(), years.last_key_value()) else {
        return (Day(1), Day(0));
    };
    let last = if (last - first + 1) as usize == years.len() { *last } else { *first };
    (Day::from_ymd(*first, 1, 1), Day::from_ymd(last, 12, 31))
}

fn midnight(zone: &TimeZone, day: Day) -> Instant {
    let (y, m, d) = day.ymd();
    let at = i16::try_from(y)
        .ok()
        .and_then(|y| jiff::civil::Date::new(y, m as i8, d as i8).ok())
        .and_then(|date| resolve(zone, date.to_datetime(jiff::civil::Time::midnight())));
    at.unwrap_or(Instant(i64::from(day.0) * MS_PER_DAY))
}

fn resolve(zone: &TimeZone, at: DateTime) -> Option<Instant> {
    let timestamp = zone.to_ambiguous_timestamp(at).compatible().ok()?;
    Some(Instant(timestamp.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn china() -> Calendar {
        Calendar::new("Asia/Shanghai", BTreeMap::new(), DEFAULT_OFFICE_HOURS.to_vec()).expect("zone")
    }

    #[test]
    fn days_of_a_zone() {
        let calendar = china();
        let at = |s| Instant::parse(s).expect("instant");
        let day = Day::parse("2026-06-30").expect("day");
        assert_eq!(calendar.day_of(at("2026-06-30T00:00:00+08:00")), day);
        assert_eq!(calendar.day_of(at("2026-06-29T23:59:59.999+08:00")), day.plus(-1));
        assert_eq!(calendar.format(calendar.start_of(day)), "2026-06-30T00:00:00+08:00");
        assert_eq!(calendar.start_of(Day::from_ymd(9998, 1, 1)), at("9998-01-01T00:00:00+08:00"));
    }

    #[test]
    fn daylight_saving_does_not_move_days() {
        let rome = Calendar::new("Europe/Rome", BTreeMap::new(), vec![]).expect("zone");
        let at = |s| Instant::parse(s).expect("instant");
        assert_eq!(rome.day_of(at("2006-07-24T00:00:00+02:00")), Day::from_ymd(2006, 7, 24));
        assert_eq!(rome.start_of(Day::from_ymd(2006, 12, 24)), at("2006-12-24T00:00:00+01:00"));
    }

    #[test]
    fn office_time_of_a_day() {
        let calendar = china();
        let friday = Day::from_ymd(2026, 6, 26);
        let spans = calendar.office_spans(friday);
        assert_eq!(spans.len(), 2);
        assert_eq!(calendar.format(spans[1].0), "2026-06-26T13:30:00+08:00");
        assert!(calendar.office_spans(friday.plus(1)).is_empty());
        assert_eq!(calendar.office_day_ms(), 7 * 3_600_000);
    }

    #[test]
    fn the_working_day_table_equals_a_walk() {
        let calendar = china();
        let day = Day::from_ymd(2026, 2, 13);
        for n in 1..200 {
            let mut at = day;
            let mut left = n;
            while left > 0 {
                at = at.plus(1);
                left -= u32::from(calendar.is_working(at));
            }
            assert_eq!(calendar.nth_working_after(day, n), Some(at));
        }
    }
}
