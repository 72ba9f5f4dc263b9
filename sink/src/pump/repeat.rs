//! Repeating the inserts that were announced and perhaps not made: exactly these records, under their old token.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Next, Now, Phase, Pump};
use crate::batch::Batch;
use crate::progress::{Pending, Token};
use crate::record::Record;
use crate::source::{Polled, Source};
use crate::start::Halt;
use crate::store::Store;

/// The longest sleep in a poll.
const PATIENCE: Duration = Duration::from_millis(100);

/// Ranges that were announced under one token, as far as they have been read again.
#[derive(Debug)]
pub(super) struct Repeat {
    token: Token,
    ranges: BTreeMap<i32, Pending>,
    /// Partitions whose range is not read to its end.
    open: BTreeSet<i32>,
    batch: Batch,
}

impl Repeat {
    fn take(&mut self, record: Record) {
        let Some(range) = self.ranges.get(&record.partition) else { return };
        let (partition, next) = (record.partition, record.offset + 1);
        let expected = self.batch.position(partition).unwrap_or(range.from);
        if (expected..range.to).contains(&record.offset) {
            self.batch.push(record, range.from);
        }
        if next >= range.to {
            self.open.remove(&partition);
        }
    }
}

impl<K: Source, S: Store> Pump<K, S> {
    pub(super) fn reread(&mut self, now: Now) -> Next {
        let announced = self.parts.progress.iter().filter_map(|(p, progress)| Some((*p, progress.pending?)));
        let Some((_, (_, token))) = announced.clone().next() else { return Next::at_once(Phase::Assign) };
        let of_token = announced.filter(|(_, (_, other))| *other == token);
        let ranges: BTreeMap<i32, Pending> =
            of_token.map(|(partition, (range, _))| (partition, range)).collect();
        let positions = ranges.iter().map(|(partition, range)| (*partition, range.from)).collect();
        if let Err(trouble) = self.source.assign(&positions) {
            return Next(Phase::Reread, self.failed("assign", &trouble));
        }
        self.recovered("assign");
        self.parts.checked = now.elapsed;
        tracing::info!(topic = self.kind.name(), %token, partitions = ranges.len(), "repeating a pending insert");
        let open = ranges.keys().copied().collect();
        Next::at_once(Phase::Repeat(Repeat { token, ranges, open, batch: Batch::default() }))
    }

    pub(super) fn repeat(&mut self, mut repeat: Repeat, now: Now) -> Next {
        if repeat.open.is_empty() {
            return self.insert_again(repeat);
        }
        match self.source.poll(PATIENCE) {
            Polled::Record(record) => repeat.take(record),
            // The log may have been cut meanwhile.
            Polled::Nothing if self.is_check_due(now) => return Next(Phase::Look, self.again.next()),
            Polled::Nothing => {}
            Polled::Hiccup(trouble) => {
                self.failed("poll", &trouble);
            }
            Polled::Lost(trouble) => {
                self.failed("poll", &trouble);
                return Next(Phase::Look, self.again.next());
            }
        }
        Next::at_once(Phase::Repeat(repeat))
    }

    fn insert_again(&mut self, repeat: Repeat) -> Next {
        let read = repeat.batch.ranges();
        let mut same = true;
        for (partition, range) in &repeat.ranges {
            if read.get(partition) != Some(range) {
                same = false;
                self.halt(*partition, Halt::Changed { from: range.from, to: range.to });
            }
        }
        if same {
            return self.begin(repeat.batch, repeat.token, true);
        }
        // The others of this token are read anew: views drop what the store perhaps has of them already.
        for partition in repeat.ranges.keys() {
            if let Some(progress) = self.parts.progress.get_mut(partition) {
                progress.pending = None;
            }
        }
        Next::at_once(Phase::Reread)
    }
}
