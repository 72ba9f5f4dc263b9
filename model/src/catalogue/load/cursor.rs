//! A walk over a tree of YAML that notes every problem with its place and goes on.
//!
//! [`At`] is a node with its path, [`Fields`] a mapping whose keys are known. Their methods give `None` after they have
//! noted why; a caller reads all it can and only then gives up.

use std::cell::RefCell;
use std::ops::RangeInclusive;

use super::text::{is_id, listed};
use super::tree::{Key, Node, Place, Value};
use crate::catalogue::{Bilingual, Problem, ProblemCode};
use crate::time::{Day, Instant};

/// A text in both languages from two formats over the same names.
macro_rules! both {
    ($zh:literal, $en:literal) => {
        $crate::catalogue::Bilingual { zh: format!($zh), en: format!($en) }
    };
}
pub(crate) use both;

/// Collects the problems of one file.
pub(super) struct Sink {
    file: String,
    problems: RefCell<Vec<Problem>>,
}

impl Sink {
    pub(super) fn new(file: &str) -> Self {
        Self { file: file.to_owned(), problems: RefCell::default() }
    }

    pub(super) fn note(&self, place: Option<Place>, path: &str, code: ProblemCode, message: Bilingual) {
        self.note_about(None, place, path, code, message);
    }

    /// Notes a problem of an element whose id is known.
    pub(super) fn note_about(
        &self,
        about: Option<&str>,
        place: Option<Place>,
        path: &str,
        code: ProblemCode,
        message: Bilingual,
    ) {
        let problem = Problem {
            file: self.file.clone(),
            line: place.map(|p| p.line),
            column: place.map(|p| p.column),
            path: path.to_owned(),
            about: about.map(str::to_owned),
            code,
            severity: code.severity(),
            message,
        };
        self.problems.borrow_mut().push(problem);
    }

    pub(super) fn has_errors(&self) -> bool {
        self.problems.borrow().iter().any(Problem::is_error)
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems.into_inner()
    }
}

/// A node, the way to it, and where its problems go.
#[derive(Clone)]
pub(super) struct At<'t> {
    node: &'t Node,
    path: String,
    sink: &'t Sink,
}

impl<'t> At<'t> {
    pub(super) fn root(node: &'t Node, sink: &'t Sink) -> Self {
        Self { node, path: String::new(), sink }
    }

    pub(super) fn note(&self, code: ProblemCode, message: Bilingual) {
        self.sink.note(Some(self.node.place), &self.path, code, message);
    }

    /// The value of a key of a mapping whose keys are not checked yet.
    pub(super) fn peek(&self, key: &str) -> Option<At<'t>> {
        let Value::Map(entries) = &self.node.value else { return None };
        Fields { at: self.clone(), entries }.get(key)
    }

    /// Whether the file has errors so far.
    pub(super) fn has_errors(&self) -> bool {
        self.sink.has_errors()
    }

    pub(super) fn line(&self) -> u32 {
        self.node.place.line
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self.node.value, Value::Null)
    }

    /// The text, if it is one; notes nothing.
    pub(super) fn plain_text(&self) -> Option<&'t str> {
        if let Value::Text(text) = &self.node.value { Some(text) } else { None }
    }

    pub(super) fn is_text(&self, text: &str) -> bool {
        matches!(&self.node.value, Value::Text(found) if found == text)
    }

    pub(super) fn is_list(&self) -> bool {
        matches!(self.node.value, Value::List(_))
    }

    pub(super) fn is_map(&self) -> bool {
        matches!(self.node.value, Value::Map(_))
    }

    fn wrong_type(&self, zh: &str, en: &str) {
        let (found_zh, found_en) = describe(&self.node.value);
        self.note(
            ProblemCode::WrongType,
            both!("应为{zh}，却是{found_zh}", "wants {en}, but this is {found_en}"),
        );
    }

    /// Text that is not blank. A whole number is taken as its digits (region codes, articles); decimals and words like
    /// `yes` must be quoted: other readers of YAML disagree on them.
    pub(super) fn text(&self) -> Option<&'t str> {
        match &self.node.value {
            Value::Text(text) if !text.trim().is_empty() => Some(text),
            Value::Text(_) => {
                self.note(ProblemCode::InvalidValue, both!("不能为空白", "must not be blank"));
                None
            }
            Value::Int(_, text) => Some(text),
            Value::Float(_) | Value::Bool(_) => {
                self.wrong_type("文本（请加引号）", "text (put it in quotes)");
                None
            }
            Value::Null | Value::List(_) | Value::Map(_) => {
                self.wrong_type("文本", "text");
                None
            }
        }
    }

    pub(super) fn id(&self) -> Option<&'t str> {
        let text = self.text()?;
        if is_id(text) {
            return Some(text);
        }
        let message = both!(
            "不是合法标识：1 至 128 字节 UTF-8，NFC 规范，无控制字符",
            "is no id: ids are 1 to 128 bytes of UTF-8 in NFC, without control characters"
        );
        self.note(ProblemCode::InvalidValue, message);
        None
    }

    pub(super) fn bool(&self) -> Option<bool> {
        match self.node.value {
            Value::Bool(value) => Some(value),
            _ => {
                self.wrong_type("true 或 false", "true or false");
                None
            }
        }
    }

    pub(super) fn int(&self, range: RangeInclusive<i64>) -> Option<i64> {
        let Value::Int(value, _) = self.node.value else {
            self.wrong_type("整数", "a whole number");
            return None;
        };
        let (low, high) = (*range.start(), *range.end());
        let fitting = i64::try_from(value).ok().filter(|v| range.contains(v));
        if fitting.is_none() {
            let message = both!(
                "{value} 超出范围：应在 {low} 至 {high} 之间",
                "{value} is out of range: {low} to {high}"
            );
            self.note(ProblemCode::OutOfRange, message);
        }
        fitting
    }

    /// A number as the decimal text that it was written as (or the shortest that means the same).
    pub(super) fn decimal(&self) -> Option<String> {
        match &self.node.value {
            Value::Int(_, text) => Some(text.clone()),
            Value::Float(value) => Some(value.to_string()),
            _ => {
                self.wrong_type("数字", "a number");
                None
            }
        }
    }

    pub(super) fn day(&self) -> Option<Day> {
        let text = self.text()?;
        let day = Day::parse(text);
        if day.is_none() {
            let message = both!(
                "“{text}”不是日期：应为 YYYY-MM-DD",
                "\"{text}\" is no date: dates are written YYYY-MM-DD"
            );
            self.note(ProblemCode::InvalidValue, message);
        }
        day
    }

    pub(super) fn instant(&self) -> Option<Instant> {
        let text = self.text()?;
        let instant = Instant::parse(text);
        if instant.is_none() {
            let message = both!(
                "“{text}”不是时刻：应为带时区的 RFC 3339，如 2026-07-01T00:00:00+08:00",
                "\"{text}\" is no instant: RFC 3339 with an offset is expected, such as 2026-07-01T00:00:00+08:00"
            );
            self.note(ProblemCode::InvalidValue, message);
        }
        instant
    }

    /// One of a closed list of words.
    pub(super) fn word<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let text = self.text()?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let known = listed(words.iter().map(|(word, _)| *word));
            let message =
                both!("“{text}”无此取值：可为 {known}", "\"{text}\" is not known here; one of: {known}");
            self.note(ProblemCode::InvalidValue, message);
        }
        found
    }

    pub(super) fn list(&self) -> Vec<At<'t>> {
        let Value::List(nodes) = &self.node.value else {
            self.wrong_type("列表", "a list");
            return Vec::new();
        };
        let at = |(i, node)| At { node, path: format!("{}[{i}]", self.path), sink: self.sink };
        nodes.iter().enumerate().map(at).collect()
    }

    /// A mapping that may have these keys and no others; strangers and repetitions are noted here.
    pub(super) fn fields(&self, known: &[&str]) -> Option<Fields<'t>> {
        let Value::Map(entries) = &self.node.value else {
            let keys = listed(known.iter().copied());
            self.wrong_type(&format!("含键 {keys} 的映射"), &format!("a mapping with the keys {keys}"));
            return None;
        };
        let fields = Fields { at: self.clone(), entries };
        fields.check_keys(known);
        Some(fields)
    }
}

