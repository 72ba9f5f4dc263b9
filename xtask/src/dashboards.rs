//! Grafana's dashboards as code: `cargo xtask dashboards` writes them, the gate holds the written ones to what is
//! written here. Each is told once; `[[中文|English]]` in any text becomes two sets, one a language.
//!
//! What must stay true: the builders know only what the ClickHouse plugin and Grafana document; a query reads views
//! alone (docs/schema.md); what is written depends on nothing but this code.

mod analysts;
mod board;
mod bureau;
mod language;
mod operators;
mod panel;
mod sketch;
mod sql;
mod words;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::repository;
use board::Board;
use language::Language;

const DASHBOARDS: &str = "deploy/grafana/dashboards";
const SKETCHES: &str = "docs/grafana";
/// Where the API of a site on this machine listens; `--console` says otherwise.
const CONSOLE: &str = "http://127.0.0.1:8080";

/// A file that the builders give, its path from the repository's root.
struct Written {
    path: PathBuf,
    text: String,
}

/// Writes all files into the repository.
pub(crate) fn write() -> Result<bool> {
    put(&repository::root()?, &files(CONSOLE))
}

/// Writes the dashboards alone into a directory, with drill-down links to a console elsewhere.
pub(crate) fn write_for(console: &str, out: &str) -> Result<bool> {
    let of_language = |language| dashboards(language, console, Path::new(language.tag()));
    put(Path::new(out), &Language::ALL.into_iter().flat_map(of_language).collect::<Vec<_>>())
}

/// Whether what is checked in is what the builders give; says what is not.
pub(crate) fn check() -> Result<bool> {
    let root = repository::root()?;
    let expected = files(CONSOLE);
    let differs =
        |file: &&Written| std::fs::read_to_string(root.join(&file.path)).ok().as_ref() != Some(&file.text);
    let mut wrong: Vec<String> = expected
        .iter()
        .filter(differs)
        .map(|f| format!("{} is not what the builder gives", f.path.display()))
        .collect();
    let ours = |path: &str| [DASHBOARDS, SKETCHES].iter().any(|folder| Path::new(path).starts_with(folder));
    let strays = repository::files(&root)?.into_iter().filter(|f| ours(&f.path));
    let strays = strays.filter(|f| expected.iter().all(|e| e.path != Path::new(&f.path)));
    wrong.extend(strays.map(|f| format!("{} comes from no builder: remove it", f.path)));
    for complaint in &wrong {
        println!("error: {complaint}");
    }
    if !wrong.is_empty() {
        println!("dashboards: run `cargo xtask dashboards`");
    }
    Ok(wrong.is_empty())
}

fn boards() -> Vec<Board> {
    let mut boards = bureau::boards();
    boards.push(analysts::explore());
    boards.extend(operators::boards());
    boards
}

fn files(console: &str) -> Vec<Written> {
    let of_language = |language| dashboards(language, console, &Path::new(DASHBOARDS).join(language.tag()));
    let mut files: Vec<Written> = Language::ALL.into_iter().flat_map(of_language).collect();
    files.extend(boards().iter().map(|board| Written {
        path: Path::new(SKETCHES).join(format!("{}.svg", board.name)),
        text: Language::En.pick(&sketch::svg(board)),
    }));
    files
}

fn dashboards(language: Language, console: &str, folder: &Path) -> Vec<Written> {
    let written = |board: &Board| {
        let json = language.apply(board.json(language, console));
        let text = format!("{json:#}\n");
        Written { path: folder.join(format!("{}.json", board.name)), text }
    };
    boards().iter().map(written).collect()
}

fn put(root: &Path, files: &[Written]) -> Result<bool> {
    for file in files {
        let path = root.join(&file.path);
        let folder = path.parent().context("a file has a folder")?;
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        std::fs::write(&path, &file.text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    println!("dashboards: {} files written", files.len());
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_text_is_in_one_language() {
        for language in Language::ALL {
            for file in dashboards(language, CONSOLE, Path::new("")) {
                assert!(!file.text.contains("[["), "{}: a text was not chosen", file.path.display());
            }
        }
    }

    #[test]
    fn names_and_panels_are_told_apart() {
        let boards = boards();
        let names: HashSet<_> = boards.iter().map(|board| board.name).collect();
        assert_eq!(names.len(), boards.len());
        for board in &boards {
            let titles: HashSet<_> = board.panels().map(|panel| panel.title.clone()).collect();
            assert_eq!(titles.len(), board.panels().count(), "{}", board.name);
        }
    }

    #[test]
    fn macros_are_documented_ones() {
        let known = [
            "timeFilter",
            "timeInterval",
            "conditionalAll",
            "rate_interval",
            "value",
            "field",
            "url_time_range",
            "all",
        ];
        for file in files(CONSOLE).iter().filter(|file| file.path.extension().is_some_and(|e| e == "json")) {
            for (at, _) in file.text.match_indices("$__").chain(file.text.match_indices("${__")) {
                let rest = file.text[at..].trim_start_matches(['$', '{', '_']);
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                let name = &rest[..end];
                assert!(known.contains(&name), "{}: {name}", file.path.display());
            }
        }
    }
}
