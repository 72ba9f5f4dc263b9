//! What people ask for.

use model::Instant;
use model::dry_run::{Counts, Report};
use model::hash::Hash;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::object::InFlight;
use crate::people::Actor;
use crate::supervision::{Deed, Supervise};

/// One request about one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// Idempotency key: the same command under the same key has one effect, however often it comes.
    pub key: String,
    /// The object: `<item code>`, or `<item code>#<point id>` for a supervision point by itself. Of a deed: the order (1), or
    /// the register of a new one; what has neither says what it is about itself.
    pub object: String,
    /// The object's revision that the person saw; 0 for a new object. Opening an order and following do not look at it.
    pub expected: u64,
    pub actor: Actor,
    pub action: Action,
}

/// What is to be done. `version` is the number of the version that it is done to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// A new version, 起草. It takes the place of a draft or of a returned version; none may be under review.
    Draft { org: String, content: Value, in_flight: InFlight },
    /// The legal office passes flow, forms and documents, 法制办审核.
    PassLegally { version: u32 },
    /// A dry run's result, which the first review requires.
    AttachDryRun { version: u32, report: DryRun },
    /// 送审.
    Submit { version: u32, lint: Lint },
    /// 初审, passed.
    PassFirst { version: u32 },
    /// 审定, passed: the version is in force from the instant on, the first so many days on trial 试运行期.
    PassFinal {
        version: u32,
        from: Instant,
        #[serde(default, skip_serializing_if = "is_zero")]
        shadow_days: u32,
    },
    /// 退回, by the legal office or at either review.
    Return { version: u32, reason: String },
    /// The department takes its own version back.
    Withdraw { version: u32 },
    /// Orders and alarms; no rule.
    Supervise(Box<Supervise>),
}

fn is_zero(days: &u32) -> bool {
    *days == 0
}

/// What a version would have changed in history.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DryRun {
    pub report: Hash,
    /// Content hash of the version that was run.
    pub content: Hash,
    /// Alarms that it would have added, taken away, changed.
    pub added: u64,
    pub removed: u64,
    pub changed: u64,
    /// The report itself; where it is absent, it lies elsewhere under its hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Box<Report>>,
    /// Whoever took the command computed it, from the history that is stored; else it was made elsewhere and handed in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_computed: bool,
}

impl DryRun {
    /// A report with its sums.
    pub fn of(report: Report, is_computed: bool) -> Self {
        let Counts { added, removed, changed } = report.history.counts;
        let (hash, content) = (report.hash(), report.content);
        Self { report: hash, content, added, removed, changed, detail: Some(Box::new(report)), is_computed }
    }

    /// Whether what it says beside the report is what the report says.
    pub fn is_consistent(&self) -> bool {
        let same = |detail: &Report| *self == Self::of(detail.clone(), self.is_computed);
        self.detail.as_deref().is_none_or(same)
    }
}

/// What lint says of a version (docs/lint.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lint {
    pub errors: u32,
    pub warnings: u32,
}

impl Action {
    /// The word that it has in records.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Draft { .. } => "draft",
            Self::PassLegally { .. } => "pass_legally",
            Self::AttachDryRun { .. } => "attach_dry_run",
            Self::Submit { .. } => "submit",
            Self::PassFirst { .. } => "pass_first",
            Self::PassFinal { .. } => "pass_final",
            Self::Return { .. } => "return",
            Self::Withdraw { .. } => "withdraw",
            Self::Supervise(deed) => deed.asked.name(),
        }
    }

    /// The version that is acted on; `None` for a new one, and for what is no rule's.
    pub const fn version(&self) -> Option<u32> {
        match self {
            Self::Draft { .. } | Self::Supervise(_) => None,
            Self::PassLegally { version }
            | Self::AttachDryRun { version, .. }
            | Self::Submit { version, .. }
            | Self::PassFirst { version }
            | Self::PassFinal { version, .. }
            | Self::Return { version, .. }
            | Self::Withdraw { version } => Some(*version),
        }
    }
}

impl Command {
    /// Hash of all that the person says in it, to tell a repetition from another command under the same key. Facts and
    /// deadlines are not the person's: asked again, they may have changed, and so may the year of a register.
    pub fn hash(&self) -> Hash {
        let bytes = match &self.action {
            Action::Supervise(deed) => {
                let object = if matches!(deed.asked, Deed::Open { .. }) { "" } else { &self.object };
                serde_json::to_vec(&(&self.key, object, self.expected, &self.actor.person, &deed.asked))
            }
            _ => serde_json::to_vec(self),
        };
        Hash::of(&bytes.expect("a command is plain data"))
    }
}
