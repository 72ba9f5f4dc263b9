//! The rows of the four tables as the keys of an item's file.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::both;
use crate::cells::{Cells, Column, Sheet, needed, optional};
use crate::report::{Place, Reason, Report};

use super::ByItem;

/// Bounds of the catalogue's own, which checks them again.
const MAX_AMOUNT: u32 = 100_000;
const MAX_WARN_DAYS: u32 = 3_660;
const MAX_OFFICERS: u32 = 100;
const MAX_LAG_HOURS: u32 = 100_000;
const MAX_PIECES: u32 = 1_000;

/// What a row says.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) value: Value,
    /// Keys that the table has: what the row leaves empty is not there.
    pub(super) owned: Vec<&'static str>,
    pub(super) place: Place,
}

type Read = fn(&Cells<'_, '_>, &Sheet<'_>, &str, &Steps) -> Option<Part>;

/// In the order in which an item has them.
pub(super) const READERS: [(&str, Read); 3] = [("steps", step), ("limits", limit), ("points", point)];

const ITEMS: [Column; 7] = [
    needed("code"),
    needed("name"),
    optional("name_en"),
    needed("category"),
    optional("legal_basis"),
    optional("max_entry_lag_hours"),
    optional("in_flight"),
];
const STEPS: [Column; 7] = [
    needed("item"),
    needed("id"),
    optional("name"),
    optional("name_en"),
    optional("next"),
    optional("authorizes"),
    optional("form"),
];
const LIMITS: [Column; 9] = [
    needed("item"),
    needed("id"),
    optional("from"),
    optional("to"),
    needed("amount"),
    needed("unit"),
    optional("legal"),
    optional("warn_days"),
    optional("visits"),
];
const POINTS: [Column; 8] = [
    needed("item"),
    needed("id"),
    needed("kind"),
    needed("on"),
    optional("min_officers"),
    optional("required"),
    optional("negative"),
    optional("require_voucher"),
];

pub(super) fn columns(kind: &str) -> Option<(&'static str, &'static [Column])> {
    match kind {
        "items" => Some(("items", &ITEMS)),
        "steps" => Some(("steps", &STEPS)),
        "limits" => Some(("limits", &LIMITS)),
        "points" => Some(("points", &POINTS)),
        _ => None,
    }
}

/// The rows of `items`, by code.
pub(super) fn heads(
    sheet: &Sheet<'_>,
    report: &mut Report,
    spoiled: &mut BTreeSet<String>,
) -> BTreeMap<String, Part> {
    let mut heads: BTreeMap<String, Part> = BTreeMap::new();
    for cells in sheet.rows() {
        report.rows += 1;
        let head = head(&cells, sheet).filter(|(code, _)| {
            let first = heads.get(code).map(|head| &head.place);
            first.inspect(|first| cells.twice("code", first)).is_none()
        });
        match head {
            Some((code, part)) => {
                report.accepted += 1;
                heads.insert(code, part);
            }
            None => drop(spoiled.insert(cells.text("code").to_owned())),
        }
    }
    heads
}

fn head(cells: &Cells<'_, '_>, sheet: &Sheet<'_>) -> Option<(String, Part)> {
    if !cells.is_whole() {
        return None;
    }
    let code = cells.id("code");
    let name = cells.filled("name").map(|_| name(cells));
    let category = cells.word("category", "category", None);
    let lag = cells.number("max_entry_lag_hours", 0..=MAX_LAG_HOURS);
    let in_flight = cells.word("in_flight", "in_flight", Some(""));
    let mut part = Builder::new(sheet);
    let code = code?;
    part.set("code", None, json!(code));
    part.set("name", None, name?);
    part.set("category", None, json!(category?));
    part.set("legal_basis", Some("legal_basis"), legal_basis(cells));
    part.set("max_entry_lag_hours", Some("max_entry_lag_hours"), json!(lag?));
    part.set("in_flight", Some("in_flight"), text(in_flight?));
    Some((code, part.done(cells)))
}

/// Reads the rows of a table below the items.
pub(super) struct Parts<'a> {
    pub(super) known: &'a BTreeSet<String>,
    pub(super) report: &'a mut Report,
    pub(super) spoiled: &'a mut BTreeSet<String>,
}

