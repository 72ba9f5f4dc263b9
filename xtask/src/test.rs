//! All tests of the project, one after another, and the counts at the end.
//!
//! Everything is compiled by one cargo invocation first: the tests start our binaries, and a second selection of
//! packages would unify features differently and compile the same crates again. No test is retried. A step that
//! fails does not keep the later ones from running, so that one run shows all there is to mend.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::{console, repository};

const BUILD: &[&str] = &["build", "--workspace", "--lib", "--bins", "--tests", "--locked"];
/// Three at a time keep two cores busy: an experiment waits for its own faults most of the time.
const CHAOS: &[&str] = &["--seconds", "60", "--rate", "100", "--lanes", "3"];
const TEST: &[&str] = &["test", "--workspace", "--locked", "--no-fail-fast"];

/// How one step ended: its name, whether it was well, and what it counted.
struct Outcome {
    name: &'static str,
    well: bool,
    counts: String,
}

pub(crate) fn run() -> Result<bool> {
    let root = repository::root()?;
    let start = Instant::now();
    // Before cargo, which takes it into the binary.
    ensure!(console::run()?, "the console could not be built");
    ensure!(cargo(&root, BUILD).status().context("running cargo build")?.success(), "the build failed");
    println!("test: built in {:.0} s", start.elapsed().as_secs_f32());
    let mut outcomes = vec![console_tests(&root, "console", "test")?, rust_tests(&root)?];
    outcomes.push(console_tests(&root, "console in a browser", "browser")?);
    outcomes.extend(oracle_tests(&root)?);
    let comparison =
        ("oracle against xiezhi", "tests/oracle/compare.py", &["--seeds", "1..40", "--cases", "60"][..]);
    let scenarios = ("scenarios", "tests/scenarios/run.py", &[][..]);
    for (name, script, arguments) in [comparison, scenarios] {
        outcomes.push(against_binary(&root, name, script, arguments)?);
    }
    outcomes.push(chaos(&root)?);
    Ok(summarize(&outcomes, start))
}

fn summarize(outcomes: &[Outcome], start: Instant) -> bool {
    println!();
    for outcome in outcomes {
        println!("{:6} {}: {}", if outcome.well { "ok" } else { "FAILED" }, outcome.name, outcome.counts);
    }
    let well = outcomes.iter().all(|outcome| outcome.well);
    let verdict = if well { "all passed" } else { "FAILED" };
    println!("test: {verdict}, {:.0} s", start.elapsed().as_secs_f32());
    well
}

fn cargo(root: &Path, arguments: &[&str]) -> Command {
    let mut command = repository::cargo(root);
    command.args(arguments);
    command
}

fn rust_tests(root: &Path) -> Result<Outcome> {
    // The engine's program has just been built: a test that builds it for itself would unify features anew.
    let engine = target(root).join("debug/embedded-clickhouse");
    let (well, lines) = watched(cargo(root, TEST).env("EMBEDDED_CLICKHOUSE", engine))?;
    let totals = Totals::of(&lines);
    // A run that found nothing to run has proved nothing.
    Ok(Outcome { name: "cargo test", well: well && totals.passed > 0, counts: totals.to_string() })
}

/// A script of console/package.json that ends with node's own counts.
fn console_tests(root: &Path, name: &'static str, script: &str) -> Result<Outcome> {
    let mut command = console::node(root, "npm")?;
    command.args(["run", "--silent", script]);
    let program = target(root).join("debug/xiezhi");
    let (well, lines) = watched(command.env("XIEZHI_PROGRAM", program))?;
    let count = |what: &str| {
        let line =
            lines.iter().rev().find_map(|line| line.trim_start_matches(['#', 'ℹ', ' ']).strip_prefix(what));
        line.and_then(|count| count.trim().parse::<usize>().ok()).unwrap_or(0)
    };
    let (passed, failed) = (count("pass "), count("fail "));
    Ok(Outcome { name, well: well && passed > 0, counts: format!("{passed} passed, {failed} failed") })
}

/// The oracle's own tests: expectations worked out by hand.
fn oracle_tests(root: &Path) -> Result<Option<Outcome>> {
    if !root.join("tests/oracle").is_dir() {
        return Ok(None);
    }
    let mut command = python(root)?;
    // unittest writes to standard error.
    let (well, lines) = watched(command.args(["-m", "unittest", "discover", "-s", "tests/oracle"]))?;
    let counts = last_line_with(&lines, "Ran ");
    Ok(Some(Outcome { name: "oracle", well: well && counts.is_some(), counts: counts.unwrap_or_default() }))
}

