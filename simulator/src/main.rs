//! Command line of the simulator: many seeds, or one with its trace, or the mutants and the control.

use std::ops::Range;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, bail};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use simulator::campaign::{self, Sum};
use simulator::faults::Fault;
use simulator::mutant::Mutant;
use simulator::run::{Parts, Plan, run};

/// Runs the production engine on a simulated log, disk, store and clock, one seed a world.
#[derive(Debug, Parser)]
struct Args {
    /// Seeds to run: FROM..TO, the last not included.
    #[arg(long, default_value = "0..10000", value_parser = range)]
    seeds: Range<u64>,
    /// Runs this one seed.
    #[arg(long)]
    seed: Option<u64>,
    /// Prints everything that happens in it.
    #[arg(long, requires = "seed")]
    trace: bool,
    /// Takes each safeguard away in turn and looks for the first seed that notices.
    #[arg(long)]
    mutants: bool,
    /// Takes this safeguard away.
    #[arg(long, value_parser = mutant)]
    mutant: Option<Mutant>,
    /// Runs plain at-least-once in the engine's place: it must fail.
    #[arg(long)]
    control: bool,
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

fn range(text: &str) -> Result<Range<u64>, String> {
    let parsed = text.split_once("..").and_then(|(from, to)| Some(from.parse().ok()?..to.parse().ok()?));
    parsed.filter(|range| !range.is_empty()).ok_or_else(|| format!("{text} is not FROM..TO"))
}

fn mutant(word: &str) -> Result<Mutant, String> {
    let words = || Mutant::ALL.iter().map(|m| m.word()).collect::<Vec<_>>().join(", ");
    Mutant::ALL.iter().copied().find(|m| m.word() == word).ok_or_else(|| format!("one of: {}", words()))
}

fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    // A panic of the code under test is a finding, told with its seed.
    std::panic::set_hook(Box::new(|_| {}));
    let plan = Plan { mutant: args.mutant, control: args.control, traced: args.trace };
    let well = match args.seed {
        Some(seed) => one(seed, plan),
        None if args.mutants => mutants(&args),
        None => many(&args, plan)?,
    };
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn one(seed: u64, plan: Plan) -> bool {
    let outcome = run(seed, plan, &Parts::new());
    let struck: Vec<_> =
        Fault::ALL.iter().filter(|fault| outcome.struck.of(**fault) > 0).map(|f| f.word()).collect();
    println!(
        "seed {seed}: {} entries, {} findings, {} calls",
        outcome.entries, outcome.findings, outcome.calls
    );
    println!("faults: {}", struck.join(", "));
    println!("{}", outcome.failure.as_deref().unwrap_or("no violation"));
    outcome.failure.is_none()
}

fn many(args: &Args, plan: Plan) -> anyhow::Result<bool> {
    let count = args.seeds.end - args.seeds.start;
    let style = "{elapsed_precise} {wide_bar} {pos}/{len} seeds, {per_sec}, {eta} left";
    let bar = ProgressBar::new(count)
        .with_style(ProgressStyle::with_template(style).context("the bar's template")?);
    let began = Instant::now();
    let sum = campaign::all(args.seeds.clone(), args.threads, plan, || bar.inc(1));
    bar.finish_and_clear();
    report(&sum, began.elapsed().as_secs_f64(), args);
    if args.control {
        if sum.failed == 0 {
            bail!("plain at-least-once neither lost nor doubled: this simulator sees nothing");
        }
        println!("plain at-least-once lost or doubled in {} of {} seeds, as it must", sum.failed, sum.seeds);
        return Ok(true);
    }
    // So few seeds need not have met everything.
    let covered = sum.unseen().is_empty() || count < 1_000;
    Ok(sum.failed == 0 && covered)
}

fn report(sum: &Sum, seconds: f64, args: &Args) {
    println!("faults injected:");
    for fault in Fault::ALL {
        println!("  {:<32} {:>10}", fault.word(), sum.struck.of(*fault));
    }
    for fault in sum.unseen() {
        println!("never struck: {}", fault.word());
    }
    for (seed, failure) in &sum.failures {
        let mutant = args.mutant.map(|m| format!(" --mutant {}", m.word())).unwrap_or_default();
        let control = if args.control { " --control" } else { "" };
        println!("seed {seed}: {failure}");
        println!("  replay: cargo run -p simulator --release -- --seed {seed} --trace{mutant}{control}");
    }
    let (entries, findings, calls) = (sum.entries, sum.findings, sum.calls);
    println!("{entries} ledger entries, {findings} findings, {calls} calls to log, store and clock");
    let rate = sum.seeds as f64 / seconds;
    println!(
        "{} seeds in {seconds:.1} s on {} threads, {rate:.0} a second: {} violations",
        sum.seeds, args.threads, sum.failed
    );
}

fn mutants(args: &Args) -> bool {
    let results = campaign::mutants(args.seeds.clone(), args.threads);
    let first = args.seeds.start;
    for (mutant, caught) in &results {
        match caught {
            Some((seed, failure)) => {
                println!("{:<24} caught after {:>5} seeds: {failure}", mutant.word(), seed + 1 - first)
            }
            None => println!("{:<24} NOT CAUGHT", mutant.word()),
        }
    }
    let caught = results.iter().filter(|(_, caught)| caught.is_some()).count();
    println!("mutants caught: {caught} of {}", results.len());
    caught == results.len()
}
