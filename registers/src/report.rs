//! What became of each row: added, changed, removed, or refused and why, with its place in the table.

use model::catalogue::Bilingual;
use serde::Serialize;

use crate::Register;

/// Of one import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    pub register: Register,
    /// Whether the files were changed by it: all rows are good, or the good ones were asked for, and something changes.
    pub taken: bool,
    /// Rows below the headers that are not blank.
    pub rows: usize,
    /// Rows that are good.
    pub accepted: usize,
    /// Of those: what they say stands already.
    pub unchanged: usize,
    pub changes: Vec<Change>,
    pub refused: Vec<Refusal>,
    /// Columns that nobody reads.
    pub ignored: Vec<Ignored>,
}

impl Report {
    pub(crate) fn new(register: Register) -> Self {
        Self {
            register,
            taken: false,
            rows: 0,
            accepted: 0,
            unchanged: 0,
            changes: Vec::new(),
            refused: Vec::new(),
            ignored: Vec::new(),
        }
    }

    /// How many of a kind.
    pub fn count(&self, kind: Kind) -> usize {
        self.changes.iter().filter(|change| change.kind == kind).count()
    }
}

/// Where something stands in a table.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    pub file: String,
    /// Of a workbook.
    pub sheet: Option<String>,
    /// As a spreadsheet counts, from 1; 0 where the whole file is meant.
    pub row: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Added,
    Changed,
    Removed,
}

/// One entry of the register that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    pub kind: Kind,
    /// What it is of: an officer, an organisation, a day, an item.
    pub id: String,
    /// For whom it is: the organisation of an officer.
    pub org: Option<String>,
    /// The row; of what is removed there is none.
    pub place: Option<Place>,
    /// What differs; of what is added or removed, everything that it says.
    pub fields: Vec<FieldChange>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    pub field: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// A row, or a cell of it, that is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    #[serde(flatten)]
    pub place: Place,
    /// Its header as it stands there.
    pub column: Option<String>,
    /// What stands in the cell.
    pub value: Option<String>,
    pub reason: Reason,
    /// What is wrong and what would be right.
    pub message: Bilingual,
}

/// A column that is not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ignored {
    #[serde(flatten)]
    pub place: Place,
    pub column: String,
}

/// The closed list of reasons (docs/registers.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A cell that must be filled is empty.
    Missing,
    /// Not 1 to 128 bytes of UTF-8 in NFC without control characters.
    BadId,
    /// A long number that the spreadsheet has rounded.
    RoundedNumber,
    /// No date.
    BadDate,
    /// An end before its beginning.
    EndsBeforeItBegins,
    /// No organisation of this id or name.
    UnknownOrg,
    /// Several organisations of this name.
    AmbiguousOrg,
    /// An organisation whose officers are not the importer's.
    NotYours,
    /// The same entry stands in a row above.
    Twice,
    /// None of the words that are understood.
    UnknownWord,
    /// No whole number, or out of range.
    BadNumber,
    /// A make-up workday that works anyway.
    NoMakeUpDay,
    /// A table names an item, a step or a limit that no table has.
    Dangling,
    /// More cells than headers.
    StrayCell,
    /// What the catalogue's own check finds in the result.
    Catalogue,
}

impl Reason {
    pub const ALL: [Self; 15] = [
        Self::Missing,
        Self::BadId,
        Self::RoundedNumber,
        Self::BadDate,
        Self::EndsBeforeItBegins,
        Self::UnknownOrg,
        Self::AmbiguousOrg,
        Self::NotYours,
        Self::Twice,
        Self::UnknownWord,
        Self::BadNumber,
        Self::NoMakeUpDay,
        Self::Dangling,
        Self::StrayCell,
        Self::Catalogue,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::BadId => "bad_id",
            Self::RoundedNumber => "rounded_number",
            Self::BadDate => "bad_date",
            Self::EndsBeforeItBegins => "ends_before_it_begins",
            Self::UnknownOrg => "unknown_org",
            Self::AmbiguousOrg => "ambiguous_org",
            Self::NotYours => "not_yours",
            Self::Twice => "twice",
            Self::UnknownWord => "unknown_word",
            Self::BadNumber => "bad_number",
            Self::NoMakeUpDay => "no_make_up_day",
            Self::Dangling => "dangling",
            Self::StrayCell => "stray_cell",
            Self::Catalogue => "catalogue",
        }
    }
}
