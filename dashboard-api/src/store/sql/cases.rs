//! Queries over `cases` and `case_events`.

use identity::Scope;
use model::event::TYPES;

use super::Sql;

pub(crate) fn case(id: &str, scope: &Scope) -> Sql {
    let mut sql = Sql::new(
        "SELECT case_id, item, org, region, title, \
         toUnixTimestamp64Milli(toNullable(accepted_at)) AS accepted_ms, \
         toUnixTimestamp64Milli(toNullable(closed_at)) AS closed_ms, \
         toUnixTimestamp64Milli(toNullable(withdrawn_at)) AS withdrawn_ms, \
         toUnixTimestamp64Milli(toNullable(last_event_at)) AS last_event_ms, events FROM cases",
        1,
    );
    let place = sql.text("case", id);
    let mut conditions = vec![format!("case_id = {place}")];
    conditions.extend(sql.within(scope));
    sql.push_where(&conditions);
    sql.push_limit();
    sql
}

/// In canonical order (contract, section 1): time, rank of the type, source, id. An event is its case's organisation's.
pub(crate) fn events(case: &str, ids: Option<&[String]>, limit: u32, scope: &Scope) -> Sql {
    let mut sql = Sql::new(
        "SELECT case_id, source, event_id, type, toUnixTimestamp64Milli(time) AS time_ms, \
         toUnixTimestamp64Milli(recorded_time) AS recorded_ms, data, `partition`, `offset` FROM case_events",
        limit,
    );
    let place = sql.text("case", case);
    let mut conditions = vec![format!("case_id = {place}")];
    if let Some(within) = sql.within(scope) {
        conditions
            .push(format!("case_id IN (SELECT case_id FROM cases WHERE case_id = {place} AND {within})"));
    }
    if let Some(ids) = ids {
        conditions.push(format!("event_id IN {}", sql.texts("ids", ids)));
    }
    sql.push_where(&conditions);
    let types = sql.texts("types", &TYPES.map(str::to_owned));
    sql.push(&format!(" ORDER BY time ASC, indexOf({types}, type) ASC, source ASC, event_id ASC"));
    sql.push_limit();
    sql
}

#[cfg(test)]
mod tests {
    use super::super::Value;
    use super::*;

    #[test]
    fn events_come_in_canonical_order() {
        let sql = events("c", Some(&["e'1".to_owned()]), 5, &Scope::Everywhere);
        assert!(sql.text.ends_with(
            "FROM case_events WHERE case_id = {case:String} AND event_id IN {ids:Array(String)} \
             ORDER BY time ASC, indexOf({types:Array(String)}, type) ASC, source ASC, event_id ASC \
             LIMIT {rows:Int64}"
        ));
        assert_eq!(sql.values[1], ("ids".into(), Value::Texts(vec!["e'1".into()])));
    }

    #[test]
    fn events_are_those_of_a_case_in_scope() {
        let sql = events("c", None, 5, &Scope::default());
        assert!(sql.text.contains(
            "WHERE case_id = {case:String} AND case_id IN (SELECT case_id FROM cases WHERE case_id = {case:String} \
             AND (has({scope_orgs:Array(String)}, org)))"
        ));
        assert!(sql.values.contains(&("scope_orgs".into(), Value::Texts(Vec::new()))), "nobody's by default");
    }

    #[test]
    fn a_case_is_read_by_its_id() {
        assert!(
            case("c", &Scope::Everywhere)
                .text
                .ends_with("FROM cases WHERE case_id = {case:String} LIMIT {rows:Int64}")
        );
    }
}
