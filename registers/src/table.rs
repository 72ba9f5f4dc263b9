//! Tables out of bytes: CSV in the encodings that spreadsheets write, or the sheets of an XLSX workbook. Every cell is a text.

mod sheets;
mod text;
mod zip;

use crate::{Place, Unusable};

/// Most cells of a file, over all its sheets.
pub const MAX_CELLS: usize = 4_000_000;
/// Most names of a table in JSON.
const MAX_NAMES: usize = 256;
/// Most bytes that a workbook may unpack to.
pub const MAX_UNPACKED_BYTES: u64 = 64 * 1024 * 1024;

/// One sheet, or one CSV file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub file: String,
    /// Of a workbook.
    pub sheet: Option<String>,
    /// Rows that are not blank.
    pub rows: Vec<Row>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// As a spreadsheet counts, from 1.
    pub number: u32,
    /// Trimmed.
    pub cells: Vec<String>,
}

impl Row {
    pub(crate) fn new(number: u32, cells: Vec<String>) -> Option<Self> {
        cells.iter().any(|cell| !cell.is_empty()).then_some(Self { number, cells })
    }
}

impl Table {
    /// What the table is called: its sheet, or its file without folder and ending.
    pub fn name(&self) -> &str {
        let file = self.file.rsplit(['/', '\\']).next().unwrap_or_default();
        self.sheet.as_deref().unwrap_or_else(|| file.rsplit_once('.').map_or(file, |(stem, _)| stem))
    }

    pub(crate) fn place(&self, row: u32) -> Place {
        Place { file: self.file.clone(), sheet: self.sheet.clone(), row }
    }
}

/// Reads rows as JSON has them, `[{"officer_id": "w-1", …}, …]`: the names are the headers, and the first row is row 1.
///
/// # Errors
/// It is no list of flat objects.
pub fn read_json(file: &str, bytes: &[u8]) -> Result<Table, Unusable> {
    type Object = serde_json::Map<String, serde_json::Value>;
    let unusable = |message: String| Unusable::file(file, message);
    let objects: Vec<Object> = serde_json::from_slice(bytes).map_err(|error| {
        unusable(format!("is no list of rows such as [{{\"officer_id\": \"w-1\"}}]: {error}"))
    })?;
    let mut names: Vec<&String> = Vec::new();
    for name in objects.iter().flat_map(Object::keys) {
        if !names.contains(&name) {
            names.push(name);
        }
        if names.len() > MAX_NAMES {
            return Err(unusable(format!("has more than {MAX_NAMES} names")));
        }
    }
    let cell = |(row, object): (usize, &Object), name: &String| match object.get(name) {
        None | Some(serde_json::Value::Null) => Ok(String::new()),
        Some(serde_json::Value::String(text)) => Ok(text.trim().to_owned()),
        Some(value @ (serde_json::Value::Bool(_) | serde_json::Value::Number(_))) => Ok(value.to_string()),
        Some(_) => Err(unusable(format!("row {}: {name} is no text, number or truth value", row + 1))),
    };
    let header = Row { number: 0, cells: names.iter().map(|name| (*name).clone()).collect() };
    let mut rows = vec![header];
    for (at, object) in objects.iter().enumerate() {
        let cells = names.iter().map(|name| cell((at, object), name)).collect::<Result<Vec<_>, _>>()?;
        rows.extend(Row::new(u32::try_from(at + 1).unwrap_or(u32::MAX), cells));
    }
    Ok(Table { file: file.to_owned(), sheet: None, rows })
}

/// Reads a file as what its first bytes say that it is, whatever its name.
///
/// # Errors
/// It is neither CSV nor XLSX, in no encoding that is known, or larger than the bounds.
pub fn read(file: &str, bytes: &[u8]) -> Result<Vec<Table>, Unusable> {
    const ZIP: &[u8] = b"PK\x03\x04";
    const OLE: &[u8] = b"\xd0\xcf\x11\xe0";
    if bytes.starts_with(OLE) {
        let message = "is a workbook of Excel 97 to 2003, or one with a password: save it as .xlsx without one 请另存为 .xlsx";
        return Err(Unusable::file(file, message));
    }
    if bytes.starts_with(ZIP) { sheets::read(file, bytes) } else { Ok(vec![text::read(file, bytes)?]) }
}
