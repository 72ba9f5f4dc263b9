//! The gate: form, lints, documentation, tidiness, dependencies. Tests are `make test`'s.
//!
//! Every step runs even if one before it failed, so that one run shows all there is to mend.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};

use crate::{dashboards, repository, sbom, tidy};

pub(crate) fn run() -> Result<bool> {
    let root = repository::root()?;
    let mut failed = Vec::new();
    let mut step = |name: &'static str, check: &dyn Fn() -> Result<bool>| -> Result<()> {
        println!("== {name}");
        let start = Instant::now();
        if !check()? {
            failed.push(name);
        }
        println!("   {:.1} s", start.elapsed().as_secs_f32());
        Ok(())
    };
    step("fmt", &|| cargo(&root, &["fmt", "--all", "--check"]))?;
    step("tidy", &tidy::run)?;
    step("dashboards", &dashboards::check)?;
    step("sbom", &sbom::check)?;
    step("shellcheck", &|| shellcheck(&root))?;
    step("deny", &|| deny(&root))?;
    step("clippy", &|| {
        cargo(
            &root,
            &["clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "-D", "warnings"],
        )
    })?;
    step("doc", &|| {
        let arguments =
            ["doc", "--workspace", "--no-deps", "--document-private-items", "--locked", "--quiet"];
        // Nothing is published: whoever reads the documentation reads the private parts too.
        let flags = "-D warnings -A rustdoc::private_intra_doc_links";
        succeeds(cargo_command(&root, &arguments).env("RUSTDOCFLAGS", flags))
    })?;
    match failed.as_slice() {
        [] => println!("ci: fmt, tidy, dashboards, sbom, shellcheck, deny, clippy and doc are clean"),
        failed => println!("ci: failed: {}", failed.join(", ")),
    }
    Ok(failed.is_empty())
}

fn cargo_command(root: &Path, arguments: &[&str]) -> Command {
    let mut command = repository::cargo(root);
    command.args(arguments);
    command
}

fn cargo(root: &Path, arguments: &[&str]) -> Result<bool> {
    succeeds(&mut cargo_command(root, arguments))
}

fn succeeds(command: &mut Command) -> Result<bool> {
    Ok(command.status().with_context(|| format!("running {command:?}"))?.success())
}

/// Whether a tool is there; its absence is said aloud, never passed over in silence.
fn is_installed(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// `tidy` checks licences and sources by itself, so a machine without cargo-deny loses only its second opinion. The
/// advisories are left out: they need a database from the network, and a gate must not change its mind overnight.
fn deny(root: &Path) -> Result<bool> {
    if !is_installed(&mut cargo_command(root, &["deny", "--version"])) {
        println!("   skipped: cargo-deny is not installed (tidy has checked licences and sources)");
        return Ok(true);
    }
    cargo(root, &["deny", "--all-features", "--locked", "check", "bans", "licenses", "sources"])
}

fn shellcheck(root: &Path) -> Result<bool> {
    if !is_installed(Command::new("shellcheck").arg("--version")) {
        println!("   skipped: shellcheck is not installed");
        return Ok(true);
    }
    let is_script = |text: &str| text.starts_with("#!/usr/bin/env bash") || text.starts_with("#!/bin/bash");
    let files = repository::files(root)?;
    let scripts = files.iter().filter(|file| is_script(&file.text)).map(|file| file.path.as_str());
    succeeds(Command::new("shellcheck").arg("--").args(scripts).current_dir(root))
}
