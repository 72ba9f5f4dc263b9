//! CSV: UTF-8 with or without a byte order mark, UTF-16 with one, GB18030 (GBK), which Chinese Excel writes; commas,
//! semicolons or tabs.

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030};

use super::{MAX_CELLS, Row, Table};
use crate::Unusable;

pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Table, Unusable> {
    // Where a record ends is told by line; so lines end in one way, the last one too.
    let text = decode(file, bytes)?.replace("\r\n", "\n") + "\n";
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(&text))
        .from_reader(text.as_bytes());
    // A cell of several lines is in one row.
    let (mut rows, mut cells, mut within) = (Vec::new(), 0, 0);
    let mut record = csv::StringRecord::new();
    let failed = |error: csv::Error| Unusable::file(file, format!("cannot be read as CSV: {error}"));
    while reader.read_record(&mut record).map_err(failed)? {
        cells += record.len();
        if cells > MAX_CELLS {
            let message = format!("has more than {MAX_CELLS} cells: split it 单元格过多");
            return Err(Unusable::file(file, message));
        }
        within += record.iter().flat_map(str::bytes).filter(|byte| *byte == b'\n').count() as u64;
        let row = (reader.position().line() - 1).saturating_sub(within);
        let cells = record.iter().map(|cell| cell.trim().to_owned()).collect();
        rows.extend(Row::new(u32::try_from(row).unwrap_or(u32::MAX), cells));
    }
    Ok(Table { file: file.to_owned(), sheet: None, rows })
}

fn decode<'b>(file: &str, bytes: &'b [u8]) -> Result<Cow<'b, str>, Unusable> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let (text, failed) = encoding.decode_without_bom_handling(&bytes[mark..]);
        let name = encoding.name();
        let message = format!("begins as {name} and is not: save it as UTF-8 编码有误，请另存为 UTF-8");
        return if failed { Err(Unusable::file(file, message)) } else { Ok(text) };
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(text.into());
    }
    match GB18030.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) if !text.contains('\0') => Ok(text),
        _ => {
            let message = "is neither UTF-8 nor GB18030 (GBK): save it as CSV UTF-8, or as .xlsx 请另存为 UTF-8 或 .xlsx";
            Err(Unusable::file(file, message))
        }
    }
}

/// The one that the first line has most of.
fn delimiter(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    let count = |delimiter: &u8| first.bytes().filter(|byte| byte == delimiter).count();
    // The last of equals wins.
    [b';', b'\t', b','].into_iter().max_by_key(count).unwrap_or(b',')
}
