//! Bytes in and bytes out: events, ledger entries, rows.

use std::hint::black_box;

use benchmarks::{EVENTS, catalogue, decode as decode_one, lines};
use criterion::{Criterion, Throughput};
use detectors::machine::CaseMachine;
use ledger::chain::Chain;
use ledger::record::Entry;
use model::Instant;
use sink::{CaseEventRow, FindingRow, Record};

use crate::cpu::Cpu;

const CASES: u32 = 1_000;
/// Of one entry.
const FINDINGS: usize = 400;

pub(crate) fn decode(c: &mut Criterion<Cpu>) {
    let lines = lines(CASES, EVENTS);
    let mut group = c.benchmark_group("event");
    group.throughput(Throughput::Elements(lines.len() as u64));
    let decode = || lines.iter().for_each(|line| drop(black_box(decode_one(line))));
    group.bench_function("decode", |b| b.iter(decode));
    group.finish();
}

/// As many findings as an entry may have when many deadlines come at once.
fn entry() -> Entry {
    let mut machine = CaseMachine::new(catalogue());
    lines(CASES, 2).iter().for_each(|line| machine.absorb(&decode_one(line)));
    let mut findings = Vec::new();
    machine.settle(Instant::LATEST, |of_case| findings.extend(of_case));
    findings.truncate(FINDINGS);
    assert_eq!(findings.len(), FINDINGS);
    Entry { findings, to: 1_000, ..Entry::extending(&Chain::new(0)) }
}

pub(crate) fn entries(c: &mut Criterion<Cpu>) {
    let entry = entry();
    let bytes = entry.encode();
    let mut group = c.benchmark_group("entry");
    group.throughput(Throughput::Elements(FINDINGS as u64));
    group.bench_function("encode", |b| b.iter_with_large_drop(|| black_box(&entry).encode()));
    group.bench_function("decode", |b| b.iter_with_large_drop(|| Entry::decode(black_box(&bytes))));
    group.finish();
}

/// What the sink makes of records before its client writes them.
pub(crate) fn rows(c: &mut Criterion<Cpu>) {
    let entry = entry();
    let record = |line: String| Record { value: line.into_bytes(), ..Record::default() };
    let records: Vec<Record> = lines(CASES, EVENTS).into_iter().map(record).collect();
    let mut group = c.benchmark_group("row");
    group.throughput(Throughput::Elements(FINDINGS as u64));
    group.bench_function("finding", |b| {
        let row = |finding| FindingRow::of(finding, 0, 1, 1);
        b.iter_with_large_drop(|| black_box(&entry).findings.iter().map(row).collect::<Vec<_>>());
    });
    group.throughput(Throughput::Elements(records.len() as u64));
    group.bench_function("case event", |b| {
        let row = |record: &Record| CaseEventRow::of(record).expect("a good record");
        b.iter_with_large_drop(|| records.iter().map(row).collect::<Vec<_>>());
    });
    group.finish();
}
