//! What people do about alarms: supervision orders in two tiers 督办, the alarm's human life, follows, and what waits for whom
//! (docs/orders.md; training deck, slides 35 and 36).
//!
//! Pure, as all of this crate: what is known of alarms, the deadlines and the years stand in the commands themselves, put
//! there by whoever writes them, so that a replay needs no database, no calendar and no tree of organisations.

mod deed;
mod judge;
mod life;
mod order;
mod state;
mod waiting;

pub use deed::{AlarmFact, Category, Deed, Facts, Place, Supervise, Term, Terms, Thing};
pub use life::{Clearing, Life};
pub use order::{Order, Record, Stage, Task, TaskState, number, org_of, register, serial_of};
pub use state::{Alarm, Follow, Supervision};
pub use waiting::{Late, Party, Wait, What};

/// Alarms of one order.
pub const MAX_ORDER_ALARMS: usize = 100;
/// Orders (2) under one order (1), those of earlier rounds included.
pub const MAX_TASKS: usize = 50;
/// Entries about one order.
pub const MAX_RECORDS: usize = 1_000;
/// Orders (1) that one log may hold.
pub const MAX_ORDERS: usize = 200_000;
/// Longest opinion, reason or answer, bytes.
pub const MAX_TEXT_BYTES: usize = 4_000;
/// References to evidence of one answer, and the bytes of each.
pub const MAX_EVIDENCE: usize = 50;
pub const MAX_EVIDENCE_BYTES: usize = 512;
/// Longest time for an answer, working days.
pub const MAX_DAYS: u32 = 60;
/// Alarms and cases that one person follows.
pub const MAX_FOLLOWS: usize = 1_000;
/// Who writes what the clock and the facts bring about; no person has this id, since it is no id of an issuer's.
pub const CLOCK: &str = "xiezhi:clock";
