//! From text to the values that questions are made of.

use jiff::tz::TimeZone;
use model::time::Instant;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use super::Params;
use crate::cursor;
use crate::error::Problem;
use crate::limits::{DEFAULT_PAGE_ROWS, DEFAULT_ZONE, MAX_PAGE_ROWS};
use crate::question::{Axis, DeadLetterField, DeadLetterQuery, Field, Filter, Group};
use crate::words;

/// What a `DateTime64` holds, and no event is older.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2299;

impl<P: IntoParams> Params<P> {
    pub(crate) fn filter(&self) -> Result<Filter, Problem> {
        let mut filter = Filter { axis: self.axis()?, ..Filter::default() };
        (filter.from, filter.to) = self.range()?;
        filter.shadow = self.word("shadow", &words::SHADOWS)?.is_some();
        for field in Field::ALL {
            let values = self.field(field)?;
            if !values.is_empty() {
                filter.fields.insert(field, values);
            }
        }
        Ok(filter)
    }

    /// The filter of an address that takes no other part of it than the state.
    pub(crate) fn states(&self) -> Result<Filter, Problem> {
        let mut filter = Filter::default();
        let states = self.field(Field::State)?;
        if !states.is_empty() {
            filter.fields.insert(Field::State, states);
        }
        Ok(filter)
    }

    fn field(&self, field: Field) -> Result<Vec<String>, Problem> {
        let known = match field {
            Field::Category => Some(words::CATEGORIES.to_vec()),
            Field::Kind => Some(words::kinds()),
            Field::Code => Some(words::codes()),
            Field::Light => Some(words::lights()),
            Field::State => Some(words::states()),
            _ => None,
        };
        let values = self.many(field.name()).into_iter();
        values.map(|value| checked(field.name(), value, known.as_deref(), field.is_optional())).collect()
    }