/// A mapping whose keys have been checked.
pub(super) struct Fields<'t> {
    at: At<'t>,
    entries: &'t [(Key, Node)],
}

impl<'t> Fields<'t> {
    fn check_keys(&self, known: &[&str]) {
        for (i, (key, _)) in self.entries.iter().enumerate() {
            let (path, text) = (self.path_of(&key.text), &key.text);
            if !known.contains(&text.as_str()) {
                let keys = listed(known.iter().copied());
                let message =
                    both!("未知的键“{text}”：可用的键有 {keys}", "unknown key \"{text}\"; keys are: {keys}");
                self.at.sink.note(Some(key.place), &path, ProblemCode::UnknownKey, message);
            } else if let Some((first, _)) = self.entries[..i].iter().find(|(k, _)| k.text == *text) {
                let line = first.place.line;
                let message = both!(
                    "键“{text}”重复：第 {line} 行已有",
                    "the key \"{text}\" stands already on line {line}"
                );
                self.at.sink.note(Some(key.place), &path, ProblemCode::DuplicateKey, message);
            }
        }
    }

    fn path_of(&self, key: &str) -> String {
        if self.at.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.at.path) }
    }

    /// The mapping itself, for problems that concern several of its keys.
    pub(super) fn at(&self) -> &At<'t> {
        &self.at
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(k, node)| k.text == key && !matches!(node.value, Value::Null))
    }

    /// The value of a key; null is the same as absent.
    pub(super) fn get(&self, key: &str) -> Option<At<'t>> {
        let (_, node) =
            self.entries.iter().find(|(k, node)| k.text == key && !matches!(node.value, Value::Null))?;
        Some(At { node, path: self.path_of(key), sink: self.at.sink })
    }

    /// The value of a required key.
    pub(super) fn need(&self, key: &str) -> Option<At<'t>> {
        let found = self.get(key);
        if found.is_none() {
            let message = both!("缺少必需的键“{key}”", "the key \"{key}\" is required");
            self.at.sink.note(Some(self.at.node.place), &self.path_of(key), ProblemCode::MissingKey, message);
        }
        found
    }

    /// The elements of a list; absent is empty.
    pub(super) fn list(&self, key: &str) -> Vec<At<'t>> {
        self.get(key).map(|at| at.list()).unwrap_or_default()
    }
}

fn describe(value: &Value) -> (String, String) {
    let pair = |zh: &str, en: &str| (zh.to_owned(), en.to_owned());
    match value {
        Value::Null => pair("空值", "nothing"),
        Value::Bool(value) => (format!("布尔值 {value}"), format!("the boolean {value}")),
        Value::Int(value, _) => (format!("数字 {value}"), format!("the number {value}")),
        Value::Float(value) => (format!("数字 {value}"), format!("the number {value}")),
        Value::Text(_) => pair("文本", "text"),
        Value::List(_) => pair("列表", "a list"),
        Value::Map(_) => pair("映射", "a mapping"),
    }
}
