//! What the live stream says.

use desk::TrailEntry;
use identity::Need;
use model::Finding;
use serde::Serialize;
use utoipa::ToSchema;
use workflow::{Machine, Outcome};

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
}

/// serde_json writes no line ends outside texts, and escapes those within.
pub(crate) fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| {
        tracing::error!(%error, "news could not be written");
        "null".to_owned()
    })
}
