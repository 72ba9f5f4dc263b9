//! `xiezhi register import`: tables of officers, organisations, days or items into a catalogue's files, or into the next edition
//! of a running installation (docs/registers.md).

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use ledger::kafka::Topics;
use ledger::reference;
use model::Catalogue;
use model::catalogue::Shelf;
use registers::{Files, Imported, Kind, Mapping, Options, Register, Report, Table};

use crate::cli::{Format, RegisterImportArgs, RegisterName};
use crate::{verify, wall};

/// Most changes that the text names one by one; JSON has all.
const SHOWN: usize = 200;

pub(crate) fn import(args: &RegisterImportArgs) -> anyhow::Result<ExitCode> {
    let register = match args.register {
        RegisterName::Officers => Register::Officers,
        RegisterName::Orgs => Register::Orgs,
        RegisterName::Calendars => Register::Calendars,
        RegisterName::Catalogue => Register::Catalogue,
    };
    if register != Register::Officers && !args.org.is_empty() {
        bail!("--org is for officers; {} have none", register.name());
    }
    let mapping = match &args.mapping {
        None => Mapping::default(),
        Some(path) => Mapping::parse(&text(path)?).with_context(|| path.display().to_string())?,
    };
    let tables = tables(&args.files)?;
    let base = base(args)?;
    let may = |org: &str| args.org.is_empty() || args.org.iter().any(|own| own == org);
    let options = Options { merge: args.merge, partial: args.partial, may: &may };
    let read = |base: &Files| registers::import(register, &tables, &mapping, base, options);
    let imported = read(&base)?;
    let mut out = std::io::stdout().lock();
    match args.format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, &imported.report)?;
            writeln!(out)?;
        }
        Format::Text => print(&mut out, &imported.report)?,
    }
    if imported.report.taken {
        take(args, &base, &imported, &read)?;
    } else if args.write || args.publish {
        eprintln!("nothing is taken 未导入");
    }
    Ok(if imported.report.refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn tables(files: &[std::path::PathBuf]) -> anyhow::Result<Vec<Table>> {
    let mut tables = Vec::new();
    for path in files {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        tables.extend(registers::read(&path.display().to_string(), &bytes)?);
    }
    Ok(tables)
}

/// What the tables go into.
fn base(args: &RegisterImportArgs) -> anyhow::Result<Files> {
    if let Some(dir) = &args.catalogue {
        return Catalogue::files(dir).map_err(|problems| {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            anyhow::anyhow!("{} cannot be read:\n{}", dir.display(), lines.join("\n"))
        });
    }
    let brokers = args.brokers.as_deref().unwrap_or_default();
    let shelf = reference::load(&verify::client(brokers, &args.set), &Topics::default().reference)?;
    if shelf.editions().is_empty() {
        bail!(
            "nothing has been published yet: give the catalogue that the site was started with, --catalogue DIR"
        );
    }
    Ok(shelf.files().clone())
}

fn take(
    args: &RegisterImportArgs,
    base: &Files,
    imported: &Imported,
    read: &dyn Fn(&Files) -> Result<Imported, registers::Unusable>,
) -> anyhow::Result<()> {
    if args.write {
        let dir = args.catalogue.as_deref().context("--catalogue DIR is needed")?;
        for (path, text) in imported.files.iter().filter(|(path, text)| base.get(*path) != Some(text)) {
            let path = dir.join(path);
            path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
            eprintln!("{}", path.display());
        }
    }
    if args.publish {
        let client = verify::client(args.brokers.as_deref().unwrap_or_default(), &args.set);
        let by =
            args.by.clone().or_else(|| std::env::var("USER").ok()).unwrap_or_else(|| "unknown".to_owned());
        let register = imported.report.register;
        let propose = |shelf: &Shelf| {
            // Behind what stands by now: somebody may have published since it was looked at.
            let standing = if shelf.editions().is_empty() { base } else { shelf.files() };
            let mut files = read(standing).map(|again| again.files).unwrap_or_else(|_| standing.clone());
            registers::with_version(&mut files, register, shelf.editions().len());
            shelf.propose(&files, None, (wall::now(), &by))
        };
        let edition = reference::publish(&client, &Topics::default().reference, propose)?;
        eprintln!("edition {}: version {}", edition.seq, edition.catalogue.version);
    }
    Ok(())
}

fn print(out: &mut dyn Write, report: &Report) -> std::io::Result<()> {
    for refusal in &report.refused {
        let place = place(&refusal.place);
        let column = refusal.column.as_ref().map(|column| format!(" {column}")).unwrap_or_default();
        let (word, message) = (refusal.reason.name(), &refusal.message);
        writeln!(out, "refused  {place}{column}: {} [{word}]\n    {}", message.en, message.zh)?;
    }
    for ignored in &report.ignored {
        writeln!(
            out,
            "ignored  {}: the column {} is not read 未读取此列",
            place(&ignored.place),
            ignored.column
        )?;
    }
    for change in report.changes.iter().take(SHOWN) {
        let word = match change.kind {
            Kind::Added => "added  ",
            Kind::Changed => "changed",
            Kind::Removed => "removed",
        };
        let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "-".to_owned());
        let field = |f: &registers::FieldChange| match (change.kind, &f.before, &f.after) {
            (Kind::Changed, before, after) => format!("{} {} -> {}", f.field, side(before), side(after)),
            (_, Some(one), _) | (_, None, Some(one)) => format!("{} {one}", f.field),
            (_, None, None) => f.field.clone(),
        };
        let fields: Vec<String> = change.fields.iter().map(field).collect();
        writeln!(out, "{word}  {}: {}", change.id, fields.join(", "))?;
    }
    let more = report.changes.len().saturating_sub(SHOWN);
    if more > 0 {
        writeln!(out, "         and {more} more; --format json has all of them")?;
    }
    let count = |kind| report.count(kind);
    writeln!(
        out,
        "{} rows: {} accepted, {} of them unchanged, {} refused; {} added, {} changed, {} removed{}",
        report.rows,
        report.accepted,
        report.unchanged,
        report.refused.len(),
        count(Kind::Added),
        count(Kind::Changed),
        count(Kind::Removed),
        if report.taken { "" } else { "; nothing is taken 未导入" }
    )
}

fn place(place: &registers::Place) -> String {
    let sheet = place.sheet.as_ref().map(|sheet| format!("[{sheet}]")).unwrap_or_default();
    format!("{}{sheet}:{}", place.file, place.row)
}
