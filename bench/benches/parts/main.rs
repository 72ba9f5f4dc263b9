//! The parts of the way from a record to an alarm's row, one by one. Figures are CPU time of the thread, which a machine
//! that does other work as well disturbs least; docs/performance.md says how to read them.

mod cpu;
mod machine;
mod records;

use cpu::Cpu;
use criterion::{Criterion, criterion_group, criterion_main};

criterion_group! {
    name = parts;
    config = Criterion::default().with_measurement(Cpu);
    targets = records::decode, machine::fold, machine::timers, records::entries, records::rows
}
criterion_main!(parts);
