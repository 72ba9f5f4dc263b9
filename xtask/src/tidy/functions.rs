//! How long a function is: from its `fn` to the brace that closes it.

use super::complaint::Complaint;
use super::mask;
use crate::repository::SourceFile;

const LONG_LINES: usize = 100;

pub(crate) fn check(file: &SourceFile) -> Vec<Complaint> {
    let code = mask::views(&file.text).code;
    let long = functions(&code).into_iter().filter(|function| function.lines > LONG_LINES);
    let message = |f: &Function| {
        format!(
            "{} has {} lines; over {LONG_LINES} it does more than one thing: take a part out",
            f.name, f.lines
        )
    };
    long.map(|function| Complaint::warning(&file.path, Some(function.start), message(&function))).collect()
}

struct Function<'a> {
    name: &'a str,
    /// Its first line, counted from 1.
    start: usize,
    lines: usize,
}

fn functions(code: &str) -> Vec<Function<'_>> {
    code.match_indices("fn ").filter_map(|(at, _)| function(code, at)).collect()
}

fn function(code: &str, at: usize) -> Option<Function<'_>> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    if code[..at].ends_with(is_word) {
        return None;
    }
    let rest = &code[at + 3..];
    // `fn (` is a type, not a function.
    let name = rest.split(|c| !is_word(c)).next().filter(|name| !name.is_empty())?;
    let length = body_end(rest)?;
    let lines = rest[..length].matches('\n').count() + 1;
    Some(Function { name, start: code[..at].matches('\n').count() + 1, lines })
}

/// Where the body's brace closes. Nothing for a declaration, which ends in a semicolon before any brace opens.
fn body_end(rest: &str) -> Option<usize> {
    let (mut braces, mut brackets) = (0_usize, 0_usize);
    for (at, c) in rest.char_indices() {
        match c {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets = brackets.saturating_sub(1),
            // In brackets a semicolon belongs to an array's type.
            ';' if braces == 0 && brackets == 0 => return None,
            '{' => braces += 1,
            '}' if braces == 1 => return Some(at),
            '}' => braces = braces.saturating_sub(1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(code: &str) -> Vec<(&str, usize, usize)> {
        functions(code).into_iter().map(|f| (f.name, f.start, f.lines)).collect()
    }

    #[test]
    fn a_function_is_measured_to_its_closing_brace() {
        let code = "struct A;\nfn a(x: [u8; 2]) -> u8 {\n    if x { 1 } else { 2 }\n}\nfn b() {}\n";
        assert_eq!(measured(code), [("a", 2, 3), ("b", 5, 1)]);
    }

    #[test]
    fn declarations_and_types_are_no_functions() {
        assert_eq!(measured("trait T { fn a(&self); }\ntype F = fn (u8);\nlet often = 1;"), []);
    }

    #[test]
    fn a_long_function_is_reported_where_it_begins() {
        let text = format!("//! x\nfn long() {{\n{}}}\n", "    step();\n".repeat(100));
        let complaints = check(&SourceFile { path: "a.rs".to_owned(), text });
        assert_eq!(complaints.len(), 1);
        assert_eq!(complaints[0].line, Some(2));
        assert!(complaints[0].message.starts_with("long has 102 lines"));
    }
}
