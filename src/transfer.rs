//! `xiezhi import`, `publish` and `redrive`: files to events, events to Kafka, dead letters back.

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use anyhow::Context;
use ingest::import::{Importer, Mapping};
use ingest::publish::{PublishConfig, publish};
use ingest::redrive::{Selection, redrive};

use crate::cli::{ImportArgs, PublishArgs, RedriveArgs};
use crate::{catalogue_check, lines, progress, verify};

pub(crate) fn import(args: &ImportArgs) -> anyhow::Result<ExitCode> {
    let text = std::fs::read_to_string(&args.mapping)
        .with_context(|| format!("cannot read {}", args.mapping.display()))?;
    let mapping = Mapping::parse(&text, &args.mapping.display().to_string())?;
    let mut importer = Importer::new(&mapping);
    let mut out = BufWriter::with_capacity(1 << 17, io::stdout().lock());
    let bar = progress::bar(None, "{spinner} {bytes} read, {elapsed}");
    for file in &args.files {
        let input = ingest::import::open(file).with_context(|| format!("cannot read {}", file.display()))?;
        let mut reject = |row| bar.suspend(|| eprintln!("{row}"));
        let read = importer.import(input, &file.display().to_string(), &mut out, &mut reject, &mut |bytes| {
            bar.set_position(bytes);
        });
        match read {
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
            read => read?,
        };
    }
    out.flush()?;
    bar.finish_and_clear();
    let report = importer.report();
    eprintln!(
        "{} rows, {} events, {} rows rejected, {} rows skipped by the mapping",
        report.rows, report.events, report.rejected, report.skipped
    );
    Ok(if report.rejected > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

pub(crate) fn publish_files(args: &PublishArgs) -> anyhow::Result<ExitCode> {
    let client = verify::client(&args.brokers, &args.set);
    let config =
        PublishConfig { route: route(args)?, rate: args.rate, partitions: 1, replication: args.replication };
    let bar = progress::bar(None, "{spinner} {human_pos} events, {per_sec}, {elapsed}");
    let (mut lines, mut acknowledged, mut skipped) = (0, 0, 0);
    for file in &args.files {
        let reader = lines::open(file, &Arc::new(AtomicU64::new(0)))?;
        let done =
            publish(&client, &config, reader, |done| bar.set_position(acknowledged + done.acknowledged))
                .with_context(|| file.display().to_string())?;
        for (line, problem) in &done.problems {
            bar.suspend(|| eprintln!("{}:{line}: {problem}", file.display()));
        }
        lines += done.lines;
        acknowledged += done.acknowledged;
        skipped += done.skipped;
    }
    bar.finish_and_clear();
    eprintln!("{lines} lines, {acknowledged} published, {skipped} of no known organisation or too long");
    Ok(if skipped > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn route(args: &PublishArgs) -> anyhow::Result<ingest::Route> {
    match (&args.org, &args.catalogue) {
        (Some(org), None) => Ok(ingest::Route::to(org)),
        (org, Some(dir)) => Ok(ingest::Route::by_source(&catalogue_check::load(dir)?.orgs, org.clone())),
        (None, None) => {
            anyhow::bail!("say whose events these are: --org ORG, or --catalogue DIR with an orgs.yaml")
        }
    }
}

pub(crate) fn redrive_letters(args: &RedriveArgs) -> anyhow::Result<ExitCode> {
    let reasons = args.reason.iter().map(|word| {
        let known = model::event::Reason::ALL.into_iter().find(|r| r.as_str() == word);
        known.with_context(|| format!("reason \"{word}\" is unknown"))
    });
    let selection = Selection {
        reasons: reasons.collect::<anyhow::Result<_>>()?,
        org: args.org.clone(),
        topic: None,
        partition: None,
        from: args.from,
        until: args.to,
        since: args.since,
    };
    let done = redrive(&verify::client(&args.brokers, &args.set), &selection, args.dry_run, |_| {})?;
    let verb = if args.dry_run { "would go back" } else { "went back" };
    eprintln!("{} letters read, {} {verb}", done.read, done.total());
    for (reason, count) in &done.by_reason {
        eprintln!("  {reason:<22} {count}");
    }
    for place in done.truncated.iter().chain(&done.unreadable) {
        eprintln!("  left where it is: {place}");
    }
    Ok(ExitCode::SUCCESS)
}
