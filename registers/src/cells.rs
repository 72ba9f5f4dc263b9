//! The rows of a table under its headers: cells by column, and what is wrong with them.

use std::cell::RefCell;
use std::collections::BTreeMap;

use model::Day;
use model::catalogue::{Bilingual, Orgs, is_id};

use crate::report::{Ignored, Place, Reason, Refusal};
use crate::table::{Row, Table};
use crate::{Context, Mapping, Report, Unusable, both};

/// A title may stand above the headers; further down they are not looked for.
const HEADER_WITHIN: usize = 10;

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    /// Without its header the table is not read.
    pub(crate) needed: bool,
}

pub(crate) const fn needed(name: &'static str) -> Column {
    Column { name, needed: true }
}

pub(crate) const fn optional(name: &'static str) -> Column {
    Column { name, needed: false }
}

/// A table whose headers are known.
pub(crate) struct Sheet<'t> {
    table: &'t Table,
    headers: &'t Row,
    /// By column: which cell.
    columns: BTreeMap<&'static str, usize>,
    mapping: &'t Mapping,
    refused: RefCell<Vec<Refusal>>,
}

impl<'t> Sheet<'t> {
    /// Finds the headers: the first row that has every needed one.
    pub(crate) fn of(
        table: &'t Table,
        kind: &str,
        wanted: &[Column],
        mapping: &'t Mapping,
        report: &mut Report,
    ) -> Result<Self, Unusable> {
        let columns_of = |row: &Row| -> Vec<(&'static str, usize)> {
            let cells = row.cells.iter().enumerate();
            let column = |(at, header): (usize, &String)| {
                let name = mapping.column(kind, header)?;
                wanted.iter().find(|column| column.name == name).map(|column| (column.name, at))
            };
            cells.filter_map(column).collect()
        };
        let has_all = |found: &[(&str, usize)]| {
            wanted.iter().all(|column| !column.needed || found.iter().any(|(name, _)| *name == column.name))
        };
        let place = table.sheet.as_ref().map_or(String::new(), |sheet| format!("sheet {sheet}: "));
        let first = table.rows.iter().take(HEADER_WITHIN).map(|row| (row, columns_of(row)));
        let best =
            first.max_by_key(|(row, found)| (has_all(found), found.len(), std::cmp::Reverse(row.number)));
        let Some((headers, found)) = best else {
            return Err(Unusable::file(&table.file, format!("{place}there are no rows 没有数据")));
        };
        let missing = wanted.iter().filter(|c| c.needed && !found.iter().any(|(name, _)| *name == c.name));
        let missing: Vec<String> = missing
            .map(|column| format!("{} ({})", column.name, mapping.headers(kind, column.name).join(", ")))
            .collect();
        if !missing.is_empty() {
            let message =
                format!("{place}no header for {}; name it in a mapping 缺少表头", missing.join("; "));
            return Err(Unusable::file(&table.file, message));
        }
        let mut columns = BTreeMap::new();
        for (name, at) in found {
            if columns.insert(name, at).is_some() {
                let message = format!(
                    "{place}two headers are read as {name}; a mapping can say which one is meant 表头重复"
                );
                return Err(Unusable::file(&table.file, message));
            }
        }
        for (at, header) in headers.cells.iter().enumerate() {
            if !header.is_empty() && !columns.values().any(|column| *column == at) {
                report.ignored.push(Ignored { place: table.place(headers.number), column: header.clone() });
            }
        }
        Ok(Self { table, headers, columns, mapping, refused: RefCell::default() })
    }

    /// The rows below the headers.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Cells<'_, 't>> {
        let below = self.table.rows.iter().filter(|row| row.number > self.headers.number);
        below.map(|row| Cells { sheet: self, row })
    }

    pub(crate) fn has(&self, column: &str) -> bool {
        self.columns.contains_key(column)
    }

    pub(crate) fn into_refused(self) -> Vec<Refusal> {
        self.refused.into_inner()
    }
}

/// One row.
#[derive(Clone, Copy)]
pub(crate) struct Cells<'s, 't> {
    sheet: &'s Sheet<'t>,
    row: &'t Row,
}

