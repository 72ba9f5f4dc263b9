//! XLSX: the sheets of a workbook, cell by cell, as people see them: shared texts, dates by their style.

use std::collections::HashMap;

use model::Day;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::zip::Archive;
use super::{MAX_CELLS, MAX_UNPACKED_BYTES, Row, Table};
use crate::Unusable;

/// Widest row; a cell beyond it is refused.
const MAX_COLUMNS: usize = 256;
/// Whole numbers are exact below: fifteen digits, as a spreadsheet keeps them.
const EXACT: f64 = 1e15;
/// Days that a calendar has; larger numbers are no dates.
const MAX_SERIAL: f64 = 2_958_466.0;

pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Vec<Table>, Unusable> {
    book(file, bytes).map_err(|reason| Unusable::file(file, format!("cannot be read as XLSX: {reason}")))
}

fn book(file: &str, bytes: &[u8]) -> Result<Vec<Table>, String> {
    let mut archive = Archive::of(bytes, MAX_UNPACKED_BYTES)?;
    let (names, is_1904) = names(&archive.text("xl/workbook.xml")?.ok_or("it has no workbook")?)?;
    let targets = targets(&archive.text("xl/_rels/workbook.xml.rels")?.unwrap_or_default())?;
    let texts = texts(&archive.text("xl/sharedStrings.xml")?.unwrap_or_default())?;
    let dates = dates(&archive.text("xl/styles.xml")?.unwrap_or_default())?;
    let look = Look { texts, dates, is_1904 };
    let (mut tables, mut cells) = (Vec::new(), 0);
    for (name, id) in names {
        let Some(text) = targets.get(&id).map(|path| archive.text(path)).transpose()?.flatten() else {
            continue;
        };
        let rows = rows(&text, &look, &mut cells)?;
        tables.push(Table { file: file.to_owned(), sheet: Some(name), rows });
    }
    Ok(tables)
}

/// What cells refer to.
struct Look {
    texts: Vec<String>,
    /// By style: whether a number is a date.
    dates: Vec<bool>,
    is_1904: bool,
}

