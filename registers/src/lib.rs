//! Registers from tables: officers, organisations, calendars and whole items out of CSV and XLSX, as people keep them, into the
//! files of a catalogue. Pure: bytes and the files that stand go in; the files with what was taken, and a report of every row
//! that was added, changed, removed or refused, come out. Forms and headers are in `docs/registers.md`.
//!
//! Nothing is half taken: one refused row, and the files stay as they are, unless the caller asks for the rest.

mod calendars;
mod cells;
mod expiry;
mod items;
mod mapping;
mod officers;
mod orgs;
mod report;
mod table;
#[cfg(test)]
mod tests;
mod yaml;

use std::collections::BTreeMap;

use model::Catalogue;
use model::catalogue::Problem;

pub use calendars::{Days, years};
pub use expiry::{Lasting, lasting};
pub use mapping::{BadMapping, Mapping};
pub use report::{Change, FieldChange, Ignored, Kind, Place, Reason, Refusal, Report};
pub use table::{MAX_CELLS, MAX_UNPACKED_BYTES, Row, Table, read, read_json};

/// A text in both languages from two formats over the same names.
macro_rules! both {
    ($zh:literal, $en:literal) => {
        model::catalogue::Bilingual { zh: format!($zh), en: format!($en) }
    };
}
pub(crate) use both;

/// Texts of a catalogue by path in its directory.
pub type Files = BTreeMap<String, String>;

/// What can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Register {
    /// 执法人员: `officers.csv`.
    Officers,
    /// 机构: `orgs.yaml`.
    Orgs,
    /// 工作日历: `calendar/*.yaml`.
    Calendars,
    /// 事项及其环节、时限、监察点: `items/*.yaml`.
    Catalogue,
}

impl Register {
    pub const ALL: [Self; 4] = [Self::Officers, Self::Orgs, Self::Calendars, Self::Catalogue];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Officers => "officers",
            Self::Orgs => "orgs",
            Self::Calendars => "calendars",
            Self::Catalogue => "catalogue",
        }
    }

    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|register| register.name() == name)
    }
}

/// How to take what is read.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// Rows that stand and are not in the tables stay. Otherwise the tables are the whole register, as far as `may` goes.
    pub merge: bool,
    /// Takes the other rows where some are refused.
    pub partial: bool,
    /// Organisations whose officers may be changed; those of others stay as they are.
    pub may: &'a dyn Fn(&str) -> bool,
}

/// What became of an import.
#[derive(Debug, Clone)]
pub struct Imported {
    pub report: Report,
    /// The whole catalogue with what was taken; as it was if nothing was.
    pub files: Files,
}

/// Why nothing could even be looked at, row by row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    #[error("{file}: {message}")]
    File { file: String, message: String },
    /// What the import would be added to cannot be used itself.
    #[error("the catalogue has errors of its own 目录本身有错误:\n{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Base(Vec<Problem>),
}

impl Unusable {
    pub(crate) fn file(file: &str, message: impl Into<String>) -> Self {
        Self::File { file: file.to_owned(), message: message.into() }
    }
}

/// Reads the tables as the register and puts them into the catalogue `base`.
///
/// # Errors
/// The tables have no rows that could be looked at, or `base` is no catalogue.
pub fn import(
    register: Register,
    tables: &[Table],
    mapping: &Mapping,
    base: &Files,
    options: Options<'_>,
) -> Result<Imported, Unusable> {
    let catalogue = Catalogue::from_files(base.clone()).map_err(Unusable::Base)?;
    let context = Context { mapping, base, catalogue: &catalogue, options };
    let (mut report, changes) = match register {
        Register::Officers => officers::import(tables, &context)?,
        Register::Orgs => orgs::import(tables, &context)?,
        Register::Calendars => calendars::import(tables, &context)?,
        Register::Catalogue => items::import(tables, &context)?,
    };
    let mut files = base.clone();
    for (path, text) in &changes.files {
        files.insert(path.clone(), text.clone());
    }
    note_problems(&mut report, &changes, &files);
    report.taken = !report.changes.is_empty()
        && (report.refused.is_empty() || options.partial)
        && report.refused.iter().all(|refusal| refusal.reason != Reason::Catalogue);
    Ok(Imported { files: if report.taken { files } else { base.clone() }, report })
}

/// What an import has to go by.
struct Context<'a> {
    mapping: &'a Mapping,
    base: &'a Files,
    catalogue: &'a Catalogue,
    options: Options<'a>,
}

/// Files as they would be, and where what is said in them was read.
#[derive(Debug, Default)]
struct Changes {
    files: Files,
    /// By file and path of a key, such as `limits[2]`.
    places: BTreeMap<(String, String), Place>,
}

/// What the catalogue's own check says of the result: a row that cannot be blamed for it alone, such as a circle of parents.
fn note_problems(report: &mut Report, changes: &Changes, files: &Files) {
    let Err(problems) = Catalogue::from_files(files.clone()) else { return };
    for problem in problems.into_iter().filter(Problem::is_error) {
        // The rows that were refused may be what is missing; they are told already.
        let place = changes.places.iter().rev().find(|((file, path), _)| {
            *file == problem.file && (path.is_empty() || problem.path.starts_with(path.as_str()))
        });
        let place = place.map(|(_, place)| place.clone()).unwrap_or_default();
        let column = problem.path.rsplit_once('.').map(|(_, key)| key.to_owned());
        let (zh, en) = (&problem.message.zh, &problem.message.en);
        let (file, path) = (&problem.file, &problem.path);
        let message = both!("{file} {path}：{zh}", "{file} {path}: {en}");
        report.refused.push(Refusal { place, column, value: None, reason: Reason::Catalogue, message });
    }
}

/// The name of the version that an import makes: the one before it, and which edition of which register it is; `None` if
/// versions are named by their content.
pub fn next_version(settings: &str, register: Register, edition: usize) -> Option<String> {
    let settings: serde_json::Value = serde_saphyr::from_str(settings).ok()?;
    let version = settings.get("version")?.as_str()?;
    let stem = version.split_once('+').map_or(version, |(stem, _)| stem);
    Some(format!("{stem}+{}.{edition}", register.name()))
}

/// `catalogue.yaml` under another version; as it is if versions are named by their content.
pub fn with_version(files: &mut Files, register: Register, edition: usize) {
    const SETTINGS: &str = "catalogue.yaml";
    let Some(text) = files.get(SETTINGS) else { return };
    let Some(version) = next_version(text, register, edition) else { return };
    let Ok(mut settings) = serde_saphyr::from_str::<serde_json::Value>(text) else { return };
    settings["version"] = version.into();
    files.insert(SETTINGS.to_owned(), yaml::document(&settings));
}
