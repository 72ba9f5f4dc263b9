//! Reads the files of a catalogue directory. Nothing but files that a catalogue may hold is opened.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use super::cursor::{Sink, both};
use super::tree::Place;
use crate::catalogue::{Problem, ProblemCode};

/// The directories of a catalogue, relative to it.
const DIRECTORIES: [&str; 3] = ["", "items/", "calendar/"];
/// Other files (a README, a mapping) may lie beside them.
const EXTENSIONS: [&str; 3] = ["yaml", "yml", "csv"];

/// Texts by relative path, and what could not be read.
pub(super) fn read(dir: &Path) -> (BTreeMap<String, String>, Vec<Problem>) {
    let mut files = BTreeMap::new();
    let mut problems = Vec::new();
    for directory in DIRECTORIES {
        if let Err(error) = read_directory(dir, directory, &mut files, &mut problems) {
            let absent = error.kind() == io::ErrorKind::NotFound;
            if !directory.is_empty() && absent {
                continue;
            }
            let name = if directory.is_empty() { dir.display().to_string() } else { directory.to_owned() };
            problems.extend(unreadable(&name, &error));
            if directory.is_empty() {
                break;
            }
        }
    }
    (files, problems)
}

fn read_directory(
    root: &Path,
    directory: &str,
    files: &mut BTreeMap<String, String>,
    problems: &mut Vec<Problem>,
) -> io::Result<()> {
    for entry in fs::read_dir(root.join(directory))? {
        let path = entry?.path();
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
        if !EXTENSIONS.contains(&extension) || path.is_dir() {
            continue;
        }
        let file_name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let name = format!("{directory}{file_name}");
        match fs::read(&path) {
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => drop(files.insert(name, text)),
                Err(error) => {
                    let valid = error.utf8_error().valid_up_to();
                    problems.extend(not_utf8(&name, error.as_bytes(), valid));
                }
            },
            Err(error) => problems.extend(unreadable(&name, &error)),
        }
    }
    Ok(())
}

fn unreadable(name: &str, error: &io::Error) -> Vec<Problem> {
    let sink = Sink::new(name);
    sink.note(None, "", ProblemCode::Unreadable, both!("无法读取：{error}", "cannot be read: {error}"));
    sink.into_problems()
}

fn not_utf8(name: &str, bytes: &[u8], valid: usize) -> Vec<Problem> {
    let before = &bytes[..valid];
    let line = before.iter().filter(|b| **b == b'\n').count() + 1;
    let column = valid - before.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1) + 1;
    let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let place = Place { line: narrow(line), column: narrow(column) };
    let sink = Sink::new(name);
    let message = both!(
        "不是 UTF-8 编码（可能是 GBK）：请另存为 UTF-8",
        "is not UTF-8 (GBK perhaps): save the file as UTF-8"
    );
    sink.note(Some(place), "", ProblemCode::NotUtf8, message);
    sink.into_problems()
}
