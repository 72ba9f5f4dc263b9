//! A mapping file, read and checked: how rows become case events.

use std::collections::HashMap;

use encoding_rs::Encoding;

use super::cells::{Reading, Slots};
use super::compiler::Compiler;
use super::condition::Condition;
use super::errors::MappingErrors;
use super::rule::{Choice, Per, Rule};
use super::schema::Shape;
use super::template::{Piece, Template};
use super::value::{Text, Value};
use super::yaml::{Node, Yaml};

const KEYS: &[&str] = &[
    "format",
    "encoding",
    "csv",
    "trim",
    "absent",
    "source",
    "case",
    "activity",
    "time",
    "recordedtime",
    "time_format",
    "zone",
    "id",
    "when",
    "unmapped",
    "events",
];

/// What an export looks like.
#[derive(Debug, Clone)]
pub(super) enum Format {
    Csv(CsvOptions),
    JsonLines,
    Xes,
}

#[derive(Debug, Clone)]
pub(super) struct CsvOptions {
    pub(super) delimiter: u8,
    pub(super) quote: u8,
    /// The columns of a file that has no header.
    pub(super) columns: Option<Vec<String>>,
}

/// A checked mapping. Made once, used for any number of files.
#[derive(Debug, Clone)]
pub struct Mapping {
    pub(super) format: Format,
    pub(super) encoding: &'static Encoding,
    pub(super) reading: Reading,
    pub(super) slots: Slots,
    pub(super) source: Text,
    pub(super) case: Text,
    pub(super) activity: Option<Text>,
    pub(super) time: Option<Value>,
    pub(super) recorded: Option<Value>,
    pub(super) id: Template,
    pub(super) when: Option<Condition>,
    pub(super) reject_unmapped: bool,
    pub(super) rules: Vec<Rule>,
    /// Rules that are evaluated once a case.
    pub(super) once: Vec<Choice>,
    /// Rules for rows of any activity, and by activity (these with the former among them), in the order of the file.
    pub(super) always: Vec<Choice>,
    pub(super) by_activity: HashMap<Box<str>, Vec<Choice>>,
}

impl Mapping {
    /// Reads a mapping; `file` is its name for the errors.
    pub fn parse(text: &str, file: &str) -> Result<Self, MappingErrors> {
        let mut compiler = Compiler::new(file);
        let made = match Node::parse(text) {
            Ok(root) => compiler.mapping(&root),
            Err(broken) => {
                compiler.error_at(broken.line, broken.column, "", broken.message);
                None
            }
        };
        compiler.finish(made)
    }
}

