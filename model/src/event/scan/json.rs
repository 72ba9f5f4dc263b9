//! JSON as it stands in a text, from left to right. Every answer is `None` at the first thing that is not plainly right.

use std::borrow::Cow;

use super::super::{MAX_DEPTH, Text};

#[derive(Clone, Copy)]
pub(super) struct Json<'a> {
    text: &'a str,
    at: usize,
    /// Arrays and objects that are open.
    depth: usize,
}

impl<'a> Json<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    /// Goes on at a [`Self::place`] of a record's member.
    pub(super) fn from(text: &'a str, at: usize) -> Self {
        Self { text, at, depth: 1 }
    }

    pub(super) fn place(&self) -> usize {
        self.at
    }

    /// Nothing follows.
    pub(super) fn end(&mut self) -> Option<()> {
        self.space();
        (self.at == self.text.len()).then_some(())
    }

    /// An object; `member` reads the value of each.
    pub(super) fn object(&mut self, mut member: impl FnMut(&mut Self, &'a str) -> Option<()>) -> Option<()> {
        self.members(|json| {
            let name = json.plain_name()?;
            json.token(b':')?;
            member(json, name)
        })
    }

    /// An object whose members' names are data.
    pub(super) fn entries(&mut self, mut entry: impl FnMut(&mut Self, Text<'a>) -> Option<()>) -> Option<()> {
        self.members(|json| {
            let name = json.text()?;
            json.token(b':')?;
            entry(json, name)
        })
    }

    fn members(&mut self, one: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.several(b'{', b'}', one)
    }

    /// An array.
    pub(super) fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut list = Vec::new();
        self.several(b'[', b']', |json| {
            list.push(one(json)?);
            Some(())
        })?;
        Some(list)
    }

    fn several(&mut self, open: u8, close: u8, mut one: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.token(open)?;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        if self.next_token()? == close {
            self.at += 1;
        } else {
            loop {
                one(self)?;
                let next = self.next_token()?;
                self.at += 1;
                match next {
                    b',' => {}
                    next if next == close => break,
                    _ => return None,
                }
            }
        }
        self.depth -= 1;
        Some(())
    }

    /// `null`, which is absence, or what `read` reads.
    pub(super) fn maybe<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if self.next_token()? == b'n' { self.word("null").map(|()| None) } else { read(self).map(Some) }
    }

    /// A whole number of at most 18 digits.
    pub(super) fn whole(&mut self) -> Option<i64> {
        self.next_token()?;
        let digits = self.digits()?;
        let plain = digits.len() <= 18 && (digits.len() == 1 || !digits.starts_with('0'));
        let ends = !matches!(self.peek(), Some(b'.' | b'e' | b'E'));
        if plain && ends { digits.parse().ok() } else { None }
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self) -> Option<bool> {
        match self.next_token()? {
            b't' => self.word("true").map(|()| true),
            b'f' => self.word("false").map(|()| false),
            _ => None,
        }
    }

    /// A string's content.
    pub(super) fn text(&mut self) -> Option<Text<'a>> {
        self.token(b'"')?;
        let start = self.at;
        let mut escapes = false;
        loop {
            self.at += plain_length(&self.bytes()[self.at..]);
            match self.peek()? {
                b'"' => break,
                // The escape may be a quote, so two bytes are passed; serde looks at them more closely.
                b'\\' => {
                    escapes = true;
                    self.at = self.text.len().min(self.at + 2);
                }
                _ => return None,
            }
        }
        let content = &self.text[start..self.at];
        self.at += 1;
        if escapes {
            return serde_json::from_str(&self.text[start - 1..self.at]).ok().map(Cow::Owned);
        }
        Some(Cow::Borrowed(content))
    }

    /// A member's name as nearly all are written.
    fn plain_name(&mut self) -> Option<&'a str> {
        self.token(b'"')?;
        let start = self.at;
        self.at += plain_length(&self.bytes()[start..]);
        let name = &self.text[start..self.at];
        let plain = self.peek() == Some(b'"');
        self.at += 1;
        plain.then_some(name)
    }

    /// Passes over one value.
    pub(super) fn skip(&mut self) -> Option<()> {
        match self.next_token()? {
            b'"' => self.text().map(drop),
            b'{' => self.entries(|json, _| json.skip()),
            b'[' => self.several(b'[', b']', Self::skip),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            _ => self.number(),
        }
    }

    fn number(&mut self) -> Option<()> {
        self.at += usize::from(self.peek() == Some(b'-'));
        let whole = self.digits()?;
        if whole.len() > 1 && whole.starts_with('0') {
            return None;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
        }
        Some(())
    }

    /// One digit or more.
    fn digits(&mut self) -> Option<&'a str> {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then(|| &self.text[start..self.at])
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let fits = self.bytes()[self.at..].starts_with(word.as_bytes());
        self.at += word.len();
        fits.then_some(())
    }

    fn token(&mut self, token: u8) -> Option<()> {
        let fits = self.next_token()? == token;
        self.at += 1;
        fits.then_some(())
    }

    /// The byte at which the next token begins.
    fn next_token(&mut self) -> Option<u8> {
        self.space();
        self.peek()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes().get(self.at).copied()
    }

    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }
}

/// How many bytes come before the first quote, backslash or control character.
fn plain_length(bytes: &[u8]) -> usize {
    let mut length = 0;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        let marks = marks(u64::from_le_bytes(*word));
        if marks != 0 {
            return length + marks.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    length + rest.iter().position(|b| matches!(b, b'"' | b'\\' | 0..0x20)).unwrap_or(rest.len())
}

/// The high bit of each byte that is a quote, a backslash or a control character; those above the lowest may be wrong.
fn marks(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    // A byte below n borrows from its high bit, unless that is set already.
    let below = |word: u64, n: u64| word.wrapping_sub(ONES * n);
    let equal = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    (below(word, 0x20) | equal(b'"') | equal(b'\\')) & !word & HIGHS
}
