//! Queries over `alarms` (the current revisions) and `findings` (all of them).

use identity::Scope;
use model::FindingId;

use super::Sql;
use crate::question::{Axis, Field, Filter, Group, ListQuery, StatsQuery};

/// Converted columns have names of their own: an alias that hides a column would stand in the conditions as well.
const COLUMNS: &str = "finding_id, revision, change, cause, state, case_id, item, category, org, region, \
    toUnixTimestamp64Milli(accepted_at) AS accepted_ms, point, kind, code, light, step, visit, \
    toUnixTimestamp64Milli(violated_at) AS violated_ms, toUnixTimestamp64Milli(due) AS due_ms, late_by_ms, \
    provisional, toUnixTimestamp64Milli(raised_at) AS raised_ms, toUnixTimestamp64Milli(changed_at) AS changed_ms, \
    detail, events, explanation_zh, explanation_en, rules_version, shadow, `partition`, seq, \
    toUnixTimestamp64Milli(stored_at) AS stored_ms";

/// What a list shows when no state is asked for.
const STANDING: [&str; 2] = ["raised", "cleared"];

pub(crate) fn list(query: &ListQuery) -> Sql {
    let mut sql = Sql::new(format!("SELECT {COLUMNS} FROM {}", query.filter.view()), query.limit);
    let mut conditions = conditions(&mut sql, &query.filter, &query.scope);
    let axis = axis_column(query.filter.axis);
    if let Some(after) = &query.after {
        let at = sql.instant("after_at", after.at);
        let id = sql.text("after_id", after.id.to_string());
        conditions.push(format!("({axis} < {at} OR ({axis} = {at} AND finding_id > {id}))"));
    }
    sql.push_where(&conditions);
    sql.push(&format!(" ORDER BY {axis} DESC, finding_id ASC"));
    sql.push_limit();
    sql
}

pub(crate) fn count(filter: &Filter, scope: &Scope) -> Sql {
    let mut sql = Sql::new(format!("SELECT count() AS number FROM {}", filter.view()), 1);
    let conditions = conditions(&mut sql, filter, scope);
    sql.push_where(&conditions);
    sql
}

pub(crate) fn alarm(id: FindingId, scope: &Scope) -> Sql {
    one_finding("alarms", id, 1, scope)
}

/// As many rows as ids at most.
pub(crate) fn alarms_of(ids: &[FindingId], scope: &Scope) -> Sql {
    let rows = u32::try_from(ids.len()).unwrap_or(u32::MAX);
    let mut sql = Sql::new(format!("SELECT {COLUMNS} FROM alarms"), rows);
    let texts: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let mut conditions = vec![format!("has({}, finding_id)", sql.texts("ids", &texts))];
    conditions.extend(sql.within(scope));
    sql.push_where(&conditions);
    sql.push_limit();
    sql
}

pub(crate) fn shadow_alarm(id: FindingId, scope: &Scope) -> Sql {
    one_finding("shadow_alarms", id, 1, scope)
}

/// A revision of the time when the case was another organisation's is that organisation's.
pub(crate) fn revisions(id: FindingId, limit: u32, scope: &Scope) -> Sql {
    one_finding("findings", id, limit, scope)
}

fn one_finding(view: &str, id: FindingId, limit: u32, scope: &Scope) -> Sql {
    let mut sql = Sql::new(format!("SELECT {COLUMNS} FROM {view}"), limit);
    let place = sql.text("id", id.to_string());
    let mut conditions = vec![format!("finding_id = {place}")];
    conditions.extend(sql.within(scope));
    sql.push_where(&conditions);
    sql.push(" ORDER BY revision ASC");
    sql.push_limit();
    sql
}

pub(crate) fn stats(query: &StatsQuery) -> Sql {
    let mut sql = Sql::new("", query.limit);
    let axis = axis_column(query.filter.axis);
    let keys: Vec<String> = query.by.iter().map(|group| key(&mut sql, *group, axis, &query.zone)).collect();
    let keys = keys.join(", ");
    sql.push(&format!(
        "SELECT CAST([{keys}], 'Array(String)') AS key, count() AS number FROM {}",
        query.filter.view()
    ));
    let conditions = conditions(&mut sql, &query.filter, &query.scope);
    sql.push_where(&conditions);
    sql.push(" GROUP BY key ORDER BY ");
    for (index, group) in query.by.iter().enumerate() {
        if matches!(group, Group::Day | Group::Hour) {
            sql.push(&format!("key[{}] DESC, ", index + 1));
        }
    }
    sql.push("number DESC, key ASC");
    sql.push_limit();
    sql
}

fn key(sql: &mut Sql, group: Group, axis: &str, zone: &str) -> String {
    match group {
        Group::Day => format!("toString(toDate32({axis}, {}))", sql.text("zone", zone)),
        Group::Hour => {
            let hour = format!("toStartOfHour(toTimeZone({axis}, {}))", sql.text("zone", zone));
            format!("formatDateTime({hour}, '%Y-%m-%dT%H:%i:%S.000Z', 'UTC')")
        }
        group => format!("toString({})", group.name()),
    }
}

fn axis_column(axis: Axis) -> &'static str {
    match axis {
        Axis::Accepted => "accepted_at",
        Axis::Violated => "violated_at",
        Axis::Raised => "raised_at",
        Axis::Changed => "changed_at",
    }
}

fn conditions(sql: &mut Sql, filter: &Filter, scope: &Scope) -> Vec<String> {
    let mut conditions: Vec<String> = sql.within(scope).into_iter().collect();
    conditions.extend(filter.fields.iter().map(|(field, values)| condition(sql, *field, values)));
    if !filter.fields.contains_key(&Field::State) {
        let place = sql.texts("state", &STANDING.map(str::to_owned));
        conditions.push(format!("state IN {place}"));
    }
    let axis = axis_column(filter.axis);
    if let Some(from) = filter.from {
        conditions.push(format!("{axis} >= {}", sql.instant("from", from)));
    }
    if let Some(to) = filter.to {
        conditions.push(format!("{axis} < {}", sql.instant("to", to)));
    }
    conditions
}

fn condition(sql: &mut Sql, field: Field, values: &[String]) -> String {
    let column = match field {
        Field::Region => return regions(sql, values),
        Field::RegionIs => "region",
        Field::Case => "case_id",
        field => field.name(),
    };
    format!("{column} IN {}", sql.texts(field.name(), values))
}

/// A region with its subdivisions is a prefix; the empty one stands for alarms that have no region.
fn regions(sql: &mut Sql, values: &[String]) -> String {
    let one = |(index, value): (usize, &String)| match stem(value) {
        "" => "region = ''".to_owned(),
        prefix => format!("startsWith(region, {})", sql.text(&format!("region_{index}"), prefix)),
    };
    let any: Vec<String> = values.iter().enumerate().map(one).collect();
    format!("({})", any.join(" OR "))
}

/// GB/T 2260 codes have six digits, two for each level, and end in 00 above the county: 370000 is Shandong, 370100 Jinan.
fn stem(region: &str) -> &str {
    let is_code = region.len() == 6 && region.bytes().all(|b| b.is_ascii_digit());
    match region {
        region if is_code && region.ends_with("0000") => &region[..2],
        region if is_code && region.ends_with("00") => &region[..4],
        region => region,
    }
}

#[cfg(test)]
mod tests;
