//! Which header is which column, and which words a cell may hold: the shipped default, and a mapping of one's own over it.

use std::collections::BTreeMap;

use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

/// What is understood without a mapping of one's own.
const DEFAULT: &str = include_str!("../default-mapping.yaml");

type Names = BTreeMap<String, Vec<String>>;

/// A name or a list of names.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// By table and column (or kind of word and meaning): the names that are read as it.
#[derive(Debug, Clone)]
pub struct Mapping {
    tables: BTreeMap<String, Names>,
    words: BTreeMap<String, Names>,
    never: Vec<String>,
}

/// A mapping that says what nobody reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the mapping {0} 映射有误")]
pub struct BadMapping(String);

impl Default for Mapping {
    fn default() -> Self {
        let mut mapping = Self { tables: BTreeMap::new(), words: BTreeMap::new(), never: Vec::new() };
        mapping.lay(DEFAULT, false).expect("the shipped mapping is one, as a test says");
        mapping
    }
}

impl Mapping {
    /// The default, with what the YAML says in its place: `officers: {officer_id: 警号}`.
    ///
    /// # Errors
    /// It is no such YAML, or names a table, a column or a meaning that there is not.
    pub fn parse(text: &str) -> Result<Self, BadMapping> {
        let mut mapping = Self::default();
        mapping.lay(text, true)?;
        Ok(mapping)
    }

    fn lay(&mut self, text: &str, over: bool) -> Result<(), BadMapping> {
        type Raw = BTreeMap<String, BTreeMap<String, serde_json::Value>>;
        let raw: Raw = serde_saphyr::from_str(text).map_err(|error| {
            BadMapping(format!("is no mapping from tables to columns to headers: {error}"))
        })?;
        for (table, columns) in raw {
            for (column, value) in columns {
                if table != "words" {
                    let path = format!("{table}.{column}");
                    let names = names(&path, value)?;
                    place(&mut self.tables, (&table, &column), names, over)?;
                } else if column == "never" {
                    self.never = names("words.never", value)?;
                } else {
                    let path = format!("words.{column}");
                    let serde_json::Value::Object(meanings) = value else {
                        return Err(BadMapping(format!(
                            "has no meanings at {path}: write {path}: {{meaning: [word, …]}}"
                        )));
                    };
                    for (meaning, value) in meanings {
                        let names = names(&format!("{path}.{meaning}"), value)?;
                        place(&mut self.words, (&column, &meaning), names, over)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The column of a table that a header is.
    pub(crate) fn column(&self, table: &str, header: &str) -> Option<&str> {
        find(self.tables.get(table)?, header)
    }

    /// The headers that are read as a column.
    pub(crate) fn headers(&self, table: &str, column: &str) -> Vec<&str> {
        let names = self.tables.get(table).and_then(|columns| columns.get(column));
        names.map(|names| names.iter().map(String::as_str).collect()).unwrap_or_default()
    }

    /// What a word of a kind means.
    pub(crate) fn word(&self, kind: &str, text: &str) -> Option<&str> {
        find(self.words.get(kind)?, text)
    }

    /// The words of a kind, the first of each meaning in each language: for messages.
    pub(crate) fn known(&self, kind: &str) -> String {
        let words = self.words.get(kind).into_iter().flatten();
        let pair = |(meaning, names): (&String, &Vec<String>)| {
            let other = names.iter().find(|name| !name.is_ascii());
            other.map_or_else(|| meaning.clone(), |other| format!("{meaning} {other}"))
        };
        words.map(pair).collect::<Vec<_>>().join(", ")
    }

    /// Whether a cell says that there is no end.
    pub(crate) fn is_never(&self, text: &str) -> bool {
        self.never.iter().any(|word| folded(word) == folded(text))
    }
}

fn names(path: &str, value: serde_json::Value) -> Result<Vec<String>, BadMapping> {
    match serde_json::from_value(value) {
        Ok(OneOrMany::One(name)) => Ok(vec![name]),
        Ok(OneOrMany::Many(names)) => Ok(names),
        Err(_) => Err(BadMapping(format!(
            "has no names at {path}: write a header or a list of headers, in quotes if it looks like a number"
        ))),
    }
}

/// What is laid over must be there; of its names none may be another's in the same table.
fn place(
    all: &mut BTreeMap<String, Names>,
    (table, column): (&str, &str),
    names: Vec<String>,
    over: bool,
) -> Result<(), BadMapping> {
    if !over {
        all.entry(table.to_owned()).or_default().insert(column.to_owned(), names);
        return Ok(());
    }
    let Some(columns) = all.get_mut(table) else {
        let known = all.keys().cloned().collect::<Vec<_>>().join(", ");
        return Err(BadMapping(format!("names {table:?}; there are: {known}")));
    };
    if !columns.contains_key(column) {
        let known = columns.keys().cloned().collect::<Vec<_>>().join(", ");
        return Err(BadMapping(format!("names {table}.{column}; there are: {known}")));
    }
    for others in columns.values_mut() {
        others.retain(|other| !names.iter().any(|name| folded(name) == folded(other)));
    }
    columns.insert(column.to_owned(), names);
    Ok(())
}

fn find<'m>(names: &'m Names, text: &str) -> Option<&'m str> {
    let text = folded(text);
    names.iter().find(|(_, names)| names.iter().any(|name| folded(name) == text)).map(|(key, _)| key.as_str())
}

/// Capitals, blanks, full-width forms and the star of what must be filled make no difference.
fn folded(text: &str) -> String {
    let kept = |c: &char| !c.is_whitespace() && *c != '*';
    text.nfkc().filter(kept).flat_map(char::to_lowercase).collect()
}
