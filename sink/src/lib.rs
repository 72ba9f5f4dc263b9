//! The sink: reads `case-events`, `ledger` and `dead-letters` and keeps them in ClickHouse, losing and doubling nothing.
//!
//! Two layers hold that promise. First, the range of records in an insert is recorded in Kafka before the insert begins
//! ([`progress`]), so that a restart repeats the very same insert under the same deduplication token. Second, every
//! table drops repeated rows by key, and readers see views with `FINAL` only (`docs/schema.md`). Between the two, the
//! writer owns its rows until an insert is known good and retries every error for ever ([`writer`]).
//!
//! Each topic has a [`Pump`]: it decides what to read, announce, insert and commit, and knows nothing of threads, clocks
//! or networks, so that a simulator drives the very code that runs here. Kafka is a [`Source`], ClickHouse a [`Store`].
//! What a record becomes is pure ([`Rows`]).

mod batch;
mod bisect;
mod config;
mod error;
mod incident;
mod kind;
mod metrics;
mod migrate;
mod progress;
mod pump;
mod reader;
mod record;
mod repair;
mod require;
mod retry;
mod row;
mod run;
mod source;
mod start;
mod store;
mod watch;
mod writer;

pub use batch::Limits;
pub use config::{Form, Secret, SinkConfig, Topics};
pub use error::Error;
pub use kind::Kind;
pub use metrics::Metrics;
pub use migrate::{migrate, migrate_to};
pub use pump::{Now, Pump, Settings};
pub use record::Record;
pub use repair::{Found as Missing, Scope, repair};
pub use row::{
    Bytes, CaseEventRow, DeadLetterRow, EventsProgressRow, FindingRow, IncidentRow, ProgressRow, Rows,
    StandingRow,
};
pub use run::run;
pub use source::{Found, Mark, Polled, Source, Trouble};
pub use start::Halt;
pub use store::{Outcome, Store};
