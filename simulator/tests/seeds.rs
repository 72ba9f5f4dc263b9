//! A bounded number of seeds, every mutant, and the control. More: `cargo run -p simulator --release -- --seeds 0..100000`.

use simulator::campaign;
use simulator::run::{Parts, Plan, run};

/// About a minute of one core.
const SEEDS: u64 = 4_000;
/// A mutant that lives longer than this is as good as not caught.
const PATIENCE: u64 = 4_000;
const THREADS: usize = 2;

#[test]
fn no_seed_loses_doubles_or_falsifies_anything() {
    let sum = campaign::all(0..SEEDS, THREADS, Plan::default(), || ());
    assert_eq!(sum.failures, [], "replay with: cargo run -p simulator --release -- --seed N --trace");
    assert_eq!(sum.unseen(), [], "every kind of fault has struck");
    assert!(sum.entries > 20 * SEEDS && sum.findings > 5 * SEEDS, "the seeds did work: {sum:?}");
}

#[test]
fn every_safeguard_taken_away_is_missed() {
    let results = campaign::mutants(0..PATIENCE, THREADS);
    let missed: Vec<_> =
        results.iter().filter(|(_, caught)| caught.is_none()).map(|(m, _)| m.word()).collect();
    println!("mutants caught: {} of {}", results.len() - missed.len(), results.len());
    assert_eq!(missed, [""; 0]);
}

#[test]
fn plain_at_least_once_loses_or_doubles_in_the_same_world() {
    let sum = campaign::all(0..200, THREADS, Plan { control: true, ..Plan::default() }, || ());
    println!("control: {} of {} seeds", sum.failed, sum.seeds);
    assert!(sum.failed > sum.seeds / 4, "{} of {}", sum.failed, sum.seeds);
}

#[test]
fn a_seed_is_the_same_run_every_time() {
    let parts = Parts::new();
    for seed in 0..100 {
        assert_eq!(
            run(seed, Plan::default(), &parts),
            run(seed, Plan::default(), &Parts::new()),
            "seed {seed}"
        );
    }
}
