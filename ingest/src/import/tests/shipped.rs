//! The mappings that ship with the project, and the public logs they are for, where these are at hand.

use std::path::{Path, PathBuf};

use crate::import::{ImportReport, Importer, Mapping, open};

fn shipped(name: &str) -> Mapping {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/mappings").join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    Mapping::parse(&text, name).unwrap_or_else(|errors| panic!("{errors}"))
}

fn log(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: {name} is not at hand");
    None
}

fn report(mapping: &Mapping, log: &Path) -> ImportReport {
    let mut importer = Importer::new(mapping);
    let mut rejects = |error| panic!("{error}");
    importer.import(open(log).unwrap(), "log", &mut std::io::sink(), &mut rejects, &mut |_| {}).unwrap()
}

#[test]
fn every_shipped_mapping_parses() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/mappings");
    for entry in std::fs::read_dir(folder).unwrap() {
        shipped(entry.unwrap().file_name().to_str().unwrap());
    }
}

/// The text of the n-th block of this language in the manual.
fn example(language: &str, nth: usize) -> String {
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/import.md");
    let manual = std::fs::read_to_string(manual).unwrap();
    let block = manual.split(&format!("```{language}\n")).nth(nth).unwrap();
    block.split("```").next().unwrap().to_owned()
}

#[test]
fn the_manual_tells_the_truth() {
    let rows = example("csv", 1);
    let (gb, _, _) = encoding_rs::GB18030.encode(&rows);
    let imported = super::import(&example("yaml", 1), gb);
    assert_eq!(imported.errors, [""; 0]);
    assert_eq!(imported.lines[6..].join("\n"), example("json", 1).trim_end());
    super::parse(&example("yaml", 2)).unwrap();
}

#[test]
fn the_road_traffic_log_comes_through_whole() {
    let Some(log) = log("road_traffic_fine/Road_Traffic_Fine_Management_Process.xes.gz") else { return };
    let report = report(&shipped("road-traffic-fine.yaml"), &log);
    // An acceptance a case; a start and a completion an event; decisions, charges and executions.
    let events = 150_370 + 2 * 561_470 + (150_370 + 79_860) + 103_987 + 77_601;
    assert_eq!(report, ImportReport { rows: 561_470, events, rejected: 0, skipped: 0 });
}

#[test]
fn the_wabo_log_comes_through_whole() {
    let Some(log) = log("wabo_receipt/receipt.xes.gz") else { return };
    let report = report(&shipped("wabo-receipt.yaml"), &log);
    let kept = 1_434 + 1_368 + 55 + 1_307 + 1_300;
    let events = 1_434 + 1_329 + 2 * kept;
    assert_eq!(report, ImportReport { rows: 8_577, events, rejected: 0, skipped: 8_577 - kept });
}
