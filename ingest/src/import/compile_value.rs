//! From the mapping's notation to a value of the wanted shape.
//!
//! A plain text is a template. A map with one of the words of [`WORDS`] says at length where a text comes from and how
//! it is read; any other map is an object, a list is a list.

use std::collections::HashMap;

use super::cells::Cells;
use super::compiler::{Compiler, join};
use super::json;
use super::money;
use super::schema::{Member as Known, Shape};
use super::template::{Context, Template};
use super::value::{Member, Reading, Text, Value};
use super::yaml::{Node, Yaml};

/// The keys that tell a value from an object.
const WORDS: &[&str] = &[
    "column",
    "text",
    "const",
    "default",
    "map",
    "otherwise",
    "money",
    "thousands",
    "format",
    "zone",
    "list",
    "each",
];

impl Compiler<'_> {
    /// A value of this shape.
    pub(super) fn value(&mut self, node: &Node, path: &str, shape: Shape) -> Option<Value> {
        match &node.value {
            Yaml::Map(entries) if !entries.iter().any(|entry| WORDS.contains(&entry.key.as_str())) => {
                self.object(node, path, shape)
            }
            Yaml::List(items) => self.list(node, items, path, shape),
            Yaml::Map(_) if node.get("const").is_some() => {
                self.entries(node, path, &["const"])?;
                self.constant(node.get("const")?, path, shape)
            }
            Yaml::Map(_) => self.long(node, path, shape),
            Yaml::Text(_) => {
                let template = self.template(node, path)?;
                self.scalar(node, path, Text::plain(template), shape)
            }
            Yaml::Null | Yaml::Bool(_) | Yaml::Int(_) | Yaml::Float => self.constant(node, path, shape),
        }
    }

    fn constant(&mut self, node: &Node, path: &str, shape: Shape) -> Option<Value> {
        match (&node.value, shape) {
            (Yaml::Text(text), _) => self.scalar(node, path, Text::plain(Template::constant(text)), shape),
            (Yaml::Int(number @ 0..=1_000_000_000_000_000), Shape::Money)
            | (Yaml::Int(number @ 1..=3660), Shape::Days)
            | (Yaml::Int(number), Shape::Any) => Some(Value::Literal(number.to_string().into_bytes())),
            (Yaml::Int(_), Shape::Money) => self.refuse(node, path, "is out of range: 0 to 10^15 fen"),
            (Yaml::Int(_), Shape::Days) => self.refuse(node, path, "is out of range: 1 to 3660 days"),
            (Yaml::Bool(truth), Shape::Any) => Some(Value::Literal(truth.to_string().into_bytes())),
            _ => self.text(node, path).and(None),
        }
    }

    /// `{column: …}` or `{text: …}` with what goes with it.
    fn long(&mut self, node: &Node, path: &str, shape: Shape) -> Option<Value> {
        self.entries(node, path, WORDS)?;
        let template = match (node.get("column"), node.get("text")) {
            (Some(column), None) => {
                let name = self.text(column, &join(path, "column"))?;
                Template::column(self.slots.of(name))
            }
            (None, Some(text)) => self.template(text, &join(path, "text"))?,
            _ => return self.refuse(node, path, "needs one of `column`, `text` and `const`, and only one"),
        };
        let text = Text {
            template,
            default: self.optional_text(node, path, "default")?,
            map: self.map_of_texts(node, path)?,
            otherwise: self.optional_text(node, path, "otherwise")?,
        };
        if text.otherwise.is_some() && text.map.is_none() {
            return self.refuse(node, path, "`otherwise` goes with `map`");
        }
        if node.get("list").is_some() {
            return self.split(node, path, text, shape);
        }
        if node.get("each").is_some() {
            return self.refuse(node, path, "`each` goes with `list`, which names the separator");
        }
        self.scalar(node, path, text, shape)
    }

    fn optional_text(&mut self, node: &Node, path: &str, key: &str) -> Option<Option<Box<str>>> {
        match node.get(key) {
            None => Some(None),
            Some(node) => self.text(node, &join(path, key)).map(|text| Some(text.into())),
        }
    }

    fn map_of_texts(&mut self, node: &Node, path: &str) -> Option<Option<HashMap<Box<str>, Box<str>>>> {
        let Some(map) = node.get("map") else { return Some(None) };
        let path = join(path, "map");
        let mut texts = HashMap::new();
        for entry in self.map(map, &path)? {
            let text = self.text(&entry.node, &join(&path, &entry.key))?;
            texts.insert(entry.key.as_str().into(), text.into());
        }
        Some(Some(texts))
    }

    /// One text as one JSON value. A constant is made, and found wrong, here and now.
    fn scalar(&mut self, node: &Node, path: &str, text: Text, shape: Shape) -> Option<Value> {
        let reading = match shape {
            Shape::Id => Reading::Id,
            Shape::Text => Reading::Text,
            Shape::Days => Reading::Days,
            Shape::Instant => Reading::Instant(self.instant(node, path)?),
            Shape::Money => self.money(node, path)?,
            Shape::Any if node.get("money").is_some() => self.money(node, path)?,
            Shape::Any if node.get("format").is_some() => Reading::Instant(self.instant(node, path)?),
            Shape::Any => Reading::Text,
            Shape::Ids => {
                let id = self.scalar(node, path, text, Shape::Id)?;
                return Some(Value::List(vec![id]));
            }
            Shape::Named(_) | Shape::Object(_) | Shape::Objects(_) => {
                return self.refuse(node, path, "is a text; its members are wanted, as keys and values");
            }
        };
        if let (Reading::Text | Reading::Id | Reading::Days, Some(word)) = (&reading, stray(node)) {
            return self.refuse(node, path, format!("`{word}` has no meaning for this member"));
        }
        let constant = text.template.is_constant();
        let value = Value::Scalar { text, reading };
        if constant { self.fixed(node, path, &value) } else { Some(value) }
    }

    fn instant(&mut self, node: &Node, path: &str) -> Option<super::time::Clock> {
        let clock = self.clock(node, path, ["format", "zone"])?;
        self.zoned(clock, node, path)
    }

    fn money(&mut self, node: &Node, path: &str) -> Option<Reading> {
        let Some(unit) = node.get("money") else {
            let example = "an amount needs its unit, e.g. {column: 罚款金额, money: 元}; units";
            let units: Vec<_> = money::UNITS.iter().map(|(name, _)| *name).collect();
            return self.refuse(node, path, format!("{example}: {}", units.join(", ")));
        };
        let unit = self.word(unit, &join(path, "money"), money::UNITS)?;
        let Some(node) = node.get("thousands") else { return Some(Reading::Money { unit, thousands: None }) };
        let path = join(path, "thousands");
        let mut chars = self.text(node, &path)?.chars();
        match (chars.next(), chars.next()) {
            (Some(one), None) if !one.is_ascii_digit() && one != '.' => {
                Some(Reading::Money { unit, thousands: Some(one) })
            }
            _ => self.refuse(node, &path, "is no separator; one character, e.g. \",\""),
        }
    }

    fn fixed(&mut self, node: &Node, path: &str, value: &Value) -> Option<Value> {
        let cells = Cells::new(0);
        let nothing =
            Context { cells: &cells, case: "", row: 0, file: "", activity: None, step: None, item: None };
        let mut json = Vec::new();
        match value.write(&nothing, &mut json) {
            Ok(_) => Some(Value::Literal(json)),
            Err(error) => self.refuse(node, path, error.reason),
        }
    }

    fn split(&mut self, node: &Node, path: &str, text: Text, shape: Shape) -> Option<Value> {
        let separator = match &node.get("list")?.value {
            Yaml::Bool(true) => None,
            _ => Some(self.text(node.get("list")?, &join(path, "list"))?).filter(|text| !text.is_empty()),
        };
        let element = match shape {
            Shape::Ids => Shape::Id,
            Shape::Objects(members) => Shape::Object(members),
            Shape::Any => Shape::Any,
            _ => return self.refuse(node, path, "is no list by the contract; leave out `list`"),
        };
        self.item_known = true;
        let each = match node.get("each") {
            Some(each) => self.value(each, &join(path, "each"), element),
            None if matches!(element, Shape::Object(_)) => {
                self.refuse(node, path, "needs `each`: what one element is, e.g. {id: \"{item}\"}")
            }
            None => {
                let item = Text::plain(Template(vec![super::template::Piece::Item]));
                let reading = if matches!(element, Shape::Id) { Reading::Id } else { Reading::Text };
                Some(Value::Scalar { text: item, reading })
            }
        };
        self.item_known = false;
        Some(Value::Split { text, separator: separator.map(Into::into), each: Box::new(each?) })
    }

    fn list(&mut self, node: &Node, items: &[Node], path: &str, shape: Shape) -> Option<Value> {
        let element = match shape {
            Shape::Ids => Shape::Id,
            Shape::Objects(members) => Shape::Object(members),
            Shape::Any => Shape::Any,
            _ => return self.refuse(node, path, "is a list; the contract has a single value here"),
        };
        let mut values = Vec::new();
        for (at, item) in items.iter().enumerate() {
            values.push(self.value(item, &format!("{path}[{}]", at + 1), element));
        }
        values.into_iter().collect::<Option<Vec<_>>>().map(Value::List)
    }

    fn object(&mut self, node: &Node, path: &str, shape: Shape) -> Option<Value> {
        let members = match shape {
            Shape::Object(known) => self.members(node, path, known)?,
            Shape::Named(each) => self.free_members(node, path, *each)?,
            Shape::Any => self.free_members(node, path, Shape::Any)?,
            Shape::Objects(_) => {
                return self.refuse(node, path, "is one object; a list is wanted: put it in [ ]");
            }
            _ => {
                let message =
                    format!("is an object; a single value is wanted. Keys of a value: {}", WORDS.join(", "));
                return self.refuse(node, path, message);
            }
        };
        Some(Value::Object(members))
    }

    /// Members that the contract knows; the required ones must be mapped.
    pub(super) fn members(&mut self, node: &Node, path: &str, known: &[Known]) -> Option<Vec<Member>> {
        let names: Vec<_> = known.iter().map(|member| member.name).collect();
        let entries = self.entries(node, path, &names)?;
        for member in known.iter().filter(|member| member.required && node.get(member.name).is_none()) {
            self.error(node, &join(path, member.name), "is missing; the contract requires it");
        }
        let mut members = Vec::new();
        for entry in entries {
            let Some(member) = known.iter().find(|member| member.name == entry.key) else { continue };
            let value = self.value(&entry.node, &join(path, &entry.key), member.shape);
            members.push(value.map(|value| make_member(&entry.key, value, member.required)));
        }
        members.into_iter().collect()
    }

    /// Members of any name.
    pub(super) fn free_members(&mut self, node: &Node, path: &str, shape: Shape) -> Option<Vec<Member>> {
        let mut members = Vec::new();
        for entry in self.map(node, path)? {
            let value = self.value(&entry.node, &join(path, &entry.key), shape);
            members.push(value.map(|value| make_member(&entry.key, value, false)));
        }
        members.into_iter().collect()
    }

    pub(super) fn refuse<T>(&mut self, node: &Node, path: &str, message: impl Into<String>) -> Option<T> {
        self.error(node, path, message);
        None
    }
}

/// A word of a value that its member cannot use.
fn stray(node: &Node) -> Option<&'static str> {
    ["money", "thousands", "format", "zone"].into_iter().find(|word| node.get(word).is_some())
}

fn make_member(name: &str, value: Value, required: bool) -> Member {
    let mut key = Vec::new();
    json::write_string(name, &mut key);
    key.push(b':');
    Member { name: name.to_owned(), key, value, required }
}
