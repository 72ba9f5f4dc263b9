//! The bounds that limits of different units are compared by hold for every start: checked hour by hour through a year.

use std::collections::BTreeMap;

use super::super::spans::Measure;
use crate::calendar::{Calendar, DEFAULT_OFFICE_HOURS, YearCalendar};
use crate::catalogue::Length;
use crate::time::{Day, Instant, MS_PER_HOUR};

fn calendar(zone: &str) -> Calendar {
    let days = |list: &[&str]| list.iter().filter_map(|d| Day::parse(d)).collect();
    let holidays =
        ["2026-02-16", "2026-02-17", "2026-02-18", "2026-02-19", "2026-02-20", "2026-10-01", "2026-10-02"];
    let year = YearCalendar { holidays: days(&holidays), workdays: days(&["2026-02-14", "2026-02-28"]) };
    Calendar::new(zone, BTreeMap::from([(2026, year)]), DEFAULT_OFFICE_HOURS.to_vec()).expect("zone")
}

/// Due of a limit, counted day by day (contract, section 3, clocks).
fn due(calendar: &Calendar, start: Instant, length: Length) -> Instant {
    let mut day = calendar.day_of(start);
    match length {
        Length::Elapsed(ms) => return Instant(start.0 + ms),
        Length::OfficeTime(mut left) => loop {
            for (open, close) in calendar.office_spans(day) {
                let open = open.max(start);
                if open < close && left <= close.0 - open.0 {
                    return Instant(open.0 + left);
                }
                left -= (close.0 - open.0).max(0);
            }
            day = day.plus(1);
        },
        Length::WorkingDays(mut left) => {
            while left > 0 {
                day = day.plus(1);
                left -= u32::from(calendar.is_working(day));
            }
        }
        Length::CalendarDays { days, roll_forward } => {
            day = day.plus(days as i32);
            while roll_forward && !calendar.is_working(day) {
                day = day.plus(1);
            }
        }
    }
    calendar.end_of(day)
}

#[test]
fn no_start_of_the_year_leaves_the_bounds() {
    for zone in ["Asia/Shanghai", "Europe/Rome"] {
        let calendar = calendar(zone);
        let measure = Measure::over(&calendar, Day::from_ymd(2026, 6, 30));
        let days = |days, roll_forward| Length::CalendarDays { days, roll_forward };
        let lengths = [
            Length::WorkingDays(1),
            Length::WorkingDays(15),
            days(1, true),
            days(30, true),
            days(30, false),
            Length::Elapsed(48 * MS_PER_HOUR),
            Length::OfficeTime(4 * MS_PER_HOUR),
            Length::OfficeTime(14 * MS_PER_HOUR),
            Length::OfficeTime(15 * MS_PER_HOUR),
        ];
        let (first, last) =
            (calendar.start_of(Day::from_ymd(2026, 1, 1)), calendar.start_of(Day::from_ymd(2027, 1, 1)));
        for length in lengths {
            let (least, most) = (measure.shortest(length), measure.longest(length));
            assert!(least <= most, "{length:?}");
            for start in (first.0..last.0).step_by(MS_PER_HOUR as usize).map(Instant) {
                let taken = due(&calendar, start, length).0 - start.0;
                assert!((least..=most).contains(&taken), "{length:?} from {start:?}: {least} {taken} {most}");
            }
        }
    }
}
