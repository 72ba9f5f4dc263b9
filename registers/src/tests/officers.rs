//! The register of officers.

use super::{MERGED, PARTIAL, WHOLE, base, changes, refused, take, try_take};
use crate::{Kind, Mapping, Options, Reason, Register, import, read};

const HEADERS: &str = "执法人员编号,姓名,所属机构,执法证号,有效期起,有效期至,执法区域,执法类别\n";

fn table(rows: &str) -> String {
    format!("{HEADERS}{rows}")
}

#[test]
fn rows_are_added_changed_and_removed() {
    let rows = "w-2,李,市监局,9902,2025/3/1,2030年2月28日,云泽市,市场监管\nw-3,赵,2,9903,20250301,长期,,\n";
    let taken = take(Register::Officers, &table(rows), WHOLE);
    assert_eq!(changes(&taken), [(Kind::Added, "w-2"), (Kind::Added, "w-3"), (Kind::Removed, "w-1")]);
    assert!(taken.report.taken && refused(&taken).is_empty());
    let text = &taken.files["officers.csv"];
    let expected = "officer_id,name,org,certificate_no,valid_from,valid_to,area,class\n\
                    w-2,李,2,9902,2025-03-01,2030-02-28,云泽市,市场监管\nw-3,赵,2,9903,2025-03-01,,,\n";
    assert_eq!(text, expected);
    let officers = model::Catalogue::from_files(taken.files.clone()).expect("a catalogue").officers;
    assert_eq!((officers.certificates("w-2")[0].area.as_str(), officers.len()), ("云泽市", 2));

    // Merged, nobody is taken out; a changed row says what.
    let rows = "w-1,王,2,9901,2024-01-01,2028-12-31,,\n";
    let taken = take(Register::Officers, &table(rows), MERGED);
    let [change] = &taken.report.changes[..] else { panic!("{:?}", taken.report) };
    let [field] = &change.fields[..] else { panic!("{change:?}") };
    assert_eq!((change.kind, field.field.as_str()), (Kind::Changed, "valid_to"));
    assert_eq!((field.before.as_deref(), field.after.as_deref()), (Some("2026-12-31"), Some("2028-12-31")));
}

#[test]
fn the_same_rows_change_nothing() {
    let taken = take(Register::Officers, &table("w-1,王,2,9901,2024-01-01,2026-12-31,,\n"), WHOLE);
    assert_eq!((taken.report.unchanged, taken.report.taken), (1, false));
    assert_eq!(taken.files, base());
}

#[test]
fn every_mistake_of_a_row_is_told_with_row_and_column() {
    let rows = "w-2,李,市监局,9902,2025-02-30,2026-01-01,,\n\
                ,李,市监局,9902,2025-02-20,2024-01-01,,\n\
                1.19901002600005E+17,赵,无此局,9903,,,,\n\
                w-4,钱,2,9904,,,,\nw-4,钱,2,9904,,,,\n\
                w-5,孙,2,\u{301}\u{1},,,,\n\
                w-6,周,2,9906,,,,,多\n";
    let taken = take(Register::Officers, &table(rows), WHOLE);
    let expected = [
        (2, "有效期起", Reason::BadDate),
        (3, "执法人员编号", Reason::Missing),
        (3, "有效期至", Reason::EndsBeforeItBegins),
        (4, "执法人员编号", Reason::RoundedNumber),
        (4, "所属机构", Reason::UnknownOrg),
        (6, "执法证号", Reason::Twice),
        (7, "执法证号", Reason::BadId),
        (8, "", Reason::StrayCell),
    ];
    assert_eq!(refused(&taken), expected);
    assert!(!taken.report.taken, "nothing is half taken");
    assert_eq!(taken.files, base());
    for refusal in &taken.report.refused {
        assert!(!refusal.message.zh.is_empty() && !refusal.message.en.is_empty());
    }
    let value = taken.report.refused[0].value.as_deref();
    assert_eq!(value, Some("2025-02-30"));
}

#[test]
fn the_good_rows_are_taken_only_when_asked_for_and_a_bad_row_takes_nobody_out() {
    let rows = "w-1,王,2,9901,2024-01-01,2026-13-31,,\nw-2,李,2,9902,,,,\n";
    let taken = take(Register::Officers, &table(rows), PARTIAL);
    assert_eq!(changes(&taken), [(Kind::Added, "w-2")], "w-1 stays as he is");
    assert!(taken.report.taken);
    let text = &taken.files["officers.csv"];
    assert!(text.contains("w-1,王,2,9901,2024-01-01,2026-12-31") && text.contains("w-2"), "{text}");
}

#[test]
fn officers_of_others_are_neither_taken_nor_touched() {
    let may = |org: &str| org == "1";
    let options = Options { may: &may, ..WHOLE };
    let taken = take(Register::Officers, &table("w-9,郑,市监局,9909,,,,\nw-8,吴,1,9908,,,,\n"), options);
    assert_eq!(refused(&taken), [(2, "所属机构", Reason::NotYours)]);
    let taken = take(Register::Officers, &table("w-8,吴,1,9908,,,,\n"), options);
    assert_eq!(changes(&taken), [(Kind::Added, "w-8")], "those of the other organisation stay");
    let taken = take(Register::Officers, &table("w-1,吴,1,9908,,,,\n"), options);
    assert_eq!(refused(&taken), [(2, "执法人员编号", Reason::NotYours)], "his id is another organisation's");
}

#[test]
fn a_name_that_two_organisations_have_names_neither() {
    let mut base = base();
    base.insert("orgs.yaml".to_owned(), "- {id: \"1\", name: 局}\n- {id: \"2\", name: 局}\n".to_owned());
    let tables = read("t.csv", table("w-2,李,局,9902,,,,\n").as_bytes()).expect("a table");
    let taken = import(Register::Officers, &tables, &Mapping::default(), &base, WHOLE).expect("read");
    assert_eq!(refused(&taken), [(2, "所属机构", Reason::AmbiguousOrg)]);
}

#[test]
fn headers_are_found_below_a_title_and_what_is_not_read_is_told() {
    let text = format!("执法人员名册,,,,,,,\n,,,,,,,\n{}", HEADERS.replace("执法类别", "备注"));
    let taken = take(Register::Officers, &format!("{text}w-2,李,2,9902,,,云泽,x\n"), WHOLE);
    assert_eq!(changes(&taken), [(Kind::Added, "w-2"), (Kind::Removed, "w-1")]);
    let ignored: Vec<_> = taken.report.ignored.iter().map(|i| (i.place.row, i.column.as_str())).collect();
    assert_eq!(ignored, [(3, "备注")]);
    let error = try_take(Register::Officers, "姓名,单位\n李,2\n", WHOLE).expect_err("no ids").to_string();
    assert!(
        error.contains("officer_id") && error.contains("人员编号") && error.contains("valid_to"),
        "{error}"
    );
    let twice = HEADERS.replace("执法类别", "姓名");
    let error = try_take(Register::Officers, &format!("{twice}w-2,李,2,9902,,,云泽,x\n"), WHOLE);
    assert!(error.expect_err("twice").to_string().contains("name"));
    assert!(
        try_take(Register::Officers, "\n\n", WHOLE).expect_err("nothing").to_string().contains("no rows")
    );
}
