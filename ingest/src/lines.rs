//! Lines of bounded length from a reader of any length. Not `BufRead::lines`: that wants UTF-8, and would take a file
//! without line ends into memory.

use std::io::{self, BufRead};

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// Without its line end.
    Full(&'a [u8]),
    /// Passed over.
    TooLong,
    End,
}

pub(crate) struct Lines<R> {
    reader: R,
    limit: usize,
    buffer: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(reader: R, limit: usize) -> Self {
        Self { reader, limit, buffer: Vec::new() }
    }

    pub(crate) fn next(&mut self) -> io::Result<Line<'_>> {
        self.buffer.clear();
        let mut fits = true;
        loop {
            let chunk = match self.reader.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                chunk => chunk?,
            };
            let end = chunk.iter().position(|&b| b == b'\n');
            let part = &chunk[..end.unwrap_or(chunk.len())];
            let at_end = chunk.is_empty();
            fits &= self.buffer.len() + part.len() <= self.limit;
            if fits {
                self.buffer.extend_from_slice(part);
            }
            let used = part.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if at_end && fits && self.buffer.is_empty() {
                return Ok(Line::End);
            }
            if at_end || end.is_some() {
                break;
            }
        }
        let line = self.buffer.strip_suffix(b"\r").unwrap_or(&self.buffer);
        Ok(if fits { Line::Full(line) } else { Line::TooLong })
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn read(text: &[u8], capacity: usize, limit: usize) -> Vec<Option<Vec<u8>>> {
        let mut lines = Lines::new(BufReader::with_capacity(capacity, text), limit);
        let mut all = Vec::new();
        loop {
            match lines.next().expect("memory") {
                Line::Full(line) => all.push(Some(line.to_vec())),
                Line::TooLong => all.push(None),
                Line::End => return all,
            }
        }
    }

    #[test]
    fn lines_are_the_same_whatever_the_buffer() {
        let text = b"one\r\n\n\xfftwo\nmuch too long\nlast";
        let expected =
            [Some(b"one".to_vec()), Some(vec![]), Some(b"\xfftwo".to_vec()), None, Some(b"last".to_vec())];
        for capacity in 1..40 {
            assert_eq!(read(text, capacity, 6), expected, "{capacity}");
        }
        assert_eq!(read(b"a\n", 8, 6), [Some(b"a".to_vec())]);
        assert_eq!(read(b"", 8, 6), []);
        assert_eq!(read(b"much too long", 3, 6), [None]);
    }
}
