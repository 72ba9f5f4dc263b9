//! Working days.

use serde_json::json;

use super::{MERGED, WHOLE, base, changes, refused, take};
use crate::calendars::shown;
use crate::{Kind, Reason, Register};

#[test]
fn a_year_that_is_named_is_replaced_and_others_stay() {
    let rows =
        "开始日期,结束日期,安排\n2026-01-01,2026-01-02,休\n2027年1月1日,2027/1/2,放假\n2027-01-03,,班\n";
    let taken = take(Register::Calendars, rows, WHOLE);
    let added = [(Kind::Added, "2027-01-01"), (Kind::Added, "2027-01-02"), (Kind::Added, "2027-01-03")];
    assert_eq!(changes(&taken), [&added[..], &[(Kind::Removed, "2026-01-04")]].concat());
    assert_eq!(shown(&taken.files["calendar/2026.yaml"])["workdays"], json!([]));
    let year = json!({"year": 2027, "holidays": ["2027-01-01", "2027-01-02"], "workdays": ["2027-01-03"]});
    assert_eq!(shown(&taken.files["calendar/2027.yaml"]), year);
    assert!(model::Catalogue::from_files(taken.files).is_ok());
}

#[test]
fn merged_days_are_added_to_a_year() {
    let taken = take(Register::Calendars, "date,kind\n2026-10-01,holiday\n2026-01-02,off\n", MERGED);
    assert_eq!((changes(&taken), taken.report.unchanged), (vec![(Kind::Added, "2026-10-01")], 1));
    let year = shown(&taken.files["calendar/2026.yaml"]);
    assert_eq!(year["holidays"], json!(["2026-01-01", "2026-01-02", "2026-10-01"]));
}

#[test]
fn mistakes_are_told() {
    let rows = "日期,结束日期,安排\n2026-13-01,,休\n2026-10-08,2026-10-01,休\n2026-10-01,2027-10-01,休\n2026-10-02,,上课\n\
                2026-10-09,,班\n2026-10-03,,休\n2026-10-01,2026-10-07,休\n,,休\n长期,,休\n2026-10-12,,\n";
    let taken = take(Register::Calendars, rows, WHOLE);
    let expected = [
        (2, "日期", Reason::BadDate),
        (3, "结束日期", Reason::EndsBeforeItBegins),
        (4, "结束日期", Reason::BadDate),
        (5, "安排", Reason::UnknownWord),
        (6, "日期", Reason::NoMakeUpDay),
        (8, "日期", Reason::Twice),
        (9, "日期", Reason::Missing),
        (10, "日期", Reason::BadDate),
        (11, "安排", Reason::Missing),
    ];
    assert_eq!(refused(&taken), expected);
    assert_eq!(taken.files, base());
}
