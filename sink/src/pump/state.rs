//! Where the partitions of a topic stand, and the batch in hand. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ledger::chain::{Chain, Misfit};

use super::storing::Storing;
use crate::batch::Batch;
use crate::kind::Kind;
use crate::progress::{Pending, Progress, Token};
use crate::row::Yield;
use crate::source::Mark;
use crate::start::Halt;

#[derive(Debug, Default)]
pub(super) struct Parts {
    /// The partitions that are read.
    pub(super) progress: BTreeMap<i32, Progress>,
    /// Stored, and not yet committed in Kafka.
    pub(super) uncommitted: BTreeSet<i32>,
    /// The partitions that are not read.
    pub(super) halted: BTreeMap<i32, Halt>,
    /// How many the topic had when it was last looked at, and when that was.
    pub(super) partitions: usize,
    pub(super) checked: Duration,
    /// When the last batch was closed.
    pub(super) closed: Option<Duration>,
    /// It is on its way into the store, or was until this turn.
    pub(super) storing: bool,
    /// How long that took.
    pub(super) took: Duration,
}

/// A batch that is announced, on its way into the store.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) batch: Batch,
    pub(super) storing: Storing,
    pub(super) misfits: Vec<Misfit>,
    /// Records that could not be read.
    pub(super) rejected: u64,
    /// Announced by an earlier start: only its partitions are assigned.
    pub(super) repeated: bool,
    /// Of the ledger: behind the batch.
    chains: BTreeMap<i32, Chain>,
}

impl Work {
    /// `chains` stand before the batch.
    pub(super) fn new(
        kind: Kind,
        batch: Batch,
        token: Token,
        mut chains: BTreeMap<i32, Chain>,
        repeated: bool,
    ) -> Self {
        let Yield { tables, misfits, rejected } = Yield::of(kind, &batch, &mut chains);
        let storing = Storing::new(&format!("{}/{token}", kind.name()), tables);
        Self { batch, storing, misfits, rejected, repeated, chains }
    }

    pub(super) fn records(&self) -> usize {
        self.batch.slices().map(|(_, slice)| slice.records.len()).sum()
    }
}

impl Parts {
    pub(super) fn positions(&self) -> BTreeMap<i32, i64> {
        self.progress.iter().map(|(partition, progress)| (*partition, progress.offset)).collect()
    }

    pub(super) fn chains(&self) -> BTreeMap<i32, Chain> {
        self.progress.iter().filter_map(|(partition, progress)| Some((*partition, progress.chain?))).collect()
    }

    /// What is to be committed before a batch of these ranges is inserted.
    pub(super) fn announcement(&self, ranges: &BTreeMap<i32, Pending>, token: Token) -> BTreeMap<i32, Mark> {
        let touched: BTreeSet<i32> = self.uncommitted.iter().chain(ranges.keys()).copied().collect();
        let said = |partition: i32| {
            let progress = self.progress.get(&partition)?;
            let pending = ranges.get(&partition).map(|range| (*range, token));
            Some((partition, Progress { pending, ..progress.clone() }.mark()))
        };
        touched.into_iter().filter_map(said).collect()
    }

    /// What is to be committed once nothing is under way.
    pub(super) fn stored(&self) -> BTreeMap<i32, Mark> {
        self.uncommitted.iter().filter_map(|p| Some((*p, self.progress.get(p)?.mark()))).collect()
    }

    /// The batch is in the store.
    pub(super) fn advance(&mut self, work: &Work) {
        for (partition, slice) in work.batch.slices() {
            let chain = work.chains.get(&partition).copied();
            self.progress.insert(partition, Progress::at(slice.to, chain));
            self.uncommitted.insert(partition);
        }
    }
}
