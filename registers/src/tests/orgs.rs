//! The tree of organisations.

use super::{MERGED, WHOLE, base, changes, refused, take};
use crate::{Kind, Reason, Register};

const HEADERS: &str = "机构编码,机构名称,上级机构,行政区划,数据来源\n";

fn table(rows: &str) -> String {
    format!("{HEADERS}{rows}")
}

#[test]
fn a_tree_is_replaced_or_merged() {
    let rows = "1,市政府,,990100,\n2,市监局,市政府,,urn:2；urn:2b 2h\n3,住建局,1,990100,urn:3 30m\n";
    let taken = take(Register::Orgs, &table(rows), WHOLE);
    assert_eq!(changes(&taken), [(Kind::Added, "3")]);
    assert_eq!(taken.report.unchanged, 2);
    let orgs = model::Catalogue::from_files(taken.files.clone()).expect("a catalogue").orgs;
    assert_eq!(orgs.by_id["3"].parent.as_deref(), Some("1"));
    assert_eq!(orgs.watched("urn:3").map(|source| source.silent_after), Some(1_800_000));
    assert_eq!(orgs.watched("urn:2b").map(|source| source.silent_after), Some(7_200_000));
    assert!(orgs.may_speak("urn:2", "2"));
    let taken = take(Register::Orgs, &table("3,住建局,市监局,,\n"), MERGED);
    assert_eq!(changes(&taken), [(Kind::Added, "3")]);
    let orgs = model::Catalogue::from_files(taken.files).expect("a catalogue").orgs;
    assert_eq!((orgs.by_id.len(), orgs.by_id["3"].parent.as_deref()), (3, Some("2")));
}

#[test]
fn a_column_that_is_not_there_leaves_what_stands() {
    let taken = take(Register::Orgs, "机构编码,机构名称\n1,人民政府\n2,市监局\n", WHOLE);
    let [change] = &taken.report.changes[..] else { panic!("{:?}", taken.report) };
    assert_eq!((change.id.as_str(), change.fields.len(), change.fields[0].field.as_str()), ("1", 1, "name"));
    let orgs = model::Catalogue::from_files(taken.files).expect("a catalogue").orgs;
    assert!(orgs.may_speak("urn:2b", "2") && orgs.by_id["1"].region.is_some());
}

#[test]
fn mistakes_are_told() {
    let rows = "1,市政府,,,\n1,市政府,,,\n2,市监局,无此府,,\n,无码局,1,,\n4,局,1,,urn:4 2w\n1.19901002600005E+17,局,1,,\n";
    let taken = take(Register::Orgs, &table(rows), WHOLE);
    let mut told = refused(&taken);
    told.sort_unstable_by_key(|(row, ..)| *row);
    let expected = [
        (3, "机构编码", Reason::Twice),
        (4, "上级机构", Reason::UnknownOrg),
        (5, "机构编码", Reason::Missing),
        (6, "数据来源", Reason::BadNumber),
        (7, "机构编码", Reason::RoundedNumber),
    ];
    assert_eq!(told, expected);
    assert_eq!(taken.files, base());
}

#[test]
fn a_circle_of_parents_is_found_in_the_result_and_named_with_its_row() {
    let taken = take(Register::Orgs, &table("1,市政府,2,,\n2,市监局,1,,urn:2\n"), WHOLE);
    let [refusal] = &taken.report.refused[..] else { panic!("{:?}", taken.report) };
    assert_eq!((refusal.reason, refusal.place.row), (Reason::Catalogue, 2));
    assert!(refusal.message.zh.contains("上级") && !taken.report.taken, "{refusal:?}");
}
