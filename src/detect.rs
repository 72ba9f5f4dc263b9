//! `xiezhi detect`: the detectors over files, for audits, back-tests and black-box tests.

mod output;
mod summary;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context;
use detectors::machine::CaseMachine;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use model::event::{MAX_EVENT_BYTES, Rejection};
use model::{Catalogue, Instant};

use crate::cli::DetectArgs;
use crate::{lines, wall};
use summary::Summary;

/// Lines between two looks at the progress bar.
const PROGRESS_EVERY: u64 = 4_096;

pub(crate) fn run(args: &DetectArgs) -> anyhow::Result<ExitCode> {
    let catalogue = Arc::new(crate::catalogue_check::load(&args.catalogue)?);
    let mut summary = Summary::default();
    let mut reading = Reading {
        machine: CaseMachine::new(Arc::clone(&catalogue)),
        catalogue: &catalogue,
        clock: args.until.unwrap_or_else(wall::now),
        latest: None,
        rejects: Rejects::open(args)?,
        lines: 0,
        rejected: 0,
    };
    let bar = progress(args);
    for file in &args.files {
        reading.file(file, &bar)?;
    }
    bar.finish_and_clear();
    let Reading { mut machine, latest, mut rejects, lines, rejected, .. } = reading;
    rejects.flush()?;
    summary.read(lines, rejected, machine.counts(), machine.cases());
    let until = args.until.or(latest).unwrap_or(Instant(0));
    write_findings(&mut machine, until, &catalogue, args, &mut summary)?;
    summary.print(&mut io::stderr().lock())?;
    Ok(ExitCode::SUCCESS)
}

fn write_findings(
    machine: &mut CaseMachine,
    until: Instant,
    catalogue: &Catalogue,
    args: &DetectArgs,
    summary: &mut Summary,
) -> anyhow::Result<()> {
    let out: Box<dyn Write> = match &args.out {
        Some(path) => {
            Box::new(File::create(path).with_context(|| format!("cannot write {}", path.display()))?)
        }
        None => Box::new(io::stdout().lock()),
    };
    let mut out = BufWriter::with_capacity(1 << 17, out);
    let mut written = Ok(());
    machine.settle(until, |mut findings| {
        output::sort(&mut findings);
        for finding in &findings {
            summary.finding(finding);
            if written.is_ok() {
                written = output::write(&mut out, finding, &catalogue.calendar);
            }
        }
    });
    match written.and_then(|()| out.flush()) {
        // A reader that has seen enough, such as `head`, is no failure.
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe && args.out.is_none() => Ok(()),
        other => other.context("cannot write the findings"),
    }
}

/// The state of reading all files.
struct Reading<'c> {
    machine: CaseMachine,
    catalogue: &'c Catalogue,
    clock: Instant,
    latest: Option<Instant>,
    rejects: Rejects,
    lines: u64,
    rejected: u64,
}

impl Reading<'_> {
    fn file(&mut self, path: &std::path::Path, bar: &ProgressBar) -> anyhow::Result<()> {
        let read = Arc::new(AtomicU64::new(0));
        let mut reader = lines::open(path, &read)?;
        let (mut line, mut number, shown) = (Vec::new(), 0, bar.position());
        while lines::next(&mut *reader, MAX_EVENT_BYTES, &mut line)
            .with_context(|| format!("{}, line {}", path.display(), number + 1))?
        {
            number += 1;
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            self.lines += 1;
            if let Err(rejection) = self.line(&line) {
                self.rejected += 1;
                self.rejects.write(&path.display().to_string(), number, &rejection, &line)?;
            }
            if number % PROGRESS_EVERY == 0 {
                bar.set_position(shown + read.load(Ordering::Relaxed));
            }
        }
        bar.set_position(shown + read.load(Ordering::Relaxed));
        Ok(())
    }

    fn line(&mut self, line: &[u8]) -> Result<(), Rejection> {
        let event = model::event::decode(line, self.clock)?;
        self.catalogue.orgs.authorise(&event)?;
        self.latest = self.latest.max(Some(event.time));
        self.machine.absorb(&event);
        Ok(())
    }
}

/// Where rejected lines go.
struct Rejects {
    out: BufWriter<Box<dyn Write>>,
}

impl Rejects {
    fn open(args: &DetectArgs) -> anyhow::Result<Self> {
        let out: Box<dyn Write> = match &args.rejects {
            Some(path) => {
                Box::new(File::create(path).with_context(|| format!("cannot write {}", path.display()))?)
            }
            None => Box::new(io::stderr()),
        };
        Ok(Self { out: BufWriter::new(out) })
    }

    fn write(&mut self, file: &str, line: u64, rejection: &Rejection, record: &[u8]) -> io::Result<()> {
        #[derive(serde::Serialize)]
        struct Reject<'r> {
            file: &'r str,
            line: u64,
            reason: &'r str,
            sentence: &'r str,
            record: std::borrow::Cow<'r, str>,
        }
        let record = String::from_utf8_lossy(record);
        let reject =
            Reject { file, line, reason: rejection.reason.as_str(), sentence: &rejection.sentence, record };
        serde_json::to_writer(&mut self.out, &reject)?;
        self.out.write_all(b"\n")
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn progress(args: &DetectArgs) -> ProgressBar {
    let sizes = args.files.iter().map(|f| std::fs::metadata(f).map(|m| m.len()));
    let total: u64 = sizes.flatten().sum();
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(10));
    let style = ProgressStyle::with_template("{bar:40} {percent:>3}% {bytes}/{total_bytes} {eta}");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
