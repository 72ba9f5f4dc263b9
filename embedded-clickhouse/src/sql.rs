//! What kind of statement a text is, and which of its words the gateway itself must refuse.
//!
//! This is not a parser: the engine parses. Only three things are read off the tokens: where an insert's text ends and
//! its data begins, which output format is asked for, and the words no grant of the engine covers.

mod lexer;

use lexer::{Lexer, Placed, Token};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) kind: Kind,
    pub(crate) hazards: Hazards,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Empty,
    /// Answers with rows, if the engine agrees; `format` is that of its FORMAT clause.
    Select {
        format: Option<String>,
    },
    /// Everything else that runs from its text alone.
    Command {
        format: Option<String>,
    },
    /// An insert whose rows follow as data: statement text up to `head_end`, data from `data_start`.
    Insert {
        format: Option<String>,
        head_end: usize,
        data_start: usize,
    },
}

/// Words that matter to the policy, found outside strings and comments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Hazards {
    /// `INTO OUTFILE`: would write a file here, not at the client.
    pub(crate) writes_file: bool,
    /// `FROM INFILE`: would read a file here, not at the client.
    pub(crate) reads_infile: bool,
    /// `SYSTEM SHUTDOWN` or `SYSTEM KILL`.
    pub(crate) stops_engine: bool,
    /// A name by which files can be read past the grants: see [`is_file_reader`].
    pub(crate) reaches_files: bool,
    /// `input(…)`: an INSERT SELECT over the request's data, which the engine's insert stream cannot do.
    pub(crate) uses_input: bool,
}

const SELECT_LIKE: [&str; 11] =
    ["SELECT", "WITH", "SHOW", "DESCRIBE", "DESC", "EXISTS", "EXPLAIN", "CHECK", "FROM", "VALUES", "WATCH"];

/// Table functions that evaluate SQL given as text, such as a column list with an expression, and need no grant.
const EVALUATING_FUNCTIONS: [&str; 5] = ["eval", "values", "generaterandom", "null", "fuzzjson"];

/// Reads a whole text.
pub(crate) fn parse(text: &[u8]) -> Statement {
    let mut tokens = Lexer::new(text).peekable();
    while tokens.next_if(|token| token.is_symbol(b'(')).is_some() {}
    let Some(first) = tokens.peek().cloned() else {
        return Statement { kind: Kind::Empty, hazards: Hazards::default() };
    };
    if first.is_word("INSERT") {
        return parse_insert(text);
    }
    let tokens: Vec<Placed> = Lexer::new(text).collect();
    let format = output_format(&tokens);
    let is_select = SELECT_LIKE.iter().any(|word| first.is_word(word));
    let kind = if is_select { Kind::Select { format } } else { Kind::Command { format } };
    Statement { kind, hazards: hazards(&tokens) }
}

/// Whether the text, perhaps only the beginning of one, is an insert.
pub(crate) fn begins_insert(text: &[u8]) -> bool {
    Lexer::new(text).next().is_some_and(|first| first.is_word("INSERT"))
}

/// Whether more text could still change how an insert is cut into statement and data.
pub(crate) fn insert_head_is_complete(text: &[u8]) -> bool {
    match parse(text).kind {
        Kind::Insert { data_start, .. } => data_start < text.len(),
        Kind::Empty | Kind::Select { .. } | Kind::Command { .. } => false,
    }
}

/// Stops at the word after which data begins, so data is never lexed.
fn parse_insert(text: &[u8]) -> Statement {
    let mut seen: Vec<Placed> = Vec::new();
    let mut lexer = Lexer::new(text);
    while let Some(token) = lexer.next() {
        let at_clause = token.depth == 0 && seen.len() > 1;
        if at_clause && token.is_word("VALUES") {
            return insert(&seen, Some("Values"), token.start, token.end);
        }
        if at_clause && token.is_word("FORMAT") {
            return match lexer.next() {
                Some(Placed { token: Token::Word(format), end, .. }) => {
                    insert(&seen, Some(format), token.start, after_format(text, end))
                }
                _ => insert(&seen, None, token.start, text.len()),
            };
        }
        if at_clause && (token.is_word("SELECT") || token.is_word("WITH") || token.is_word("WATCH")) {
            let tokens: Vec<Placed> = Lexer::new(text).collect();
            return Statement { kind: Kind::Command { format: None }, hazards: hazards(&tokens) };
        }
        seen.push(token);
    }
    let end = seen.last().map_or(0, |last| if last.is_symbol(b';') { last.start } else { last.end });
    insert(&seen, None, end, text.len())
}

