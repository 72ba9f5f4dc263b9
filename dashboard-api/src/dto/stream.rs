//! What the live stream says.

use desk::TrailEntry;
use identity::Need;
use model::Finding;
use serde::Serialize;
use utoipa::ToSchema;
use workflow::{Machine, Outcome};

use super::orders::order_link;
use super::{Alarm, Time, rule_link};
use crate::stream::News;

/// `event: rule`: a command about a rule that was accepted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleNews {
    rule: String,
    org: String,
    /// draft, pass_legally, attach_dry_run, submit, pass_first, pass_final, return, withdraw
    #[schema(example = "pass_first")]
    action: &'static str,
    /// The version that it was done to, or that it made.
    version: u32,
    /// The rule's revision behind it.
    revision: u64,
    at: Time,
    /// Place in the log (`/api/v1/audit`).
    seq: u64,
    link: String,
}

/// `event: order`: something was done about a supervision order, or befell it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"order": "119901002600008594-2026-0002", "first": "119901002600008594-2026-0001",
    "org": "119901002600008594", "action": "assign", "revision": 2, "alarms": [], "at": "2026-03-02T01:00:00.000Z", "seq": 41,
    "link": "/api/v1/orders/119901002600008594-2026-0001"}))]
pub(crate) struct OrderNews {
    /// The number that it was done to, of either tier.
    order: String,
    /// The order (1).
    first: String,
    org: String,
    /// open, assign, answer, reply, revoke, uphold, send_back, withdraw; notice (an alarm under it changed), escalate (somebody
    /// is late)
    #[schema(example = "assign")]
    action: &'static str,
    /// The order's revision behind it; null for notice and escalate, which leave it as it is.
    revision: Option<u64>,
    /// Ids: of open, all that it is on; of notice, the one that changed.
    alarms: Vec<String>,
    at: Time,
    /// Place in the log (`/api/v1/audit`).
    seq: u64,
    link: String,
}

/// `event: reset`: what came meanwhile is not kept any more. Read the lists anew; events go on from here.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResetNews {
    /// too_old: longer ago than is kept; unknown: not an id of this site
    #[schema(example = "too_old")]
    pub(crate) reason: &'static str,
}

impl News {
    /// A new revision of an alarm, from its entry of the ledger.
    pub fn alarm(finding: Finding, partition: u16, seq: u64) -> Self {
        let (org, region) = (finding.org.clone(), finding.region.clone().unwrap_or_default());
        let data = line(&Alarm::of_finding(finding, partition, seq));
        Self { kind: "alarm", need: Need::Alarms, org, region: Some(region), data }
    }

    /// What people did, if it was accepted.
    pub fn workflow(entry: &TrailEntry, machine: &Machine) -> Option<Self> {
        let Outcome::Accepted { version, revision } = entry.outcome else { return None };
        if let Some(number) = &entry.order {
            return Self::order(entry, number, revision, machine);
        }
        let org = machine.object(&entry.object)?.org.clone();
        let news = RuleNews {
            rule: entry.object.clone(),
            org: org.clone(),
            action: entry.action,
            version,
            revision,
            at: Time(entry.now.0),
            seq: entry.seq,
            link: rule_link(&entry.object),
        };
        Some(Self { kind: "rule", need: Need::Rules, org, region: None, data: line(&news) })
    }

    /// Nothing in it depends on what came later, so every process tells it in the same words.
    fn order(entry: &TrailEntry, number: &str, revision: u64, machine: &Machine) -> Option<Self> {
        let order = machine.supervision().order(number)?;
        let (first, org) = (order.number.clone(), order.org.clone());
        let news = OrderNews {
            order: number.to_owned(),
            link: order_link(&first),
            first,
            org: org.clone(),
            action: entry.action,
            revision: Some(revision).filter(|revision| *revision > 0),
            alarms: entry.alarms.clone(),
            at: Time(entry.now.0),
            seq: entry.seq,
        };
        Some(Self { kind: "order", need: Need::Orders, org, region: None, data: line(&news) })
    }
}

/// serde_json writes no line ends outside texts, and escapes those within.
pub(crate) fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| {
        tracing::error!(%error, "news could not be written");
        "null".to_owned()
    })
}
