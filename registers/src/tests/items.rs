//! Items with their steps, limits and points.

use serde_json::{Value, json};

use super::{MERGED, PARTIAL, WHOLE, base, refused};
use crate::{Imported, Kind, Mapping, Options, Reason, Register, Table, import, read};

const ITEMS: &str = "职权编码,事项名称,英文名称,职权类别,法律依据,录入时限小时,在办案件\n";
const STEPS: &str = "职权编码,环节编码,环节名称,后续环节,表单字段\n";
const LIMITS: &str = "职权编码,时限编码,起始环节,截止环节,期限,单位,时限类型,预警天数\n";
const POINTS: &str = "职权编码,监察点编码,监察点类型,监察对象,最少人数,要求,关注决定,须有票据\n";

fn tables(parts: &[(&str, &str, &str)]) -> Vec<Table> {
    let one = |(name, header, rows): &(&str, &str, &str)| read(name, format!("{header}{rows}").as_bytes());
    parts.iter().flat_map(|part| one(part).expect("a table")).collect()
}

fn take(parts: &[(&str, &str, &str)], options: Options<'_>) -> Imported {
    import(Register::Catalogue, &tables(parts), &Mapping::default(), &base(), options).expect("tables")
}

fn item(taken: &Imported, path: &str) -> Value {
    serde_saphyr::from_str(&taken.files[path]).expect("YAML")
}

#[test]
fn an_item_comes_out_of_four_tables() {
    let taken = take(
        &[
            (
                "x/事项.csv",
                ITEMS,
                "B-2,占道经营处罚,Street trading,行政处罚,《行政处罚法》第60条；市容条例,48,按新版\n",
            ),
            (
                "环节.csv",
                STEPS,
                "B-2,filing,立案,调查,\nB-2,inquiry,调查,决定、filing,reason\nB-2,decision,决定,,reason；opinion\n",
            ),
            (
                "limits.csv",
                LIMITS,
                "B-2,total,,,90,自然日,法定,10\nB-2,f,立案,,7,工作日,承诺,1\nB-2,q,立案,决定,14,工作小时,,\n",
            ),
            (
                "监察点.csv",
                POINTS,
                "B-2,t,时限监察,total,,,,\nB-2,t2,时限,f,,,,\nB-2,t3,时限,q,,,,\nB-2,o,执法资格,调查,2,,,\nB-2,e,证据,调查,,照片 2；文书,,\nB-2,b,决定依据,决定,,reason,no_penalty,\nB-2,x,处罚执行,决定,,,,是\n",
            ),
        ],
        WHOLE,
    );
    assert_eq!(refused(&taken), []);
    assert_eq!(
        taken.report.changes.iter().map(|c| (c.kind, c.id.as_str())).collect::<Vec<_>>(),
        [(Kind::Added, "B-2")]
    );
    let item = item(&taken, "items/B-2.yaml");
    assert_eq!(item["legal_basis"], json!([{"law": "行政处罚法", "article": "60"}, {"law": "市容条例"}]));
    assert_eq!(item["name"], json!({"zh": "占道经营处罚", "en": "Street trading"}));
    assert_eq!(
        item["steps"][1],
        json!({"id": "inquiry", "name": "调查", "next": ["decision", "filing"], "form": ["reason"]})
    );
    assert_eq!(
        item["limits"][1],
        json!({"id": "f", "scope": {"step": "filing"}, "days": 7, "unit": "working_day", "legal": "promised", "warn_days": 1})
    );
    assert_eq!(
        item["limits"][2],
        json!({"id": "q", "scope": {"from": "filing", "to": "decision"}, "hours": 14, "unit": "working_hour"})
    );
    assert_eq!(
        item["points"][4],
        json!({"id": "e", "kind": "evidence", "step": "inquiry", "required": [{"kind": "photo", "min": 2}, {"kind": "document"}]})
    );
    assert_eq!(
        item["points"][6],
        json!({"id": "x", "kind": "penalty_execution", "step": "decision", "require_voucher": true})
    );
    assert_eq!(item["in_flight"], json!("migrate"));
    assert_eq!(taken.report.rows, 14);
    assert!(model::Catalogue::from_files(taken.files).is_ok());
}

