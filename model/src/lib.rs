//! The vocabulary of the project and its laws: instants and civil days, events, the catalogue of what is supervised,
//! the working-day calendar, money, findings.
//!
//! Pure: no I/O except reading a catalogue directory (`catalogue::load`), no clock, no randomness, no logging. What a
//! word means stands in `docs/contract.md`.

pub mod calendar;
pub mod catalogue;
pub mod dry_run;
pub mod event;
pub mod finding;
pub mod hash;
pub mod lint;
pub mod region;
pub mod time;

pub use calendar::Calendar;
pub use catalogue::Catalogue;
pub use event::{Event, Rejection};
pub use finding::{Finding, FindingId};
pub use time::{Day, Instant};
