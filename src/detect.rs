//! `xiezhi detect`: the detectors over files, for audits, back-tests and black-box tests.
//!
//! All threads read and decode side by side ([`read`]), then judge and write side by side ([`mod@write`]); what comes out is
//! the same on any number of them.

mod input;
mod output;
mod read;
mod rejects;
mod summary;
mod turns;
mod write;

use std::fs::File;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use model::Instant;

use crate::cli::DetectArgs;
use crate::wall;
use summary::Summary;

pub(crate) fn run(args: &DetectArgs) -> anyhow::Result<ExitCode> {
    let catalogue = Arc::new(crate::catalogue_check::load(&args.catalogue)?);
    let threads = args.threads.unwrap_or_else(available).into();
    let bar = progress(args);
    let input = input::Input::new(&args.files, bar.clone());
    let rejects = rejects::Rejects::open(args.rejects.as_deref())?;
    let clock = args.until.unwrap_or_else(wall::now);
    let read = read::read(&catalogue, clock, &args.files, input, rejects, threads)?;
    bar.finish_and_clear();
    let until = args.until.or(read.tally.latest).unwrap_or(Instant(0));
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

fn available() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

fn open(args: &DetectArgs) -> anyhow::Result<Box<dyn Write + Send>> {
    Ok(match &args.out {
        Some(path) => {
            Box::new(File::create(path).with_context(|| format!("cannot write {}", path.display()))?)
        }
        None => Box::new(io::stdout()),
    })
}

fn progress(args: &DetectArgs) -> ProgressBar {
    let sizes = args.files.iter().map(|f| std::fs::metadata(f).map(|m| m.len()));
    let total: u64 = sizes.flatten().sum();
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(10));
    let style = ProgressStyle::with_template("{bar:40} {percent:>3}% {bytes}/{total_bytes} {eta}");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
