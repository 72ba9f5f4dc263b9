//! Items (职权事项) with their steps, limits and points: four tables, sheets of a workbook or files of their own. What the
//! tables do not have (stages, discretion, risk points, redress, waivers) stays as it stands; so do items that they do not name.

mod rows;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::cells::Sheet;
use crate::report::{Change, FieldChange, Kind, Place, Report};
use crate::{Changes, Context, Mapping, Register, Table, Unusable, yaml};
use rows::{Part, Parts, Steps};

/// Of one table: its rows by item, in their order.
type ByItem = BTreeMap<String, Vec<Part>>;

pub(crate) fn import(tables: &[Table], context: &Context<'_>) -> Result<(Report, Changes), Unusable> {
    let mut report = Report::new(Register::Catalogue);
    let sheets = sheets(tables, context.mapping, &mut report)?;
    let standing = standing(context);
    let mut spoiled: BTreeSet<String> = BTreeSet::new();
    let heads = match sheets.get("items") {
        Some(sheet) => rows::heads(sheet, &mut report, &mut spoiled),
        None => BTreeMap::new(),
    };
    let known: BTreeSet<String> = standing.keys().chain(heads.keys()).chain(&spoiled).cloned().collect();
    let mut parts = Parts { known: &known, report: &mut report, spoiled: &mut spoiled };
    let mut lists: BTreeMap<&str, ByItem> = BTreeMap::new();
    let steps = Steps::of(sheets.get("steps"), &standing);
    for (kind, read) in rows::READERS {
        if let Some(sheet) = sheets.get(kind) {
            lists.insert(kind, parts.read(sheet, &steps, read));
        }
    }
    report.refused = sheets.into_values().flat_map(Sheet::into_refused).collect();
    let named: BTreeSet<&String> = heads.keys().chain(lists.values().flat_map(BTreeMap::keys)).collect();
    let mut changes = Changes::default();
    // Of an item with a refused row nothing is taken: a point that is missing supervises nobody.
    for code in named.into_iter().filter(|code| !spoiled.contains(*code)) {
        let old = standing.get(code);
        let head = heads.get(code);
        let new = assembled(code, old.map(|(_, item)| item), head, &lists, context.options.merge);
        let path = old.map_or_else(|| format!("items/{}.yaml", file_name(code)), |(path, _)| path.clone());
        let place = head.map(|head| head.place.clone()).or_else(|| first_place(&lists, code));
        let Some(change) = change(code, old.map(|(_, item)| item), &new, place) else {
            report.unchanged += 1;
            continue;
        };
        report.changes.push(change);
        note_places(&mut changes, &path, &new, head, &lists);
        changes.files.insert(path, yaml::document(&new));
    }
    Ok((report, changes))
}

/// The tables by what they are.
fn sheets<'t>(
    tables: &'t [Table],
    mapping: &'t Mapping,
    report: &mut Report,
) -> Result<BTreeMap<&'static str, Sheet<'t>>, Unusable> {
    let mut sheets = BTreeMap::new();
    for table in tables.iter().filter(|table| !table.rows.is_empty()) {
        let Some((kind, columns)) = mapping.word("table", table.name()).and_then(rows::columns) else {
            continue;
        };
        if sheets.insert(kind, Sheet::of(table, kind, columns, mapping, report)?).is_some() {
            let message = format!("there are two tables {kind} 表重复");
            return Err(Unusable::file(&table.file, message));
        }
    }
    if sheets.is_empty() {
        let file = tables.first().map_or("", |table| table.file.as_str());
        let known = mapping.known("table");
        let message = format!("no sheet or file is called one of: {known} 工作表或文件应以此命名");
        return Err(Unusable::file(file, message));
    }
    Ok(sheets)
}

/// Items as they stand, with their file.
fn standing(context: &Context<'_>) -> BTreeMap<String, (String, Value)> {
    let files = context.base.iter().filter(|(path, _)| path.starts_with("items/"));
    let item = |(path, text): (&String, &String)| {
        let item: Value = serde_saphyr::from_str(text).ok()?;
        Some((item["code"].as_str()?.to_owned(), (path.clone(), item)))
    };
    files.filter_map(item).collect()
}

