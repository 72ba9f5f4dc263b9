//! Statements that answer with rows: streamed where the format allows it, in one piece where not.
//!
//! Streaming looks one piece ahead before it begins to answer, so that a short answer carries its summary and an early
//! error its status. A later error is appended between marks that only this answer's headers name.

use axum::body::Bytes;

use super::reply::{Gone, Reply, random_letters};
use super::{Head, Request};
use crate::codec::chunks::Joining;
use crate::exception::{Code, Exception};
use crate::ffi::{Connection, ResultBuffer, Stream};
use crate::sql::Kind;

const TAG_LETTERS: usize = 16;
/// How the engine says that a statement has no rows to stream.
const CANNOT_STREAM: &str = "Streaming query is not supported";

pub(super) struct Run<'a> {
    pub(super) connection: &'a Connection,
    pub(super) text: &'a [u8],
    pub(super) request: &'a Request,
    pub(super) version: &'a str,
}

/// How a SELECT with this FORMAT clause is streamed, or `None` if it has to come in one piece.
pub(super) fn joining(request: &Request, format: Option<&str>) -> Option<Joining> {
    let format = format.unwrap_or(request.default_format());
    if request.in_one_piece { None } else { Joining::of(format) }
}

/// What is wrong with a text that is not SQL. EXPLAIN AST parses without running, and a stream takes one statement only.
pub(super) fn syntax_error(connection: &Connection, text: &[u8]) -> Exception {
    let explain = [b"EXPLAIN AST ".as_slice(), text].concat();
    match connection.stream(&explain, "Null", &Vec::new()).and_then(|mut stream| stream.next().map(drop)) {
        Err(exception) => exception,
        Ok(()) => Exception::new(Code::SyntaxError, "Syntax error"),
    }
}

impl Run<'_> {
    pub(super) fn answer(&self, kind: &Kind, reply: &mut Reply) -> Result<(), Exception> {
        let format = match kind {
            Kind::Select { format } | Kind::Command { format } => format.as_deref(),
            Kind::Empty | Kind::Insert { .. } => None,
        };
        let name = format.unwrap_or(self.request.default_format());
        let joining = if matches!(kind, Kind::Select { .. }) { joining(self.request, format) } else { None };
        let Some(joining) = joining else { return self.in_one_piece(name, reply) };
        match self.connection.stream(self.text, self.request.default_format(), &self.request.params) {
            Ok(stream) => self.in_pieces(stream, joining, name, reply),
            Err(exception) if exception.text.contains(CANNOT_STREAM) => self.in_one_piece(name, reply),
            Err(exception) => Err(exception),
        }
    }

    fn in_one_piece(&self, format: &str, reply: &mut Reply) -> Result<(), Exception> {
        let result = self.connection.query(self.text, self.request.default_format(), &self.request.params)?;
        reply.begin(Head { format: Some(format.to_owned()), stats: Some(result.stats()), tag: None });
        // A client that has gone needs no answer.
        drop(reply.send(Bytes::from_owner(result)));
        Ok(())
    }

    fn in_pieces(
        &self,
        mut stream: Stream,
        joining: Joining,
        format: &str,
        reply: &mut Reply,
    ) -> Result<(), Exception> {
        let first = stream.next()?;
        let second = if first.is_some() { stream.next()? } else { None };
        let header = first.as_ref().map_or(0, |piece| joining.header_length(piece.as_ref()));
        let is_all = second.is_none();
        let tag = random_letters(TAG_LETTERS);
        reply.begin(Head {
            format: Some(format.to_owned()),
            stats: is_all.then(|| first.as_ref().map(ResultBuffer::stats).unwrap_or_default()),
            tag: Some(tag.clone()),
        });
        // Ends early when the client has gone; dropping the stream then cancels the statement.
        drop(self.send_pieces(stream, [first, second], header, &tag, reply));
        Ok(())
    }

    fn send_pieces(
        &self,
        mut stream: Stream,
        begun: [Option<ResultBuffer>; 2],
        header: usize,
        tag: &str,
        reply: &mut Reply,
    ) -> Result<(), Gone> {
        let [first, mut next] = begun;
        if let Some(first) = first {
            reply.send(Bytes::from_owner(first))?;
        }
        while let Some(piece) = next {
            let piece = Bytes::from_owner(piece);
            reply.send(piece.slice(header.min(piece.len())..))?;
            next = match stream.next() {
                Ok(next) => next,
                Err(exception) => return reply.send(Bytes::from(trailer(&exception, self.version, tag))),
            };
        }
        Ok(())
    }
}

/// An exception after the first rows, in the form servers use since 25.11.
fn trailer(exception: &Exception, version: &str, tag: &str) -> String {
    let body = exception.body(version);
    format!("\r\n__exception__\r\n{tag}\r\n{body}{} {tag}\r\n__exception__\r\n", body.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trailer_carries_the_length_of_its_text() {
        let exception = Exception::from_engine("Code: 395. DB::Exception: x");
        let text = "Code: 395. DB::Exception: x (version 26.7 (embedded))\n";
        let expected =
            format!("\r\n__exception__\r\ntagtag\r\n{text}{} tagtag\r\n__exception__\r\n", text.len());
        assert_eq!(trailer(&exception, "26.7", "tagtag"), expected);
    }
}
