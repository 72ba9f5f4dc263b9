//! The production engine on a simulated log, disk, store and clock, driven by one seed.
//!
//! A seed makes a world: a broker, a few processes, their clocks, some cases' facts, and which faults strike how often.
//! Processes run the production code one at a time; every call they make to log or clock is a point where they may
//! die, be interrupted by the others, or be lied to as the real parts would. Then the faults end, everything must
//! settle, and what the ledger says must be what one batch computation of all facts gives. The same seed is the same
//! run on any machine.

pub mod broker;
pub mod campaign;
pub mod chance;
pub mod control;
pub mod faults;
pub mod judge;
pub mod judge_store;
pub mod lies;
pub mod log;
pub mod mutant;
pub mod owner;
pub mod pumps;
pub mod run;
pub mod source;
pub mod store;
pub mod story;
pub mod watch;
pub mod workload;
pub mod world;
