//! From facts to findings: the seven supervision points and data quality, as pure functions of a case's facts, the
//! rules, and the logical clock (docs/contract.md, section 3).
//!
//! Nothing here knows a topic, a file, a wall clock or a logger. [`judge::judge`] recomputes a case from all its
//! facts; [`machine::CaseMachine`] keeps many cases, feeds them facts and instants, and says what changed.

pub mod dry_run;
pub mod explain;
pub mod facts;
pub mod history;
pub mod judge;
pub mod machine;
pub mod rulebook;
pub mod symbols;
pub mod verdict;

mod clock;
mod suspension;
