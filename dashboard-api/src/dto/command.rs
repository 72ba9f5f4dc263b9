//! Commands about rules as they come in, and the answer to one that was accepted.

use model::Instant;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use workflow::{Action, InFlight};

use super::dry_run::DryRunBody;
use crate::error::Problem;

/// What is asked for. `expected` is the revision of the rule that the person saw; 0 for a new one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommandBody {
    #[schema(example = 4)]
    pub(crate) expected: u64,
    pub(crate) action: ActionBody,
}

/// `version` is the number of the version that it is done to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ActionBody {
    /// A new version, 起草.
    Draft {
        org: String,
        #[schema(value_type = Object)]
        content: Value,
        /// pin or migrate
        #[schema(value_type = String, example = "pin")]
        in_flight: InFlight,
    },
    /// 法制办审核
    PassLegally { version: u32 },
    /// The result of a dry run that was made elsewhere, as `xiezhi dry-run --format json` prints it; the first review requires one.
    AttachDryRun { version: u32, report: DryRunBody },
    /// 送审; lint looks at the content first.
    Submit { version: u32 },
    /// 初审
    PassFirst { version: u32 },
    /// 审定: in force from the instant on, RFC 3339.
    PassFinal {
        version: u32,
        #[schema(format = DateTime)]
        from: String,
        /// Days from then on in which it raises shadow alarms only; for a version that pins.
        #[serde(default)]
        shadow_days: u32,
    },
    /// 退回
    Return { version: u32, reason: String },
    /// 撤回
    Withdraw { version: u32 },
}

/// The command was accepted, and stands in the log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Accepted {
    pub(crate) outcome: &'static str,
    pub(crate) rule: String,
    pub(crate) version: u32,
    /// The rule's revision since then.
    pub(crate) revision: u64,
    pub(crate) link: String,
}

impl ActionBody {
    /// The machine's action; what lint says is for `submit`.
    pub(crate) fn into_action(self, lint: workflow::Lint) -> Result<Action, Problem> {
        Ok(match self {
            Self::Draft { org, content, in_flight } => Action::Draft { org, content, in_flight },
            Self::PassLegally { version } => Action::PassLegally { version },
            Self::AttachDryRun { version, report } => {
                Action::AttachDryRun { version, report: report.checked()? }
            }
            Self::Submit { version } => Action::Submit { version, lint },
            Self::PassFirst { version } => Action::PassFirst { version },
            Self::PassFinal { version, from, shadow_days } => {
                Action::PassFinal { version, from: instant(&from)?, shadow_days }
            }
            Self::Return { version, reason } => Action::Return { version, reason },
            Self::Withdraw { version } => Action::Withdraw { version },
        })
    }
}

fn instant(text: &str) -> Result<Instant, Problem> {
    let detail =
        || format!("from is {text:?}; it must be an instant of RFC 3339, such as 2026-07-01T00:00:00+08:00");
    Instant::parse(text).ok_or_else(|| Problem::parameter("from", detail()))
}
