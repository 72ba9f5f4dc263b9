//! Rules on their way: the desk that keeps them, and what looks a draft through.

use std::sync::Arc;

use desk::{DeskError, Service, View};
use model::Instant;
use model::catalogue::Problem as Finding;
use serde_json::Value;

use crate::dry_runs::{DryRuns, Run};
use crate::error::{Problem, ProblemKind};

/// What lint says of an object's content (docs/lint.md). May read files.
pub type Lint = dyn Fn(&str, &Value) -> Vec<Finding> + Send + Sync;

/// See the module.
#[derive(Clone)]
pub struct Rules {
    pub(crate) desk: Arc<Service>,
    pub(crate) lint: Arc<Lint>,
    pub(crate) clock: fn() -> Instant,
    /// Absent: this process makes none.
    pub(crate) dry_runs: Option<DryRuns>,
}

impl Rules {
    pub fn new(desk: Arc<Service>, lint: Arc<Lint>, clock: fn() -> Instant) -> Self {
        Self { desk, lint, clock, dry_runs: None }
    }

    /// Makes dry runs of versions under review.
    #[must_use]
    pub fn with_dry_runs(mut self, run: Arc<Run>) -> Self {
        self.dry_runs = Some(DryRuns::new(run));
        self
    }

    /// The desk, which others share.
    pub fn desk(&self) -> Arc<Service> {
        Arc::clone(&self.desk)
    }

    pub(crate) fn look<T>(&self, look: impl FnOnce(View<'_>) -> T) -> Result<T, Problem> {
        self.desk.look(look).map_err(Problem::from)
    }

    /// What lint says, off the threads that answer requests.
    pub(crate) async fn lint(&self, object: String, content: Value) -> Result<Vec<Finding>, Problem> {
        let lint = Arc::clone(&self.lint);
        let run = tokio::task::spawn_blocking(move || lint(&object, &content)).await;
        run.map_err(|error| {
            tracing::error!(%error, "lint ended by itself");
            Problem::new(
                ProblemKind::Internal,
                "the content could not be looked through; the server's log has the reason",
            )
        })
    }
}

impl From<DeskError> for Problem {
    fn from(error: DeskError) -> Self {
        let (kind, detail) = match &error {
            DeskError::TooLarge(_) => (ProblemKind::TooLarge, error.to_string()),
            DeskError::Busy => (ProblemKind::Busy, error.to_string()),
            DeskError::NotReady => (ProblemKind::Unavailable, error.to_string()),
            // Kafka's own words are for the log.
            DeskError::Unavailable(_) | DeskError::Closed => (
                ProblemKind::Unavailable,
                "the workflow log does not answer; send the same command again under the same Idempotency-Key".to_owned(),
            ),
        };
        tracing::warn!(%error, problem = kind.name(), "no outcome of a command");
        Self::new(kind, detail)
    }
}
