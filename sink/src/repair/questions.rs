//! What a repair asks ClickHouse.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use clickhouse::{Client, Row, RowOwned, RowRead};
use ledger::chain::Chain;
use ledger::record::Hash;
use model::Instant;
use serde::Deserialize;
use tokio::runtime::Handle;

use crate::error::Error;
use crate::kind::Kind;
use crate::row::CaseEventRow;

/// Keys asked for at a time.
const KEYS: usize = 500;

/// Findings of which `alarms_current` has an older revision, or none.
const STALE: &str = "SELECT f.finding_id AS id, f.r AS revision FROM \
    (SELECT finding_id, max(revision) AS r FROM findings_log GROUP BY finding_id) AS f LEFT JOIN \
    (SELECT finding_id, max(revision) AS r FROM alarms_current GROUP BY finding_id) AS a \
    ON a.finding_id = f.finding_id WHERE a.r < f.r";

pub(super) struct Questions {
    client: Client,
    runtime: Handle,
    asked: AtomicU64,
}

#[derive(Row, Deserialize)]
struct Key {
    case_id: String,
    source: String,
    event_id: String,
    first: u64,
}

#[derive(Row, Deserialize)]
struct Link {
    seq: u64,
    to: u64,
    now: i64,
    reference: u64,
    hash: String,
    offset: u64,
}

impl Questions {
    pub(super) fn new(client: Client, runtime: Handle) -> Self {
        Self { client, runtime, asked: AtomicU64::new(0) }
    }

    /// A word that no insert has used.
    pub(super) fn unique(&self) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let process = std::process::id();
        format!("{}/{process}/{}", now.as_micros(), self.asked.fetch_add(1, Ordering::Relaxed))
    }

    /// Ids and revisions of the findings of these entries.
    pub(super) fn findings(
        &self,
        partition: i32,
        first: u64,
        last: u64,
    ) -> Result<BTreeSet<(String, u32)>, Error> {
        let sql = format!(
            "SELECT DISTINCT finding_id, revision FROM findings_log \
             WHERE `partition` = {partition} AND seq >= {first} AND seq <= {last}"
        );
        Ok(self.all::<(String, u32)>(&sql)?.into_iter().collect())
    }

    /// Offset and part of what is kept as a dead letter.
    pub(super) fn letters(
        &self,
        kind: Kind,
        partition: i32,
        from: u64,
        to: u64,
    ) -> Result<BTreeSet<(u64, u32)>, Error> {
        let topic = kind.name();
        let sql = format!(
            "SELECT DISTINCT `offset`, part FROM dead_letters_log WHERE topic = '{topic}' AND reason = 'row_rejected' \
             AND `partition` = {partition} AND `offset` >= {from} AND `offset` <= {to}"
        );
        Ok(self.all::<(u64, u32)>(&sql)?.into_iter().collect())
    }

    pub(super) fn event_offsets(&self, partition: i32, from: u64, to: u64) -> Result<BTreeSet<u64>, Error> {
        let sql = format!(
            "SELECT DISTINCT `offset` FROM case_events_log \
             WHERE `partition` = {partition} AND `offset` >= {from} AND `offset` <= {to}"
        );
        Ok(self.all::<u64>(&sql)?.into_iter().collect())
    }

    /// The offset of the first copy of each of these events that is stored.
    pub(super) fn first_copies(
        &self,
        rows: &[CaseEventRow],
    ) -> Result<BTreeMap<(String, String, String), u64>, Error> {
        let mut first = BTreeMap::new();
        for rows in rows.chunks(KEYS) {
            let keys: Vec<_> = rows.iter().map(|row| (&row.case_id, &row.source, &row.event_id)).collect();
            let query = self.client.query(
                "SELECT case_id, source, event_id, min(`offset`) AS first FROM case_events_log \
                 WHERE (case_id, source, event_id) IN ? GROUP BY case_id, source, event_id",
            );
            let found = self.runtime.block_on(query.bind(keys).fetch_all::<Key>())?;
            first.extend(found.into_iter().map(|key| ((key.case_id, key.source, key.event_id), key.first)));
        }
        Ok(first)
    }

    /// The number of the last entry that is said to be stored.
    pub(super) fn last_seq(&self, partition: i32) -> Result<Option<u64>, Error> {
        let sql = format!(
            "SELECT max(seq) FROM ledger_progress_log WHERE `partition` = {partition} HAVING count() > 0"
        );
        Ok(self.all::<u64>(&sql)?.first().copied())
    }

    /// The offset up to which case events are said to be stored.
    pub(super) fn events_to(&self, partition: i32) -> Result<Option<i64>, Error> {
        let sql = format!(
            "SELECT toInt64(max(`to`)) FROM case_events_progress_log WHERE `partition` = {partition} HAVING count() > 0"
        );
        Ok(self.all::<i64>(&sql)?.first().copied())
    }

    /// The newest state of a partition's chain that is recorded before an offset, and where its entry stands.
    pub(super) fn chain_before(&self, partition: i32, before: i64) -> Result<Option<(i64, Chain)>, Error> {
        let sql = format!(
            "SELECT seq, `to`, toUnixTimestamp64Milli(`now`) AS now, reference, hash, `offset` FROM ledger_progress_log \
             WHERE `partition` = {partition} AND `offset` < {before} ORDER BY seq DESC LIMIT 1"
        );
        let link = self.all::<Link>(&sql)?.into_iter().next();
        Ok(link.and_then(|link| Some((i64::try_from(link.offset).ok()?, link.chain(partition)?))))
    }

    /// How many findings do not stand in `alarms_current` as they are.
    pub(super) fn stale_alarms(&self) -> Result<u64, Error> {
        Ok(self.all::<u64>(&format!("SELECT count() FROM ({STALE})"))?.first().copied().unwrap_or(0))
    }

    /// Copies their last revision there.
    pub(super) fn refill_alarms(&self) -> Result<(), Error> {
        let sql = format!(
            "INSERT INTO alarms_current SELECT * FROM findings_log WHERE (finding_id, revision) IN ({STALE})"
        );
        // Its rows may equal those of an earlier insert, after which they were lost.
        let query = self.client.query_raw(&sql).with_setting("insert_deduplicate", "0");
        Ok(self.runtime.block_on(query.execute())?)
    }

    fn all<T: Row + RowOwned + RowRead>(&self, sql: &str) -> Result<Vec<T>, Error> {
        Ok(self.runtime.block_on(self.client.query_raw(sql).fetch_all())?)
    }
}

impl Link {
    fn chain(&self, partition: i32) -> Option<Chain> {
        Some(Chain {
            partition,
            next_seq: self.seq + 1,
            position: i64::try_from(self.to).ok()?,
            now: Instant(self.now),
            reference: i64::try_from(self.reference).ok()?,
            prev: Hash::parse(&self.hash)?,
        })
    }
}
