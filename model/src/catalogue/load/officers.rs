//! `officers.csv`: the register of officers and their certificates.

use std::collections::{HashMap, HashSet};

use csv::StringRecord;

use super::cursor::{Sink, both};
use super::text::{is_id, listed};
use super::tree::Place;
use crate::catalogue::{Bilingual, Certificate, Officers, Orgs, ProblemCode};
use crate::time::Day;

const COLUMNS: [&str; 8] =
    ["officer_id", "name", "org", "certificate_no", "valid_from", "valid_to", "area", "class"];
/// The first of them must be there.
const REQUIRED: usize = 6;

/// Reads the register. The sink knows what is wrong; a column is counted in fields.
pub(super) fn read(text: &str, sink: &Sink, orgs: &Orgs) -> Officers {
    let mut officers = Officers::default();
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(error) => {
            note_syntax(sink, 1, &error);
            return officers;
        }
    };
    let Some(columns) = read_header(&header, sink) else { return officers };
    let mut seen: HashMap<Vec<String>, u32> = HashMap::new();
    let mut blank: Vec<(String, u32)> = Vec::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                note_syntax(sink, error.position().map_or(0, csv::Position::line), &error);
                continue;
            }
        };
        let line = record.position().map_or(0, |p| u32::try_from(p.line()).unwrap_or(u32::MAX));
        let row = Row { record: &record, columns: &columns, line, sink };
        if let Some((officer, certificate)) = row.read(header.len(), orgs) {
            if !certificate.is_held() {
                blank.push((officer.clone(), line));
            }
            officers.insert(officer, certificate);
        }
        note_repeated(&mut seen, &record, line, sink);
    }
    note_without_certificate(&officers, blank, columns["certificate_no"], sink);
    officers
}

fn note_without_certificate(officers: &Officers, mut blank: Vec<(String, u32)>, column: usize, sink: &Sink) {
    let column = u32::try_from(column + 1).unwrap_or(u32::MAX);
    blank.retain(|(officer, _)| !officers.certificates(officer).iter().any(Certificate::is_held));
    let mut told: HashSet<&str> = HashSet::new();
    for (officer, line) in &blank {
        if !told.insert(officer) {
            continue;
        }
        let message = both!(
            "执法人员“{officer}”未录入执法证号：其每次办件都会报 unqualified_officer",
            "the officer \"{officer}\" has no certificate: every case that names him is an unqualified_officer; enter the certificate, or take the officer out"
        );
        let place = Some(Place { line: *line, column });
        sink.note_about(
            Some(officer),
            place,
            "certificate_no",
            ProblemCode::OfficerWithoutCertificate,
            message,
        );
    }
}

fn read_header(header: &StringRecord, sink: &Sink) -> Option<HashMap<&'static str, usize>> {
    let mut columns = HashMap::new();
    let place = |i: usize| Some(Place { line: 1, column: u32::try_from(i + 1).unwrap_or(u32::MAX) });
    let known = listed(COLUMNS.into_iter());
    for (i, name) in header.iter().enumerate() {
        let Some(column) = COLUMNS.into_iter().find(|c| *c == name) else {
            let message = both!(
                "未知的列“{name}”：可用的列有 {known}",
                "unknown column \"{name}\"; columns are: {known}"
            );
            sink.note(place(i), name, ProblemCode::UnknownKey, message);
            continue;
        };
        if columns.insert(column, i).is_some() {
            let message = both!("列“{name}”重复", "the column \"{name}\" stands twice");
            sink.note(place(i), name, ProblemCode::DuplicateKey, message);
        }
    }
    let missing: Vec<&str> =
        COLUMNS.into_iter().take(REQUIRED).filter(|column| !columns.contains_key(column)).collect();
    for column in &missing {
        let message = both!(
            "缺少列“{column}”：应有 {known}",
            "the column \"{column}\" is required; columns are: {known}"
        );
        sink.note(place(0), column, ProblemCode::MissingKey, message);
    }
    missing.is_empty().then_some(columns)
}

struct Row<'r> {
    record: &'r StringRecord,
    columns: &'r HashMap<&'static str, usize>,
    line: u32,
    sink: &'r Sink,
}

