//! Texts with columns in them: `{当事人}`, `{case}-{row:08}`, `urn:x:{机构}`.
//!
//! Text stands for itself, `{NAME}` for a column or one of the words below, `{{` and `}}` for braces. A template with
//! an absent column is itself absent.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::cells::{Cells, Slots};
use super::errors::CellError;

/// What a template's words stand for while one event is made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'r> {
    pub(super) cells: &'r Cells,
    pub(super) case: &'r str,
    pub(super) row: u64,
    pub(super) file: &'r str,
    pub(super) activity: Option<&'r str>,
    pub(super) step: Option<&'r str>,
    pub(super) item: Option<&'r str>,
}

#[derive(Debug, Clone)]
pub(super) enum Piece {
    Text(Box<str>),
    Column(usize),
    Case,
    /// The row's number, with leading zeros up to this width.
    Row(usize),
    File,
    Activity,
    /// What `on` says for the row's activity.
    Step,
    /// The element at hand of a list.
    Item,
}

/// A parsed template.
#[derive(Debug, Clone)]
pub(super) struct Template(pub(super) Vec<Piece>);

impl Template {
    pub(super) fn parse(text: &str, slots: &mut Slots) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(brace) {
                plain.push_str(brace);
                rest = after;
                continue;
            }
            let end = rest.find('}').filter(|_| brace == "{");
            let end = end.ok_or_else(|| {
                format!("has a {brace} on its own; a brace as text is written {brace}{brace}")
            })?;
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain).into()));
            }
            pieces.push(Piece::parse(&rest[..end], slots)?);
            rest = &rest[end + 1..];
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain.into()));
        }
        Ok(Self(pieces))
    }

    pub(super) fn column(slot: usize) -> Self {
        Self(vec![Piece::Column(slot)])
    }

    pub(super) fn constant(text: &str) -> Self {
        Self(vec![Piece::Text(text.into())])
    }

    pub(super) fn is_constant(&self) -> bool {
        self.0.iter().all(|piece| matches!(piece, Piece::Text(_)))
    }

    /// The column to blame for a bad text: the first one.
    pub(super) fn slot(&self) -> Option<usize> {
        self.0.iter().find_map(|piece| if let Piece::Column(slot) = piece { Some(*slot) } else { None })
    }

    /// The text, or `None` if a column is absent.
    pub(super) fn text<'c>(&'c self, context: &Context<'c>) -> Result<Option<Cow<'c, str>>, CellError> {
        match self.0.as_slice() {
            [Piece::Column(slot)] => Ok(context.cells.get(*slot).map(Cow::Borrowed)),
            [Piece::Text(text)] => Ok(Some(Cow::Borrowed(text))),
            [Piece::Step] => Ok(context.step.map(Cow::Borrowed)),
            [Piece::Item] => Ok(context.item.map(Cow::Borrowed)),
            _ => {
                let mut text = String::new();
                Ok(self.append(context, &mut text)?.then_some(Cow::Owned(text)))
            }
        }
    }

    /// Appends the text; false if a column is absent.
    pub(super) fn append(&self, context: &Context<'_>, out: &mut String) -> Result<bool, CellError> {
        for piece in &self.0 {
            let part = match piece {
                Piece::Text(text) => Some(&**text),
                Piece::Column(slot) => context.cells.get(*slot),
                Piece::Case => Some(context.case),
                Piece::File => Some(context.file),
                Piece::Activity => context.activity,
                Piece::Step => context.step,
                Piece::Item => context.item,
                Piece::Row(width) => {
                    append_row(context.row, *width, out)?;
                    continue;
                }
            };
            let Some(part) = part else { return Ok(false) };
            out.push_str(part);
        }
        Ok(true)
    }
}

impl Piece {
    fn parse(name: &str, slots: &mut Slots) -> Result<Self, String> {
        Ok(match name {
            "" => return Err("has {} with no column between the braces".to_owned()),
            "case" => Self::Case,
            "file" => Self::File,
            "activity" => Self::Activity,
            "step" => Self::Step,
            "item" => Self::Item,
            "row" => {
                return Err(
                    "has {row}; write its width, {row:08}, so that ids keep the order of the file".to_owned()
                );
            }
            _ => match name.strip_prefix("row:0").map(str::parse) {
                Some(Ok(width @ 1..=20)) => Self::Row(width),
                Some(_) => {
                    return Err("has a row number without a width from 1 to 20, as in {row:08}".to_owned());
                }
                None => Self::Column(slots.of(name)),
            },
        })
    }
}

/// A number too long for its width would break the order of ids, so it is refused.
fn append_row(row: u64, width: usize, out: &mut String) -> Result<(), CellError> {
    let before = out.len();
    // Writing into a string cannot fail.
    let _written = write!(out, "{row:0width$}");
    if out.len() - before > width {
        return Err(CellError::new(
            None,
            format!("row {row} has more than the {width} digits that the id has for it"),
        ));
    }
    Ok(())
}
