//! HTTP's `Content-Encoding` of request bodies, undone as the bytes arrive.
//!
//! What must stay true: a body that ends early is an error, never a shorter body; and one small input cannot unpack to
//! more than [`SLICE_BYTES`] times the method's ratio before it is handed on.

use std::io::Write;

use flate2::write::{MultiGzDecoder, ZlibDecoder};
use zstd::stream::raw::{InBuffer, Operation, OutBuffer};

use crate::exception::{Code, Exception};

/// Input is unpacked in slices of this size, so that what they unpack to can be passed on in between.
pub(crate) const SLICE_BYTES: usize = 16 << 10;
/// LZ4 frames can only be unpacked whole here; no known client sends them this way.
const LZ4_BODY_BYTES_MAX: usize = 256 << 20;

pub(crate) enum ContentDecoder {
    Identity,
    Gzip(MultiGzDecoder<Vec<u8>>),
    Deflate(ZlibDecoder<Vec<u8>>),
    Zstd { decoder: zstd::stream::raw::Decoder<'static>, at_frame_end: bool },
    Lz4(Vec<u8>),
}

impl ContentDecoder {
    pub(crate) fn new(encoding: Option<&str>) -> Result<Self, Exception> {
        match encoding.unwrap_or("identity") {
            "identity" | "" => Ok(ContentDecoder::Identity),
            "gzip" | "x-gzip" => Ok(ContentDecoder::Gzip(MultiGzDecoder::new(Vec::new()))),
            "deflate" => Ok(ContentDecoder::Deflate(ZlibDecoder::new(Vec::new()))),
            "zstd" => {
                let decoder = zstd::stream::raw::Decoder::new().map_err(broken)?;
                Ok(ContentDecoder::Zstd { decoder, at_frame_end: true })
            }
            "lz4" => Ok(ContentDecoder::Lz4(Vec::new())),
            other => Err(Exception::new(Code::BadArguments, format!("Unknown Content-Encoding {other}"))),
        }
    }

    pub(crate) fn is_identity(&self) -> bool {
        matches!(self, ContentDecoder::Identity)
    }

    /// What `slice` adds to the unpacked body.
    pub(crate) fn push(&mut self, slice: &[u8]) -> Result<Vec<u8>, Exception> {
        match self {
            ContentDecoder::Identity => Ok(slice.to_vec()),
            ContentDecoder::Gzip(decoder) => {
                decoder.write_all(slice).map_err(broken)?;
                Ok(std::mem::take(decoder.get_mut()))
            }
            ContentDecoder::Deflate(decoder) => {
                decoder.write_all(slice).map_err(broken)?;
                Ok(std::mem::take(decoder.get_mut()))
            }
            ContentDecoder::Zstd { decoder, at_frame_end } => unzstd(decoder, at_frame_end, slice),
            ContentDecoder::Lz4(whole) => {
                whole.extend_from_slice(slice);
                if whole.len() > LZ4_BODY_BYTES_MAX {
                    return Err(Exception::new(Code::TooLargeStringSize, "The LZ4 body is too large"));
                }
                Ok(Vec::new())
            }
        }
    }

    /// The rest, once the body has ended.
    pub(crate) fn finish(&mut self) -> Result<Vec<u8>, Exception> {
        match self {
            ContentDecoder::Identity => Ok(Vec::new()),
            ContentDecoder::Gzip(decoder) => {
                decoder.try_finish().map_err(broken)?;
                Ok(std::mem::take(decoder.get_mut()))
            }
            ContentDecoder::Deflate(decoder) => {
                decoder.try_finish().map_err(broken)?;
                Ok(std::mem::take(decoder.get_mut()))
            }
            ContentDecoder::Zstd { at_frame_end: true, .. } => Ok(Vec::new()),
            ContentDecoder::Zstd { at_frame_end: false, .. } => Err(broken("the zstd body is cut off")),
            ContentDecoder::Lz4(whole) => {
                let mut unpacked = Vec::new();
                let mut reader = lz4_flex::frame::FrameDecoder::new(whole.as_slice());
                std::io::copy(&mut reader, &mut unpacked).map_err(broken)?;
                Ok(unpacked)
            }
        }
    }
}

fn unzstd(
    decoder: &mut zstd::stream::raw::Decoder<'static>,
    at_frame_end: &mut bool,
    slice: &[u8],
) -> Result<Vec<u8>, Exception> {
    let mut unpacked = Vec::new();
    let mut piece = vec![0; 128 << 10];
    let mut input = InBuffer::around(slice);
    loop {
        let mut output = OutBuffer::around(piece.as_mut_slice());
        let hint = decoder.run(&mut input, &mut output).map_err(broken)?;
        let (written, was_full) = (output.pos(), output.pos() == output.capacity());
        unpacked.extend_from_slice(&piece[..written]);
        *at_frame_end = hint == 0;
        if input.pos() == slice.len() && !was_full {
            return Ok(unpacked);
        }
    }
}

fn broken(error: impl std::fmt::Display) -> Exception {
    Exception::new(Code::CannotDecompress, format!("Cannot decompress the request body: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(encoding: &str, data: &[u8]) -> Vec<u8> {
        let level = flate2::Compression::fast();
        match encoding {
            "gzip" => {
                let mut writer = flate2::write::GzEncoder::new(Vec::new(), level);
                writer.write_all(data).expect("in memory");
                writer.finish().expect("in memory")
            }
            "deflate" => {
                let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), level);
                writer.write_all(data).expect("in memory");
                writer.finish().expect("in memory")
            }
            "zstd" => zstd::encode_all(data, 1).expect("in memory"),
            _ => {
                let mut writer = lz4_flex::frame::FrameEncoder::new(Vec::new());
                writer.write_all(data).expect("in memory");
                writer.finish().expect("in memory")
            }
        }
    }

    fn unpack(encoding: &str, bytes: &[u8]) -> Result<Vec<u8>, Exception> {
        let mut decoder = ContentDecoder::new(Some(encoding))?;
        let mut data = Vec::new();
        for slice in bytes.chunks(1000) {
            data.extend(decoder.push(slice)?);
        }
        data.extend(decoder.finish()?);
        Ok(data)
    }

    fn sample() -> Vec<u8> {
        (0..400_000u32).flat_map(|n| (n.wrapping_mul(2_654_435_761) >> 20).to_le_bytes()).collect()
    }

    #[test]
    fn every_encoding_comes_back_whole() {
        let data = sample();
        for encoding in ["gzip", "deflate", "zstd", "lz4"] {
            assert!(unpack(encoding, &packed(encoding, &data)).expect("sound") == data, "{encoding}");
        }
    }

    #[test]
    fn a_cut_body_is_an_error() {
        let data = sample();
        for encoding in ["gzip", "deflate", "zstd", "lz4"] {
            let bytes = packed(encoding, &data);
            assert!(unpack(encoding, &bytes[..bytes.len() / 2]).is_err(), "{encoding}");
        }
    }

    #[test]
    fn an_unknown_encoding_is_named() {
        let error = ContentDecoder::new(Some("br")).err().expect("unknown");
        assert!(error.text.contains("br"));
    }
}
