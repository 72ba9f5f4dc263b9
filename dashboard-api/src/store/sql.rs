//! Questions as SQL. Pure: a text without any of the client's values, and the values beside it as parameters.

mod alarms;
mod cases;
mod operations;

pub(crate) use alarms::{alarm, alarms_of, count, list, revisions, shadow_alarm, stats};
pub(crate) use cases::{case, events};
pub(crate) use operations::{completeness, dead_letters, incidents, missing_views, progress};

use identity::Scope;
use model::time::Instant;

/// A query and its bound values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sql {
    pub(crate) text: String,
    pub(crate) values: Vec<(String, Value)>,
    /// What the answer may have at most; ClickHouse is told as well.
    pub(crate) max_rows: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Texts(Vec<String>),
    Number(i64),
}

impl Sql {
    fn new(text: impl Into<String>, max_rows: u32) -> Self {
        Self { text: text.into(), values: Vec::new(), max_rows }
    }

    /// Binds a value; `place` is what stands for it in the text.
    fn text(&mut self, name: &str, value: impl Into<String>) -> String {
        self.bind(name, Value::Text(value.into()), "String")
    }

    fn texts(&mut self, name: &str, values: &[String]) -> String {
        self.bind(name, Value::Texts(values.to_vec()), "Array(String)")
    }

    fn number(&mut self, name: &str, value: impl Into<i64>) -> String {
        self.bind(name, Value::Number(value.into()), "Int64")
    }

    fn instant(&mut self, name: &str, at: Instant) -> String {
        let place = self.number(name, at.0);
        format!("fromUnixTimestamp64Milli({place}, 'UTC')")
    }

    fn bind(&mut self, name: &str, value: Value, kind: &str) -> String {
        if !self.values.iter().any(|(bound, _)| bound == name) {
            self.values.push((name.to_owned(), value));
        }
        format!("{{{name}:{kind}}}")
    }

    /// The condition that a row of an organisation and a region lies in the scope; none where every row does.
    fn within(&mut self, scope: &Scope) -> Option<String> {
        let Scope::Within(bounds) = scope else { return None };
        let mut any = vec![format!("has({}, org)", self.texts("scope_orgs", &bounds.orgs))];
        for (index, prefix) in bounds.regions.iter().enumerate() {
            any.push(format!("startsWith(region, {})", self.text(&format!("scope_region_{index}"), prefix)));
        }
        Some(format!("({})", any.join(" OR ")))
    }

    /// The same for rows that have no region.
    fn within_seats(&mut self, scope: &Scope) -> Option<String> {
        let Scope::Within(bounds) = scope else { return None };
        Some(format!("has({}, org)", self.texts("scope_orgs", &bounds.seats)))
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// `WHERE` with all of the conditions, if there are any.
    fn push_where(&mut self, conditions: &[String]) {
        if !conditions.is_empty() {
            self.push(" WHERE ");
            self.push(&conditions.join(" AND "));
        }
    }

    fn push_limit(&mut self) {
        let place = self.number("rows", self.max_rows);
        self.push(&format!(" LIMIT {place}"));
    }
}
