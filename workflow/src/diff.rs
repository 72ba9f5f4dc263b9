//! What differs between two contents, key by key. Elements with an `id` are told apart by it, others by their place.

use model::catalogue::Bilingual;
use serde::Serialize;
use serde_json::{Map, Value};

/// One difference. `old` is absent for what is new, `new` for what is gone.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Such as `points[p2].min_officers`; the ids in the brackets, or places where elements have none.
    pub path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
    pub message: Bilingual,
}

/// All differences, in the order of the new content's lists and of the keys; none if and only if the contents are equal.
pub fn diff(old: &Value, new: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    compare("", old, new, &mut changes);
    changes
}

fn compare(path: &str, old: &Value, new: &Value, out: &mut Vec<Change>) {
    match (old, new) {
        _ if old == new => {}
        (Value::Object(old), Value::Object(new)) => compare_maps(path, old, new, out),
        (Value::Array(old), Value::Array(new)) => match (ids(old), ids(new)) {
            (Some(old_ids), Some(new_ids)) => compare_by_id(path, (old, &old_ids), (new, &new_ids), out),
            _ => compare_by_place(path, old, new, out),
        },
        _ => out.push(change(path, Some(old), Some(new))),
    }
}

fn compare_maps(path: &str, old: &Map<String, Value>, new: &Map<String, Value>, out: &mut Vec<Change>) {
    for key in old.keys().chain(new.keys().filter(|key| !old.contains_key(*key))) {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        both_or_one(&path, old.get(key), new.get(key), out);
    }
}

fn compare_by_id(
    path: &str,
    (old, old_ids): (&[Value], &[&str]),
    (new, new_ids): (&[Value], &[&str]),
    out: &mut Vec<Change>,
) {
    let find = |list: &'_ [Value], ids: &[&str], id: &str| {
        ids.iter().position(|i| *i == id).map(|i| list[i].clone())
    };
    let gone = old_ids.iter().filter(|id| !new_ids.contains(id));
    for id in new_ids.iter().chain(gone) {
        let (old, new) = (find(old, old_ids, id), find(new, new_ids, id));
        both_or_one(&format!("{path}[{id}]"), old.as_ref(), new.as_ref(), out);
    }
    // The order of steps is the flow's.
    let kept = |of: &[&str], other: &[&str]| {
        of.iter().filter(|id| other.contains(id)).copied().map(Value::from).collect()
    };
    let (before, after): (Vec<Value>, Vec<Value>) = (kept(old_ids, new_ids), kept(new_ids, old_ids));
    if before != after {
        out.push(change(path, Some(&Value::from(before)), Some(&Value::from(after))));
    }
}

fn compare_by_place(path: &str, old: &[Value], new: &[Value], out: &mut Vec<Change>) {
    for place in 0..old.len().max(new.len()) {
        both_or_one(&format!("{path}[{place}]"), old.get(place), new.get(place), out);
    }
}

fn both_or_one(path: &str, old: Option<&Value>, new: Option<&Value>, out: &mut Vec<Change>) {
    match (old, new) {
        (Some(old), Some(new)) => compare(path, old, new, out),
        (None, None) => {}
        (old, new) => out.push(change(path, old, new)),
    }
}

/// The ids of a list's elements, if all have one and none stands twice.
fn ids(list: &[Value]) -> Option<Vec<&str>> {
    let ids: Vec<&str> = list.iter().map(|element| element.get("id")?.as_str()).collect::<Option<_>>()?;
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    sorted.dedup();
    (sorted.len() == ids.len()).then_some(ids)
}

fn change(path: &str, old: Option<&Value>, new: Option<&Value>) -> Change {
    let (zh, en) = match (old, new) {
        (Some(old), Some(new)) => {
            (format!("{path}：由 {old} 改为 {new}"), format!("{path}: {old} becomes {new}"))
        }
        (None, Some(new)) => (format!("{path}：新增 {new}"), format!("{path}: {new} is added")),
        (Some(old), None) => (format!("{path}：删除 {old}"), format!("{path}: {old} is removed")),
        (None, None) => (String::new(), String::new()),
    };
    Change { path: path.to_owned(), old: old.cloned(), new: new.cloned(), message: Bilingual { zh, en } }
}
