//! serde is the measure: whatever the scan takes, serde takes and reads alike; and the scan takes what is usual.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::super::decode::{read_record, tests::samples};
use super::*;

fn holds(text: &str) -> Result<(), TestCaseError> {
    if let Some(event) = scan(text) {
        prop_assert_eq!(read_record(text).ok(), Some(event), "{}", text);
    }
    Ok(())
}

#[test]
fn every_type_is_taken() {
    for sample in samples() {
        for text in [sample.to_string(), serde_json::to_string_pretty(&sample).expect("JSON")] {
            let event = scan(&text).unwrap_or_else(|| panic!("not taken: {text}"));
            assert_eq!(read_record(&text).ok(), Some(event));
        }
    }
}

#[test]
fn any_order_of_members_is_taken() {
    for sample in samples() {
        let members: Vec<_> = sample.as_object().expect("object").iter().collect();
        for first in 0..members.len() {
            let turned = members[first..].iter().chain(&members[..first]);
            let text: Vec<_> = turned.map(|(name, value)| format!("\"{name}\" : {value}")).collect();
            let text = format!("{{{}}}\r\n", text.join(" ,\t"));
            let event = scan(&text).unwrap_or_else(|| panic!("not taken: {text}"));
            assert_eq!(read_record(&text).ok(), Some(event));
        }
    }
}

#[test]
fn escapes_in_values_are_read() {
    let text = samples()[13].to_string().replace("\"c1\"", r#""\u6848 \"1\"\n""#);
    assert_eq!(scan(&text), None, "an id has no line end");
    let text = text.replace(r"\n", "");
    assert_eq!(scan(&text).expect("a good record").case, "案 \"1\"");
}

/// Pieces of JSON that one reader might take and another not.
const ODD: &[&str] = &[
    "null",
    "true",
    "nul",
    "tru e",
    "0",
    "-0",
    "00",
    "01",
    "-1",
    "1.",
    "1.0",
    ".5",
    "1e3",
    "1E+3",
    "1e",
    "--1",
    "+1",
    "999999999999999999",
    "1000000000000000",
    "1000000000000001",
    "9223372036854775808",
    "18446744073709551616",
    "NaN",
    "Infinity",
    "[]",
    "[1,]",
    "[,1]",
    "{}",
    "{,}",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{1:1}",
    "[[",
    "]]",
    "\"\"",
    "\" \"",
    "\"\u{3000}\"",
    "\"e\u{301}\"",
    "\"\\u00e9\"",
    "\"\\ud800\"",
    "\"\\ud83d\\ude00\"",
    "\"\\udc00\\ud800\"",
    "\"\\u12\"",
    "\"\\x\"",
    "\"\\/\"",
    "\"\\\\\"",
    "\"\\\"\"",
    "\"\\",
    "\"",
    "\"\u{1}\"",
    "\"\t\"",
    "\"\u{7f}\"",
    "\"\\u0000\"",
    "\"2026-06-30T09:00:00+08:00\"",
    "\"2026-06-30T09:00:00\"",
    "\"1.0\"",
    "\"id\":\"z\",",
    "\"i\\u0064\":\"z\",",
    "\"data\":{},",
    "\"type\":\"case.closed\",",
    "\"due\":{\"a\":null,\"a\":null},",
    "\"step\":null,",
    "\"officers\":null,",
    ",",
    ":",
    "{",
    "}",
    "[",
    "]",
    " ",
    "\n",
    "\u{a0}",
    "\u{feff}",
    "//",
    "1",
    "案",
];

fn mutated() -> impl Strategy<Value = String> {
    let edit = (any::<Index>(), any::<Index>(), select(ODD), 0u8..4);
    (select(samples()), prop::collection::vec(edit, 1..4)).prop_map(|(sample, edits)| {
        let mut text = sample.to_string();
        for (from, to, odd, how) in edits {
            edit_tokens(&mut text, from, to, odd, how);
        }
        text
    })
}

/// Replaces one token, or puts something before one, or doubles or drops a stretch of them.
fn edit_tokens(text: &mut String, from: Index, to: Index, odd: &str, how: u8) {
    let tokens = tokens(text);
    if tokens.is_empty() {
        return;
    }
    let (start, end) = tokens[from.index(tokens.len())];
    match how {
        0 => text.replace_range(start..end, odd),
        1 => text.insert_str(start, odd),
        _ => {
            let other = tokens[to.index(tokens.len())].1;
            if other < start {
                return;
            }
            let stretch = if how == 2 { text[start..other].repeat(2) } else { String::new() };
            text.replace_range(start..other, &stretch);
        }
    }
}

/// Strings with their quotes, runs of letters and digits, single marks.
fn tokens(text: &str) -> Vec<(usize, usize)> {
    let mut tokens = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some((start, first)) = rest.next() {
        let mut end = start + first.len_utf8();
        let (mut escaped, in_string) = (false, first == '"');
        while let Some((at, c)) =
            rest.next_if(|(_, c)| in_string || (first.is_alphanumeric() && c.is_alphanumeric()))
        {
            end = at + c.len_utf8();
            if in_string && c == '"' && !escaped {
                break;
            }
            escaped = c == '\\' && !escaped;
        }
        tokens.push((start, end));
    }
    tokens
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8_000))]

    #[test]
    fn odd_records(text in mutated()) {
        holds(&text)?;
    }

    #[test]
    fn changed_bytes(sample in select(samples()), at: Index, to in 0u8..128, cut in any::<Option<Index>>()) {
        let mut bytes = sample.to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = to;
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(text) = String::from_utf8(bytes) {
            holds(&text)?;
        }
    }

    #[test]
    fn nesting(depth in 25usize..40, array: bool) {
        let (open, close) = if array { ("[", "]") } else { ("{\"a\":", "}") };
        let deep = format!("{}1{}", open.repeat(depth), close.repeat(depth));
        let text = samples()[13].to_string().replace("[1]", &deep);
        prop_assert_eq!(scan(&text).is_some(), depth < super::super::MAX_DEPTH);
        holds(&text)?;
    }
}
