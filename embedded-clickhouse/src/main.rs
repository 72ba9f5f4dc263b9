//! The command line: read the arguments, run, say why it ended.

use std::io::IsTerminal;

use clap::Parser;
use embedded_clickhouse::Args;
use tracing_subscriber::EnvFilter;

fn main() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let is_terminal = std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(is_terminal)
        .with_writer(std::io::stderr)
        .init();
    let code = match embedded_clickhouse::run(&Args::parse()) {
        Ok(()) => 0,
        Err(failure) => {
            tracing::error!("{failure}");
            failure.exit_code()
        }
    };
    // Not a return: the engine keeps threads of its own that must not see static destructors run under them.
    std::process::exit(code)
}
