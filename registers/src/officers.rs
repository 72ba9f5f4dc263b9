//! The register of officers: a row a certificate, with its validity, area and class.

use std::collections::{BTreeMap, BTreeSet};

use model::Day;
use model::catalogue::{Certificate, Officers};

use crate::cells::{Cells, Column, Sheet, needed, optional};
use crate::report::{Change, FieldChange, Kind, Place, Reason, Report};
use crate::{Changes, Context, Register, Table, Unusable, both};

pub(crate) const FILE: &str = "officers.csv";
const COLUMNS: [Column; 8] = [
    needed("officer_id"),
    needed("name"),
    needed("org"),
    needed("certificate_no"),
    needed("valid_from"),
    needed("valid_to"),
    optional("area"),
    optional("class"),
];

/// An officer, his certificate, and from when it is valid: one that is renewed under its number is another.
type Key = (String, String, Option<Day>);
type Held = BTreeMap<Key, Certificate>;

pub(crate) fn import(tables: &[Table], context: &Context<'_>) -> Result<(Report, Changes), Unusable> {
    let mut report = Report::new(Register::Officers);
    let sheet = Sheet::of(context.only(tables)?, "officers", &COLUMNS, context.mapping, &mut report)?;
    let standing = held(&context.catalogue.officers);
    let mut read: BTreeMap<Key, (Certificate, Place)> = BTreeMap::new();
    // Of whom a row could not be taken: what stands of him stays.
    let mut spoiled: BTreeSet<String> = BTreeSet::new();
    for cells in sheet.rows() {
        report.rows += 1;
        let row = row(&cells, context).filter(|(key, _)| {
            let first = read.get(key).map(|(_, place)| place);
            first.inspect(|first| cells.twice("certificate_no", first)).is_none()
        });
        match row {
            Some((key, certificate)) => drop(read.insert(key, (certificate, cells.place()))),
            None => drop(spoiled.insert(cells.text("officer_id").to_owned())),
        }
    }
    report.accepted = read.len();
    report.refused = sheet.into_refused();
    let mut after = standing.clone();
    for (key, (certificate, place)) in &read {
        match standing.get(key) {
            Some(same) if same == certificate => report.unchanged += 1,
            Some(other) => report.changes.push(changed(key, other, certificate, place)),
            None => report.changes.push(change(Kind::Added, key, certificate, Some(place))),
        }
        after.insert(key.clone(), certificate.clone());
    }
    if !context.options.merge {
        let gone = |(key, certificate): &(&Key, &Certificate)| {
            !read.contains_key(*key) && !spoiled.contains(&key.0) && (context.options.may)(&certificate.org)
        };
        for (key, certificate) in standing.iter().filter(gone) {
            report.changes.push(change(Kind::Removed, key, certificate, None));
            after.remove(key);
        }
    }
    let mut changes = Changes::default();
    if !report.changes.is_empty() {
        changes.files.insert(FILE.to_owned(), text(&after));
    }
    Ok((report, changes))
}

