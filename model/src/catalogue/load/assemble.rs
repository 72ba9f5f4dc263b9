//! Puts the files of a catalogue together: each is read by itself, then what they have to agree on is checked.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::cursor::{At, Sink, both};
use super::item::{self, Context};
use super::settings::{self, Settings};
use super::source::{self, Source};
use super::tree::{self, Node};
use super::{Inspection, officers, orgs};
use crate::calendar::{Calendar, YearCalendar};
use crate::catalogue::{Bilingual, Catalogue, Item, Length, Officers, Orgs, Problem, ProblemCode};
use crate::hash::Hash;

const SETTINGS: &str = "catalogue.yaml";
const ORGS: &str = "orgs.yaml";
const OFFICERS: &str = "officers.csv";
const ITEMS: &str = "items/";
const CALENDAR: &str = "calendar/";
/// Hex digits of a version made from the files.
const VERSION_BYTES: usize = 6;

type Files = BTreeMap<String, String>;

pub(super) fn assemble(files: &Files, mut problems: Vec<Problem>) -> Inspection {
    let settings = read_settings(files, &mut problems);
    let years = read_years(files, &mut problems);
    let orgs = read_orgs(files, &mut problems);
    let officers = read_officers(files, &orgs, &mut problems);
    let sources = read_items(files, Context { office_day_ms: settings.office_day_ms() }, &mut problems);
    let items: HashMap<String, Arc<Item>> =
        sources.iter().map(|source| (source.item.code.clone(), source.item.clone())).collect();
    problems.extend(files.keys().filter(|path| !is_known(path)).map(|path| ignored_file(path)));
    let calendar = Calendar::new(&settings.time_zone, years, settings.office_hours);
    let fingerprint = fingerprint_of(files);
    let version = settings.version.unwrap_or_else(|| version_of(fingerprint));
    let catalogue = calendar.ok().map(|calendar| {
        problems.extend(calendar_problems(&calendar, &items));
        Catalogue { version, fingerprint, calendar, officers, orgs, items }
    });
    problems.sort_by(|a, b| (&a.file, a.line, a.column, &a.path).cmp(&(&b.file, b.line, b.column, &b.path)));
    let usable = !problems.iter().any(Problem::is_error);
    Inspection { catalogue: catalogue.filter(|_| usable), problems, sources, waivers: settings.waivers }
}

/// The files of a directory that are one each of something.
fn in_directory<'f>(files: &'f Files, directory: &'f str) -> impl Iterator<Item = (&'f str, &'f str)> {
    files
        .iter()
        .filter(move |(path, _)| lies_in(path, directory))
        .map(|(path, text)| (path.as_str(), text.as_str()))
}

pub(super) fn is_known(path: &str) -> bool {
    [SETTINGS, ORGS, OFFICERS].contains(&path) || lies_in(path, ITEMS) || lies_in(path, CALENDAR)
}

fn lies_in(path: &str, directory: &str) -> bool {
    let name = path.strip_prefix(directory).and_then(|name| name.strip_suffix(".yaml"));
    name.is_some_and(|n| !n.contains('/'))
}

/// Parses a YAML file and hands its tree on; the problems of both go to the list.
fn read_yaml<T>(
    path: &str,
    text: &str,
    problems: &mut Vec<Problem>,
    read: impl FnOnce(&Node, &Sink) -> Option<T>,
) -> Option<T> {
    let sink = Sink::new(path);
    let value = match tree::parse(text) {
        Ok(node) => read(&node, &sink),
        Err(error) => {
            sink.note(error.place, "", ProblemCode::Syntax, error.message);
            None
        }
    };
    problems.extend(sink.into_problems());
    value
}

fn read_settings(files: &Files, problems: &mut Vec<Problem>) -> Settings {
    let Some(text) = files.get(SETTINGS) else { return Settings::default() };
    read_yaml(SETTINGS, text, problems, |node, sink| Some(settings::read(node, sink))).unwrap_or_default()
}

fn read_years(files: &Files, problems: &mut Vec<Problem>) -> BTreeMap<i32, YearCalendar> {
    let mut years: BTreeMap<i32, (YearCalendar, &str)> = BTreeMap::new();
    for (path, text) in in_directory(files, CALENDAR) {
        let read = |node: &Node, sink: &Sink| {
            let (year, days) = settings::read_year(node, sink)?;
            if let (Some((_, first)), Some(at)) = (years.get(&year), At::root(node, sink).peek("year")) {
                let message = both!("{year} 年已在 {first} 中", "the year {year} stands already in {first}");
                at.note(ProblemCode::DuplicateId, message);
            }
            Some((year, days))
        };
        if let Some((year, days)) = read_yaml(path, text, problems, read) {
            years.entry(year).or_insert((days, path));
        }
    }
    years.into_iter().map(|(year, (days, _))| (year, days)).collect()
}

fn read_orgs(files: &Files, problems: &mut Vec<Problem>) -> Orgs {
    let Some(text) = files.get(ORGS) else { return Orgs::default() };
    read_yaml(ORGS, text, problems, |node, sink| Some(orgs::read(node, sink))).unwrap_or_default()
}

