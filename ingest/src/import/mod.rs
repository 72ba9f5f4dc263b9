//! `xiezhi import`: rows of a departmental system's export to case events of the contract, by a declarative mapping.
//!
//! Everything streams: one row is held at a time (in XES one event and its trace's attributes), nothing is kept by
//! case, and a record that does not end is refused at 16 MiB. The same file and mapping give the same bytes. See
//! `docs/import.md` for the mapping's keys.
//!
//! ```text
//! input ──> csv_rows | jsonl_rows | xes_rows ──cells──> emit ──> lines of JSON
//!                          mapping (compiler, rule, compile_value) ┘
//! ```
//!
//! This module knows the contract's event types (`schema`) and nothing of the detectors: what it writes is judged
//! again where it is read.

mod cells;
mod compile_value;
mod compiler;
mod condition;
mod csv_rows;
mod emit;
mod errors;
mod input;
mod json;
mod jsonl_rows;
mod mapping;
mod money;
mod rule;
mod schema;
mod template;
mod time;
mod value;
mod xes_rows;
mod yaml;

#[cfg(test)]
mod tests;

use std::io::{self, Read, Write};

pub use errors::{Column, ImportReport, MappingError, MappingErrors, RowError};
pub use input::{Input, Meter, open};
pub use mapping::Mapping;

use emit::Emitter;
use input::{Guard, Utf8};
use mapping::Format;

/// Progress is told once in so many bytes.
const PROGRESS_EVERY: u64 = 1024 * 1024;

/// Imports files one after the other; the row numbers of ids go on from file to file.
#[derive(Debug)]
pub struct Importer<'m> {
    mapping: &'m Mapping,
    report: ImportReport,
}

impl<'m> Importer<'m> {
    /// Nothing read yet.
    #[must_use]
    pub fn new(mapping: &'m Mapping) -> Self {
        Self { mapping, report: ImportReport::default() }
    }

    /// What the files so far gave.
    #[must_use]
    pub fn report(&self) -> ImportReport {
        self.report
    }

    /// Writes the case events of one file to `out`, a line each. `rejects` is told of every row that is left out,
    /// `progress` of the (decompressed) bytes read so far.
    ///
    /// An error is a failure to read or write, or a file that is not what the mapping says (not XML, no such column);
    /// it names the file. What was written before it stands.
    pub fn import(
        &mut self,
        source: impl Read,
        file_name: &str,
        out: &mut dyn Write,
        rejects: &mut dyn FnMut(RowError),
        progress: &mut dyn FnMut(u64),
    ) -> io::Result<ImportReport> {
        let mut emitter = Emitter::new(self.mapping, file_name, self.report.rows, out, rejects);
        let read = rows(self.mapping, source, &mut emitter, progress);
        let flushed = emitter.flush();
        let report = emitter.report;
        self.report += report;
        read.and(flushed).map_err(|error| io::Error::new(error.kind(), format!("{file_name}: {error}")))?;
        Ok(report)
    }
}

/// Imports a single file; see [`Importer::import`].
pub fn import(
    mapping: &Mapping,
    source: impl Read,
    file_name: &str,
    out: &mut dyn Write,
    rejects: &mut dyn FnMut(RowError),
    progress: &mut dyn FnMut(u64),
) -> io::Result<ImportReport> {
    Importer::new(mapping).import(source, file_name, out, rejects, progress)
}

fn rows(
    mapping: &Mapping,
    source: impl Read,
    emitter: &mut Emitter<'_>,
    progress: &mut dyn FnMut(u64),
) -> io::Result<()> {
    let (mut latest, mut told) = (0, 0);
    let mut tell = |read: u64| {
        latest = read;
        if read - told >= PROGRESS_EVERY {
            told = read;
            progress(read);
        }
    };
    let source = Guard::new(Utf8::new(source, mapping.encoding));
    match &mapping.format {
        Format::Csv(options) => csv_rows::rows(source, options, emitter, &mut tell)?,
        Format::JsonLines => jsonl_rows::rows(source, emitter, &mut tell)?,
        Format::Xes => xes_rows::rows(source, emitter, &mut tell)?,
    }
    progress(latest);
    Ok(())
}