fn insert(head: &[Placed], format: Option<&str>, head_end: usize, data_start: usize) -> Statement {
    let kind = Kind::Insert { format: format.map(str::to_owned), head_end, data_start };
    Statement { kind, hazards: hazards(head) }
}

/// Data begins after the format's name, blanks and at most one line end. When the text stops before that is decided,
/// its whole length is returned.
fn after_format(text: &[u8], end: usize) -> usize {
    let blanks = text[end..].iter().take_while(|c| matches!(c, b' ' | b'\t' | 0x0c)).count();
    let at = end + blanks;
    match &text[at..] {
        [b'\r'] => text.len(),
        [b'\r', b'\n', ..] => at + 2,
        [b'\n', ..] => at + 1,
        _ => at,
    }
}

/// The name after FORMAT, when it stands as a clause: outside brackets and followed by nothing or another clause.
fn output_format(tokens: &[Placed]) -> Option<String> {
    let mut found = None;
    for (at, token) in tokens.iter().enumerate() {
        let Some(Placed { token: Token::Word(name), .. }) = tokens.get(at + 1) else { continue };
        let ends_clause = tokens.get(at + 2).is_none_or(|next| {
            next.is_symbol(b';') || next.is_word("SETTINGS") || next.is_word("INTO") || next.is_symbol(b')')
        });
        if token.depth == 0 && token.is_word("FORMAT") && ends_clause {
            found = Some((*name).to_owned());
        }
    }
    found
}

fn hazards(tokens: &[Placed]) -> Hazards {
    let mut found = Hazards::default();
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1);
        let followed_by = |word: &str| next.is_some_and(|next| next.is_word(word));
        let is_call = next.is_some_and(|next| next.is_symbol(b'('));
        found.writes_file |= token.is_word("INTO") && followed_by("OUTFILE");
        found.reads_infile |= token.is_word("FROM") && followed_by("INFILE");
        found.stops_engine |= token.is_word("SYSTEM") && (followed_by("SHUTDOWN") || followed_by("KILL"));
        found.uses_input |= token.is_word("input") && is_call;
        found.reaches_files |= is_file_reader(&token.token, is_call);
    }
    found
}