impl Compiler<'_> {
    /// Reads on past errors, so the parts are put together only at the end.
    fn mapping(&mut self, root: &Node) -> Option<Mapping> {
        self.entries(root, "", KEYS)?;
        let format = self.format(root);
        let is_xes = matches!(format, Some(Format::Xes));
        if let Some(clock) = self.clock(root, "", ["time_format", "zone"]) {
            self.clock = clock;
        }
        let encoding = self.encoding(root);
        let reading = self.cell_reading(root, matches!(format, Some(Format::Csv(_))), encoding);
        let case = self.text_value(root, "case", is_xes.then_some("{case:concept:name}"), Shape::Id);
        self.case_known = true;
        let activity = self.activity(root, is_xes);
        self.activity_known = activity.is_some();
        let source = self.text_value(root, "source", None, Shape::Text);
        let time = self.default_time(root, is_xes);
        let recorded = root.get("recordedtime").map(|node| self.value(node, "recordedtime", Shape::Instant));
        let id = self.row_id(root);
        let when = root.get("when").map(|node| self.condition(node, "when"));
        let words = [("reject", true), ("skip", false)];
        let reject_unmapped =
            root.get("unmapped").map_or(Some(true), |node| self.word(node, "unmapped", &words));
        let rules = self.rules(root);
        if self.has_errors() {
            return None;
        }
        let mut mapping = Mapping {
            format: format?,
            encoding: encoding?,
            reading: reading?,
            slots: std::mem::take(&mut self.slots),
            source: source?,
            case: case?,
            activity,
            time,
            recorded: recorded.flatten(),
            id: id?,
            when: when.flatten(),
            reject_unmapped: reject_unmapped?,
            rules: rules?,
            once: Vec::new(),
            always: Vec::new(),
            by_activity: HashMap::new(),
        };
        mapping.index_rules();
        Some(mapping)
    }

    fn format(&mut self, root: &Node) -> Option<Format> {
        let node = self.must(root, "", "format", "say csv, jsonl or xes")?;
        let format = self.word(node, "format", &[("csv", 0), ("jsonl", 1), ("xes", 2)])?;
        if let Some(csv) = root.get("csv").filter(|_| format != 0) {
            self.error(csv, "csv", "goes with `format: csv`");
        }
        match format {
            0 => self.csv_options(root).map(Format::Csv),
            1 => Some(Format::JsonLines),
            _ => Some(Format::Xes),
        }
    }

    fn csv_options(&mut self, root: &Node) -> Option<CsvOptions> {
        let mut options = CsvOptions { delimiter: b',', quote: b'"', columns: None };
        let Some(csv) = root.get("csv") else { return Some(options) };
        self.entries(csv, "csv", &["delimiter", "quote", "columns"])?;
        if let Some(node) = csv.get("delimiter") {
            options.delimiter = self.byte(node, "csv.delimiter")?;
        }
        if let Some(node) = csv.get("quote") {
            options.quote = self.byte(node, "csv.quote")?;
        }
        if let Some(node) = csv.get("columns") {
            let names = self.texts(node, "csv.columns")?;
            if let Some(twice) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
                let message = format!("names {:?} twice", twice.1);
                return self.refuse(node, "csv.columns", message);
            }
            options.columns = Some(names);
        }
        Some(options)
    }

    fn byte(&mut self, node: &Node, path: &str) -> Option<u8> {
        match self.text(node, path)?.as_bytes() {
            [one] if one.is_ascii() && !matches!(one, b'\n' | b'\r') => Some(*one),
            _ => self.refuse(node, path, "is no single ASCII character, e.g. \",\", \";\" or \"\\t\""),
        }
    }

    fn encoding(&mut self, root: &Node) -> Option<&'static Encoding> {
        let Some(node) = root.get("encoding") else { return Some(encoding_rs::UTF_8) };
        let name = self.text(node, "encoding")?;
        let found = Encoding::for_label_no_replacement(name.as_bytes());
        found
            .or_else(|| self.refuse(node, "encoding", format!("{name:?} is not known; use utf-8 or gb18030")))
    }

    fn cell_reading(
        &mut self,
        root: &Node,
        is_csv: bool,
        encoding: Option<&'static Encoding>,
    ) -> Option<Reading> {
        let mut reading = Reading { trim: is_csv, absent: Vec::new(), decoded: false };
        if let Some(node) = root.get("trim") {
            let Yaml::Bool(trim) = node.value else {
                return self.refuse(node, "trim", format!("is {}; true or false is wanted", node.kind()));
            };
            reading.trim = trim;
        }
        if let Some(node) = root.get("absent") {
            reading.absent = self.texts(node, "absent")?;
        }
        reading.decoded = encoding? != encoding_rs::UTF_8;
        Some(reading)
    }

    /// A text at the top of the mapping, which may be a template or a value at length.
    fn text_value(&mut self, root: &Node, key: &str, default: Option<&str>, shape: Shape) -> Option<Text> {
        let Some(node) = root.get(key) else {
            let Some(default) = default else {
                self.must(root, "", key, "a text, with columns in braces, e.g. \"{案件编号}\"")?;
                return None;
            };
            return Template::parse(default, &mut self.slots).ok().map(Text::plain);
        };
        match self.value(node, key, shape)? {
            Value::Scalar { text, .. } => Some(text),
            Value::Literal(_) => Some(Text::plain(self.template(node, key)?)),
            _ => self.refuse(node, key, "is no single text"),
        }
    }

    fn activity(&mut self, root: &Node, is_xes: bool) -> Option<Text> {
        let default = is_xes.then_some("{concept:name}");
        (root.get("activity").is_some() || is_xes)
            .then(|| self.text_value(root, "activity", default, Shape::Text))
            .flatten()
    }

    fn default_time(&mut self, root: &Node, is_xes: bool) -> Option<Value> {
        match root.get("time") {
            Some(node) => self.value(node, "time", Shape::Instant),
            None if is_xes => {
                let clock = self.clock.clone();
                let clock = self.zoned(clock, root, "time")?;
                let template = Template::parse("{time:timestamp}", &mut self.slots).ok()?;
                let reading = super::value::Reading::Instant(clock);
                Some(Value::Scalar { text: Text::plain(template), reading })
            }
            None => None,
        }
    }

    /// The id must differ from row to row, so it has a row number or a column of the row.
    fn row_id(&mut self, root: &Node) -> Option<Template> {
        let node =
            self.must(root, "", "id", "e.g. \"{case}-{row:08}\", or a record number of the register")?;
        let template = self.template(node, "id")?;
        if template.0.iter().any(|piece| matches!(piece, Piece::Row(_) | Piece::Column(_))) {
            return Some(template);
        }
        self.refuse(
            node,
            "id",
            "is the same for all rows of a case; add {row:08} or a column such as a record number",
        )
    }
}

impl Mapping {
    fn index_rules(&mut self) {
        for (at, rule) in self.rules.iter().enumerate() {
            match (rule.per, &rule.on) {
                (Per::Case, _) => self.once.push(Choice { rule: at, step: None }),
                (Per::Row, None) => self.always.push(Choice { rule: at, step: None }),
                (Per::Row, Some(on)) => {
                    for (activity, step) in on {
                        let choices = self.by_activity.entry(activity.clone()).or_default();
                        choices.push(Choice { rule: at, step: step.clone() });
                    }
                }
            }
        }
        for choices in self.by_activity.values_mut() {
            choices.extend(self.always.iter().cloned());
            choices.sort_by_key(|choice| choice.rule);
        }
    }
}
