//! `xiezhi catalogue check`: what is wrong with a catalogue, for people or for programs.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use model::catalogue::{Problem, Severity};
use model::{Catalogue, Day};

use crate::cli::{CheckArgs, Format};
use crate::wall;

pub(crate) fn run(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    if !args.dir.is_dir() {
        bail!("{} is no directory; give the catalogue's", args.dir.display());
    }
    let inspection = Catalogue::inspect(&args.dir);
    let today = match (&args.today, &inspection.catalogue) {
        (Some(text), _) => {
            Day::parse(text).with_context(|| format!("--today {text} is no date; write it YYYY-MM-DD"))?
        }
        (None, Some(catalogue)) => catalogue.calendar.day_of(wall::now()),
        // Without a catalogue nothing is counted from today.
        (None, None) => Day::default(),
    };
    let problems = inspection.findings(today);
    let mut out = std::io::stdout().lock();
    match args.format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, &problems)?;
            writeln!(out)?;
        }
        Format::Text => print(&mut out, &problems)?,
    }
    let errors = problems.iter().any(|p| p.severity == Severity::Error);
    Ok(if errors { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn print(out: &mut dyn Write, problems: &[Problem]) -> std::io::Result<()> {
    for problem in problems {
        writeln!(
            out,
            "{}: {problem} [{}]\n    {}",
            word(problem.severity),
            problem.code,
            problem.message.zh
        )?;
    }
    let errors = problems.iter().filter(|p| p.severity == Severity::Error).count();
    writeln!(out, "{errors} errors, {} warnings", problems.len() - errors)
}

const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// Loads a catalogue for a command that needs one; every problem is in the error.
pub(crate) fn load(dir: &Path) -> anyhow::Result<Catalogue> {
    if !dir.is_dir() {
        bail!("{} is no directory; give the catalogue's", dir.display());
    }
    Catalogue::load(dir).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("catalogue {} cannot be used:\n{}", dir.display(), lines.join("\n"))
    })
}
