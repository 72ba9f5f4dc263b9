//! `make chaos`: what the product promises, on a real Kafka and an embedded ClickHouse, while processes are killed, put to
//! sleep and cut off. Every experiment ends with a comparison against the batch oracles; 0/0/0 or it has failed.
//!
//! The supervisor is `child`; `fault` says what happens when, `run` is an experiment's way, `check` the judgement.

#![allow(clippy::unwrap_used, reason = "a harness that cannot do its work has found a failure, and says so")]

mod check;
mod child;
mod cluster;
mod experiments;
mod fault;
mod feed;
mod measure;
mod observer;
mod options;
mod positions;
mod proxy;
mod publisher;
mod random;
mod report;
mod run;
mod settle;
mod stream;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Mutex;

use clap::Parser;

use experiments::{ALL, Experiment};
use options::Options;
use report::Done;

fn main() -> ExitCode {
    let options = Options::parse();
    let chosen: Vec<&Experiment> = ALL.iter().filter(|e| options.asks_for(e.id)).collect();
    if options.list || chosen.is_empty() {
        for Experiment { id, name, what, .. } in ALL {
            println!("{id:<3} {name:<17} {what}");
        }
        return if options.list { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let Options { seconds, rate, seed, lanes, .. } = options;
    println!(
        "chaos: {} experiments of {seconds} s in {lanes} lanes, {rate} records/s, seed {seed}",
        chosen.len()
    );
    let done = in_lanes(chosen, &options);
    println!("\n{}", report::table(&done));
    save(&done, &options);
    let well = done.iter().filter(|done| report::is_well(done)).count();
    println!("chaos: {well} of {} experiments passed", done.len());
    if well == done.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs the experiments, some at a time; the answers are in their order.
fn in_lanes(chosen: Vec<&'static Experiment>, options: &Options) -> Vec<Done> {
    let queue: Mutex<VecDeque<_>> = Mutex::new(chosen.into_iter().enumerate().collect());
    let done = Mutex::new(Vec::new());
    let lane = || {
        while let Some((place, experiment)) = next(&queue) {
            let result = one(experiment, options);
            println!("{}", report::line(&(experiment, result.clone())));
            done.lock().expect("no panic").push((place, (experiment, result)));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..options.lanes.max(1) {
            scope.spawn(lane);
        }
    });
    let mut done = done.into_inner().expect("no panic");
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, done)| done).collect()
}

fn next<T>(queue: &Mutex<VecDeque<T>>) -> Option<T> {
    queue.lock().expect("no panic").pop_front()
}

/// A panic of the harness is a failure of the experiment, not of those that come after it.
fn one(experiment: &Experiment, options: &Options) -> Result<run::Outcome, String> {
    let told = |panic: Box<dyn std::any::Any + Send>| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
    };
    catch_unwind(AssertUnwindSafe(|| experiment.run(options))).unwrap_or_else(|panic| Err(told(panic)))
}

fn save(done: &[Done], options: &Options) {
    let path = options.out.join("report.json");
    let text = serde_json::to_string_pretty(&report::to_json(done, options)).expect("a report is JSON");
    let saved = std::fs::create_dir_all(&options.out).and_then(|()| std::fs::write(&path, text + "\n"));
    match saved {
        Ok(()) => println!("the same as JSON: {}", path.display()),
        Err(error) => println!("{} cannot be written: {error}", path.display()),
    }
}
