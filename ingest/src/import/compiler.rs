//! What every part of reading a mapping shares: the errors found so far, the columns named so far, the defaults for
//! times, and the plain reading of keys, texts and lists.
//!
//! Reading goes on after an error, so that all of them are told at once; what could not be read is `None`.

use jiff::tz::TimeZone;

use super::cells::Slots;
use super::errors::{MappingError, MappingErrors};
use super::template::{Piece, Template};
use super::time::{Clock, Format};
use super::yaml::{Entry, Node, Yaml};

pub(super) struct Compiler<'f> {
    file: &'f str,
    errors: Vec<MappingError>,
    pub(super) slots: Slots,
    /// The time formats and the zone of values that name none of their own.
    pub(super) clock: Clock,
    /// `{step}` may be used: the rule at hand says which step an activity is.
    pub(super) step_known: bool,
    /// `{item}` may be used: an element of a list is at hand.
    pub(super) item_known: bool,
    /// `{case}` may be used: not while the case itself is being defined.
    pub(super) case_known: bool,
    /// `{activity}` may be used.
    pub(super) activity_known: bool,
}

impl<'f> Compiler<'f> {
    pub(super) fn new(file: &'f str) -> Self {
        Self {
            file,
            errors: Vec::new(),
            slots: Slots::default(),
            clock: Clock { formats: vec![Format::Rfc3339], zone: None },
            step_known: false,
            item_known: false,
            case_known: false,
            activity_known: false,
        }
    }

    pub(super) fn error_at(&mut self, line: u64, column: u64, key: &str, message: impl Into<String>) {
        let (file, key, message) = (self.file.to_owned(), key.to_owned(), message.into());
        self.errors.push(MappingError { file, line, column, key, message });
    }

    pub(super) fn error(&mut self, node: &Node, key: &str, message: impl Into<String>) {
        self.error_at(node.line, node.column, key, message);
    }

    pub(super) fn finish<T>(mut self, made: Option<T>) -> Result<T, MappingErrors> {
        self.errors.sort_by_key(|error| (error.line, error.column));
        match made {
            Some(made) if self.errors.is_empty() => Ok(made),
            _ => Err(MappingErrors(self.errors)),
        }
    }

    pub(super) fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// The entries of a map, all of whose keys must be among the known ones.
    pub(super) fn entries<'n>(&mut self, node: &'n Node, path: &str, known: &[&str]) -> Option<&'n [Entry]> {
        let entries = self.map(node, path)?;
        for entry in entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            let message = format!("unknown key; known here: {}", known.join(", "));
            self.error_at(entry.line, entry.column, &join(path, &entry.key), message);
        }
        Some(entries)
    }

    pub(super) fn map<'n>(&mut self, node: &'n Node, path: &str) -> Option<&'n [Entry]> {
        if let Yaml::Map(entries) = &node.value {
            return Some(entries);
        }
        self.error(node, path, format!("is {}; keys and values are wanted", node.kind()));
        None
    }

    /// The node of a key that must be there.
    pub(super) fn must<'n>(&mut self, node: &'n Node, path: &str, key: &str, what: &str) -> Option<&'n Node> {
        let found = node.get(key);
        if found.is_none() {
            self.error(node, &join(path, key), format!("is missing; {what}"));
        }
        found
    }

    pub(super) fn text<'n>(&mut self, node: &'n Node, path: &str) -> Option<&'n str> {
        match &node.value {
            Yaml::Text(text) => Some(text),
            Yaml::Bool(_) | Yaml::Int(_) | Yaml::Float => {
                self.error(node, path, format!("is {}; a text is wanted, so put it in quotes", node.kind()));
                None
            }
            Yaml::Null => {
                self.error(node, path, "is nothing; a text is wanted, in quotes if it is \"null\"");
                None
            }
            Yaml::List(_) | Yaml::Map(_) => {
                self.error(node, path, format!("is {}; a text is wanted", node.kind()));
                None
            }
        }
    }

    /// A text or a list of texts.
    pub(super) fn texts(&mut self, node: &Node, path: &str) -> Option<Vec<String>> {
        match &node.value {
            Yaml::List(items) => items.iter().map(|item| self.text(item, path).map(str::to_owned)).collect(),
            _ => self.text(node, path).map(|text| vec![text.to_owned()]),
        }
    }

    /// One of a closed set of words.
    pub(super) fn word<T: Copy>(&mut self, node: &Node, path: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(node, path)?;
        let found = words.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            self.error(node, path, format!("{text:?} is not known; use one of: {}", known.join(", ")));
        }
        found.map(|(_, value)| *value)
    }

    pub(super) fn template(&mut self, node: &Node, path: &str) -> Option<Template> {
        let text = self.text(node, path)?;
        match Template::parse(text, &mut self.slots) {
            Ok(template) => self.known_words(&template, node, path).then_some(template),
            Err(message) => {
                self.error(node, path, message);
                None
            }
        }
    }

    fn known_words(&mut self, template: &Template, node: &Node, path: &str) -> bool {
        for piece in &template.0 {
            let message = match piece {
                Piece::Step if !self.step_known => "{step} needs an `on` that maps activities to steps",
                Piece::Item if !self.item_known => "{item} has a meaning only inside `each`",
                Piece::Case if !self.case_known => "{case} cannot be used to say what the case is",
                Piece::Activity if !self.activity_known => "{activity} needs the key `activity`",
                _ => continue,
            };
            self.error(node, path, message);
            return false;
        }
        true
    }

    /// Reads `format` and `zone` of a map on top of the defaults.
    pub(super) fn clock(&mut self, node: &Node, path: &str, keys: [&str; 2]) -> Option<Clock> {
        let mut clock = self.clock.clone();
        if let Some(zone) = node.get(keys[1]) {
            let path = join(path, keys[1]);
            let name = self.text(zone, &path)?;
            match TimeZone::get(name) {
                Ok(found) => clock.zone = Some(found),
                Err(_) => {
                    self.error(
                        zone,
                        &path,
                        format!("{name:?} is no time zone; use a name such as Asia/Shanghai"),
                    );
                    return None;
                }
            }
        }
        let Some(format) = node.get(keys[0]) else { return Some(clock) };
        let path = join(path, keys[0]);
        clock.formats.clear();
        for name in self.texts(format, &path)? {
            match Format::named(&name) {
                Ok(format) => clock.formats.push(format),
                Err(message) => {
                    self.error(format, &path, format!("{name:?} {message}"));
                    return None;
                }
            }
        }
        if clock.formats.is_empty() {
            self.error(format, &path, "is an empty list; name at least one format");
            return None;
        }
        Some(clock)
    }

    /// A clock that reads texts without an offset must know their zone.
    pub(super) fn zoned(&mut self, clock: Clock, node: &Node, path: &str) -> Option<Clock> {
        if clock.zone.is_none() && clock.formats.iter().any(Format::needs_zone) {
            self.error(node, path, "its times may have no offset: say their `zone`, e.g. Asia/Shanghai");
            return None;
        }
        Some(clock)
    }
}

pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
