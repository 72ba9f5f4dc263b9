//! Bytes on the wire: ClickHouse's compressed frames, HTTP's content encodings, and the headers that every piece of a
//! streamed result repeats.

pub(crate) mod chunks;
pub(crate) mod content;
pub(crate) mod frames;
