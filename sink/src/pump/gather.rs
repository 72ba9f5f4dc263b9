//! Waiting for a batch.

use std::time::Duration;

use super::{Next, Now, Phase, Pump};
use crate::batch::Batch;
use crate::record::Record;
use crate::source::{Polled, Source};
use crate::store::Store;

/// How long an idle pump sleeps in a poll.
const IDLE: Duration = Duration::from_millis(100);
/// Storing takes at most one part in so many of the time, as long as waiting makes batches larger: a store that is short of
/// computing is helped by fewer inserts.
const PART: u32 = 2;
/// But no wait is longer than so many times the usual one.
const STRETCH: u32 = 2;

impl<K: Source, S: Store> Pump<K, S> {
    /// Reads one record, if there is one. What is in hand when the log must be looked at again was not announced and is
    /// read again.
    pub(super) fn gather(&mut self, mut batch: Batch, now: Now) -> Next {
        if std::mem::take(&mut self.parts.storing) {
            self.parts.took = self.parts.closed.map_or(Duration::ZERO, |at| now.elapsed.saturating_sub(at));
        }
        if batch.is_full(&self.settings.limits) {
            return self.close(batch, now);
        }
        if batch.is_empty() && self.is_check_due(now) && self.has_changed(now) {
            return Next::at_once(Phase::Leave);
        }
        let wait = self.wait(now);
        let patience = if batch.is_empty() { IDLE } else { wait.min(IDLE) };
        let mut pause = Duration::ZERO;
        match self.source.poll(patience) {
            Polled::Record(record) => self.take(&mut batch, record),
            Polled::Nothing if batch.is_empty() => {
                if let Err(trouble) = self.commit_stored() {
                    pause = self.failed("commit", &trouble);
                }
            }
            Polled::Nothing if wait.is_zero() => return self.close(batch, now),
            Polled::Nothing => {}
            Polled::Hiccup(trouble) => {
                self.failed("poll", &trouble);
            }
            Polled::Lost(trouble) => {
                self.failed("poll", &trouble);
                return Next::at_once(Phase::Leave);
            }
        }
        Next(Phase::Gather(batch), pause)
    }

    /// How long until a batch may follow the one before.
    fn wait(&self, now: Now) -> Duration {
        let usual = self.settings.limits.wait;
        let wait = (self.parts.took * PART).clamp(usual, usual * STRETCH);
        let next = self.parts.closed.map_or(Duration::ZERO, |closed| closed + wait);
        next.saturating_sub(now.elapsed)
    }

    fn close(&mut self, batch: Batch, now: Now) -> Next {
        self.metrics.oldest().set(batch.oldest_ms().unwrap_or(0));
        (self.parts.closed, self.parts.storing) = (Some(now.elapsed), true);
        Next::at_once(Phase::Announce(batch))
    }

    fn take(&self, batch: &mut Batch, record: Record) {
        let Some(progress) = self.parts.progress.get(&record.partition) else { return };
        if record.offset >= batch.position(record.partition).unwrap_or(progress.offset) {
            batch.push(record, progress.offset);
        }
    }

    pub(super) fn is_check_due(&self, now: Now) -> bool {
        now.elapsed.saturating_sub(self.parts.checked) >= self.settings.recheck
    }

    /// Measures lag, and says whether partitions were added or a log has become shorter than what is stored.
    fn has_changed(&mut self, now: Now) -> bool {
        self.parts.checked = now.elapsed;
        let ends = match self.source.ends() {
            Ok(ends) => ends,
            Err(trouble) => {
                self.failed("watermarks", &trouble);
                return false;
            }
        };
        self.recovered("watermarks");
        let mut cut = false;
        for (partition, progress) in &self.parts.progress {
            let lag = ends.get(partition).map_or(0, |end| end - progress.offset);
            self.metrics.lag(*partition).set(lag.max(0));
            cut |= lag < 0;
        }
        cut || ends.len() != self.parts.partitions
    }
}
