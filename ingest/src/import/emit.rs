//! From the cells of a row to lines of case events.
//!
//! A row is all or nothing: if one of its events cannot be made, the row is reported and none of them is written. The
//! events of a case's first row that are made once a case stand apart from that row's own.

use std::borrow::Cow;
use std::io::{self, Write};

use super::cells::{Cells, Scope};
use super::errors::{CellError, Column, ImportReport, RowError};
use super::json;
use super::mapping::Mapping;
use super::rule::{Choice, Rule};
use super::template::Context;
use super::value::{Presence, Text, checked_id, write_data};

/// The contract's limit of one event.
const LONGEST_EVENT: usize = 256 * 1024;
/// How much is gathered before it is written out.
const FLUSH_AT: usize = 64 * 1024;

/// The import of one file under way.
pub(super) struct Emitter<'a> {
    pub(super) mapping: &'a Mapping,
    pub(super) cells: Cells,
    pub(super) report: ImportReport,
    file: &'a str,
    /// The file's name without folders and endings, for `{file}`.
    stem: &'a str,
    /// Rows of the files before this one, so that `{row}` goes on.
    rows_before: u64,
    out: &'a mut dyn Write,
    rejects: &'a mut dyn FnMut(RowError),
    /// Columns by slot, where they have numbers.
    pub(super) numbers: Vec<Option<usize>>,
    buffer: Vec<u8>,
    id: String,
    /// The case of the row before, to know the first row of the next.
    last_case: Option<String>,
    /// A cell of the row that could not be read.
    bad_cell: Option<CellError>,
}

/// The facts of a row that all of its events share.
struct RowFacts<'r> {
    case: Cow<'r, str>,
    activity: Option<Cow<'r, str>>,
}

impl<'a> Emitter<'a> {
    pub(super) fn new(
        mapping: &'a Mapping,
        file: &'a str,
        rows_before: u64,
        out: &'a mut dyn Write,
        rejects: &'a mut dyn FnMut(RowError),
    ) -> Self {
        Self {
            mapping,
            cells: Cells::new(mapping.slots.names().len()),
            report: ImportReport::default(),
            file,
            stem: stem(file),
            rows_before,
            out,
            rejects,
            numbers: Vec::new(),
            buffer: Vec::with_capacity(2 * FLUSH_AT),
            id: String::new(),
            last_case: None,
            bad_cell: None,
        }
    }

    /// Fills a cell; what is wrong with it is told with the row.
    pub(super) fn set(&mut self, slot: usize, scope: Scope, text: &str) {
        if let Err(reason) = self.cells.set(slot, scope, text, &self.mapping.reading) {
            self.spoil(slot, reason);
        }
    }

    /// Marks the row at hand as unreadable.
    pub(super) fn spoil(&mut self, slot: usize, reason: impl Into<String>) {
        self.bad_cell.get_or_insert_with(|| CellError::new(Some(slot), reason));
    }

    /// The cells of a row are complete.
    pub(super) fn row(&mut self, line: u64) -> io::Result<()> {
        self.report.rows += 1;
        if let Some(error) = self.bad_cell.take() {
            self.reject(line, error);
            return Ok(());
        }
        if self.mapping.when.as_ref().is_some_and(|when| !when.holds(&self.cells)) {
            self.report.skipped += 1;
            return Ok(());
        }
        let cells = std::mem::replace(&mut self.cells, Cells::new(0));
        let outcome = self.make_events(&cells, line);
        self.cells = cells;
        if let Err(error) = outcome {
            self.reject(line, error);
        }
        if self.buffer.len() >= FLUSH_AT { self.flush() } else { Ok(()) }
    }

