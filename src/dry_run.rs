//! `xiezhi dry-run`, and the same for the API: a draft of the rules tried on history, in files or in ClickHouse, by the engine
//! that judges live ([`detectors::dry_run`], docs/adr/0028).

mod history;
mod subject;
mod table;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use dashboard_api::{Connection, Draft, Progress};
use detectors::dry_run::{Tally, Trial};
use detectors::machine::CaseMachine;
use model::dry_run::Report;
use model::{Catalogue, Instant};
use rdkafka::config::ClientConfig;
use workflow::DryRun;

use crate::cli::{DryRunArgs, Format};
use crate::{detect, progress, site, wall};
use subject::Subject;

const BAR: &str = "{bar:40} {percent:>3}% {human_pos}/{human_len} events {eta}";

pub(crate) fn run(args: &DryRunArgs) -> anyhow::Result<ExitCode> {
    let subject = Subject::of(args)?;
    let report = match &args.clickhouse {
        None => over_files(args, &subject)?,
        Some(url) => {
            let (user, password) = (Some(args.user.clone()), site::secret(args.password_env.as_deref())?);
            let connection = Connection { url: url.clone(), database: "xiezhi".to_owned(), user, password };
            let at = args.until.unwrap_or_else(wall::now);
            let mut questions = Questions::new(&subject, at)?;
            let bar = progress::bar(None, BAR);
            let events = history::read(&connection, &mut questions, &|done, total| {
                bar.set_length(total);
                bar.set_position(done);
            })?;
            bar.finish_and_clear();
            questions.report(&subject, events)
        }
    };
    let mut out = std::io::stdout().lock();
    match args.format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, &DryRun::of(report, false))?;
            writeln!(out)?;
        }
        Format::Text => table::print(&mut out, &report)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn over_files(args: &DryRunArgs, subject: &Subject) -> anyhow::Result<Report> {
    let threads = detect::threads(args.threads);
    let read = detect::facts(&subject.current()?, args.until, &args.files, args.rejects.as_deref(), threads)?;
    let mut questions = Questions::new(subject, read.until(args.until))?;
    questions.ask(&read.machines, threads);
    let events = read.machines.iter().map(|machine| machine.counts().facts).sum();
    Ok(questions.report(subject, events))
}

/// What the API runs for a version under review: over all that is stored, as of now.
pub(crate) fn over_clickhouse(
    client: ClientConfig,
    catalogue: PathBuf,
    connection: Connection,
) -> impl Fn(&Draft, &Progress) -> Result<Report, String> + Send + Sync + 'static {
    move |draft, progress| {
        let run = || -> anyhow::Result<Report> {
            let subject = Subject::of_draft(&client, &catalogue, draft)?;
            let mut questions = Questions::new(&subject, wall::now())?;
            let events =
                history::read(&connection, &mut questions, &|done, total| progress.set(done, total))?;
            Ok(questions.report(&subject, events))
        };
        run().map_err(|error| {
            tracing::error!(
                rule = draft.rule,
                version = draft.version,
                error = format!("{error:#}"),
                "a dry run failed"
            );
            match error.downcast::<subject::Unusable>() {
                // About the draft, in words for its author.
                Ok(unusable) => unusable.to_string(),
                Err(_) => "the dry run could not be made; the server's log has the reason".to_owned(),
            }
        })
    }
}

/// What is asked of every case, and the answers so far.
struct Questions {
    current: Arc<Catalogue>,
    at: Instant,
    history: (Trial, Tally),
    switch: Option<(Trial, Tally)>,
}

impl Questions {
    fn new(subject: &Subject, at: Instant) -> anyhow::Result<Self> {
        let (current, with) = (subject.current()?, subject.with()?);
        let switch = Trial::switch(subject.base()?, subject.editions(), Catalogue::clone(&with), at);
        let history = (Trial::history(Arc::clone(&current), with, at), Tally::default());
        Ok(Self { current, at, history, switch: switch.map(|trial| (trial, Tally::default())) })
    }

    fn machine(&self) -> CaseMachine {
        CaseMachine::new(Arc::clone(&self.current))
    }

    /// Asks every case of these machines, on so many threads.
    fn ask(&mut self, machines: &[CaseMachine], threads: usize) {
        let current = &self.current;
        for (trial, tally) in std::iter::once(&mut self.history).chain(&mut self.switch) {
            let (next, sum) = (AtomicUsize::new(0), Mutex::new(std::mem::take(tally)));
            let work = || -> Result<(), std::convert::Infallible> {
                let mut own = Tally::default();
                while let Some(machine) = machines.get(next.fetch_add(1, Ordering::Relaxed)) {
                    tally_of(trial, machine, current, &mut own);
                }
                detect::turns::lock(&sum).merge(own);
                Ok(())
            };
            match detect::turns::side_by_side(threads, work) {
                Ok(()) => {}
            }
            *tally = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn report(self, subject: &Subject, events: u64) -> Report {
        Report {
            engine: concat!("xiezhi ", env!("CARGO_PKG_VERSION")).to_owned(),
            rule: subject.rule.clone(),
            version: subject.version,
            content: subject.content,
            against: self.current.version.clone(),
            against_hash: self.current.fingerprint,
            as_of: self.at,
            cases: self.history.1.cases,
            events,
            history: self.history.1.into_part(),
            switch: self.switch.map(|(_, tally)| tally.into_part()),
        }
    }
}

fn tally_of(trial: &Trial, machine: &CaseMachine, current: &Catalogue, tally: &mut Tally) {
    for number in 0..machine.cases() as u32 {
        tally.add(trial.ask(machine, number), &current.calendar);
    }
}
