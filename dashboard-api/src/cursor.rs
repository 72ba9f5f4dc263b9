//! Opaque cursors: where a page ended, and of which question. Hexadecimal of a small JSON array.
//!
//! What must stay true: a cursor is refused by any question but the one it came from, so that a page never starts
//! where another order left off.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Writes a position of the question with these pairs.
pub(crate) fn write<T: Serialize>(pairs: &[(&str, String)], position: &T) -> String {
    let text = serde_json::to_vec(&(fingerprint(pairs), position)).unwrap_or_default();
    text.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The position, if the text is a cursor of this very question.
pub(crate) fn read<T: DeserializeOwned>(pairs: &[(&str, String)], text: &str) -> Option<T> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    let digits = text.as_bytes().chunks(2);
    let bytes: Option<Vec<u8>> =
        digits.map(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok()).collect();
    let (of, position): (u32, T) = serde_json::from_slice(&bytes?).ok()?;
    (of == fingerprint(pairs)).then_some(position)
}

/// FNV-1a: stable across versions and machines, which the standard hasher does not promise.
fn fingerprint(pairs: &[(&str, String)]) -> u32 {
    let texts = pairs.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
    let bytes = texts.flat_map(|text| text.iter().copied().chain([0]));
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_returns_to_its_own_question_only() {
        let red = [("light", "red".to_owned())];
        let text = write(&red, &(7, "x".to_owned()));
        assert_eq!(read(&red, &text), Some((7, "x".to_owned())));
        assert_eq!(read::<(i64, String)>(&[], &text), None);
        assert_eq!(read::<(i64, String)>(&[("lightr", "ed".to_owned())], &text), None);
    }

    #[test]
    fn nonsense_is_no_cursor() {
        for text in ["", "0", "zz", "5b5d", "é", "+1+1"] {
            assert_eq!(read::<(i64, String)>(&[], text), None, "{text}");
        }
    }
}
