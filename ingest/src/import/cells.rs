//! The cells of the row at hand: only the columns that the mapping names, in one reused text buffer.
//!
//! Each column is a *slot*. In XES a slot belongs to the trace or to the event; the cells of a trace stay while its
//! events come and go.

use std::collections::HashMap;

/// Parts the elements of a list in a cell, beside whatever separator the mapping names.
pub(super) const ELEMENT: char = '\u{1f}';

/// Whether a cell belongs to the row or to the case the row is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Scope {
    Row,
    Case,
}

/// The columns that a mapping names.
#[derive(Debug, Clone, Default)]
pub(super) struct Slots {
    names: Vec<String>,
    places: HashMap<String, usize>,
}

impl Slots {
    pub(super) fn of(&mut self, name: &str) -> usize {
        if let Some(slot) = self.places.get(name) {
            return *slot;
        }
        self.names.push(name.to_owned());
        self.places.insert(name.to_owned(), self.names.len() - 1);
        self.names.len() - 1
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }
}

/// How cell texts are read.
#[derive(Debug, Clone, Default)]
pub(super) struct Reading {
    pub(super) trim: bool,
    /// Texts that stand for "nothing here".
    pub(super) absent: Vec<String>,
    /// The input was decoded from another encoding: a replacement character means bytes that made no sense.
    pub(super) decoded: bool,
}

#[derive(Debug, Clone, Copy)]
struct Span {
    scope: Scope,
    start: usize,
    end: usize,
}

/// The cells of one row.
#[derive(Debug)]
pub(super) struct Cells {
    text: String,
    spans: Vec<Option<Span>>,
    /// Where the texts of the row begin, after those of the case.
    row_from: usize,
}

impl Cells {
    pub(super) fn new(slots: usize) -> Self {
        Self { text: String::new(), spans: vec![None; slots], row_from: 0 }
    }

    /// Forgets the row, keeps the case.
    pub(super) fn clear_row(&mut self) {
        self.text.truncate(self.row_from);
        for span in &mut self.spans {
            if span.is_some_and(|span| span.scope == Scope::Row) {
                *span = None;
            }
        }
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.row_from = 0;
        self.spans.fill(None);
    }

    /// Fills a cell. Texts that stand for nothing leave it empty; a second filling is refused.
    pub(super) fn set(&mut self, slot: usize, scope: Scope, text: &str, how: &Reading) -> Result<(), String> {
        let text = if how.trim { text.trim() } else { text };
        if text.is_empty() || how.absent.iter().any(|absent| absent == text) {
            return Ok(());
        }
        if how.decoded && text.contains('\u{fffd}') {
            return Err("has bytes that the declared encoding does not know".to_owned());
        }
        if self.spans[slot].is_some() {
            return Err("is given twice".to_owned());
        }
        let start = self.text.len();
        self.text.push_str(text);
        self.spans[slot] = Some(Span { scope, start, end: self.text.len() });
        if scope == Scope::Case {
            self.row_from = self.text.len();
        }
        Ok(())
    }

    pub(super) fn get(&self, slot: usize) -> Option<&str> {
        self.spans[slot].map(|span| &self.text[span.start..span.end])
    }
}
