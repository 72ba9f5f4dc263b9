//! `xiezhi catalogue check`: what is wrong with a catalogue, for people or for programs.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;
use model::Catalogue;
use model::catalogue::{Problem, Severity};

use crate::cli::{CheckArgs, Format};

pub(crate) fn run(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    if !args.dir.is_dir() {
        bail!("{} is no directory; give the catalogue's", args.dir.display());
    }
    let problems = Catalogue::inspect(&args.dir).problems;
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
        writeln!(out, "{problem}")?;
    }
    let errors = problems.iter().filter(|p| p.severity == Severity::Error).count();
    writeln!(out, "{errors} errors, {} warnings", problems.len() - errors)
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
