//! Registers from bytes: what is taken, and every reason for which a row is not.

mod books;
mod calendars;
mod items;
mod officers;
mod orgs;

use std::collections::BTreeSet;

use crate::{Files, Imported, Kind, Mapping, Options, Reason, Register, Unusable, import, read};

/// A catalogue of two organisations, one officer, one item and one year.
fn base() -> Files {
    let file = |(path, text): (&str, &str)| (path.to_owned(), text.to_owned());
    Files::from(
        [
            ("catalogue.yaml", "version: \"2026.1\"\n"),
            ("orgs.yaml", "- {id: \"1\", name: 市政府, region: \"990100\"}\n- {id: \"2\", name: 市监局, parent: \"1\", sources: [\"urn:2\", {uri: \"urn:2b\", silent_after: {hours: 2}}]}\n"),
            ("officers.csv", "officer_id,name,org,certificate_no,valid_from,valid_to\nw-1,王,2,9901,2024-01-01,2026-12-31\n"),
            ("calendar/2026.yaml", "year: 2026\nholidays: [2026-01-01, 2026-01-02]\nworkdays: [2026-01-04]\n"),
            (
                "items/a.yaml",
                "code: A-1\nname: 许可\ncategory: licence\nlegal_basis: [{law: 行政许可法, article: \"42\"}]\nsteps: [{id: s1, name: 受理, next: [s2]}, {id: s2, name: 决定}]\n\
                 limits: [{id: total, scope: case, days: 20, unit: working_day, stages: [{before: 2, light: yellow}]}]\n\
                 points: [{id: p1, kind: time_limit, limit: total}]\nmax_entry_lag_hours: 48\n",
            ),
        ]
        .map(file),
    )
}

fn all(_: &str) -> bool {
    true
}

const WHOLE: Options<'static> = Options { merge: false, partial: false, may: &all };
const MERGED: Options<'static> = Options { merge: true, ..WHOLE };
const PARTIAL: Options<'static> = Options { partial: true, ..WHOLE };

fn try_take(register: Register, text: &str, options: Options<'_>) -> Result<Imported, Unusable> {
    let tables = read("table.csv", text.as_bytes())?;
    import(register, &tables, &Mapping::default(), &base(), options)
}

fn take(register: Register, text: &str, options: Options<'_>) -> Imported {
    try_take(register, text, options).expect("a table")
}

/// Row, column and reason of what was refused.
fn refused(imported: &Imported) -> Vec<(u32, &str, Reason)> {
    let refused = imported.report.refused.iter();
    refused.map(|r| (r.place.row, r.column.as_deref().unwrap_or_default(), r.reason)).collect()
}

fn changes(imported: &Imported) -> Vec<(Kind, &str)> {
    imported.report.changes.iter().map(|change| (change.kind, change.id.as_str())).collect()
}

#[test]
fn the_default_mapping_is_read_and_another_lies_over_it() {
    let mapping =
        Mapping::parse("officers: {officer_id: 警号, name: [警员, 姓名]}\nwords: {day: {holiday: [H]}}\n")
            .expect("a mapping");
    assert_eq!(mapping.column("officers", " 警 号*"), Some("officer_id"));
    assert_eq!(mapping.column("officers", "人员编号"), None, "it stands in the default's place");
    assert_eq!(
        mapping.column("officers", "ＯＲＧ"),
        Some("org"),
        "the others stay; widths and capitals are the same"
    );
    assert_eq!((mapping.word("day", "h"), mapping.word("day", "休")), (Some("holiday"), None));
    for (text, names) in [
        ("staff: {id: x}", "staff"),
        ("officers: {rank: x}", "officers.rank"),
        ("officers: {name: 7}", "officers.name"),
        ("words: {day: x}", "words.day"),
        ("- 1", "tables"),
    ] {
        let error = Mapping::parse(text).expect_err(text).to_string();
        assert!(error.contains(names), "{text}: {error}");
    }
    // Every column of every table has its English name, so that a table may be written by it.
    for table in ["officers", "orgs", "calendars", "items", "steps", "limits", "points"] {
        let mapping = Mapping::default();
        assert!(mapping.headers(table, "name").is_empty() || mapping.column(table, "name") == Some("name"));
    }
}

#[test]
fn every_reason_is_told_by_some_test() {
    let sources = [
        include_str!("tests/officers.rs"),
        include_str!("tests/orgs.rs"),
        include_str!("tests/calendars.rs"),
        include_str!("tests/items.rs"),
    ];
    let untold: BTreeSet<String> = Reason::ALL
        .into_iter()
        .map(|reason| format!("{reason:?}"))
        .filter(|name| !sources.iter().any(|source| source.contains(&format!("Reason::{name}"))))
        .collect();
    assert!(untold.is_empty(), "{untold:?}");
    for reason in Reason::ALL {
        assert_eq!(serde_json::to_value(reason).expect("a word"), reason.name());
    }
}

#[test]
fn versions_are_named_after_the_edition_that_an_import_makes() {
    let name = |version: &str, register, edition| {
        crate::next_version(&format!("version: \"{version}\""), register, edition)
    };
    assert_eq!(name("2026.1", Register::Officers, 3).as_deref(), Some("2026.1+officers.3"));
    assert_eq!(name("a/1+orgs.2", Register::Calendars, 7).as_deref(), Some("a/1+calendars.7"));
    assert_eq!(crate::next_version("time_zone: Asia/Shanghai", Register::Orgs, 1), None);
    let mut files = base();
    crate::with_version(&mut files, Register::Officers, 3);
    assert_eq!(model::Catalogue::from_files(files).expect("good").version, "2026.1+officers.3");
}

#[test]
fn a_catalogue_that_is_none_is_no_base() {
    let tables = read("o.csv", "日期,类型\n2026-10-01,休\n".as_bytes()).expect("a table");
    let mut base = base();
    base.insert("items/a.yaml".to_owned(), "code: 7: 8".to_owned());
    let error = import(Register::Calendars, &tables, &Mapping::default(), &base, WHOLE).expect_err("no base");
    assert!(matches!(&error, Unusable::Base(_)) && error.to_string().contains("items/a.yaml"), "{error}");
}
