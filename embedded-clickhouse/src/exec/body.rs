//! A request's body: unpacked as it arrives, and parted into statement and data.
//!
//! Read from the worker's blocking thread, so that unpacking never holds up other connections. What must stay true: a
//! body that breaks off is an error, never an end.

use axum::body::{Body, BodyDataStream, Bytes};
use futures_util::StreamExt;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

use crate::codec::content::{ContentDecoder, SLICE_BYTES};
use crate::codec::frames::FrameDecoder;
use crate::exception::{Code, Exception};
use crate::sql::{self, Kind, Statement};

/// The longest statement, without the data of an insert.
const STATEMENT_BYTES_MAX: usize = 16 << 20;
/// An insert's text is looked at again with every piece that arrives, up to this length.
const INSERT_HEAD_BYTES_MAX: usize = 256 << 10;
/// A client that sends nothing for this long is given up.
const SILENCE_MAX: Duration = Duration::from_secs(300);
/// How much of a refused request is still read so that its client sees the answer.
const DRAIN_BYTES_MAX: usize = 256 << 20;
const DRAIN_MAX: Duration = Duration::from_secs(10);

pub(crate) struct RequestBody {
    stream: BodyDataStream,
    runtime: Handle,
    content: ContentDecoder,
    frames: Option<FrameDecoder>,
    /// Arrived, not yet unpacked.
    raw: Bytes,
    has_ended: bool,
}

impl RequestBody {
    /// Must be called on the runtime that drives the connection.
    pub(crate) fn new(body: Body, encoding: Option<&str>, has_frames: bool) -> Result<Self, Exception> {
        Ok(RequestBody {
            stream: body.into_data_stream(),
            runtime: Handle::current(),
            content: ContentDecoder::new(encoding)?,
            frames: has_frames.then(FrameDecoder::default),
            raw: Bytes::new(),
            has_ended: false,
        })
    }

    /// The first bytes, if they can be read as they are.
    pub(crate) async fn peek(&mut self) -> Option<&[u8]> {
        if !self.content.is_identity() || self.frames.is_some() {
            return None;
        }
        if self.raw.is_empty() && !self.has_ended {
            match tokio::time::timeout(SILENCE_MAX, self.stream.next()).await {
                Ok(Some(Ok(bytes))) => self.raw = bytes,
                Ok(None) => self.has_ended = true,
                // The error shows again when the body is read on.
                Ok(Some(Err(_))) | Err(_) => {}
            }
        }
        Some(&self.raw)
    }

    /// The next unpacked piece, `None` at the end. Blocks.
    pub(crate) fn next(&mut self) -> Result<Option<Bytes>, Exception> {
        loop {
            if self.raw.is_empty() {
                if self.has_ended {
                    return Ok(None);
                }
                match self.receive()? {
                    Some(bytes) => self.raw = bytes,
                    None => return self.finish(),
                }
            }
            let data = self.unpack()?;
            if !data.is_empty() {
                return Ok(Some(data));
            }
        }
    }

    fn receive(&mut self) -> Result<Option<Bytes>, Exception> {
        let stream = &mut self.stream;
        let received =
            self.runtime.block_on(async { tokio::time::timeout(SILENCE_MAX, stream.next()).await });
        match received {
            Ok(Some(Ok(bytes))) => Ok(Some(bytes)),
            Ok(None) => Ok(None),
            Ok(Some(Err(error))) => {
                self.has_ended = true;
                Err(Exception::new(Code::NetworkError, format!("The request's body broke off: {error}")))
            }
            Err(_) => {
                self.has_ended = true;
                let message = format!("The client sent nothing for {} s", SILENCE_MAX.as_secs());
                Err(Exception::new(Code::TimeoutExceeded, message))
            }
        }
    }

    fn unpack(&mut self) -> Result<Bytes, Exception> {
        let data = if self.content.is_identity() {
            std::mem::take(&mut self.raw)
        } else {
            let slice = self.raw.split_to(self.raw.len().min(SLICE_BYTES));
            Bytes::from(self.content.push(&slice)?)
        };
        match &mut self.frames {
            Some(frames) => frames.push(&data).map(Bytes::from),
            None => Ok(data),
        }
    }

    fn finish(&mut self) -> Result<Option<Bytes>, Exception> {
        self.has_ended = true;
        let mut rest = self.content.finish()?;
        if let Some(frames) = &mut self.frames {
            rest = frames.push(&rest)?;
            frames.finish()?;
        }
        Ok((!rest.is_empty()).then(|| Bytes::from(rest)))
    }

