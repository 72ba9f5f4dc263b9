//! From a directory of YAML and CSV files to a [`Catalogue`], or to everything that is wrong with them.
//!
//! [`Catalogue::load`] alone touches the disk; [`Catalogue::from_files`] is the same over texts in memory. Strict: what
//! is not understood is an error, for a rule that is silently dropped supervises nobody.

mod annex;
mod assemble;
mod cursor;
mod discretion;
mod disk;
mod item;
mod limits;
mod officers;
mod orgs;
mod points;
mod settings;
mod source;
mod stages;
#[cfg(test)]
mod tests;
mod text;
mod tree;
mod waivers;

use std::collections::BTreeMap;
use std::path::Path;

pub(crate) use cursor::both;
pub(crate) use source::Source;
pub use text::is_id;

use super::{Catalogue, Problem, Waiver};
use crate::time::Day;

/// What became of a directory: the catalogue if it has no error, and all problems, warnings included.
#[derive(Debug)]
pub struct Inspection {
    /// `None` if there is any error.
    pub catalogue: Option<Catalogue>,
    /// What was found while loading, by file and line; [`Inspection::findings`] says what a reviewer should know besides.
    pub problems: Vec<Problem>,
    /// The items without errors.
    pub(crate) sources: Vec<Source>,
    /// Waivers of `catalogue.yaml`.
    pub(crate) waivers: Vec<Waiver>,
}

impl Inspection {
    fn into_result(self) -> Result<Catalogue, Vec<Problem>> {
        self.catalogue.ok_or(self.problems)
    }
}

impl Catalogue {
    /// Reads a catalogue directory.
    ///
    /// # Errors
    /// All problems of the directory, the warnings too, if any of them is an error.
    pub fn load(dir: &Path) -> Result<Self, Vec<Problem>> {
        Self::inspect(dir).into_result()
    }

    /// Reads a catalogue directory and keeps the warnings.
    pub fn inspect(dir: &Path) -> Inspection {
        let (files, problems) = disk::read(dir);
        assemble::assemble(&files, problems)
    }

    /// The files of a catalogue directory by relative path, as they are; what is no part of a catalogue is left out.
    ///
    /// # Errors
    /// What could not be read.
    pub fn files(dir: &Path) -> Result<BTreeMap<String, String>, Vec<Problem>> {
        let (files, problems) = Self::readable_files(dir);
        if problems.is_empty() { Ok(files) } else { Err(problems) }
    }

    /// [`Catalogue::files`] that can be read, and what could not be.
    pub fn readable_files(dir: &Path) -> (BTreeMap<String, String>, Vec<Problem>) {
        let (mut files, problems) = disk::read(dir);
        files.retain(|path, _| assemble::is_known(path));
        (files, problems)
    }

    /// Reads a catalogue from texts; the paths are relative to its directory, with `/`.
    ///
    /// # Errors
    /// As [`Catalogue::load`].
    pub fn from_files(files: impl IntoIterator<Item = (String, String)>) -> Result<Self, Vec<Problem>> {
        Self::inspect_files(files).into_result()
    }

    /// [`Catalogue::from_files`] that keeps the warnings.
    pub fn inspect_files(files: impl IntoIterator<Item = (String, String)>) -> Inspection {
        assemble::assemble(&files.into_iter().collect::<BTreeMap<_, _>>(), Vec::new())
    }

    /// Warns of the years that deadlines of these days need and that have no calendar: this one and, from November on
    /// (when the State Council has given its notice), the next. A catalogue without any calendar has been told so.
    pub fn missing_calendars(&self, today: Day) -> Vec<Problem> {
        let (year, month, _) = today.ymd();
        let counts = self.items.values().flat_map(|i| &i.limits).any(|l| assemble::needs_calendar(l.length));
        if !counts || self.calendar.years().next().is_none() {
            return Vec::new();
        }
        let needed = if month >= 11 { vec![year, year + 1] } else { vec![year] };
        let missing = needed.into_iter().filter(|y| !self.calendar.years().any(|known| known == *y));
        missing.map(assemble::missing_calendar).collect()
    }
}
