//! `xiezhi`: one binary, many commands. This file parses and dispatches; each command lives in a module of its own.

mod accept_loss;
mod backup;
mod bench;
mod catalogue_check;
mod cli;
mod config;
mod demo;
mod detect;
mod dry_run;
mod enact;
mod expiry;
mod lines;
mod live;
mod local;
mod notify;
mod overseer;
mod people;
mod progress;
mod random;
mod reference;
mod register;
mod repair;
mod rules;
mod run;
mod serve;
mod site;
mod stream;
mod transfer;
mod verify;
mod wall;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let command = cli::Cli::parse().command;
    log(&command);
    let result = match &command {
        cli::Command::Detect(args) => detect::run(args),
        cli::Command::DryRun(args) => dry_run::run(args),
        cli::Command::Catalogue(cli::CatalogueCommand::Check(args)) => catalogue_check::run(args),
        cli::Command::Import(args) => transfer::import(args),
        cli::Command::Publish(args) => transfer::publish_files(args),
        cli::Command::Reference(command) => reference::run(command),
        cli::Command::Register(cli::RegisterCommand::Import(args)) => register::import(args),
        cli::Command::Redrive(args) => transfer::redrive_letters(args),
        cli::Command::Run(args) => run::run(args),
        cli::Command::Demo(args) => demo::run(args),
        cli::Command::Generate(args) => demo::write(args),
        cli::Command::Repair(args) => repair::run(args),
        cli::Command::Backup(args) => backup::backup(args),
        cli::Command::Restore(args) => backup::restore(args),
        cli::Command::Verify(args) => verify::run(args),
        cli::Command::AcceptLoss(args) => accept_loss::run(args),
        cli::Command::Bench(command) => bench::run(command),
    };
    result.unwrap_or_else(|error| {
        eprintln!("xiezhi: {error:#}");
        ExitCode::from(cli::EXIT_UNUSABLE)
    })
}

/// Logs go to standard error; `RUST_LOG` says how much. The demonstration is quieter: it is looked at.
fn log(command: &cli::Command) {
    let default = if matches!(command, cli::Command::Demo(_)) { "error" } else { "info,librdkafka=warn" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
