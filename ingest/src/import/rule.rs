//! The rules of a mapping: which event is made of which row.

use std::collections::HashSet;

use super::compiler::{Compiler, join};
use super::condition::Condition;
use super::schema::{EVENT_TYPES, EventType, Shape, event_type};
use super::template::Template;
use super::value::{Member, Value};
use super::yaml::{Entry, Node, Yaml};

const KEYS: &[&str] = &["on", "when", "per", "type", "time", "recordedtime", "id", "data", "extra"];
const TESTS: &[&str] = &["equals", "in", "present", "absent", "matches"];

/// Two digits number the rules in the ids of events.
const MOST_RULES: usize = 99;

/// How often a rule is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Per {
    Row,
    /// On the first row of a case.
    Case,
}

/// The activities of a rule, each with the step it is, where the rule says so.
pub(super) type On = Vec<(Box<str>, Option<Box<str>>)>;

/// One event of one type.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) per: Per,
    pub(super) on: Option<On>,
    pub(super) when: Option<Condition>,
    pub(super) event: &'static EventType,
    pub(super) time: Option<Value>,
    pub(super) recorded: Option<Value>,
    pub(super) id: Option<Template>,
    /// The rule's place among all rules, the end of its events' ids.
    pub(super) suffix: String,
    pub(super) data: Vec<Member>,
}

/// A rule that a row calls for, and the step that the row's activity is by it.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    pub(super) rule: usize,
    pub(super) step: Option<Box<str>>,
}

