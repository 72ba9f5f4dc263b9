//! A query as it reaches ClickHouse: Grafana's variables and the plugin's macros, as their documentation gives them and in
//! the order in which they are applied. First `$__conditionalAll` and the variables, in the browser; then the other
//! macros, in the plugin's own process.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use super::DAY;

/// A panel asks for about as many points as it has pixels.
const POINTS: i64 = 1_000;

/// Seconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    from: i64,
    to: i64,
}

impl Range {
    pub(super) fn whole() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs() as i64;
        Self { from: now - 3 * 365 * DAY, to: now + DAY }
    }

    /// Long, short, and one that was before there was anything.
    pub(super) fn several() -> [Self; 4] {
        let whole = Self::whole();
        let last = |seconds: i64| Self { from: whole.to - DAY - seconds, to: whole.to - DAY };
        [last(30 * DAY), whole, Self { from: 978_307_200, to: 978_393_600 }, last(300)]
    }

    fn interval(&self) -> i64 {
        ((self.to - self.from) / POINTS).max(1)
    }
}

/// The values of each variable; `$__all` alone is all.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) chosen: BTreeMap<String, Vec<String>>,
}

pub(super) fn expand(sql: &str, range: &Range, choice: &Choice) -> String {
    let sql = macros(&variables(&conditions(sql, choice), choice), range);
    assert!(!sql.contains('$'), "something was not expanded: {sql}");
    sql
}

/// `$__conditionalAll(condition, $variable)`: the condition, or `1=1` where all are chosen.
fn conditions(sql: &str, choice: &Choice) -> String {
    let mut sql = sql.to_owned();
    while let Some(at) = sql.rfind("$__conditionalAll(") {
        let (arguments, length) = arguments(&sql[at..]);
        let [condition, variable] = arguments.as_slice() else { panic!("two arguments: {}", &sql[at..]) };
        let values = &choice.chosen[variable.trim().trim_start_matches('$')];
        // Grafana holds an empty choice for all.
        let all = values.iter().all(|value| value == "$__all" || value.is_empty());
        let phrase = if all { "1=1" } else { condition.as_str() }.to_owned();
        sql.replace_range(at..at + length, &phrase);
    }
    sql
}

/// `${name:singlequote}` and `${name:raw}`.
fn variables(sql: &str, choice: &Choice) -> String {
    let mut sql = sql.to_owned();
    for (name, values) in &choice.chosen {
        let quoted: Vec<String> =
            values.iter().map(|value| format!("'{}'", value.replace('\'', "\\'"))).collect();
        sql = sql.replace(&format!("${{{name}:singlequote}}"), &quoted.join(","));
        sql = sql.replace(&format!("${{{name}:raw}}"), &values.join(","));
    }
    sql
}

fn macros(sql: &str, range: &Range) -> String {
    let mut sql = sql.to_owned();
    while let Some(at) = sql.rfind("$__") {
        let name: String =
            sql[at + 3..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        let (arguments, length) = arguments(&sql[at..]);
        let Range { from, to } = range;
        let phrase = match (name.as_str(), arguments.as_slice()) {
            ("timeFilter", [column]) => {
                format!("{column} >= toDateTime({from}) AND {column} <= toDateTime({to})")
            }
            ("timeInterval", [column]) => {
                format!("toStartOfInterval(toDateTime({column}), INTERVAL {} second)", range.interval())
            }
            _ => panic!("$__{name} with {} arguments is not known here", arguments.len()),
        };
        sql.replace_range(at..at + length, &phrase);
    }
    sql
}

/// The arguments of a macro that `text` begins with, and how long it is with them.
fn arguments(text: &str) -> (Vec<String>, usize) {
    let (mut arguments, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' => {
                depth += 1;
                if depth == 1 {
                    start = at + 1;
                }
            }
            ',' if depth == 1 => {
                arguments.push(text[start..at].to_owned());
                start = at + 1;
            }
            ')' => {
                depth -= 1;
                if depth == 0 {
                    arguments.push(text[start..at].to_owned());
                    return (arguments, at + 1);
                }
            }
            _ => {}
        }
    }
    panic!("a macro is not closed: {text}");
}

/// As Grafana's format `percentencode` does.
pub(crate) fn percent(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

#[test]
fn a_query_is_expanded_as_the_documentation_says() {
    let choice = |org: &[&str]| {
        let values = org.iter().map(|value| (*value).to_owned()).collect();
        Choice { chosen: BTreeMap::from([("org".to_owned(), values)]) }
    };
    let range = Range { from: 1_415_792_726, to: 1_415_812_726 };
    let sql = "SELECT $__timeInterval(t) FROM x WHERE $__timeFilter(t) AND $__conditionalAll(org IN (${org:singlequote}), $org)";
    let expected = |filter: &str| {
        format!(
            "SELECT toStartOfInterval(toDateTime(t), INTERVAL 20 second) FROM x \
             WHERE t >= toDateTime(1415792726) AND t <= toDateTime(1415812726) AND {filter}"
        )
    };
    assert_eq!(expand(sql, &range, &choice(&["$__all"])), expected("1=1"));
    assert_eq!(expand(sql, &range, &choice(&["a", "b'c"])), expected("org IN ('a','b\\'c')"));
}
