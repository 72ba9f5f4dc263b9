//! The parts of a workbook, which is a ZIP archive: one asked for by name is unpacked, and no more bytes than are allowed. Written
//! for bytes from outside: nothing is reserved because the archive promises it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Read;

use flate2::read::DeflateDecoder;

const END: &[u8] = b"PK\x05\x06";
const CENTRAL: &[u8] = b"PK\x01\x02";
const LOCAL: &[u8] = b"PK\x03\x04";
/// The end's record with the longest comment.
const END_WITHIN: usize = 22 + 65_535;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// See the module.
pub(super) struct Archive<'b> {
    bytes: &'b [u8],
    /// Method, packed size, and where the part's own header is.
    parts: HashMap<String, (u16, usize, usize)>,
    /// Bytes that may still be unpacked.
    left: u64,
}

impl<'b> Archive<'b> {
    pub(super) fn of(bytes: &'b [u8], most: u64) -> Result<Self, String> {
        let broken = || "its directory is damaged".to_owned();
        let tail = bytes.len().saturating_sub(END_WITHIN);
        let end =
            bytes[tail..].windows(END.len()).rposition(|window| window == END).ok_or_else(broken)? + tail;
        let count = u16_at(bytes, end + 10).ok_or_else(broken)?;
        let mut at = u32_at(bytes, end + 16).ok_or_else(broken)?;
        let mut parts = HashMap::new();
        for _ in 0..count {
            let is_entry = bytes.get(at..at + CENTRAL.len()) == Some(CENTRAL);
            let entry = || {
                let [name, extra, comment] =
                    [28, 30, 32].map(|field| u16_at(bytes, at + field).map(usize::from));
                let (method, packed, local) =
                    (u16_at(bytes, at + 10)?, u32_at(bytes, at + 20)?, u32_at(bytes, at + 42)?);
                let text = bytes.get(at + 46..at + 46 + name?)?;
                Some((
                    String::from_utf8_lossy(text).into_owned(),
                    (method, packed, local),
                    46 + name? + extra? + comment?,
                ))
            };
            let (name, part, length) = entry().filter(|_| is_entry).ok_or_else(broken)?;
            parts.insert(name, part);
            at += length;
        }
        Ok(Self { bytes, parts, left: most })
    }

    /// A part as text; `None`: there is none of that name.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, String> {
        let Some((method, packed, local)) = self.parts.get(name).copied() else { return Ok(None) };
        let content = (|| {
            let is_local = self.bytes.get(local..local + LOCAL.len()) == Some(LOCAL);
            let [name, extra] = [26, 28].map(|field| u16_at(self.bytes, local + field).map(usize::from));
            let start = local + 30 + name? + extra?;
            self.bytes.get(start..start.checked_add(packed)?).filter(|_| is_local)
        })();
        let content = content.ok_or_else(|| format!("{name} is cut off"))?;
        let unpacked: Cow<'_, [u8]> = match method {
            STORED => content.into(),
            DEFLATED => {
                let mut unpacked = Vec::new();
                let read = DeflateDecoder::new(content).take(self.left + 1).read_to_end(&mut unpacked);
                read.map_err(|error| format!("{name}: {error}"))?;
                unpacked.into()
            }
            other => {
                return Err(format!("{name} is packed by method {other}, which spreadsheets do not use"));
            }
        };
        self.left = self
            .left
            .checked_sub(unpacked.len() as u64)
            .ok_or_else(|| "it unpacks to more than is allowed 内容过大".to_owned())?;
        let text = std::str::from_utf8(&unpacked).map_err(|_| format!("{name} is not UTF-8"))?;
        Ok(Some(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned()))
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|two| u16::from_le_bytes(*two))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<usize> {
    let number = bytes.get(at..)?.first_chunk().map(|four| u32::from_le_bytes(*four))?;
    usize::try_from(number).ok()
}