fn read_officers(files: &Files, orgs: &Orgs, problems: &mut Vec<Problem>) -> Officers {
    let Some(text) = files.get(OFFICERS) else { return Officers::default() };
    let sink = Sink::new(OFFICERS);
    // Spreadsheets put a byte-order mark before the header.
    let mut officers = officers::read(text.strip_prefix('\u{feff}').unwrap_or(text), &sink, orgs);
    officers.name_regions(orgs);
    problems.extend(sink.into_problems());
    officers
}

fn read_items(files: &Files, context: Context, problems: &mut Vec<Problem>) -> Vec<Source> {
    let mut sources = Vec::new();
    // Codes are compared even of items with errors.
    let mut codes: HashMap<String, &str> = HashMap::new();
    let mut any = false;
    for (path, text) in in_directory(files, ITEMS) {
        any = true;
        let sink = Sink::new(path);
        match tree::parse(text) {
            Ok(root) => {
                note_repeated_code(&root, &sink, path, &mut codes);
                let item = item::read(&root, &sink, context).map(Arc::new);
                problems.extend(sink.into_problems().into_iter().map(|p| told_of(p, &root)));
                sources.extend(item.map(|item| Source { file: path.to_owned(), item, root }));
            }
            Err(error) => {
                sink.note(error.place, "", ProblemCode::Syntax, error.message);
                problems.extend(sink.into_problems());
            }
        }
    }
    if !any && !problems.iter().any(|p| p.file.starts_with(ITEMS) || p.code == ProblemCode::Unreadable) {
        let message = both!(
            "没有事项：items/ 中至少要有一个 .yaml 文件",
            "no items: the directory items/ must hold at least one .yaml file"
        );
        problems.push(whole(ITEMS, ProblemCode::NoItems, message));
    }
    sources
}

fn told_of(problem: Problem, root: &Node) -> Problem {
    Problem { about: source::about(root, &problem.path), ..problem }
}

fn note_repeated_code<'f>(node: &Node, sink: &Sink, path: &'f str, codes: &mut HashMap<String, &'f str>) {
    let Some(at) = item::code(&At::root(node, sink)) else { return };
    let Some(code) = at.plain_text() else { return };
    if let Some(first) = codes.get(code) {
        let message =
            both!("职权编码“{code}”已在 {first} 中", "the item \"{code}\" stands already in {first}");
        at.note(ProblemCode::DuplicateId, message);
    } else {
        codes.insert(code.to_owned(), path);
    }
}

fn ignored_file(path: &str) -> Problem {
    let hint = if path.ends_with(".yml") {
        ("，请改扩展名为 .yaml", "; rename it to .yaml")
    } else {
        ("", "")
    };
    let (zh, en) = hint;
    let message = both!("此文件不会被读取{zh}", "the file is not read{en}");
    whole(path, ProblemCode::IgnoredFile, message)
}

/// The warning that a year has no calendar.
pub(super) fn missing_calendar(year: i32) -> Problem {
    let message = both!(
        "{year} 年没有日历：按周一至周五计算，期限为暂定",
        "there is no calendar for {year}: Monday to Friday is assumed and deadlines are provisional"
    );
    whole(&format!("{CALENDAR}{year}.yaml"), ProblemCode::MissingCalendar, message)
}

fn calendar_problems(calendar: &Calendar, items: &HashMap<String, Arc<Item>>) -> Vec<Problem> {
    let mut problems: Vec<Problem> = settings::gaps(calendar).into_iter().map(missing_calendar).collect();
    let counts_working_days = |item: &Arc<Item>| item.limits.iter().any(|l| needs_calendar(l.length));
    if calendar.years().next().is_none() && items.values().any(counts_working_days) {
        let message = both!(
            "没有任何日历，而有时限按工作日计算：期限均为暂定",
            "there is no calendar, yet limits count working days: every deadline is provisional"
        );
        problems.push(whole(CALENDAR, ProblemCode::MissingCalendar, message));
    }
    problems
}

pub(super) fn needs_calendar(length: Length) -> bool {
    match length {
        Length::WorkingDays(_) | Length::OfficeTime(_) => true,
        Length::CalendarDays { roll_forward, .. } => roll_forward,
        Length::Elapsed(_) => false,
    }
}

/// A problem of a file as a whole.
fn whole(file: &str, code: ProblemCode, message: Bilingual) -> Problem {
    let (file, path, severity) = (file.to_owned(), String::new(), code.severity());
    Problem { file, line: None, column: None, path, about: None, code, severity, message }
}

/// The SHA-256 over each path and text, with their lengths, in the order of the paths.
fn fingerprint_of(files: &Files) -> Hash {
    let mut hash = Sha256::new();
    for part in files.iter().filter(|(path, _)| is_known(path)).flat_map(|(path, text)| [path, text]) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    Hash(hash.finalize().into())
}

/// Hex of the first bytes.
fn version_of(fingerprint: Hash) -> String {
    fingerprint.0.iter().take(VERSION_BYTES).map(|byte| format!("{byte:02x}")).collect()
}
