//! Bytes as spreadsheets write them: encodings, delimiters, workbooks; and those that want to do harm.

use std::io::Write;

use encoding_rs::GB18030;
use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::{WHOLE, base, changes, refused};
use crate::{Kind, MAX_UNPACKED_BYTES, Mapping, Reason, Register, import, read};

const OFFICERS: &str = "人员编号,姓名,机构,执法证号,有效期起,有效期止\nw-2,李\u{9f8d},2,9902,2025-03-01,\n";

/// A workbook of one sheet, as XML of its rows.
fn book(rows: &str, strings: &str) -> Vec<u8> {
    let sheet = format!(
        "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>{rows}</sheetData></worksheet>"
    );
    packed(&[("xl/worksheets/sheet1.xml", &sheet), ("xl/sharedStrings.xml", strings)])
}

fn packed(more: &[(&str, &str)]) -> Vec<u8> {
    let parts = [
        (
            "[Content_Types].xml",
            "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Override PartName=\"/xl/workbook.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/></Types>",
        ),
        (
            "_rels/.rels",
            "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>",
        ),
        (
            "xl/workbook.xml",
            "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets><sheet name=\"执法人员\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>",
        ),
        (
            "xl/_rels/workbook.xml.rels",
            "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"rId2\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings\" Target=\"sharedStrings.xml\"/><Relationship Id=\"rId3\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles\" Target=\"styles.xml\"/></Relationships>",
        ),
        (
            "xl/styles.xml",
            "<styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><cellXfs count=\"2\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>",
        ),
    ];
    archive(&parts.into_iter().chain(more.iter().copied()).collect::<Vec<_>>())
}

/// A ZIP archive of these parts.
fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, text) in parts {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).expect("memory");
        let packed = encoder.finish().expect("memory");
        let sizes = [packed.len() as u32, text.len() as u32].map(u32::to_le_bytes).concat();
        let head = [
            &[20, 0, 0, 8, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0][..],
            &sizes,
            &(name.len() as u16).to_le_bytes(),
            &[0, 0],
        ]
        .concat();
        let at = (bytes.len() as u32).to_le_bytes();
        directory.extend([&b"PK\x01\x02\x14\0"[..], &head, &[0; 10], &at, name.as_bytes()].concat());
        bytes.extend([&b"PK\x03\x04"[..], &head, name.as_bytes(), &packed].concat());
    }
    let count = (parts.len() as u16).to_le_bytes();
    let place = [directory.len() as u32, bytes.len() as u32].map(u32::to_le_bytes).concat();
    [&bytes[..], &directory, b"PK\x05\x06\0\0\0\0", &count, &count, &place, &[0, 0]].concat()
}

fn inline(cells: &[&str], row: u32) -> String {
    let cell = |(at, text): (usize, &&str)| {
        let column = char::from(b'A' + at as u8);
        format!("<c r=\"{column}{row}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
    };
    let cells: String = cells.iter().enumerate().map(cell).collect();
    format!("<row r=\"{row}\">{cells}</row>")
}

const NO_STRINGS: &str =
    "<sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" uniqueCount=\"0\"></sst>";

#[test]
fn encodings_and_delimiters_make_no_difference() {
    let plain = read("o.csv", OFFICERS.as_bytes()).expect("UTF-8");
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(OFFICERS.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let (gbk, ..) = GB18030.encode(OFFICERS);
    let marked = format!("\u{feff}{OFFICERS}");
    let tabs = OFFICERS.replace(',', "\t");
    let windows = OFFICERS.replace('\n', "\r\n");
    for bytes in [
        marked.as_bytes(),
        &gbk,
        &utf16,
        tabs.as_bytes(),
        OFFICERS.replace(',', ";").as_bytes(),
        windows.as_bytes(),
    ] {
        assert_eq!(read("o.csv", bytes).expect("read"), plain);
    }
    let lines = read("o.csv", "a,b\n\n\"1\n2\",3\n4,5\n".as_bytes()).expect("read");
    let rows: Vec<u32> = lines[0].rows.iter().map(|row| row.number).collect();
    assert_eq!(rows, [1, 3, 4], "as a spreadsheet counts");
    for (bytes, names) in [
        (&b"\xff\xff\xff,\x80"[..], "UTF-8"),
        (b"\xd0\xcf\x11\xe0", "xlsx"),
        (b"\xef\xbb\xbf\xff", "UTF-8"),
        (b"PK\x03\x04x", "XLSX"),
    ] {
        let error = read("o.csv", bytes).expect_err(names).to_string();
        assert!(error.contains(names) && error.starts_with("o.csv"), "{error}");
    }
}

#[test]
fn a_workbook_has_dates_and_numbers_as_people_see_them() {
    let header = inline(&["人员编号", "姓名", "机构", "执法证号", "有效期起", "有效期止"], 1);
    // A number, a text, a shared text, a date of style 1, and a blank; then an id that Excel has rounded.
    let row = "<row r=\"3\"><c r=\"A3\"><v>1007</v></c><c r=\"B3\" t=\"s\"><v>0</v></c><c r=\"C3\"><v>2</v></c>\
               <c r=\"D3\" t=\"inlineStr\"><is><t> 9902 </t></is></c><c r=\"E3\" s=\"1\"><v>45717</v></c></row>\
               <row r=\"4\"><c r=\"A4\"><v>119901002600005000</v></c><c r=\"B4\" t=\"s\"><v>0</v></c><c r=\"C4\"><v>2</v></c><c r=\"D4\"><v>9903</v></c></row>";
    let strings = NO_STRINGS.replace("\"0\">", "\"1\"><si><t>李</t></si>");
    let tables = read("o.xlsx", &book(&format!("{header}{row}"), &strings)).expect("a workbook");
    assert_eq!((tables.len(), tables[0].name()), (1, "执法人员"));
    assert_eq!(tables[0].rows[1].cells, ["1007", "李", "2", "9902", "2025-03-01"]);
    let taken = import(Register::Officers, &tables, &Mapping::default(), &base(), WHOLE).expect("read");
    assert_eq!(refused(&taken), [(4, "人员编号", Reason::RoundedNumber)]);
    assert_eq!(taken.report.refused[0].place.sheet.as_deref(), Some("执法人员"));
    assert!(changes(&taken).contains(&(Kind::Added, "1007")));
}

#[test]
fn a_workbook_that_promises_too_much_is_refused_before_it_is_read() {
    let many = format!("{NO_STRINGS}{}", " ".repeat(MAX_UNPACKED_BYTES as usize));
    let bomb = book("", &many);
    assert!(bomb.len() < 1_000_000);
    assert!(read("o.xlsx", &bomb).expect_err("too large").to_string().contains("unpacks"));
    let promise = NO_STRINGS.replace("uniqueCount=\"0\"", "uniqueCount=\"99999999999999\"");
    assert_eq!(read("o.xlsx", &book("", &promise)).expect("nothing is reserved for it")[0].rows, []);
    for cut in (0..bomb.len()).step_by(997) {
        assert!(read("o.xlsx", &bomb[..cut]).is_err() || cut < 4, "cut at {cut}");
    }
    let far = "<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>";
    assert!(read("o.xlsx", &book(far, NO_STRINGS)).expect_err("far away").to_string().contains("columns"));
}
