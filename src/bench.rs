//! `xiezhi bench`: load of a known shape, for measurements (docs/performance.md).

mod load;
mod script;

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use anyhow::Context;

use crate::cli::{BenchCommand, LoadArgs};

pub(crate) fn run(command: &BenchCommand) -> anyhow::Result<ExitCode> {
    match command {
        BenchCommand::Events(args) => events(args),
    }
}

fn events(args: &LoadArgs) -> anyhow::Result<ExitCode> {
    let mut out = BufWriter::with_capacity(1 << 17, io::stdout().lock());
    let mut line = Vec::with_capacity(1 << 10);
    let mut load = load::Load::new(args);
    for _ in 0..args.events {
        line.clear();
        load.next(&mut line);
        out.write_all(&line).context("cannot write events")?;
    }
    out.flush().context("cannot write events")?;
    Ok(ExitCode::SUCCESS)
}