/// A piece of a document.
enum Piece<'a> {
    Open(&'a str, &'a BytesStart<'a>),
    Close(&'a str),
    Text(&'a str),
}

fn walk(xml: &str, mut take: impl FnMut(Piece<'_>) -> Result<(), String>) -> Result<(), String> {
    let mut reader = Reader::from_str(xml);
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(tag) => take(Piece::Open(tag.local_name().into_inner(), &tag))?,
            Event::Empty(tag) => {
                take(Piece::Open(tag.local_name().into_inner(), &tag))?;
                take(Piece::Close(tag.local_name().into_inner()))?;
            }
            Event::End(tag) => take(Piece::Close(tag.local_name().into_inner()))?,
            Event::Text(text) => take(Piece::Text(&text))?,
            Event::CData(text) => take(Piece::Text(&text))?,
            Event::GeneralRef(name) => {
                let number = name.resolve_char_ref().map_err(|error| error.to_string())?;
                match (number, quick_xml::escape::resolve_predefined_entity(&name)) {
                    (Some(letter), _) => take(Piece::Text(letter.encode_utf8(&mut [0; 4])))?,
                    (None, Some(text)) => take(Piece::Text(text))?,
                    (None, None) => return Err(format!("&{};", &*name)),
                }
            }
            Event::Eof => return Ok(()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag.attributes().with_checks(false).flatten().find(|attribute| {
        let key = attribute.key.into_inner();
        key == name || key.rsplit_once(':').is_some_and(|(_, local)| local == name && name == "id")
    });
    let value = found?.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok()?;
    Some(value.into_owned())
}

/// Sheets with the ids of their parts, in order; and whether days count from 1904.
fn names(xml: &str) -> Result<(Vec<(String, String)>, bool), String> {
    let (mut names, mut is_1904) = (Vec::new(), false);
    walk(xml, |piece| {
        match piece {
            Piece::Open("sheet", tag) => names.extend(attribute(tag, "name").zip(attribute(tag, "id"))),
            Piece::Open("workbookPr", tag) => {
                is_1904 = attribute(tag, "date1904").is_some_and(|value| value == "1" || value == "true");
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok((names, is_1904))
}

fn targets(xml: &str) -> Result<HashMap<String, String>, String> {
    let mut targets = HashMap::new();
    walk(xml, |piece| {
        if let Piece::Open("Relationship", tag) = piece
            && let (Some(id), Some(target)) = (attribute(tag, "Id"), attribute(tag, "Target"))
        {
            let path = target.strip_prefix('/').map_or_else(|| format!("xl/{target}"), str::to_owned);
            targets.insert(id, path);
        }
        Ok(())
    })?;
    Ok(targets)
}

/// Texts that cells share. What says how a text is read aloud is no part of it.
fn texts(xml: &str) -> Result<Vec<String>, String> {
    let (mut texts, mut text) = (Vec::new(), String::new());
    let (mut in_text, mut in_reading) = (false, false);
    walk(xml, |piece| {
        match piece {
            Piece::Open("si", _) => text.clear(),
            Piece::Close("si") => texts.push(std::mem::take(&mut text)),
            Piece::Open("rPh", _) => in_reading = true,
            Piece::Close("rPh") => in_reading = false,
            Piece::Open("t", _) => in_text = !in_reading,
            Piece::Close("t") => in_text = false,
            Piece::Text(part) if in_text => text.push_str(part),
            _ => {}
        }
        Ok(())
    })?;
    Ok(texts)
}

/// Of each style of a cell: whether its numbers are dates.
fn dates(xml: &str) -> Result<Vec<bool>, String> {
    let mut own: HashMap<String, bool> = HashMap::new();
    let (mut dates, mut in_cells) = (Vec::new(), false);
    walk(xml, |piece| {
        match piece {
            Piece::Open("numFmt", tag) => {
                let format = attribute(tag, "numFmtId").zip(attribute(tag, "formatCode"));
                own.extend(format.map(|(id, code)| (id, is_date_format(&code))));
            }
            Piece::Open("cellXfs", _) => in_cells = true,
            Piece::Close("cellXfs") => in_cells = false,
            Piece::Open("xf", tag) if in_cells => {
                let id = attribute(tag, "numFmtId").unwrap_or_default();
                dates.push(own.get(&id).copied().unwrap_or_else(|| is_date_id(&id)));
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(dates)
}

/// Formats that every spreadsheet has; 27 to 36 and 50 to 58 are those of Chinese, Japanese and Korean editions.
fn is_date_id(id: &str) -> bool {
    matches!(id.parse(), Ok(14..=17 | 22 | 27..=31 | 36 | 50..=54 | 57..=58))
}

fn is_date_format(code: &str) -> bool {
    let (mut quoted, mut in_brackets) = (false, false);
    code.chars().any(|c| {
        match c {
            '"' => quoted = !quoted,
            '[' => in_brackets = true,
            ']' => in_brackets = false,
            _ => {}
        }
        !quoted && !in_brackets && "yYdD年日".contains(c)
    })
}

fn rows(xml: &str, look: &Look, cells: &mut usize) -> Result<Vec<Row>, String> {
    let (mut rows, mut row, mut number) = (Vec::new(), Vec::new(), 0_u32);
    let mut cell = Cell::default();
    let mut in_value = false;
    walk(xml, |piece| {
        match piece {
            Piece::Open("row", tag) => {
                number = attribute(tag, "r").and_then(|r| r.parse().ok()).unwrap_or(number + 1);
                row = Vec::new();
            }
            Piece::Close("row") => rows.extend(Row::new(number, std::mem::take(&mut row))),
            Piece::Open("c", tag) => cell = Cell::of(tag, row.len()),
            Piece::Open("v" | "t", _) => in_value = true,
            Piece::Close("v" | "t") => in_value = false,
            Piece::Text(part) if in_value => cell.text.push_str(part),
            Piece::Close("c") => {
                let text = cell.shown(look);
                if !text.is_empty() {
                    if cell.column >= MAX_COLUMNS {
                        return Err(format!("row {number} has more than {MAX_COLUMNS} columns 列数过多"));
                    }
                    *cells += (cell.column + 1).saturating_sub(row.len());
                    if *cells > MAX_CELLS {
                        return Err(format!("it has more than {MAX_CELLS} cells 单元格过多"));
                    }
                    row.resize((cell.column + 1).max(row.len()), String::new());
                    row[cell.column] = text;
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(rows)
}

#[derive(Default)]
struct Cell {
    column: usize,
    kind: String,
    style: usize,
    text: String,
}

impl Cell {
    /// `next`: its column, if it does not say.
    fn of(tag: &BytesStart<'_>, next: usize) -> Self {
        let letters = |place: String| {
            let letters = place.bytes().take_while(u8::is_ascii_uppercase);
            let number =
                letters.fold(0_usize, |n, letter| n.saturating_mul(26) + usize::from(letter - b'A') + 1);
            number.checked_sub(1)
        };
        Self {
            column: attribute(tag, "r").and_then(letters).unwrap_or(next),
            kind: attribute(tag, "t").unwrap_or_default(),
            style: attribute(tag, "s").and_then(|s| s.parse().ok()).unwrap_or(0),
            text: String::new(),
        }
    }

    fn shown(&self, look: &Look) -> String {
        let text = self.text.trim();
        match self.kind.as_str() {
            "s" => text
                .parse()
                .ok()
                .and_then(|at: usize| look.texts.get(at))
                .map_or("", |text| text.trim())
                .to_owned(),
            "b" => if text == "1" { "true" } else { "false" }.to_owned(),
            // An ISO date.
            "d" => text.split('T').next().unwrap_or_default().to_owned(),
            "" | "n" => self.number(text, look),
            _ => text.to_owned(),
        }
    }

    fn number(&self, text: &str, look: &Look) -> String {
        let Ok(value) = text.parse::<f64>() else { return text.to_owned() };
        let is_date = look.dates.get(self.style).copied().unwrap_or(false);
        if is_date && (1.0..MAX_SERIAL).contains(&value) {
            return date(value, look.is_1904).to_string();
        }
        // A long id that was typed as a number has lost its last digits: it is left as what it is, and refused as an id.
        match value {
            value if value.abs() >= EXACT => format!("{value:E}").replace('E', "E+"),
            value if value.fract() == 0.0 => format!("{value:.0}"),
            value => value.to_string(),
        }
    }
}

/// Spreadsheets count a 29 February 1900.
fn date(serial: f64, is_1904: bool) -> Day {
    let days = serial.floor() as i32;
    if is_1904 {
        return Day::from_ymd(1904, 1, 1).plus(days);
    }
    Day::from_ymd(1899, 12, 30).plus(if days < 60 { days + 1 } else { days })
}
