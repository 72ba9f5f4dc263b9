//! Rules on the text of a file: its header, its length, its blanks, and the words that have no place in it.

use super::complaint::Complaint;
use super::mask::{self, Views};
use crate::repository::SourceFile;

const LONG_LINES: usize = 400;
const TOO_LONG_LINES: usize = 600;

/// Text that people write by hand. Markdown is left out: two blanks at a line's end mean something there.
const BY_HAND: &[&str] =
    &[".rs", ".ts", ".tsx", ".css", ".toml", ".sh", ".py", ".sql", ".yaml", ".yml", ".xml", ".ci/run"];

pub(crate) fn check(file: &SourceFile) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    if BY_HAND.iter().any(|ending| file.path.ends_with(ending)) {
        complaints.extend(blanks(file));
    }
    if file.path.ends_with(".rs") && !is_generated(file) {
        let views = mask::views(&file.text);
        complaints.extend(header(file));
        complaints.extend(length(file));
        complaints.extend(leftovers(file, &views));
        complaints.extend(ignored_tests(file, &views));
        complaints.extend(promises(file, &views));
        complaints.extend(sleeping_tests(file, &views));
        complaints.extend(clocks(file, &views));
    }
    complaints
}

fn is_generated(file: &SourceFile) -> bool {
    file.text.lines().take(3).any(|line| line.contains("@generated"))
}

fn blanks(file: &SourceFile) -> Vec<Complaint> {
    let complaint = |(index, line): (usize, &str)| {
        let message = if line.contains('\t') {
            "a tab; indent with blanks"
        } else if line.ends_with([' ', '\r']) {
            "blanks at the line's end; remove them"
        } else {
            return None;
        };
        Some(Complaint::error(&file.path, Some(index + 1), message))
    };
    // `lines` would swallow the carriage return.
    file.text.split('\n').enumerate().filter_map(complaint).collect()
}

fn header(file: &SourceFile) -> Option<Complaint> {
    let exempt = file.path.ends_with("build.rs") || file.text.starts_with("//!");
    let message = "no header; the first line is `//! ` and says what the file is for";
    (!exempt).then(|| Complaint::error(&file.path, Some(1), message))
}

fn length(file: &SourceFile) -> Option<Complaint> {
    let lines = file.text.lines().count();
    let message =
        format!("{lines} lines; over {LONG_LINES} look for the second story, over {TOO_LONG_LINES} split it");
    if lines > TOO_LONG_LINES {
        Some(Complaint::error(&file.path, None, message))
    } else {
        (lines > LONG_LINES).then(|| Complaint::warning(&file.path, None, message))
    }
}

fn leftovers(file: &SourceFile, views: &Views) -> Vec<Complaint> {
    let banned = [("dbg!", "use tracing"), ("todo!", "finish it"), ("unimplemented!", "return an error")];
    let found = |(word, instead): (&str, &str)| {
        let lines = lines_with_word(&views.code, word);
        let complaint =
            |line| Complaint::error(&file.path, Some(line), format!("`{word}` was left behind; {instead}"));
        lines.into_iter().map(complaint).collect::<Vec<_>>()
    };
    banned.into_iter().flat_map(found).collect()
}

fn ignored_tests(file: &SourceFile, views: &Views) -> Vec<Complaint> {
    // The reason is a string, which the code alone does not show.
    let without_issue = |line: &usize| !file.text.lines().nth(line - 1).is_some_and(names_an_issue);
    let message = "an ignored test without an issue; write #[ignore = \"issue #12: …\"]";
    let lines = lines_with_word(&views.code, "#[ignore").into_iter().filter(without_issue);
    lines.map(|line| Complaint::error(&file.path, Some(line), message)).collect()
}

fn promises(file: &SourceFile, views: &Views) -> Vec<Complaint> {
    let promise =
        |line: &str| ["TODO", "FIXME"].iter().any(|word| has_word(line, word)) && !names_an_issue(line);
    let lines = views.comments.lines().enumerate().filter(|(_, line)| promise(line));
    let message = "a promise without an issue; open one and write its number, #12, beside it";
    lines.map(|(index, _)| Complaint::error(&file.path, Some(index + 1), message)).collect()
}

/// A test that sleeps is slow on a good day and wrong on a bad one. The harness in tests/src may poll, within bounds.
fn sleeping_tests(file: &SourceFile, views: &Views) -> Vec<Complaint> {
    let from = first_test_line(file, views);
    let lines = lines_with_word(&views.code, "sleep(").into_iter().filter(|line| *line >= from);
    let message =
        "a test that sleeps; wait for what it needs, with the harness in tests/src, or pass the time in";
    lines.map(|line| Complaint::error(&file.path, Some(line), message)).collect()
}

/// The first line that only tests compile. Tests stand last in a file, so all that follows is theirs.
fn first_test_line(file: &SourceFile, views: &Views) -> usize {
    let is_harness = file.path.starts_with("tests/src/");
    let in_test_folder = file.path.starts_with("tests/") || file.path.contains("/tests/");
    if !is_harness && (in_test_folder || file.path.ends_with("/tests.rs")) {
        return 1;
    }
    let lines: Vec<&str> = views.code.lines().collect();
    let is_module = |index: usize| lines.get(index + 1).is_some_and(|line| line.contains("mod "));
    let marks = lines.iter().enumerate().filter(|(_, line)| line.trim() == "#[cfg(test)]");
    marks.map(|(index, _)| index).find(|index| is_module(*index)).map_or(usize::MAX, |index| index + 1)
}

/// clippy.toml bans the same calls, but only where clippy can see through to them.
fn clocks(file: &SourceFile, views: &Views) -> Vec<Complaint> {
    if !["model/", "detectors/", "workflow/"].iter().any(|pure| file.path.starts_with(pure)) {
        return Vec::new();
    }
    let calls = ["SystemTime::now", "Instant::now", "Timestamp::now", "Zoned::now"];
    let message = |call| format!("`{call}` in a pure package; time comes in as an argument");
    let complaint = |call| {
        let lines = lines_with_word(&views.code, call).into_iter();
        lines.map(move |line| Complaint::error(&file.path, Some(line), message(call))).collect::<Vec<_>>()
    };
    calls.into_iter().flat_map(complaint).collect()
}

fn lines_with_word(code: &str, word: &str) -> Vec<usize> {
    code.lines().enumerate().filter(|(_, line)| has_word(line, word)).map(|(index, _)| index + 1).collect()
}

/// Whether the line has the word, and not as the tail of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| !line[..at].ends_with(is_word))
}

/// Whether the line has a number sign with a number behind it.
fn names_an_issue(line: &str) -> bool {
    line.match_indices('#').any(|(at, _)| line[at + 1..].starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests;
