//! The limits of an item: what they span, how long they are, when their lights come on.

use std::ops::RangeInclusive;

use super::cursor::{At, Fields, both};
use super::item::Context;
use super::stages;
use super::text::{Index, listed};
use crate::catalogue::{Legal, Length, Limit, ProblemCode, Scope, Visits};
use crate::time::{MS_PER_HOUR, MS_PER_MINUTE};

const KEYS: [&str; 12] = [
    "id",
    "scope",
    "days",
    "hours",
    "minutes",
    "unit",
    "warn_days",
    "stages",
    "legal",
    "visits",
    "roll_forward",
    "open_ended",
];

/// Ten years of days, and as much in hours and minutes.
pub(super) const MAX_DAYS: i64 = 3_660;
const MAX_HOURS: i64 = MAX_DAYS * 24;
const MAX_MINUTES: i64 = MAX_HOURS * 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    WorkingDay,
    CalendarDay,
    Hour,
    WorkingHour,
}

const UNITS: [(&str, Unit); 4] = [
    ("working_day", Unit::WorkingDay),
    ("calendar_day", Unit::CalendarDay),
    ("hour", Unit::Hour),
    ("working_hour", Unit::WorkingHour),
];

/// A limit's amount: days, or hours or minutes in ms.
#[derive(Debug, Clone, Copy)]
pub(super) struct Amount {
    pub(super) unit: Unit,
    /// In days or ms.
    pub(super) total: i64,
    /// What one of the unit in the file is: 1 for days, the ms of an hour or a minute else.
    pub(super) one: i64,
}

impl Amount {
    pub(super) fn in_days(self) -> bool {
        matches!(self.unit, Unit::WorkingDay | Unit::CalendarDay)
    }
}

pub(super) fn read<'t>(item: &Fields<'t>, steps: &Index<'_>, context: Context) -> (Index<'t>, Vec<Limit>) {
    let elements: Vec<_> = item.list("limits").iter().map(|at| at.fields(&KEYS)).collect();
    let index = Index::read(ProblemCode::UnknownLimit, ("时限", "limit"), &elements);
    let read = |(i, fields): (usize, &Option<Fields<'_>>)| {
        Some(read_one(fields.as_ref()?, index.id(i), steps, context))
    };
    let limits: Vec<Option<Limit>> = elements.iter().enumerate().map(read).map(Option::flatten).collect();
    note_promises(&elements, &limits);
    if elements.is_empty() {
        let message = both!(
            "该事项没有时限，其案件不受时限监察",
            "the item has no limit, so its cases are not supervised for time"
        );
        item.at().note(ProblemCode::ItemWithoutLimit, message);
    }
    (index, limits.into_iter().flatten().collect())
}

fn read_one(fields: &Fields<'_>, id: String, steps: &Index<'_>, context: Context) -> Option<Limit> {
    let scope = fields.need("scope").and_then(|at| read_scope(&at, steps));
    let amount = read_amount(fields);
    let roll_forward = fields.get("roll_forward").and_then(|at| at.bool());
    let legal = fields
        .get("legal")
        .and_then(|at| at.word(&[("statutory", Legal::Statutory), ("promised", Legal::Promised)]));
    let visits = fields
        .get("visits")
        .and_then(|at| at.word(&[("restart", Visits::Restart), ("accumulate", Visits::Accumulate)]));
    let open_ended = fields.get("open_ended").and_then(|at| at.bool()).unwrap_or(false);
    let stages = stages::read(fields, amount, open_ended, context);
    note_ignored(fields, scope, amount, visits);
    let amount = amount?;
    let days = u32::try_from(amount.total).unwrap_or(u32::MAX);
    let length = match amount.unit {
        Unit::WorkingDay => Length::WorkingDays(days),
        Unit::CalendarDay => Length::CalendarDays { days, roll_forward: roll_forward.unwrap_or(true) },
        Unit::Hour => Length::Elapsed(amount.total),
        Unit::WorkingHour => Length::OfficeTime(amount.total),
    };
    let (legal, visits) = (legal.unwrap_or_default(), visits.unwrap_or_default());
    Some(Limit { id, scope: scope?, length, legal, visits, stages, open_ended })
}

