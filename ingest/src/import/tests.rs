//! Small inputs and the events they become.

mod csv;
mod jsonl;
mod mapping;
mod money;
mod shipped;
mod time;
mod value;
mod xes;

use super::{ImportReport, Importer, Mapping, MappingErrors, RowError};

/// What an import of some text gave.
struct Imported {
    lines: Vec<String>,
    errors: Vec<String>,
    report: ImportReport,
}

impl Imported {
    /// The events without what all of them share: id, type, subject, time and data.
    fn events(&self) -> Vec<String> {
        let shorten = |line: &String| {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(event["specversion"], "1.0");
            let text = |name: &str| event[name].as_str().unwrap().to_owned();
            let data = serde_json::to_string(&event["data"]).unwrap();
            format!("{} {} {} {} {data}", text("id"), text("type"), text("subject"), text("time"))
        };
        self.lines.iter().map(shorten).collect()
    }

    /// One member of every event's data.
    fn data(&self, name: &str) -> Vec<serde_json::Value> {
        let member =
            |line: &String| serde_json::from_str::<serde_json::Value>(line).unwrap()["data"][name].take();
        self.lines.iter().map(member).collect()
    }
}

fn parse(mapping: &str) -> Result<Mapping, MappingErrors> {
    Mapping::parse(mapping, "m.yaml")
}

fn import(mapping: &str, input: impl AsRef<[u8]>) -> Imported {
    import_files(mapping, &[("dir/in.csv", input.as_ref())])
}

fn import_files(mapping: &str, files: &[(&str, &[u8])]) -> Imported {
    let mapping = parse(mapping).unwrap_or_else(|errors| panic!("{errors}"));
    let mut importer = Importer::new(&mapping);
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        let mut rejects = |error: RowError| errors.push(error.to_string());
        importer.import(*bytes, name, &mut out, &mut rejects, &mut |_| {}).unwrap();
    }
    let lines = String::from_utf8(out).unwrap().lines().map(str::to_owned).collect();
    Imported { lines, errors, report: importer.report() }
}

/// The error of an import that cannot go on.
fn fatal(mapping: &str, input: impl AsRef<[u8]>) -> String {
    let mapping = parse(mapping).unwrap_or_else(|errors| panic!("{errors}"));
    let result =
        super::import(&mapping, input.as_ref(), "in", &mut std::io::sink(), &mut |_| {}, &mut |_| {});
    result.unwrap_err().to_string()
}

/// The errors of a mapping, a line each.
fn mapping_errors(mapping: &str) -> Vec<String> {
    parse(mapping).unwrap_err().0.iter().map(ToString::to_string).collect()
}
