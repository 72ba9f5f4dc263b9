//! The engine: one log in, one ledger out. One partition of `case-events` is one single-threaded actor is one
//! partition of `ledger` (docs/architecture.md).

pub mod actor;
pub mod audit;
pub mod chain;
pub mod checkpoint;
pub mod clock;
pub mod feed;
pub mod follow;
pub mod incident;
pub mod kafka;
pub mod log;
pub mod loss;
pub mod memory;
pub mod pause;
pub mod record;
pub mod reference;
pub mod worker;