fn assembled(
    code: &str,
    old: Option<&Value>,
    head: Option<&Part>,
    lists: &BTreeMap<&str, ByItem>,
    merge: bool,
) -> Value {
    let mut item = old.cloned().unwrap_or_else(|| json!({"code": code}));
    if let Some(head) = head {
        lay(&mut item, head);
    }
    for (kind, by_item) in lists {
        let rows = by_item.get(code);
        if rows.is_none() && (head.is_none() || merge) {
            continue;
        }
        let old = item[*kind].as_array().cloned().unwrap_or_default();
        let find = |id: &Value| old.iter().find(|one| one["id"] == *id).cloned();
        let rows = rows.map(Vec::as_slice).unwrap_or_default();
        let mut list: Vec<Value> = Vec::new();
        if merge {
            list.extend(
                old.iter().filter(|one| !rows.iter().any(|row| row.value["id"] == one["id"])).cloned(),
            );
        }
        list.extend(rows.iter().map(|row| {
            let mut one = find(&row.value["id"]).unwrap_or_else(|| json!({}));
            lay(&mut one, row);
            one
        }));
        item[*kind] = list.into();
    }
    item
}

/// What a row says, in the place of what stood under the same keys; what it leaves empty goes.
fn lay(onto: &mut Value, row: &Part) {
    let Some(map) = onto.as_object_mut() else { return };
    map.retain(|key, _| !row.owned.contains(&key.as_str()));
    if let Some(own) = row.value.as_object() {
        map.extend(own.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
}

fn first_place(lists: &BTreeMap<&str, ByItem>, code: &str) -> Option<Place> {
    lists.values().find_map(|by_item| by_item.get(code)?.first()).map(|row| row.place.clone())
}

fn note_places(
    changes: &mut Changes,
    path: &str,
    item: &Value,
    head: Option<&Part>,
    lists: &BTreeMap<&str, ByItem>,
) {
    let mut note =
        |key: String, place: &Place| drop(changes.places.insert((path.to_owned(), key), place.clone()));
    if let Some(head) = head {
        note(String::new(), &head.place);
    }
    let code = item["code"].as_str().unwrap_or_default();
    for (kind, by_item) in lists {
        let rows = by_item.get(code).map(Vec::as_slice).unwrap_or_default();
        for (at, one) in item[*kind].as_array().into_iter().flatten().enumerate() {
            if let Some(row) = rows.iter().find(|row| row.value["id"] == one["id"]) {
                note(format!("{kind}[{at}]"), &row.place);
            }
        }
    }
}

/// What differs, key by key and element by element; nothing: `None`.
fn change(code: &str, old: Option<&Value>, new: &Value, place: Option<Place>) -> Option<Change> {
    let nothing = json!({});
    let before = flat(old.unwrap_or(&nothing));
    let after = flat(new);
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differing = keys.into_iter().filter(|key| before.get(*key) != after.get(*key));
    let field = |key: &String| FieldChange {
        field: key.clone(),
        before: before.get(key).map(Value::to_string),
        after: after.get(key).map(Value::to_string),
    };
    let fields: Vec<FieldChange> = differing.map(field).collect();
    let kind = if old.is_none() { Kind::Added } else { Kind::Changed };
    (!fields.is_empty()).then(|| Change { kind, id: code.to_owned(), org: None, place, fields })
}

/// `{"name": …, "limits.filing": …}`
fn flat(item: &Value) -> BTreeMap<String, Value> {
    let entries = item.as_object().into_iter().flatten();
    let parts = entries.flat_map(|(key, value)| match value {
        Value::Array(list) if list.iter().all(|one| one["id"].is_string()) && !list.is_empty() => {
            let part =
                |one: &Value| (format!("{key}.{}", one["id"].as_str().unwrap_or_default()), one.clone());
            list.iter().map(part).collect::<Vec<_>>()
        }
        value => vec![(key.clone(), value.clone())],
    });
    parts.collect()
}

/// A code as the name of a file: what a file cannot be called is written as a dash.
fn file_name(code: &str) -> String {
    code.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect()
}