    fn make_events(&mut self, cells: &Cells, line: u64) -> Result<(), CellError> {
        let mapping = self.mapping;
        let facts = self.facts(cells)?;
        self.start_case(&facts, cells, line);
        let choices = match &facts.activity {
            Some(activity) => mapping.by_activity.get(&**activity).unwrap_or(&mapping.always),
            None => &mapping.always,
        };
        if choices.is_empty() && mapping.reject_unmapped && !mapping.by_activity.is_empty() {
            return Err(unmapped(mapping, facts.activity.as_deref()));
        }
        let (start, events) = (self.buffer.len(), self.report.events);
        for choice in choices {
            if let Err(error) = self.event(choice, &facts, cells) {
                self.buffer.truncate(start);
                self.report.events = events;
                return Err(error);
            }
        }
        if self.report.events == events {
            self.report.skipped += 1;
        }
        Ok(())
    }

    /// A trace has ended: a case without rows still has its once-a-case events.
    pub(super) fn end_case(&mut self, line: u64) -> io::Result<()> {
        if self.last_case.take().is_none() && !self.mapping.once.is_empty() {
            let cells = std::mem::replace(&mut self.cells, Cells::new(0));
            let outcome = match self.bad_cell.take() {
                Some(error) => Err(error),
                None => self.facts(&cells).map(|facts| self.start_case(&facts, &cells, line)),
            };
            self.cells = cells;
            if let Err(error) = outcome {
                self.reject(line, error);
            }
        }
        self.last_case = None;
        self.bad_cell = None;
        if self.buffer.len() >= FLUSH_AT { self.flush() } else { Ok(()) }
    }