fn row(cells: &Cells<'_, '_>, context: &Context<'_>) -> Option<(Key, Certificate)> {
    if !cells.is_whole() {
        return None;
    }
    // All of them before the first question mark: a report names everything that is wrong with a row.
    let (officer, name) = (cells.id("officer_id"), cells.filled("name"));
    let org = cells.org("org", &context.catalogue.orgs);
    let number = cells.id("certificate_no");
    let (from, to) = (cells.day("valid_from"), cells.day("valid_to"));
    let [area, class] = ["area", "class"].map(|column| cells.text(column).to_owned());
    if let (Some(Some(from)), Some(Some(to))) = (from, to)
        && from > to
    {
        let message =
            both!("有效期止 {to} 早于有效期起 {from}", "it is valid to {to}, before it is valid from {from}");
        cells.refuse("valid_to", Reason::EndsBeforeItBegins, message);
        return None;
    }
    let org = org.filter(|org| {
        let may = (context.options.may)(org);
        if !may {
            let message =
                both!("机构 {org} 的执法人员不归您填报", "the officers of {org} are not yours to register");
            cells.refuse("org", Reason::NotYours, message);
        }
        may
    });
    let (officer, number, valid_from) = (officer?, number?, from?);
    let key = (officer, number.clone(), valid_from);
    let (name, org, valid_to) = (name?.to_owned(), org?, to?);
    // Somebody else's certificate may not be taken over under its key.
    let known = context.catalogue.officers.certificates(&key.0);
    let foreign = known.iter().find(|held| !(context.options.may)(&held.org));
    if let Some(held) = foreign {
        let other = &held.org;
        let message =
            both!("人员编号已属机构 {other}", "the officer is registered by {other}: take another id");
        cells.refuse("officer_id", Reason::NotYours, message);
        return None;
    }
    Some((key, Certificate { number, name, org, valid_from, valid_to, area, class }))
}

fn held(officers: &Officers) -> Held {
    let key = |officer: &str, held: &Certificate| (officer.to_owned(), held.number.clone(), held.valid_from);
    officers
        .iter()
        .flat_map(|(officer, all)| all.iter().map(move |held| (key(officer, held), held.clone())))
        .collect()
}

/// As `officers.csv` has it, in the order of the organisations and then of the officers.
fn text(held: &Held) -> String {
    let has = |column: fn(&Certificate) -> &str| held.values().any(|held| !column(held).is_empty());
    let wide = has(|held| &held.area) || has(|held| &held.class);
    let mut rows: Vec<_> = held.iter().collect();
    rows.sort_by_key(|(key, held)| (&held.org, *key));
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut write = |fields: [&str; 8]| {
        let fields = if wide { &fields[..] } else { &fields[..6] };
        writer.write_record(fields).is_ok()
    };
    let mut whole = write(COLUMNS.map(|column| column.name));
    for ((officer, ..), held) in rows {
        let [from, to] = [held.valid_from, held.valid_to].map(day);
        let Certificate { number, name, org, area, class, .. } = held;
        whole &= write([officer, name, org, number, &from, &to, area, class]);
    }
    debug_assert!(whole, "memory takes every row");
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

fn day(day: Option<Day>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

fn fields(held: &Certificate) -> [(&'static str, String); 7] {
    [
        ("name", held.name.clone()),
        ("org", held.org.clone()),
        ("certificate_no", held.number.clone()),
        ("valid_from", day(held.valid_from)),
        ("valid_to", day(held.valid_to)),
        ("area", held.area.clone()),
        ("class", held.class.clone()),
    ]
}

fn change(kind: Kind, key: &Key, held: &Certificate, place: Option<&Place>) -> Change {
    let side = |is: bool, text: &String| Some(text.clone()).filter(|text| is && !text.is_empty());
    let field = |(field, text): &(&str, String)| FieldChange {
        field: (*field).to_owned(),
        before: side(kind == Kind::Removed, text),
        after: side(kind == Kind::Added, text),
    };
    let fields = fields(held).iter().filter(|(_, text)| !text.is_empty()).map(field).collect();
    Change { kind, id: key.0.clone(), org: Some(held.org.clone()), place: place.cloned(), fields }
}

fn changed(key: &Key, old: &Certificate, new: &Certificate, place: &Place) -> Change {
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let (old, after) = (fields(old), fields(new));
    let pairs = old.iter().zip(&after).filter(|(old, new)| old != new);
    let field = |((field, before), (_, after)): (&(&str, String), &(&str, String))| FieldChange {
        field: (*field).to_owned(),
        before: some(before),
        after: some(after),
    };
    let fields = pairs.map(field).collect();
    Change {
        kind: Kind::Changed,
        id: key.0.clone(),
        org: Some(new.org.clone()),
        place: Some(place.clone()),
        fields,
    }
}
