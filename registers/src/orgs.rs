//! The tree of organisations: a row an organisation.

use std::collections::{BTreeMap, BTreeSet};

use model::catalogue::Org;
use serde_json::{Value, json};

use crate::cells::{Cells, Column, Sheet, needed, optional};
use crate::report::{Change, FieldChange, Kind, Place, Reason, Report};
use crate::{Changes, Context, Register, Table, Unusable, both, yaml};

const FILE: &str = "orgs.yaml";
const COLUMNS: [Column; 5] =
    [needed("id"), needed("name"), optional("parent"), optional("region"), optional("sources")];
/// A day, an hour, a minute, a second, ms.
const UNITS: [(&str, &str, i64); 4] =
    [("d", "days", 86_400_000), ("h", "hours", 3_600_000), ("m", "minutes", 60_000), ("s", "seconds", 1_000)];

pub(crate) fn import(tables: &[Table], context: &Context<'_>) -> Result<(Report, Changes), Unusable> {
    let mut report = Report::new(Register::Orgs);
    let sheet = Sheet::of(context.only(tables)?, "orgs", &COLUMNS, context.mapping, &mut report)?;
    let standing: BTreeMap<String, Org> =
        context.catalogue.orgs.by_id.iter().map(|(id, org)| (id.clone(), org.clone())).collect();
    let mut read: BTreeMap<String, (Org, Place)> = BTreeMap::new();
    let mut parents: Vec<(String, Cells<'_, '_>)> = Vec::new();
    let mut spoiled: BTreeSet<String> = BTreeSet::new();
    for cells in sheet.rows() {
        report.rows += 1;
        let org = row(&cells, &sheet, standing.get(cells.text("id"))).filter(|org| {
            let first = read.get(&org.id).map(|(_, place)| place);
            first.inspect(|first| cells.twice("id", first)).is_none()
        });
        match org {
            Some(org) => {
                parents.extend(org.parent.clone().map(|_| (org.id.clone(), cells)));
                read.insert(org.id.clone(), (org, cells.place()));
            }
            None => drop(spoiled.insert(cells.text("id").to_owned())),
        }
    }
    resolve_parents(&parents, &mut read, &mut spoiled, &standing, context.options.merge);
    drop(parents);
    report.accepted = read.len();
    report.refused = sheet.into_refused();
    let mut after = standing.clone();
    for (id, (org, place)) in &read {
        match standing.get(id) {
            Some(same) if same == org => report.unchanged += 1,
            Some(other) => report.changes.push(change(Kind::Changed, Some(other), org, Some(place))),
            None => report.changes.push(change(Kind::Added, None, org, Some(place))),
        }
        after.insert(id.clone(), org.clone());
    }
    if !context.options.merge {
        for (id, org) in standing.iter().filter(|(id, _)| !read.contains_key(*id) && !spoiled.contains(*id)) {
            report.changes.push(change(Kind::Removed, Some(org), org, None));
            after.remove(id);
        }
    }
    let mut changes = Changes::default();
    if !report.changes.is_empty() {
        let list: Vec<&Org> = after.values().collect();
        let place = |(at, org): (usize, &&Org)| {
            let (_, place) = read.get(&org.id)?;
            Some(((FILE.to_owned(), format!("[{at}]")), place.clone()))
        };
        changes.places = list.iter().enumerate().filter_map(place).collect();
        changes.files.insert(FILE.to_owned(), yaml::document(&list.into_iter().map(value).collect()));
    }
    Ok((report, changes))
}

/// A parent is an organisation of the table or, where it is merged, one that stands; by id, or by a name that is one's alone.
fn resolve_parents(
    parents: &[(String, Cells<'_, '_>)],
    read: &mut BTreeMap<String, (Org, Place)>,
    spoiled: &mut BTreeSet<String>,
    standing: &BTreeMap<String, Org>,
    merge: bool,
) {
    let names: Vec<(String, String)> = {
        let own = read.values().map(|(org, _)| org);
        let others = standing
            .values()
            .filter(|org| (merge || spoiled.contains(&org.id)) && !read.contains_key(&org.id));
        own.chain(others).map(|org| (org.id.clone(), org.name.clone())).collect()
    };
    for (id, cells) in parents {
        let text = cells.text("parent");
        let found = match names.iter().find(|(id, _)| id == text) {
            Some((id, _)) => Some(id.clone()),
            None => {
                let mut named = names.iter().filter(|(_, name)| name == text);
                named.next().filter(|_| named.next().is_none()).map(|(id, _)| id.clone())
            }
        };
        match found {
            Some(parent) => {
                if let Some((org, _)) = read.get_mut(id) {
                    org.parent = Some(parent);
                }
            }
            None => {
                let message = both!(
                    "上级机构“{text}”不在名录中",
                    "the parent \"{text}\" is no organisation here, or several have that name"
                );
                cells.refuse("parent", Reason::UnknownOrg, message);
                read.remove(id);
                spoiled.insert(id.clone());
            }
        }
    }
}

