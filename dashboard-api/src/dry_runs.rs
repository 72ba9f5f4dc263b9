//! Dry runs of versions under review, one at a time in a process: begun by a submitter, looked at while they run, and attached
//! to the version by a command of his when they end, so that every process shows the result.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::dry_run::Report;
use serde_json::Value;
use workflow::InFlight;

/// Failures that are remembered, each until its version is tried again; beyond that all are forgotten.
const MAX_FAILURES: usize = 1_000;

/// What is tried.
#[derive(Debug, Clone)]
pub struct Draft {
    pub rule: String,
    pub version: u32,
    pub content: Value,
    pub in_flight: InFlight,
}

/// Makes a dry run over all of history; an error is for people, and says nothing of how the store works inside.
pub type Run = dyn Fn(&Draft, &Progress) -> Result<Report, String> + Send + Sync;

/// How far a dry run is, in records of history.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicU64,
    total: AtomicU64,
}

impl Progress {
    pub fn set(&self, done: u64, total: u64) {
        self.total.store(total, Ordering::Relaxed);
        self.done.store(done, Ordering::Relaxed);
    }

    /// So many of so many.
    pub fn get(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }
}

/// How the last dry run of a version stands in this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    Running { done: u64, total: u64 },
    Failed(String),
}

/// See the module.
#[derive(Clone)]
pub(crate) struct DryRuns {
    pub(crate) run: Arc<Run>,
    jobs: Arc<Mutex<Jobs>>,
}

type Key = (String, u32);

#[derive(Default)]
struct Jobs {
    running: Option<(Key, Arc<Progress>)>,
    failed: HashMap<Key, String>,
}

impl DryRuns {
    pub(crate) fn new(run: Arc<Run>) -> Self {
        Self { run, jobs: Arc::default() }
    }

    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the one place, for a version.
    ///
    /// # Errors
    /// What runs in it already.
    pub(crate) fn begin(&self, rule: &str, version: u32) -> Result<Arc<Progress>, Key> {
        let (mut jobs, key) = (self.jobs(), (rule.to_owned(), version));
        if let Some((running, _)) = &jobs.running {
            return Err(running.clone());
        }
        let progress = Arc::<Progress>::default();
        jobs.failed.remove(&key);
        jobs.running = Some((key, Arc::clone(&progress)));
        Ok(progress)
    }

    /// Frees the place.
    pub(crate) fn end(&self, outcome: Result<(), String>) {
        let mut jobs = self.jobs();
        if let (Some((key, _)), Err(failure)) = (jobs.running.take(), outcome) {
            if jobs.failed.len() >= MAX_FAILURES {
                jobs.failed.clear();
            }
            jobs.failed.insert(key, failure);
        }
    }

    /// `None`: here none was begun that has not ended well.
    pub(crate) fn standing(&self, rule: &str, version: u32) -> Option<Standing> {
        let (jobs, key) = (self.jobs(), (rule.to_owned(), version));
        match &jobs.running {
            Some((running, progress)) if *running == key => {
                let (done, total) = progress.get();
                Some(Standing::Running { done, total })
            }
            _ => jobs.failed.get(&key).cloned().map(Standing::Failed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_runs_at_a_time_and_a_failure_stands_until_the_next_attempt() {
        let runs = DryRuns::new(Arc::new(|_, _| Err(String::new())));
        let progress = runs.begin("a", 1).expect("free");
        progress.set(3, 7);
        assert_eq!(runs.begin("b", 2).expect_err("taken"), ("a".to_owned(), 1));
        assert_eq!(runs.standing("a", 1), Some(Standing::Running { done: 3, total: 7 }));
        assert_eq!(runs.standing("a", 2), None);
        runs.end(Err("no".to_owned()));
        assert_eq!(runs.standing("a", 1), Some(Standing::Failed("no".to_owned())));
        runs.begin("a", 1).expect("free again");
        assert_eq!(runs.standing("a", 1), Some(Standing::Running { done: 0, total: 0 }));
        runs.end(Ok(()));
        assert_eq!(runs.standing("a", 1), None);
    }
}
