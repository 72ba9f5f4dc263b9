//! What people decide: about rules, from draft to in force (docs/workflow.md), and about alarms, by supervision orders
//! (docs/orders.md).
//!
//! Pure: a command and the present state give an outcome, accepted or refused with a closed reason. The commands stand,
//! with their outcomes, in one log of hash-chained entries; whoever folds that log in order comes to the same state.

mod command;
mod diff;
mod entry;
mod judge;
mod machine;
mod object;
mod people;
mod reason;
pub mod supervision;
#[cfg(test)]
mod tests;

pub use command::{Action, Command, DryRun, Lint};
pub use diff::{Change, diff};
pub use entry::{Chain, Entry, FORMAT, Fit, Misfit};
pub use machine::{Machine, Outcome};
pub use model::hash::Hash;
pub use object::{InFlight, Object, Phase, State, Version};
pub use people::{Actor, Role};
pub use reason::{Reason, Refusal};

/// Largest content of a version, bytes of its JSON.
pub const MAX_CONTENT_BYTES: usize = 256 * 1024;
/// Objects that one log may hold.
pub const MAX_OBJECTS: usize = 100_000;
/// Versions that one object may have.
pub const MAX_VERSIONS: usize = 1_000;
/// Longest trial of a version in force, days.
pub const MAX_SHADOW_DAYS: u32 = 366;
/// Longest reason of a return, bytes.
pub const MAX_REASON_BYTES: usize = 4_000;
/// Commands whose idempotency keys are remembered. A key repeated after so many others is a new one.
pub const REMEMBERED_KEYS: usize = 65_536;
