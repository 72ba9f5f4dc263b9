//! The sink: reads `case-events`, `ledger` and `dead-letters` and keeps them in ClickHouse, losing and doubling nothing.
//!
//! Two layers hold that promise. First, the range of records in an insert is recorded in Kafka before the insert begins
//! ([`progress`]), so that a restart repeats the very same insert under the same deduplication token. Second, every
//! table drops repeated rows by key, and readers see views with `FINAL` only (`docs/schema.md`). Between the two, the
//! writer owns its rows until an insert is known good and retries every error for ever ([`writer`]).
//!
//! One thread a topic ([`pump`]) polls, batches and writes; what a record becomes is pure ([`row`]).

mod batch;
mod bisect;
mod config;
mod error;
mod kind;
mod metrics;
mod migrate;
mod progress;
mod pump;
mod reader;
mod record;
mod retry;
mod row;
mod run;
mod start;
mod writer;

pub use config::{Form, Secret, SinkConfig, Topics};
pub use error::Error;
pub use migrate::migrate;
pub use run::run;
