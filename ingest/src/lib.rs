//! The inbound side: what departmental systems publish, on its way into the log of facts.
//!
//! `run` reads the topics `inbound.<org>`, checks every record and forwards it, bytes unchanged, to `case-events` under
//! its case id; what cannot be taken goes whole to `dead-letters` with a reason. `redrive` puts dead letters back,
//! `publish` is a publisher for files, `topics` makes the topics, `import` maps existing systems' exports onto the
//! contract.
//!
//! Pure: `check`, `frontier`, `assignment`, `continuity`. Knows `model` and Kafka, neither the detectors nor the sink.

mod assignment;
pub mod check;
mod client_log;
mod config;
mod consumer;
mod continuity;
pub mod dead_letter;
mod error;
pub mod frontier;
pub mod import;
mod lines;
mod membership;
mod metrics;
pub mod publish;
pub mod redrive;
mod relay;
mod route;
mod run;
mod settings;
mod signs;
pub mod topics;

pub use config::IngestConfig;
pub use consumer::INBOUND_PATTERN;
pub use error::IngestError;
pub use route::Route;
pub use run::run;
pub use settings::{MAX_LETTER_BYTES, MAX_RECORD_BYTES, producer, reader, reserved};
