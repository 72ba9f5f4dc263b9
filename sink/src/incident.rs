//! What an operator must be told because the promise is at stake: one JSON record each on the topic `incidents`. The
//! detectors write most of them; the sink writes those of the partitions that it halts itself, and stores them all.

use std::time::Duration;

use ledger::record::Hash;
use model::Instant;
use rdkafka::ClientConfig;
use rdkafka::error::KafkaResult;
use serde::{Deserialize, Serialize};

use crate::kind::Kind;
use crate::start::Halt;

const FORMAT: u32 = 1;

/// How long an ending sink waits for the delivery of what it told.
const FLUSH: Duration = Duration::from_secs(2);

/// One incident. Told again, it has the same id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Incident {
    pub(crate) v: u32,
    pub(crate) incident_id: String,
    pub(crate) kind: String,
    /// The partition stands still until somebody acts.
    #[serde(default)]
    pub(crate) halts: bool,
    /// The log it is about.
    #[serde(default = "case_events")]
    pub(crate) topic: String,
    pub(crate) partition: i32,
    /// The range, in the unit that the kind says; mostly offsets `[from, to)`.
    pub(crate) from: Option<i64>,
    pub(crate) to: Option<i64>,
    pub(crate) at: Instant,
    #[serde(default)]
    pub(crate) detail: String,
    pub(crate) explanation: Explanation,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Explanation {
    pub(crate) zh: String,
    pub(crate) en: String,
}

fn case_events() -> String {
    Kind::CaseEvents.name().to_owned()
}

impl Incident {
    /// Of a partition that the sink no longer reads.
    pub(crate) fn of_halt(topic: Kind, partition: i32, halt: &Halt, at: Instant) -> Self {
        let (kind, from, to) = match *halt {
            Halt::Lost { from, to } => ("store_records_lost", from, to),
            Halt::Cut { stored, end } => ("store_log_cut", end, stored),
            Halt::NoBeginning { low } => ("store_no_beginning", 0, low),
            Halt::Changed { from, to } => ("store_records_changed", from, to),
        };
        let topic = topic.name();
        let identity = Hash::of(format!("{kind} {topic} {partition} {from} {to}").as_bytes()).to_string();
        let zh = match halt {
            Halt::Lost { .. } => {
                format!("{topic} 分区 {partition}：第 {from} 至 {to} 号记录（不含末号）在入库之前已被删除")
            }
            Halt::Cut { .. } => format!(
                "{topic} 分区 {partition}：已入库至第 {to} 号，但日志止于第 {from} 号，日志被截断或重建"
            ),
            Halt::NoBeginning { .. } => {
                format!("{topic} 分区 {partition}：台账自第 {to} 号才开始，且无链状态记录，无法验证")
            }
            Halt::Changed { .. } => {
                format!("{topic} 分区 {partition}：第 {from} 至 {to} 号记录与入库前登记的内容不符")
            }
        };
        Self {
            v: FORMAT,
            incident_id: identity.chars().take(32).collect(),
            kind: kind.to_owned(),
            halts: true,
            topic: topic.to_owned(),
            partition,
            from: Some(from),
            to: Some(to),
            at,
            detail: String::new(),
            explanation: Explanation {
                zh: format!("{zh}；该分区已停止入库，须人工处理。"),
                en: format!(
                    "{topic} partition {partition}: {halt}; the partition is no longer stored until an operator acts."
                ),
            },
        }
    }
}

/// Writes incidents to Kafka.
#[derive(Clone)]
pub(crate) struct Herald(reach::Herald);

impl Herald {
    pub(crate) fn new(base: &ClientConfig, topic: &str) -> KafkaResult<Self> {
        Ok(Self(reach::Herald::new(base, topic)?))
    }

    pub(crate) fn tell(&self, incident: &Incident) {
        let key = incident.incident_id.as_str();
        if !self.0.tell(key, serde_json::to_vec(incident).unwrap_or_default()) {
            tracing::error!(limit = reach::WAITING, incident = key, "too many incidents wait to be told");
        }
    }

    /// Waits a little for what is on its way.
    pub(crate) fn end(&self) {
        if !self.0.flush(FLUSH) {
            tracing::warn!("incidents may not have reached Kafka; they are told again after the next start");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_halt_names_its_exact_range_in_both_languages_and_keeps_its_id() {
        let halt = Halt::Lost { from: 7, to: 19 };
        let told = |ms| Incident::of_halt(Kind::Ledger, 3, &halt, Instant(ms));
        let incident = told(1);
        assert_eq!(incident.incident_id, told(2).incident_id);
        assert_eq!((incident.from, incident.to, incident.incident_id.len()), (Some(7), Some(19), 32));
        for text in [&incident.explanation.zh, &incident.explanation.en] {
            assert!(text.contains("ledger") && text.contains('7') && text.contains("19"), "{text}");
        }
        let bytes = serde_json::to_vec(&incident).expect("plain data");
        assert_eq!(serde_json::from_slice::<Incident>(&bytes).expect("reads"), incident);
    }
}
