//! The texts as golden strings, and the values that go beside them.

use model::time::Instant;

use super::super::Value;
use super::*;
use crate::question::Keyset;

fn after_from(text: &str) -> &str {
    text.split_once(" FROM ").unwrap().1
}

#[test]
fn a_plain_list_leaves_the_retracted_out() {
    let sql =
        list(&ListQuery { filter: Filter::default(), scope: Scope::Everywhere, after: None, limit: 51 });
    assert_eq!(
        after_from(&sql.text),
        "alarms WHERE state IN {state:Array(String)} ORDER BY raised_at DESC, finding_id ASC LIMIT {rows:Int64}"
    );
    let state = Value::Texts(vec!["raised".into(), "cleared".into()]);
    assert_eq!(sql.values, [("state".into(), state), ("rows".into(), Value::Number(51))]);
}

#[test]
fn a_page_goes_on_where_the_last_one_ended() {
    let filter =
        Filter { axis: Axis::Violated, from: Some(Instant(1)), to: Some(Instant(9)), ..Filter::default() };
    let filter = filter.with(Field::State, "retracted").with(Field::Case, "c'1").with(Field::Step, "");
    let after = Some(Keyset { at: Instant(5), id: FindingId([0xab; 16]) });
    let sql = list(&ListQuery { filter, scope: Scope::Everywhere, after, limit: 2 });
    assert_eq!(
        after_from(&sql.text),
        "alarms WHERE state IN {state:Array(String)} AND case_id IN {case:Array(String)} \
         AND step IN {step:Array(String)} \
         AND violated_at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') \
         AND violated_at < fromUnixTimestamp64Milli({to:Int64}, 'UTC') \
         AND (violated_at < fromUnixTimestamp64Milli({after_at:Int64}, 'UTC') \
         OR (violated_at = fromUnixTimestamp64Milli({after_at:Int64}, 'UTC') AND finding_id > {after_id:String})) \
         ORDER BY violated_at DESC, finding_id ASC LIMIT {rows:Int64}"
    );
    assert!(sql.values.contains(&("case".into(), Value::Texts(vec!["c'1".into()]))));
    assert!(sql.values.contains(&("after_id".into(), Value::Text("ab".repeat(16)))));
}

#[test]
fn no_value_is_part_of_the_text() {
    let evil = "x') OR 1=1 --";
    let filter = Field::ALL.into_iter().fold(Filter::default(), |filter, field| filter.with(field, evil));
    for sql in [
        count(&filter, &Scope::Everywhere),
        list(&ListQuery { filter, scope: Scope::Everywhere, after: None, limit: 1 }),
    ] {
        assert!(!sql.text.contains("1=1"), "{}", sql.text);
    }
}

#[test]
fn a_region_covers_what_is_below_it() {
    let mut filter = Filter::default();
    let regions = ["370000", "370100", "370102", "37", ""].map(str::to_owned).to_vec();
    filter.fields.insert(Field::Region, regions);
    let sql = count(&filter, &Scope::Everywhere);
    assert_eq!(
        after_from(&sql.text),
        "alarms WHERE (startsWith(region, {region_0:String}) OR startsWith(region, {region_1:String}) \
         OR startsWith(region, {region_2:String}) OR startsWith(region, {region_3:String}) OR region = '') \
         AND state IN {state:Array(String)}"
    );
    let prefixes: Vec<&Value> = sql.values.iter().take(4).map(|(_, value)| value).collect();
    assert_eq!(prefixes, ["37", "3701", "370102", "37"].map(|p| Value::Text(p.into())).each_ref());
}

#[test]
fn statistics_by_day_come_newest_day_first() {
    let by = vec![Group::Kind, Group::Day];
    let query = StatsQuery {
        filter: Filter::default(),
        scope: Scope::Everywhere,
        by,
        zone: "Asia/Shanghai".into(),
        limit: 10,
    };
    let sql = stats(&query);
    assert_eq!(
        sql.text,
        "SELECT CAST([toString(kind), toString(toDate32(raised_at, {zone:String}))], 'Array(String)') AS key, \
         count() AS number FROM alarms WHERE state IN {state:Array(String)} GROUP BY key \
         ORDER BY key[2] DESC, number DESC, key ASC LIMIT {rows:Int64}"
    );
}

#[test]
fn one_finding_is_read_by_its_id() {
    let sql = revisions(FindingId([1; 16]), 7, &Scope::Everywhere);
    assert_eq!(
        after_from(&sql.text),
        "findings WHERE finding_id = {id:String} ORDER BY revision ASC LIMIT {rows:Int64}"
    );
    assert_eq!(sql.values[0].1, Value::Text("01".repeat(16)));
}

#[test]
fn every_question_is_narrowed_to_the_scope() {
    let bounds = identity::Bounds { orgs: vec!["a'".into()], regions: vec!["37".into()], seats: Vec::new() };
    let scope = Scope::Within(bounds);
    let narrowed = "(has({scope_orgs:Array(String)}, org) OR startsWith(region, {scope_region_0:String}))";
    let filter = Filter::default();
    let list_query = ListQuery { filter: filter.clone(), scope: scope.clone(), after: None, limit: 1 };
    let (by, zone) = (vec![Group::Org], "UTC".to_owned());
    let stats_query = StatsQuery { filter: filter.clone(), scope: scope.clone(), by, zone, limit: 1 };
    let id = FindingId([1; 16]);
    for sql in [
        list(&list_query),
        stats(&stats_query),
        count(&filter, &scope),
        alarm(id, &scope),
        revisions(id, 1, &scope),
    ] {
        assert!(sql.text.contains(narrowed) && !sql.text.contains(" OR state"), "{}", sql.text);
        assert!(sql.values.contains(&("scope_orgs".into(), Value::Texts(vec!["a'".into()]))));
        assert!(sql.values.contains(&("scope_region_0".into(), Value::Text("37".into()))));
    }
}