impl Compiler<'_> {
    pub(super) fn rules(&mut self, root: &Node) -> Option<Vec<Rule>> {
        let node = self.must(root, "", "events", "a list of rules, each with a `type`")?;
        let Yaml::List(items) = &node.value else {
            return self.refuse(node, "events", format!("is {}; a list of rules is wanted", node.kind()));
        };
        let is_xes =
            matches!(root.get("format").map(|node| &node.value), Some(Yaml::Text(name)) if name == "xes");
        let has_activity = is_xes || root.get("activity").is_some();
        let has_time = is_xes || root.get("time").is_some();
        let mut rules = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let path = format!("events[{}]", at + 1);
            rules.extend(self.rule(item, &path, has_activity, has_time).unwrap_or_default());
            self.step_known = false;
        }
        if items.is_empty() {
            self.error(node, "events", "is empty; without a rule there are no events");
        }
        if rules.len() > MOST_RULES {
            self.error(node, "events", format!("make {} events; {MOST_RULES} are allowed", rules.len()));
        }
        for (at, rule) in rules.iter_mut().enumerate() {
            rule.suffix = format!("-{:02}", at + 1);
        }
        Some(rules)
    }

    /// One rule of the file: as many rules as it has types.
    fn rule(&mut self, node: &Node, path: &str, has_activity: bool, has_time: bool) -> Option<Vec<Rule>> {
        self.entries(node, path, KEYS)?;
        let per = match node.get("per") {
            None => Per::Row,
            Some(per) => self.word(per, &join(path, "per"), &[("row", Per::Row), ("case", Per::Case)])?,
        };
        let on = match node.get("on") {
            None => None,
            Some(on) if per == Per::Case => {
                return self.refuse(
                    on,
                    &join(path, "on"),
                    "goes with rows, not with `per: case`; use `when`",
                );
            }
            Some(on) if !has_activity => {
                return self.refuse(
                    on,
                    &join(path, "on"),
                    "needs the key `activity` at the top of the mapping",
                );
            }
            Some(on) => Some(self.on(on, &join(path, "on"))?),
        };
        self.step_known = on.as_ref().is_some_and(|on| on.iter().all(|(_, step)| step.is_some()));
        let when = match node.get("when") {
            None => None,
            Some(when) => Some(self.condition(when, &join(path, "when"))?),
        };
        if !has_time && node.get("time").is_none() {
            self.error(node, &join(path, "time"), "is missing, here and at the top of the mapping");
        }
        let time = self.optional_instant(node, path, "time")?;
        let recorded = self.optional_instant(node, path, "recordedtime")?;
        let id = match node.get("id") {
            None => None,
            Some(id) => Some(self.template(id, &join(path, "id"))?),
        };
        let mut rules = Vec::new();
        for event in self.types(node, path)? {
            let data = self.data(node, path, event)?;
            let (on, when, time, recorded, id) =
                (on.clone(), when.clone(), time.clone(), recorded.clone(), id.clone());
            rules.push(Rule { per, on, when, event, time, recorded, id, suffix: String::new(), data });
        }
        Some(rules)
    }

    fn types(&mut self, node: &Node, path: &str) -> Option<Vec<&'static EventType>> {
        let types = self.must(node, path, "type", "e.g. step.completed")?;
        let path = join(path, "type");
        let mut events = Vec::new();
        for name in self.texts(types, &path)? {
            let Some(event) = event_type(&name) else {
                let known: Vec<_> = EVENT_TYPES.iter().map(|event| event.name).collect();
                let message = format!("{name:?} is no event type; the types are: {}", known.join(", "));
                return self.refuse(types, &path, message);
            };
            events.push(event);
        }
        Some(events)
    }

    fn on(&mut self, node: &Node, path: &str) -> Option<On> {
        let on: On = match &node.value {
            Yaml::Map(entries) => {
                let mut on = On::new();
                for entry in entries {
                    on.push((entry.key.as_str().into(), Some(self.step(entry, path)?)));
                }
                on
            }
            _ => self.texts(node, path)?.iter().map(|text| (text.as_str().into(), None)).collect(),
        };
        let mut seen = HashSet::new();
        match on.iter().find(|(activity, _)| !seen.insert(activity)) {
            Some((twice, _)) => self.refuse(node, path, format!("names {twice:?} twice")),
            None if on.is_empty() => self.refuse(node, path, "is empty; name an activity, or leave out `on`"),
            None => Some(on),
        }
    }

    fn step(&mut self, entry: &Entry, path: &str) -> Option<Box<str>> {
        let path = join(path, &entry.key);
        let step = self.text(&entry.node, &path)?;
        match super::value::checked_id(step) {
            Ok(step) => Some(step.as_ref().into()),
            Err(reason) => self.refuse(&entry.node, &path, reason),
        }
    }

    fn optional_instant(&mut self, node: &Node, path: &str, key: &str) -> Option<Option<Value>> {
        match node.get(key) {
            None => Some(None),
            Some(time) => self.value(time, &join(path, key), Shape::Instant).map(Some),
        }
    }

    /// `data`, whose members the contract knows, and `extra`, whose members it keeps and ignores.
    fn data(&mut self, node: &Node, path: &str, event: &'static EventType) -> Option<Vec<Member>> {
        let empty = Node { line: node.line, column: node.column, value: Yaml::Map(Vec::new()) };
        let mut data = self.members(node.get("data").unwrap_or(&empty), &join(path, "data"), event.data)?;
        let Some(extra) = node.get("extra") else { return Some(data) };
        let path = join(path, "extra");
        let more = self.free_members(extra, &path, Shape::Any)?;
        if let Some(member) = more.iter().find(|member| event.member(&member.name).is_some()) {
            let message = format!("`{}` is a member of {} and belongs into `data`", member.name, event.name);
            return self.refuse(extra, &path, message);
        }
        data.extend(more);
        Some(data)
    }

    /// A test, a list of tests that must all hold, or `all`, `any`, `not`.
    pub(super) fn condition(&mut self, node: &Node, path: &str) -> Option<Condition> {
        if let Yaml::List(_) = node.value {
            return self.conditions(node, path).map(Condition::All);
        }
        match self.map(node, path)? {
            [Entry { key, node, .. }] if key == "all" => {
                self.conditions(node, &join(path, key)).map(Condition::All)
            }
            [Entry { key, node, .. }] if key == "any" => {
                self.conditions(node, &join(path, key)).map(Condition::Any)
            }
            [Entry { key, node, .. }] if key == "not" => {
                self.condition(node, &join(path, key)).map(|one| Condition::Not(Box::new(one)))
            }
            _ => self.test(node, path),
        }
    }

    fn conditions(&mut self, node: &Node, path: &str) -> Option<Vec<Condition>> {
        let Yaml::List(items) = &node.value else {
            return self.refuse(node, path, format!("is {}; a list of conditions is wanted", node.kind()));
        };
        items
            .iter()
            .enumerate()
            .map(|(at, item)| self.condition(item, &format!("{path}[{}]", at + 1)))
            .collect()
    }

    fn test(&mut self, node: &Node, path: &str) -> Option<Condition> {
        let known = ["column", "equals", "in", "present", "absent", "matches"];
        let entries = self.entries(node, path, &known)?;
        let column = self.must(node, path, "column", "the column that the condition is about")?;
        let name = self.text(column, &join(path, "column"))?;
        let slot = self.slots.of(name);
        let mut tests = entries.iter().filter(|entry| TESTS.contains(&entry.key.as_str()));
        let (Some(Entry { key, node: wanted, .. }), None) = (tests.next(), tests.next()) else {
            return self.refuse(node, path, format!("needs one of {}, and only one", TESTS.join(", ")));
        };
        let path = join(path, key);
        match key.as_str() {
            "equals" => self.text(wanted, &path).map(|text| Condition::In(slot, vec![text.to_owned()])),
            "in" => self.texts(wanted, &path).map(|texts| Condition::In(slot, texts)),
            "matches" => {
                self.text(wanted, &path).map(|text| Condition::Matches(slot, text.chars().collect()))
            }
            _ => {
                let Yaml::Bool(truth) = wanted.value else {
                    return self.refuse(
                        wanted,
                        &path,
                        format!("is {}; true or false is wanted", wanted.kind()),
                    );
                };
                let present = Condition::Present(slot);
                let wants_present = truth == (key == "present");
                Some(if wants_present { present } else { Condition::Not(Box::new(present)) })
            }
        }
    }
}
