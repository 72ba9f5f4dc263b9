//! Dates computed by hand from the State Council's notices, over the calendars that the project ships.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::cursor::Sink;
use super::super::{settings, tree};
use crate::calendar::{Calendar, DEFAULT_OFFICE_HOURS};
use crate::time::Day;

fn shipped_calendar() -> Calendar {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/calendars");
    let mut years = BTreeMap::new();
    for year in 2024..=2026 {
        let text = std::fs::read_to_string(directory.join(format!("{year}.yaml"))).expect("calendar");
        let sink = Sink::new("calendar");
        let (found, days) = settings::read_year(&tree::parse(&text).expect("YAML"), &sink).expect("a year");
        assert_eq!(sink.into_problems(), []);
        assert_eq!(found, year);
        years.insert(year, days);
    }
    Calendar::new("Asia/Shanghai", years, DEFAULT_OFFICE_HOURS.to_vec()).expect("calendar")
}

fn day(text: &str) -> Day {
    Day::parse(text).expect("date")
}

#[test]
fn working_days_over_holidays_and_make_up_days() {
    let calendar = shipped_calendar();
    let rows = [
        ("2026-02-13", 1, "2026-02-14"),
        ("2026-02-13", 20, "2026-03-19"),
        ("2025-12-31", 1, "2026-01-04"),
        ("2025-12-31", 7, "2026-01-12"),
        ("2025-09-26", 5, "2025-10-10"),
        ("2025-09-26", 20, "2025-10-30"),
        ("2025-09-30", 1, "2025-10-09"),
        ("2024-09-13", 7, "2024-09-25"),
        ("2024-12-31", 10, "2025-01-15"),
        ("2025-01-27", 20, "2025-03-03"),
        ("2024-02-09", 20, "2024-03-14"),
    ];
    for (start, n, due) in rows {
        assert_eq!(calendar.nth_working_after(day(start), n), Some(day(due)), "{start} + {n}");
    }
}

#[test]
fn calendar_days_that_end_on_a_day_off() {
    let calendar = shipped_calendar();
    let rows =
        [("2026-01-05", 90, "2026-04-05", "2026-04-07"), ("2025-09-22", 15, "2025-10-07", "2025-10-09")];
    for (start, n, last, rolled) in rows {
        let mut at = day(start).plus(n);
        assert_eq!(at, day(last));
        while !calendar.is_working(at) {
            at = at.plus(1);
        }
        assert_eq!(at, day(rolled), "{start} + {n}");
    }
}
