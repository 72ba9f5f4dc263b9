//! Lines of files, plain or compressed, of bounded length.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context;

/// Counts the bytes read from the file itself, before decompression: what a progress bar shows.
struct Counted<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// Opens a file, `-` for standard input; `.gz` and `.zst` are unpacked on the way.
pub(crate) fn open(path: &Path, read: &Arc<AtomicU64>) -> anyhow::Result<Box<dyn BufRead>> {
    let raw: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(path).with_context(|| format!("cannot read {}", path.display()))?)
    };
    let counted = Counted { inner: raw, read: Arc::clone(read) };
    let reader: Box<dyn Read> = match path.extension().and_then(|e| e.to_str()) {
        Some("gz") => Box::new(flate2::read::MultiGzDecoder::new(counted)),
        Some("zst") => Box::new(
            zstd::Decoder::new(counted).with_context(|| format!("{} is no zstd file", path.display()))?,
        ),
        _ => Box::new(counted),
    };
    Ok(Box::new(BufReader::with_capacity(1 << 17, reader)))
}

/// One line without its end. Longer ones than `max` are cut to `max + 1` bytes, so that a length check still sees them.
/// Returns `false` at the end of the file.
pub(crate) fn next(reader: &mut dyn BufRead, max: usize, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let mut any = false;
    loop {
        let chunk = reader.fill_buf()?;
        if chunk.is_empty() {
            return Ok(any);
        }
        any = true;
        let (part, ended) = match chunk.iter().position(|b| *b == b'\n') {
            Some(end) => (&chunk[..end], true),
            None => (chunk, false),
        };
        let room = (max + 1).saturating_sub(line.len());
        line.extend_from_slice(&part[..part.len().min(room)]);
        let used = part.len() + usize::from(ended);
        reader.consume(used);
        if ended {
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_not_buffered() {
        let mut reader = io::Cursor::new(b"ab\r\n\nlonger than four\nend".to_vec());
        let mut lines = Vec::new();
        let mut line = Vec::new();
        while next(&mut reader, 4, &mut line).expect("memory") {
            lines.push(String::from_utf8(line.clone()).expect("text"));
        }
        assert_eq!(lines, ["ab", "", "longe", "end"]);
    }
}
