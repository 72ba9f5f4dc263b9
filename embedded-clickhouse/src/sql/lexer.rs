//! ClickHouse's tokens, as far as routing and refusing a statement needs them.
//!
//! Lexing is lazy: the data of an insert is never looked at. What must stay true: nothing inside a comment or a string
//! is ever reported as a word, and a quoted name is reported exactly as the engine will read it, or as
//! [`Token::Escaped`] when that is not certain.

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A bare word: keyword, name or number.
    Word(&'a str),
    /// A name in backquotes or double quotes, without them.
    Quoted(String),
    /// A quoted name with a backslash in it: its value depends on the engine's escape rules.
    Escaped,
    /// A string or heredoc.
    Text,
    /// Anything else, byte by byte.
    Symbol(u8),
}

/// A token with its place: bytes `start..end`, inside `depth` open brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placed<'a> {
    pub(super) token: Token<'a>,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) depth: usize,
}

impl Placed<'_> {
    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(self.token, Token::Word(own) if own.eq_ignore_ascii_case(word))
    }

    pub(super) fn is_symbol(&self, symbol: u8) -> bool {
        self.token == Token::Symbol(symbol)
    }
}

pub(super) struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Lexer { text, at: 0, depth: 0 }
    }

    fn rest(&self) -> &'a [u8] {
        &self.text[self.at..]
    }

    fn skip_blanks_and_comments(&mut self) {
        loop {
            let rest = self.rest();
            let length = match rest {
                [b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c, ..] => 1,
                [b'-', b'-', ..] | [b'#', b' ' | b'!', ..] => {
                    rest.iter().position(|c| *c == b'\n').unwrap_or(rest.len())
                }
                [b'/', b'*', ..] => block_comment(rest),
                _ => return,
            };
            self.at += length;
        }
    }

    fn quoted(&self, quote: u8) -> (Token<'a>, usize) {
        let (value, escaped, length) = unquote(self.rest(), quote);
        let token = match (quote, escaped) {
            (b'\'', _) => Token::Text,
            (_, true) => Token::Escaped,
            (_, false) => Token::Quoted(String::from_utf8_lossy(&value).into_owned()),
        };
        (token, length)
    }

    fn word(&self) -> (Token<'a>, usize) {
        let rest = self.rest();
        let length = rest.iter().position(|c| !is_word_byte(*c)).unwrap_or(rest.len());
        let token = std::str::from_utf8(&rest[..length]).map_or(Token::Symbol(b'?'), Token::Word);
        (token, length)
    }

    /// Brackets count so that a clause can be told from the same word inside an expression.
    fn symbol(&mut self, symbol: u8) -> (Token<'a>, usize) {
        match symbol {
            b'(' | b'[' | b'{' => self.depth += 1,
            b')' | b']' | b'}' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        (Token::Symbol(symbol), 1)
    }
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Placed<'a>;

    fn next(&mut self) -> Option<Placed<'a>> {
        self.skip_blanks_and_comments();
        let start = self.at;
        let depth = self.depth;
        let (token, length) = match *self.rest().first()? {
            quote @ (b'\'' | b'"' | b'`') => self.quoted(quote),
            b'$' if heredoc(self.rest()).is_some() => (Token::Text, heredoc(self.rest())?),
            byte if is_word_byte(byte) => self.word(),
            byte => self.symbol(byte),
        };
        self.at += length;
        Some(Placed { token, start, end: self.at, depth })
    }
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// The length of a block comment; they nest. An unclosed one takes everything.
fn block_comment(text: &[u8]) -> usize {
    let (mut at, mut open) = (0, 0);
    while at < text.len() {
        match &text[at..] {
            [b'/', b'*', ..] => (at, open) = (at + 2, open + 1),
            [b'*', b'/', ..] if open == 1 => return at + 2,
            [b'*', b'/', ..] => (at, open) = (at + 2, open - 1),
            _ => at += 1,
        }
    }
    text.len()
}

/// The value of a quoted token, whether a backslash occurs in it, and its length with the quotes.
fn unquote(text: &[u8], quote: u8) -> (Vec<u8>, bool, usize) {
    let (mut value, mut escaped, mut at) = (Vec::new(), false, 1);
    while at < text.len() {
        match &text[at..] {
            [b'\\', next, ..] => {
                value.push(*next);
                escaped = true;
                at += 2;
            }
            [first, second, ..] if *first == quote && *second == quote => {
                value.push(quote);
                at += 2;
            }
            [first, ..] if *first == quote => return (value, escaped, at + 1),
            [first, ..] => {
                value.push(*first);
                at += 1;
            }
            [] => break,
        }
    }
    (value, escaped, text.len())
}

/// The length of `$tag$ … $tag$`, if the text begins with one.
fn heredoc(text: &[u8]) -> Option<usize> {
    let end = text[1..].iter().position(|c| *c == b'$')? + 2;
    let (tag, rest) = text.split_at(end);
    let name = &tag[1..end - 1];
    if !name.iter().all(|c| c.is_ascii_alphanumeric() || *c == b'_') {
        return None;
    }
    rest.windows(end).position(|window| window == tag).map(|at| end + at + end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let names = Lexer::new(text.as_bytes()).filter_map(|placed| match placed.token {
            Token::Word(word) => Some(word.to_owned()),
            Token::Quoted(name) => Some(format!("`{name}`")),
            Token::Escaped => Some("<escaped>".to_owned()),
            Token::Text | Token::Symbol(_) => None,
        });
        names.collect()
    }

    #[test]
    fn strings_comments_and_heredocs_hide_their_words() {
        assert_eq!(words("a 'b' -- c\n /* d /* e */ f */ # g\n $$h$$ $x$ i $x$ j"), ["a", "j"]);
        assert_eq!(words(r"'it''s' 'a\'b' k"), ["k"]);
    }

    #[test]
    fn an_unclosed_string_or_comment_takes_the_rest() {
        assert_eq!(words("a 'b c"), ["a"]);
        assert_eq!(words("a /* b c"), ["a"]);
        assert_eq!(words(r"a 'b\"), ["a"]);
    }

    #[test]
    fn quoted_names_keep_their_value_and_escapes_are_owned_up_to() {
        assert_eq!(words(r#"`file` "File" `a``b` `\x66ile`"#), ["`file`", "`File`", "`a`b`", "<escaped>"]);
    }

    #[test]
    fn brackets_are_counted_and_never_below_zero() {
        let depths: Vec<usize> = Lexer::new(b"a (b [c]) ) d").map(|placed| placed.depth).collect();
        assert_eq!(depths, [0, 0, 1, 1, 2, 2, 1, 0, 0]);
    }

    #[test]
    fn a_dollar_that_opens_no_heredoc_is_a_symbol() {
        assert_eq!(words("$1 a"), ["1", "a"]);
        assert_eq!(words("$a b"), ["a", "b"]);
    }
}
