//! `xiezhi reference`: publish a catalogue as the next edition of the rules of a running installation, and show those that
//! stand. Detectors take an edition over without a restart (docs/catalogue.md#editions).

use std::process::ExitCode;

use anyhow::bail;
use ledger::kafka::Topics;
use ledger::reference;
use model::Catalogue;
use model::catalogue::{Edition, Shelf};

use crate::cli::{ReferenceCommand, ReferencePublishArgs, ReferenceShowArgs};
use crate::{verify, wall};

pub(crate) fn run(command: &ReferenceCommand) -> anyhow::Result<ExitCode> {
    match command {
        ReferenceCommand::Publish(args) => publish(args),
        ReferenceCommand::Show(args) => show(args),
    }
}

fn publish(args: &ReferencePublishArgs) -> anyhow::Result<ExitCode> {
    if !args.catalogue.is_dir() {
        bail!("{} is no directory; give the catalogue's", args.catalogue.display());
    }
    let files = Catalogue::files(&args.catalogue).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("{} cannot be read:\n{}", args.catalogue.display(), lines.join("\n"))
    })?;
    let by = args.by.clone().or_else(|| std::env::var("USER").ok()).unwrap_or_else(|| "unknown".to_owned());
    let client = verify::client(&args.brokers, &args.set);
    let propose = |shelf: &Shelf| shelf.propose(&files, args.from, (wall::now(), &by));
    let edition = reference::publish(&client, &Topics::default().reference, propose)?;
    println!("{}", line(&edition));
    Ok(ExitCode::SUCCESS)
}

fn show(args: &ReferenceShowArgs) -> anyhow::Result<ExitCode> {
    let client = verify::client(&args.brokers, &args.set);
    let shelf = reference::load(&client, &Topics::default().reference)?;
    match &args.out {
        None => shelf.editions().iter().for_each(|edition| println!("{}", line(edition))),
        Some(dir) => {
            for (path, text) in shelf.files() {
                let path = dir.join(path);
                path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
                std::fs::write(path, text)?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn line(edition: &Edition) -> String {
    let Edition { seq, from, at, by, hash, catalogue, .. } = edition;
    let [from, at] = [from, at].map(|instant| catalogue.calendar.format(*instant));
    let (version, items) = (&catalogue.version, catalogue.items.len());
    let officers = catalogue.officers.len();
    format!(
        "edition {seq}: version {version}, from {from}, published {at} by {by}, {items} items, {officers} officers, {hash}"
    )
}
