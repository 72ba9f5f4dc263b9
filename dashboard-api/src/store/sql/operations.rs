//! Queries over `dead_letters`, `ledger_progress`, `completeness` and `incidents`, and the question whether all views are there.

use super::Sql;
use crate::limits::MAX_PAYLOAD_BYTES;
use crate::question::{DeadLetterField, DeadLetterQuery};

/// What this crate reads; the writer's migrations make them.
pub(crate) const VIEWS: [&str; 9] = [
    "alarms",
    "shadow_alarms",
    "findings",
    "case_events",
    "cases",
    "dead_letters",
    "ledger_progress",
    "completeness",
    "incidents",
];

pub(crate) fn dead_letters(query: &DeadLetterQuery) -> Sql {
    let mut sql = Sql::new("", query.limit);
    let (key, payload) = (shown(&mut sql, "key"), shown(&mut sql, "payload"));
    sql.push(&format!(
        "SELECT reason, sentence, topic, toInt32(`partition`) AS from_partition, toInt64(`offset`) AS from_offset, part, org, \
         toUnixTimestamp64Milli(record_time) AS record_ms, {key}, {payload}, length(payload) AS payload_bytes, \
         toUnixTimestamp64Milli(stored_at) AS stored_ms FROM dead_letters"
    ));
    let conditions = conditions(&mut sql, query);
    sql.push_where(&conditions);
    sql.push(" ORDER BY record_time DESC, topic ASC, `partition` ASC, `offset` ASC, part ASC");
    sql.push_limit();
    sql
}

/// The beginning of bytes that may be anything: as text, or in base64 where it is none.
fn shown(sql: &mut Sql, column: &str) -> String {
    let bytes = sql.number("shown", MAX_PAYLOAD_BYTES);
    format!(
        "isValidUTF8(`{column}`) AS {column}_is_text, if(isValidUTF8(`{column}`), \
         substringUTF8(`{column}`, 1, {bytes}), base64Encode(substring(`{column}`, 1, {bytes}))) AS {column}_text"
    )
}

fn conditions(sql: &mut Sql, query: &DeadLetterQuery) -> Vec<String> {
    let mut conditions: Vec<String> = sql.within_seats(&query.scope).into_iter().collect();
    conditions.extend(query.fields.iter().map(|(field, values)| condition(sql, *field, values)));
    if let Some(from) = query.from {
        conditions.push(format!("record_time >= {}", sql.instant("from", from)));
    }
    if let Some(to) = query.to {
        conditions.push(format!("record_time < {}", sql.instant("to", to)));
    }
    if let Some(after) = &query.after {
        let at = sql.instant("after_at", after.at);
        let topic = sql.text("after_topic", &after.topic);
        let partition = sql.number("after_partition", after.partition);
        let offset = sql.number("after_offset", after.offset);
        let part = sql.number("after_part", after.part);
        conditions.push(format!(
            "(record_time < {at} OR (record_time = {at} \
             AND (topic, `partition`, `offset`, part) > ({topic}, {partition}, {offset}, {part})))"
        ));
    }
    conditions
}

fn condition(sql: &mut Sql, field: DeadLetterField, values: &[String]) -> String {
    let place = sql.texts(field.name(), values);
    match field {
        DeadLetterField::Partition => format!("toString(`partition`) IN {place}"),
        field => format!("{} IN {place}", field.name()),
    }
}

pub(crate) fn progress() -> Sql {
    Sql::new(
        "SELECT `partition`, last_seq AS seq, toInt64(`to`) AS position, \
         toUnixTimestamp64Milli(`now`) AS now_ms, toUnixTimestamp64Milli(stored_at) AS stored_ms, \
         toUnixTimestamp64Milli(now64(3, 'UTC')) AS read_ms FROM ledger_progress ORDER BY `partition` ASC",
        1 << 16,
    )
}

pub(crate) fn completeness() -> Sql {
    Sql::new(
        "SELECT `partition`, toBool(complete) AS is_complete, published_to, processed_to, stored_to, ledger_lag, \
         toBool(halted) AS halted, toUnixTimestamp64Milli(oldest_at) AS oldest_ms, toInt64(oldest_age_ms) AS oldest_age_ms, \
         toUnixTimestamp64Milli(checked_at) AS checked_ms, toUnixTimestamp64Milli(now64(3, 'UTC')) AS read_ms \
         FROM completeness ORDER BY `partition` ASC",
        1 << 16,
    )
}

pub(crate) fn incidents(limit: u32) -> Sql {
    let mut sql = Sql::new(
        "SELECT incident_id, kind, halts, topic, `partition`, `from` AS from_at, `to` AS to_at, \
         toUnixTimestamp64Milli(at) AS at_ms, detail, explanation_zh, explanation_en, \
         toUnixTimestamp64Milli(stored_at) AS stored_ms FROM incidents ORDER BY at DESC, incident_id ASC",
        limit,
    );
    sql.push_limit();
    sql
}

pub(crate) fn missing_views() -> Sql {
    let mut sql = Sql::new("", VIEWS.len() as u32);
    let views = sql.texts("views", &VIEWS.map(str::to_owned));
    sql.push(&format!(
        "SELECT arrayJoin({views}) AS name WHERE name NOT IN \
         (SELECT name FROM system.tables WHERE database = currentDatabase()) ORDER BY name ASC"
    ));
    sql
}

#[cfg(test)]
mod tests {
    use identity::Scope;
    use model::time::Instant;

    use super::super::Value;
    use super::*;
    use crate::question::LetterKeyset;

    #[test]
    fn dead_letters_are_paged_by_time_and_coordinates() {
        let topic = "inbound.a".to_owned();
        let after = LetterKeyset { at: Instant(7), topic, partition: 3, offset: 11, part: 0 };
        let query = DeadLetterQuery {
            fields: vec![(DeadLetterField::Reason, vec!["oversize".into()])],
            after: Some(after),
            scope: Scope::Everywhere,
            limit: 4,
            ..DeadLetterQuery::default()
        };
        let sql = dead_letters(&query);
        assert!(sql.text.ends_with(
            "FROM dead_letters WHERE reason IN {reason:Array(String)} \
             AND (record_time < fromUnixTimestamp64Milli({after_at:Int64}, 'UTC') \
             OR (record_time = fromUnixTimestamp64Milli({after_at:Int64}, 'UTC') \
             AND (topic, `partition`, `offset`, part) > \
             ({after_topic:String}, {after_partition:Int64}, {after_offset:Int64}, {after_part:Int64}))) \
             ORDER BY record_time DESC, topic ASC, `partition` ASC, `offset` ASC, part ASC LIMIT {rows:Int64}"
        ));
        assert!(sql.values.contains(&("after_offset".into(), Value::Number(11))));
    }

    #[test]
    fn every_view_is_looked_for() {
        assert_eq!(
            missing_views().values,
            [("views".into(), Value::Texts(VIEWS.map(str::to_owned).to_vec()))]
        );
    }
}