impl<'r> Row<'r> {
    fn read(&self, width: usize, orgs: &Orgs) -> Option<(String, Certificate)> {
        let found = self.record.len();
        if found != width {
            let place =
                Place { line: self.line, column: u32::try_from(found.min(width) + 1).unwrap_or(u32::MAX) };
            let message =
                both!("本行有 {found} 列，表头有 {width} 列", "{found} fields, but the header has {width}");
            self.sink.note(Some(place), "", ProblemCode::Syntax, message);
            return None;
        }
        let officer = self.officer();
        let (valid_from, valid_to) = (self.day("valid_from"), self.day("valid_to"));
        if let (Some(Some(from)), Some(Some(to))) = (valid_from, valid_to)
            && from > to
        {
            let message = both!("有效期止 {to} 早于起 {from}", "{to} is before valid_from {from}");
            self.note("valid_to", ProblemCode::OutOfRange, message);
        }
        let org = self.cell("org");
        if !orgs.by_id.is_empty() && !org.is_empty() && !orgs.by_id.contains_key(org) {
            let message = both!("orgs.yaml 中没有机构“{org}”", "no org \"{org}\" in orgs.yaml");
            self.note("org", ProblemCode::StrayOfficer, message);
        }
        let certificate = Certificate {
            number: self.cell("certificate_no").to_owned(),
            name: self.cell("name").to_owned(),
            org: org.to_owned(),
            valid_from: valid_from?,
            valid_to: valid_to?,
            area: self.cell("area").to_owned(),
            class: self.cell("class").to_owned(),
        };
        Some((officer?.to_owned(), certificate))
    }

    fn cell(&self, column: &str) -> &'r str {
        self.columns.get(column).and_then(|i| self.record.get(*i)).unwrap_or_default()
    }

    fn note(&self, column: &str, code: ProblemCode, message: Bilingual) {
        let number = self.columns.get(column).map_or(0, |i| u32::try_from(i + 1).unwrap_or(u32::MAX));
        let (officer, place) = (self.cell("officer_id"), Place { line: self.line, column: number });
        self.sink.note_about(Some(officer), Some(place), column, code, message);
    }

    fn officer(&self) -> Option<&'r str> {
        let officer = self.cell("officer_id");
        if is_id(officer) {
            return Some(officer);
        }
        let message = both!(
            "“{officer}”不是合法标识：1 至 128 字节 UTF-8，NFC 规范，无控制字符",
            "\"{officer}\" is no id: ids are 1 to 128 bytes of UTF-8 in NFC, without control characters"
        );
        self.note("officer_id", ProblemCode::InvalidValue, message);
        None
    }

    /// `Some(None)` is an open end.
    fn day(&self, column: &str) -> Option<Option<Day>> {
        let text = self.cell(column);
        if text.is_empty() {
            return Some(None);
        }
        let day = Day::parse(text);
        if day.is_none() {
            let message = both!(
                "“{text}”不是日期：应为 YYYY-MM-DD 或留空",
                "\"{text}\" is no date: write YYYY-MM-DD, or leave it empty"
            );
            self.note(column, ProblemCode::InvalidValue, message);
        }
        day.map(Some)
    }
}

fn note_repeated(seen: &mut HashMap<Vec<String>, u32>, record: &StringRecord, line: u32, sink: &Sink) {
    let row: Vec<String> = record.iter().map(str::to_owned).collect();
    if let Some(first) = seen.get(&row) {
        let message = both!("与第 {first} 行相同", "the same row stands on line {first}");
        sink.note(Some(Place { line, column: 1 }), "", ProblemCode::DuplicateRow, message);
    } else {
        seen.insert(row, line);
    }
}

fn note_syntax(sink: &Sink, line: u64, error: &csv::Error) {
    let place = Place { line: u32::try_from(line.max(1)).unwrap_or(u32::MAX), column: 1 };
    let message = both!("无法按 CSV 解析：{error}", "cannot be read as CSV: {error}");
    sink.note(Some(place), "", ProblemCode::Syntax, message);
}
