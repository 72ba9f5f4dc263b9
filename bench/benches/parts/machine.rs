//! Facts into cases, and deadlines that fall due.

use std::hint::black_box;
use std::sync::Arc;

use benchmarks::{EVENTS, START, catalogue, decoded, lines, step};
use criterion::{BatchSize, Criterion, Throughput};
use detectors::machine::{CaseMachine, Input};
use model::Instant;
use model::time::MS_PER_DAY;

use crate::cpu::Cpu;

const CASES: u32 = 1_000;
/// After all deadlines of the cases.
const END: Instant = Instant(START.0 + 400 * MS_PER_DAY);
/// A case that goes no further than its first two events is overdue by then.
const LATER: Instant = Instant(START.0 + 20 * MS_PER_DAY);

/// Events of cases that are open side by side: `absorb` as files are read, `settle` judges them at the end, `step` is
/// what a live partition does.
pub(crate) fn fold(c: &mut Criterion<Cpu>) {
    let catalogue = catalogue();
    let lines = lines(CASES, EVENTS);
    let events = decoded(&lines);
    let mut group = c.benchmark_group("fold");
    group.throughput(Throughput::Elements(lines.len() as u64));
    let absorbed = || {
        let mut machine = CaseMachine::new(Arc::clone(&catalogue));
        events.iter().for_each(|event| machine.absorb(event));
        machine
    };
    group.bench_function("absorb", |b| b.iter_with_large_drop(absorbed));
    group.bench_function("settle", |b| {
        let machine = absorbed();
        b.iter(|| machine.settle(END, |findings| drop(black_box(findings))));
    });
    group.bench_function("step", |b| {
        b.iter_with_large_drop(|| {
            let mut machine = CaseMachine::new(Arc::clone(&catalogue));
            let mut out = Vec::new();
            events.iter().for_each(|event| step(&mut machine, event, &mut out));
            (machine, out)
        });
    });
    group.finish();
}

pub(crate) fn timers(c: &mut Criterion<Cpu>) {
    let catalogue = catalogue();
    let lines = lines(CASES, 2);
    let events = decoded(&lines);
    let armed = || {
        let mut machine = CaseMachine::new(Arc::clone(&catalogue));
        let mut out = Vec::new();
        events.iter().for_each(|event| machine.step(Input::Fact(event), &mut out));
        machine
    };
    let fire = |mut machine: CaseMachine| {
        let mut out = Vec::new();
        let fired = machine.fire(LATER, u32::MAX, usize::MAX, &mut out);
        (machine, fired, out)
    };
    assert_eq!(fire(armed()).1, CASES, "as many timers as the figure is divided by");
    let mut group = c.benchmark_group("timers");
    group.throughput(Throughput::Elements(u64::from(CASES)));
    group.bench_function("fire", |b| b.iter_batched(armed, fire, BatchSize::LargeInput));
    group.finish();
}