/// A column that the table does not have leaves what stands.
fn row(cells: &Cells<'_, '_>, sheet: &Sheet<'_>, standing: Option<&Org>) -> Option<Org> {
    if !cells.is_whole() {
        return None;
    }
    let (id, name) = (cells.id("id"), cells.filled("name"));
    let old = standing.cloned().unwrap_or_default();
    let parent = if sheet.has("parent") {
        Some(cells.text("parent").to_owned()).filter(|p| !p.is_empty())
    } else {
        old.parent
    };
    let region = if sheet.has("region") { cells.optional_id("region")? } else { old.region };
    let (sources, silent_after) = if sheet.has("sources") {
        let read: Option<Vec<_>> =
            cells.list("sources").into_iter().map(|part| source(cells, part)).collect();
        let read = read?;
        let silent = read.iter().filter_map(|(uri, ms)| Some((uri.clone(), (*ms)?))).collect();
        (read.into_iter().map(|(uri, _)| uri).collect(), silent)
    } else {
        (old.sources, old.silent_after)
    };
    Some(Org { id: id?, name: name?.to_owned(), parent, region, sources, silent_after })
}

/// `urn:…` or `urn:… 2h`, after which time it is taken to be silent.
fn source(cells: &Cells<'_, '_>, text: &str) -> Option<(String, Option<i64>)> {
    let mut words = text.split_whitespace();
    let (uri, span, more) = (words.next().unwrap_or_default(), words.next(), words.next());
    let uri = cells.checked_id("sources", uri)?;
    let Some(span) = span else { return Some((uri, None)) };
    let ms = UNITS.iter().find_map(|(unit, _, ms)| {
        let number: i64 = span.strip_suffix(unit)?.parse().ok().filter(|number| *number > 0)?;
        number.checked_mul(*ms)
    });
    match ms.filter(|_| more.is_none()) {
        Some(ms) => Some((uri, Some(ms))),
        None => {
            let message = both!(
                "“{text}”应为来源 URI，其后可加静默时限，如 urn:x 2h（d 天、h 小时、m 分、s 秒）；多个来源用分号隔开",
                "\"{text}\" must be a source and perhaps a time, such as urn:x 2h (d, h, m, s); separate sources with semicolons"
            );
            cells.refuse("sources", Reason::BadNumber, message);
            None
        }
    }
}

fn sources(org: &Org) -> Vec<&String> {
    let mut sources: Vec<_> = org.sources.iter().collect();
    sources.sort();
    sources
}

fn value(org: &Org) -> Value {
    let source = |uri: &String| match org.silent_after.get(uri) {
        None => json!(uri),
        Some(ms) => {
            // The largest unit that divides it; a time is whole seconds.
            let (_, unit, per) = UNITS.iter().find(|(_, _, per)| ms % per == 0).unwrap_or(&UNITS[3]);
            let span = serde_json::Map::from_iter([((*unit).to_owned(), json!(ms / per))]);
            json!({"uri": uri, "silent_after": span})
        }
    };
    let mut value = json!({"id": org.id, "name": org.name});
    for (key, text) in [("parent", &org.parent), ("region", &org.region)] {
        if let Some(text) = text {
            value[key] = json!(text);
        }
    }
    let sources = sources(org);
    if !sources.is_empty() {
        value["sources"] = sources.into_iter().map(source).collect();
    }
    value
}

fn fields(org: &Org) -> [(&'static str, String); 4] {
    let source = |uri: &String| match org.silent_after.get(uri) {
        None => uri.clone(),
        Some(ms) => {
            let (unit, _, per) = UNITS.iter().find(|(_, _, per)| ms % per == 0).unwrap_or(&UNITS[3]);
            format!("{uri} {}{unit}", ms / per)
        }
    };
    let sources = sources(org).into_iter().map(source).collect::<Vec<_>>().join("; ");
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        ("name", org.name.clone()),
        ("parent", text(&org.parent)),
        ("region", text(&org.region)),
        ("sources", sources),
    ]
}

fn change(kind: Kind, old: Option<&Org>, org: &Org, place: Option<&Place>) -> Change {
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let before = old.map(fields).unwrap_or_default();
    let after = if kind == Kind::Removed { Default::default() } else { fields(org) };
    let field = |at: usize| {
        let name = if before[at].0.is_empty() { after[at].0 } else { before[at].0 };
        FieldChange { field: name.to_owned(), before: some(&before[at].1), after: some(&after[at].1) }
    };
    let fields = (0..before.len()).map(field).filter(|change| change.before != change.after).collect();
    Change { kind, id: org.id.clone(), org: Some(org.id.clone()), place: place.cloned(), fields }
}
