//! CSV: one record a row, columns by the header or by the mapping.

use std::io::{self, Read};

use csv::{ByteRecord, ReaderBuilder};

use super::cells::Scope;
use super::emit::Emitter;
use super::errors::CellError;
use super::input::Guard;
use super::mapping::CsvOptions;

pub(super) fn rows(
    source: Guard<impl Read>,
    options: &CsvOptions,
    emitter: &mut Emitter<'_>,
    progress: &mut dyn FnMut(u64),
) -> io::Result<()> {
    let mut reader = ReaderBuilder::new()
        .delimiter(options.delimiter)
        .quote(options.quote)
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(64 * 1024)
        .from_reader(source);
    let mut record = ByteRecord::new();
    let names = match &options.columns {
        Some(columns) => columns.clone(),
        None if reader.read_byte_record(&mut record)? => header(&record)?,
        None => return Ok(()),
    };
    emitter.numbers = resolve(emitter.mapping.slots.names(), &names)?;
    let fields = used_fields(&emitter.numbers);
    loop {
        let more = reader.read_byte_record(&mut record)?;
        progress(reader.get_mut().record_ended());
        if !more {
            return Ok(());
        }
        let line = record.position().map_or(0, csv::Position::line);
        if record.len() == names.len() {
            fill(emitter, &record, &fields);
            emitter.row(line)?;
        } else {
            emitter.report.rows += 1;
            let reason = format!("has {} columns; {} are declared", record.len(), names.len());
            emitter.reject(line, CellError::new(None, reason));
        }
    }
}

fn fill(emitter: &mut Emitter<'_>, record: &ByteRecord, fields: &[(usize, usize)]) {
    emitter.cells.clear_row();
    for (slot, field) in fields {
        match std::str::from_utf8(&record[*field]) {
            Ok(text) => emitter.set(*slot, Scope::Row, text),
            Err(_) => emitter.spoil(*slot, "is not UTF-8; declare the file's `encoding`, e.g. gb18030"),
        }
    }
}

fn header(record: &ByteRecord) -> io::Result<Vec<String>> {
    let names = record.iter().map(|name| std::str::from_utf8(name).map(|name| name.trim().to_owned()));
    let names: Result<Vec<_>, _> = names.collect();
    names.map_err(|_| invalid("the header is not UTF-8; declare the file's `encoding`, e.g. gb18030"))
}

/// For each slot the number of its column, from 1.
fn resolve(slots: &[String], names: &[String]) -> io::Result<Vec<Option<usize>>> {
    let mut numbers = Vec::new();
    for slot in slots {
        let mut places = names.iter().enumerate().filter(|(_, name)| *name == slot);
        let Some((place, _)) = places.next() else {
            let have = names.join(", ");
            return Err(invalid(format!("the mapping names a column {slot:?}; the file has: {have}")));
        };
        if places.next().is_some() {
            return Err(invalid(format!("the file has more than one column {slot:?}")));
        }
        numbers.push(Some(place + 1));
    }
    Ok(numbers)
}

/// Slot and place of every column that is used.
fn used_fields(numbers: &[Option<usize>]) -> Vec<(usize, usize)> {
    numbers.iter().enumerate().filter_map(|(slot, number)| number.map(|number| (slot, number - 1))).collect()
}

fn invalid(message: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message.into())
}
