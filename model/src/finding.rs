//! Findings: what the detectors say, with an identity that any replay makes again.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::catalogue::{Bilingual, Category};
use crate::time::Instant;

/// Colour of an alarm. The order is the order of gravity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Light {
    Yellow,
    Red,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant,)* }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// Kind of supervision point (the deck's seven, and data quality).
    Kind {
        TimeLimit = "time_limit",
        OfficerQualification = "officer_qualification",
        StepRollback = "step_rollback",
        Evidence = "evidence",
        DecisionBasis = "decision_basis",
        Discretion = "discretion",
        PenaltyExecution = "penalty_execution",
        DataQuality = "data_quality",
    }
}

words! {
    /// What exactly was found (contract, section 3).
    Code {
        Overdue = "overdue",
        DueSoon = "due_soon",
        TooFewOfficers = "too_few_officers",
        UnqualifiedOfficer = "unqualified_officer",
        Rollback = "rollback",
        RepeatedRollback = "repeated_rollback",
        ImplicitRollback = "implicit_rollback",
        EvidenceMissing = "evidence_missing",
        EvidenceReduced = "evidence_reduced",
        NoBasis = "no_basis",
        BlankField = "blank_field",
        NegativeDecision = "negative_decision",
        UnknownTier = "unknown_tier",
        OutOfTier = "out_of_tier",
        TierMismatch = "tier_mismatch",
        NoVoucher = "no_voucher",
        OverExecuted = "over_executed",
        UnderExecuted = "under_executed",
        ExecutedUndecided = "executed_undecided",
        UnknownItem = "unknown_item",
        UnknownStep = "unknown_step",
        UnknownEvidence = "unknown_evidence",
        AfterClose = "after_close",
        LateExtension = "late_extension",
        MissingStart = "missing_start",
        EntryLag = "entry_lag",
        NotSupervised = "not_supervised",
        /// Of a source, not of a case: its `case` is the source.
        SourceSilent = "source_silent",
    }
}

words! {
    /// How the finding stands now. An update leaves it `raised`.
    State {
        Raised = "raised",
        Cleared = "cleared",
        Retracted = "retracted",
    }
}

words! {
    /// What this revision did.
    Change {
        Raised = "raised",
        Updated = "updated",
        Cleared = "cleared",
        Retracted = "retracted",
    }
}

words! {
    /// Why this revision came about.
    Cause {
        /// A fact arrived.
        Fact = "fact",
        /// An instant was reached in silence.
        Clock = "clock",
        /// A `due_soon` whose limit has become overdue.
        Superseded = "superseded",
        /// Rules, officers or calendars changed.
        Rules = "rules",
    }
}

impl Light {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yellow => "yellow",
            Self::Red => "red",
        }
    }
}

/// The first 128 bits of the SHA-256 over the identity (case, item, point, code, step, visit, discriminator), so
/// that every replay regenerates it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FindingId(pub [u8; 16]);

impl FindingId {
    /// Each part is written with its length, so that no two identities share a text.
    pub fn of(
        case: &str,
        item: &str,
        point: &str,
        code: Code,
        step: Option<&str>,
        visit: Option<u32>,
        discriminator: &str,
    ) -> Self {
        let mut hash = Sha256::new();
        let visit = visit.map(|v| v.to_string());
        for part in [
            case,
            item,
            point,
            code.as_str(),
            step.unwrap_or(""),
            visit.as_deref().unwrap_or(""),
            discriminator,
        ] {
            hash.update((part.len() as u32).to_le_bytes());
            hash.update(part.as_bytes());
        }
        let digest = hash.finalize();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        Self(id)
    }

    pub fn parse(hex: &str) -> Option<Self> {
        let mut id = [0; 16];
        if hex.len() != 32 || !hex.is_ascii() {
            return None;
        }
        for (byte, pair) in id.iter_mut().zip(hex.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(id))
    }
}

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for FindingId {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FindingId {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("a finding id is 32 hex digits"))
    }
}

/// One revision of a finding, complete in itself: whoever reads it needs neither rules nor facts. This is the form the
/// ledger carries (instants in milliseconds).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    pub finding_id: FindingId,
    /// Counts up from 1.
    pub revision: u32,
    pub change: Change,
    pub cause: Cause,
    pub state: State,
    pub case: String,
    pub item: String,
    pub category: Option<Category>,
    pub org: String,
    pub region: Option<String>,
    /// When the case was accepted: one of the three time axes of statistics.
    pub accepted_at: Instant,
    pub point: String,
    pub kind: Kind,
    pub code: Code,
    pub light: Light,
    pub step: Option<String>,
    pub visit: Option<u32>,
    pub violated_at: Instant,
    pub due: Option<Instant>,
    pub late_by_ms: Option<i64>,
    /// The due instant was counted through a year that has no calendar.
    pub provisional: bool,
    /// Logical clock of the partition when the finding was first raised, and at this revision.
    pub raised_at: Instant,
    pub changed_at: Instant,
    pub detail: Option<String>,
    /// Ids of the facts it rests on, in canonical order.
    pub events: Vec<String>,
    pub explanation: Bilingual,
    pub rules_version: String,
    /// Found by a version of the rules on trial, before its trial is over: no alarm for people (contract, section 3).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shadow: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_do_not_run_into_each_other() {
        let id = |a, b| FindingId::of(a, b, "p", Code::Overdue, None, None, "");
        assert_ne!(id("ab", "c"), id("a", "bc"));
        assert_eq!(id("a", "b"), id("a", "b"));
        assert_eq!(FindingId::parse(&id("a", "b").to_string()), Some(id("a", "b")));
        assert_eq!(FindingId::parse("zz"), None);
    }
}
