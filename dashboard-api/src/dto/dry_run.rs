//! Dry runs: as they are handed in, in short, and whole.

use model::dry_run::Report;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use workflow::{DryRun, Version};

use crate::dry_runs::Standing;
use crate::error::Problem;

/// What a version would have changed in history, as it is handed in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DryRunBody {
    /// SHA-256 of the report's JSON.
    #[schema(value_type = String)]
    report: workflow::Hash,
    /// `hash` of the version that was run.
    #[schema(value_type = String)]
    content: workflow::Hash,
    /// Alarms that it would have added, taken away, changed.
    added: u64,
    removed: u64,
    changed: u64,
    /// The report itself (docs/workflow.md); absent where it is kept elsewhere.
    #[schema(value_type = Option<Object>)]
    detail: Option<Box<Report>>,
}

/// A dry run in short.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DryRunHead {
    /// SHA-256 of the report's JSON.
    report: String,
    /// `hash` of the version that was run.
    content: String,
    /// Alarms that it would have added, taken away, changed.
    added: u64,
    removed: u64,
    changed: u64,
    /// Made by the system over all that is stored; else somebody made it elsewhere and handed it in.
    is_computed: bool,
}

/// How the dry run of a version stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DryRunStanding {
    rule: String,
    version: u32,
    /// none, running, failed (both: in the process that answers), attached
    #[schema(example = "attached")]
    state: &'static str,
    /// Records of history that are done, of how many, while it runs.
    done: Option<u64>,
    total: Option<u64>,
    /// Why the last one in this process failed.
    failure: Option<String>,
    /// The one that is attached.
    dry_run: Option<DryRunHead>,
    /// Its report (docs/workflow.md); null where it is kept elsewhere.
    #[schema(value_type = Option<Object>)]
    report: Option<Value>,
}

impl DryRunBody {
    /// Whether it says what happens to the cases that a version takes over.
    pub(crate) fn tells_of_switch(&self) -> bool {
        self.detail.as_deref().is_some_and(|report| report.switch.is_some())
    }

    /// What it says beside the report must be what the report says.
    pub(crate) fn checked(self) -> Result<DryRun, Problem> {
        let Self { report, content, added, removed, changed, detail } = self;
        let run = DryRun { report, content, added, removed, changed, detail, is_computed: false };
        let detail = "report, content, added, removed and changed are not those of detail: hand in what `xiezhi dry-run --format json` prints";
        if run.is_consistent() { Ok(run) } else { Err(Problem::parameter("report", detail)) }
    }
}

impl From<&DryRun> for DryRunHead {
    fn from(run: &DryRun) -> Self {
        let DryRun { report, content, added, removed, changed, is_computed, .. } = *run;
        let [report, content] = [report, content].map(|hash| hash.to_string());
        Self { report, content, added, removed, changed, is_computed }
    }
}

impl DryRunStanding {
    pub(crate) fn new(
        rule: &str,
        version: &Version,
        here: Option<Standing>,
        covers: impl Fn(&str) -> bool,
    ) -> Self {
        let attached = version.dry_run.as_ref();
        let (state, done, failure) = match here {
            Some(Standing::Running { done, total }) => ("running", Some((done, total)), None),
            Some(Standing::Failed(why)) => ("failed", None, Some(why)),
            None if attached.is_some() => ("attached", None, None),
            None => ("none", None, None),
        };
        let report = attached.and_then(|run| run.detail.clone()).map(|report| report.within(covers));
        Self {
            rule: rule.to_owned(),
            version: version.number,
            state,
            done: done.map(|(done, _)| done),
            total: done.map(|(_, total)| total),
            failure,
            dry_run: attached.map(DryRunHead::from),
            report: report.and_then(|report| serde_json::to_value(report).ok()),
        }
    }
}