#[test]
fn a_table_replaces_its_part_and_leaves_the_others_as_they_stand() {
    let rows = "A-1,total,,,15,工作日,,\nA-1,first,受理,,2,工作日,,\n";
    let taken = take(&[("时限.csv", LIMITS, rows)], WHOLE);
    let new = item(&taken, "items/a.yaml");
    assert_eq!(
        (&new["limits"][0]["days"], &new["limits"][0]["stages"]),
        (&json!(15), &json!([{"before": 2, "light": "yellow"}]))
    );
    assert_eq!(new["max_entry_lag_hours"], json!(48));
    let fields: Vec<&str> = taken.report.changes[0].fields.iter().map(|field| field.field.as_str()).collect();
    assert_eq!(fields, ["limits.first", "limits.total"]);
    // Merged, a point is added to those that stand; whole, they are what the table says, and `p1` is gone.
    let rows = "A-1,p2,环节回退,受理,,,,\n";
    let points = |options| {
        item(&take(&[("points.csv", POINTS, rows)], options), "items/a.yaml")["points"]
            .as_array()
            .map(Vec::len)
    };
    assert_eq!((points(MERGED), points(WHOLE)), (Some(2), Some(1)));
}

#[test]
fn mistakes_are_told_and_an_item_with_one_stays_as_it_is() {
    let parts = [
        (
            "items.csv",
            ITEMS,
            "B-2,处罚,,行政处罚,,,\nC-3,许可,,魔法,,,\nA-1,许可,,行政许可,,x,\nB-2,处罚,,行政处罚,,,\n",
        ),
        ("steps.csv", STEPS, "B-2,s,立案,,\nA-1,s1,受理,无此环节,\n"),
        (
            "limits.csv",
            LIMITS,
            "B-2,t,,,0,工作日,,\nD-4,t,,,1,工作日,,\nB-2,u,,立案,1,工作日,,\nB-2,v,,,1,世纪,,\n",
        ),
        ("points.csv", POINTS, "B-2,p,时限,,,,,\nB-2,p,证据,立案,,录像 9999,,\nB-2,q,证据,立案,,气味,,\n"),
    ];
    let taken = take(&parts, WHOLE);
    let told = refused(&taken);
    let expected = [
        ("职权类别", Reason::UnknownWord),
        ("录入时限小时", Reason::BadNumber),
        ("职权编码", Reason::Twice),
        ("后续环节", Reason::Dangling),
        ("期限", Reason::BadNumber),
        ("职权编码", Reason::Dangling),
        ("起始环节", Reason::Missing),
        ("单位", Reason::UnknownWord),
        ("监察对象", Reason::Missing),
        ("要求", Reason::BadNumber),
        ("要求", Reason::UnknownWord),
    ];
    for (column, reason) in expected {
        assert!(told.iter().any(|(_, c, r)| (*c, *r) == (column, reason)), "{column} {reason:?}: {told:?}");
    }
    assert_eq!(taken.files, base());
    // What is good of other items is taken if asked for.
    let more = "E-5,确认,,行政确认,,,\nC-3,许可,,魔法,,,\n";
    let taken = take(&[("items.csv", ITEMS, more), ("steps.csv", STEPS, "E-5,s,受理,,\n")], PARTIAL);
    let ids: Vec<&str> = taken.report.changes.iter().map(|change| change.id.as_str()).collect();
    assert_eq!((ids, taken.report.taken), (vec!["E-5"], true));
}

#[test]
fn what_the_check_finds_is_told_with_the_row_that_says_it() {
    // No limit of that name: only the whole item knows.
    let taken = take(&[("points.csv", POINTS, "A-1,p9,时限,nothing,,,,\n")], WHOLE);
    let [refusal] = &taken.report.refused[..] else { panic!("{:?}", taken.report) };
    assert_eq!(
        (refusal.reason, refusal.place.row, refusal.place.file.as_str()),
        (Reason::Catalogue, 2, "points.csv")
    );
    assert!(refusal.message.en.contains("nothing"), "{refusal:?}");
}

#[test]
fn tables_are_known_by_their_names() {
    let error = |parts: &[(&str, &str, &str)]| {
        import(Register::Catalogue, &tables(parts), &Mapping::default(), &base(), WHOLE)
            .expect_err("refused")
            .to_string()
    };
    assert!(error(&[("other.csv", ITEMS, "B-2,处罚,,行政处罚,,,\n")]).contains("事项"));
    let rows = "B-2,处罚,,行政处罚,,,\n";
    assert!(error(&[("items.csv", ITEMS, rows), ("事项.csv", ITEMS, rows)]).contains("two tables"));
}
