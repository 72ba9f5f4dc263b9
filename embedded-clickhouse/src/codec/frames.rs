//! ClickHouse's own compression of bodies (`compress=1`, `decompress=1`).
//!
//! A frame is a 16-byte CityHash128 of what follows, a method byte, the frame's size (with this 9-byte head), the size
//! of the data, and the data. Every size comes from the peer and is bounded before it is believed.

use crate::exception::{Code, Exception};

const CHECKSUM_BYTES: usize = 16;
const HEAD_BYTES: usize = 9;
const METHOD_NONE: u8 = 0x02;
const METHOD_LZ4: u8 = 0x82;
const METHOD_ZSTD: u8 = 0x90;
/// Clients send frames of about 1 MiB; the server refuses above 1 GiB, we well before.
const FRAME_BYTES_MAX: usize = 128 << 20;
/// How much data goes into one frame of an answer.
const ANSWER_FRAME_BYTES: usize = 1 << 20;

/// Takes frames apart as they arrive.
#[derive(Debug, Default)]
pub(crate) struct FrameDecoder {
    pending: Vec<u8>,
}

impl FrameDecoder {
    /// The data of all frames that are complete.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Vec<u8>, Exception> {
        self.pending.extend_from_slice(bytes);
        let (mut data, mut at) = (Vec::new(), 0);
        while let Some(size) = decode_one(&self.pending[at..], &mut data)? {
            at += size;
        }
        self.pending.drain(..at);
        Ok(data)
    }

    pub(crate) fn finish(&self) -> Result<(), Exception> {
        if self.pending.is_empty() {
            return Ok(());
        }
        Err(Exception::new(
            Code::CannotReadAllData,
            "Cannot read all data: the last compressed frame is cut off",
        ))
    }
}

/// Appends the data of the first frame and returns the frame's size; `None` while it is incomplete.
fn decode_one(bytes: &[u8], data: &mut Vec<u8>) -> Result<Option<usize>, Exception> {
    let Some((checksum, rest)) = bytes.split_first_chunk::<CHECKSUM_BYTES>() else { return Ok(None) };
    let Some(([method, sizes @ ..], _)) = rest.split_first_chunk::<HEAD_BYTES>() else { return Ok(None) };
    let [a, b, c, d, e, f, g, h] = *sizes;
    let packed = u32::from_le_bytes([a, b, c, d]) as usize;
    let unpacked = u32::from_le_bytes([e, f, g, h]) as usize;
    if !(HEAD_BYTES..=FRAME_BYTES_MAX).contains(&packed) || unpacked > FRAME_BYTES_MAX {
        return Err(Exception::new(
            Code::UnknownCompressionMethod,
            "Not a compressed frame of a size in use",
        ));
    }
    let Some(hashed) = rest.get(..packed) else { return Ok(None) };
    if u128::from_le_bytes(*checksum) != checksum_of(hashed) {
        return Err(Exception::new(Code::ChecksumDoesntMatch, "Checksum doesn't match: corrupted data"));
    }
    unpack(*method, &hashed[HEAD_BYTES..], unpacked, data)?;
    Ok(Some(CHECKSUM_BYTES + packed))
}

fn unpack(method: u8, packed: &[u8], size: usize, data: &mut Vec<u8>) -> Result<(), Exception> {
    let broken =
        |error: String| Exception::new(Code::CannotDecompress, format!("Cannot decompress: {error}"));
    let start = data.len();
    match method {
        METHOD_LZ4 => {
            data.resize(start + size, 0);
            lz4_flex::block::decompress_into(packed, &mut data[start..])
                .map_err(|e| broken(e.to_string()))?;
        }
        METHOD_ZSTD => data.extend(zstd::bulk::decompress(packed, size).map_err(|e| broken(e.to_string()))?),
        METHOD_NONE => data.extend_from_slice(packed),
        _ => {
            let message = format!("Unknown compression method {method:#04x}");
            return Err(Exception::new(Code::UnknownCompressionMethod, message));
        }
    }
    Ok(())
}

/// Packs an answer with LZ4, the method every client knows.
pub(crate) fn encode(data: &[u8]) -> Vec<u8> {
    let mut frames = Vec::with_capacity(data.len() / 2 + 64);
    for piece in data.chunks(ANSWER_FRAME_BYTES) {
        let packed = lz4_flex::block::compress(piece);
        let start = frames.len();
        frames.extend_from_slice(&[0; CHECKSUM_BYTES]);
        frames.push(METHOD_LZ4);
        frames.extend_from_slice(&((packed.len() + HEAD_BYTES) as u32).to_le_bytes());
        frames.extend_from_slice(&(piece.len() as u32).to_le_bytes());
        frames.extend_from_slice(&packed);
        let checksum = checksum_of(&frames[start + CHECKSUM_BYTES..]);
        frames[start..start + CHECKSUM_BYTES].copy_from_slice(&checksum.to_le_bytes());
    }
    frames
}

/// ClickHouse's CityHash128 is version 1.0.2, with its halves in the other order.
fn checksum_of(bytes: &[u8]) -> u128 {
    cityhash_rs::cityhash_102_128(bytes).rotate_right(64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_survive_any_cut() {
        let data: Vec<u8> = (0..3 << 20).map(|n: u32| (n / 7) as u8).collect();
        let frames = encode(&data);
        for size in [1, 24, 25, 4096, frames.len()] {
            let mut decoder = FrameDecoder::default();
            let mut got = Vec::new();
            for piece in frames.chunks(size.max(frames.len() / 1000)) {
                got.extend(decoder.push(piece).expect("sound frames"));
            }
            decoder.finish().expect("nothing left");
            assert!(got == data, "cut at {size}");
        }
    }

    #[test]
    fn a_flipped_bit_is_a_checksum_error() {
        let mut frames = encode(b"some data");
        *frames.last_mut().expect("not empty") ^= 1;
        let error = FrameDecoder::default().push(&frames).expect_err("corrupted");
        assert_eq!(error.code, 40);
    }

    #[test]
    fn a_cut_frame_is_noticed_at_the_end() {
        let frames = encode(b"some data");
        let mut decoder = FrameDecoder::default();
        assert_eq!(decoder.push(&frames[..frames.len() - 1]).expect("waits"), b"");
        assert_eq!(decoder.finish().expect_err("cut").code, 33);
    }

    #[test]
    fn an_absurd_size_is_refused_before_it_is_allocated() {
        let mut frame = vec![0; CHECKSUM_BYTES];
        frame.push(METHOD_LZ4);
        frame.extend_from_slice(&[0xff; 8]);
        assert_eq!(FrameDecoder::default().push(&frame).expect_err("absurd").code, 432);
    }
}
