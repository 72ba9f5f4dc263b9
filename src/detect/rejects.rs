//! Where rejected lines go, with file and line.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::Context;
use model::event::Rejection;
use serde::Serialize;

pub(super) struct Rejects {
    out: BufWriter<Box<dyn Write + Send>>,
    /// The file at hand, and its lines so far.
    file: usize,
    lines: u64,
}

#[derive(Serialize)]
struct Reject<'r> {
    file: Cow<'r, str>,
    line: u64,
    reason: &'r str,
    sentence: &'r str,
    record: Cow<'r, str>,
}

impl Rejects {
    pub(super) fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let out: Box<dyn Write + Send> = match path {
            Some(path) => {
                Box::new(File::create(path).with_context(|| format!("cannot write {}", path.display()))?)
            }
            None => Box::new(io::stderr()),
        };
        Ok(Self { out: BufWriter::new(out), file: 0, lines: 0 })
    }

    /// The rejects of a block that has `lines` lines, with their places among these.
    pub(super) fn block(
        &mut self,
        path: &Path,
        file: usize,
        rejects: &[(u64, Rejection, &[u8])],
        lines: u64,
    ) -> io::Result<()> {
        if file != self.file {
            (self.file, self.lines) = (file, 0);
        }
        for (place, rejection, record) in rejects {
            let reject = Reject {
                file: path.to_string_lossy(),
                line: self.lines + place,
                reason: rejection.reason.as_str(),
                sentence: &rejection.sentence,
                record: String::from_utf8_lossy(record),
            };
            serde_json::to_writer(&mut self.out, &reject)?;
            self.out.write_all(b"\n")?;
        }
        self.lines += lines;
        Ok(())
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