    /// Stages of a review, each a known one.
    pub(crate) fn stages(&self) -> Result<Vec<&'static str>, Problem> {
        let known = |value: &str| words::STAGES.into_iter().find(|stage| *stage == value);
        let values = self.many("state").into_iter();
        values.map(|value| known(value).ok_or_else(|| not_one_of("state", value, &words::STAGES))).collect()
    }

    fn axis(&self) -> Result<Axis, Problem> {
        let name = self.word("axis", &words::AXES)?;
        Ok(name.and_then(|name| Axis::ALL.into_iter().find(|axis| axis.name() == name)).unwrap_or_default())
    }

    /// `from` and `to`, of which the first must be before the second.
    fn range(&self) -> Result<(Option<Instant>, Option<Instant>), Problem> {
        let (from, to) = (self.instant("from")?, self.instant("to")?);
        match (from, to) {
            (Some(from), Some(to)) if from >= to => Err(Problem::parameter(
                "to",
                "to must be after from; the range takes in from and leaves out to",
            )),
            range => Ok(range),
        }
    }

    fn instant(&self, name: &str) -> Result<Option<Instant>, Problem> {
        let Some(text) = self.one(name)? else { return Ok(None) };
        // A plus sign that was not percent-encoded arrives as a blank; before an offset it can be nothing else.
        let text = match text.len().checked_sub(6).filter(|at| text.as_bytes()[*at] == b' ') {
            Some(at) => format!("{}+{}", &text[..at], &text[at + 1..]),
            None => text.to_owned(),
        };
        let read = Instant::parse(&text).filter(|at| YEARS.contains(&year(*at)));
        let detail = || {
            format!(
                "{name} is {text:?}; it must be an instant of RFC 3339 with an offset, of the years {} to {}, \
                 such as 2026-03-02T09:00:00+08:00 (the + written as %2B) or 2026-03-02T01:00:00Z",
                YEARS.start(),
                YEARS.end()
            )
        };
        read.map(Some).ok_or_else(|| Problem::parameter(name, detail()))
    }

    pub(crate) fn word(&self, name: &str, known: &[&'static str]) -> Result<Option<&'static str>, Problem> {
        let Some(value) = self.one(name)? else { return Ok(None) };
        let found = known.iter().find(|word| **word == value).copied();
        found.map(Some).ok_or_else(|| not_one_of(name, value, known))
    }

    pub(crate) fn limit(&self) -> Result<u32, Problem> {
        self.number("limit", MAX_PAGE_ROWS, DEFAULT_PAGE_ROWS)
    }

    /// A number from 1 to `max`.
    pub(crate) fn number(&self, name: &str, max: u32, default: u32) -> Result<u32, Problem> {
        let Some(text) = self.one(name)? else { return Ok(default) };
        let read = text.parse().ok().filter(|number| (1..=max).contains(number));
        let detail = || format!("{name} is {text:?}; it must be a whole number from 1 to {max}");
        read.ok_or_else(|| Problem::parameter(name, detail()))
    }

    /// Where the page before ended, for the question with these pairs.
    pub(crate) fn after<T: DeserializeOwned>(&self, pairs: &[(&str, String)]) -> Result<Option<T>, Problem> {
        let Some(text) = self.one("cursor")? else { return Ok(None) };
        let detail =
            "cursor is not one of this list: take next_cursor as it came and keep every filter and the axis";
        cursor::read(pairs, text).map(Some).ok_or_else(|| Problem::parameter("cursor", detail))
    }

    pub(crate) fn groups(&self) -> Result<Vec<Group>, Problem> {
        let mut groups = Vec::new();
        for name in self.many("by") {
            let group = Group::ALL.into_iter().find(|group| group.name() == name);
            let group = group.ok_or_else(|| not_one_of("by", name, &words::GROUPS))?;
            if groups.contains(&group) {
                return Err(Problem::parameter("by", format!("by={name} is given twice")));
            }
            groups.push(group);
        }
        Ok(groups)
    }

    pub(crate) fn zone(&self) -> Result<(String, TimeZone), Problem> {
        let name = self.one("zone")?.unwrap_or(DEFAULT_ZONE);
        let detail =
            || format!("zone is {name:?}; it must be an IANA time zone, such as {DEFAULT_ZONE} or UTC");
        let zone = TimeZone::get(name).map_err(|_| Problem::parameter("zone", detail()))?;
        // The zone's own spelling: ClickHouse minds the case.
        let name = zone.iana_name().unwrap_or(name).to_owned();
        Ok((name, zone))
    }

    pub(crate) fn dead_letters(&self) -> Result<DeadLetterQuery, Problem> {
        let mut query = DeadLetterQuery { limit: self.limit()?, ..DeadLetterQuery::default() };
        (query.from, query.to) = self.range()?;
        for field in DeadLetterField::ALL {
            let values = self.many(field.name()).into_iter();
            let values: Result<Vec<_>, _> = values
                .map(|value| checked(field.name(), value, None, field == DeadLetterField::Org))
                .collect();
            match values? {
                values if values.is_empty() => {}
                values => query.fields.push((field, values)),
            }
        }
        Ok(query)
    }
}

fn year(at: Instant) -> i32 {
    model::time::Day(i32::try_from(at.0.div_euclid(model::time::MS_PER_DAY)).unwrap_or(i32::MAX / 2)).year()
}

/// A value of a closed vocabulary, or any that is not empty. `or_none` lets the empty value through, which asks for
/// what has none.
fn checked(
    name: &str,
    value: &str,
    known: Option<&[&'static str]>,
    or_none: bool,
) -> Result<String, Problem> {
    match known {
        _ if value.is_empty() && or_none => Ok(String::new()),
        Some(known) if !known.contains(&value) => Err(not_one_of(name, value, known)),
        None if value.is_empty() => {
            Err(Problem::parameter(name, format!("{name} is empty; leave it out for any")))
        }
        _ => Ok(value.to_owned()),
    }
}

fn not_one_of(name: &str, value: &str, known: &[&'static str]) -> Problem {
    Problem::parameter(name, format!("{name} is {value:?}; it must be one of: {}", known.join(", ")))
}