    /// The statement: `query` and, unless that is an insert whose data has begun, the body. A line end goes between
    /// them, as in a server.
    pub(crate) fn collect_statement(&mut self, query: &str) -> Result<(Vec<u8>, Statement), Exception> {
        let mut text = query.as_bytes().to_vec();
        if !query.trim().is_empty() {
            text.push(b'\n');
            let statement = sql::parse(&text);
            if matches!(statement.kind, Kind::Insert { .. }) {
                return Ok((text, statement));
            }
        }
        while let Some(data) = self.next()? {
            text.extend_from_slice(&data);
            let is_short = text.len() <= INSERT_HEAD_BYTES_MAX + data.len();
            if is_short && sql::begins_insert(&text) && sql::insert_head_is_complete(&text) {
                break;
            }
            if text.len() > STATEMENT_BYTES_MAX {
                let message = format!("A statement may have {STATEMENT_BYTES_MAX} bytes at most");
                return Err(Exception::new(Code::SyntaxError, message));
            }
        }
        let statement = sql::parse(&text);
        if !matches!(statement.kind, Kind::Insert { .. }) {
            let end =
                text.iter().rposition(|c| !c.is_ascii_whitespace() && *c != b';').map_or(0, |at| at + 1);
            text.truncate(end);
        }
        Ok((text, statement))
    }

    /// Reads what is left and throws it away.
    pub(crate) fn drain_blocking(&mut self) {
        let runtime = self.runtime.clone();
        runtime.block_on(self.drain());
    }

    pub(crate) async fn drain(&mut self) {
        let (start, mut bytes) = (Instant::now(), 0);
        while !self.has_ended && bytes < DRAIN_BYTES_MAX {
            let left = DRAIN_MAX.saturating_sub(start.elapsed());
            match tokio::time::timeout(left, self.stream.next()).await {
                Ok(Some(Ok(piece))) => bytes += piece.len(),
                Ok(None) | Ok(Some(Err(_))) | Err(_) => self.has_ended = true,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::frames;

    /// What a worker reads, on a blocking thread as in life.
    fn collect(
        pieces: Vec<&'static [u8]>,
        query: &'static str,
        has_frames: bool,
    ) -> (Vec<u8>, Kind, Vec<u8>) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let _inside = runtime.enter();
        let pieces = pieces.into_iter().map(|piece| Ok::<_, std::io::Error>(Bytes::from_static(piece)));
        let body = Body::from_stream(futures_util::stream::iter(pieces));
        let mut body = RequestBody::new(body, None, has_frames).expect("known encoding");
        let (text, statement) = body.collect_statement(query).expect("a statement");
        let mut rest = Vec::new();
        while let Some(data) = body.next().expect("sound") {
            rest.extend_from_slice(&data);
        }
        (text, statement.kind, rest)
    }

    #[test]
    fn an_insert_in_the_address_leaves_the_whole_body_as_data() {
        let (text, kind, rest) = collect(vec![b"\n\ta"], "INSERT INTO t FORMAT TSV", false);
        assert_eq!(
            kind,
            Kind::Insert { format: Some("TSV".to_owned()), head_end: 14, data_start: text.len() }
        );
        assert_eq!(rest, b"\n\ta");
    }

    #[test]
    fn an_insert_in_the_body_is_cut_the_same_wherever_the_pieces_end() {
        let whole: &'static [u8] = b"INSERT INTO t FORMAT RowBinary\n\x01\x02";
        for cut in 1..whole.len() {
            let (text, kind, rest) = collect(vec![&whole[..cut], &whole[cut..]], "", false);
            let Kind::Insert { data_start, .. } = kind else { panic!("cut at {cut}: {kind:?}") };
            assert_eq!([&text[data_start..], &rest].concat(), b"\x01\x02", "cut at {cut}");
        }
    }

    #[test]
    fn a_select_takes_the_address_and_the_body_without_the_end() {
        let (text, kind, _) = collect(vec![b"FROM t ", b"; \n"], "SELECT 1", false);
        assert_eq!(text, b"SELECT 1\nFROM t");
        assert_eq!(kind, Kind::Select { format: None });
    }

    #[test]
    fn frames_are_opened_before_the_statement_is_sought() {
        let packed: &'static [u8] = Box::leak(frames::encode(b"SELECT 2").into_boxed_slice());
        assert_eq!(collect(vec![packed], "", true).0, b"SELECT 2");
    }
}
