//! From a file to text: decompression by the file's ending, the declared encoding to UTF-8, and a limit on the length of
//! one record, so that memory stays bounded whatever the input is.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use encoding_rs::{CoderResult, Decoder, Encoding};
use flate2::read::MultiGzDecoder;

/// A record longer than this ends the import: most likely a closing quote or a line end is missing.
pub(super) const LONGEST_RECORD: u64 = 16 * 1024 * 1024;
const CHUNK: usize = 64 * 1024;

/// How far the reading of a file has come, for a progress bar: in bytes of the file as it lies on disk.
#[derive(Debug, Clone)]
pub struct Meter {
    read: Arc<AtomicU64>,
    /// The file's size; `None` for standard input.
    pub size: Option<u64>,
}

impl Meter {
    /// Bytes read so far.
    #[must_use]
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }
}

/// An opened, decompressed input.
pub struct Input {
    reader: Box<dyn Read + Send>,
    meter: Meter,
}

impl Input {
    /// Follows the reading; may be kept while the input is read.
    #[must_use]
    pub fn meter(&self) -> Meter {
        self.meter.clone()
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

/// Opens a file, or standard input for `-`. Names that end in `.gz` or `.zst` are decompressed.
pub fn open(path: &Path) -> io::Result<Input> {
    let read = Arc::new(AtomicU64::new(0));
    if path.as_os_str() == "-" {
        let counted = Counted { inner: io::stdin(), read: Arc::clone(&read) };
        return Ok(Input { reader: Box::new(counted), meter: Meter { read, size: None } });
    }
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let file = File::open(path).map_err(named)?;
    let size = file.metadata().map_err(named)?.len();
    let counted = Counted { inner: file, read: Arc::clone(&read) };
    let buffered = io::BufReader::with_capacity(CHUNK, counted);
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let reader: Box<dyn Read + Send> = match ending.to_ascii_lowercase().as_str() {
        "gz" => Box::new(MultiGzDecoder::new(buffered)),
        "zst" => Box::new(zstd::Decoder::with_buffer(buffered).map_err(named)?),
        _ => Box::new(buffered),
    };
    Ok(Input { reader, meter: Meter { read, size: Some(size) } })
}

struct Counted<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// UTF-8 from whatever the mapping declares, without a byte order mark. Bytes that make no sense in the declared
/// encoding become U+FFFD; in UTF-8 they are left as they are for the row to complain about.
pub(super) struct Utf8<R> {
    inner: R,
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    /// What is decoded and not handed out yet.
    ready: Vec<u8>,
    handed: usize,
    ended: bool,
}

impl<R: Read> Utf8<R> {
    pub(super) fn new(inner: R, encoding: &'static Encoding) -> Self {
        let decoder = (encoding != encoding_rs::UTF_8).then(|| encoding.new_decoder_with_bom_removal());
        Self { inner, decoder, raw: Vec::new(), ready: Vec::new(), handed: 0, ended: false }
    }

    /// The first bytes of a UTF-8 input, to leave out a byte order mark.
    fn begin(&mut self) -> io::Result<()> {
        let mut first = Vec::with_capacity(3);
        (&mut self.inner).take(3).read_to_end(&mut first)?;
        if first != b"\xef\xbb\xbf" {
            self.ready = first;
        }
        self.ended = true;
        Ok(())
    }

    fn decode(&mut self) -> io::Result<()> {
        let Some(decoder) = &mut self.decoder else { return Ok(()) };
        let read = {
            self.raw.resize(CHUNK, 0);
            loop {
                match self.inner.read(&mut self.raw) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    other => break other?,
                }
            }
        };
        self.ended = read == 0;
        let room = decoder.max_utf8_buffer_length(read).unwrap_or(4 * CHUNK);
        self.ready.resize(room, 0);
        self.handed = 0;
        let (result, _, written, _) = decoder.decode_to_utf8(&self.raw[..read], &mut self.ready, self.ended);
        debug_assert_eq!(result, CoderResult::InputEmpty, "the buffer is sized for all of the input");
        self.ready.truncate(written);
        Ok(())
    }
}

impl<R: Read> Read for Utf8<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.decoder.is_none() && !self.ended {
            self.begin()?;
        }
        while self.handed == self.ready.len() {
            if self.decoder.is_none() {
                return self.inner.read(buffer);
            }
            if self.ended {
                return Ok(0);
            }
            self.decode()?;
        }
        let ready = &self.ready[self.handed..];
        let length = ready.len().min(buffer.len());
        buffer[..length].copy_from_slice(&ready[..length]);
        self.handed += length;
        Ok(length)
    }
}

/// Counts what is read, and refuses a record that does not end.
pub(super) struct Guard<R> {
    inner: R,
    read: u64,
    /// Where the record at hand began, as far as reading ahead lets one know.
    record_from: u64,
}

impl<R: Read> Guard<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, read: 0, record_from: 0 }
    }

    /// A record has ended. Returns the bytes read so far.
    pub(super) fn record_ended(&mut self) -> u64 {
        self.record_from = self.read;
        self.read
    }
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read - self.record_from > LONGEST_RECORD {
            let message = "a record is longer than 16 MiB; is a closing quote or a line end missing?";
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        loop {
            match self.inner.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(read) => {
                    self.read += read as u64;
                    return Ok(read);
                }
            }
        }
    }
}
