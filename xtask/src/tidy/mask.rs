//! Rust source seen twice: the code alone and the comments alone, each with everything else blanked out.
//!
//! Lines keep their numbers. That is all the rules need: a banned word in a string is no call, a brace in a comment
//! opens nothing. It is no lexer: what it cannot tell apart (a lifetime from a character) it decides by the next two
//! characters.

pub(crate) struct Views {
    /// No comments, no contents of strings.
    pub(crate) code: String,
    /// Nothing but comments.
    pub(crate) comments: String,
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    Code,
    Comment,
    Text,
}

pub(crate) fn views(source: &str) -> Views {
    let chars: Vec<char> = source.chars().collect();
    let mut views = Views { code: String::new(), comments: String::new() };
    let mut at = 0;
    while at < chars.len() {
        let (part, end) = next(&chars, at);
        for &c in &chars[at..end] {
            views.code.push(if c == '\n' || part == Part::Code { c } else { ' ' });
            views.comments.push(if c == '\n' || part == Part::Comment { c } else { ' ' });
        }
        at = end;
    }
    views
}

/// The part that begins at `at` and where it ends; code comes one character at a time.
fn next(chars: &[char], at: usize) -> (Part, usize) {
    let rest = &chars[at..];
    match rest {
        ['/', '/', ..] => (Part::Comment, at + rest.iter().position(|c| *c == '\n').unwrap_or(rest.len())),
        ['/', '*', ..] => (Part::Comment, at + block_comment(rest)),
        ['"', ..] => (Part::Text, at + quoted(rest, '"')),
        ['\'', '\\', ..] | ['\'', _, '\'', ..] => (Part::Text, at + quoted(rest, '\'')),
        ['r', '"' | '#', ..] if !continues_a_word(chars, at) => match raw_string(rest) {
            Some(length) => (Part::Text, at + length),
            None => (Part::Code, at + 1),
        },
        _ => (Part::Code, at + 1),
    }
}

/// `br"…"` is a raw string, `bar"…"` is not; a `b` before the `r` is therefore no word.
fn continues_a_word(chars: &[char], at: usize) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    match chars[..at] {
        [.., before, 'b'] => is_word(before),
        ['b'] | [] => false,
        [.., before] => is_word(before),
    }
}

fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match rest[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn quoted(rest: &[char], quote: char) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != quote {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

/// The length of `r#"…"#` with any number of hashes; nothing for a raw identifier such as `r#type`.
fn raw_string(rest: &[char]) -> Option<usize> {
    let hashes = rest[1..].iter().take_while(|c| **c == '#').count();
    let open = 1 + hashes;
    if rest.get(open) != Some(&'"') {
        return None;
    }
    let closes =
        |at: usize| rest[at] == '"' && rest[at + 1..].iter().take_while(|c| **c == '#').count() >= hashes;
    let close = (open + 1..rest.len()).find(|&at| closes(at));
    Some(close.map_or(rest.len(), |at| at + 1 + hashes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(source: &str) -> String {
        views(source).code.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn strings_and_comments_are_no_code() {
        assert_eq!(code(r#"a("b { \" c") // d"#), "a( )");
        assert_eq!(code("a /* b /* c */ d */ e"), "a e");
        assert_eq!(code(r###"a(r#"b " c"#, br"d", r"e")"###), "a( , b , )");
    }

    #[test]
    fn characters_are_no_code_but_lifetimes_are() {
        assert_eq!(code("'{' '\\'' x"), "x");
        assert_eq!(code("fn f<'a>(x: &'a str)"), "fn f<'a>(x: &'a str)");
    }

    #[test]
    fn a_raw_identifier_is_code() {
        assert_eq!(code("r#type for \"x\""), "r#type for");
    }

    #[test]
    fn comments_stand_alone_and_keep_their_line() {
        let views = views("let x = \"// no\"; // yes\n/// more\n");
        assert_eq!(views.comments.lines().map(str::trim).collect::<Vec<_>>(), ["// yes", "/// more"]);
    }

    #[test]
    fn an_unfinished_text_ends_with_the_file() {
        for source in ["\"abc", "'\\", "r#\"abc", "/* abc", "\"abc\\"] {
            assert_eq!(code(source).trim(), "", "{source:?}");
        }
    }
}