impl Parts<'_> {
    pub(super) fn read(&mut self, sheet: &Sheet<'_>, steps: &Steps, read: Read) -> ByItem {
        let mut parts = ByItem::new();
        for cells in sheet.rows() {
            self.report.rows += 1;
            match self.one(&cells, sheet, steps, read, &parts) {
                Some((item, part)) => {
                    self.report.accepted += 1;
                    parts.entry(item).or_default().push(part);
                }
                None => drop(self.spoiled.insert(cells.text("item").to_owned())),
            }
        }
        parts
    }

    fn one(
        &self,
        cells: &Cells<'_, '_>,
        sheet: &Sheet<'_>,
        steps: &Steps,
        read: Read,
        parts: &ByItem,
    ) -> Option<(String, Part)> {
        if !cells.is_whole() {
            return None;
        }
        let item = cells.id("item")?;
        if !self.known.contains(&item) {
            let message = both!(
                "没有事项“{item}”：请先在事项表中列出",
                "there is no item \"{item}\": list it in the table of items"
            );
            cells.refuse("item", Reason::Dangling, message);
            return None;
        }
        let part = read(cells, sheet, &item, steps)?;
        let same = parts.get(&item).into_iter().flatten().find(|other| other.value["id"] == part.value["id"]);
        if let Some(first) = same {
            cells.twice("id", &first.place);
            return None;
        }
        Some((item, part))
    }
}

/// The steps of each item, by id and by name: people write names.
#[derive(Default)]
pub(super) struct Steps(BTreeMap<String, Vec<(String, String)>>);

impl Steps {
    pub(super) fn of(sheet: Option<&Sheet<'_>>, standing: &BTreeMap<String, (String, Value)>) -> Self {
        let mut steps = Self::default();
        for cells in sheet.into_iter().flat_map(Sheet::rows) {
            let [item, id, name] = ["item", "id", "name"].map(|column| cells.text(column).to_owned());
            steps.0.entry(item).or_default().push((id, name));
        }
        for (code, (_, item)) in standing {
            let known = |step: &Value| {
                let name = step["name"].as_str().or_else(|| step["name"]["zh"].as_str()).unwrap_or_default();
                (step["id"].as_str().unwrap_or_default().to_owned(), name.to_owned())
            };
            let own = item["steps"].as_array().into_iter().flatten().map(known);
            steps.0.entry(code.clone()).or_insert_with(|| own.collect());
        }
        steps
    }

    fn find(&self, item: &str, cells: &Cells<'_, '_>, column: &str, text: &str) -> Option<String> {
        let own = self.0.get(item).map(Vec::as_slice).unwrap_or_default();
        let by_id = own.iter().find(|(id, _)| id == text);
        let found = by_id.or_else(|| own.iter().find(|(_, name)| name == text));
        if found.is_none() {
            let known = own.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>().join(", ");
            let message = both!(
                "事项“{item}”没有环节“{text}”：现有 {known}",
                "the item \"{item}\" has no step \"{text}\"; steps are: {known}"
            );
            cells.refuse(column, Reason::Dangling, message);
        }
        found.map(|(id, _)| id.clone())
    }

    fn all(&self, item: &str, cells: &Cells<'_, '_>, column: &str) -> Option<Value> {
        let parts = cells.list(column).into_iter().map(|text| self.find(item, cells, column, text));
        parts.collect::<Option<Vec<_>>>().map(|ids| json!(ids))
    }
}

fn step(cells: &Cells<'_, '_>, sheet: &Sheet<'_>, item: &str, steps: &Steps) -> Option<Part> {
    let (id, next, authorizes) =
        (cells.id("id"), steps.all(item, cells, "next"), steps.all(item, cells, "authorizes"));
    let mut part = Builder::new(sheet);
    part.set("id", None, json!(id?));
    part.set("name", Some("name"), name(cells));
    part.set("next", Some("next"), next?);
    part.set("authorizes", Some("authorizes"), authorizes?);
    part.set("form", Some("form"), json!(cells.list("form")));
    Some(part.done(cells))
}

fn limit(cells: &Cells<'_, '_>, sheet: &Sheet<'_>, item: &str, steps: &Steps) -> Option<Part> {
    let id = cells.id("id");
    let end = |column: &str| match cells.text(column) {
        "" => Some(None),
        text => steps.find(item, cells, column, text).map(Some),
    };
    let (from, to) = (end("from"), end("to"));
    let amount = cells.filled("amount").and_then(|_| cells.number("amount", 1..=MAX_AMOUNT));
    let unit = cells.word("unit", "unit", None);
    let legal = cells.word("legal", "legal", Some(""));
    let warn = cells.number("warn_days", 0..=MAX_WARN_DAYS);
    let visits = cells.word("visits", "visits", Some(""));
    let scope = match (from?, to?) {
        (None, None) => json!("case"),
        (Some(step), None) => json!({"step": step}),
        (Some(from), Some(to)) => json!({"from": from, "to": to}),
        (None, Some(_)) => {
            let message = both!("有截止环节而无起始环节", "it has a last step and no first one");
            cells.refuse("from", Reason::Missing, message);
            return None;
        }
    };
    let (unit, amount) = (unit?, amount??);
    let mut part = Builder::new(sheet);
    part.set("id", None, json!(id?));
    part.set("scope", None, scope);
    let (days, hours) = if unit.ends_with("hour") { (None, Some(amount)) } else { (Some(amount), None) };
    part.set("days", None, json!(days));
    part.set("hours", None, json!(hours));
    part.set("minutes", None, Value::Null);
    part.set("unit", None, json!(unit));
    part.set("legal", Some("legal"), text(legal?));
    part.set("warn_days", Some("warn_days"), json!(warn?));
    part.set("visits", Some("visits"), text(visits?));
    Some(part.done(cells))
}