    fn facts<'r>(&self, cells: &'r Cells) -> Result<RowFacts<'r>, CellError>
    where
        'a: 'r,
    {
        let nothing = self.context(cells, "", None);
        let mapping = self.mapping;
        let case = must_text(&mapping.case, &nothing, "the case")?;
        let case = match checked_id(&case) {
            Ok(Cow::Borrowed(_)) => case,
            Ok(Cow::Owned(normal)) => Cow::Owned(normal),
            Err(reason) => return Err(CellError::new(mapping.case.template.slot(), reason)),
        };
        let activity = match &mapping.activity {
            Some(activity) => activity.text(&nothing)?,
            None => None,
        };
        Ok(RowFacts { case, activity })
    }

    fn context<'r>(&self, cells: &'r Cells, case: &'r str, activity: Option<&'r str>) -> Context<'r>
    where
        'a: 'r,
    {
        let row = self.rows_before + self.report.rows;
        Context { cells, case, row, file: self.stem, activity, step: None, item: None }
    }

    /// Makes the once-a-case events on the first row of a case, each on its own: one that fails is reported.
    fn start_case(&mut self, facts: &RowFacts<'_>, cells: &Cells, line: u64) {
        if self.mapping.once.is_empty() || self.last_case.as_deref() == Some(&*facts.case) {
            return;
        }
        let last = self.last_case.get_or_insert_default();
        last.clear();
        last.push_str(&facts.case);
        let mapping = self.mapping;
        for choice in &mapping.once {
            let start = self.buffer.len();
            if let Err(error) = self.event(choice, facts, cells) {
                self.buffer.truncate(start);
                self.reject(line, error);
            }
        }
    }

    fn event(&mut self, choice: &'a Choice, facts: &RowFacts<'_>, cells: &Cells) -> Result<(), CellError> {
        let rule = &self.mapping.rules[choice.rule];
        if rule.when.as_ref().is_some_and(|when| !when.holds(cells)) {
            return Ok(());
        }
        let mut context = self.context(cells, &facts.case, facts.activity.as_deref());
        context.step = choice.step.as_deref();
        let start = self.buffer.len();
        write_event(self.mapping, rule, &context, &mut self.id, &mut self.buffer)?;
        let length = self.buffer.len() - start;
        if length > LONGEST_EVENT {
            let reason = format!("makes an event of {length} bytes; {LONGEST_EVENT} are allowed");
            return Err(CellError::new(None, reason));
        }
        self.buffer.push(b'\n');
        self.report.events += 1;
        Ok(())
    }

    pub(super) fn reject(&mut self, line: u64, error: CellError) {
        self.report.rejected += 1;
        let column = error.slot.map(|slot| Column {
            name: self.mapping.slots.names()[slot].clone(),
            number: self.numbers.get(slot).copied().flatten(),
        });
        (self.rejects)(RowError { file: self.file.to_owned(), line, column, reason: error.reason });
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

/// One event without its line end.
fn write_event(
    mapping: &Mapping,
    rule: &Rule,
    context: &Context<'_>,
    id: &mut String,
    out: &mut Vec<u8>,
) -> Result<(), CellError> {
    id.clear();
    append_id(mapping, rule, context, id)?;
    out.extend_from_slice(br#"{"specversion":"1.0","id":"#);
    let checked = checked_id(id).map_err(|reason| CellError::new(None, format!("{id:?} {reason}")))?;
    json::write_string(&checked, out);
    out.extend_from_slice(br#","source":"#);
    json::write_string(&source(&mapping.source, context)?, out);
    out.extend_from_slice(br#","type":"#);
    json::write_string(rule.event.name, out);
    out.extend_from_slice(br#","subject":"#);
    json::write_string(context.case, out);
    out.extend_from_slice(br#","time":"#);
    let time = rule.time.as_ref().or(mapping.time.as_ref());
    let written = match time {
        Some(time) => time.write(context, out)?,
        None => Presence::Absent,
    };
    if written == Presence::Absent {
        return Err(CellError::new(
            time.and_then(super::value::Value::slot),
            "is absent, and an event needs its time",
        ));
    }
    if let Some(recorded) = rule.recorded.as_ref().or(mapping.recorded.as_ref()) {
        let before = out.len();
        out.extend_from_slice(br#","recordedtime":"#);
        if recorded.write(context, out)? == Presence::Absent {
            out.truncate(before);
        }
    }
    out.extend_from_slice(br#","data":"#);
    write_data(&rule.data, context, out)?;
    out.push(b'}');
    Ok(())
}

/// The id is the rule's or the mapping's template, and the rule's number, so that no two events of a row share it.
fn append_id(
    mapping: &Mapping,
    rule: &Rule,
    context: &Context<'_>,
    id: &mut String,
) -> Result<(), CellError> {
    let template = match (&rule.id, rule.per) {
        (Some(own), _) => own,
        (None, super::rule::Per::Row) => &mapping.id,
        (None, super::rule::Per::Case) => {
            id.push_str(context.case);
            id.push_str("-case");
            id.push_str(&rule.suffix);
            return Ok(());
        }
    };
    if !template.append(context, id)? {
        return Err(CellError::new(template.slot(), "is absent, and the event's id is made of it"));
    }
    id.push_str(&rule.suffix);
    Ok(())
}

fn must_text<'c>(text: &'c Text, context: &Context<'c>, what: &str) -> Result<Cow<'c, str>, CellError> {
    let found = text.text(context)?;
    found.ok_or_else(|| CellError::new(text.template.slot(), format!("is absent, and {what} is made of it")))
}

fn source<'c>(text: &'c Text, context: &Context<'c>) -> Result<Cow<'c, str>, CellError> {
    let source = must_text(text, context, "the source")?;
    if source.chars().any(|char| char.is_whitespace() || char.is_control()) {
        return Err(CellError::new(text.template.slot(), format!("{source:?} is no URI reference")));
    }
    Ok(source)
}

fn unmapped(mapping: &Mapping, activity: Option<&str>) -> CellError {
    let slot = mapping.activity.as_ref().and_then(|activity| activity.template.slot());
    match activity {
        None => CellError::new(slot, "is absent: a row without an activity"),
        Some(activity) => {
            let activity = super::errors::quoted(activity);
            CellError::new(slot, format!("no rule for the activity {activity}; see `unmapped`"))
        }
    }
}

/// `2026-05.csv.gz` in some folder is `2026-05`.
fn stem(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    name.split('.').next().filter(|stem| !stem.is_empty()).unwrap_or(name)
}
