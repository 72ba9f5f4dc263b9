//! The project's own chores: `cargo xtask tidy` holds the rules that no compiler knows,
//! `cargo xtask ci` is the one gate, `cargo xtask test` runs every test there is, `cargo xtask console` builds the web
//! console, `cargo xtask dashboards` writes Grafana's, `cargo xtask sbom` the bill of materials.
//!
//! What must stay true: the gate is the same on a desk and in `.ci/run`; a rule says where it was broken and what
//! would be right; nothing here is needed to build or run the product.

mod ci;
mod console;
mod dashboards;
mod metadata;
mod repository;
mod sbom;
mod test;
mod tidy;

use std::process::ExitCode;

use anyhow::Result;

const USAGE: &str = "usage: cargo xtask tidy | ci | test | console | dashboards [--console URL --out DIR] | sbom [--out FILE]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Does what the arguments ask; the answer is whether all was well.
fn run(arguments: &[String]) -> Result<bool> {
    match arguments {
        [command] if command == "tidy" => tidy::run(),
        [command] if command == "ci" => ci::run(),
        [command] if command == "test" => test::run(),
        [command] if command == "console" => console::run(),
        [command] if command == "dashboards" => dashboards::write(),
        [command, console, url, out, dir]
            if command == "dashboards" && console == "--console" && out == "--out" =>
        {
            dashboards::write_for(url, dir)
        }
        [command] if command == "sbom" => sbom::write(None),
        [command, out, file] if command == "sbom" && out == "--out" => sbom::write(Some(file)),
        _ => anyhow::bail!(USAGE),
    }
}
