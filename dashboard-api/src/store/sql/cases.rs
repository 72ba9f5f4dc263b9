//! Queries over `cases` and `case_events`.

use model::event::TYPES;

use super::Sql;

pub(crate) fn case(id: &str) -> Sql {
    let mut sql = Sql::new(
        "SELECT case_id, item, org, region, title, \
         toUnixTimestamp64Milli(toNullable(accepted_at)) AS accepted_ms, \
         toUnixTimestamp64Milli(toNullable(closed_at)) AS closed_ms, \
         toUnixTimestamp64Milli(toNullable(withdrawn_at)) AS withdrawn_ms, \
         toUnixTimestamp64Milli(toNullable(last_event_at)) AS last_event_ms, events FROM cases",
        1,
    );
    let place = sql.text("case", id);
    sql.push_where(&[format!("case_id = {place}")]);
    sql.push_limit();
    sql
}

/// In canonical order (contract, section 1): time, rank of the type, source, id.
pub(crate) fn events(case: &str, ids: Option<&[String]>, limit: u32) -> Sql {
    let mut sql = Sql::new(
        "SELECT case_id, source, event_id, type, toUnixTimestamp64Milli(time) AS time_ms, \
         toUnixTimestamp64Milli(recorded_time) AS recorded_ms, data, `partition`, `offset` FROM case_events",
        limit,
    );
    let mut conditions = vec![format!("case_id = {}", sql.text("case", case))];
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
        let sql = events("c", Some(&["e'1".to_owned()]), 5);
        assert!(sql.text.ends_with(
            "FROM case_events WHERE case_id = {case:String} AND event_id IN {ids:Array(String)} \
             ORDER BY time ASC, indexOf({types:Array(String)}, type) ASC, source ASC, event_id ASC \
             LIMIT {rows:Int64}"
        ));
        assert_eq!(sql.values[1], ("ids".into(), Value::Texts(vec!["e'1".into()])));
    }

    #[test]
    fn a_case_is_read_by_its_id() {
        assert!(case("c").text.ends_with("FROM cases WHERE case_id = {case:String} LIMIT {rows:Int64}"));
    }
}
