//! Threads that work side by side on numbered blocks, and whose results count in the order of the numbers.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A thing that is changed by one block after another, whichever thread has which.
pub(super) struct InTurn<T> {
    state: Mutex<(u64, T)>,
    passed: Condvar,
}

impl<T> InTurn<T> {
    /// Block 0 comes first.
    pub(super) fn new(thing: T) -> Self {
        Self { state: Mutex::new((0, thing)), passed: Condvar::new() }
    }

    /// Waits for the blocks before `number`, then lets `change` have the thing. Every number must come.
    pub(super) fn turn<R>(&self, number: u64, change: impl FnOnce(&mut T) -> R) -> R {
        let state = self.passed.wait_while(lock(&self.state), |(next, _)| *next != number);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut state.1);
        state.0 += 1;
        self.passed.notify_all();
        result
    }

    pub(super) fn into_inner(self) -> T {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).1
    }
}

/// Locks; a thread that panicked has ended the process, so no lock is poisoned.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `work` on so many threads; the first error of any.
pub(crate) fn side_by_side<E: Send>(
    threads: usize,
    work: impl Fn() -> Result<(), E> + Sync,
) -> Result<(), E> {
    let one = || {
        let _guard = EndOnPanic;
        work()
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(one)).collect();
        let own = one();
        let joined =
            others.into_iter().map(|t| t.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        joined.fold(own, Result::and)
    })
}

/// A thread that panics leaves its turn to nobody, and the others would wait for ever.
struct EndOnPanic;

impl Drop for EndOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            std::process::exit(101);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn results_count_in_order() {
        let (next, seen) = (AtomicU64::new(0), InTurn::new(Vec::new()));
        let work = || -> Result<(), ()> {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= 1_000 {
                    return Ok(());
                }
                seen.turn(number, |seen| seen.push(number));
            }
        };
        side_by_side(4, work).expect("no error");
        assert_eq!(seen.into_inner(), (0..1_000).collect::<Vec<_>>());
    }

    #[test]
    fn an_error_is_told() {
        assert_eq!(side_by_side(3, || Err("full")), Err("full"));
    }
}
