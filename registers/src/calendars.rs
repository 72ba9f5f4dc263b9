//! Working days: a row a day or a stretch of days that are off (休) or worked although it is a weekend (班). A year that the
//! table names is replaced, the others stay.

use std::collections::{BTreeMap, BTreeSet};

use model::Day;
use serde_json::Value;

use crate::cells::{Cells, Column, Sheet, needed, optional};
use crate::report::{Change, FieldChange, Kind, Place, Reason, Report};
use crate::{Changes, Context, Files, Register, Table, Unusable, both};

const COLUMNS: [Column; 3] = [needed("from"), optional("to"), needed("kind")];
/// Longest stretch of a row, days.
const MAX_STRETCH: i32 = 62;
/// Years that a calendar may be of.
const YEARS: std::ops::RangeInclusive<i32> = 1980..=2079;
/// Monday is 0.
const SATURDAY: u8 = 5;

/// What stands of a day: `holiday` or `workday`.
pub type Days = BTreeMap<Day, String>;

pub(crate) fn import(tables: &[Table], context: &Context<'_>) -> Result<(Report, Changes), Unusable> {
    let mut report = Report::new(Register::Calendars);
    let sheet = Sheet::of(context.only(tables)?, "calendars", &COLUMNS, context.mapping, &mut report)?;
    let files = files_by_year(context.base);
    let mut read: BTreeMap<Day, (String, Place)> = BTreeMap::new();
    for cells in sheet.rows() {
        report.rows += 1;
        let Some((days, kind)) = row(&cells) else { continue };
        match days.iter().find_map(|day| read.get(day)) {
            Some((_, first)) => cells.twice("from", first),
            None => {
                report.accepted += 1;
                read.extend(days.into_iter().map(|day| (day, (kind.to_owned(), cells.place()))));
            }
        }
    }
    report.refused = sheet.into_refused();
    let named: BTreeSet<i32> = read.keys().map(|day| day.year()).collect();
    let standing: Days = files.values().flat_map(|(_, days)| days.clone()).collect();
    for (day, (kind, place)) in &read {
        match standing.get(day) {
            Some(same) if same == kind => report.unchanged += 1,
            old => report.changes.push(change(*day, old, Some(kind), Some(place))),
        }
    }
    // A row that was refused may have been of any day: then none is taken out.
    if !context.options.merge && report.refused.is_empty() {
        let gone = standing.iter().filter(|(day, _)| named.contains(&day.year()) && !read.contains_key(day));
        report.changes.extend(gone.map(|(day, kind)| change(*day, Some(kind), None, None)));
    }
    let mut changes = Changes::default();
    let touched: BTreeSet<i32> =
        report.changes.iter().filter_map(|c| Day::parse(&c.id)).map(|day| day.year()).collect();
    for year in touched {
        let (path, mut days) =
            files.get(&year).cloned().unwrap_or_else(|| (format!("calendar/{year}.yaml"), Days::new()));
        for change in report.changes.iter() {
            let Some(day) = Day::parse(&change.id).filter(|day| day.year() == year) else { continue };
            match change.kind {
                Kind::Removed => drop(days.remove(&day)),
                _ => drop(read.get(&day).map(|(kind, _)| days.insert(day, kind.clone()))),
            }
        }
        changes.files.insert(path, text(year, &days));
    }
    Ok((report, changes))
}

fn row<'t>(cells: &Cells<'_, 't>) -> Option<(Vec<Day>, &'t str)> {
    if !cells.is_whole() {
        return None;
    }
    cells.filled("from")?;
    let (from, to, kind) = (cells.day("from"), cells.day("to"), cells.word("kind", "day", None));
    let Some(from) = from? else {
        cells.refuse("from", Reason::BadDate, both!("应填日期", "give a date"));
        return None;
    };
    let (to, kind) = (to?.unwrap_or(from), kind?);
    if to < from {
        let message =
            both!("结束日期 {to} 早于开始日期 {from}", "it ends on {to}, before it begins on {from}");
        cells.refuse("to", Reason::EndsBeforeItBegins, message);
        return None;
    }
    if to.0 - from.0 >= MAX_STRETCH || !YEARS.contains(&from.year()) || !YEARS.contains(&to.year()) {
        let message = both!(
            "{from} 至 {to} 超出范围：一行最多 {MAX_STRETCH} 天，年份 1980 至 2079",
            "{from} to {to} is out of range: at most {MAX_STRETCH} days a row, years 1980 to 2079"
        );
        cells.refuse("to", Reason::BadDate, message);
        return None;
    }
    let days: Vec<Day> = (from.0..=to.0).map(Day).collect();
    if kind == "workday"
        && let Some(day) = days.iter().find(|day| day.weekday() < SATURDAY)
    {
        let message =
            both!("{day} 是星期一至星期五，本来就是工作日", "{day} is a Monday to Friday and works anyway");
        cells.refuse("from", Reason::NoMakeUpDay, message);
        return None;
    }
    Some((days, kind))
}

/// The days of a catalogue's calendars, by year: `holiday` or `workday`.
pub fn years(files: &Files) -> BTreeMap<i32, Days> {
    files_by_year(files).into_iter().map(|(year, (_, days))| (year, days)).collect()
}

/// The files that stand, by their year.
fn files_by_year(files: &Files) -> BTreeMap<i32, (String, Days)> {
    let files = files.iter().filter(|(path, _)| path.starts_with("calendar/"));
    let read = |(path, text): (&String, &String)| {
        let value: Value = serde_saphyr::from_str(text).ok()?;
        let year = i32::try_from(value["year"].as_i64()?).ok()?;
        let days = [("holidays", "holiday"), ("workdays", "workday")].into_iter().flat_map(|(key, kind)| {
            let list = value[key].as_array().cloned().unwrap_or_default();
            list.into_iter().filter_map(move |day| Some((Day::parse(day.as_str()?)?, kind.to_owned())))
        });
        Some((year, (path.clone(), days.collect::<Days>())))
    };
    files.filter_map(read).collect()
}

fn text(year: i32, days: &Days) -> String {
    let of = |wanted: &str| -> String {
        let days = days.iter().filter(|(_, kind)| *kind == wanted).map(|(day, _)| day.to_string());
        days.collect::<Vec<_>>().join(", ")
    };
    format!("year: {year}\nholidays: [{}]\nworkdays: [{}]\n", of("holiday"), of("workday"))
}

fn change(day: Day, before: Option<&String>, after: Option<&String>, place: Option<&Place>) -> Change {
    let kind = match (before, after) {
        (None, _) => Kind::Added,
        (_, None) => Kind::Removed,
        _ => Kind::Changed,
    };
    let fields =
        vec![FieldChange { field: "kind".to_owned(), before: before.cloned(), after: after.cloned() }];
    Change { kind, id: day.to_string(), org: None, place: place.cloned(), fields }
}

/// For tests: a year's file as a value.
#[cfg(test)]
pub(crate) fn shown(text: &str) -> Value {
    let value: Value = serde_saphyr::from_str(text).unwrap_or_default();
    serde_json::json!({"year": value["year"], "holidays": value["holidays"], "workdays": value["workdays"]})
}