impl<'t> Cells<'_, 't> {
    pub(crate) fn place(&self) -> Place {
        self.sheet.table.place(self.row.number)
    }

    /// Empty where there is no such column.
    pub(crate) fn text(&self, column: &str) -> &'t str {
        let at = self.sheet.columns.get(column);
        at.and_then(|at| self.row.cells.get(*at)).map_or("", String::as_str)
    }

    pub(crate) fn refuse(&self, column: &str, reason: Reason, message: Bilingual) {
        let at = self.sheet.columns.get(column);
        let header = at.and_then(|at| self.sheet.headers.cells.get(*at)).cloned();
        let value = Some(self.text(column).to_owned()).filter(|text| !text.is_empty());
        let refusal = Refusal { place: self.place(), column: header, value, reason, message };
        self.sheet.refused.borrow_mut().push(refusal);
    }

    /// More cells than headers: most likely a comma too many, and then nothing of the row is where it should be.
    pub(crate) fn is_whole(&self) -> bool {
        let width = self.sheet.headers.cells.len();
        let stray = self.row.cells.iter().skip(width).any(|cell| !cell.is_empty());
        if stray {
            let found = self.row.cells.len();
            let message = both!(
                "本行有 {found} 列，表头只有 {width} 列",
                "the row has {found} cells and the header has {width}: is there a comma too many?"
            );
            self.refuse("", Reason::StrayCell, message);
        }
        !stray
    }

    /// A cell that must be filled.
    pub(crate) fn filled(&self, column: &str) -> Option<&'t str> {
        let text = self.text(column);
        if text.is_empty() {
            self.refuse(column, Reason::Missing, both!("“{column}”不能为空", "{column} must be filled in"));
        }
        Some(text).filter(|text| !text.is_empty())
    }

    /// An id that must be there.
    pub(crate) fn id(&self, column: &str) -> Option<String> {
        let text = self.filled(column)?;
        self.checked_id(column, text)
    }

    /// An id, or nothing where the cell is empty; `None`: refused.
    pub(crate) fn optional_id(&self, column: &str) -> Option<Option<String>> {
        let text = self.text(column);
        if text.is_empty() { Some(None) } else { self.checked_id(column, text).map(Some) }
    }

    pub(crate) fn checked_id(&self, column: &str, text: &str) -> Option<String> {
        if is_rounded(text) {
            let message = both!(
                "“{text}”是被表格软件舍入的长数字：请把该列设为文本格式后重新填写",
                "{text} is a long number that the spreadsheet has rounded: format the column as text and enter it again"
            );
            self.refuse(column, Reason::RoundedNumber, message);
            return None;
        }
        if is_id(text) {
            return Some(text.to_owned());
        }
        let message = both!(
            "“{text}”不是合法标识：1 至 128 字节 UTF-8，NFC 规范，无控制字符",
            "\"{text}\" is no id: 1 to 128 bytes of UTF-8 in NFC, without control characters"
        );
        self.refuse(column, Reason::BadId, message);
        None
    }

    /// `Some(None)` is an open end; `None`: refused.
    pub(crate) fn day(&self, column: &str) -> Option<Option<Day>> {
        let text = self.text(column);
        if text.is_empty() || self.sheet.mapping.is_never(text) {
            return Some(None);
        }
        let day = day_of(text);
        if day.is_none() {
            let message = both!(
                "“{text}”不是日期：应为 2026-05-01、2026/5/1、2026年5月1日 或 20260501，长期有效可留空",
                "\"{text}\" is no date: write 2026-05-01, 2026/5/1, 2026年5月1日 or 20260501; leave it empty for an open end"
            );
            self.refuse(column, Reason::BadDate, message);
        }
        day.map(Some)
    }

    /// What a word means; `otherwise` where the cell is empty. `None`: refused.
    pub(crate) fn word(&self, column: &str, kind: &str, otherwise: Option<&'t str>) -> Option<&'t str> {
        let text = self.text(column);
        if text.is_empty() {
            return match otherwise {
                None => {
                    self.filled(column)?;
                    None
                }
                otherwise => otherwise,
            };
        }
        self.meaning(column, kind, text)
    }

    pub(crate) fn meaning(&self, column: &str, kind: &str, text: &str) -> Option<&'t str> {
        let mapping: &'t Mapping = self.sheet.mapping;
        let found = mapping.word(kind, text);
        if found.is_none() {
            let known = mapping.known(kind);
            let message =
                both!("“{text}”无此取值：可为 {known}", "\"{text}\" is not known here; one of: {known}");
            self.refuse(column, Reason::UnknownWord, message);
        }
        found
    }

    /// A whole number, or nothing where the cell is empty; `None`: refused.
    pub(crate) fn number(&self, column: &str, range: std::ops::RangeInclusive<u32>) -> Option<Option<u32>> {
        let text = self.text(column);
        if text.is_empty() {
            return Some(None);
        }
        let number = text.parse::<u32>().ok().filter(|number| range.contains(number));
        if number.is_none() {
            let (least, most) = (range.start(), range.end());
            let message = both!(
                "“{text}”应为 {least} 至 {most} 的整数",
                "\"{text}\" must be a whole number from {least} to {most}"
            );
            self.refuse(column, Reason::BadNumber, message);
        }
        number.map(Some)
    }

    /// Parts of a cell that holds several.
    pub(crate) fn list(&self, column: &str) -> Vec<&'t str> {
        let parts = self.text(column).split([',', '，', ';', '；', '、', '\n']);
        parts.map(str::trim).filter(|part| !part.is_empty()).collect()
    }

    /// The organisation of this id, or of this name if there is just one.
    pub(crate) fn org(&self, column: &str, orgs: &Orgs) -> Option<String> {
        let text = self.filled(column)?;
        if orgs.by_id.contains_key(text) {
            return Some(text.to_owned());
        }
        let mut named = orgs.by_id.values().filter(|org| org.name == text).map(|org| org.id.as_str());
        match (named.next(), named.next()) {
            (Some(id), None) => Some(id.to_owned()),
            (Some(one), Some(other)) => {
                let message = both!(
                    "有多个机构名为“{text}”（{one}、{other} 等），请填机构编码",
                    "several organisations are called \"{text}\" ({one}, {other}): give the id"
                );
                self.refuse(column, Reason::AmbiguousOrg, message);
                None
            }
            _ if orgs.by_id.is_empty() => self.checked_id(column, text),
            _ if is_rounded(text) => self.checked_id(column, text),
            _ => {
                let message = both!(
                    "机构名录中没有“{text}”（编码或名称）",
                    "no organisation has the id or the name \"{text}\""
                );
                self.refuse(column, Reason::UnknownOrg, message);
                None
            }
        }
    }

    pub(crate) fn twice(&self, column: &str, first: &Place) {
        let row = first.row;
        let message = both!("与第 {row} 行重复", "row {row} says the same entry already");
        self.refuse(column, Reason::Twice, message);
    }
}