/// The scalar function `file` reads any file and no grant covers it. It can be named without a call
/// (`arrayMap(file, …)`, `APPLY file`), behind escapes (`` `\x66ile` ``), or inside text that a table function
/// evaluates (`values('x String ALIAS file(…)', …)`).
fn is_file_reader(token: &Token, is_call: bool) -> bool {
    let name = match token {
        Token::Word(name) => *name,
        Token::Quoted(name) => name.as_str(),
        Token::Escaped => return true,
        Token::Text | Token::Symbol(_) => return false,
    };
    is_file_name(name) || is_call && EVALUATING_FUNCTIONS.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Also for the value of a parameter: `{f:Identifier}` puts it where a name stands.
pub(crate) fn is_file_name(name: &str) -> bool {
    name.trim_matches(|c: char| c.is_whitespace() || c == '`' || c == '"').eq_ignore_ascii_case("file")
}

/// A name in backquotes.
pub(crate) fn quote_name(name: &str) -> String {
    format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`"))
}

/// A string in quotes.
pub(crate) fn quote_text(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format_of(text: &str) -> Option<String> {
        match parse(text.as_bytes()).kind {
            Kind::Select { format } | Kind::Command { format } | Kind::Insert { format, .. } => format,
            Kind::Empty => None,
        }
    }

    /// Statement text, format and data of an insert.
    fn cut(text: &str) -> (&str, Option<String>, &str) {
        match parse(text.as_bytes()).kind {
            Kind::Insert { format, head_end, data_start } => (&text[..head_end], format, &text[data_start..]),
            other => panic!("not an insert with data: {other:?}"),
        }
    }

    fn reaches_files(text: &str) -> bool {
        parse(text.as_bytes()).hazards.reaches_files
    }

    #[test]
    fn the_format_clause_is_told_from_its_lookalikes() {
        assert_eq!(
            format_of("select 'format x', format('{}', 1) /* format y */ from t format JSON"),
            some("JSON")
        );
        assert_eq!(format_of("select 1 FORMAT Native SETTINGS a = 1"), some("Native"));
        assert_eq!(format_of("select format from t"), None);
        assert_eq!(format_of("select * from (select 1 format) format CSV;"), some("CSV"));
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn an_insert_is_cut_before_format_and_after_one_line_end() {
        let text = "INSERT INTO t(`a`, b) SETTINGS x = 'format' FORMAT RowBinary\n\n\x01";
        assert_eq!(cut(text), ("INSERT INTO t(`a`, b) SETTINGS x = 'format' ", some("RowBinary"), "\n\x01"));
        assert_eq!(cut("insert into t format CSV 1,2"), ("insert into t ", some("CSV"), "1,2"));
        assert_eq!(cut("insert into t format CSV\r\n1").2, "1");
    }

    #[test]
    fn values_are_data_too() {
        assert_eq!(
            cut("INSERT INTO t (a) VALUES (1), ('\n\n')"),
            ("INSERT INTO t (a) ", some("Values"), " (1), ('\n\n')")
        );
    }

    #[test]
    fn an_insert_without_a_clause_leaves_the_format_to_the_request() {
        assert_eq!(cut("INSERT INTO t (a, b);"), ("INSERT INTO t (a, b)", None, ""));
    }

    #[test]
    fn insert_select_is_a_command() {
        let statement = parse(b"INSERT INTO t SELECT * FROM input('a Int8') FORMAT CSV 1");
        assert!(matches!(statement.kind, Kind::Command { .. }) && statement.hazards.uses_input);
    }

    #[test]
    fn a_head_is_complete_once_data_has_begun() {
        assert!(!insert_head_is_complete(b"INSERT INTO t FORMAT Row"));
        assert!(!insert_head_is_complete(b"INSERT INTO t FORMAT RowBinary \r"));
        assert!(!insert_head_is_complete(b"INSERT INTO t FORMAT RowBinary\n"));
        assert!(insert_head_is_complete(b"INSERT INTO t FORMAT RowBinary\n\x00"));
        assert!(!insert_head_is_complete(b"INSERT INTO t SELECT 1"));
    }

    #[test]
    fn leading_comments_and_brackets_do_not_hide_the_kind() {
        assert!(matches!(parse(b"/* x */ ((select 1))").kind, Kind::Select { .. }));
        assert!(begins_insert(b"-- x\n insert into t values"));
        assert_eq!(parse(b" -- nothing\n").kind, Kind::Empty);
    }

    #[test]
    fn every_known_way_to_name_the_file_function_is_seen() {
        for text in [
            "select file /* */ ('/etc/passwd')",
            "select `file`('x')",
            r"select `\x66ile`('x')",
            "select arrayMap(file, ['x'])",
            "select * apply file from t",
            "select b from generateRandom('b String ALIAS fi' || 'le(1)')",
            "select b from `values`('b String ALIAS file(1)', 1)",
        ] {
            assert!(reaches_files(text), "{text}");
        }
        for text in ["select 'file('", "select profile, filed from files", "select null, value from t"] {
            assert!(!reaches_files(text), "{text}");
        }
        assert!(is_file_name(" `file`") && !is_file_name("files"));
    }

    #[test]
    fn files_and_engine_stops_are_seen_through_comments_and_case() {
        let hazards = |text: &str| parse(text.as_bytes()).hazards;
        assert!(hazards("select 1 into /**/ OutFile 'x'").writes_file);
        assert!(hazards("insert into t from infile 'x' format CSV").reads_infile);
        assert!(hazards("system -- \n shutdown").stops_engine);
        assert!(hazards("SYSTEM KILL").stops_engine);
        assert_eq!(hazards("select 'into outfile', 'system shutdown'"), Hazards::default());
    }

    #[test]
    fn quoting_cannot_be_left() {
        assert_eq!(quote_name("a`b\\"), "`a\\`b\\\\`");
        assert_eq!(quote_text("a'b\\"), "'a\\'b\\\\'");
    }
}
