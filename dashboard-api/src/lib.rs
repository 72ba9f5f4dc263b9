//! Alarms, cases, statistics and the pipeline's progress over HTTP, rules on their way through review, supervision
//! orders, the console, and a plain page for who has no script.
//!
//! It reads ClickHouse views, gives commands to the desk, and takes no part in the pipeline. What must stay true:
//! every value a client sends reaches ClickHouse as a bound parameter; every question is narrowed to
//! what the asker's token covers, in the query itself; every answer is bounded; every number of
//! `/stats` comes with the list that it counts; an error names what was wrong and what would be right, and never how the
//! store works inside. Users read `docs/api.md`; `openapi.json` is the contract.

mod access;
mod catalogue;
mod console;
mod cursor;
mod dry_runs;
mod dto;
mod error;
mod guard;
mod limits;
mod orders;
mod page;
mod params;
mod question;
mod rate;
mod registers;
mod routes;
mod rules;
mod server;
mod state;
mod store;
mod stream;
mod telemetry;
#[cfg(test)]
mod testing;
mod words;

pub use self::registers::{NotPublished, Propose, RegisterSource, Registers, Standing};
pub use catalogue::Reference;
pub use dry_runs::{Draft, Progress, Run};
pub use limits::{Limits, Rate};
pub use orders::{Orders, fact};
pub use question::{
    Axis, DeadLetterField, DeadLetterQuery, Field, Filter, Group, Keyset, LetterKeyset, ListQuery, StatsQuery,
};
pub use routes::{openapi_json, router};
pub use rules::{Lint, Rules};
pub use server::{Connections, serve};
pub use state::ApiState;
pub use store::clickhouse::{ClickHouseReader, Connection};
pub use store::history::{Fact, History};
pub use store::rows::{
    AlarmRow, CaseRow, DeadLetterRow, EventRow, IncidentRow, ProgressRow, StandingRow, StatsRow,
};
pub use store::{AlarmReader, Answer, StoreError};
pub use stream::{Hub, News, Source};
pub use telemetry::metrics_router;
