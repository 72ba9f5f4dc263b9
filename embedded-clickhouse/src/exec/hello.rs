//! The one query that is answered without the engine: how clickhouse-go says hello over HTTP.
//!
//! It sends its protocol revision, decodes this reply at that revision, and every later block at the `revision()` it
//! reads here. The engine writes Native blocks of revision 0 only, so the reply says 0 and is itself written by hand.

use axum::body::Bytes;

use super::reply::Reply;
use super::{Head, Request};
use crate::ffi::Stats;

const QUERY: &str = "SELECT displayName(), version(), revision(), timezone()";
/// From this revision on, a column carries a byte that says whether its encoding is a special one.
const REVISION_WITH_CUSTOM_SERIALIZATION: u64 = 54_454;
/// Block info: field 1 (is overflow: no), field 2 (bucket: none), end.
const BLOCK_INFO: [u8; 8] = [1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0];

pub(super) fn is_hello(request: &Request, text: &[u8]) -> bool {
    request.protocol_version > 0
        && request.default_format.as_deref() == Some("Native")
        && text.trim_ascii().eq_ignore_ascii_case(QUERY.as_bytes())
}

pub(super) fn answer(protocol_version: u64, version: &str, reply: &mut Reply) {
    reply.begin(Head { format: Some("Native".to_owned()), stats: Some(Stats::default()), tag: None });
    // A client that has gone needs no answer.
    drop(reply.send(Bytes::from(block(protocol_version, version))));
}

/// One Native block of four columns and one row.
fn block(protocol_version: u64, version: &str) -> Vec<u8> {
    let mut block = BLOCK_INFO.to_vec();
    block.extend_from_slice(&[4, 1]);
    let texts = [("displayName()", "embedded"), ("version()", version)];
    let mut column = |name: &str, kind: &str, value: &[u8]| {
        push_text(&mut block, name);
        push_text(&mut block, kind);
        if protocol_version >= REVISION_WITH_CUSTOM_SERIALIZATION {
            block.push(0);
        }
        block.extend_from_slice(value);
    };
    for (name, value) in texts {
        column(name, "String", &text(value));
    }
    column("revision()", "UInt32", &[0; 4]);
    column("timezone()", "String", &text("UTC"));
    block
}

fn text(value: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    push_text(&mut bytes, value);
    bytes
}

/// All texts here are far shorter than the 128 bytes at which a length takes a second byte.
fn push_text(bytes: &mut Vec<u8>, text: &str) {
    let text = &text.as_bytes()[..text.len().min(127)];
    bytes.push(text.len() as u8);
    bytes.extend_from_slice(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_is_pinned_byte_for_byte() {
        let columns = b"\x0ddisplayName()\x06String\x00\x08embedded\x09version()\x06String\x00\x0426.7\
            \x0arevision()\x06UInt32\x00\x00\x00\x00\x00\x0atimezone()\x06String\x00\x03UTC";
        let expected = [b"\x01\x00\x02\xff\xff\xff\xff\x00\x04\x01".as_slice(), columns].concat();
        assert_eq!(block(54_460, "26.7"), expected);
    }

    #[test]
    fn an_old_client_is_spared_the_serialization_byte() {
        assert_eq!(block(54_453, "26.7").len() + 4, block(54_454, "26.7").len());
    }
}
