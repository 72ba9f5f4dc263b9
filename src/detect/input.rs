//! Files as blocks of whole lines, numbered from 0, for threads to share.

use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context;
use indicatif::ProgressBar;
use memchr::{memchr, memchr_iter, memrchr};
use model::event::MAX_EVENT_BYTES;

use crate::lines;

/// Bytes that a block is filled up to: what it becomes when decoded still fits a core's cache.
const BLOCK_BYTES: usize = 128 << 10;

/// Some lines of one file.
#[derive(Default)]
pub(super) struct Block {
    pub(super) number: u64,
    /// Place among the files.
    pub(super) file: usize,
    bytes: Vec<u8>,
}

impl Block {
    /// Lines without their ends, cut to one byte more than a record may have, so that a length check still sees it.
    pub(super) fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let mut from = 0;
        let ends =
            memchr_iter(b'\n', &self.bytes).chain((!self.bytes.ends_with(b"\n")).then_some(self.bytes.len()));
        ends.map(move |end| {
            let line = &self.bytes[from..end.min(from + MAX_EVENT_BYTES + 1)];
            from = end + 1;
            line.strip_suffix(b"\r").unwrap_or(line)
        })
    }
}

pub(super) struct Input<'a> {
    files: &'a [PathBuf],
    /// Files opened so far.
    opened: usize,
    current: Option<Open>,
    blocks: u64,
    bar: ProgressBar,
    /// Bytes of the files that were read to their ends.
    done: u64,
}

struct Open {
    reader: Box<dyn BufRead + Send>,
    read: Arc<AtomicU64>,
    /// The beginning of a line whose end has not been read yet.
    rest: Vec<u8>,
}

impl<'a> Input<'a> {
    pub(super) fn new(files: &'a [PathBuf], bar: ProgressBar) -> Self {
        Self { files, opened: 0, current: None, blocks: 0, bar, done: 0 }
    }

    /// Fills the next block; `false` at the end of all files, and after an error.
    pub(super) fn next(&mut self, block: &mut Block) -> anyhow::Result<bool> {
        loop {
            let mut open = match self.current.take() {
                Some(open) => open,
                None => match self.open()? {
                    Some(open) => open,
                    None => return Ok(false),
                },
            };
            let filled = open.fill(&mut block.bytes);
            let path = &self.files[self.opened - 1];
            if let Err(e) = filled {
                self.opened = self.files.len();
                return Err(e).with_context(|| path.display().to_string());
            }
            let read = open.read.load(Ordering::Relaxed);
            self.bar.set_position(self.done + read);
            if block.bytes.is_empty() {
                self.done += read;
                continue;
            }
            self.current = Some(open);
            (block.number, block.file) = (self.blocks, self.opened - 1);
            self.blocks += 1;
            return Ok(true);
        }
    }

    fn open(&mut self) -> anyhow::Result<Option<Open>> {
        let Some(path) = self.files.get(self.opened) else { return Ok(None) };
        self.opened += 1;
        let read = Arc::new(AtomicU64::new(0));
        let opened = Open::new(path, &read);
        if opened.is_err() {
            self.opened = self.files.len();
        }
        opened.map(Some)
    }
}

impl Open {
    fn new(path: &Path, read: &Arc<AtomicU64>) -> anyhow::Result<Self> {
        Ok(Self { reader: lines::open(path, read)?, read: Arc::clone(read), rest: Vec::new() })
    }

    /// Whole lines, nothing only at the end of the file.
    fn fill(&mut self, bytes: &mut Vec<u8>) -> std::io::Result<()> {
        bytes.clear();
        bytes.append(&mut self.rest);
        loop {
            let before = bytes.len();
            let room = (BLOCK_BYTES - before % BLOCK_BYTES) as u64;
            self.reader.by_ref().take(room).read_to_end(bytes)?;
            if bytes.len() == before {
                return Ok(());
            }
            if let Some(end) = memrchr(b'\n', &bytes[before..]) {
                self.rest.extend_from_slice(&bytes[before + end + 1..]);
                bytes.truncate(before + end + 1);
                return Ok(());
            }
            if bytes.len() > MAX_EVENT_BYTES {
                return self.cut(bytes);
            }
        }
    }

    /// Ends a line that is longer than a record may be, and passes over what is left of it.
    fn cut(&mut self, bytes: &mut Vec<u8>) -> std::io::Result<()> {
        bytes.truncate(bytes.len().min(MAX_EVENT_BYTES + 1));
        loop {
            let chunk = self.reader.fill_buf()?;
            let (used, ended) =
                memchr(b'\n', chunk).map_or((chunk.len(), chunk.is_empty()), |end| (end + 1, true));
            self.reader.consume(used);
            if ended {
                bytes.push(b'\n');
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Cursor};

    use super::*;

    /// The lines of each block.
    fn blocks(text: &[u8]) -> Vec<Vec<Vec<u8>>> {
        let reader = Box::new(BufReader::new(Cursor::new(text.to_vec())));
        let mut open = Open { reader, read: Arc::default(), rest: Vec::new() };
        let (mut block, mut seen) = (Block::default(), Vec::new());
        loop {
            open.fill(&mut block.bytes).expect("memory");
            if block.bytes.is_empty() {
                return seen;
            }
            seen.push(block.lines().map(<[u8]>::to_vec).collect());
        }
    }

    #[test]
    fn lines_stay_whole() {
        let line = vec![b'x'; 1_000];
        let seen = blocks(&[&line[..], b"\n"].concat().repeat(1_000));
        assert!(seen.len() > 5);
        assert_eq!(seen.concat(), vec![line; 1_000]);
        assert_eq!(blocks(b"a\r\n\nb").concat(), [&b"a"[..], b"", b"b"]);
        assert!(blocks(b"").is_empty());
    }

    #[test]
    fn long_lines_are_cut_not_buffered() {
        let cut = MAX_EVENT_BYTES + 1;
        for length in [cut - 1, cut, cut + 1, 3 * cut] {
            let long = vec![b'x'; length];
            let lines = blocks(&[b"a\n", &long[..], b"\nb\n"].concat()).concat();
            let lengths: Vec<_> = lines.iter().map(Vec::len).collect();
            assert_eq!(lengths, [1, length.min(cut), 1]);
            let unended: Vec<_> = blocks(&long).concat().iter().map(Vec::len).collect();
            assert_eq!(unended, [length.min(cut)]);
        }
    }
}