fn point(cells: &Cells<'_, '_>, sheet: &Sheet<'_>, item: &str, steps: &Steps) -> Option<Part> {
    let (id, kind, on) = (cells.id("id"), cells.word("kind", "point", None), cells.filled("on"));
    let officers = cells.number("min_officers", 1..=MAX_OFFICERS);
    let voucher = cells.word("require_voucher", "truth", Some(""));
    let kind = kind?;
    let mut part = Builder::new(sheet);
    part.set("id", None, json!(id?));
    part.set("kind", None, json!(kind));
    if kind == "time_limit" {
        part.set("limit", None, json!(on?));
        part.set("step", None, Value::Null);
    } else {
        part.set("step", None, json!(steps.find(item, cells, "on", on?)?));
        part.set("limit", None, Value::Null);
    }
    part.set("min_officers", Some("min_officers"), json!(officers?));
    let (evidence, fields) = match kind {
        "evidence" => (evidence(cells)?, Value::Null),
        "decision_basis" => (Value::Null, json!(cells.list("required"))),
        _ => (Value::Null, Value::Null),
    };
    part.set("required", Some("required"), evidence);
    part.set("required_fields", Some("required"), fields);
    part.set("negative", Some("negative"), json!(cells.list("negative")));
    let voucher = voucher?;
    let voucher = if voucher.is_empty() { Value::Null } else { json!(voucher == "true") };
    part.set("require_voucher", Some("require_voucher"), voucher);
    Some(part.done(cells))
}

/// `照片 2; 文书`
fn evidence(cells: &Cells<'_, '_>) -> Option<Value> {
    let one = |text: &str| {
        let word = text.trim_end_matches(|c: char| c.is_ascii_digit());
        let count = &text[word.len()..];
        let word = word.trim_end_matches(|c: char| c.is_whitespace() || "×xX*".contains(c));
        let kind = cells.meaning("required", "evidence", word)?;
        if count.is_empty() {
            return Some(json!({"kind": kind}));
        }
        let least = count.parse::<u32>().ok().filter(|count| (1..=MAX_PIECES).contains(count));
        if least.is_none() {
            let message = both!(
                "“{count}”应为 1 至 {MAX_PIECES} 的整数",
                "\"{count}\" must be a whole number from 1 to {MAX_PIECES}"
            );
            cells.refuse("required", Reason::BadNumber, message);
        }
        least.map(|least| json!({"kind": kind, "min": least}))
    };
    cells.list("required").into_iter().map(one).collect::<Option<Vec<_>>>().map(Value::from)
}

fn name(cells: &Cells<'_, '_>) -> Value {
    let (zh, en) = (cells.text("name"), cells.text("name_en"));
    if en.is_empty() || zh.is_empty() {
        text(if zh.is_empty() { en } else { zh })
    } else {
        json!({"zh": zh, "en": en})
    }
}

/// `《行政处罚法》第60条; 城市市容和环境卫生管理条例`
fn legal_basis(cells: &Cells<'_, '_>) -> Value {
    let one = |text: &str| {
        let (law, article) = match text.strip_prefix('《').and_then(|rest| rest.split_once('》')) {
            Some((law, article)) => (law, article.trim()),
            None => (text, ""),
        };
        let digits = article.strip_prefix('第').and_then(|rest| rest.strip_suffix('条'));
        let digits = digits.filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
        match digits.unwrap_or(article) {
            "" => json!({"law": law}),
            article => json!({"law": law, "article": article}),
        }
    };
    cells.list("legal_basis").into_iter().map(one).collect()
}

fn text(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { json!(text) }
}

/// Puts a row's keys together.
struct Builder<'s, 't> {
    sheet: &'s Sheet<'t>,
    value: Map<String, Value>,
    owned: Vec<&'static str>,
}

impl<'s, 't> Builder<'s, 't> {
    fn new(sheet: &'s Sheet<'t>) -> Self {
        Self { sheet, value: Map::new(), owned: Vec::new() }
    }

    /// A key, if the table has its column. Nothing and an empty list are no value.
    fn set(&mut self, key: &'static str, column: Option<&str>, value: Value) {
        if column.is_some_and(|column| !self.sheet.has(column)) {
            return;
        }
        self.owned.push(key);
        let is_empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        if !is_empty {
            self.value.insert(key.to_owned(), value);
        }
    }

    fn done(self, cells: &Cells<'_, '_>) -> Part {
        Part { value: self.value.into(), owned: self.owned, place: cells.place() }
    }
}
