//! What must be told to an operator because the guarantees are at stake: lost facts, rewritten logs, a clock that jumps.
//! One JSON record each on the topic `incidents` (docs/schema.md).

use model::Instant;
use serde::{Deserialize, Serialize};

use crate::chain::Chain;
use crate::record::Hash;

/// Version of the record format.
pub const FORMAT: u32 = 1;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Facts that are still needed are gone: `[from, to)` of `case-events`. The partition halts.
    FactsLost,
    /// `case-events` is not the log it was: shorter than what was read (`from` its end, `to` where reading stood), or with
    /// other records in `[from, to)`. The partition halts.
    FactsRewritten,
    /// The ledger has lost its beginning and no checkpoint is left to begin from, or it is gone. The partition halts.
    LedgerLost,
    /// A checkpoint could not be used; an older one, or a replay, took its place.
    CheckpointUnusable,
    /// Somebody moved the consumer group's offset from `from` to `to`. Nothing depends on it.
    OffsetReset,
    /// A replay made another state than the one recorded, first at the entry `from`.
    StateDiverged,
    /// The wall clock `to` is not the broker's `from`, ms since 1970, and is not believed.
    ClockSuspect,
    /// An operator accepted a loss; detection goes on at `to` instead of `from`.
    LossAccepted,
}

/// In both languages of the house.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    pub zh: String,
    pub en: String,
}

/// One incident. Told again after a restart, it has the same id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// [`FORMAT`].
    pub v: u32,
    /// 32 hex digits of a hash of kind, partition, from and to.
    pub incident_id: String,
    pub kind: Kind,
    /// Detection of the partition stands still until it is dealt with.
    pub halts: bool,
    pub partition: i32,
    /// The exact range, in the unit that the kind says.
    pub from: Option<i64>,
    pub to: Option<i64>,
    /// Wall clock.
    pub at: Instant,
    pub detail: String,
    pub explanation: Explanation,
}

impl Kind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FactsLost => "facts_lost",
            Self::FactsRewritten => "facts_rewritten",
            Self::LedgerLost => "ledger_lost",
            Self::CheckpointUnusable => "checkpoint_unusable",
            Self::OffsetReset => "offset_reset",
            Self::StateDiverged => "state_diverged",
            Self::ClockSuspect => "clock_suspect",
            Self::LossAccepted => "loss_accepted",
        }
    }

    /// Whether detection stands still until somebody acts.
    pub const fn halts(self) -> bool {
        matches!(self, Self::FactsLost | Self::FactsRewritten | Self::LedgerLost)
    }

    fn explain(self, partition: i32, from: i64, to: i64) -> Explanation {
        let (zh, en) = match self {
            Self::FactsLost => (
                format!(
                    "分区 {partition}：业务事件第 {from} 至 {to} 号（不含末号）尚需使用，但已不在主题中；该分区已停止监察。"
                ),
                format!(
                    "partition {partition}: facts [{from}, {to}) of case-events are still needed and gone; the partition has halted."
                ),
            ),
            Self::FactsRewritten => (
                format!(
                    "分区 {partition}：业务事件主题已被重建或改写，第 {from} 至 {to} 号与台账记录不符；该分区已停止监察。"
                ),
                format!(
                    "partition {partition}: case-events was made anew or rewritten: [{from}, {to}) is not what the ledger recorded; the partition has halted."
                ),
            ),
            Self::LedgerLost => (
                format!(
                    "分区 {partition}：台账第 {from} 至 {to} 号记录缺失，且无可用检查点；该分区已停止监察。"
                ),
                format!(
                    "partition {partition}: records [{from}, {to}) of the ledger are gone and no checkpoint is left to begin from; the partition has halted."
                ),
            ),
            Self::CheckpointUnusable => (
                format!("分区 {partition}：台账第 {from} 号记录的检查点不可用，已改用更早的检查点或重放。"),
                format!(
                    "partition {partition}: the checkpoint at offset {from} of the ledger cannot be used; an older one, or a replay, took its place."
                ),
            ),
            Self::OffsetReset => (
                format!(
                    "分区 {partition}：消费组位移被改为 {to}，而台账进度为 {from}；以台账为准，监察不受影响。"
                ),
                format!(
                    "partition {partition}: somebody moved the group's offset to {to}; the ledger says {from} and that is what counts."
                ),
            ),
            Self::StateDiverged => (
                format!("分区 {partition}：自台账序号 {from} 起，重放得到的状态与记录不一致。"),
                format!(
                    "partition {partition}: from entry {from} of the ledger on, the replayed state differs from the recorded one."
                ),
            ),
            Self::ClockSuspect => (
                format!(
                    "分区 {partition}：本机时钟与 Kafka 服务器时钟相差 {} 秒，以后者为准。",
                    (to - from) / 1_000
                ),
                format!(
                    "partition {partition}: the wall clock is {} s away from the broker's; the broker's counts.",
                    (to - from) / 1_000
                ),
            ),
            Self::LossAccepted => (
                format!("分区 {partition}：操作员确认数据丢失，监察由第 {from} 号改自第 {to} 号继续。"),
                format!(
                    "partition {partition}: an operator accepted a loss; detection goes on at {to} instead of {from}."
                ),
            ),
        };
        Explanation { zh, en }
    }
}

impl Incident {
    pub fn new(
        kind: Kind,
        partition: i32,
        range: (i64, i64),
        at: Instant,
        detail: impl Into<String>,
    ) -> Self {
        let (from, to) = range;
        let identity = Hash::of(format!("{} {partition} {from} {to}", kind.as_str()).as_bytes());
        Self {
            v: FORMAT,
            incident_id: identity.to_string().chars().take(32).collect(),
            kind,
            halts: kind.halts(),
            partition,
            from: Some(from),
            to: Some(to),
            at,
            detail: detail.into(),
            explanation: kind.explain(partition, from, to),
        }
    }

    /// Entries were done again, and the state is another one than they recorded, from `seq` on.
    pub(crate) fn diverged(partition: i32, seq: u64, behind: &Chain, at: Instant) -> Self {
        let range = (seq as i64, behind.next_seq as i64);
        Self::new(Kind::StateDiverged, partition, range, at, "were the rules changed under a running log?")
    }

    /// The record's bytes.
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("an incident is plain data")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incident_told_again_is_the_same_one() {
        let at = |ms| Incident::new(Kind::FactsLost, 3, (5, 9), Instant(ms), "d");
        assert_eq!(at(1).incident_id, at(2).incident_id);
        assert_ne!(at(1).incident_id, Incident::new(Kind::FactsLost, 3, (5, 8), Instant(1), "d").incident_id);
        let read: Incident = serde_json::from_slice(&at(1).encode()).expect("JSON");
        assert_eq!(read, at(1));
        assert!(read.halts && read.explanation.zh.contains('5') && read.explanation.en.contains("[5, 9)"));
    }
}