/// A script that runs the program and compares what it says; its last line has the counts.
fn against_binary(root: &Path, name: &'static str, script: &str, arguments: &[&str]) -> Result<Outcome> {
    let mut command = python(root)?;
    command.arg(script).arg("--xiezhi").arg(target(root).join("debug/xiezhi")).args(arguments);
    let (well, lines) = watched(&mut command)?;
    let counts = lines.iter().rev().find(|line| !line.is_empty()).cloned().unwrap_or_default();
    Ok(Outcome { name, well, counts })
}

/// The short form of every experiment of docs/reliability.md: long enough for several faults in each.
fn chaos(root: &Path) -> Result<Outcome> {
    let mut command = Command::new(target(root).join("debug/chaos"));
    let out = target(root).join("chaos");
    command.current_dir(root).args(CHAOS).arg("--out").arg(out);
    let (well, lines) = watched(&mut command)?;
    let counts = last_line_with(&lines, "chaos: ");
    Ok(Outcome { name: "chaos", well: well && counts.is_some(), counts: counts.unwrap_or_default() })
}

fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder))
}

/// The interpreter of the environment that deploy/setup.sh makes.
fn python(root: &Path) -> Result<Command> {
    let interpreter = repository::cache()?.join("venv/bin/python");
    ensure!(interpreter.exists(), "{} is missing: run deploy/setup.sh", interpreter.display());
    let mut command = Command::new(interpreter);
    command.current_dir(root);
    Ok(command)
}

/// Runs a command, shows what it prints while it prints it, and keeps the lines. Both streams become one, in order.
fn watched(command: &mut Command) -> Result<(bool, Vec<String>)> {
    println!("== {command:?}");
    std::io::stdout().flush()?;
    let (reader, writer) = std::io::pipe()?;
    let mut child = command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer).spawn()?;
    // Until these ends are closed too, the reader would wait for more.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut lines = Vec::new();
    for line in BufReader::new(reader).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        println!("{line}");
        lines.push(line);
    }
    Ok((child.wait()?.success(), lines))
}

fn last_line_with(lines: &[String], start: &str) -> Option<String> {
    lines.iter().rev().find(|line| line.starts_with(start)).cloned()
}

/// The sums over all test binaries.
#[derive(Debug, Default, PartialEq)]
struct Totals {
    binaries: usize,
    passed: usize,
    failed: usize,
    ignored: usize,
    /// Tests that said that they could not run here, with the word SKIPPED.
    skipped: usize,
}

impl Totals {
    fn of(lines: &[String]) -> Self {
        let mut totals = Self::default();
        for line in lines {
            totals.add(line);
        }
        totals
    }

    /// Reads `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    fn add(&mut self, line: &str) {
        self.skipped += usize::from(line.contains("SKIPPED"));
        let Some(result) = line.strip_prefix("test result: ") else { return };
        let count = |what: &str| {
            let part = result.split(['.', ';']).map(str::trim).find(|part| part.ends_with(what));
            part.and_then(|part| part.split(' ').next()?.parse::<usize>().ok()).unwrap_or(0)
        };
        self.binaries += 1;
        self.passed += count(" passed");
        self.failed += count(" failed");
        self.ignored += count(" ignored");
    }
}

impl std::fmt::Display for Totals {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { binaries, passed, failed, ignored, skipped } = self;
        write!(
            out,
            "{passed} passed, {failed} failed, {ignored} ignored, {skipped} skipped in {binaries} binaries"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_results_of_all_binaries_are_added_up() {
        let lines = [
            "running 3 tests",
            "SKIPPED: no data here",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.01s",
            "test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s",
        ];
        let totals = Totals::of(&lines.map(str::to_owned));
        assert_eq!(totals, Totals { binaries: 2, passed: 13, failed: 2, ignored: 1, skipped: 1 });
    }

    #[test]
    fn both_streams_are_kept_and_the_status_told() {
        let (well, lines) = watched(Command::new("sh").args(["-c", "echo a; echo b >&2; exit 3"])).unwrap();
        assert_eq!((well, lines), (false, vec!["a".to_owned(), "b".to_owned()]));
    }
}
