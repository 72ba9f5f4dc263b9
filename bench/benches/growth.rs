//! What an event of a live partition costs, and what a case takes up, as the number of open cases grows: to ten million, or
//! to the number given.

use std::sync::Arc;

use benchmarks::{START, catalogue, decode, decoded, line};
use cpu_time::ThreadTime;
use detectors::machine::{CaseMachine, Input};
use model::Catalogue;
use model::time::MS_PER_DAY;

const OPEN_CASES: [u32; 4] = [10_000, 100_000, 1_000_000, 10_000_000];
/// Facts that an open case has before anything is measured.
const FACTS: u32 = 2;
/// The next event of so many cases is a batch, decoded beforehand; no case is in two of them.
const BATCHES: u32 = 20;
const BATCH: u32 = 10_000;
/// Prime to every number of cases: it leads through all of them in an order that no cache foresees.
const STRIDE: u64 = 7_368_787;

fn main() {
    let catalogue = catalogue();
    println!("open cases   CPU ns/event: least, mean of {BATCHES} batches   bytes/case");
    let most = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(u32::MAX);
    for open in OPEN_CASES.into_iter().filter(|open| *open <= most) {
        let batches = BATCHES.min(open / BATCH);
        let (mut spent, mut bytes) = (Vec::new(), 0);
        for _ in 0..BATCHES / batches {
            let mut machine = filled(&catalogue, open);
            bytes = machine.state_bytes() as u64 / u64::from(open);
            spent.extend((0..batches).map(|batch| measured(&mut machine, open, batch)));
        }
        let least = spent.iter().copied().fold(f64::MAX, f64::min);
        let mean = spent.iter().sum::<f64>() / spent.len() as f64;
        println!("{open:>10}   {least:>19.0} {mean:>6.0}   {bytes:>23}");
    }
}

fn filled(catalogue: &Arc<Catalogue>, open: u32) -> CaseMachine {
    let mut machine = CaseMachine::new(Arc::clone(catalogue));
    let mut out = Vec::new();
    machine.step(Input::Clock(START.plus_ms(MS_PER_DAY)), &mut out);
    for number in 0..open {
        for event in 0..FACTS {
            machine.step(Input::Fact(&decode(&line(number, event))), &mut out);
        }
    }
    assert!(out.is_empty(), "nothing is late yet");
    machine
}

/// Nanoseconds an event.
fn measured(machine: &mut CaseMachine, open: u32, batch: u32) -> f64 {
    let next = |turn: u32| line((u64::from(turn) * STRIDE % u64::from(open)) as u32, FACTS);
    let lines: Vec<String> = (batch * BATCH..(batch + 1) * BATCH).map(next).collect();
    let events = decoded(&lines);
    let mut out = Vec::new();
    let start = ThreadTime::now();
    events.iter().for_each(|event| machine.step(Input::Fact(event), &mut out));
    start.elapsed().as_nanos() as f64 / f64::from(BATCH)
}
