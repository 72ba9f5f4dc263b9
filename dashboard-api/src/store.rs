//! The seam to the store: what the routes ask, so that tests can answer in ClickHouse's place.

pub(crate) mod clickhouse;
pub(crate) mod history;
pub(crate) mod rows;
pub(crate) mod sql;

use std::future::Future;
use std::pin::Pin;

use identity::Scope;
use model::FindingId;

use crate::question::{DeadLetterQuery, Filter, ListQuery, StatsQuery};
use rows::{AlarmRow, CaseRow, DeadLetterRow, EventRow, IncidentRow, ProgressRow, StandingRow, StatsRow};

/// Why the store did not answer. The text inside is for the log alone.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("ClickHouse does not answer: {0}")]
    Unreachable(String),
    #[error("the views are not there: {0}")]
    NotMigrated(String),
    #[error("the query passed its limits: {0}")]
    TooExpensive(String),
    #[error("the query failed: {0}")]
    Broken(String),
}

/// An answer under way.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// The views, as questions. At most `limit` rows come back, in the order that the question names, and none from outside
/// the scope.
pub trait AlarmReader: Send + Sync + 'static {
    fn alarms<'a>(&'a self, query: &'a ListQuery) -> Answer<'a, Vec<AlarmRow>>;
    fn count<'a>(&'a self, filter: &'a Filter, scope: &'a Scope) -> Answer<'a, u64>;
    /// The current revision, retracted or not.
    fn alarm<'a>(&'a self, id: FindingId, scope: &'a Scope) -> Answer<'a, Option<AlarmRow>>;
    /// The current revisions of several, retracted or not, in no order.
    fn alarms_of<'a>(&'a self, ids: &'a [FindingId], scope: &'a Scope) -> Answer<'a, Vec<AlarmRow>>;
    /// Every revision, first to last.
    fn revisions<'a>(&'a self, id: FindingId, limit: u32, scope: &'a Scope) -> Answer<'a, Vec<AlarmRow>>;
    /// The events of a case in canonical order: all, or those with one of the ids.
    fn events<'a>(
        &'a self,
        case: &'a str,
        ids: Option<&'a [String]>,
        limit: u32,
        scope: &'a Scope,
    ) -> Answer<'a, Vec<EventRow>>;
    fn case<'a>(&'a self, case: &'a str, scope: &'a Scope) -> Answer<'a, Option<CaseRow>>;
    fn stats<'a>(&'a self, query: &'a StatsQuery) -> Answer<'a, Vec<StatsRow>>;
    fn dead_letters<'a>(&'a self, query: &'a DeadLetterQuery) -> Answer<'a, Vec<DeadLetterRow>>;
    /// The last entry of every partition of the ledger.
    fn progress(&self) -> Answer<'_, Vec<ProgressRow>>;
    /// Every partition of `case-events`.
    fn completeness(&self) -> Answer<'_, Vec<StandingRow>>;
    /// The newest first.
    fn incidents(&self, limit: u32) -> Answer<'_, Vec<IncidentRow>>;
    /// The views that are missing; none when the store is ready.
    fn missing_views(&self) -> Answer<'_, Vec<String>>;
}
