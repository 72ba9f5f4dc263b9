//! `xiezhi detect`: the detectors over files, for audits, back-tests and black-box tests.
//!
//! All threads read and decode side by side ([`read`]), then judge and write side by side ([`mod@write`]); what comes out is
//! the same on any number of them.

mod input;
mod output;
mod read;
mod rejects;
mod summary;
pub(crate) mod turns;
mod write;

use std::fs::File;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use indicatif::ProgressBar;
use model::{Catalogue, Instant};

use crate::cli::DetectArgs;
use crate::{progress, wall};
pub(crate) use read::Read;
use summary::Summary;

pub(crate) fn run(args: &DetectArgs) -> anyhow::Result<ExitCode> {
    let catalogue = Arc::new(crate::catalogue_check::load(&args.catalogue)?);
    let threads = threads(args.threads);
    let read = facts(&catalogue, args.until, &args.files, args.rejects.as_deref(), threads)?;
    let until = read.until(args.until);
    let mut summary = Summary::default();
    let counts = read.machines.iter().map(|m| (m.counts(), m.cases()));
    let (duplicates, cases) =
        counts.fold((0, 0), |(d, c), (counts, cases)| (d + counts.duplicates, c + cases));
    summary.read(&read.tally, duplicates, cases);
    let out = open(args)?;
    let (summary, written) = write::write(&read.machines, until, &catalogue.calendar, out, summary, threads);
    match written {
        // A reader that has seen enough, such as `head`, is no failure.
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe && args.out.is_none() => {}
        other => other.context("cannot write the findings")?,
    }
    summary.print(&mut io::stderr().lock())?;
    Ok(ExitCode::SUCCESS)
}

/// All facts of some files, unjudged.
pub(crate) fn facts(
    catalogue: &Arc<Catalogue>,
    until: Option<Instant>,
    files: &[PathBuf],
    rejects: Option<&Path>,
    threads: usize,
) -> anyhow::Result<Read> {
    let bar = bar(files);
    let input = input::Input::new(files, bar.clone());
    let rejects = rejects::Rejects::open(rejects)?;
    let read = read::read(catalogue, until.unwrap_or_else(wall::now), files, input, rejects, threads)?;
    bar.finish_and_clear();
    Ok(read)
}

/// So many as are asked for, else one a processor.
pub(crate) fn threads(asked: Option<NonZeroUsize>) -> usize {
    asked.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN).into()
}

fn open(args: &DetectArgs) -> anyhow::Result<Box<dyn Write + Send>> {
    Ok(match &args.out {
        Some(path) => {
            Box::new(File::create(path).with_context(|| format!("cannot write {}", path.display()))?)
        }
        None => Box::new(io::stdout()),
    })
}

fn bar(files: &[PathBuf]) -> ProgressBar {
    let sizes = files.iter().map(|f| std::fs::metadata(f).map(|m| m.len()));
    progress::bar(Some(sizes.flatten().sum()), "{bar:40} {percent:>3}% {bytes}/{total_bytes} {eta}")
}
