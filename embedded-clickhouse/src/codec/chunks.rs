//! Which output formats can be streamed, and how the pieces of a stream become one document.
//!
//! The engine makes every piece of a streamed result a complete document. Formats without a frame can simply be put
//! end to end; those with a header can once the repeated header is cut off; all others must come in one piece.

/// How the pieces of a streamed format join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Joining {
    /// As they are.
    Plain,
    /// RowBinary with a header: a count, then that many strings (names), perhaps as many again (types).
    BinaryHeader { strings_per_column: usize },
    /// Text with this many header lines.
    LineHeader { lines: usize },
}

impl Joining {
    /// `None` for formats that must be written in one piece.
    pub(crate) fn of(format: &str) -> Option<Joining> {
        let format = format.to_ascii_lowercase();
        match format.as_str() {
            "native" | "rowbinary" | "tskv" | "lineasstring" | "rawblob" | "raw" | "jsoneachrow"
            | "jsonlines" | "ndjson" | "jsonstringseachrow" => return Some(Joining::Plain),
            "rowbinarywithnames" => return Some(Joining::BinaryHeader { strings_per_column: 1 }),
            "rowbinarywithnamesandtypes" => return Some(Joining::BinaryHeader { strings_per_column: 2 }),
            _ => {}
        }
        let (base, header) = if let Some(base) = format.strip_suffix("withnamesandtypes") {
            (base, Joining::LineHeader { lines: 2 })
        } else if let Some(base) = format.strip_suffix("withnames") {
            (base, Joining::LineHeader { lines: 1 })
        } else {
            (format.as_str(), Joining::Plain)
        };
        let in_lines = matches!(
            base,
            "tabseparated"
                | "tsv"
                | "tabseparatedraw"
                | "tsvraw"
                | "csv"
                | "jsoncompacteachrow"
                | "jsoncompactstringseachrow"
        );
        in_lines.then_some(header)
    }

    /// The length of the header in the first piece; later pieces begin with the same bytes.
    pub(crate) fn header_length(self, piece: &[u8]) -> usize {
        match self {
            Joining::Plain => 0,
            Joining::BinaryHeader { strings_per_column } => {
                binary_header(piece, strings_per_column).unwrap_or(0)
            }
            Joining::LineHeader { lines } => line_header(piece, lines),
        }
    }
}

fn binary_header(piece: &[u8], strings_per_column: usize) -> Option<usize> {
    let mut at = 0;
    let columns = read_varint(piece, &mut at)?;
    for _ in 0..columns.checked_mul(strings_per_column)? {
        let length = read_varint(piece, &mut at)?;
        at = at.checked_add(length).filter(|end| *end <= piece.len())?;
    }
    Some(at)
}

/// Names may contain line ends only in CSV, inside quotes; JSON and TSV escape them.
fn line_header(piece: &[u8], lines: usize) -> usize {
    let (mut left, mut in_quotes) = (lines, false);
    for (at, byte) in piece.iter().enumerate() {
        match byte {
            b'"' => in_quotes = !in_quotes,
            b'\n' if !in_quotes || piece.first() != Some(&b'"') => {
                left -= 1;
                if left == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    piece.len()
}

/// ClickHouse's variable-length number: seven bits a byte, lowest first.
pub(crate) fn read_varint(bytes: &[u8], at: &mut usize) -> Option<usize> {
    let mut value = 0u64;
    for shift in (0..63).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return usize::try_from(value).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(format: &str, piece: &[u8]) -> usize {
        Joining::of(format).expect("can be streamed").header_length(piece)
    }

    #[test]
    fn binary_headers_are_counted_in_strings() {
        assert_eq!(header("RowBinaryWithNames", b"\x02\x01a\x02bb\x07"), 6);
        assert_eq!(header("RowBinaryWithNamesAndTypes", b"\x01\x01a\x05UInt8\x07"), 9);
        assert_eq!(header("RowBinary", b"\x02\x01a"), 0);
    }

    #[test]
    fn a_header_that_does_not_fit_is_no_header() {
        assert_eq!(header("RowBinaryWithNames", b"\x02\x01a\x7fb"), 0);
        assert_eq!(header("RowBinaryWithNames", &[0xff; 32]), 0);
    }

    #[test]
    fn line_headers_are_counted_in_lines() {
        assert_eq!(header("TSVWithNames", b"a\tb\n1\t2\n"), 4);
        assert_eq!(header("CSVWithNamesAndTypes", b"\"a\"\n\"UInt8\"\n1\n"), 12);
        assert_eq!(header("CSVWithNames", b"\"a\nb\"\n1\n"), 6);
        assert_eq!(header("TSVWithNames", b"say \"x\n1\n"), 7);
        assert_eq!(header("JSONCompactEachRowWithNames", b"[\"a\"]\n[1]\n"), 6);
    }

    #[test]
    fn documents_with_a_frame_are_not_streamed() {
        for format in ["JSON", "JSONCompact", "Parquet", "Arrow", "Pretty", "XML", "Vertical", "nonsense"] {
            assert_eq!(Joining::of(format), None, "{format}");
        }
    }
}
