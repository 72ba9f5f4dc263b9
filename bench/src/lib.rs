//! What the benchmarks work on: cases of twelve events under the demo's catalogue.

mod case;

use std::path::Path;
use std::sync::Arc;

use detectors::machine::{CaseMachine, Input};
use model::{Catalogue, Event, Finding, Instant};

pub use case::{EVENTS, START, line};

/// # Panics
/// If the demo's catalogue is not there, or not right.
pub fn catalogue() -> Arc<Catalogue> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/catalogues/demo");
    Arc::new(Catalogue::load(&path).expect("the demo's catalogue"))
}

/// All first events of so many cases, then all second ones, up to `events` of each.
pub fn lines(cases: u32, events: u32) -> Vec<String> {
    (0..events).flat_map(|event| (0..cases).map(move |number| line(number, event))).collect()
}

/// # Panics
/// At a record that is not good.
pub fn decode(line: &str) -> Event<'_> {
    model::event::decode(line.as_bytes(), Instant::LATEST).expect("a good record")
}

pub fn decoded(lines: &[String]) -> Vec<Event<'_>> {
    lines.iter().map(|line| decode(line)).collect()
}

/// As a live partition takes it: the clock first.
pub fn step(machine: &mut CaseMachine, event: &Event<'_>, out: &mut Vec<Finding>) {
    machine.step(Input::Clock(event.time), out);
    machine.step(Input::Fact(event), out);
}