fn read_scope(at: &At<'_>, steps: &Index<'_>) -> Option<Scope> {
    if !at.is_map() {
        let text = at.text()?;
        if text == "case" {
            return Some(Scope::Case);
        }
        let message = both!(
            "“{text}”不是范围：应为 case、{{step: …}} 或 {{from: …, to: …}}",
            "\"{text}\" is no scope: case, {{step: …}} or {{from: …, to: …}}"
        );
        at.note(ProblemCode::InvalidValue, message);
        return None;
    }
    let fields = at.fields(&["step", "from", "to"])?;
    let find = |key: &str| fields.need(key).and_then(|at| steps.find(&at));
    if !fields.has("step") {
        let (from, to) = (find("from"), find("to"));
        return Some(Scope::Span { from: from?, to: to? });
    }
    if fields.has("from") || fields.has("to") {
        let message = both!("step 与 from、to 不能并用", "give either `step`, or `from` and `to`");
        at.note(ProblemCode::ConflictingKeys, message);
    }
    find("step").map(Scope::Step)
}

fn read_amount(fields: &Fields<'_>) -> Option<Amount> {
    const MEMBERS: [(&str, RangeInclusive<i64>, i64); 3] = [
        ("days", 1..=MAX_DAYS, 1),
        ("hours", 1..=MAX_HOURS, MS_PER_HOUR),
        ("minutes", 1..=MAX_MINUTES, MS_PER_MINUTE),
    ];
    let unit = fields.need("unit").and_then(|at| at.word(&UNITS));
    let given: Vec<_> = MEMBERS.into_iter().filter(|(key, ..)| fields.has(key)).collect();
    let amounts: Vec<_> = given
        .iter()
        .map(|(key, range, one)| {
            fields.get(key).and_then(|at| at.int(range.clone())).map(|n| (n * one, *one))
        })
        .collect();
    let unit = unit?;
    let in_days = matches!(unit, Unit::WorkingDay | Unit::CalendarDay);
    let fitting = given.iter().all(|(key, ..)| (*key == "days") == in_days);
    if given.len() != 1 || !fitting {
        let word = UNITS.iter().find(|(_, u)| *u == unit).map_or("", |(word, _)| *word);
        let wanted = if in_days { "`days`" } else { "`hours` or `minutes`" };
        let found = listed(given.iter().map(|(key, ..)| *key));
        let message = both!(
            "单位 {word} 只能配 {wanted} 中的一个，现有：{found}",
            "a limit in {word} has exactly one of {wanted}; found: {found}"
        );
        fields.at().note(ProblemCode::ConflictingKeys, message);
        return None;
    }
    let (total, one) = amounts.into_iter().next().flatten()?;
    Some(Amount { unit, total, one })
}

fn note_ignored(fields: &Fields<'_>, scope: Option<Scope>, amount: Option<Amount>, visits: Option<Visits>) {
    if let (Some(at), Some(amount)) = (fields.get("roll_forward"), amount)
        && amount.unit != Unit::CalendarDay
    {
        let message = both!(
            "roll_forward 只对 calendar_day 有效",
            "`roll_forward` has an effect on calendar_day limits only"
        );
        at.note(ProblemCode::IgnoredKey, message);
    }
    if let (Some(at), Some(_), Some(Scope::Case | Scope::Span { .. })) = (fields.get("visits"), visits, scope)
    {
        let message =
            both!("visits 只对环节时限有效", "`visits` has an effect on limits of scope {{step}} only");
        at.note(ProblemCode::IgnoredKey, message);
    }
}

/// A promise (承诺时限) is there to be shorter than the law.
fn note_promises(elements: &[Option<Fields<'_>>], limits: &[Option<Limit>]) {
    for (fields, promise) in elements.iter().zip(limits) {
        let (Some(fields), Some(promise)) = (fields, promise) else { continue };
        let exceeded = limits.iter().flatten().find(|law| exceeds(promise, law));
        if let Some(law) = exceeded {
            let id = &law.id;
            let message = both!(
                "承诺时限长于法定时限“{id}”",
                "the promise is longer than the statutory limit \"{id}\""
            );
            fields.at().note(ProblemCode::PromiseExceedsLaw, message);
        }
    }
}

fn exceeds(promise: &Limit, law: &Limit) -> bool {
    let longer = match (promise.length, law.length) {
        (Length::WorkingDays(a), Length::WorkingDays(b)) => a > b,
        (Length::CalendarDays { days: a, .. }, Length::CalendarDays { days: b, .. }) => a > b,
        (Length::Elapsed(a), Length::Elapsed(b)) | (Length::OfficeTime(a), Length::OfficeTime(b)) => a > b,
        _ => false,
    };
    longer && promise.legal == Legal::Promised && law.legal == Legal::Statutory && promise.scope == law.scope
}
