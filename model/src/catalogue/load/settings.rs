//! `catalogue.yaml` and `calendar/*.yaml`: the zone, the office hours, the working days.

use std::collections::BTreeSet;

use super::cursor::{At, Fields, Sink, both};
use super::tree::Node;
use super::waivers;
use crate::calendar::{Calendar, DEFAULT_OFFICE_HOURS, OfficeSpan, YearCalendar};
use crate::catalogue::{ProblemCode, Waiver};
use crate::time::Day;

const DEFAULT_ZONE: &str = "Asia/Shanghai";
/// The years that [`Calendar`] has a table for.
const YEARS: std::ops::RangeInclusive<i64> = 1980..=2079;
const MINUTES_PER_DAY: u32 = 1_440;

/// What `catalogue.yaml` says, or what holds without it.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) time_zone: String,
    pub(super) version: Option<String>,
    pub(super) office_hours: Vec<OfficeSpan>,
    /// Of warnings about files that are no items.
    pub(super) waivers: Vec<Waiver>,
}

impl Default for Settings {
    fn default() -> Self {
        let time_zone = DEFAULT_ZONE.to_owned();
        Self { time_zone, version: None, office_hours: DEFAULT_OFFICE_HOURS.to_vec(), waivers: Vec::new() }
    }
}

impl Settings {
    pub(super) fn office_day_ms(&self) -> i64 {
        self.office_hours
            .iter()
            .map(|s| i64::from(s.close_minute - s.open_minute) * crate::time::MS_PER_MINUTE)
            .sum()
    }
}

/// Reads `catalogue.yaml`; whatever is wrong in it is noted and replaced by its default.
pub(super) fn read(node: &Node, sink: &Sink) -> Settings {
    let mut settings = Settings::default();
    let root = At::root(node, sink);
    if root.is_null() {
        return settings;
    }
    let Some(fields) = root.fields(&["time_zone", "version", "office_hours", "waivers"]) else {
        return settings;
    };
    if let Some(zone) = fields.get("time_zone").and_then(|at| read_zone(&at)) {
        settings.time_zone = zone;
    }
    settings.version = fields.get("version").and_then(|at| at.id().map(str::to_owned));
    if let Some(spans) = fields.get("office_hours").and_then(|at| read_office_hours(&at)) {
        settings.office_hours = spans;
    }
    settings.waivers = waivers::read(&fields);
    settings
}

fn read_zone(at: &At<'_>) -> Option<String> {
    let name = at.text()?;
    if jiff::tz::TimeZone::get(name).is_ok() {
        return Some(name.to_owned());
    }
    let message = both!(
        "没有时区“{name}”：应为 IANA 名称，如 Asia/Shanghai",
        "no time zone \"{name}\"; give an IANA name such as Asia/Shanghai"
    );
    at.note(ProblemCode::InvalidValue, message);
    None
}

fn read_office_hours(at: &At<'_>) -> Option<Vec<OfficeSpan>> {
    let list = at.list();
    if at.is_list() && list.is_empty() {
        let message = both!("至少要有一段办公时间", "give at least one span such as [\"09:00\", \"12:00\"]");
        at.note(ProblemCode::MissingKey, message);
    }
    let mut spans: Vec<OfficeSpan> = Vec::new();
    for at in &list {
        let span = read_span(at)?;
        if spans.last().is_some_and(|last| span.open_minute < last.close_minute) {
            let message = both!(
                "办公时间须按先后排列且不重叠",
                "spans stand in the order of the day and do not overlap"
            );
            at.note(ProblemCode::OutOfRange, message);
        }
        spans.push(span);
    }
    (!spans.is_empty()).then_some(spans)
}

fn read_span(at: &At<'_>) -> Option<OfficeSpan> {
    let ends: Vec<Option<u32>> = at.list().iter().map(read_minute).collect();
    let &[open, close] = ends.as_slice() else {
        if at.is_list() {
            let message = both!(
                "一段办公时间应为 [开始, 结束]",
                "a span is [open, close], such as [\"09:00\", \"12:00\"]"
            );
            at.note(ProblemCode::WrongType, message);
        }
        return None;
    };
    let span = OfficeSpan { open_minute: open?, close_minute: close? };
    if span.open_minute >= span.close_minute {
        let message = both!("开始时刻须早于结束时刻", "the opening must be before the closing");
        at.note(ProblemCode::OutOfRange, message);
        return None;
    }
    Some(span)
}

fn read_minute(at: &At<'_>) -> Option<u32> {
    let text = at.text()?;
    let minute = parse_minute(text);
    if minute.is_none() {
        let message =
            both!("“{text}”不是时刻：应为 HH:MM", "\"{text}\" is no time of day: these are written HH:MM");
        at.note(ProblemCode::InvalidValue, message);
    }
    minute
}

fn parse_minute(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(':')?;
    let two =
        |s: &str| (s.len() == 2 && s.bytes().all(|b| b.is_ascii_digit())).then(|| s.parse::<u32>().ok());
    let (hour, minute) = (two(hour)??, two(minute)??);
    let minutes = hour * 60 + minute;
    (minute < 60 && minutes <= MINUTES_PER_DAY).then_some(minutes)
}

/// Reads one year's file. The year's node is given back for those who look for the same year in other files.
pub(super) fn read_year(node: &Node, sink: &Sink) -> Option<(i32, YearCalendar)> {
    let fields = At::root(node, sink).fields(&["year", "holidays", "workdays"])?;
    let year = fields.need("year").and_then(|at| at.int(YEARS)).and_then(|y| i32::try_from(y).ok());
    let holidays = read_days(&fields, "holidays", year);
    let workdays = read_days(&fields, "workdays", year);
    for (day, at) in &workdays {
        note_no_make_up_day(*day, at, &holidays);
    }
    let days = |list: Vec<(Day, At<'_>)>| list.into_iter().map(|(day, _)| day).collect();
    Some((year?, YearCalendar { holidays: days(holidays), workdays: days(workdays) }))
}

fn read_days<'t>(fields: &Fields<'t>, key: &str, year: Option<i32>) -> Vec<(Day, At<'t>)> {
    let mut seen = BTreeSet::new();
    let mut days = Vec::new();
    for at in fields.list(key) {
        let Some(day) = at.day() else { continue };
        if let Some(year) = year.filter(|y| *y != day.year()) {
            at.note(ProblemCode::OutOfRange, both!("{day} 不在 {year} 年内", "{day} does not lie in {year}"));
        }
        if !seen.insert(day) {
            at.note(ProblemCode::DuplicateId, both!("{day} 重复列出", "{day} is listed twice"));
        }
        days.push((day, at));
    }
    days
}

fn note_no_make_up_day(day: Day, at: &At<'_>, holidays: &[(Day, At<'_>)]) {
    let message = if holidays.iter().any(|(holiday, _)| *holiday == day) {
        both!("{day} 既列为假日又列为补班日", "{day} is listed as a holiday too")
    } else if day.weekday() < 5 {
        both!(
            "{day} 是星期一至星期五，本来就是工作日",
            "{day} is a Monday to Friday and works anyway; list weekend days only"
        )
    } else {
        return;
    };
    at.note(ProblemCode::NoMakeUpDay, message);
}

/// The years between the first and the last calendar that have none.
pub(super) fn gaps(calendar: &Calendar) -> Vec<i32> {
    let years: BTreeSet<i32> = calendar.years().collect();
    let (Some(first), Some(last)) = (years.first(), years.last()) else { return Vec::new() };
    (*first..=*last).filter(|year| !years.contains(year)).collect()
}
