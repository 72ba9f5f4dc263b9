//! Many seeds, spread over threads; inside one seed there is only one.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;

use crate::faults::{Fault, Struck};
use crate::mutant::Mutant;
use crate::run::{Outcome, Parts, Plan, run};

/// What many seeds came to.
#[derive(Debug, Default)]
pub struct Sum {
    pub seeds: u64,
    pub struck: Struck,
    pub entries: u64,
    pub findings: u64,
    pub calls: u64,
    /// The first few, by seed.
    pub failures: Vec<(u64, String)>,
    pub failed: u64,
}

/// Most failures that are kept.
const KEPT: usize = 10;

impl Sum {
    fn add(&mut self, seed: u64, outcome: Outcome) {
        self.seeds += 1;
        self.struck.add(&outcome.struck);
        self.entries += outcome.entries;
        self.findings += outcome.findings;
        self.calls += outcome.calls;
        if let Some(failure) = outcome.failure {
            self.failed += 1;
            self.failures.push((seed, failure));
            self.failures.sort();
            self.failures.truncate(KEPT);
        }
    }

    /// Kinds of faults that never struck.
    pub fn unseen(&self) -> Vec<Fault> {
        Fault::ALL.iter().copied().filter(|fault| self.struck.of(*fault) == 0).collect()
    }
}

/// Runs all seeds of a range; `each` is called after every one.
pub fn all(seeds: std::ops::Range<u64>, threads: usize, plan: Plan, each: impl FnMut()) -> Sum {
    over(seeds, threads, plan, each, |_| false)
}

/// Runs seeds in order until one fails: which, and with what.
pub fn first_failure(seeds: std::ops::Range<u64>, threads: usize, plan: Plan) -> Option<(u64, String)> {
    let sum = over(seeds, threads, plan, || (), |outcome| outcome.failure.is_some());
    sum.failures.into_iter().next()
}

/// Whether every mutant is caught within so many seeds, and by which.
pub fn mutants(seeds: std::ops::Range<u64>, threads: usize) -> Vec<(Mutant, Option<(u64, String)>)> {
    let caught = |mutant: &Mutant| {
        let plan = Plan { mutant: Some(*mutant), ..Plan::default() };
        (*mutant, first_failure(seeds.clone(), threads, plan))
    };
    Mutant::ALL.iter().map(caught).collect()
}

fn over(
    seeds: std::ops::Range<u64>,
    threads: usize,
    plan: Plan,
    mut each: impl FnMut(),
    is_enough: impl Fn(&Outcome) -> bool,
) -> Sum {
    let (next, stop) = (AtomicU64::new(seeds.start), AtomicBool::new(false));
    let (sender, receiver) = mpsc::channel();
    let mut sum = Sum::default();
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            let (sender, next, stop) = (sender.clone(), &next, &stop);
            scope.spawn(move || {
                let parts = Parts::new();
                while !stop.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end || sender.send((seed, run(seed, plan, &parts))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        for (seed, outcome) in receiver {
            if is_enough(&outcome) {
                stop.store(true, Ordering::Relaxed);
            }
            sum.add(seed, outcome);
            each();
        }
    });
    sum
}
