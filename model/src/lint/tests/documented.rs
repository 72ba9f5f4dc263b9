//! Runs the examples of docs/lint.md as they stand there, and holds that page to the codes there are.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::catalogue::{Catalogue, ProblemCode};
use crate::time::Day;

const MARK: &str = "# <- ";

/// A fenced block that names a file.
struct Block {
    file: String,
    /// `gone`, `link`, `gbk`, `line=2`, or empty.
    how: String,
    text: String,
}

/// What stands under one `## ` heading: blocks before `Passes`, and after it.
#[derive(Default)]
struct Section {
    fails: Vec<Block>,
    passes: Vec<Block>,
}

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/lint.md");
    fs::read_to_string(path).expect("docs/lint.md")
}

fn sections(page: &str) -> BTreeMap<String, Section> {
    let mut sections: BTreeMap<String, Section> = BTreeMap::new();
    let (mut name, mut passing, mut lines) = (String::new(), false, page.lines());
    while let Some(line) = lines.next() {
        if let Some(heading) = line.strip_prefix("## ") {
            name = heading.trim_matches('`').to_owned();
            passing = false;
        } else if line.starts_with("Passes") {
            passing = true;
        } else if let Some((_, info)) = line.strip_prefix("```").and_then(|info| info.split_once(' ')) {
            let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            let (file, how) = info.split_once(' ').unwrap_or((info, ""));
            let text = text.iter().map(|line| format!("{line}\n")).collect();
            let block = Block { file: file.to_owned(), how: how.to_owned(), text };
            let section = sections.entry(name.clone()).or_default();
            if passing { section.passes.push(block) } else { section.fails.push(block) }
        }
    }
    sections
}

/// The text cut before each top-level key.
fn parts(text: &str) -> Vec<(&str, String)> {
    let mut parts: Vec<(&str, String)> = Vec::new();
    for line in text.lines() {
        let key = line.split_once(':').map(|(key, _)| key).filter(|key| !key.starts_with([' ', '#']));
        if let Some(key) = key {
            parts.push((key, String::new()));
        }
        if let Some((_, part)) = parts.last_mut() {
            part.push_str(line);
            part.push('\n');
        }
    }
    parts
}

/// The text with those top-level keys replaced, each in its place, that the patch has; new ones stand at the end.
fn patched(base: &str, patch: &str) -> String {
    let patch = parts(patch);
    let mut text = String::new();
    for (key, part) in parts(base) {
        let new: Vec<&str> = patch.iter().filter(|(k, _)| *k == key).map(|(_, part)| part.as_str()).collect();
        text.push_str(&if new.is_empty() { part } else { new.concat() });
    }
    let known = |key: &str| parts(base).iter().any(|(k, _)| *k == key);
    text.extend(patch.iter().filter(|(key, _)| !known(key)).map(|(_, part)| part.as_str()));
    text
}

/// A catalogue on disk: the base under the blocks.
struct Example {
    dir: PathBuf,
    /// (code, file, line) of what is to be found.
    marks: BTreeSet<(String, String, Option<u32>)>,
}

impl Example {
    fn write(name: &str, base: &[Block], blocks: &[Block]) -> Self {
        let dir = std::env::temp_dir().join(format!("lint-{}-{name}", std::process::id()));
        let mut marks = BTreeSet::new();
        for block in base.iter().filter(|b| !blocks.iter().any(|block| block.file == b.file)) {
            put(&dir, &block.file, block.text.as_bytes());
        }
        for block in blocks {
            let base = base.iter().find(|b| b.file == block.file && b.file.starts_with("items/"));
            let text = base.map_or_else(|| block.text.clone(), |b| patched(&b.text, &block.text));
            marks.extend(marked(block, &text));
            match block.how.as_str() {
                "gone" => {}
                "link" => link(&dir, &block.file, block.text.trim()),
                "gbk" => put(&dir, &block.file, &encoding_rs::GBK.encode(&text).0),
                _ => put(&dir, &block.file, text.as_bytes()),
            }
        }
        Self { dir, marks }
    }

    fn found(&self) -> BTreeSet<(String, String, Option<u32>)> {
        let findings = Catalogue::inspect(&self.dir).findings(Day::from_ymd(2026, 6, 30));
        findings.into_iter().map(|p| (p.code.to_string(), p.file, p.line)).collect()
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.dir).expect("removed");
    }
}

fn put(dir: &Path, file: &str, bytes: &[u8]) {
    let path = dir.join(file);
    fs::create_dir_all(path.parent().expect("parent")).expect("directory");
    fs::write(path, bytes).expect("written");
}

fn link(dir: &Path, file: &str, to: &str) {
    let path = dir.join(file);
    fs::create_dir_all(path.parent().expect("parent")).expect("directory");
    std::os::unix::fs::symlink(to, path).expect("linked");
}

fn marked(block: &Block, text: &str) -> Vec<(String, String, Option<u32>)> {
    let number = |i: usize| u32::try_from(i + 1).expect("line");
    let mark = |(i, line): (usize, &str)| {
        let code = line.split_once(MARK)?.1;
        // A mark may point elsewhere: `# <- code at the top`.
        let (code, line) = code.split_once(" at the top").map_or((code, number(i)), |(code, _)| (code, 1));
        Some((code.to_owned(), block.file.clone(), Some(line)))
    };
    text.lines().enumerate().filter_map(mark).collect()
}

#[test]
fn every_code_has_its_section_and_no_other() {
    let page = page();
    let headings: Vec<&str> =
        page.lines().filter_map(|l| l.strip_prefix("## `")?.strip_suffix('`')).collect();
    let codes: Vec<&str> = ProblemCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(headings, codes, "in the order of the code");
}

#[test]
fn every_documented_example_does_what_it_says() {
    let mut sections = sections(&page());
    let base = sections.remove("How to read the examples").expect("base").fails;
    let mut wrong = Vec::new();
    for (code, section) in &sections {
        let fails = Example::write(&format!("{code}-fails"), &base, &section.fails);
        let mut expected = fails.marks.clone();
        let named = section.fails.iter().find_map(|b| Some((b, b.how.strip_prefix("line=")?.parse().ok()?)));
        expected.extend(named.map(|(b, line): (&Block, u32)| (code.clone(), b.file.clone(), Some(line))));
        let found = fails.found();
        let whole: Vec<&str> = found.iter().map(|(code, ..)| code.as_str()).collect();
        let as_a_whole =
            expected.is_empty() && whole == [code] && found.iter().all(|(_, _, line)| line.is_none());
        if !as_a_whole && found != expected {
            wrong.push(format!("{code} fails otherwise: {found:?}, expected {expected:?}"));
        }
        let passes = Example::write(&format!("{code}-passes"), &base, &section.passes).found();
        if !passes.is_empty() {
            wrong.push(format!("{code} does not pass: {passes:?}"));
        }
        if section.fails.is_empty() || section.passes.is_empty() {
            wrong.push(format!("{code} has no failing or no passing example"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