impl Context<'_> {
    /// The only table, whatever it is called: of a workbook the first sheet that has rows.
    pub(crate) fn only<'t>(&self, tables: &'t [Table]) -> Result<&'t Table, Unusable> {
        let mut filled = tables.iter().filter(|table| !table.rows.is_empty());
        let file = tables.first().map_or("", |table| table.file.as_str());
        let first = filled.next().ok_or_else(|| Unusable::file(file, "there are no rows 没有数据"))?;
        // Further sheets of a workbook are notes; a further file is a mistake.
        match filled.find(|other| other.file != first.file) {
            None => Ok(first),
            Some(other) => {
                Err(Unusable::file(&other.file, "this register is one table: give one file 只接受一个文件"))
            }
        }
    }
}

/// `1.19901002600005E+17`: what a spreadsheet makes of an id of eighteen digits.
fn is_rounded(text: &str) -> bool {
    let Some((digits, exponent)) = text.split_once(['E', 'e']) else { return false };
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    let number = |text: &str, dot: bool| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || (dot && b == b'.'))
    };
    number(digits, true)
        && number(exponent, false)
        && digits.starts_with(|c: char| c.is_ascii_digit())
        && exponent.len() <= 2
        && (digits.contains('.') || text.contains('+'))
}

fn day_of(text: &str) -> Option<Day> {
    let is_separator = |c: char| "-/.年月".contains(c);
    let text = text.strip_suffix('日').unwrap_or(text);
    // A time of midnight behind the date.
    let text = text.strip_suffix("00:00:00").map_or(text, |date| date.trim_end().trim_end_matches('T'));
    let parts: Vec<&str> = match text.len() {
        8 if text.bytes().all(|b| b.is_ascii_digit()) => vec![&text[..4], &text[4..6], &text[6..]],
        _ => text.split(is_separator).map(str::trim).collect(),
    };
    let [year, month, day] = parts.as_slice() else { return None };
    if year.len() != 4 || month.len() > 2 || day.len() > 2 {
        return None;
    }
    let digits =
        [year, month, day].iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    digits.then(|| Day::parse(&format!("{year}-{month:0>2}-{day:0>2}"))).flatten()
}
