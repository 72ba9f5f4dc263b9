//! Each rule on text, broken once and kept once.

use super::super::complaint::Weight;
use super::*;

/// The complaints about a file as `line: message up to the semicolon`; the header is supplied.
fn about(path: &str, body: &str) -> Vec<String> {
    let file = SourceFile { path: path.to_owned(), text: format!("//! A file.\n{body}\n") };
    let short = |c: Complaint| {
        format!("{}: {}", c.line.unwrap_or(0), c.message.split(';').next().unwrap_or_default())
    };
    check(&file).into_iter().map(short).collect()
}

fn nothing() -> [String; 0] {
    []
}

#[test]
fn a_file_says_what_it_is_for() {
    let file = |path: &str, text: &str| SourceFile { path: path.to_owned(), text: text.to_owned() };
    assert_eq!(check(&file("sink/src/row.rs", "use std::fmt;\n")).len(), 1);
    assert_eq!(check(&file("sink/build.rs", "fn main() {}\n")), []);
    assert_eq!(check(&file("sink/src/gen.rs", "// @generated\nuse std::fmt;\n")), []);
}

#[test]
fn tabs_and_trailing_blanks_are_errors() {
    assert_eq!(about("a.rs", "\tlet x = 1;"), ["2: a tab"]);
    assert_eq!(about("a.rs", "let x = 1; "), ["2: blanks at the line's end"]);
    assert_eq!(about("a.rs", "let x = 1;\r"), ["2: blanks at the line's end"]);
    assert_eq!(about("a.md", "two blanks  "), nothing());
}

#[test]
fn leftovers_are_errors_in_code_only() {
    assert_eq!(about("a.rs", "dbg!(x);"), ["2: `dbg!` was left behind"]);
    assert_eq!(about("a.rs", "std::todo!()"), ["2: `todo!` was left behind"]);
    assert_eq!(about("a.rs", "unimplemented!()"), ["2: `unimplemented!` was left behind"]);
    assert_eq!(about("a.rs", "// no dbg!\nlet x = \"todo!\"; my_dbg!();"), nothing());
}

#[test]
fn an_ignored_test_names_its_issue() {
    assert_eq!(about("a.rs", "#[ignore]"), ["2: an ignored test without an issue"]);
    assert_eq!(about("a.rs", "#[ignore = \"slow\"]"), ["2: an ignored test without an issue"]);
    assert_eq!(about("a.rs", "#[ignore = \"issue #4: slow\"]"), nothing());
}

#[test]
fn a_promise_names_its_issue() {
    assert_eq!(about("a.rs", concat!("// TO", "DO later")), ["2: a promise without an issue"]);
    assert_eq!(about("a.rs", concat!("// FIX", "ME (#12) later")), nothing());
    assert_eq!(about("a.rs", concat!("let x = \"TO", "DO\";")), nothing());
}

#[test]
fn a_test_does_not_sleep() {
    let body = "thread::sleep(x);\n#[cfg(test)]\nmod tests {\n    fn a() { tokio::time::sleep(x).await; }\n}";
    assert_eq!(about("sink/src/a.rs", body), ["5: a test that sleeps"]);
    assert_eq!(about("sink/tests/a.rs", "std::thread::sleep(x);"), ["2: a test that sleeps"]);
    assert_eq!(about("tests/live/a.rs", "sleep(x);"), ["2: a test that sleeps"]);
    assert_eq!(about("tests/src/poll.rs", "sleep(x);"), nothing());
    assert_eq!(about("sink/tests/a.rs", "fell_asleep(); do_sleep();"), nothing());
}

#[test]
fn a_pure_package_has_no_clock() {
    assert_eq!(about("model/src/a.rs", "Instant::now()"), ["2: `Instant::now` in a pure package"]);
    assert_eq!(about("detectors/src/a.rs", "jiff::Zoned::now()"), ["2: `Zoned::now` in a pure package"]);
    assert_eq!(about("sink/src/a.rs", "SystemTime::now()"), nothing());
}

#[test]
fn length_warns_first_and_fails_later() {
    let weight = |lines: usize| {
        let text = format!("//! x\n{}", "x();\n".repeat(lines - 1));
        check(&SourceFile { path: "a.rs".to_owned(), text }).first().map(|complaint| complaint.weight)
    };
    assert_eq!(weight(400), None);
    assert_eq!(weight(401), Some(Weight::Warning));
    assert_eq!(weight(600), Some(Weight::Warning));
    assert_eq!(weight(601), Some(Weight::Error));
}
